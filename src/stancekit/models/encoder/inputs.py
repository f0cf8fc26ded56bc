"""From examples to token ids: two segments, and a window that never cuts the actor out."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from stancekit.models.features import Rendered
from stancekit.types import Example

Ids = dict[str, list[int]]
ROLES = {"actor": 1, "target": 2}


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
            role: (low - start, high - start) for role, (low, high) in self.spans.items() if low < end and high > start
        }
        return _Shown(self.text[start:end], self.pair, spans)


def _shown(rendered: Rendered, example: Example) -> _Shown:
    found = {}
    for start, end, role in example.spans():
        # Marks before a span shift it to the right by a few characters, never to the left.
        at = rendered.text.find(example.text[start:end], start)
        if at >= 0:
            found[role] = (at, at + end - start)
    return _Shown(rendered.text, rendered.pair, found)


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
        """Return the ids of each example, unpadded, and the role of each token: 1 actor, 2 target, 0 neither."""
        shown = [self._near(_shown(self.features.render(example), example)) for example in examples]
        ids = self._encode(shown, examples)
        for at, one in enumerate(ids):
            if len(one["input_ids"]) > self.length:
                ids[at] = self._encode([self._cut(shown[at])], [examples[at]])[0]
        return ids

    def _encode(self, shown: Sequence[_Shown], examples: Sequence[Example]) -> list[Ids]:
        texts, pairs = [one.text for one in shown], [one.pair for one in shown]
        found = self.tokenizer(texts, pairs if any(pairs) else None, verbose=False, return_offsets_mapping=True)
        offsets = found.pop("offset_mapping")
        rows = []
        for at, (one, example) in enumerate(zip(shown, examples, strict=True)):
            roles = _roles(one, example, offsets[at], found.sequence_ids(at))
            rows.append({**{key: values[at] for key, values in found.items()}, "roles": roles})
        return rows

    def _near(self, shown: _Shown) -> _Shown:
        """Cut a very long sentence by characters first, since a tokenizer's time grows with it."""
        reach = 20 * self.length
        if len(shown.text) <= 2 * reach:
            return shown
        start = max(0, shown.spans.get("actor", (0, 0))[0] - reach)
        return shown.cut(start, start + 2 * reach)

    def _cut(self, shown: _Shown) -> _Shown:
        plain = self.tokenizer(shown.text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        offsets = plain["offset_mapping"]
        second = self.tokenizer(shown.pair, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
        pair = shown.pair[: second[: self.length // 4][-1][1]] if second else ""
        marks = self.tokenizer.num_special_tokens_to_add(bool(pair))
        room = self.length - marks - min(len(second), self.length // 4)
        start, end = shown.spans.get("actor", (0, 0))
        inside = [at for at, (first, last) in enumerate(offsets) if first < end and last > start] or [0]
        low, high = window(len(offsets), room, inside[0], inside[-1])
        return shown.cut(offsets[low][0], offsets[high - 1][1])._replace(pair=pair)


def _roles(
    shown: _Shown, example: Example, offsets: Sequence[tuple[int, int]], segments: Sequence[int | None]
) -> list[int]:
    """Return the role of each token; a target that the sentence does not spell out is the second text's."""
    named = example.target.name if example.target else ""
    behind = len(shown.pair) - len(named) if named and shown.pair.endswith(named) else len(shown.pair)
    roles = []
    for (start, end), segment in zip(offsets, segments, strict=True):
        role = 0
        if segment == 0:
            role = next((ROLES[name] for name, (low, high) in shown.spans.items() if start < high and end > low), 0)
        elif segment == 1 and "target" not in shown.spans and start >= behind:
            role = ROLES["target"]
        roles.append(role)
    return roles
