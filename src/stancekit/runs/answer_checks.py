"""Checks of a language model: does it answer, does order or wording decide, does it follow the codebook."""

from collections.abc import Iterator

from stancekit.evaluation.answers import MOST_ILLEGAL, MOST_TURNED
from stancekit.runs.check import Check, with_interval
from stancekit.runs.leaderboard import Leaderboard

# A model that does not even do this in four of five trials does not go by the definitions.
LEAST_FOLLOWED = 0.8


def turned_by_order(board: Leaderboard) -> Iterator[Check]:
    """C17: another order of the answers, or another wording, gives other labels."""
    for entry in board.entries:
        turned = entry.answers.turned if entry.answers else None
        if turned is None or turned.value <= MOST_TURNED:
            continue
        shown = turned.low > MOST_TURNED
        yield Check(
            "C17",
            "stop" if shown and entry is board.best else "mind",
            f"order or wording decides for {entry.first.model}"
            if shown
            else f"whether order or wording decides for {entry.first.model} is open",
            f"with the answers in another order, or asked in other words, it gives another label to a share of "
            f"{with_interval(turned)} of the examples, {'surely' if shown else 'perhaps'} more than {MOST_TURNED}",
            "report estimates for every wording; average over more orders and wordings (model.orders, model.prompts), "
            "and correct by gold (stancekit estimate)",
        )


def no_answers(board: Leaderboard) -> Iterator[Check]:
    """C18: replies are none of the answers."""
    for entry in board.entries:
        use = entry.answers
        if use is None or (use.illegal.value <= MOST_ILLEGAL and not use.unanswered):
            continue
        without = (
            f"; {use.unanswered:.0f} examples have no answer at all, and equal scores for all codes"
            if use.unanswered
            else ""
        )
        yield Check(
            "C18",
            "stop" if use.illegal.low > 0.5 and entry is board.best else "mind",
            f"replies of {entry.first.model} are no answers",
            f"a share of {with_interval(use.illegal)} of {use.illegal.n:,} replies is none of the letters that were "
            f"asked for, a refusal or something else{without}",
            "read some of them in the store of replies; ask in other words (model.prompts), or use another model",
        )


def ignores_codebook(board: Leaderboard) -> Iterator[Check]:
    """C19: a language model does not recognise definitions, or goes by the names of codes instead."""
    for entry in board.entries:
        low = []
        for test, (good, n) in entry.first.behaviour.items():
            if n and good / n < LEAST_FOLLOWED:
                low.append(f"{test} in {good} of {n} trials")
        if low:
            yield Check(
                "C19",
                "mind",
                f"{entry.first.model} does not follow the codebook",
                f"{'; '.join(low)}; where a model goes by definitions, nearly all are right",
                "do not take its labels for those of this codebook: compare with gold for every code, or use a "
                "model that reads definitions",
            )
