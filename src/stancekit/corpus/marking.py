"""Write a corpus with its parts marked, so that all runs have the same division."""

import csv
import io
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from stancekit.codebook import Codebook
from stancekit.corpus.base import Corpus
from stancekit.corpus.cells import Columns, parse_sign
from stancekit.corpus.dataset import OWN_ARTICLE, PART_NAMES, LabelledSet, Splits
from stancekit.corpus.judgements import cell_text
from stancekit.corpus.requests import AS_RECOGNISED, FileFormat
from stancekit.corpus.rows import RawRow
from stancekit.errors import KitError
from stancekit.fileio import json_line, write_bytes
from stancekit.views import DataFrame, TableView

_SUFFIXES = (".csv", ".tsv", ".jsonl", ".parquet")


@dataclass(frozen=True, repr=False)
class MarkedRows(TableView):
    """The rows of a corpus as they are, and the part that each is in.

    Attributes
    ----------
    rows
        With their part in the column `column`, blank for rows that are in none.
    counts
        The number of examples of each part.
    path
        Where they are written.
    """

    name: str
    rows: tuple[dict[str, Any], ...]
    column: str
    counts: Mapping[str, int]
    path: Path | None = None

    @property
    def caption(self) -> str:
        """Return how many rows there are, and how many examples in each part."""
        parts = ", ".join(f"{part} {n}" for part, n in self.counts.items())
        return f"{len(self.rows)} rows of {self.name} with their parts (examples: {parts})"

    @property
    def unmarked(self) -> int:
        """Return the number of rows that are in no part."""
        return sum(not row[self.column] for row in self.rows)

    def to_frame(self) -> DataFrame:
        """Return the rows as a pandas DataFrame."""
        import pandas as pd

        return pd.DataFrame(list(self.rows), dtype=object)


def mark_parts(
    corpus: Corpus, codebook: Codebook, split: Callable[..., Splits], *, random_state: int = 0
) -> MarkedRows:
    """Divide a corpus, and return all of its rows with their parts.

    A row without gold is in the part of its article, so that it stays there once it has some.

    Raises
    ------
    KitError
        When the corpus cannot be read or divided.
    """
    columns = corpus.column_names()
    whole = corpus.read(codebook)
    splits = split(whole, random_state=random_state)
    by_part = {part: getattr(splits, part) for part in PART_NAMES}
    parts = {example.id: part for part, data in by_part.items() for example in data.examples}
    places = _Places(columns, codebook, whole, parts)
    column = columns.split or "split"
    rows = []
    for _, row in corpus.rows():
        rest = {key: value for key, value in row.items() if key != column}
        rows.append({**rest, column: places.part_of(row)})
    counts = {part: len(data) for part, data in by_part.items()}
    return MarkedRows(corpus.name, tuple(rows), column, counts)


class _Places:
    """Which part a row of the data is in, by what identifies its example, or by its article."""

    def __init__(
        self, columns: Columns, codebook: Codebook, whole: LabelledSet, parts: Mapping[str, str]
    ) -> None:
        self.columns = columns
        # All rows of a sentence are one unit, whose id is that of the first.
        self.by_sentence = codebook.unit == "sentence"
        self.ids: dict[str, str] = {}
        self.sentences: dict[Hashable, str] = {}
        self.articles: dict[str, str] = {}
        for example in whole.examples:
            part = parts.get(example.id, "")
            self.ids[example.id] = part
            self.sentences.setdefault((example.article, example.text), part)
            if part:
                self.articles.setdefault(example.article, part)

    def part_of(self, row: RawRow) -> str:
        """Return the part of a row, empty where it is in none."""
        text = row.get(self.columns.text)
        article = cell_text(row, self.columns.article) or f"{OWN_ARTICLE}{text}"
        label = cell_text(row, self.columns.id)
        if label in self.ids and not self.by_sentence:
            return self.ids[label]
        if not label or self.by_sentence:
            sentence = (article, text)
            if sentence in self.sentences:
                return self.sentences[sentence]
        return self.articles.get(article, "")


def write_marked_rows(
    marked: MarkedRows,
    path: Path,
    *,
    written: FileFormat = AS_RECOGNISED,
    label_separator: str = ";",
) -> None:
    """Write rows as CSV, TSV, JSON lines or Parquet, by the ending of the name.

    Parameters
    ----------
    written
        How files of this corpus are written, as it is read with the same settings again.
    label_separator
        What separates several labels in a cell of CSV and TSV.

    Raises
    ------
    KitError
        When the ending is another, a value cannot be written, or another file is there.
    """
    if path.suffix not in _SUFFIXES:
        raise KitError(f"output is {str(path)!r}; its ending is one of {', '.join(_SUFFIXES)}")
    try:
        if path.suffix == ".jsonl":
            data = "".join(f"{json_line(row)}\n" for row in marked.rows).encode()
        elif path.suffix == ".parquet":
            data = _to_parquet(marked)
        else:
            data = _to_csv(marked, path, written, label_separator)
    except (ValueError, TypeError, LookupError, csv.Error) as error:
        raise KitError(
            f"cannot write {path}: {error}; write another kind of file: {', '.join(_SUFFIXES)}"
        ) from None
    # The same command again writes the same, and takes nothing from anyone.
    if path.exists() and path.read_bytes() != data:
        raise KitError(
            f"{path} is there already, with other content; name another file with output=FILE, or "
            "remove it"
        )
    write_bytes(path, data)


def _to_csv(marked: MarkedRows, path: Path, written: FileFormat, label_separator: str) -> bytes:
    columns = list(dict.fromkeys(key for row in marked.rows for key in row))
    columns = [*(name for name in columns if name != marked.column), marked.column]
    usual = "\t" if path.suffix == ".tsv" else ","
    separator = parse_sign(written.separator, "corpus.separator") or usual
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if written.quoted else csv.QUOTE_NONE
    text = io.StringIO(newline="")
    writer = csv.writer(
        text,
        delimiter=separator,
        lineterminator="\n",
        quoting=quoting,
        quotechar='"' if written.quoted else None,
    )
    writer.writerow(columns)
    # As they are, without what guards against formulas: they are read by the kit again.
    for row in marked.rows:
        writer.writerow([_cell_value(row.get(name), label_separator) for name in columns])
    return text.getvalue().encode(written.encoding or "utf-8")


def _cell_value(value: Any, separator: str) -> object:
    if isinstance(value, list | tuple):
        return separator.join(map(str, value))
    if isinstance(value, dict):
        return json_line(value)
    return "" if value is None or value != value else value  # noqa: PLR0124  # NaN


def _to_parquet(marked: MarkedRows) -> bytes:
    import pyarrow
    import pyarrow.parquet

    sink = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(list(marked.rows)), sink)
    return sink.getvalue()
