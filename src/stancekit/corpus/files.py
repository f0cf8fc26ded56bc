"""Readers of data files: JSON lines and CSV."""

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from stancekit.corpus.base import Corpus
from stancekit.corpus.rows import Row
from stancekit.errors import KitError, listing
from stancekit.shipped import shipped

# A cell may hold a long article; the csv module's own limit is 128 KiB.
csv.field_size_limit(2**27)


class JsonlCorpus(Corpus):
    """One JSON object per line.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from stancekit.codebook import load_codebook
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "mine.jsonl"
    >>> _ = file.write_text('{"text": "Peru said no.", "actor": "Peru", "target": "the levy", "stance": "condemn"}')
    >>> JsonlCorpus(file).read(load_codebook("stance")).labels
    (('condemn',),)
    """

    suffix = ".jsonl"

    def _parse(self, text: str, file: Path) -> Iterable[Row]:
        rows: list[Row] = []
        broken: list[str] = []
        for number, line in enumerate(text.split("\n"), 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (json.JSONDecodeError, RecursionError) as error:
                broken.append(f"line {number}: {getattr(error, 'msg', 'nested too deeply')}")
                continue
            if isinstance(row, dict):
                rows.append(row)
            else:
                broken.append(f"line {number}: not an object")
        if broken:
            raise KitError(f"{file} has lines that are not JSON objects: {listing(broken)}. Correct or remove them")
        return rows


class CsvCorpus(Corpus):
    """A table with a header; the separator is `separator`, by default a comma, or a tab in `.tsv`.

    With `quoted` false, quotation marks are letters like others.
    """

    suffix = ".csv"

    def __init__(self, path: str | Path, *, separator: str | None = None, quoted: bool = True, **rest: Any) -> None:
        super().__init__(path, **rest)
        self.separator = separator
        self.quoted = quoted

    def _parse(self, text: str, file: Path) -> Iterable[Row]:
        separator = self.separator or ("\t" if file.suffix == ".tsv" else ",")
        quoting: Any = {} if self.quoted else {"quoting": csv.QUOTE_NONE}
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, strict=True, **quoting)
        try:
            rows = list(reader)
        except csv.Error as error:
            raise KitError(f"{file}, line {reader.line_num}: {error}; quote cells that hold quotes or breaks") from None
        long = [row + 1 for row, cells in enumerate(rows) if None in cells]
        if long:
            raise KitError(
                f"{file} has rows with more cells than the header (rows {listing(long)}); quote cells "
                f"that hold {separator!r}, or set corpus.separator"
            )
        return rows


def bundled(name: str = "un_votes") -> JsonlCorpus:
    """Return a corpus that ships with the kit, as its config spells it.

    Examples
    --------
    >>> bundled().name
    'un_votes'
    """
    data = yaml.safe_load(shipped("configs", "corpus", f"{name}.yaml").read_text(encoding="utf-8"))
    data.pop("_target_")
    return JsonlCorpus(**data)
