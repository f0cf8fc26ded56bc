"""From examples to token ids: two segments, and a window that never cuts the actor out."""

from collections.abc import Sequence
from typing import Any

from stancekit.models.features import Rendered
from stancekit.types import Example

Ids = dict[str, list[int]]


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


def _actor(rendered: Rendered, example: Example) -> tuple[int, int]:
    """Return where the actor stands in a rendered text, (0, 0) where it is not in the sentence."""
    actor = example.actor
    if actor is None or actor.start is None or actor.end is None:
        return 0, 0
    spelled = example.text[actor.start : actor.end]
    # Marks before the actor shift it to the right by a few characters, never to the left.
    start = max(rendered.text.find(spelled, actor.start), 0)
    return start, start + len(spelled)


class Inputs:
    """Tokenize examples as a model's features render them.

    Parameters
    ----------
    tokenizer
        A fast tokenizer of `transformers`.
    features
        `Plain`, `Pair` or `Marked`.
    length
        Most tokens of an input, special tokens included. A longer sentence is cut to a window around
        its actor; the second segment is cut to a quarter of the length.
    """

    def __init__(self, tokenizer: Any, features: Any, length: int) -> None:
        self.tokenizer = tokenizer
        self.features = features
        self.length = length

    def __call__(self, examples: Sequence[Example]) -> list[Ids]:
        """Return the ids of each example, unpadded."""
        rendered = [self._near(self.features.render(example), example) for example in examples]
        ids = self._encode(rendered)
        for at, one in enumerate(ids):
            if len(one["input_ids"]) > self.length:
                ids[at] = self._encode([self._cut(rendered[at], examples[at])])[0]
        return ids

    def _encode(self, rendered: Sequence[Rendered]) -> list[Ids]:
        texts, pairs = [one.text for one in rendered], [one.pair for one in rendered]
        found = self.tokenizer(texts, pairs if any(pairs) else None, verbose=False)
        return [{key: values[at] for key, values in found.items()} for at in range(len(texts))]

    def _near(self, rendered: Rendered, example: Example) -> Rendered:
        """Cut a very long sentence by characters first, since a tokenizer's time grows with it."""
        reach = 20 * self.length
        if len(rendered.text) <= 2 * reach:
            return rendered
        start = max(0, _actor(rendered, example)[0] - reach)
        return Rendered(rendered.text[start : start + 2 * reach], rendered.pair)

    def _cut(self, rendered: Rendered, example: Example) -> Rendered:
        plain = self.tokenizer(rendered.text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        offsets = plain["offset_mapping"]
        second = self.tokenizer(rendered.pair, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
        pair = rendered.pair[: second[: self.length // 4][-1][1]] if second else ""
        marks = self.tokenizer.num_special_tokens_to_add(bool(pair))
        room = self.length - marks - min(len(second), self.length // 4)
        start, end = _actor(rendered, example)
        inside = [at for at, (first, last) in enumerate(offsets) if first < end and last > start] or [0]
        low, high = window(len(offsets), room, inside[0], inside[-1])
        return Rendered(rendered.text[offsets[low][0] : offsets[high - 1][1]], pair)
