"""Texts, tables and examples as a list of examples."""

from collections.abc import Mapping, Sequence
from typing import Any

from stancekit.text.targets import make_mention
from stancekit.types import Example


def as_examples(
    X: Any,
    *,
    actor: str | Sequence[str] | None = None,
    target: str | Sequence[str] | None = None,
    columns: Mapping[str, str] | None = None,
) -> list[Example]:
    """Return what a model is given as examples."""
    names = dict(columns or {})
    if isinstance(X, str):
        X = [X]
    if hasattr(X, "to_dict") and hasattr(X, "columns"):
        X = X.to_dict("records")
    n = len(X)
    actors = [actor] * n if isinstance(actor, str) or actor is None else list(actor)
    targets = [target] * n if isinstance(target, str) or target is None else list(target)
    out = []
    for i, row in enumerate(X):
        if isinstance(row, Example):
            out.append(row)
            continue
        if isinstance(row, str):
            row = {"text": row}
        text = row[names.get("text", "text")]
        a = actors[i] or row.get(names.get("actor", "actor"))
        t = targets[i] or row.get(names.get("target", "target"))
        out.append(
            Example(
                str(i),
                text,
                make_mention(a, text) if a else None,
                make_mention(t, text) if t else None,
            )
        )
    return out
