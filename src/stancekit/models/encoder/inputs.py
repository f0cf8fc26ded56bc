"""What an encoder reads: examples as token ids, padded batches, and the order of rows."""

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
MIN_LENGTH = 8
# Characters per token that are kept on each side of the actor in a very long sentence, before it is
# tokenized: words are far shorter than that.
CHARACTERS_PER_TOKEN = 20
# Batches whose rows are sorted by length together in training.
POOL_BATCHES = 50
# Of different lengths, so that they differ even where every word is unknown.
_PROBES = (
    "Peru condemned the levy.",
    "A draft on trade and fishing was put to the vote by Chile today.",
)


@contextmanager
def readable(what: str) -> Iterator[None]:
    """Turn whatever reading a file of a model raises into one clear error.

    The libraries that read files have no common error: `tokenizers` even ends in a panic that is
    no `Exception`.

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


def check_min_length(max_length: int) -> None:
    """Check that a sentence fits into a number of tokens.

    Raises
    ------
    KitError
        When it is too short for the special tokens, a second segment and a few words.
    """
    if max_length < MIN_LENGTH:
        raise KitError(
            f"max_length is {max_length} tokens, too few for a sentence; set {MIN_LENGTH} or more"
        )


def check_tokenizer(tokenizer: Any, source: str, config: Any = None) -> None:
    """Check that a tokenizer gives sentences different ids, which, with the encoder's `config`, are the encoder's.

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
        first, second = (tokenizer(text)["input_ids"] for text in _PROBES)
        words = set(tokenizer.get_vocab()) - set(tokenizer.all_special_tokens)
        if first == second or not words:
            raise KitError(
                f"the tokenizer in {source} has {len(words)} words and gives different sentences the same ids; "
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
        segments = getattr(config, "type_vocab_size", None)
        if segments and max(pair.get("token_type_ids", [0])) >= segments:
            raise KitError(
                f"the tokenizer in {source} has more segments than the {segments} of its encoder"
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


class _LocatedText(NamedTuple):
    """What the tokenizer gets, and where actor and target are in the text."""

    text: str
    pair: str
    spans: dict[str, tuple[int, int]]

    def cut(self, start: int, end: int) -> "_LocatedText":
        """Return the stretch of the text from `start` to `end`."""
        spans = {
            role: (low - start, high - start)
            for role, (low, high) in self.spans.items()
            if low < end and high > start
        }
        return _LocatedText(self.text[start:end], self.pair, spans)


def _locate_roles(rendered: Rendered, example: Example) -> _LocatedText:
    spans = {}
    for start, end, role in example.spans():
        # Marks before a span shift it to the right by a few characters, never to the left.
        shifted = rendered.text.find(example.text[start:end], start)
        if shifted >= 0:
            spans[role] = (shifted, shifted + end - start)
    return _LocatedText(rendered.text, rendered.pair, spans)


class EncoderInputs:
    """Tokenize examples as a model's features render them.

    Parameters
    ----------
    tokenizer
        A fast tokenizer of `transformers`.
    features
        `Plain`, `Pair` or `Marked`.
    max_length
        Most tokens of an input, special tokens included. A longer sentence is cut to a window
        around its actor; the second segment is cut to a quarter of the length.

    Raises
    ------
    KitError
        When no sentence fits into the length, or the tokenizer cannot read a text.
    """

    def __init__(self, tokenizer: Any, features: Any, max_length: int) -> None:
        check_min_length(max_length)
        self.tokenizer = tokenizer
        self.features = features
        self.max_length = max_length

    def __call__(self, examples: Sequence[Example]) -> list[Ids]:
        """Return the ids of each example, unpadded, and the role of each token: 1 actor, 2 target, 0 neither."""
        texts = [
            self._near_actor(_locate_roles(self.features.render(example), example))
            for example in examples
        ]
        with readable("the tokenizer"):
            ids = self._encode(texts, examples)
            for index, row in enumerate(ids):
                if len(row["input_ids"]) > self.max_length:
                    ids[index] = self._encode([self._cut(texts[index])], [examples[index]])[0]
        return ids

    def _encode(self, texts: Sequence[_LocatedText], examples: Sequence[Example]) -> list[Ids]:
        """Return ids and roles; those of an example do not depend on the other examples."""
        rows: list[Ids] = [{} for _ in texts]
        # A tokenizer that is given a second text, even an empty one, ends the input twice: each
        # kind by itself.
        for paired in (False, True):
            indices = [index for index, text in enumerate(texts) if bool(text.pair) is paired]
            if not indices:
                continue
            first = [texts[index].text for index in indices]
            second = [texts[index].pair for index in indices] if paired else None
            encoded = self.tokenizer(first, second, verbose=False, return_offsets_mapping=True)
            offsets = encoded.pop("offset_mapping")
            for row, index in enumerate(indices):
                segments = encoded.sequence_ids(row)
                roles = _roles(texts[index], examples[index], offsets[row], segments)
                ids = {key: values[row] for key, values in encoded.items()}
                rows[index] = {**ids, "roles": roles}
        return rows

    def _near_actor(self, text: _LocatedText) -> _LocatedText:
        """Cut a very long sentence by characters first, since a tokenizer's time grows with it."""
        reach = CHARACTERS_PER_TOKEN * self.max_length
        if len(text.text) <= 2 * reach:
            return text
        start = max(0, text.spans.get("actor", (0, 0))[0] - reach)
        return text.cut(start, start + 2 * reach)

    def _cut(self, text: _LocatedText) -> _LocatedText:
        offsets = self._offsets(text.text)
        pair_offsets = self._offsets(text.pair)
        quarter = self.max_length // 4
        pair = text.pair[: pair_offsets[:quarter][-1][1]] if pair_offsets else ""
        special = self.tokenizer.num_special_tokens_to_add(bool(pair))
        room = self.max_length - special - min(len(pair_offsets), quarter)
        start, end = text.spans.get("actor", (0, 0))
        inside = [
            index for index, (first, last) in enumerate(offsets) if first < end and last > start
        ] or [0]
        low, high = window(len(offsets), room, inside[0], inside[-1])
        return text.cut(offsets[low][0], offsets[high - 1][1])._replace(pair=pair)

    def _offsets(self, text: str) -> list[tuple[int, int]]:
        """Return where the tokens of a text start and end, without special tokens."""
        encoded = self.tokenizer(
            text, add_special_tokens=False, return_offsets_mapping=True, verbose=False
        )
        offsets: list[tuple[int, int]] = encoded["offset_mapping"]
        return offsets


def _roles(
    text: _LocatedText,
    example: Example,
    offsets: Sequence[tuple[int, int]],
    segments: Sequence[int | None],
) -> list[int]:
    """Return the role of each token; a target that the sentence does not spell out is the second text's."""
    name = example.target.name if example.target else ""
    # The target's name ends the second text.
    name_start = len(text.pair)
    if name and text.pair.endswith(name):
        name_start -= len(name)
    roles = []
    for (start, end), segment in zip(offsets, segments, strict=True):
        role = 0
        if segment == 0:
            role = _role_at(text, start, end)
        elif segment == 1 and "target" not in text.spans and start >= name_start:
            role = ROLES["target"]
        roles.append(role)
    return roles


def _role_at(text: _LocatedText, start: int, end: int) -> int:
    """Return the role of a stretch of the sentence."""
    for name, (low, high) in text.spans.items():
        if start < high and end > low:
            return ROLES[name]
    return 0


def length_batches(lengths: Sequence[int], size: int) -> Iterator[list[int]]:
    """Yield the numbers of rows in batches of similar length, the longest first: little is padded.

    Examples
    --------
    >>> list(length_batches([3, 9, 5], size=2))
    [[1, 2], [0]]
    """
    order = np.argsort(-np.asarray(lengths, dtype=int), kind="stable").tolist()
    for start in range(0, len(order), size):
        yield order[start : start + size]


LABELS, HIDDEN = "labels_", "hidden"


class TokenRows(Dataset[dict[str, Any]]):
    """Token ids and labels, row by row; and the outputs of an encoder's frozen part, where they are known."""

    # The share of rows that are others in each epoch.
    varies = 0.0

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

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Return one row."""
        labels = {LABELS + name: values[index] for name, values in self.labels.items()}
        row = {**self.ids[index], **labels}
        return row if self.hidden is None else {**row, HIDDEN: self.hidden[index]}

    def start_epoch(self, epoch: int) -> None:
        """Make the rows of an epoch; these are always the same."""


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
            filler = self.pad if key == "input_ids" else 0
            padded = [[*row[key], *[filler] * (width - len(row[key]))] for row in rows]
            batch[key] = torch.tensor(padded)
        return batch


class Buckets(Sampler[int]):
    """Draws rows in batches of similar length, in an order that depends on random state and epoch alone."""

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
        # Sorted within pools of many batches, so that neighbours are of similar length but not
        # always the same rows.
        order, size = random.permutation(len(self.lengths)), POOL_BATCHES * self.batch_size
        pools = [order[start : start + size] for start in range(0, len(order), size)]
        by_length = [rows[np.argsort(-self.lengths[rows], kind="stable")] for rows in pools]
        rows = np.concatenate(by_length)
        starts = range(0, len(rows), self.batch_size)
        batches = [rows[start : start + self.batch_size] for start in starts]
        # A last batch that is not full stays last, or it would shift all that follow.
        full = batches[:-1] if len(batches[-1]) < self.batch_size else batches
        shuffled = [full[index] for index in random.permutation(len(full))]
        yield from np.concatenate(shuffled + batches[len(full) :]).tolist()
