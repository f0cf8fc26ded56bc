"""The three parts of a divided corpus."""

from collections.abc import Sequence
from dataclasses import dataclass

from stancekit.corpus.labelled import LabelledSet
from stancekit.errors import KitError, listing

# A text of which the data names no article is an article of its own, called by this and itself.
OWN = "text:"


@dataclass(frozen=True, slots=True)
class Parts:
    """The three parts of a corpus; `shared` counts test examples whose text training has, where that was allowed."""

    train: LabelledSet
    validation: LabelledSet
    test: LabelledSet
    shared: int = 0


def divided(whole: LabelledSet, of: Sequence[str]) -> Parts:
    """Divide a corpus by the name of a part per example; an empty name leaves the example out.

    Raises
    ------
    KitError
        When a part is empty, or an article stands in more than one.
    """
    rows = {part: [row for row, name in enumerate(of) if name == part] for part in ("train", "validation", "test")}
    empty = [part for part, found in rows.items() if not found]
    if empty:
        raise KitError(
            f"corpus {whole.name!r} has no examples in: {', '.join(empty)}; mark them in the split column, "
            "or use split=grouped, which divides by article"
        )
    homes: dict[str, set[str]] = {}
    for example, part in zip(whole.examples, of, strict=True):
        # Where the data names no articles, every text is its own; copies are looked for elsewhere.
        if part and example.article != OWN + example.text:
            homes.setdefault(example.article, set()).add(part)
    shared = sorted(article for article, parts in homes.items() if len(parts) > 1)
    if shared:
        raise KitError(
            f"{len(shared)} articles of corpus {whole.name!r} stand in more than one part: "
            f"{listing(article[:60] for article in shared)}. Keep each article in one part, or use split=grouped"
        )
    return Parts(whole.take(rows["train"]), whole.take(rows["validation"]), whole.take(rows["test"]))
