"""Which pairs of an actor and a target a sentence is read for, chosen by its syntax."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from stancekit.resources import shipped
from stancekit.text.nlp import load_parser
from stancekit.text.targets import is_matter, spans_overlap, target_words
from stancekit.types import Mention

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

# Pairs that were no position in the annotated corpus more than 98 times in 100 are not asked.
LEAST_LIKELY = 0.02
# A noun phrase is taken for an actor that no list has where one of its kind took a side one time in five.
ACTOR_LIKELY = 0.2
# Targets that are asked of an actor in one sentence.
MOST_TARGETS = 5
# Where a verb in -ing names an act: "criticised siding with them", "siding with them is wrong".
_NAMED_ACTS = frozenset(["csubj", "csubjpass", "pcomp", "nsubj", "dobj"])


@dataclass(frozen=True, slots=True)
class ParsedSentence:
    """A sentence with its syntax, and the noun phrases that can be a target."""

    doc: "Doc"
    phrases: tuple[Mention, ...]

    def head(self, mention: Mention) -> "Token | None":
        """Return the word that a mention's syntax hangs on, `None` without a span."""
        if mention.start is None or mention.end is None:
            return None
        span = self.doc.char_span(mention.start, mention.end, alignment_mode="expand")
        return span.root if span is not None and len(span) else None


def parse_sentences(texts: Sequence[str]) -> list[ParsedSentence]:
    """Parse sentences and find their noun phrases, without articles and pronouns.

    Examples
    --------
    >>> [sentence] = parse_sentences(["Peru voted against the new draft on whaling."])
    >>> [phrase.name for phrase in sentence.phrases]
    ['Peru', 'new draft', 'whaling']
    """
    docs = load_parser().pipe(texts, batch_size=128)
    return [ParsedSentence(doc, tuple(_noun_phrases(doc))) for doc in docs]


def _noun_phrases(doc: "Doc") -> Iterator[Mention]:
    """Yield noun phrases, and acts that are named by a verb: "siding with them"."""
    determiners, pronouns = target_words()["determiners"], target_words()["pronouns"]
    for token in doc:
        if token.tag_ == "VBG" and token.dep_ in _NAMED_ACTS:
            last = max([token, *_objects(token)], key=lambda word: word.i)
            yield Mention(
                doc.text[token.idx : last.idx + len(last)], token.idx, last.idx + len(last)
            )
    for chunk in doc.noun_chunks:
        words = list(chunk)
        while words and (words[0].lower_ in determiners or words[0].is_punct):
            del words[0]
        if not words or (len(words) == 1 and words[0].lower_ in pronouns):
            continue
        start, end = words[0].idx, words[-1].idx + len(words[-1])
        yield Mention(doc.text[start:end], start, end)


def _objects(verb: "Token") -> "Iterator[Token]":
    for child in verb.children:
        if child.dep_ == "dobj":
            yield child
        if child.dep_ == "prep":
            yield from (word for word in child.children if word.dep_ == "pobj")


def find_unlisted_actors(sentence: ParsedSentence, known: Sequence[Mention]) -> list[Mention]:
    """Return noun phrases that are likely to be actors, beside those that are known.

    How likely is that of a logistic regression on the phrase's words and its role in the sentence,
    learned from the bundled corpus (`seeds/candidates.json`): "residents", "the union", "both
    mayors".

    Examples
    --------
    >>> [sentence] = parse_sentences(["Residents of the quay rejected the tram line."])
    >>> [actor.name for actor in find_unlisted_actors(sentence, [])]
    ['Residents']
    """
    model = _load_models()["actors"]
    return [
        phrase
        for phrase, features in _describe_phrases(sentence, known)
        if model.probability(features) >= ACTOR_LIKELY
    ]


def _describe_phrases(
    sentence: ParsedSentence, known: Sequence[Mention]
) -> Iterator[tuple[Mention, list[str]]]:
    """Yield each noun phrase that is no known actor, with its features as an actor."""
    for phrase in sentence.phrases:
        head = sentence.head(phrase)
        if head is None or any(spans_overlap(phrase, one) for one in known):
            continue
        words = sentence.doc.char_span(phrase.start, phrase.end, alignment_mode="expand")
        governor = head.head.lower_
        features = [
            f"head:{head.lower_}",
            f"ending:{head.lower_[-4:]}",
            f"ending:{head.lower_[-3:]}",
            f"tag:{head.tag_}",
            f"role:{head.dep_}",
            f"role:{head.dep_},{governor}",
            f"role:{head.dep_},{head.head.tag_}",
            f"tag:{head.tag_},{head.dep_}",
            f"capitals:{sum(word.text[0].isupper() for word in words[1:])}",
            f"opens:{words.start == 0}",
            f"words:{min(len(words), 4)}",
        ]
        features += [f"word:{word.lower_}" for word in words if word.i != head.i]
        if head.dep_ == "conj":
            features.append(f"role:conj,{head.head.dep_},{head.head.head.lower_}")
        yield phrase, features


def rank_targets(
    sentence: ParsedSentence,
    actor: Mention,
    targets: Sequence[Mention],
    actors: Sequence[Mention],
) -> list[tuple[float, Mention]]:
    """Return targets with the probability that the actor takes a side on them, the likeliest first.

    It is that of a logistic regression on the path between the two in the sentence's syntax and on
    their words, learned from the bundled corpus (`seeds/candidates.json`).

    Examples
    --------
    >>> [sentence] = parse_sentences(["Peru voted against the new draft on whaling."])
    >>> peru, *others = sentence.phrases
    >>> [target.name for _, target in rank_targets(sentence, peru, others, [peru])]
    ['new draft', 'whaling']
    """
    model = _load_models()["pairs"]
    scored = [
        (model.probability(features), target)
        for target, features in _describe_pairs(sentence, actor, targets, actors)
    ]
    return sorted(scored, key=lambda one: -one[0])


def choose_targets(
    sentence: ParsedSentence,
    actor: Mention,
    targets: Sequence[Mention],
    actors: Sequence[Mention],
) -> list[Mention]:
    """Return the targets that are asked of an actor: at most `MOST_TARGETS`, in the order of the sentence."""
    ranked = rank_targets(sentence, actor, targets, actors)
    chosen = [target for score, target in ranked[:MOST_TARGETS] if score >= LEAST_LIKELY]
    return sorted(chosen, key=lambda one: (one.start is None, one.start or 0))


@dataclass(frozen=True, slots=True)
class _LogLinear:
    """A logistic regression over features that are there or not."""

    intercept: float
    weights: Mapping[str, float]

    def probability(self, features: Iterable[str]) -> float:
        logit = self.intercept + sum(self.weights.get(feature, 0.0) for feature in features)
        return 1 / (1 + math.exp(-logit))


@cache
def _load_models() -> dict[str, _LogLinear]:
    stored = json.loads(shipped("seeds", "candidates.json").read_text(encoding="utf-8"))
    return {name: _LogLinear(**model) for name, model in stored.items()}


def _describe_pairs(
    sentence: ParsedSentence,
    actor: Mention,
    targets: Sequence[Mention],
    actors: Sequence[Mention],
) -> Iterator[tuple[Mention, list[str]]]:
    """Yield each target with the features of its pair."""
    actor_head = sentence.head(actor)
    heads = [sentence.head(target) for target in targets]
    near = sorted(
        range(len(targets)),
        key=lambda row: (
            abs(heads[row].i - actor_head.i)
            if heads[row] is not None and actor_head is not None
            else 0
        ),
    )
    order = {row: place for place, row in enumerate(near)}
    for row, (target, head) in enumerate(zip(targets, heads, strict=True)):
        if head is None:
            yield target, _describe_unnamed(sentence, actor_head)
        elif actor_head is None:
            yield target, ["speaker", *_describe_target(sentence, target, head, actors)]
        else:
            features = _describe_target(sentence, target, head, actors)
            features += _describe_path(actor_head, head, named=features[0])
            yield target, [*features, f"order:{min(order[row], 6)}"]


def _describe_target(
    sentence: ParsedSentence, target: Mention, head: "Token", actors: Sequence[Mention]
) -> list[str]:
    is_actor = any(spans_overlap(target, actor) for actor in actors)
    first = sentence.doc.char_span(target.start, target.end, alignment_mode="expand")[0]
    before = sentence.doc[first.i - 1].lower_ if first.i else "^"
    features = [
        "actor" if is_actor else "thing",
        f"head:{head.lower_}",
        f"ending:{head.lower_[-4:]}",
        f"tag:{head.tag_}",
        f"capital:{first.i > 0 and first.text[0].isupper()}",
        f"before:{before if before in target_words()['determiners'] or before == 'of' else '-'}",
        f"governor:{head.head.lower_ if head.dep_ == 'pobj' else head.dep_}",
        f"length:{min(len(sentence.doc) // 8, 6)}",
    ]
    if is_matter(head.lower_):
        features.append("matter")
    return features


def _describe_path(actor: "Token", target: "Token", *, named: str) -> list[str]:
    """Return features of the way from an actor to a target in the sentence's tree."""
    from_actor, from_target = _to_root(actor), _to_root(target)
    depth = {token.i: steps for steps, token in enumerate(from_actor)}
    down = next((n for n, token in enumerate(from_target) if token.i in depth), len(from_target))
    joint = from_target[down] if down < len(from_target) else None
    up = depth[joint.i] if joint is not None else len(from_actor)
    rising = _join([token.dep_ for token in from_actor[:up]], 3)
    falling = _join([token.dep_ for token in reversed(from_target[:down])], 4)
    gap = target.i - actor.i
    features = [
        f"path:{rising}^{falling}",
        f"up:{rising}",
        f"down:{falling}",
        f"steps:{min(up, 4)},{min(down, 5)}",
        f"{named}:{rising}^{falling}",
        f"gap:{min(abs(gap).bit_length(), 6)}{'>' if gap > 0 else '<'}",
        f"role:{actor.dep_},{actor.head.pos_}",
    ]
    if joint is not None and joint.i not in (actor.i, target.i):
        features.append(f"joint:{joint.lower_}")
    features += [f"falls:{token.lower_}" for token in from_target[1:down]]
    features += [f"rises:{token.lower_}" for token in from_actor[1:up]]
    return features


def _describe_unnamed(sentence: ParsedSentence, actor: "Token | None") -> list[str]:
    """Return features of a pair whose target the sentence does not name."""
    words = {token.lower_ for token in sentence.doc}
    features = ["unnamed", f"unnamed:length:{min(len(sentence.doc) // 8, 6)}"]
    features += [f"unnamed:{word}" for word in sorted(words & target_words()["pointers"])]
    if any(is_matter(word) for word in words):
        features.append("unnamed:matter")
    if actor is None:
        return [*features, "unnamed:speaker"]
    features += [
        f"unnamed:role:{actor.dep_},{actor.head.pos_}",
        f"unnamed:verb:{actor.head.lower_}",
    ]
    children = {token.dep_ for token in actor.head.children}
    features += [
        f"unnamed:has:{relation}"
        for relation in sorted(
            children & {"dobj", "prep", "ccomp", "xcomp", "neg", "advmod", "conj"}
        )
    ]
    features += [
        f"unnamed:beside:{token.lower_}"
        for token in actor.head.children
        if token.dep_ in ("prep", "advmod", "dobj", "prt")
    ]
    return features


def _to_root(token: "Token") -> "list[Token]":
    way = [token]
    while token.head.i != token.i:
        token = token.head
        way.append(token)
    return way


def _join(relations: Sequence[str], most: int) -> str:
    return ">".join(relations[:most]) + ("+" if len(relations) > most else "")
