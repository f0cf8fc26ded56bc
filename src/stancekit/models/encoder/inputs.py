"""What an encoder reads: examples as token ids, with the roles of actor and target. Without torch."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stancekit.errors import KitError
from stancekit.models.features import Rendered
from stancekit.types import Example

Ids = dict[str, list[int]]
TOKENIZER_FILE = "tokenizer.json"
ROLES = {"actor": 1, "target": 2}
# Room for the special tokens, the second segment's quarter and a few words.
MIN_LENGTH = 8
# Characters per token that are kept on each side of the actor in a very long sentence, before it is
# tokenized: words are far shorter than that.
CHARACTERS_PER_TOKEN = 20
# What encoders take, and what `tokenizers` calls it.
_ATTRIBUTES = {
    "input_ids": "ids",
    "token_type_ids": "type_ids",
    "attention_mask": "attention_mask",
}


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
        A fast tokenizer of `transformers`, or the `tokenizers.Tokenizer` within one.
    features
        `Plain`, `Pair` or `Marked`.
    max_length
        Most tokens of an input, special tokens included. A longer sentence is cut to a window
        around its actor; the second segment is cut to a quarter of the length.
    names
        Which inputs the encoder takes (`input_ids`, `token_type_ids`, `attention_mask`); by default
        those that a tokenizer of `transformers` makes.

    Raises
    ------
    KitError
        When no sentence fits into the length, or the tokenizer cannot read a text.
    """

    def __init__(
        self,
        tokenizer: Any,
        features: Any,
        max_length: int,
        *,
        names: Sequence[str] | None = None,
    ) -> None:
        check_min_length(max_length)
        self.tokenizer = getattr(tokenizer, "backend_tokenizer", tokenizer)
        asked = names or tokenizer.model_input_names
        self.names = tuple(name for name in asked if name in _ATTRIBUTES)
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
        # A tokenizer that is given a second text, even an empty one, ends the input twice.
        asked = [(text.text, text.pair) if text.pair else text.text for text in texts]
        rows: list[Ids] = []
        for text, example, encoded in zip(
            texts, examples, self.tokenizer.encode_batch(asked), strict=True
        ):
            ids = {name: getattr(encoded, _ATTRIBUTES[name]) for name in self.names}
            roles = _roles(text, example, encoded.offsets, encoded.sequence_ids)
            rows.append({**ids, "roles": roles})
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
        special = self.tokenizer.num_special_tokens_to_add(is_pair=bool(pair))
        room = self.max_length - special - min(len(pair_offsets), quarter)
        start, end = text.spans.get("actor", (0, 0))
        inside = [
            index for index, (first, last) in enumerate(offsets) if first < end and last > start
        ] or [0]
        low, high = window(len(offsets), room, inside[0], inside[-1])
        return text.cut(offsets[low][0], offsets[high - 1][1])._replace(pair=pair)

    def _offsets(self, text: str) -> list[tuple[int, int]]:
        """Return where the tokens of a text start and end, without special tokens."""
        offsets: list[tuple[int, int]] = self.tokenizer.encode(
            text, add_special_tokens=False
        ).offsets
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


def padded(rows: Sequence[Mapping[str, Sequence[int]]], name: str, pad: int) -> NDArray[np.int64]:
    """Return one input of rows, padded to the longest: ids with `pad`, the others with 0."""
    width = max(len(row[name]) for row in rows)
    filler = pad if name == "input_ids" else 0
    return np.array([[*row[name], *[filler] * (width - len(row[name]))] for row in rows])


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
