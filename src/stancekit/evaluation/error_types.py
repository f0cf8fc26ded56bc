"""What kind of mistake it was: the wrong actor, the wrong target, the wrong side, or a side where there is none."""

from collections import Counter
from collections.abc import Sequence

from stancekit.corpus.dataset import CodeTuples
from stancekit.types import Example

ERROR_TYPES = {
    "actor": "right for another actor of the sentence, towards the same target",
    "target": "right for the same actor, towards another target of the sentence",
    "polarity": "one side taken for the other",
    "missed": "a stance read as none",
    "invented": "none read as a stance",
    "withheld": "a side and its withholding confused",
}


def _error_key(example: Example, *, drop: str) -> tuple[str, ...]:
    actor, target = (mention.name if mention else "" for mention in (example.actor, example.target))
    return (example.article, example.text, target if drop == "actor" else actor)


def error_types(
    examples: Sequence[Example], gold: CodeTuples, predicted: CodeTuples
) -> list[str | None]:
    """Return the kind of each mistake of a stance model, `None` where the code is right.

    Whether an actor or a target was mixed up can only be told where the gold has several of them in
    one sentence.

    Examples
    --------
    >>> from stancekit.types import Mention
    >>> pair = [Example(str(at), "A hit B", Mention(name), Mention("x")) for at, name in enumerate("AB")]
    >>> error_types(pair, [("condemn",), ("none",)], [("condemn",), ("condemn",)])
    [None, 'actor']
    """
    others: dict[tuple[str, tuple[str, ...]], list[tuple[str, str]]] = {}
    for example, (code,) in zip(examples, gold, strict=True):
        for drop in ("actor", "target"):
            others.setdefault((drop, _error_key(example, drop=drop)), []).append((example.id, code))
    found: list[str | None] = []
    for example, (truth,), (guess,) in zip(examples, gold, predicted, strict=True):
        if truth == guess:
            found.append(None)
            continue
        mixed = [
            drop
            for drop in ("actor", "target")
            if guess != "none"
            and any(
                code == guess and id != example.id
                for id, code in others[drop, _error_key(example, drop=drop)]
            )
        ]
        found.append(mixed[0] if mixed else _side(truth, guess))
    return found


def _side(truth: str, guess: str) -> str:
    if guess == "none":
        return "missed"
    if truth == "none":
        return "invented"
    return "withheld" if "abstain" in (truth, guess) else "polarity"


def count_error_types(found: Sequence[str | None]) -> dict[str, int]:
    """Count mistakes by kind, all kinds listed."""
    counts = Counter(one for one in found if one)
    return {kind: counts[kind] for kind in ERROR_TYPES}
