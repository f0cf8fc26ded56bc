"""From the actors of sentences to the pairs of actor and target that are asked: what a model reads of an article."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from stancekit.text.candidates import (
    ParsedSentence,
    choose_targets,
    find_unlisted_actors,
    parse_sentences,
)
from stancekit.text.clean import CleanText, clean
from stancekit.text.rollcalls import Vote, read_roll_calls
from stancekit.text.speaker import SpokenSentence, add_speaker
from stancekit.text.targets import MOST_ACTORS, find_texts, make_mention, make_topic, spans_overlap
from stancekit.types import Article, Example, Mention, Sentence, as_list

# Sentences back to which "the measure" or "it" may refer.
LOOK_BACK = 2
# Votes of a sentence that make it a list.
LISTED = 3


@dataclass(frozen=True, slots=True)
class AskedPair:
    """An actor and a target of a sentence, and the side of the vote where a roll call says it.

    `vote` is yes, no, abstain or absent (`rollcalls.Vote`), empty where no roll call was read.
    """

    example: Example
    vote: str = ""

    @property
    def sentence(self) -> str:
        """Return the id of the sentence."""
        return self.example.id.rpartition(".")[0]


def ask_pairs(
    article: Article,
    sentences: Sequence[Sentence],
    mentions: Sequence[Sequence[Mention]],
    targets: str | Sequence[Any] = (),
    *,
    actor: str = "",
    speaker: Mention | None = None,
) -> list[AskedPair]:
    r"""Return the pairs of actor and target that sentences are read for, in reading order.

    Without `targets`, those of an actor are the noun phrases on which somebody in its place takes a
    side (`candidates.choose_targets`), and a text that the sentences before name, or else the
    article's topic, where the sentence may point at it. A roll call gives each voter the text that was
    voted on. Whoever speaks is asked about the topic in every sentence.

    The text of an example is its sentence in clean form (`clean`), to which the offsets of actor
    and target refer: a model reads the same words wherever lines were broken.

    Parameters
    ----------
    mentions
        The actors of each sentence, with offsets in `sentence.text`.
    targets, actor
        As of `make_examples`.
    speaker
        As of `make_speaker`; see `add_speaker`.

    Examples
    --------
    >>> text = "Peru voted against the draft on whaling. Chile abstained."
    >>> sentences = [Sentence("a.0", "a", 0, text[:40]), Sentence("a.1", "a", 41, text[41:])]
    >>> mentions = [[Mention("Peru", 0, 4)], [Mention("Chile", 0, 5)]]
    >>> for pair in ask_pairs(Article("a", text), sentences, mentions):
    ...     print(pair.example.actor.name, pair.vote, pair.example.target.name)
    Peru no draft
    Chile abstain draft
    """
    topic, asked = make_topic(article), as_list(targets)
    cleaned = [clean(sentence.text) for sentence in sentences]
    read = []
    for text, in_sentence in zip(cleaned, mentions, strict=True):
        named = [_move_to_clean(mention, text) for mention in merge_names(in_sentence)]
        if actor:
            named = [make_mention(actor, text.text)]
        spoken = add_speaker(speaker, named, text.text) if speaker and not actor else None
        read.append(_ReadSentence(text.text, named, spoken))
    pairs = _with_given(read, asked) if asked else _find_pairs(read, topic)
    made = []
    for sentence, one, of_sentence in zip(sentences, read, pairs, strict=True):
        for index, (who, target, vote) in enumerate(of_sentence):
            name = f"{sentence.id}.{index}"
            made.append(AskedPair(Example(name, one.text, who, target, article.id), vote))
    return made


@dataclass(frozen=True, slots=True)
class _ReadSentence:
    """A clean sentence with the actors that it names, and with its speaker's part, where it has one."""

    text: str
    named: list[Mention]
    spoken: SpokenSentence | None

    @property
    def actors(self) -> list[Mention]:
        """All actors, the speaker first."""
        return self.spoken.actors if self.spoken else self.named

    @property
    def actor_targets(self) -> list[Mention]:
        """The actors that others may take a side on."""
        return self.spoken.targets if self.spoken else self.named


_Pair = tuple[Mention, Mention, str]


def _with_given(read: Sequence[_ReadSentence], given: Sequence[str]) -> list[list[_Pair]]:
    """Pair every actor with every target that was given, but for itself."""
    names = list(dict.fromkeys(name.strip() for name in given if name.strip()))
    pairs = []
    for one in read:
        targets = _unique([make_mention(name, one.text) for name in names])
        pairs.append(
            [
                (actor, target, "")
                for actor in one.actors
                for target in targets
                if target.name.casefold() != actor.name.casefold()
            ]
        )
    return pairs


def _find_pairs(read: Sequence[_ReadSentence], topic: Mention | None) -> list[list[_Pair]]:
    texts = [one.text for one in read]
    before = _texts_before(texts, topic)
    votes = read_roll_calls(texts, [one.named for one in read], before)
    rows = zip(read, parse_sentences(texts), before, votes, strict=True)
    return [
        _pairs_of_sentence(one, parsed, text_before, topic, of_sentence)
        for one, parsed, text_before, of_sentence in rows
    ]


def _pairs_of_sentence(
    one: _ReadSentence,
    parsed: ParsedSentence,
    text_before: Mention | None,
    topic: Mention | None,
    votes: Sequence[Vote],
) -> list[_Pair]:
    voters = [vote.actor for vote in votes]
    crowded = len(one.named) > MOST_ACTORS
    phrases = _phrases(parsed, [] if crowded else one.actor_targets, one.named)
    pairs: list[_Pair] = [(vote.actor, vote.target, vote.side) for vote in votes]
    # In a list of votes, phrases between the names are no actors.
    listed = len(votes) >= LISTED
    unlisted = [] if listed else find_unlisted_actors(parsed, [*one.actors, *voters])
    for place, actor in enumerate([*one.actors, *unlisted]):
        if any(spans_overlap(actor, voter) or actor.name == voter.name for voter in voters):
            continue
        if listed and _among(actor, voters):
            continue
        speaks = one.spoken is not None and place == 0
        apart = one.spoken.not_targets if one.spoken and speaks else frozenset[str]()
        targets = [
            phrase
            for phrase in phrases
            if not spans_overlap(phrase, actor)
            and phrase.name.casefold() != actor.name.casefold()
            and phrase.name not in apart
        ]
        unnamed = topic if speaks else text_before
        asked = [*targets, *([unnamed] if unnamed else [])]
        chosen = choose_targets(parsed, actor, asked, one.named)
        if speaks and topic and topic not in chosen:
            chosen = [topic, *chosen]
        pairs += [(actor, target, "") for target in _unique(chosen)]
    return pairs


def _phrases(
    parsed: ParsedSentence, actor_targets: Sequence[Mention], named: Sequence[Mention]
) -> list[Mention]:
    """Return the noun phrases of a sentence; where one is an actor, the actor."""
    phrases = [
        phrase
        for phrase in parsed.phrases
        if not any(_same_head(parsed, phrase, one) for one in named)
    ]
    return sorted([*phrases, *actor_targets], key=lambda one: one.start or 0)


def _among(actor: Mention, voters: Sequence[Mention]) -> bool:
    """Say whether an actor stands inside a list: "Federated States" in the name of a voter."""
    starts = [voter.start for voter in voters if voter.start is not None]
    ends = [voter.end for voter in voters if voter.end is not None]
    return bool(
        starts and ends and actor.start is not None and min(starts) <= actor.start < max(ends)
    )


def _same_head(parsed: ParsedSentence, phrase: Mention, actor: Mention) -> bool:
    """Say whether a phrase is an actor: its head is a word of the actor's."""
    if not spans_overlap(phrase, actor):
        return False
    head = parsed.head(phrase)
    return (
        head is not None
        and actor.start is not None
        and actor.end is not None
        and (actor.start <= head.idx < actor.end)
    )


def _texts_before(texts: Sequence[str], topic: Mention | None) -> list[Mention | None]:
    """Return for each sentence the text that those shortly before it name last, or else the topic."""
    found: list[Mention | None] = []
    named: list[tuple[int, Mention]] = []
    for row, text in enumerate(texts):
        recent = [mention for place, mention in named if row - place <= LOOK_BACK]
        found.append(recent[-1] if recent else topic)
        named += [(row, Mention(one.name)) for one in find_texts(text)[:1]]
    return found


def _unique(targets: Iterable[Mention]) -> list[Mention]:
    """Return the first target of each name."""
    first: dict[str, Mention] = {}
    for target in targets:
        first.setdefault(target.name.casefold(), target)
    return list(first.values())


def _move_to_clean(mention: Mention, cleaned: CleanText) -> Mention:
    """Return a mention with its offsets in the clean text."""
    if mention.start is None or mention.end is None:
        return mention
    start, end = cleaned.to_clean(mention.start, mention.end)
    return replace(mention, start=start, end=end)


def merge_names(mentions: Iterable[Mention]) -> list[Mention]:
    """Return the first mention of each name, in the order of their last mentions."""
    first: dict[str, Mention] = {}
    for mention in reversed(list(mentions)):
        first[mention.name] = mention
    return list(reversed(first.values()))
