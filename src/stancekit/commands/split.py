"""`stancekit split`: a corpus with its parts marked in a column."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from stancekit.codebook import Codebook
from stancekit.corpus import Splits
from stancekit.corpus.marking import MarkedRows, mark_parts, write_marked_rows
from stancekit.errors import printable
from stancekit.library.objects import as_codebook, as_corpus, make_object


def split(  # one argument per key of configs/split.yaml
    corpus: Any,
    *,
    split: Callable[..., Splits] | str = "grouped",
    codebook: Codebook | str | Path | None = None,
    output: str | Path | None = None,
    random_state: int = 0,
    verbose: bool = False,
) -> MarkedRows:
    """Divide a corpus once, and write its rows as they are, with their parts in a column.

    Whoever trains on that file with `split=fixed` has the same division, in any program. A row
    without a label is in the part of its article.

    Parameters
    ----------
    corpus
        The labelled data. In Python a `Corpus`, the name of one, a file, or a table.
    split
        How to divide it, as in `stancekit train`.
    codebook
        The codebook of its labels; by default `stance`.
    output
        A `.csv`, `.tsv`, `.jsonl` or `.parquet` file; a file with other content is never
        written over. In Python, `None` writes nothing.
    random_state
        The seed of the draw, of a split with `per_state`.
    verbose
        Whether it is printed what is in which part.

    Returns
    -------
    MarkedRows
        The rows; `to_frame()` has them as a pandas DataFrame.

    Raises
    ------
    KitError
        When the corpus cannot be read or divided, or `output` has other content.

    Examples
    --------
    >>> marked = split("un_votes_outside", split="in_topic")
    >>> dict(marked.counts), marked.column
    ({'train': 159, 'validation': 36, 'test': 64}, 'split')
    """
    data = as_corpus(corpus)
    divide = make_object("split", split) if isinstance(split, str) else split
    marked = mark_parts(data, as_codebook(codebook), divide, random_state=random_state)
    if output is not None:
        marked = replace(marked, path=Path(output))
        write_marked_rows(
            marked, Path(output), written=data.written, label_separator=data.label_separator
        )
    if verbose:
        _print_parts(marked)
    return marked


def _print_parts(marked: MarkedRows) -> None:
    lines = []
    if marked.unmarked:
        lines.append(
            f"note: {marked.unmarked} rows are in no part, since they have no gold or the split leaves "
            f"them out: column {marked.column} is blank"
        )
    if marked.path:
        lines.append(f"then the same division for all runs: corpus={marked.path} split=fixed")
    where = f": {marked.path}" if marked.path else ""
    lines.append(f"{marked.caption}{where}")
    print(printable("\n".join(lines), keep="\n"))
