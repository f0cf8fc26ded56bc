"""Checks of what a model goes by: does it use its target, and does it matter to it who it is."""

from collections.abc import Iterator

from stancekit.evaluation.audit import DECISIVE, MARGIN, target_use
from stancekit.evaluation.names import MOST_CHANGED
from stancekit.runs.check import Check, with_interval
from stancekit.runs.leaderboard import Leaderboard, LeaderboardRow
from stancekit.types import Score


def target_blind_model(board: Leaderboard) -> Iterator[Check]:
    """C04: a stance model does as well with a target taken from elsewhere, or this cannot be told."""
    unsure = []
    for entry in board.entries:
        use = target_use(entry.findings)
        if use == "cannot tell":
            unsure.append(entry)
        elif use == "target-blind":
            yield Check(
                "C04",
                "stop" if entry is board.best else "mind",
                f"{entry.first.model} is target-blind",
                f"with a random target its macro-F1 falls by {with_interval(_decisive(entry))}, "
                f"surely less than {MARGIN}",
                "do not read its labels as stances towards a target; show it the target (features=marked)",
            )
    if unsure:
        falls = ", ".join(
            f"{entry.first.model} by {with_interval(_decisive(entry))}" for entry in unsure
        )
        yield Check(
            "C04",
            "mind",
            "whether targets are used is open",
            f"with a random target macro-F1 falls: {falls}; that may be zero, and may be more than {MARGIN}",
            "test on more examples, of sentences with several targets, before labels are read as stances towards one",
        )


def _decisive(entry: LeaderboardRow) -> Score:
    return next(finding.gap for finding in entry.findings if finding.variant == DECISIVE)


def goes_by_names(board: Leaderboard) -> Iterator[Check]:
    """C14: other names change more labels than they should; whose names do is in the report."""
    for entry in board.entries:
        if entry.names is None or entry.names.changed.value <= MOST_CHANGED:
            continue
        changed = entry.names.changed
        shown = changed.low > MOST_CHANGED
        yield Check(
            "C14",
            "stop" if shown and entry is board.best else "mind",
            f"{entry.first.model} goes by names" if shown else "whether names matter is open",
            f"with names exchanged for others of their kind, {entry.first.model} gives another label to a share of "
            f"{with_interval(changed)} of the examples, {'surely' if shown else 'perhaps'} more than {MOST_CHANGED}",
            "do not compare actors by its labels; train an encoder on other names too (its setting "
            "exchange_names, up to 1)"
            if shown
            else "test on more examples before actors are compared by its labels",
        )
