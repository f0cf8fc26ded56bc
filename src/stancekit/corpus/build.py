"""Build a `LabelledSet`, or the sentences with their marked actors, from the rows of a file."""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Literal

from stancekit.codebook import Codebook, Unit
from stancekit.corpus.cells import CellError, CodeReader, Columns, NoLabelError
from stancekit.corpus.dataset import LabelledSet
from stancekit.corpus.requests import warn_once
from stancekit.corpus.rows import Faults, RawRow, RowReader
from stancekit.errors import KitError, listing, nearest
from stancekit.types import Context, Example

Conflicts = Literal["refuse", "keep"]
# Where a row has the probability of each code of the codebook, if its gold is the most probable.
POSTERIOR_COLUMN = "(posterior)"


def label_columns(columns: Columns, codebook: Codebook) -> tuple[str, ...]:
    """Return the columns that hold the labels of a codebook."""
    names = columns.labels or codebook.column or codebook.name
    return (names,) if isinstance(names, str) else tuple(names)


def make_set(  # noqa: PLR0913  # one argument per setting of a corpus
    rows: Iterable[tuple[int, RawRow]],
    *,
    name: str,
    where: str,
    codebook: Codebook,
    columns: Columns,
    mapping: Mapping[str, str | None],
    separator: str = ";",
    date_format: str | None = None,
    conflicts: Conflicts = "refuse",
    faults: Faults | None = None,
) -> LabelledSet:
    """Check rows and turn them into a `LabelledSet`.

    Parameters
    ----------
    rows
        Row numbers as the user would count them, and the rows.
    where
        The name of the data in messages.
    mapping
        From labels in the data to codes; `None` drops a label.
    separator
        What separates several labels in a cell.
    date_format
        How dates are written, as of `stancekit.corpus.dates.read_date`.
    conflicts
        What to do with rows that label the same example in different ways: `refuse` or
        `keep` them.
    faults
        Rows that could not be read before; those that cannot be used are added, and
        `faults.strict` says whether they are errors.

    Raises
    ------
    KitError
        Naming every row with a repeated id or other labels than an earlier one, and all labels that
        are no codes; with `faults.strict` also empty texts, offsets outside the sentence and rows
        without a code where the codebook requires one, which are left out otherwise.
    """
    listed = list(rows)
    faults = faults or Faults()
    if not listed:
        # Where no row can be read, the reasons say more.
        faults.settle(where, 0)
        raise KitError(f"{where} has no rows; a data file needs a text and a label on each")
    names = label_columns(columns, codebook)
    columns.require({str(key) for _, row in listed for key in row}, names, where)
    codes = CodeReader(codebook, names, mapping, separator)
    codes.check_columns(where)
    reader = _LabelledReader(
        name, where, columns, date_format, faults, codes=codes, conflicts=conflicts
    )
    return reader.read(listed)


def tell_unused(
    rows: Iterable[RawRow], columns: Sequence[str], data: CodeReader, where: str
) -> None:
    """Warn of labels in a map that no row has: a slip there leaves rows as they are.

    Parameters
    ----------
    columns
        The columns of labels: the corpus's own and its annotators'.
    data
        What reads one of them. Its map may be of other codebooks too, whose labels are not missed.
    """
    asked = {
        label
        for label, code in data.mapping.items()
        if label and label not in columns and (code is None or code in data.codebook.names)
    }
    seen: set[str] = set()
    readers = [replace(data, names=(column,)) for column in columns]
    for row, reader in product(rows, readers) if asked else ():
        with suppress(CellError):
            seen.update(reader.labels_in(row))
    if asked and seen and (unused := sorted(asked - seen)):
        meant = [f"{label}{nearest(label, seen - set(data.mapping))}" for label in unused]
        warn_once(
            "%s: corpus.labels has %s, which no row has; labels that rows have: %s",
            *(where, listing(meant), listing(sorted(seen))),
        )


@dataclass(slots=True)
class _LabelledReader(RowReader):
    """Reads rows with their codes."""

    codes: CodeReader = field(kw_only=True)
    conflicts: Conflicts = field(kw_only=True)

    def read(self, rows: Sequence[tuple[int, RawRow]]) -> LabelledSet:
        examples: list[Example] = []
        contexts: list[Context] = []
        labels: list[tuple[str, ...]] = []
        numbers: list[int] = []
        parts: list[str] = []
        self._check_blanks(rows)
        for number, row in rows:
            codes = self._read_codes(number, row)
            if codes is None:
                continue
            example = self.read_example(number, row, len(examples))
            context, part = self.read_context(number, row), self.read_part(number, row)
            if number in self.faults.rows:
                continue
            examples.append(example)
            labels.append(codes)
            numbers.append(number)
            contexts.append(context)
            parts.append(part)
        codebook = self.codes.codebook
        # All faults of rows are in one error; unknown labels and conflicts have their own,
        # since they make no sense while rows are unread.
        self._check_ids(examples, numbers)
        unread = len(self.faults.rows.difference(number for number, _ in rows))
        left_out = self.faults.settle(self.where, len(rows) + unread)
        whole = LabelledSet(
            self.name,
            codebook,
            tuple(examples),
            tuple(labels),
            tuple(contexts),
            tuple(parts),
            left_out,
            _posteriors(rows, set(numbers)),
        )
        codebook.check(labels, self.where, numbers)
        if self.conflicts == "refuse":
            self._check_conflicts(whole, numbers)
        if not examples:
            raise KitError(
                f"{self.where}: corpus.labels drops all of its {len(rows)} rows; map some label "
                "to a code"
            )
        self.warn()
        return keep_sentences(whole) if codebook.unit == "sentence" else whole

    def _read_codes(self, number: int, row: RawRow) -> tuple[str, ...] | None:
        try:
            return self.codes.read(row)
        except NoLabelError as error:
            self.faults.leave_out(str(error), row=number)
            return ()
        except CellError as error:
            self.faults.add(str(error), number)
            return ()

    def _check_blanks(self, rows: Sequence[tuple[int, RawRow]]) -> None:
        """Refuse empty cells in label columns that have a "no" elsewhere.

        Such cells may not have been annotated.
        """
        if not any(self.codes.says_no(row) for _, row in rows):
            return
        for number, row in rows:
            for name in self.codes.find_blank(row):
                kind = f"column {name!r} is empty, where other cells say no"
                self.faults.leave_out(kind, row=number)

    def _check_ids(self, examples: Sequence[Example], numbers: list[int]) -> None:
        rows: dict[str, list[int]] = {}
        for example, number in zip(examples, numbers, strict=True):
            rows.setdefault(example.id, []).append(number)
        for label, repeated in rows.items():
            if len(repeated) > 1:
                shown = f"{listing(repeated, 3)}: {label[:40]!r}"
                self.faults.add("id used more than once", shown, _ONE_ID)

    def _check_conflicts(self, whole: LabelledSet, numbers: list[int]) -> None:
        unit = whole.codebook.unit
        more = ", actor and target" if unit == "example" else ""
        first: dict[Hashable, int] = {}
        faults = Faults()
        for row, example in enumerate(whole.examples):
            earlier = first.setdefault(_coding_unit(example, unit), row)
            if set(whole.labels[earlier]) != set(whole.labels[row]):
                rows = f"{numbers[earlier]} and {numbers[row]}"
                faults.add(f"the same sentence{more} with other labels", rows, _ONE_ROW)
        faults.settle(self.where, len(numbers))


def _posteriors(
    rows: Sequence[tuple[int, RawRow]], kept: Collection[int]
) -> tuple[tuple[float, ...], ...]:
    """Return the probabilities of codes of the rows that are kept, empty where they have none."""
    return tuple(
        row[POSTERIOR_COLUMN] for number, row in rows if number in kept and POSTERIOR_COLUMN in row
    )


_SEVERAL = (
    "Where several people annotated, name the column that says who, "
    "corpus.columns.annotator=COLUMN; "
)
_ONE_ID = (
    f"{_SEVERAL}where the column does not tell rows apart, leave it out: corpus.columns.id=false, "
    "and rows are numbered."
)
_ONE_ROW = f"{_SEVERAL}corpus.conflicts=keep takes rows with other labels as they are."


def _coding_unit(example: Example, unit: Unit) -> Hashable:
    """Return what makes two rows the same unit of coding."""
    sentence = (example.article, example.text)
    if unit == "sentence":
        return sentence
    mentions = [
        (mention.name, mention.start) if mention else None
        for mention in (example.actor, example.target)
    ]
    return (*sentence, *mentions)


def keep_sentences(whole: LabelledSet) -> LabelledSet:
    """Keep one example per sentence and set of labels, without actor and target.

    This is what a codebook whose unit is the sentence codes.
    """
    # Sentences with other labels are kept too: `conflicts` decided about them before.
    first: dict[Hashable, int] = {}
    for row, example in enumerate(whole.examples):
        key = (_coding_unit(example, "sentence"), frozenset(whole.labels[row]))
        first.setdefault(key, row)
    kept = whole.take(first.values())
    examples = [replace(example, actor=None, target=None) for example in kept.examples]
    return replace(kept, examples=tuple(examples))


@dataclass(frozen=True, slots=True)
class MarkedSentence:
    """A sentence with the spans of its actors, in it: gold labels for actor finding."""

    text: str
    article: str
    part: str
    context: Context
    actors: set[tuple[int, int]]


def read_marked_sentences(
    rows: Iterable[tuple[int, RawRow]],
    *,
    name: str,
    where: str,
    columns: Columns,
    date_format: str | None = None,
    faults: Faults | None = None,
) -> list[MarkedSentence]:
    """Return each sentence with all actors that its rows mark, whatever their labels.

    Raises
    ------
    KitError
        With `faults.strict` naming every row without a text or with offsets outside it; when no
        actor is marked at all.
    """
    reader = RowReader(name, where, columns, date_format, faults or Faults())
    sentences: dict[tuple[str, str], MarkedSentence] = {}
    total = 0
    for index, (number, row) in enumerate(rows):
        example = reader.read_example(number, row, index)
        part, context = reader.read_part(number, row), reader.read_context(number, row)
        total = index + 1
        if number in reader.faults.rows:
            continue
        sentence = sentences.setdefault(
            (example.article, example.text),
            MarkedSentence(example.text, example.article, part, context, set()),
        )
        actor = example.actor
        if actor and actor.start is not None and actor.end is not None:
            sentence.actors.add((actor.start, actor.end))
    reader.faults.settle(where, total)
    if not any(sentence.actors for sentence in sentences.values()):
        raise KitError(
            f"{where} marks no actor in any sentence; name the columns with "
            "corpus.columns.actor=COLUMN, or corpus.columns.actor_start=COLUMN "
            "corpus.columns.actor_end=COLUMN"
        )
    return list(sentences.values())
