"""What annotators gave: their codes side by side, and single judgements in the cells of a row."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from stancekit.codebook import Codebook
from stancekit.corpus.cells import CellError, CodeReader, Columns, NoLabelError, plain_cell
from stancekit.corpus.dataset import OWN_ARTICLE
from stancekit.corpus.files import read_data_file
from stancekit.corpus.project_file import ADJUDICATED
from stancekit.corpus.rows import RawRow
from stancekit.errors import KitError, listing
from stancekit.resources import shipped
from stancekit.types import Example

Codes = tuple[str, ...]
NumberedRow = tuple[int, RawRow]

# The corpus's own label column: as an annotator, and as gold.
OWN_LABELS = "labels"
# The rules by which gold codes follow from what annotators gave; else gold is a file.
GOLD_RULES = (OWN_LABELS, "majority", "first", "posterior", ADJUDICATED)
# What an annotator writes where a row may have no code and has none: a blank cell is a gap.
NO_CODE_CELL = "-"
_DATA_SUFFIXES = (".jsonl", ".ndjson", ".csv", ".tsv", ".parquet", ".xlsx", ".sav", ".dta")


@dataclass(frozen=True, slots=True)
class AnnotatedSet:
    """Examples with the codes that each annotator gave, in columns of equal length.

    Attributes
    ----------
    where
        The name of the data in messages.
    annotators
        Names, in the order of the codes; `labels` is the corpus's own label column.
    codes
        For each example the codes of each annotator, `None` where there are none.
    gold
        The gold codes of each example, `None` where it has none.
    gold_from
        `labels`, `majority`, `first`, `posterior` or `adjudicated`, or the file of decided codes.
    decided
        The ids of examples whose gold was decided by a person: in that file, or adjudicated.
    text_column
        Where the data has its texts.
    separator
        What separates several labels in a cell.
    seconds
        For each example how long each annotator took, `None` where that is not known; empty where
        it is known of none.
    """

    name: str
    where: str
    codebook: Codebook
    annotators: tuple[str, ...]
    examples: tuple[Example, ...]
    codes: tuple[tuple[Codes | None, ...], ...]
    gold: tuple[Codes | None, ...]
    gold_from: str = OWN_LABELS
    decided: frozenset[str] = frozenset()
    text_column: str = "text"
    separator: str = ";"
    seconds: tuple[tuple[float | None, ...], ...] = ()

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.examples)

    @property
    def gold_rule(self) -> str:
        """Return what gold is: a rule, or `file`, where a path would say too much."""
        return self.gold_from if self.gold_from in GOLD_RULES else "file"

    def by_id(self) -> dict[str, dict[str, Codes]]:
        """Return the codes of each annotator by example id; who did not annotate one is not in it.

        An example that has its own label alone is left out: that is its gold.
        """
        codes_by_id = {}
        for example, codes in zip(self.examples, self.codes, strict=True):
            given = zip(self.annotators, codes, strict=True)
            judged = {name: each for name, each in given if each is not None}
            if judged.keys() - {OWN_LABELS}:
                codes_by_id[example.id] = judged
        return codes_by_id

    def units(self) -> "AnnotatedSet":
        """Return each unit of coding once: sentences, for a codebook that codes sentences."""
        if self.codebook.unit != "sentence":
            return self
        first: dict[Hashable, int] = {}
        for row, (example, codes) in enumerate(zip(self.examples, self.codes, strict=True)):
            # Rows of one sentence with other codes are kept, as they are in the corpus itself.
            sets = tuple(None if each is None else frozenset(each) for each in codes)
            first.setdefault((example.article, example.text, sets), row)
        rows = list(first.values())
        return replace(
            self,
            examples=tuple(replace(self.examples[row], actor=None, target=None) for row in rows),
            codes=tuple(self.codes[row] for row in rows),
            gold=tuple(self.gold[row] for row in rows),
            seconds=tuple(self.seconds[row] for row in rows) if self.seconds else (),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CodedData:
    """How the rows of a corpus hold the codes of a codebook.

    Attributes
    ----------
    name, where
        The corpus, of which ids are made where the data has none, and the data in messages.
    label_names
        The columns of labels of the codebook.
    mapping, separator
        As of `CodeReader`.
    """

    name: str
    where: str
    codebook: Codebook
    columns: Columns
    label_names: tuple[str, ...]
    mapping: Mapping[str, str | None]
    separator: str = ";"

    def code_reader(self, names: tuple[str, ...]) -> CodeReader:
        """Return what reads the codes in some columns."""
        return CodeReader(self.codebook, names, self.mapping, self.separator)

    def cell(self, row: RawRow, role: str) -> str:
        """Return the text of a row's cell that holds `role`, empty where there is none."""
        return cell_text(row, getattr(self.columns, role))

    def article(self, row: RawRow) -> str:
        """Return the article of a row; a text whose article is not named is one of its own."""
        return self.cell(row, "article") or f"{OWN_ARTICLE}{row.get(self.columns.text)}"

    def ids(self, rows: Sequence[NumberedRow]) -> list[str]:
        """Return the id of each row; a row without one is numbered among all of them."""
        return [
            self.cell(row, "id") or f"{self.name}-{index}" for index, (_, row) in enumerate(rows)
        ]


def cell_text(row: RawRow, column: str | None) -> str:
    """Return a cell as text, empty where it holds none; who reads the row in full says what is wrong."""
    try:
        return "" if column is None else plain_cell(row.get(column))
    except CellError:
        return ""


def read_judgement(reader: CodeReader, row: RawRow) -> Codes | None:
    """Return the codes that an annotator gave to a row, `None` for a gap.

    A blank cell is a gap, unless the mapping says what it stands for; an empty list, or `-`,
    says that no code applies. Of several columns, yes or no, one must be filled in.

    Raises
    ------
    CellError
        When a cell cannot be read.
    """
    values = [row.get(name) for name in reader.names]
    if all(map(is_gap, values)) and ("" not in reader.mapping or values == [None]):
        return None
    if reader.codebook.multi_label and NO_CODE_CELL not in reader.mapping:
        written = [str(value).strip() for value in values]
        if written == [NO_CODE_CELL]:
            return ()
    try:
        codes = reader.read(row)
        # Who was asked and left the cell blank has said no code, where the mapping takes blank cells.
        return () if codes is None and reader.is_blank(row) else codes
    except NoLabelError:
        return None


def read_seconds(value: object) -> float | None:
    """Return how long a judgement took, `None` for an empty cell.

    Raises
    ------
    CellError
        When the cell is no number, or one below zero.

    Examples
    --------
    >>> read_seconds("12,5"), read_seconds("")
    (12.5, None)
    """
    if is_gap(value):
        return None
    try:
        seconds = float(plain_cell(value).replace(",", "."))
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise CellError(f"seconds are {str(value)[:30]!r}; they are a number, 0 or more")
    return seconds


def is_gap(value: object) -> bool:
    """Say whether a cell is empty; an empty list is not."""
    if isinstance(value, list | tuple | dict):
        return False
    return not plain_cell(value)


def read_annotation_file(path: Path, key: str) -> list[RawRow]:
    """Return the rows of an annotator's file, or of one of decided codes.

    Parameters
    ----------
    key
        The setting that names it, for the message.

    Raises
    ------
    KitError
        When there is none, or it cannot be read.
    """
    try:
        return read_data_file(path if path.exists() else shipped(*path.parts))
    except FileNotFoundError:
        raise KitError(f"there is no file {path}; set {key}=FILE, or {key}=null") from None


def annotation_files(sources: Sequence[str]) -> list[Path]:
    """Return the paths of those sources that are files, here or in the kit's material."""
    paths = []
    for source in filter(is_file_source, sources):
        path = Path(source)
        try:
            paths.append(path if path.exists() else shipped(*path.parts))
        except FileNotFoundError:
            continue
    return paths


def is_file_source(source: str) -> bool:
    """Say whether the name of an annotator is that of a file: by its ending, or since it is there."""
    return Path(source).suffix.lower() in _DATA_SUFFIXES or Path(source).is_file()


def no_annotators(data: CodedData, present: Collection[str]) -> KitError:
    """Return the error for data in which nobody annotated the codebook."""
    return KitError(
        f"{data.where} has no annotations of codebook {data.codebook.name}; it has: "
        f"{listing(sorted(present), 30)}. Name the annotators' columns or files with "
        "corpus.annotators='[a,b]', or with a row for each judgement the column of their "
        "names with corpus.columns.annotator=COLUMN"
    )


def no_annotators_for(rule: str, name: str) -> KitError:
    """Return the error for a rule of gold that takes annotators, where a corpus names none."""
    return KitError(
        f"corpus.gold is {rule}, and corpus {name!r} names no annotators; set them with "
        "corpus.annotators='[a,b,c]' or corpus.columns.annotator=COLUMN"
    )


def no_label_column(data: CodedData, present: Collection[str], *, is_long: bool) -> KitError:
    """Return the error for data without the label column that is to be gold."""
    if is_long:
        seen = f"{data.where} has a row for each judgement, and no column of gold"
    else:
        missing = sorted(set(data.label_names) - set(present))
        seen = f"{data.where} has no column {listing(map(repr, missing))}"
    return KitError(
        f"corpus.gold is labels, and {seen}; set corpus.gold=majority, first, or a file of "
        "decided codes"
    )
