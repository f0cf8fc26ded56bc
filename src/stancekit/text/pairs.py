"""From the actors of sentences to the pairs of actor and target that are asked: what a model reads of an article."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from stancekit.text.authors import find_authors
from stancekit.text.candidates import TargetRanker, find_owned_actors, find_unlisted_actors
from stancekit.text.clean import CleanText, clean
from stancekit.text.datelines import dateline_end
from stancekit.text.decisions import decided_on
from stancekit.text.matters import choose_matter
from stancekit.text.rollcalls import Vote, read_roll_calls
from stancekit.text.rollcalls.forms import find_side
from stancekit.text.speaker import SpokenSentence, add_speaker
from stancekit.text.syntax import ParsedSentence, Spans, parse_sentences
from stancekit.text.targets import (
    MOST_ACTORS,
    find_texts,
    make_mention,
    make_topic,
    name_key,
    names_no_issue,
)
from stancekit.text.voices import has_in_bracket, with_voices
from stancekit.types import Article, Example, Mention, Sentence, as_list

# Sentences back to which "the measure" or "it" may refer.
LOOK_BACK = 2
# Votes of a sentence that make it a list.
LISTED = 3


@dataclass(frozen=True, slots=True)
class AskedPair:
    """An actor and a target of a sentence, and the side of the vote where a roll call says it.

    `vote` is yes, no, abstain or absent (`rollcalls.Vote`), empty where no roll call was read. Where a
    pair `points_back`, the sentence may mean a text that is named before it.
    """

    example: Example
    vote: str = ""
    points_back: bool = False

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
    parsed: Sequence[ParsedSentence] | None = None,
) -> list[AskedPair]:
    r"""Return the pairs of actor and target that sentences are read for, in reading order.

    Without `targets`, those of an actor are the noun phrases on which somebody in its place takes a
    side (`candidates.TargetRanker`), and a text that the sentences before name, or else the
    article's main matter (`matters.choose_matter`), where the sentence may point at it. A roll call
    gives each voter the text that was voted on, and nothing else in its sentence. Whoever speaks, and
    an actor that is given and not in the sentence, is asked about the topic.

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
    parsed
        The sentences in clean form with their syntax, where that was read of many articles together,
        which takes half the time for short ones. Not read where actor and targets are given.

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
    read = read_sentences(sentences, mentions, actor=actor, speaker=speaker)
    pairs = _find_pairs(read, topic, asked, parsed)
    made = []
    for sentence, one, of_sentence in zip(sentences, read, pairs, strict=True):
        for index, (who, target, vote) in enumerate(of_sentence):
            name = f"{sentence.id}.{index}"
            example = Example(name, one.text, who, target, article.id)
            back = not (asked or vote or target.located) and who.located
            made.append(AskedPair(example, vote, back))
    return made


@dataclass(frozen=True, slots=True)
class ReadSentence:
    """A clean sentence with the actors that it names, and with its speaker's part, where it has one.

    Attributes
    ----------
    named
        The actors, each once.
    mentions
        All that names them: "Peru" and "Lima".
    given
        Whether the only actor is the one that was given, and no other is looked for.
    """

    text: str
    named: list[Mention]
    mentions: list[Mention]
    spoken: SpokenSentence | None = None
    given: bool = False

    @property
    def actors(self) -> list[Mention]:
        """All actors, the speaker first."""
        return self.spoken.actors if self.spoken else self.named

    @property
    def speaker(self) -> Mention | None:
        """Who speaks, if someone does."""
        return self.spoken.actors[0] if self.spoken else None

    def unlisted(self, parsed: ParsedSentence, voters: Sequence[Mention]) -> list[Mention]:
        """Return actors that no list has: neither among these nor voters, nor a stand-in or a count."""
        if self.given:
            return []
        known = [*self.actors, *self.mentions, *voters]
        words = {one.name.casefold() for one in known}
        words |= {self.text[one.start : one.end].casefold() for one in known if one.located}
        found = [
            actor
            for actor in find_unlisted_actors(parsed, known)
            if actor.name.casefold() not in words
            and not parsed.is_count(actor)
            and not parsed.is_ones_own(actor)
        ]
        own, voting = [one for one in known if one.located], frozenset(voters)
        owned = find_owned_actors(parsed, [one for one in self.named if one not in voting])
        return owned + [
            actor
            for actor in _unique(found)
            if not any(
                parsed.speaks_for(actor, one) and not has_in_bracket(actor, one, self.text)
                for one in own
            )
        ]

    def targets(self, parsed: ParsedSentence) -> list[Mention]:
        """Return what somebody can take a side on: noun phrases, and where one is an actor, the actor.

        In a sentence with more than `MOST_ACTORS` actors, these are no targets of each other.
        """
        named = Spans([*self.named, *self.mentions])
        phrases = []
        for mention in parsed.phrases:
            phrase = parsed.phrase(mention)
            # Numbers of voters are actors only.
            if phrase is None or phrase.head.tag == "CD" or names_no_issue(mention.name):
                continue
            if not named.within(phrase.head.start, phrase.head.start + 1):
                phrases.append(mention)
        if len(self.named) > MOST_ACTORS:
            return phrases
        actors = self.spoken.targets if self.spoken else self.named
        return sorted([*phrases, *actors], key=lambda one: one.start or 0)


def read_sentences(
    sentences: Sequence[Sentence],
    mentions: Sequence[Sequence[Mention]],
    *,
    actor: str = "",
    speaker: Mention | None = None,
) -> list[ReadSentence]:
    """Return the sentences in clean form, with their actors; `ask_pairs` has the parameters."""
    read = []
    for sentence, in_sentence in zip(sentences, mentions, strict=True):
        text = clean(sentence.text)
        if actor:
            named = [make_mention(actor, text.text)]
            read.append(ReadSentence(text.text, named, named, given=True))
            continue
        moved = [_move_to_clean(mention, text) for mention in in_sentence]
        # Where a report was written is no actor.
        start = dateline_end(text.text)
        moved = [one for one in moved if one.start is None or one.start >= start]
        named = merge_names(moved)
        spoken = add_speaker(speaker, named, text.text) if speaker else None
        read.append(ReadSentence(text.text, named, moved, spoken))
    return read


# An actor, a target, and the side of a vote or nothing.
_Triple = tuple[Mention, Mention, str]


def _find_pairs(
    read: Sequence[ReadSentence],
    topic: Mention | None,
    given: Sequence[str],
    parsed: Sequence[ParsedSentence] | None,
) -> list[list[_Triple]]:
    names = list(dict.fromkeys(name.strip() for name in given if name.strip()))
    if given and all(one.given for one in read):
        return [_pair_all(one.text, one.named, names) for one in read]
    texts = [one.text for one in read]
    before = texts_before(texts, choose_matter(topic, texts))
    votes = [
        [vote for vote in of_sentence if not one.given or vote.actor == one.named[0]]
        for one, of_sentence in zip(
            read, read_roll_calls(texts, [one.named for one in read], before), strict=True
        )
    ]
    syntax = parse_sentences(texts) if parsed is None else parsed
    rows = zip(read, syntax, before, votes, strict=True)
    if given:
        found = []
        for one, sentence, _, of_sentence in rows:
            voters = _Voters(of_sentence)
            actors = [*voters.mentions, *_actors_beside(one, sentence, voters)]
            found.append(_pair_all(one.text, _unique(actors), names))
        return found
    return [
        [
            *_vote_pairs(of_sentence, sentence),
            *_pairs_beside(one, sentence, _Voters(of_sentence), text_before, topic),
        ]
        for one, sentence, text_before, of_sentence in rows
    ]


def _vote_pairs(votes: Sequence[Vote], parsed: ParsedSentence) -> Iterator[_Triple]:
    """Yield who voted how on what; a list whose sentence names no text may say what was decided."""
    on = decided_on(parsed) if len(votes) >= LISTED else None
    for vote in votes:
        yield vote.actor, on if on and not vote.target.located else vote.target, vote.side


class _Voters:
    """Who votes in a roll call, and where these stand; in a list of them nobody else takes a side."""

    def __init__(self, votes: Sequence[Vote]) -> None:
        self.mentions = [vote.actor for vote in votes]
        self.are_listed = len(votes) >= LISTED
        self._names = {one.name for one in self.mentions}
        self._spans = Spans(self.mentions)
        starts = [one.start for one in self.mentions if one.start is not None]
        ends = [one.end for one in self.mentions if one.end is not None]
        self._start, self._end = min(starts, default=0), max(ends, default=0)

    def have(self, actor: Mention) -> bool:
        """Say whether an actor is one of them, or a part of their list: "Federated States"."""
        if actor.name in self._names or self._spans.overlap(actor):
            return True
        # "Ayes", "Abstaining"
        if self.are_listed and find_side(actor.name):
            return True
        return (
            self.are_listed and actor.start is not None and self._start <= actor.start < self._end
        )


def _pair_all(text: str, actors: Sequence[Mention], names: Sequence[str]) -> list[_Triple]:
    """Pair every actor of a sentence with every target that was given, but for itself."""
    targets = _unique([make_mention(name, text) for name in names])
    return [
        (actor, target, "")
        for actor in actors
        for target in targets
        if name_key(target.name) != name_key(actor.name)
    ]


def _actors_beside(one: ReadSentence, parsed: ParsedSentence, voters: _Voters) -> list[Mention]:
    """Return those who do not vote in a sentence, those among them whom no list has, too."""
    unlisted = []
    # In a list of votes, phrases between the names are no actors.
    if not voters.are_listed:
        unlisted = one.unlisted(parsed, voters.mentions)
    found = with_voices([*one.actors, *unlisted], one.text, parsed, speaker=one.speaker)
    return [actor for actor in found if not voters.have(actor)]


def _pairs_beside(
    one: ReadSentence,
    parsed: ParsedSentence,
    voters: _Voters,
    text_before: Mention | None,
    topic: Mention | None,
) -> list[_Triple]:
    """Return the pairs of those who do not vote in the sentence."""
    ranker = TargetRanker(parsed, one.targets(parsed), one.named)
    pairs: list[_Triple] = []
    for actor in _actors_beside(one, parsed, voters):
        speaks = one.spoken is not None and actor is one.speaker
        if speaks or not actor.located:
            apart = one.spoken.not_targets if one.spoken and speaks else ()
            chosen = ranker.choose(actor, apart=apart)
            chosen += [topic] if topic else []
        else:
            chosen = ranker.choose(actor, unnamed=text_before)
        pairs += [(actor, target, "") for target in _unique(chosen)]
    if not one.given:
        pairs += [(*pair, "") for pair in find_authors(parsed, one.text, one.actors)]
    return pairs


def texts_before(texts: Sequence[str], topic: Mention | None) -> list[Mention | None]:
    """Return for each sentence the text that those shortly before it name last, or else the topic."""
    found: list[Mention | None] = []
    last, place = topic, len(texts)
    for row, text in enumerate(texts):
        found.append(last if 0 < row - place <= LOOK_BACK else topic)
        for named in find_texts(text)[:1]:
            last, place = Mention(named.name), row
    return found


def _unique(targets: Iterable[Mention]) -> list[Mention]:
    """Return the first mention of each name."""
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
