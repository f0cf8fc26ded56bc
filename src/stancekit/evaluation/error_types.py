"""What kind of mistake it was: the wrong actor or target, the other side of the scale, or a code where none applies."""

from collections import Counter
from collections.abc import Sequence

from stancekit.corpus.dataset import CodeTuples
from stancekit.types import Example

ERROR_TYPES = {
    "actor": "right for another actor of the sentence, towards the same target",
    "target": "right for the same actor, towards another target of the sentence",
    "polarity": "one side of the scale taken for the other",
    "missed": "a code read as none",
    "invented": "none read as a code",
    "degree": "codes confused that are not on opposite sides of the scale",
}


def error_types(
    examples: Sequence[Example],
    gold: CodeTuples,
    predicted: CodeTuples,
    *,
    scale: Sequence[str],
    absent: str = "",
) -> list[str | None]:
    """Return the kind of each mistake of a model with one code per example, `None` where the code is right.

    That an actor or a target was mixed up can only be seen where the gold has several of them in
    one sentence.

    Parameters
    ----------
    scale
        The codes that are ordered, lowest first.
    absent
        The code that means none of the others, if there is one.

    Examples
    --------
    >>> from stancekit.types import Mention
    >>> pair = [Example(name, "A hit B", Mention(name), Mention("x")) for name in "AB"]
    >>> gold, predicted = [("against",), ("none",)], [("against",), ("against",)]
    >>> error_types(pair, gold, predicted, scale=["against", "for"], absent="none")
    [None, 'actor']
    """
    others = _gold_by_place(examples, gold)
    types: list[str | None] = []
    for example, (truth,), (guess,) in zip(examples, gold, predicted, strict=True):
        if truth == guess:
            types.append(None)
            continue
        # Which of the two the model read is seen only where another row has the code it gave.
        mixed_up = [
            role
            for role in ("actor", "target")
            for other, code in others[_place(example, role)]
            if code == guess != absent and other != example.id
        ]
        types.append(mixed_up[0] if mixed_up else _scale_error(truth, guess, scale, absent))
    return types


def count_error_types(types: Sequence[str | None]) -> dict[str, int]:
    """Count mistakes by kind, all kinds listed."""
    counts = Counter(kind for kind in types if kind)
    return {kind: counts[kind] for kind in ERROR_TYPES}


def _place(example: Example, role: str) -> tuple[str, ...]:
    """Return what examples share that differ in their actor, or in their target, alone."""
    common = example.target if role == "actor" else example.actor
    return (role, example.article, example.text, common.name if common else "")


def _gold_by_place(
    examples: Sequence[Example], gold: CodeTuples
) -> dict[tuple[str, ...], list[tuple[str, str]]]:
    """Return ids and gold codes of the examples of each sentence with one target, and with one actor."""
    by_place: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for example, (code,) in zip(examples, gold, strict=True):
        for role in ("actor", "target"):
            by_place.setdefault(_place(example, role), []).append((example.id, code))
    return by_place


def _scale_error(truth: str, guess: str, scale: Sequence[str], absent: str) -> str:
    if absent and guess == absent:
        return "missed"
    if absent and truth == absent:
        return "invented"
    if truth not in scale or guess not in scale:
        return "degree"
    # Sides are counted from the middle, which is on neither.
    middle = (len(scale) - 1) / 2
    sides = (scale.index(truth) - middle) * (scale.index(guess) - middle)
    return "polarity" if sides < 0 else "degree"
