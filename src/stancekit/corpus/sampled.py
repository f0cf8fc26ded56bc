"""A split whose validation and test parts are samples of another's, for models that take long to score."""

from collections.abc import Callable

import numpy as np

from stancekit.corpus.dataset import LabelledSet, Splits
from stancekit.errors import KitError


class SampledSplit:
    """Another split with samples of its validation and test parts; train stays complete.

    Each code has about the share in the samples that it has in the whole parts. The sample is the
    same for every random state and model, so that all are compared on it.

    Parameters
    ----------
    base
        The split that is drawn from.
    validation, test
        How many examples are drawn of each; of a part that has fewer, all.
    """

    def __init__(
        self, base: Callable[..., Splits], *, validation: int = 100, test: int = 200
    ) -> None:
        self.base = base
        self.validation = validation
        self.test = test

    def __call__(self, whole: LabelledSet, *, random_state: int) -> Splits:
        """Divide a corpus, and draw from validation and test."""
        if min(self.validation, self.test) < 1:
            raise KitError(
                f"split.validation is {self.validation} and split.test {self.test}; both must be 1 or more"
            )
        splits = self.base(whole, random_state=random_state)
        validation = _sample(splits.validation, self.validation)
        return Splits(splits.train, validation, _sample(splits.test, self.test), splits.shared)


def _sample(part: LabelledSet, n: int) -> LabelledSet:
    """Return n examples, drawn at equal distances from all of them ordered by their codes, at random within these."""
    if len(part) <= n:
        return part
    shuffled = np.random.default_rng(0).permutation(len(part)).tolist()
    by_code = sorted(shuffled, key=lambda row: part.labels[row])
    places = (np.arange(n) * len(part) / n).astype(int).tolist()
    return part.take(sorted(by_code[place] for place in places))
