"""Annotated samples as corpora: the file that `stancekit sample` wrote, filled in, to train on."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from stancekit.codebook import Codebook
from stancekit.corpus.cells import Columns, plain_cell
from stancekit.corpus.finding import find_data_files
from stancekit.corpus.formats import read_rows
from stancekit.corpus.judgements import NO_CODE_CELL
from stancekit.corpus.readers import TableCorpus
from stancekit.corpus.requests import RowFault
from stancekit.corpus.rows import Faults, RawRow
from stancekit.errors import KitError, listing
from stancekit.fileio import unguard_cell

# The column of sentences in labels and in samples of them.
SENTENCE = "sentence"
# By these a sample is known; a table with texts of its own is another.
_COLUMNS = frozenset({"id", SENTENCE, "probability"})
_KINDS = (".csv", ".jsonl")


class SampleCorpus(TableCorpus):
    r"""The annotated rows of a sample, or of a folder with a sample and what extended it.

    Rows that nobody has annotated are left out, and so is nothing else: a `-` says that a row has
    none of several codes. Texts that were guarded against spreadsheets are as they were in the
    labels, so that `stancekit estimate` finds the same rows.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from stancekit.codebook import load_codebook
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "sample.csv"
    >>> rows = ["id,sentence,probability,stance", "a.0.0,Peru said no.,0.5,condemn", "a.1.0,It rained.,0.5,"]
    >>> _ = file.write_text("\n".join(rows))
    >>> [example.id for example in SampleCorpus(file).read(load_codebook("stance")).examples]
    ['a.0.0']
    """

    def column_names(self) -> Columns:
        """Return the names of the columns, by what they hold."""
        columns = super().column_names()
        return columns if self.columns.get("text") else replace(columns, text=SENTENCE)

    def coded_rows(self, codebook: Codebook, faults: Faults) -> Iterator[tuple[int, RawRow]]:
        """Yield the rows that somebody has annotated, with their numbers.

        Raises
        ------
        KitError
            When nobody has annotated any.
        """
        # `sample` names the column after the codebook, whatever its own corpus calls it.
        source = str(self.columns.get("labels") or codebook.name)
        seen: set[str] = set()
        annotated = False
        for number, row in self.rows(faults):
            seen.update(row)
            if not plain_cell(row.get(source)):
                continue
            annotated = True
            plain = {
                name: unguard_cell(value) if isinstance(value, str) else value
                for name, value in row.items()
            }
            none = codebook.multi_label and plain_cell(plain[source]) == NO_CODE_CELL
            yield number, plain | {self.label_columns(codebook)[0]: [] if none else plain[source]}
        if seen and source not in seen:
            raise KitError(
                f"{self.path} has no column {source!r}; it has: {listing(sorted(seen), 30)}. Train the "
                "codebook that was annotated, with codebook=NAME"
            )
        if seen and not annotated:
            raise KitError(
                f"nothing in {self.path} is annotated; fill in its column {source}, as stancekit "
                "sample says"
            )


def is_sample(path: str | Path) -> bool:
    """Say whether a file, or the first of a folder, is one that `stancekit sample` writes.

    Examples
    --------
    >>> is_sample("gone.csv")
    False
    """
    place = Path(path)
    try:
        file = find_data_files(place)[0] if place.is_dir() else place
        if file.suffix not in _KINDS or not file.is_file():
            return False
        first = next((row for _, row in read_rows(file)), None)
    except (KitError, OSError):
        # Whoever reads the file says what is wrong with it.
        return False
    if first is None or isinstance(first, RowFault):
        return False
    return set(first) >= _COLUMNS and "text" not in first
