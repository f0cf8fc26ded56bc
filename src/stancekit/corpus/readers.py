"""Readers of data files: JSON lines and CSV."""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from stancekit.corpus.base import Corpus
from stancekit.corpus.cells import parse_sign
from stancekit.corpus.rows import RawRow
from stancekit.errors import KitError, listing
from stancekit.resources import shipped

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

    suffixes = (".jsonl", ".ndjson")

    def _parse(self, text: str, file: Path) -> Iterable[RawRow]:
        rows: list[RawRow] = []
        broken: list[str] = []
        for number, line in enumerate(text.split("\n"), 1):
            if not line.strip():
                continue
            try:
                row = _parse_object(line)
            except RecursionError:
                broken.append(f"line {number}: nested too deeply")
            except ValueError as error:
                # Also whole numbers of more digits than Python reads, and half a character.
                broken.append(f"line {number}: {getattr(error, 'msg', error)}")
            else:
                rows.append(row)
        if broken and _parse_whole(text):
            raise KitError(
                f"{file} is one JSON value, and JSON lines are meant: an object on each line. Convert it, as in: "
                f"jq -c '.[]' {file.name} > lines.jsonl"
            )
        if broken:
            raise KitError(
                f"{file} has lines that are not JSON objects: {listing(broken)}. Correct or remove them"
            )
        return rows


def _parse_object(line: str) -> RawRow:
    row = json.loads(line, object_pairs_hook=_once)
    if not isinstance(row, dict):
        raise ValueError("not an object")
    if "\\ud" in line.lower():
        # Half of a pair of escapes: no character, and nothing that could be written again.
        try:
            json.dumps(row, ensure_ascii=False).encode("utf-8")
        except UnicodeEncodeError as error:
            raise ValueError(f"half of a character, {error.object[error.start]!a}") from None
    return row


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        twice = [key for key, n in Counter(key for key, _ in pairs).items() if n > 1]
        raise ValueError(f"key {listing(map(repr, twice))} twice")
    return row


def _parse_whole(text: str) -> bool:
    """Say whether a text is one JSON value over several lines, or a list."""
    try:
        found = json.loads(text)
        return isinstance(found, list) or (isinstance(found, dict) and "\n" in text.strip())
    except (ValueError, RecursionError):
        return False


class CsvCorpus(Corpus):
    """A table with a header; the separator is `separator`, or else what the header shows: comma, semicolon, tab, bar.

    With `quoted` false, quotation marks are letters like others. Empty rows at the end are passed
    over.
    """

    suffixes = (".csv", ".tsv")

    def __init__(
        self, path: str | Path, *, separator: str | None = None, quoted: bool = True, **rest: Any
    ) -> None:
        super().__init__(path, **rest)
        self.separator = separator
        self.quoted = quoted

    def _parse(self, text: str, file: Path) -> Iterable[RawRow]:
        said, text = _said(text)
        separator = parse_sign(self.separator, "corpus.separator") or said or _shown_row(text, file)
        lines = self._cells(text, separator, file, skipped=bool(said))
        while lines and not "".join(lines[-1]).strip():
            lines.pop()
        if not lines:
            return []
        header = [name.strip() for name in lines[0]]
        if twice := [name for name, n in Counter(header).items() if n > 1 and name]:
            raise KitError(
                f"{file} has columns of the same name: {listing(twice)}; give each a name of its own"
            )
        faults: dict[str, list[int]] = {}
        for row, cells in enumerate(lines[1:], 1):
            if "".join(cells[len(header) :]).strip():
                faults.setdefault("more", []).append(row)
            elif len(cells) < len(header):
                faults.setdefault("fewer", []).append(row)
        if faults:
            told = "; ".join(
                f"{which} cells than the header (rows {listing(at)})"
                for which, at in faults.items()
            )
            raise KitError(
                f"{file} has rows with {told}, divided by {separator!r}; quote cells that hold it, fill up rows that "
                "are cut short, or set corpus.separator=SIGN"
            )
        return [dict(zip(header, cells, strict=False)) for cells in lines[1:]]

    def _cells(self, text: str, separator: str, file: Path, *, skipped: bool) -> list[list[str]]:
        """Return the cells of every line that is not empty."""
        quoting: Any = {} if self.quoted else {"quoting": csv.QUOTE_NONE}
        reader = csv.reader(
            io.StringIO(text, newline=""), delimiter=separator, strict=True, **quoting
        )
        found: list[list[str]] = []
        close = (
            "close the quotation mark and double those inside a cell, or set corpus.quoted=false where quotation marks "
            "are letters like others"
        )
        while True:
            line = reader.line_num + 1 + skipped
            try:
                cells = next(reader)
            except StopIteration:
                return found
            except csv.Error as error:
                raise KitError(
                    f"{file}, row that begins on line {line}: {error}; {close}"
                ) from None
            if separator == "\t" and any("\t" in cell and "\n" in cell for cell in cells):
                raise KitError(
                    f"{file}, row that begins on line {line}: a quotation mark holds several rows; {close}"
                )
            if cells:
                found.append(cells)


def _said(text: str) -> tuple[str, str]:
    """Return the separator that a first line `sep=;` states, as Excel writes it, and the text below."""
    found = re.match(r'"?sep=(.)"?\r?\n', text)
    return (found[1], text[found.end() :]) if found else ("", text)


def _shown_row(text: str, file: Path) -> str:
    """Return the separator that a header shows."""
    header = re.sub(r'"[^"]*"', "", next((line for line in text.split("\n") if line.strip()), ""))
    seen = [one for one in ",;\t|" if one in header]
    if "\t" in seen and file.suffix.lower() == ".tsv":
        return "\t"
    if len(seen) > 1:
        raise KitError(
            f"{file} may be divided by {' or '.join(map(repr, seen))}, by its header. Say which with "
            "corpus.separator=comma, semicolon, tab or pipe, or put names that hold such signs in quotation marks"
        )
    return seen[0] if seen else ","


def second_rows(path: str | Path) -> list[RawRow]:
    """Return the rows of a second annotator's file, JSON lines or CSV.

    Raises
    ------
    KitError
        When it is not there, or cannot be read.
    """
    kind = CsvCorpus if Path(path).suffix.lower() in CsvCorpus.suffixes else JsonlCorpus
    reader = kind(path)
    try:
        reader.folder()
    except KitError:
        raise KitError(
            f"there is no second annotator's file {path}; set corpus.second=FILE, or null"
        ) from None
    return [row for _, row in reader.rows()]


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


class HubCorpus(Corpus):
    """A data set that the `datasets` library loads: a hub name, or a local folder.

    `parts` maps the set's splits to train, validation and test. Integer labels of a typed column,
    single or in lists, are turned into the names the data set gives them. Words like NA in CSV
    files stay words.
    """

    without = ("files", "held", "sha256")

    def __init__(
        self,
        path: str,
        *,
        config: str | None = None,
        parts: Mapping[str, str] | None = None,
        revision: str | None = None,
        **rest: Any,
    ) -> None:
        super().__init__(path, **rest)
        self.config = config
        self.parts = parts or {}
        self.revision = revision

    def rows(self) -> Iterator[tuple[int, RawRow]]:
        """Yield numbered rows over all splits."""
        import datasets

        try:
            found = self._load(datasets)
        except (
            FileNotFoundError,
            ConnectionError,
            ValueError,
            datasets.exceptions.DatasetsError,
        ) as error:
            raise KitError(
                f"cannot load {self.path!r} through datasets: {error}. Give corpus.path a hub name or "
                "a local folder of data files"
            ) from None
        if unknown := sorted(set(self.parts) - set(found)):
            raise KitError(
                f"corpus.parts names {', '.join(map(repr, unknown))}; {self.path!r} has: {', '.join(map(str, found))}"
            )
        number = 0
        for part, table in found.items():
            named = {
                key: names for key, kind in table.features.items() if (names := _class_names(kind))
            }
            for row in table:
                number += 1
                for key, names in named.items():
                    row[key] = _spelled(row[key], names)
                yield number, {"split": self.parts.get(part, part), **row}

    def _load(self, datasets: Any) -> Any:
        builder = datasets.load_dataset_builder(str(self.path), self.config, revision=self.revision)
        words = (
            {"keep_default_na": False}
            if builder.dataset_name == "csv" or builder.name == "csv"
            else {}
        )
        return datasets.load_dataset(str(self.path), self.config, revision=self.revision, **words)


def _class_names(kind: Any) -> Sequence[str] | None:
    """Return what the codes of a column, or of the lists in it, are called; `None` where they are no codes."""
    inner = getattr(kind, "feature", None)
    found: Sequence[str] | None = (
        getattr(kind, "names", None) if inner is None else _class_names(inner)
    )
    return found


def _spelled(value: Any, names: Sequence[str]) -> Any:
    if isinstance(value, list):
        return [name for one in value if (name := _spelled(one, names)) is not None]
    return names[value] if value is not None and value >= 0 else None
