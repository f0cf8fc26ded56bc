"""What training shows: which examples, what each code weighs, and whose names are exchanged in an epoch."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from stancekit.errors import KitError
from stancekit.models.encoder.batches import HIDDEN, TokenRows
from stancekit.models.encoder.inputs import EncoderInputs, Ids
from stancekit.text.exchange import NameExchanger
from stancekit.types import Example

# Keeps these draws away from those of the order of rows, which has the same random state and epoch.
_STREAM = 1
# A code's share is taken to be at least this, and its weight in the loss at most five, so that a
# code with a handful of examples does not dominate the training.
MIN_SHARE, MAX_WEIGHT = 0.01, 5
Freeze = Callable[[Sequence[Ids]], Sequence[torch.Tensor] | None]


def balanced_weights(y: NDArray[Any]) -> tuple[float, ...]:
    """Return loss weights: of classes by inverse frequency, of codes by the root of the odds against.

    Examples
    --------
    >>> balanced_weights(np.array([0, 0, 0, 1]))
    (0.6666666666666666, 2.0)
    """
    if y.ndim == 2:
        shares = y.mean(axis=0).clip(MIN_SHARE, 1 - MIN_SHARE)
        return tuple(np.sqrt((1 - shares) / shares).clip(1, MAX_WEIGHT).tolist())
    counts = np.bincount(y)
    return tuple((len(y) / (len(counts) * counts)).tolist())


def check_share(share: float) -> None:
    """Check the share of examples whose names are exchanged.

    Raises
    ------
    KitError
        When it is not between 0 and 1.
    """
    if not 0 <= share <= 1:
        raise KitError(
            f"exchange_names is {share}, which is no share of the examples; set it between 0 (none) and 1 (all)"
        )


def draw_training(
    X: Sequence[Example], max_examples: int | None, random_state: int
) -> NDArray[np.int64]:
    """Return the rows of at most so many examples, in order: one of every sentence before a second of any.

    Examples of one sentence teach much the same, so that a part in which every sentence is present
    teaches nearly as much as the whole.

    Examples
    --------
    >>> some = [Example(str(row), text) for row, text in enumerate(["a", "a", "a", "b", "c"])]
    >>> rows = draw_training(some, 3, random_state=0)
    >>> [some[row].text for row in rows]
    ['a', 'b', 'c']
    """
    if max_examples is None or max_examples >= len(X):
        return np.arange(len(X))
    order = np.random.default_rng(random_state).permutation(len(X))
    seen: Counter[str] = Counter()
    # Of each example, how many of its sentence come before it in the order.
    turn = np.zeros(len(X), dtype=np.int64)
    for place, row in enumerate(order.tolist()):
        turn[place] = seen[X[row].text]
        seen[X[row].text] += 1
    return np.sort(order[np.argsort(turn, kind="stable")[:max_examples]])


class RenamedRows(TokenRows):
    """Token ids and labels, where in each epoch other examples have other names.

    What is exchanged depends on the random state and the epoch alone, so that a training that was
    interrupted goes on with the same rows.

    Parameters
    ----------
    examples
        Those of the rows.
    inputs
        Turns examples into token ids.
    freeze
        Returns the outputs of an encoder's frozen part, `None` where it has none.
    share
        The share of examples whose names are exchanged in an epoch.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        labels: Mapping[str, NDArray[Any]],
        *,
        inputs: EncoderInputs,
        freeze: Freeze,
        share: float,
        random_state: int,
    ) -> None:
        ids = inputs(examples)
        # Where every row is another in each epoch, the first ones are never shown.
        super().__init__(ids, labels, freeze(ids) if share < 1 else None)
        self.examples = examples
        self.inputs = inputs
        self.freeze = freeze
        self.varies = share
        self.random_state = random_state
        self.exchange = NameExchanger()
        self.renamed: dict[int, dict[str, Any]] = {}

    def start_epoch(self, epoch: int) -> None:
        """Draw the examples of an epoch whose names are exchanged, and exchange them."""
        rng = np.random.default_rng((self.random_state, epoch, _STREAM))
        drawn = np.flatnonzero(rng.random(len(self)) < self.varies).tolist()
        changed = [self.exchange(self.examples[index], rng) for index in drawn]
        ids = self.inputs(changed)
        hidden = self.freeze(ids)
        self.renamed = dict(zip(drawn, ids, strict=True))
        for place, index in enumerate(drawn if hidden is not None else ()):
            self.renamed[index] = {**ids[place], HIDDEN: (hidden or ())[place]}

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Return one row, with other names where its example was drawn."""
        return {**super().__getitem__(index), **self.renamed.get(index, {})}
