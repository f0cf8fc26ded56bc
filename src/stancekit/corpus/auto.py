"""The split that is used where none is named: as the data marks it, else by whole articles."""

from stancekit.corpus.dataset import LabelledSet, Splits
from stancekit.corpus.splits import FixedSplit, GroupedSplit, Shared


class AutoSplit:
    """`FixedSplit` for data that marks a split, `GroupedSplit` for data that marks none.

    Parameters
    ----------
    shared
        What happens to text that marked parts share, as of `FixedSplit`.
    validation
        The share of validation, where the data marks none.
    test
        The share of test, where the data marks no split.
    """

    def __init__(
        self, shared: Shared = "refuse", *, validation: float = 0.15, test: float = 0.25
    ) -> None:
        self.shared = shared
        self.validation = validation
        self.test = test

    def choose(self, whole: LabelledSet) -> tuple[str, FixedSplit | GroupedSplit]:
        """Return the split that fits the data, with the name of its configuration."""
        if any(whole.parts):
            return "fixed", FixedSplit(self.shared, validation=self.validation)
        return "grouped", GroupedSplit(validation=self.validation, test=self.test)

    def __call__(self, whole: LabelledSet, *, random_state: int) -> Splits:
        """Divide a corpus by the split that fits it."""
        _, split = self.choose(whole)
        return split(whole, random_state=random_state)
