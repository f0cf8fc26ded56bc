"""What a language model says of an example under each wording and order, and how often it did not answer."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stancekit.types import FloatArray


@dataclass(frozen=True, slots=True)
class Views:
    """The answers about some examples.

    Attributes
    ----------
    names
        Of the views: a wording and the number of an order.
    scores
        Of every code under every view, shape (examples, views, codes); NaN where the reply has no
        letter.
    illegal
        How many replies to each example are no letter, shape (examples,).
    asked
        How many requests each example took.
    """

    names: tuple[str, ...]
    scores: FloatArray
    illegal: NDArray[np.int64]
    asked: int

    def mean(self, *, multi_label: bool) -> FloatArray:
        """Return the score of every code over all views that have one, shape (examples, codes).

        Of one code per example they sum to 1, and are equal where no reply has a letter; of several,
        a code without any answer scores 0.
        """
        known = ~np.isnan(self.scores)
        total = np.where(known, self.scores, 0.0).sum(axis=1)
        mean = total / known.sum(axis=1).clip(1)
        if multi_label:
            return np.asarray(mean)
        n = mean.shape[1]
        sums = mean.sum(axis=1, keepdims=True)
        return np.asarray(np.where(sums > 0, mean / sums.clip(1e-12), 1.0 / n))
