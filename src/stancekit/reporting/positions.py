"""Scores of positions as a page: what was found, what was lost to which cause, with sentences to read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stancekit.corpus.positions import Place, PlacedPosition
from stancekit.evaluation.positions import MISSED, WRONG, JudgedArticle
from stancekit.html import render_page
from stancekit.runs.positions import PositionEvaluation
from stancekit.types import Example, Mention, Score

# Sentences that are shown of each cause.
_MOST = 12


@dataclass(frozen=True, slots=True)
class CauseExample:
    """A position that is missed or wrong, in its sentence."""

    article: str
    example: Example
    code: str
    score: float


@dataclass(frozen=True, slots=True)
class CauseExamples:
    """A cause of positions that are missed or wrong, how many it has, and some of them."""

    metric: str
    cause: str
    meaning: str
    n: int
    share: Score
    examples: tuple[CauseExample, ...]


def list_causes(result: PositionEvaluation) -> list[CauseExamples]:
    """Return every cause with examples from as many places of the corpus as are shown."""
    shares = {(one.metric, one.slice): one for one in result.scores}
    causes = []
    for metric, meanings in (("missed", MISSED), ("wrong", WRONG)):
        for cause, meaning in meanings.items():
            every = list(_examples_of(result.judged, metric, cause))
            step = max(1, -(-len(every) // _MOST))
            share = shares[metric, f"cause={cause}"]
            shown = tuple(every[::step])
            causes.append(CauseExamples(metric, cause, meaning, len(every), share, shown))
    return causes


def _examples_of(
    judged: Sequence[JudgedArticle], metric: str, cause: str
) -> Iterator[CauseExample]:
    for one in judged:
        positions, outcomes = one.coded.positions, one.of_gold
        if metric == "wrong":
            positions, outcomes = one.read.pairs, one.of_pairs
        for position, outcome in zip(positions, outcomes, strict=True):
            if outcome == cause:
                yield _as_example(one, position)


def _as_example(judged: JudgedArticle, position: PlacedPosition) -> CauseExample:
    article = judged.coded.article
    start, end = position.sentence
    target = position.target_places[0] if position.target_places else None
    example = Example(
        article.id,
        article.text[start:end],
        _mention(position.actor.name, position.actor.place, start),
        _mention(position.target, target, start),
    )
    return CauseExample(article.id, example, position.code, position.score)


def _mention(name: str, place: Place | None, offset: int) -> Mention:
    return Mention(name, place[0] - offset, place[1] - offset) if place else Mention(name)


def positions_page(result: PositionEvaluation, title: str, remarks: Sequence[str]) -> str:
    """Return the scores of positions as HTML; everything from data is escaped."""
    by_slice: dict[str, dict[str, Score]] = {}
    for score in result.scores:
        by_slice.setdefault(score.slice, {})[score.metric] = score
    return render_page(
        "positions.html",
        title=title,
        remarks=remarks,
        whole=by_slice["all"],
        slices={name: scores for name, scores in by_slice.items() if "f1" in scores},
        causes=list_causes(result),
    )
