"""Positions that were read in whole articles against gold: which are the same, and why others are not."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from stancekit.codebook import Codebook
from stancekit.corpus.positions import CodedArticle, Place, PlacedActor, PlacedPosition
from stancekit.evaluation.bootstrap import REPLICATES, estimate_interval
from stancekit.evaluation.slices import slices_of
from stancekit.evaluation.spans import score_spans
from stancekit.text.targets import name_key
from stancekit.types import BoolArray, Context, FloatArray, Score

RIGHT, TWICE = "right", "right once more"
WRONG_CODE = "wrong code"
# Why a gold position is missed, in the order in which it can get lost.
MISSED = {
    "actor not found": "no such actor was found in the sentence",
    "target not found": "the actor was found, and nothing in the sentence was asked about that target",
    "pair not made": "actor and target were found, and not asked about together",
    "left none": "the pair was asked about, and read as no position, or as one that scores too low",
    WRONG_CODE: "the pair was asked about, and another code was read",
}
# Why a position that was read is wrong.
WRONG = {
    WRONG_CODE: "the actor has a position towards that target, of another code",
    "code where there is none": "the actor has no position towards that target in the sentence",
}
# What follows these words in a phrase belongs to its noun and is not the noun: "lifting of the
# sanctions", "draft on the war", "states that agree".
_AFTER_HEAD = re.compile(
    r"\s+(?:of|on|upon|against|for|in|into|at|by|with|without|to|towards?|from|over|about|under|"
    r"between|among|after|before|during|through|like|as|than|that|which|who|whom|whose|where)\b",
    re.IGNORECASE,
)
# "a series of attacks" is attacks.
_AMOUNT = re.compile(
    r"(?:.*\W)?(?:all|any|both|each|either|neither|none|some|many|most|much|several|one|two|three|four|"
    r"half|part|parts|kind|kinds|sort|sorts|type|number|numbers|series|set|range|round|rounds|wave|"
    r"package|pair|string|dozens|hundreds|thousands|majority|share|rest)\s+of\s+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ReadArticle:
    """What was read of an article.

    Attributes
    ----------
    actors
        The actors that were found, each with the place of its sentence.
    pairs
        All pairs that were asked about, those that were read as no position without a code.
    """

    actors: tuple[tuple[Place, PlacedActor], ...]
    pairs: tuple[PlacedPosition, ...]


@dataclass(frozen=True, slots=True)
class JudgedArticle:
    """An article with what became of each gold position and of each pair that was asked about.

    Attributes
    ----------
    of_gold
        For each gold position `right`, or a cause of `MISSED`.
    of_pairs
        For each pair `right`, `right once more`, a cause of `WRONG`, or nothing where no position was
        read.
    """

    coded: CodedArticle
    read: ReadArticle
    of_gold: tuple[str, ...]
    of_pairs: tuple[str, ...]


def judge_article(coded: CodedArticle, read: ReadArticle) -> JudgedArticle:
    """Match the positions that were read with gold, and name the cause of each that has no match.

    Two are the same if sentence, code, actor and target are. Sentences and actors are the same
    where they overlap; actors also by their name or the code of their state, and where both are who
    speaks. Targets are the same where phrases overlap such that the last word of one, without what
    follows its noun ("draft" of "draft on the war"), lies in the other; where both are given in the
    same words; or where the sentence spells out neither: then their names are not compared, since
    there are many words for what a sentence only means. As many positions as can be are matched,
    each once. A further position that is the same as a matched one, as by another phrase for its
    target, is right once more.

    Examples
    --------
    >>> from stancekit.types import Article
    >>> peru, levy = PlacedActor("Peru", (0, 4)), ("the levy", ((14, 22),))
    >>> gold = PlacedPosition((0, 23), peru, *levy, "condemn")
    >>> article = CodedArticle(Article("a", "Peru rejected the levy."), (gold,))
    >>> pair = PlacedPosition((0, 23), peru, *levy, "support")
    >>> judge_article(article, ReadArticle((), (pair,))).of_gold
    ('wrong code',)
    """
    gold, pairs = coded.positions, read.pairs
    text = coded.article.text
    same_actors, same_targets = (np.zeros((len(gold), len(pairs)), bool) for _ in range(2))
    for row, truth in enumerate(gold):
        for column, pair in enumerate(pairs):
            if _share_place(truth.sentence, pair.sentence):
                same_actors[row, column] = same_actor(truth.actor, pair.actor)
                same_targets[row, column] = same_target(truth, pair, text)
    same_pairs = same_actors & same_targets
    same_codes = np.array([[truth.code == pair.code for pair in pairs] for truth in gold], bool)
    same = same_pairs & same_codes.reshape(same_pairs.shape)
    rows, columns = linear_sum_assignment(same, maximize=True)
    matched = same[rows, columns]
    rows, columns = rows[matched], columns[matched]
    # A pair that is right for one position was not asked for another.
    free = same_pairs & ~same.any(axis=0)
    of_gold = [""] * len(gold)
    for row, truth in enumerate(gold):
        if row in rows:
            of_gold[row] = RIGHT
        elif not same_actors[row].any() and not _was_found(truth, read):
            of_gold[row] = "actor not found"
        elif not same_targets[row].any():
            of_gold[row] = "target not found"
        elif not free[row].any():
            of_gold[row] = "pair not made"
        else:
            codes = {pairs[column].code for column in np.flatnonzero(free[row])}
            of_gold[row] = WRONG_CODE if codes - {""} else "left none"
    return JudgedArticle(
        coded, read, tuple(of_gold), tuple(_judge_pairs(pairs, same, same_pairs, set(columns)))
    )


def _judge_pairs(
    pairs: Sequence[PlacedPosition], same: BoolArray, same_pairs: BoolArray, right: set[int]
) -> list[str]:
    outcomes = []
    for column, pair in enumerate(pairs):
        if not pair.code:
            outcomes.append("")
        elif column in right:
            outcomes.append(RIGHT)
        elif same[:, column].any():
            outcomes.append(TWICE)
        elif same_pairs[:, column].any():
            outcomes.append(WRONG_CODE)
        else:
            outcomes.append("code where there is none")
    return outcomes


def _was_found(truth: PlacedPosition, read: ReadArticle) -> bool:
    return any(
        _share_place(truth.sentence, sentence) and same_actor(truth.actor, actor)
        for sentence, actor in read.actors
    )


def same_actor(first: PlacedActor, second: PlacedActor) -> bool:
    """Say whether two actors of one sentence are the same.

    Examples
    --------
    >>> same_actor(PlacedActor("Lima", (0, 4), "PER"), PlacedActor("Peru", (30, 34), "PER"))
    True
    """
    if first.speaks and second.speaks:
        return True
    if first.place and second.place and _share_place(first.place, second.place):
        return True
    if first.code and first.code == second.code:
        return True
    return name_key(first.name) == name_key(second.name)


def same_target(first: PlacedPosition, second: PlacedPosition, text: str) -> bool:
    """Say whether the targets of two positions in one sentence are the same; see `judge_article`."""
    # One of them may hold two sentences of the other: what is named outside both is not spelled out.
    there = _named_inside(first, second.sentence), _named_inside(second, first.sentence)
    if not any(there):
        return True
    if name_key(first.target) == name_key(second.target):
        return True
    return any(
        _same_phrase(_noun_place(text, one), _noun_place(text, other), text)
        for one in first.target_places
        for other in second.target_places
    )


def _named_inside(position: PlacedPosition, sentence: Place) -> bool:
    """Say whether a position's target is named in a sentence."""
    return any(_share_place(place, sentence) for place in position.target_places)


def _same_phrase(one: Place, other: Place, text: str) -> bool:
    def head_within(inner: Place, outer: Place) -> bool:
        words = text[slice(*inner)].rstrip(" .,;:'\"’”)")
        last = inner[0] + len(words) - 1
        return outer[0] <= last < outer[1]

    return head_within(one, other) or head_within(other, one)


def _noun_place(text: str, place: Place) -> Place:
    """Return a phrase without what follows its noun.

    Examples
    --------
    >>> text = "a series of attacks on the port"
    >>> text[slice(*_noun_place(text, (0, len(text))))]
    'a series of attacks'
    """
    phrase = text[slice(*place)]
    amount = _AMOUNT.match(phrase)
    after = _AFTER_HEAD.search(phrase, amount.end() if amount else 0)
    return (place[0], place[0] + after.start()) if after else place


def _share_place(first: Place, second: Place) -> bool:
    return first[0] < second[1] and second[0] < first[1]


@dataclass(frozen=True, slots=True)
class PositionCounts:
    """How many positions there are in gold, how many were found, and what else was read.

    Attributes
    ----------
    right, missed
        Of the gold positions.
    wrong
        Positions that were read and are not in gold.
    twice
        Those that repeat one that is right.
    pairs
        All pairs that were asked about.
    """

    right: int
    missed: int
    wrong: int
    twice: int
    pairs: int


def count_positions(judged: Sequence[JudgedArticle]) -> PositionCounts:
    """Count what became of positions."""
    of_gold = Counter(outcome for one in judged for outcome in one.of_gold)
    of_pairs = Counter(outcome for one in judged for outcome in one.of_pairs)
    return PositionCounts(
        of_gold[RIGHT],
        sum(of_gold[cause] for cause in MISSED),
        sum(of_pairs[cause] for cause in WRONG),
        of_pairs[TWICE],
        of_pairs.total(),
    )


def score_positions(
    judged: Sequence[JudgedArticle], codebook: Codebook, *, replicates: int = REPLICATES
) -> list[Score]:
    """Score positions: precision, recall and F1, what was lost to which cause, and rows per position.

    Intervals are over articles. Slices are codes, registers, and, where somebody speaks, whether it is
    the speaker whose position it is. In the slices `cause=`, `missed` is the share of gold positions and
    `wrong` that of the positions that were read: with recall, and with precision, they sum to one.
    `rows_per_position` counts the rows with a position, `pairs_per_position` all pairs that were
    asked about, for each gold position.

    Returns
    -------
    list of Score
        `n` is the number of gold positions; of `wrong`, that of the positions that were read, each
        once.

    Examples
    --------
    >>> from stancekit.codebook import load_codebook
    >>> from stancekit.types import Article
    >>> gold = PlacedPosition((0, 9), PlacedActor("Peru", (0, 4)), "it", (), "condemn")
    >>> article = CodedArticle(Article("a", "Peru left."), (gold,))
    >>> judged = [judge_article(article, ReadArticle((), ()))]
    >>> scores = score_positions(judged, load_codebook("stance"))
    >>> [(one.metric, one.slice, one.value) for one in scores if one.value == 1]
    [('missed', 'cause=actor not found', 1.0)]
    """
    found, articles, codes, contexts, speaking = [], [], [], [], []
    for one in judged:
        name, context = one.coded.article.id, Context(register=one.coded.register)
        # An article without positions is one that might have been drawn, too.
        counted: list[tuple[PlacedPosition | None, tuple[int, int, int]]] = [(None, (0, 0, 0))]
        for truth, outcome in zip(one.coded.positions, one.of_gold, strict=True):
            counted.append((truth, (1, 0, 0) if outcome == RIGHT else (0, 0, 1)))
        for pair, outcome in zip(one.read.pairs, one.of_pairs, strict=True):
            if outcome in WRONG:
                counted.append((pair, (0, 1, 0)))
        for position, numbers in counted:
            found.append(numbers)
            codes.append(position.code if position else "")
            speaking.append(position.actor.speaks if position else None)
            articles.append(name)
            contexts.append(context)
    slices: dict[str, BoolArray] = {
        f"code={code}": np.array([given == code for given in codes])
        for code in codebook.names
        if code in codes
    }
    if True in speaking:
        for value, speaks in (("who speaks", True), ("others", False)):
            slices[f"position of={value}"] = np.array([given is speaks for given in speaking])
    slices |= slices_of(contexts)
    scores = score_spans(
        np.array(found, dtype=float).reshape(-1, 3), articles, slices=slices, replicates=replicates
    )
    return [*scores, *_score_causes(judged, replicates), *_score_rows(judged, replicates)]


def _score_causes(judged: Sequence[JudgedArticle], replicates: int) -> list[Score]:
    scores = []
    causes: tuple[tuple[str, Mapping[str, str]], ...] = (("missed", MISSED), ("wrong", WRONG))
    for metric, listed in causes:
        tables = []
        for one in judged:
            outcomes = Counter(one.of_gold if metric == "missed" else one.of_pairs)
            counts = [outcomes[cause] for cause in listed]
            tables.append([outcomes[RIGHT] + sum(counts), *counts])
        table = np.array(tables, dtype=float).reshape(1, len(judged), 1, -1)
        estimates = estimate_interval(table, _shares, replicates=replicates)
        n = int(table[..., 0].sum())
        for cause, estimate in zip(listed, estimates, strict=True):
            scores.append(Score(metric, f"cause={cause}", *estimate, n))
    return scores


def _score_rows(judged: Sequence[JudgedArticle], replicates: int) -> list[Score]:
    tables = [[len(one.of_gold), sum(map(bool, one.of_pairs)), len(one.of_pairs)] for one in judged]
    table = np.array(tables, dtype=float).reshape(1, len(judged), 1, -1)
    estimates = estimate_interval(table, _shares, replicates=replicates, most=np.inf)
    n = int(table[..., 0].sum())
    names = ("rows_per_position", "pairs_per_position")
    return [
        Score(name, "all", *estimate, n) for name, estimate in zip(names, estimates, strict=True)
    ]


def _shares(counts: FloatArray) -> FloatArray:
    """Return numbers by the first of them, which is their total, and 0 where that is."""
    total = counts[..., 0, :1]
    numbers = counts[..., 0, 1:]
    return np.divide(numbers, total, out=np.zeros_like(numbers), where=total > 0)
