"""Folds of a corpus: every article is held out once, so that all rows train and all rows test."""

from dataclasses import dataclass

import numpy as np

from stancekit.corpus.dataset import LabelledSet, Splits, make_splits
from stancekit.corpus.splits import FIXED_STATE, draw_groups, find_groups
from stancekit.errors import KitError


@dataclass(frozen=True, slots=True)
class FoldSplit:
    """A division into folds by article: each is the test part of one split, and of no other.

    Parameters
    ----------
    folds
        How many; articles with copies of one text are in the same.
    validation
        The share of a fold's other articles that becomes its validation part.
    """

    folds: int = 5
    validation: float = 0.15

    def __call__(self, whole: LabelledSet, *, random_state: int) -> Splits:
        """Return the whole as what is learned from and as what is tested, each row by a model that held it out."""
        return Splits(whole, whole.take([]), whole)

    def divide(self, whole: LabelledSet) -> list[Splits]:
        """Return the split of each fold, the same for every random state.

        Raises
        ------
        KitError
            When there are fewer than two folds, or too few articles for them.
        """
        if self.folds < 2:
            raise KitError(
                f"folds is {self.folds}; it is 2 or more, as 5, or null for one model without folds"
            )
        groups = np.array(find_groups(whole, "article"))
        names = np.unique(groups)
        if len(names) < max(self.folds, 3):
            raise KitError(
                f"corpus {whole.name!r} has {len(names)} articles, copies of a text counted as one; "
                f"folds={self.folds} needs {max(self.folds, 3)} or more: annotate more articles, or "
                "name the column with corpus.columns.article=COLUMN"
            )
        shuffled = np.random.default_rng(FIXED_STATE).permutation(names)
        return [
            self._split(whole, groups, held_out)
            for held_out in np.array_split(shuffled, self.folds)
        ]

    def _split(self, whole: LabelledSet, groups: np.ndarray, held_out: np.ndarray) -> Splits:
        parts = np.where(np.isin(groups, held_out), "test", "train").astype(object)
        rest = np.flatnonzero(parts == "train")
        parts[rest[draw_groups(groups[rest], self.validation, FIXED_STATE)]] = "validation"
        return make_splits(whole, parts.tolist())
