"""Labels: rows of sentences, actors and targets with their codes, and what they come to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, overload

from stancekit.errors import KitError, listing
from stancekit.labelling.columns import read_many
from stancekit.labelling.flat import FACTS_KEY, flatten, nest
from stancekit.labelling.label_checks import (
    check_ids,
    read_facts,
    take_codebooks,
    take_declared,
)
from stancekit.labelling.label_encoding import check_suffix, write_page, write_rows
from stancekit.labelling.label_files import (
    WrittenRows,
    label_files,
    pairs_in,
    read_all_rows,
    review_files,
    source_name,
    table_rows,
)
from stancekit.labelling.positions import (
    Summary,
    counts_frame,
    positions_frame,
    rows_of,
    summarise,
)
from stancekit.labelling.row_format import (
    ALL_ROWS,
    SET_ASIDE,
    Extent,
    LabelledCodebook,
    LabelRow,
)
from stancekit.resources import named_path
from stancekit.types import Article
from stancekit.views import DataFrame, TableView

if TYPE_CHECKING:
    from stancekit.labelling.tally import Tally

# Rows of a folder that are read without being asked for, to say what they come to: some
# ten seconds of reading.
MOST_SUMMARISED = 200_000


@dataclass(frozen=True, repr=False, eq=False)
class Labels(TableView, Sequence[LabelRow]):
    """Labelled sentences with their actors and targets: what `label` and `read_labels` return.

    A sequence of rows, each a dict with the columns of the labels format; a slice is labels
    again. In a notebook, labels show who stands where.

    Attributes
    ----------
    rows
        The rows. Those of a folder are read when they are used.
    codebooks
        What the rows are coded with, by name.
    notes
        What a reader of a result should know about them.
    article
        The article, where the labels are those of one.
    folder
        The folder they were written to, where an archive was labelled.
    texts, rejected
        How many texts were labelled, and how many could not be read.
    tally
        What was counted while labelling; `None` for labels that were read.
    extent
        Whether pairs of actor and target without a position have rows (`extent.rows`), and how many
        pairs were read in all (`extent.pairs`).

    Examples
    --------
    >>> scores = {"against": 0.1, "for": 0.9}
    >>> row = {"id": "a.0.0", "actor": "Peru", "target": "the levy", "sentence": "Peru welcomed the levy."}
    >>> view = LabelledCodebook("view", scale=("against", "for"), towards="target")
    >>> labels = Labels([row | {"view": "for", "view_scores": scores}], {"view": view})
    >>> labels.positions()[["actor", "target", "against", "for"]]
      actor    target  against  for
    0  Peru  the levy        0    1
    >>> labels.sentences("Peru", "the levy")["sentence"].tolist()
    ['Peru welcomed the levy.']
    """

    rows: Sequence[LabelRow]
    codebooks: dict[str, LabelledCodebook]
    notes: tuple[str, ...] = ()
    article: Article | None = None
    folder: Path | None = None
    texts: int = 0
    rejected: int = 0
    tally: "Tally | None" = field(default=None)
    extent: Extent = ALL_ROWS

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.rows)

    def __iter__(self) -> Iterator[LabelRow]:
        """Yield the rows in reading order."""
        return iter(self.rows)

    @overload
    def __getitem__(self, index: int) -> LabelRow: ...
    @overload
    def __getitem__(self, index: slice) -> "Labels": ...
    def __getitem__(self, index: int | slice) -> "LabelRow | Labels":
        """Return a row, or the labels of some."""
        if isinstance(index, slice):
            extent = replace(self.extent, pairs=None)
            return Labels(list(self.rows[index]), self.codebooks, self.notes, extent=extent)
        return self.rows[index]

    def to_frame(self) -> DataFrame:
        """Return the labels as a flat table, which `read_labels` takes too, also some of its rows.

        Returns
        -------
        pandas.DataFrame
            One row per row of the labels. Each codebook has a column of its name with the code
            (several with "; " between them), and then a column per code with its probability.
            These are named like the codes; where there are several codebooks, or another column
            has that name, NAME_CODE. Labels with rows that were set aside as too uncertain have
            a column `set_aside`.
        """
        return flatten(self.rows, self.codebooks, self.extent)

    def positions(self, codebook: str | None = None) -> DataFrame:
        """Return who stands where: how many sentences have each code, per actor and target.

        Parameters
        ----------
        codebook
            The name of a codebook whose codes are towards a target; by default the only one.

        Returns
        -------
        pandas.DataFrame
            One row per actor and target, those of most sentences first: `actor`, `target`, a
            column per code but the one that means no position, `sentences`, `most_frequent` (its
            code, or several that are as frequent) and `contradictory`, whether codes of both ends
            of the scale occur. Names in another letter case or with another article before them
            are one, and so are those of one country; words such as
            "we" only within an article. A sentence counts once. Rows that were set
            aside as too uncertain are left out.

        Raises
        ------
        KitError
            When there is no such codebook, or several and none is named.
        """
        chosen = self._choose(codebook, towards=True)
        return positions_frame(self.summary.positions[chosen.name], chosen)

    def code_counts(self, codebook: str | None = None) -> DataFrame:
        """Return how often each code of a codebook occurs that is not towards a target, as a frame.

        Parameters
        ----------
        codebook
            Its name; by default the only one.

        Returns
        -------
        pandas.DataFrame
            The code, the number of sentences that have it (rows, if the codebook codes actors and
            targets) and their share, the most frequent code first. Rows that were set aside as too
            uncertain are left out.

        Raises
        ------
        KitError
            When there is no such codebook, or several and none is named.
        """
        chosen = self._choose(codebook, towards=False)
        return counts_frame(self.summary.counts[chosen.name])

    def sentences(
        self, actor: str, target: str | None = None, *, codebook: str | None = None
    ) -> DataFrame:
        """Return the sentences in which an actor takes a position, as `positions` counts them.

        Parameters
        ----------
        actor, target
            Names as `positions` has them, or in another form that is counted with them; without a
            target, those towards all targets.
        codebook
            As of `positions`.

        Returns
        -------
        pandas.DataFrame
            Their rows, as `to_frame` has them.

        Raises
        ------
        KitError
            When the actor takes no position, or none towards the target.
        """
        chosen = self._choose(codebook, towards=True)
        rows = [row for row in self.rows if chosen.applied_codes(row) and not row.get(SET_ASIDE)]
        rows = rows_of("actor", actor, rows)
        if target is not None:
            rows = rows_of("target", target, rows)
        return flatten(rows, self.codebooks, replace(self.extent, pairs=None))

    def to_html(self, path: str | Path | None = None) -> str:
        """Return the labels as a page to read, which needs no script and no network.

        It begins with who stands where, each number with its sentences, and then has all sentences
        with their codes.

        Parameters
        ----------
        path
            Where to write it too.
        """
        # The text layer loads spaCy, which reading labels does not need.
        from stancekit.labelling.page import labels_page

        html = labels_page(self)
        if path is not None:
            write_page(Path(path), html)
        return html

    def save(self, path: str | Path) -> Path:
        """Write the labels to a file: `.jsonl`, `.parquet`, as a flat table `.csv` or `.xlsx`, or as a page `.html`.

        All but the page can be read with `read_labels`; the flat tables do not say what the
        codebooks are. Rows that were set aside as too uncertain go to `NAME.review.jsonl` beside it.

        Raises
        ------
        KitError
            When the file has another ending or cannot be written, or there are rows to judge of
            another labelling beside it: a person may have judged them, and they would not belong to
            these labels.
        """
        file = Path(path)
        format = check_suffix(file)
        write_rows(file, self.rows, self.codebooks, self.extent)
        if format == "html":
            self.to_html(file)
        return file

    @property
    def set_aside(self) -> int:
        """Return how many rows were set aside as too uncertain."""
        return sum(bool(row.get(SET_ASIDE)) for row in self.rows)

    @cached_property
    def summary(self) -> Summary:
        """Return what the rows come to."""
        return summarise(self.rows, self.codebooks)

    @property
    def caption(self) -> str:
        """Return how many rows there are, and of which codebooks."""
        books = listing(self.codebooks) or "no codebook"
        where = f" in {self.folder}" if self.folder else ""
        return f"{len(self.rows):,} rows labelled by {books}{where}"

    def view_frame(self) -> DataFrame:
        """Return who stands where; of codebooks without positions, how often each code occurs."""
        import pandas as pd

        if not self.codebooks or self._is_long:
            return pd.DataFrame()
        towards = [book.name for book in self.codebooks.values() if book.towards]
        return (
            self.positions(towards[0]) if towards else self.code_counts(next(iter(self.codebooks)))
        )

    def _view_notes(self) -> list[str]:
        notes = super()._view_notes()
        if self.extent.left_out and self.extent.pairs is not None:
            notes.append(
                f"{self.extent.pairs:,} pairs of actor and target were read; those without a "
                f"position{self.extent.too_low} have no row (rows=all keeps them)"
            )
        if self._is_long:
            return [*notes, "read when they are used: .positions(), .to_frame()"]
        for name, positions in self.summary.positions.items():
            n = sum(position.n for position in positions)
            several = f"{sum(position.contradictory for position in positions)} contradictory"
            notes.append(
                f"{name}: {len(positions)} pairs of actor and target, {n} sentences, {several}"
            )
        return notes

    @property
    def _is_long(self) -> bool:
        return isinstance(self.rows, WrittenRows) and len(self.rows) > MOST_SUMMARISED

    def _choose(self, name: str | None, *, towards: bool) -> LabelledCodebook:
        """Return the codebook of that name that is towards a target, or is not; by default the only one."""
        books = {
            book.name: book for book in self.codebooks.values() if bool(book.towards) == towards
        }
        what = "is towards a target" if towards else "is not towards a target"
        other = "code_counts" if towards else "positions"
        if name is None and len(books) > 1:
            raise KitError(f"several codebooks: {listing(books)}; name one of them")
        if name is None and books:
            return next(iter(books.values()))
        if name not in books:
            raise KitError(
                f"no codebook of these labels {what}; see {other}()"
                if name is None or name in self.codebooks
                else f"the labels have no codebook {name!r}; they have: {listing(self.codebooks)}"
            )
        return books[name]


def read_labels(labels: str | Path | Labels | DataFrame) -> Labels:
    """Read labels: a file, or all of a folder in order of name: `.jsonl`, `.parquet`, `.csv`, `.tsv` or `.xlsx`.

    Of a folder that `stancekit label` wrote, its parts. Where rows were set aside for a
    person as too uncertain (`risk=`), they are read too: without them the rest would
    describe only the certain rows.

    Parameters
    ----------
    labels
        The path of the file or folder; or a table as `Labels.to_frame` returns it, or some of its
        rows. Labels are returned as they are.

    Raises
    ------
    KitError
        When there is nothing to read, rows that were set aside are missing, an id is
        missing or occurs twice, or the rows are not in this format.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"id": ["a", "b"], "tone": ["warm", "cold"], "cold": [0.2, 0.7], "warm": [0.8, 0.3]})
    >>> list(read_labels(frame).codebooks)
    ['tone']
    """
    if isinstance(labels, Labels):
        return labels
    if not isinstance(labels, str | Path):
        return _read_labels_table(labels)
    files = label_files(named_path(labels, "labels"))
    reviews = review_files(labels, files)
    many = None if reviews else read_many(files)
    if many is not None and (found := take_declared(labels, *many)):
        rows_of_many, books, extent = found
        if len(files) > 1 or extent.pairs is None:
            extent = replace(extent, pairs=pairs_in(labels))
        return Labels(rows_of_many, books, extent=extent)
    rows = read_all_rows(files, reviews)
    check_ids(labels, rows)
    is_table = any(file.suffix in (".csv", ".tsv", ".xlsx") for file in files)
    rows, codebooks, notes, extent = take_codebooks(labels, rows, is_table=is_table)
    # Rows know at most how many their own file has.
    if len(files) > 1 or extent.pairs is None:
        extent = replace(extent, pairs=pairs_in(labels))
    if reviews:
        names = listing(reviews, most=2)
        notes.append(f"with the rows that label set aside as too uncertain ({names})")
    return Labels(rows, codebooks, tuple(notes), extent=extent)


def _read_labels_table(table: TableView | DataFrame) -> Labels:
    """Read a table; its index is the id where it has none."""
    import pandas as pd

    name = source_name(table)
    frame = table.to_frame() if isinstance(table, TableView) else table
    attrs = getattr(frame, "attrs", {})
    if isinstance(frame, pd.DataFrame) and "id" not in frame.columns:
        frame = frame.rename_axis("id").reset_index()
    rows = table_rows(frame)
    check_ids(name, rows)
    facts = attrs.get(FACTS_KEY) or {}
    columns = {
        name: column_of
        for name, column_of in facts.get("columns", {}).items()
        if {name, *column_of.values()} <= set(frame.columns)
    }
    if not columns:
        rows, codebooks, notes, extent = take_codebooks(name, rows, is_table=True)
        return Labels(rows, codebooks, tuple(notes), extent=extent)
    books = read_facts(name, {name: facts["codebooks"][name] for name in columns})
    # Some of its rows may have been chosen since.
    extent = replace(Extent.from_rows([facts]), pairs=None)
    return Labels(nest(rows, columns), books, extent=extent)
