"""Which pairs of an actor and a target a sentence is read for, chosen by its syntax.

The weights are learned from articles of which all positions are known (`bench/candidates.py`).
"""

import json
import math
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import repeat

from stancekit.resources import shipped
from stancekit.text.syntax import ParsedSentence, Phrase, Spans, Word
from stancekit.text.targets import is_matter, target_words
from stancekit.types import Mention

# Pairs that are less likely to be a position are not asked: on validation articles, what is printed is
# as good without them.
LEAST_LIKELY = 0.07
# A noun phrase is taken for an actor that no list has where one of its kind took a side one time in five.
ACTOR_LIKELY = 0.2
# Targets that are asked of an actor in one sentence.
MOST_TARGETS = 5
# Phrases on either side of an actor that may be its targets: all of them, but in a long list.
NEAREST = 40
# Words beside a verb that tell whether it needs a target in the sentence.
_BESIDE = frozenset(["prep", "advmod", "dobj", "prt"])
_RELATIONS = frozenset(["dobj", "prep", "ccomp", "xcomp", "neg", "advmod", "conj"])


@dataclass(frozen=True, slots=True)
class LogLinear:
    """A logistic regression over features that are there or not.

    Examples
    --------
    >>> model = LogLinear(-1.0, {"head:draft": 1.0})
    >>> model.probability(["head:draft", "length:2"])
    0.5
    """

    intercept: float
    weights: Mapping[str, float]

    def probability(self, features: Iterable[str]) -> float:
        """Return the probability of what has these features; those without a weight count nothing."""
        once = dict.fromkeys(features)
        logit = self.intercept + sum(map(self.weights.get, once, repeat(0.0)))
        return 1 / (1 + math.exp(-logit))


@cache
def load_weights() -> dict[str, LogLinear]:
    """Return the models `actors` and `pairs` of `seeds/candidates.json`."""
    stored = json.loads(shipped("seeds", "candidates.json").read_text(encoding="utf-8"))
    return {name: LogLinear(**model) for name, model in stored.items()}


# What somebody does takes no side itself: "Peru's rejection of the draft".
_ACTS = re.compile(
    r"(?:abstention|announcement|approval|call|comment|condemnation|criticism|decision|denial|"
    r"disapproval|endorsement|move|position|praise|refusal|rejection|remark|reaction|silence|"
    r"stance|statement|support|veto|visit|vote)s?",
    re.IGNORECASE,
)


def find_unlisted_actors(sentence: ParsedSentence, known: Sequence[Mention]) -> list[Mention]:
    """Return noun phrases that are likely to be actors, beside those that are known.

    How likely is that of a logistic regression on the phrase's words and its role in the sentence:
    "residents", "the union", "both mayors".

    Examples
    --------
    >>> from stancekit.text.syntax import parse_sentences
    >>> [sentence] = parse_sentences(["Residents of the quay rejected the tram line."])
    >>> [actor.name for actor in find_unlisted_actors(sentence, [])]
    ['Residents']
    """
    model = load_weights()["actors"]
    return [
        phrase
        for phrase, features in describe_phrases(sentence, known)
        if (model.probability(features) >= ACTOR_LIKELY or "tag:CD" in features)
        and not _ACTS.fullmatch(phrase.name.split()[-1])
    ]


def find_owned_actors(sentence: ParsedSentence, known: Sequence[Mention]) -> list[Mention]:
    """Return what belongs to a known actor and is likely to act itself, with the actor's code.

    What speaks for its owner, as an envoy, is none.

    Examples
    --------
    >>> from stancekit.text.syntax import parse_sentences
    >>> [sentence] = parse_sentences(["Peru's Senate rejected the tram line."])
    >>> find_owned_actors(sentence, [Mention("Peru", 0, 4, "PER")])
    [Mention(name="Peru's Senate", start=0, end=13, code='PER')]
    """
    model = load_weights()["actors"]
    owners = [(one, phrase) for one in known if (phrase := sentence.phrase(one))]
    belongs = {owner.head.head: (one, owner) for one, owner in owners if owner.head.role == "poss"}
    owned = []
    for mention in sentence.phrases:
        phrase = sentence.phrase(mention)
        if phrase is None or phrase.head.role != "nsubj" or _speaks_or_acts(phrase.head):
            continue
        if phrase.head.tag == "CD":
            # "nine of Peru's senators"
            inside = [one for one, owner in owners if phrase.first < owner.first < phrase.last]
            owned += [replace(mention, code=one.code) for one in inside[:1]]
        elif phrase.head.place in belongs:
            one, owner = belongs[phrase.head.place]
            # Behind the owner stands its ending.
            rest = phrase._replace(first=owner.last + 1)
            likely = model.probability(_describe_phrase(sentence, rest)) >= ACTOR_LIKELY
            if likely and phrase.first <= owner.first:
                owned.append(replace(mention, code=one.code))
    return owned


def _speaks_or_acts(head: Word) -> bool:
    return head.text in target_words()["for_others"] or bool(_ACTS.fullmatch(head.text))


def describe_phrases(
    sentence: ParsedSentence, known: Sequence[Mention]
) -> Iterator[tuple[Mention, list[str]]]:
    """Yield each noun phrase that is no known actor, with its features as an actor."""
    taken = Spans(known)
    for mention in sentence.phrases:
        phrase = sentence.phrase(mention)
        if phrase and not taken.overlap(mention):
            yield mention, _describe_phrase(sentence, phrase)


def _describe_phrase(sentence: ParsedSentence, phrase: Phrase) -> list[str]:
    head, governor = phrase.head, sentence.head(phrase.head)
    words = sentence.words[phrase.first : phrase.last]
    features = [
        f"head:{head.text}",
        f"ending:{head.text[-4:]}",
        f"ending:{head.text[-3:]}",
        f"tag:{head.tag}",
        f"role:{head.role}",
        f"role:{head.role},{governor.text}",
        f"role:{head.role},{governor.tag}",
        f"tag:{head.tag},{head.role}",
        f"capitals:{sum(word.capital for word in words[1:])}",
        f"opens:{phrase.first == 0}",
        f"words:{min(len(words), 4)}",
    ]
    features += [f"word:{word.text}" for word in words if word.place != head.place]
    if head.role == "conj":
        features.append(f"role:conj,{governor.role},{sentence.head(governor).text}")
    return features


class TargetRanker:
    """Ranks the targets of a sentence for each of its actors.

    The probability that an actor takes a side on a target is that of a logistic regression on the
    path between the two in the sentence's syntax and on their words.

    Parameters
    ----------
    targets
        What can be a target in the sentence, with a span.
    actors
        The actors that the sentence names.

    Examples
    --------
    >>> from stancekit.text.syntax import parse_sentences
    >>> [sentence] = parse_sentences(["Peru voted against the new draft on whaling."])
    >>> peru, *others = sentence.phrases
    >>> ranker = TargetRanker(sentence, sentence.phrases, [peru])
    >>> [target.name for _, target in ranker.rank(peru)]
    ['new draft', 'whaling']
    """

    def __init__(
        self, sentence: ParsedSentence, targets: Sequence[Mention], actors: Sequence[Mention]
    ) -> None:
        self.sentence = sentence
        named = [(target, sentence.phrase(target)) for target in targets]
        self._named = sorted(
            ((target, phrase) for target, phrase in named if phrase is not None),
            key=lambda one: one[1].first,
        )
        self._places = [phrase.first for _, phrase in self._named]
        self._actors = Spans(actors)
        self._described: dict[int, list[str]] = {}

    def rank(
        self, actor: Mention, *, unnamed: Mention | None = None, apart: Iterable[str] = ()
    ) -> list[tuple[float, Mention]]:
        """Return the actor's targets with their probabilities, the likeliest first.

        Parameters
        ----------
        unnamed
            A target that the sentence does not name and may mean.
        apart
            Names of targets that are not the actor's.
        """
        model = load_weights()["pairs"]
        described = self.describe(actor, unnamed=unnamed, apart=apart)
        scored = [(model.probability(features), target) for target, features in described]
        return sorted(scored, key=lambda one: -one[0])

    def choose(
        self, actor: Mention, *, unnamed: Mention | None = None, apart: Iterable[str] = ()
    ) -> list[Mention]:
        """Return the targets that are asked of an actor, in the order of the sentence."""
        ranked = self.rank(actor, unnamed=unnamed, apart=apart)[:MOST_TARGETS]
        chosen = [target for score, target in ranked if score >= LEAST_LIKELY]
        return sorted(chosen, key=lambda one: (one.start is None, one.start or 0))

    def describe(
        self, actor: Mention, *, unnamed: Mention | None = None, apart: Iterable[str] = ()
    ) -> Iterator[tuple[Mention, list[str]]]:
        """Yield each target of an actor with the features of the pair."""
        who = self.sentence.phrase(actor)
        head = who.head if who else None
        paths = _Paths(self.sentence, head) if head else None
        not_asked = {name.casefold() for name in (actor.name, *apart)}
        itself = Spans([actor])
        targets = [
            (row, target, phrase)
            for row, target, phrase in self._near(who)
            if target.name.casefold() not in not_asked and not itself.overlap(target)
        ]
        # What the sentence does not name is taken for the nearest.
        places = _order(head, targets, first=1 if unnamed else 0)
        for (row, target, phrase), place in zip(targets, places, strict=True):
            features = self._describe_target(row, phrase)
            if paths is None:
                yield target, ["speaker", *features]
            else:
                path = paths.describe(phrase.head, kind=features[0])
                yield target, [*features, *path, f"order:{min(place, 6)}"]
        if unnamed:
            yield unnamed, [*self._pointing, *_describe_verb(self.sentence, head)]

    @cached_property
    def _pointing(self) -> list[str]:
        """Features of a target that the sentence does not name, the same for all actors."""
        words = {word.text for word in self.sentence.words}
        features = ["unnamed", f"unnamed:{_length(self.sentence)}"]
        features += [f"unnamed:{word}" for word in sorted(words & target_words()["pointers"])]
        if any(is_matter(word) for word in words):
            features.append("unnamed:matter")
        return features

    def _near(self, who: Phrase | None) -> Iterator[tuple[int, Mention, Phrase]]:
        """Yield the targets around an actor with their rows, so that a long list takes linear time."""
        first, last = 0, len(self._named)
        if who:
            place = bisect_left(self._places, who.first)
            first, last = max(0, place - NEAREST), min(last, place + NEAREST)
        for row in range(first, last):
            yield row, *self._named[row]

    def _describe_target(self, row: int, phrase: Phrase) -> list[str]:
        """Return features of a target, the same for all actors; the first says whether it is one."""
        if row not in self._described:
            self._described[row] = _describe_target(
                self.sentence, phrase, is_actor=self._actors.overlap(phrase.mention)
            )
        return self._described[row]


def _order(
    head: Word | None, targets: Sequence[tuple[int, Mention, Phrase]], *, first: int
) -> list[int]:
    """Return the rank of each target by its distance from the actor, the nearest first."""
    if head is None:
        return [0] * len(targets)
    distances = [abs(phrase.head.place - head.place) for _, _, phrase in targets]
    places = [0] * len(targets)
    for place, index in enumerate(sorted(range(len(targets)), key=distances.__getitem__)):
        places[index] = place + first
    return places


def _describe_target(sentence: ParsedSentence, phrase: Phrase, *, is_actor: bool) -> list[str]:
    head, first = phrase.head, sentence.words[phrase.first]
    before = sentence.words[phrase.first - 1].text if phrase.first else "^"
    governor = sentence.head(head).text if head.role == "pobj" else head.role
    features = [
        "actor" if is_actor else "thing",
        f"head:{head.text}",
        f"ending:{head.text[-4:]}",
        f"tag:{head.tag}",
        f"capital:{phrase.first > 0 and first.capital}",
        f"before:{before if before in target_words()['determiners'] or before == 'of' else '-'}",
        f"governor:{governor}",
        _length(sentence),
    ]
    if is_matter(head.text):
        features.append("matter")
    return features


def _length(sentence: ParsedSentence) -> str:
    return f"length:{min(len(sentence.words) // 8, 6)}"


class _Paths:
    """The ways from an actor to the targets in the sentence's tree."""

    def __init__(self, sentence: ParsedSentence, actor: Word) -> None:
        self.sentence, self.actor = sentence, actor
        self._way = sentence.way(actor)
        self._steps = {word.place: step for step, word in enumerate(self._way)}
        self._role = f"role:{actor.role},{sentence.head(actor).part}"

    def describe(self, target: Word, *, kind: str) -> list[str]:
        """Return features of the way to a target."""
        way, steps = self.sentence.way(target), self._steps
        down = next((step for step, word in enumerate(way) if word.place in steps), len(way))
        joint = way[down] if down < len(way) else None
        up = steps[joint.place] if joint else len(self._way)
        rising = _join([word.role for word in self._way[:up]], most=3)
        falling = _join([word.role for word in reversed(way[:down])], most=4)
        gap = target.place - self.actor.place
        features = [
            f"path:{rising}^{falling}",
            f"up:{rising}",
            f"down:{falling}",
            f"steps:{min(up, 4)},{min(down, 5)}",
            f"{kind}:{rising}^{falling}",
            f"gap:{min(abs(gap).bit_length(), 6)}{'>' if gap > 0 else '<'}",
            self._role,
        ]
        if joint and joint.place not in (self.actor.place, target.place):
            features.append(f"joint:{joint.text}")
        features += [f"falls:{word.text}" for word in way[1:down]]
        features += [f"rises:{word.text}" for word in self._way[1:up]]
        return features


def _join(relations: Sequence[str], *, most: int) -> str:
    return ">".join(relations[:most]) + ("+" if len(relations) > most else "")


def _describe_verb(sentence: ParsedSentence, actor: Word | None) -> list[str]:
    """Return features of what an actor does, with which goes a target that the sentence does not name."""
    if actor is None:
        return ["unnamed:speaker"]
    verb = sentence.head(actor)
    features = [f"unnamed:role:{actor.role},{verb.part}", f"unnamed:verb:{verb.text}"]
    beside = list(sentence.children(verb))
    relations = {word.role for word in beside} & _RELATIONS
    features += [f"unnamed:has:{relation}" for relation in sorted(relations)]
    features += [f"unnamed:beside:{word.text}" for word in beside if word.role in _BESIDE]
    return features
