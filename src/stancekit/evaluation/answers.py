"""Does the order of the answers or the wording decide? What a language model says of each example under all of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stancekit.evaluation.names import LABELS_CHANGED, estimate_mean
from stancekit.types import Score

TURNED = "order or wording changed"
ILLEGAL = "replies that are no answer"
# The share of labels that may change with the order of the answers or with the wording.
MOST_TURNED = 0.05
# The share of replies that may be none of the letters.
MOST_ILLEGAL = 0.02


@dataclass(frozen=True, slots=True)
class AnswerTest:
    """What a language model says of one example.

    Attributes
    ----------
    labels
        The codes under each wording and order, `None` where the reply has no letter.
    illegal
        How many of its replies are none of the letters.
    asked
        How many replies there are.
    """

    labels: tuple[tuple[str, ...] | None, ...]
    illegal: int
    asked: int

    @property
    def turned(self) -> bool:
        """Say whether two wordings or orders give different codes."""
        return len({frozenset(codes) for codes in self.labels if codes is not None}) > 1

    @property
    def answered(self) -> bool:
        """Say whether some reply has a letter."""
        return any(codes is not None for codes in self.labels)


@dataclass(frozen=True, slots=True)
class AnswerUse:
    """How far a language model's labels are answers to what was asked.

    Attributes
    ----------
    turned
        The share of examples whose codes change with the order or the wording; `None` where there
        was one of each.
    illegal
        The share of replies that are none of the letters.
    unanswered
        How many examples have no letter in any reply, the mean over random states.
    """

    turned: Score | None
    illegal: Score
    unanswered: float


def answer_use(tested: Sequence[Sequence[AnswerTest]], clusters: Sequence[str]) -> AnswerUse | None:
    """Return how labels depend on order and wording, with intervals; `None` where there is no example.

    Intervals are from a bootstrap over articles and random states.

    Parameters
    ----------
    tested
        A sequence of tests for each random state.
    clusters
        The article of each example.

    Examples
    --------
    >>> same, turned = AnswerTest((("a",), ("a",)), 0, 2), AnswerTest((("a",), ("b",)), 1, 2)
    >>> use = answer_use([[turned, same, same, same] * 10], [str(row // 4) for row in range(40)])
    >>> use.turned.value, use.illegal.value, use.unanswered
    (0.25, 0.125, 0.0)
    """
    if not clusters:
        return None
    articles = np.array(clusters)
    n, n_replies = len(articles), sum(test.asked for test in tested[0])
    turned = None
    if len(tested[0][0].labels) > 1:
        values = np.array([[float(test.turned) for test in tests] for tests in tested])
        turned = _share(LABELS_CHANGED, TURNED, estimate_mean(values, articles), n)
    values = np.array([[test.illegal / max(test.asked, 1) for test in tests] for tests in tested])
    illegal = _share(ILLEGAL, "all", estimate_mean(values, articles), n_replies)
    unanswered = np.mean([sum(not test.answered for test in tests) for tests in tested])
    return AnswerUse(turned, illegal, float(unanswered))


def _share(metric: str, where: str, estimate: tuple[float, float, float], n: int) -> Score:
    value, low, high = estimate
    return Score(metric, where, value, float(np.clip(low, 0, 1)), float(np.clip(high, 0, 1)), n)
