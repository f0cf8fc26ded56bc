"""Rows, batches and their order."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset, Sampler
from transformers import AutoTokenizer

from stancekit.errors import KitError
from stancekit.models.features import Rendered
from stancekit.types import Example

Ids = dict[str, list[int]]
ROLES = {"actor": 1, "target": 2}
# Room for the special tokens, the second segment's quarter and a few words.
SHORTEST = 8
# Of different lengths, so that they differ even where every word is unknown.
_PROBES = (
    "Peru condemned the levy.",
    "A draft on trade and fishing was put to the vote by Chile today.",
)


@contextmanager
def readable(what: str) -> Iterator[None]:
    """Turn whatever reading a file of a model raises into one clear error.

    The libraries behind have no common error: `tokenizers` even ends in a panic that is no
    `Exception`.

    Raises
    ------
    KitError
        In place of any error but that of a user who interrupts.
    """
    try:
        yield
    except KitError:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        cause = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise KitError(f"{what} cannot be used: {cause[:300]}") from None


def load_encoder_tokenizer(source: str) -> Any:
    """Load the tokenizer in an encoder's folder.

    Raises
    ------
    KitError
        When there is none, or it gives every sentence the same ids, as the empty one that
        `transformers` makes then.
    """
    with readable(f"the tokenizer in {source}"):
        tokenizer = AutoTokenizer.from_pretrained(
            source, trust_remote_code=False, local_files_only=True
        )
    check_tokenizer(tokenizer, source)
    return tokenizer


def check_shortest(length: int) -> None:
    """Check that a sentence fits into a length.

    Raises
    ------
    KitError
        When it is too short for the special tokens, a second segment and a few words.
    """
    if length < SHORTEST:
        raise KitError(f"length is {length} tokens, too few for a sentence; set {SHORTEST} or more")


def check_tokenizer(tokenizer: Any, source: str, config: Any = None) -> None:
    """Check that a tokenizer tells sentences apart and, with the encoder's `config`, that its ids are the encoder's.

    Raises
    ------
    KitError
        When it does not.
    """
    with readable(f"the tokenizer in {source}"):
        if not getattr(tokenizer, "is_fast", False):
            raise KitError(
                f"the tokenizer in {source} has no fast version (tokenizer.json); save one beside the weights"
            )
        one, other = (tokenizer(text)["input_ids"] for text in _PROBES)
        words = set(tokenizer.get_vocab()) - set(tokenizer.all_special_tokens)
        if one == other or not words:
            raise KitError(
                f"the tokenizer in {source} has {len(words)} words and cannot tell sentences apart; "
                "save the encoder's tokenizer in its folder (tokenizer.json or its vocabulary)"
            )
        if config is None:
            return
        pair = tokenizer(*_PROBES)
        largest = max([*tokenizer.get_vocab().values(), *pair["input_ids"]])
        if largest >= config.vocab_size:
            raise KitError(
                f"the tokenizer in {source} has id {largest}; its encoder has {config.vocab_size} words"
            )
        kinds = getattr(config, "type_vocab_size", None)
        if kinds and max(pair.get("token_type_ids", [0])) >= kinds:
            raise KitError(
                f"the tokenizer in {source} has more segments than the {kinds} of its encoder"
            )


def window(length: int, room: int, first: int, last: int) -> tuple[int, int]:
    """Return the stretch of `room` tokens around tokens `first` to `last` of `length`.

    Examples
    --------
    >>> window(100, 10, 50, 52)
    (46, 56)
    >>> window(100, 10, 97, 99)
    (90, 100)
    """
    if length <= room:
        return 0, length
    middle = (first + last) // 2
    start = min(max(0, middle - room // 2), length - room)
    return start, start + room


class _Shown(NamedTuple):
    """What the tokenizer gets, and where actor and target stand in the text."""

    text: str
    pair: str
    spans: dict[str, tuple[int, int]]

    def cut(self, start: int, end: int) -> "_Shown":
        """Return the stretch of the text from `start` to `end`."""
        spans = {
            role: (low - start, high - start)
            for role, (low, high) in self.spans.items()
            if low < end and high > start
        }
        return _Shown(self.text[start:end], self.pair, spans)


def _shown_text(rendered: Rendered, example: Example) -> _Shown:
    found = {}
    for start, end, role in example.spans():
        # Marks before a span shift it to the right by a few characters, never to the left.
        at = rendered.text.find(example.text[start:end], start)
        if at >= 0:
            found[role] = (at, at + end - start)
    return _Shown(rendered.text, rendered.pair, found)


class EncoderInputs:
    """Tokenize examples as a model's features render them.

    Parameters
    ----------
    tokenizer
        A fast tokenizer of `transformers`.
    features
        `Plain`, `Pair` or `Marked`.
    length
        Most tokens of an input, special tokens included. A longer sentence is cut to a window
        around its actor; the second segment is cut to a quarter of the length.

    Raises
    ------
    KitError
        When no sentence fits into the length, or the tokenizer cannot read a text.
    """

    def __init__(self, tokenizer: Any, features: Any, length: int) -> None:
        check_shortest(length)
        self.tokenizer = tokenizer
        self.features = features
        self.length = length

    def __call__(self, examples: Sequence[Example]) -> list[Ids]:
        """Return the ids of each example, unpadded, and the role of each token: 1 actor, 2 target, 0 neither."""
        shown = [
            self._near(_shown_text(self.features.render(example), example)) for example in examples
        ]
        with readable("the tokenizer"):
            ids = self._encode(shown, examples)
            for at, one in enumerate(ids):
                if len(one["input_ids"]) > self.length:
                    ids[at] = self._encode([self._cut(shown[at])], [examples[at]])[0]
        return ids

    def _encode(self, shown: Sequence[_Shown], examples: Sequence[Example]) -> list[Ids]:
        """Return ids and roles; what an example becomes depends on nothing that stands beside it."""
        rows: list[Ids] = [{} for _ in shown]
        # A tokenizer that is given a second text, be it empty, ends the input twice: each kind by
        # itself.
        for paired in (False, True):
            places = [at for at, one in enumerate(shown) if bool(one.pair) is paired]
            if not places:
                continue
            texts = [shown[at].text for at in places]
            pairs = [shown[at].pair for at in places] if paired else None
            found = self.tokenizer(texts, pairs, verbose=False, return_offsets_mapping=True)
            offsets = found.pop("offset_mapping")
            for row, at in enumerate(places):
                roles = _roles(shown[at], examples[at], offsets[row], found.sequence_ids(row))
                rows[at] = {**{key: values[row] for key, values in found.items()}, "roles": roles}
        return rows

    def _near(self, shown: _Shown) -> _Shown:
        """Cut a very long sentence by characters first, since a tokenizer's time grows with it."""
        reach = 20 * self.length
        if len(shown.text) <= 2 * reach:
            return shown
        start = max(0, shown.spans.get("actor", (0, 0))[0] - reach)
        return shown.cut(start, start + 2 * reach)

    def _cut(self, shown: _Shown) -> _Shown:
        plain = self.tokenizer(
            shown.text, add_special_tokens=False, return_offsets_mapping=True, verbose=False
        )
        offsets = plain["offset_mapping"]
        second = self.tokenizer(shown.pair, add_special_tokens=False, return_offsets_mapping=True)[
            "offset_mapping"
        ]
        pair = shown.pair[: second[: self.length // 4][-1][1]] if second else ""
        marks = self.tokenizer.num_special_tokens_to_add(bool(pair))
        room = self.length - marks - min(len(second), self.length // 4)
        start, end = shown.spans.get("actor", (0, 0))
        inside = [
            at for at, (first, last) in enumerate(offsets) if first < end and last > start
        ] or [0]
        low, high = window(len(offsets), room, inside[0], inside[-1])
        return shown.cut(offsets[low][0], offsets[high - 1][1])._replace(pair=pair)


def _roles(
    shown: _Shown,
    example: Example,
    offsets: Sequence[tuple[int, int]],
    segments: Sequence[int | None],
) -> list[int]:
    """Return the role of each token; a target that the sentence does not spell out is the second text's."""
    named = example.target.name if example.target else ""
    behind = (
        len(shown.pair) - len(named) if named and shown.pair.endswith(named) else len(shown.pair)
    )
    roles = []
    for (start, end), segment in zip(offsets, segments, strict=True):
        role = 0
        if segment == 0:
            role = next(
                (
                    ROLES[name]
                    for name, (low, high) in shown.spans.items()
                    if start < high and end > low
                ),
                0,
            )
        elif segment == 1 and "target" not in shown.spans and start >= behind:
            role = ROLES["target"]
        roles.append(role)
    return roles


LABELS, HIDDEN = "labels_", "hidden"


class TokenRows(Dataset[dict[str, Any]]):
    """Token ids and labels, row by row; and the outputs of an encoder's frozen part, where they are known."""

    def __init__(
        self,
        ids: Sequence[Ids],
        labels: Mapping[str, NDArray[Any]],
        hidden: Sequence[torch.Tensor] | None = None,
    ) -> None:
        self.ids = ids
        self.labels = labels
        self.hidden = hidden

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.ids)

    def __getitem__(self, at: int) -> dict[str, Any]:
        """Return one row."""
        row = {
            **self.ids[at],
            **{LABELS + name: values[at] for name, values in self.labels.items()},
        }
        return row if self.hidden is None else {**row, HIDDEN: self.hidden[at]}


@dataclass(frozen=True, slots=True)
class Collator:
    """Pads rows to the longest of a batch; `pad` is the tokenizer's own id for padding."""

    pad: int = 0

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
        """Return one batch."""
        width = max(len(row["input_ids"]) for row in rows)
        batch = {}
        for key in rows[0]:
            if key.startswith(LABELS):
                batch[key] = torch.as_tensor(np.stack([row[key] for row in rows]))
                continue
            if key == HIDDEN:
                batch[key] = torch.nn.utils.rnn.pad_sequence(
                    [row[key] for row in rows], batch_first=True
                ).float()
                continue
            blank = self.pad if key == "input_ids" else 0
            batch[key] = torch.tensor(
                [[*row[key], *[blank] * (width - len(row[key]))] for row in rows]
            )
        return batch


class Buckets(Sampler[int]):
    """Draws rows in batches of similar length, in an order that random state and epoch alone decide."""

    def __init__(self, lengths: Sequence[int], batch_size: int, random_state: int) -> None:
        self.lengths = np.asarray(lengths)
        self.batch_size = batch_size
        self.random_state = random_state
        self.epoch = 0

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        """Yield rows of one epoch."""
        random = np.random.default_rng((self.random_state, self.epoch))
        # Sorted within pools of fifty batches, so that neighbours are alike but not always the
        # same.
        order, pool = random.permutation(len(self.lengths)), 50 * self.batch_size
        pools = [order[at : at + pool] for at in range(0, len(order), pool)]
        near = np.concatenate(
            [rows[np.argsort(-self.lengths[rows], kind="stable")] for rows in pools]
        )
        batches = [near[at : at + self.batch_size] for at in range(0, len(near), self.batch_size)]
        # A last batch that is not full stays last, or it would shift all behind it.
        full = batches[:-1] if len(batches[-1]) < self.batch_size else batches
        shuffled = [full[at] for at in random.permutation(len(full))] + batches[len(full) :]
        yield from np.concatenate(shuffled).tolist()
