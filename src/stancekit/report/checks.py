"""What a careful reader would ask of a result before believing it. Each check has a code, and heads the report."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from stancekit.evaluation.audit import DECISIVE, target_blind
from stancekit.evaluation.bootstrap import by_state
from stancekit.evaluation.metrics import macro_f1
from stancekit.report.leaderboard import Board, Entry
from stancekit.types import Score

FEW = 10
FEW_ARTICLES = 30
APART = 0.05
MISCALIBRATED = 0.05


@dataclass(frozen=True, slots=True)
class Check:
    """A doubt: what was seen and what to do. `stop` means: do not use the numbers before it is settled."""

    code: str
    level: Literal["stop", "mind"]
    title: str
    seen: str
    do: str


def _interval(score: Score) -> str:
    return f"{score.value:.3f} [{score.low:.3f}, {score.high:.3f}]"


def constant(entry: Entry) -> float:
    """Return the macro-F1 on test of always giving what is commonest in training.

    For several codes per unit: of giving every code to every unit, which is the best that a constant can do.
    """
    run = entry.first
    if run.multi_label:
        shares = [sum(code in gold for gold in run.gold) / len(run.rows) for code in run.codes]
        return float(np.mean([2 * share / (1 + share) for share in shares]))
    counts = run.facts["gold"]["train"] if run.facts["examples"]["train"] else run.facts["gold"]["test"]
    most = max(counts, key=lambda code: counts[code])
    share = sum(most in gold for gold in run.gold) / len(run.rows)
    return 2 * share / (1 + share) / len(run.codes)


def no_better_than_constant(board: Board) -> Iterator[Check]:
    """C01: the best model does not beat giving everything the same code."""
    floor = constant(board.best)
    if board.best.main.low <= floor:
        yield Check(
            "C01",
            "stop",
            "no better than a constant",
            f"{board.best.first.model} scores {_interval(board.best.main)}, giving the commonest code {floor:.3f}",
            "check the labels and the actor and target columns; train on more examples",
        )


def shared_text(board: Board) -> Iterator[Check]:
    """C02: test has text that training has too."""
    shared = max(int(entry.first.facts.get("shared", 0)) for entry in board.entries)
    if shared:
        yield Check(
            "C02",
            "stop",
            "text shared by train and test",
            f"{shared} of {len(board.best.first.rows)} test examples have nearly their text in train or validation",
            "use split.shared=drop, and report the score with the official split only beside it",
        )


def few_gold(board: Board) -> Iterator[Check]:
    """C03: a code has too few gold examples to learn or to score."""
    gold = board.best.first.facts["gold"]
    for part in ("train", "test"):
        if not board.best.first.facts["examples"][part]:
            continue
        rare = {code: n for code, n in gold[part].items() if n < FEW}
        if rare:
            yield Check(
                "C03",
                "mind",
                f"few gold examples in {part}",
                ", ".join(f"{code}: {n}" for code, n in rare.items()),
                f"label more, or leave the code out: its scores mean nothing under {FEW} examples",
            )


def blind(board: Board) -> Iterator[Check]:
    """C04: a stance model does as well with a target taken from elsewhere."""
    for entry in board.entries:
        if target_blind(entry.findings):
            gap = next(finding.gap for finding in entry.findings if finding.variant == DECISIVE)
            yield Check(
                "C04",
                "stop" if entry is board.best else "mind",
                f"{entry.first.model} is target-blind",
                f"with a random target its macro-F1 falls by {_interval(gap)}, which covers nought",
                "do not read its labels as stances towards a target; show it the target (features=marked)",
            )


def states_disagree(board: Board) -> Iterator[Check]:
    """C05: random states differ by more than the test set's own uncertainty would be read as."""
    for entry in board.entries:
        if len(entry.runs) < 2 or not entry.alike:
            continue
        values = by_state(entry.counts, macro_f1)
        if values.max() - values.min() > APART:
            yield Check(
                "C05",
                "mind",
                f"random states of {entry.first.model} disagree",
                f"macro-F1 from {values.min():.3f} to {values.max():.3f} over {len(values)} random states",
                "report the mean over more random states, or average their models (model=ensemble)",
            )


def worse_than_lexicon(board: Board) -> Iterator[Check]:
    """C06: the cue lexicon is better on some code."""
    lexicon, best = board.entry("lexicon"), board.best
    if lexicon is None or best is lexicon:
        return
    for code in best.first.codes:
        own, cues = (entry.value("f1", f"code={code}") for entry in (best, lexicon))
        if own and cues and cues.value > own.value:
            yield Check(
                "C06",
                "mind",
                f"the lexicon is better on {code}",
                f"F1 {_interval(cues)} against {_interval(own)} of {best.first.model}",
                "look at the code's mistakes below; it may need more examples",
            )


def badly_calibrated(board: Board) -> Iterator[Check]:
    """C07: scores do not mean what they say."""
    error = board.best.value("ece")
    if error and error.low > MISCALIBRATED:
        yield Check(
            "C07",
            "mind",
            f"scores of {board.best.first.model} are off",
            f"expected calibration error {_interval(error)}",
            "do not read scores as probabilities; rank by them, or calibrate on text of your own",
        )


def not_told_apart(board: Board) -> Iterator[Check]:
    """C08: the best model cannot be told from others."""
    same = [pair for pair in board.behind if not pair.told_apart]
    if same:
        pair = same[0]
        more = int(float(f"{max(pair.needed - len(board.best.first.rows), 0):.1e}"))
        take = f"about {more:,} more test examples" if more else "more random states"
        yield Check(
            "C08",
            "mind",
            f"{board.best.first.model} is not shown to be best",
            f"not told apart from {', '.join(one.second for one in same)}; this test set shows differences from "
            f"{pair.detectable:.3f} on",
            f"say so; to settle the first two would take {take}",
        )


def one_state(board: Board) -> Iterator[Check]:
    """C09: a model that depends on chance was trained once."""
    single = [entry.first.model for entry in board.entries if len(entry.runs) == 1]
    if single:
        yield Check(
            "C09",
            "mind",
            "one random state",
            f"{', '.join(single)}: the interval says nothing of what another random state would give",
            "train with random_state=0,1,2",
        )


def few_articles(board: Board) -> Iterator[Check]:
    """C10: too few articles for an interval to hold."""
    n = len(set(board.best.first.articles))
    if n < FEW_ARTICLES:
        yield Check(
            "C10",
            "mind",
            "few articles",
            f"the test set has {n} articles; intervals from so few are rough",
            f"test on {FEW_ARTICLES} articles or more",
        )


def topic_bound(board: Board) -> Iterator[Check]:
    """C11: what was learned does not carry over to new topics."""
    known, new = (board.best.value("macro_f1", f"setting={name}") for name in ("in-topic", "cross-topic"))
    if known and new and new.high < known.low:
        yield Check(
            "C11",
            "mind",
            f"{board.best.first.model} does worse on new topics",
            f"macro-F1 {_interval(new)} on topics that training did not know, {_interval(known)} on those it did",
            "expect the lower figure on your own text",
        )


CHECKS: tuple[Callable[[Board], Iterator[Check]], ...] = (
    no_better_than_constant,
    shared_text,
    few_gold,
    blind,
    states_disagree,
    worse_than_lexicon,
    badly_calibrated,
    not_told_apart,
    one_state,
    few_articles,
    topic_bound,
)


def run_checks(board: Board) -> list[Check]:
    """Return all doubts about a board, those that should stop a reader first."""
    return sorted((found for check in CHECKS for found in check(board)), key=lambda one: one.level != "stop")
