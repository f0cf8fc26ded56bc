"""Several annotators of one corpus: in columns of the data, in files by id, or in rows of their own.

Whoever has not annotated a row leaves a gap.
"""

import logging
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from stancekit.corpus.adjudication import JudgedRow, Judgements, decision_key
from stancekit.corpus.cells import CellError
from stancekit.corpus.judgements import (
    OWN_LABELS,
    CodedData,
    Codes,
    NumberedRow,
    cell_text,
    is_file_source,
    read_annotation_file,
    read_judgement,
    read_seconds,
)
from stancekit.corpus.project_file import ADJUDICATED
from stancekit.corpus.rows import RawRow
from stancekit.errors import KitError, listing, nearest

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AnnotatorReader:
    """Reads what each annotator gave, and derives gold.

    Parameters
    ----------
    sources
        Columns of the data, files, or `labels`; where the data has a row for each
        judgement, names of annotators. Empty: all that the data names in long form.
    gold
        A rule, or the path of a file; `None` for `labels` where there is such a column,
        else `majority`.
    """

    data: CodedData
    sources: Sequence[str]
    gold: str | None
    # All labels that were read, with their rows and where these are.
    labels: list[tuple[Codes, int, str]] = field(default_factory=list)
    # How long judgements took, by annotator and id, where each has a cell of its own for that.
    seconds: dict[tuple[str, str], float] = field(default_factory=dict)

    def read(self, rows: Iterable[NumberedRow]) -> "Judgements":
        """Read all annotators.

        Raises
        ------
        KitError
            When an annotator is neither a column nor a file, there is none, their labels are
            unknown, or rows contradict each other.
        """
        listed = list(rows)
        if not listed:
            raise KitError(f"{self.data.where} has no rows; a data file needs a text on each")
        present = {str(key) for _, row in listed for key in row}
        is_long = self.data.columns.annotator in present
        files = [source for source in self.sources if is_file_source(source)]
        # The column of names may be in an annotators' file.
        is_there = is_long or not files
        columns = self.data.columns if is_there else replace(self.data.columns, annotator=None)
        columns.require(present, (), self.data.where)
        has_labels = not is_long and set(self.data.label_names) <= present
        codes: dict[str, dict[str, Codes]] = {}
        decided: dict[str, Codes] = {}
        sources: Sequence[str] = self.sources
        if is_long:
            listed, codes = self._read_long(listed)
            decided = codes.pop(ADJUDICATED, {})
            codes, sources = self._choose(codes, sources)
        ids = self.data.ids(listed)
        for source in sources:
            codes |= self._read_source(source, listed, ids, present, codes)
        if len(codes) == 1 and has_labels and OWN_LABELS not in codes:
            # One more annotator is compared with whoever labelled the data.
            own = self._read_column(OWN_LABELS, self.data.label_names, listed, ids)
            codes = {OWN_LABELS: own, **codes}
        self._check_labels()
        if not codes:
            raise self._no_annotators(present)
        rule = self._choose_rule(present, has_labels=has_labels, is_long=is_long, decided=decided)
        rows_with_codes = tuple(
            JudgedRow(
                number,
                row,
                id_,
                tuple(given.get(id_) for given in codes.values()),
                seconds=tuple(self.seconds.get((name, id_)) for name in codes if self.seconds),
            )
            for (number, row), id_ in zip(listed, ids, strict=True)
        )
        judgements = Judgements(
            self.data,
            tuple(codes),
            rows_with_codes,
            rule,
            adjudicated=self._by_key(rows_with_codes, decided),
        )
        return judgements.with_gold()

    def _choose_rule(
        self,
        present: Collection[str],
        *,
        has_labels: bool,
        is_long: bool,
        decided: Collection[str],
    ) -> str:
        """Return how gold follows from what annotators gave."""
        rule = self.gold or (OWN_LABELS if has_labels else ADJUDICATED if decided else "majority")
        if rule == OWN_LABELS and not has_labels:
            raise self._no_label_column(present, is_long=is_long)
        if rule == ADJUDICATED and not decided:
            raise KitError(
                f"corpus.gold is adjudicated, and {self.data.where} has nothing of codebook "
                f"{self.data.codebook.name} that was; set corpus.gold=majority"
            )
        return rule

    def _by_key(
        self, rows: Iterable[JudgedRow], decided: Mapping[str, Codes]
    ) -> dict[Hashable, Codes]:
        """Return decided codes by what they are about: of a sentence, one decision for all its rows."""
        by_key: dict[Hashable, Codes] = {}
        differ = []
        for row in rows:
            if row.id in decided:
                codes = decided[row.id]
                if set(by_key.setdefault(decision_key(row, self.data), codes)) != set(codes):
                    differ.append(row.id)
        if differ:
            raise KitError(
                f"{self.data.where}: one sentence was decided in two ways, in rows "
                f"{listing(differ)}; decide on one"
            )
        return by_key

    def _check_labels(self) -> None:
        """Raise one `KitError` for the labels of all annotators that are no codes."""
        known = set(self.data.codebook.names)
        labels: list[Codes] = []
        numbers: list[int] = []
        places: dict[str, None] = {}
        for codes, number, where in self.labels:
            if not set(codes) <= known:
                places[where] = None
            labels.append(codes)
            numbers.append(number)
        self.data.codebook.check(labels, " and ".join(places), numbers)

    # Long form: a row for each judgement.

    def _read_long(
        self, rows: Sequence[NumberedRow]
    ) -> tuple[list[NumberedRow], dict[str, dict[str, Codes]]]:
        """Return the first row of each example, and the codes of each annotator by id."""
        if len(self.data.label_names) > 1:
            raise KitError(
                f"{self.data.where}: several label columns with a row for each annotator are not read; "
                "name one column of codes with corpus.columns.labels=COLUMN"
            )
        first: dict[Hashable, tuple[int, RawRow]] = {}
        keys = [self._example_key(row) for _, row in rows]
        for key, numbered_row in zip(keys, rows, strict=True):
            first.setdefault(key, numbered_row)
        self._check_same_text(keys, rows, first)
        ids = dict(zip(first, self.data.ids(list(first.values())), strict=True))
        judgements = [
            (number, row, ids[key], self.data.cell(row, "annotator"))
            for key, (number, row) in zip(keys, rows, strict=True)
        ]
        codes = self._read_named(judgements, self.data.where, self.data.label_names)
        self._check_shared(list(first.values()), codes)
        return list(first.values()), codes

    def _example_key(self, row: RawRow) -> Hashable:
        """Return what rows of one example share: their id, or else all that makes an example."""
        return self.data.cell(row, "id") or self._content_key(row)

    def _content_key(self, row: RawRow) -> Hashable:
        roles = ("article", "text", "actor", "target", "actor_start", "target_start")
        return tuple(self.data.cell(row, role) for role in roles)

    def _check_shared(
        self, rows: Sequence[NumberedRow], codes: Mapping[str, Mapping[str, Codes]]
    ) -> None:
        """Raise a `KitError` where each judgement has an id of its own, so that none are of one example."""
        counts = Counter(id_ for given in codes.values() for id_ in given)
        if len(codes) < 2 or max(counts.values(), default=0) > 1:
            return
        numbers: dict[Hashable, list[int]] = {}
        for number, row in rows:
            numbers.setdefault(self._content_key(row), []).append(number)
        repeated = [" and ".join(map(str, each)) for each in numbers.values() if len(each) > 1]
        if repeated:
            raise KitError(
                f"{self.data.where}: no id is there twice, and the same sentences are (rows "
                f"{listing(repeated)}): column {self.data.columns.id!r} names judgements, not "
                "examples. Name another with corpus.columns.id=COLUMN, or set "
                "corpus.columns.id=false, which tells examples by their text, actor and target"
            )

    def _check_same_text(
        self,
        keys: Sequence[Hashable],
        rows: Sequence[NumberedRow],
        first: Mapping[Hashable, NumberedRow],
    ) -> None:
        faults = []
        for key, (number, row) in zip(keys, rows, strict=True):
            earlier, earlier_row = first[key]
            for role in ("text", "actor", "target"):
                if self.data.cell(row, role) != self.data.cell(earlier_row, role):
                    faults.append(f"{key!s}: another {role} (rows {earlier} and {number})")
        if faults:
            raise KitError(
                f"{self.data.where}: rows of one id are not the same example: {listing(faults)}. "
                "With corpus.columns.annotator, rows with the same id are judgements of one "
                "example; give each example an id of its own, or set corpus.columns.id=false"
            )

    def _choose(
        self, codes: dict[str, dict[str, Codes]], sources: Sequence[str]
    ) -> tuple[dict[str, dict[str, Codes]], list[str]]:
        """Return the annotators that are named, in that order, and what else is named."""
        names = [source for source in sources if not is_file_source(source)]
        unknown = [name for name in names if name not in codes]
        if unknown:
            raise KitError(
                f"corpus.annotators names {listing(map(repr, unknown))}; column "
                f"{self.data.columns.annotator!r} of {self.data.where} has: {listing(codes, 30)}"
                f"{nearest(unknown[0], codes)}"
            )
        chosen = {name: codes[name] for name in names} if names else codes
        return chosen, [source for source in sources if is_file_source(source)]

    # Wide form and files.

    def _read_source(
        self,
        source: str,
        rows: Sequence[NumberedRow],
        ids: Sequence[str],
        present: Collection[str],
        known: Collection[str],
    ) -> dict[str, dict[str, Codes]]:
        """Return the codes by id of the annotators that a source has: a column, or a file."""
        if source == OWN_LABELS:
            if missing := sorted(set(self.data.label_names) - set(present)):
                raise KitError(
                    f"corpus.annotators has labels, the corpus's own label column, and "
                    f"{self.data.where} has no column {listing(map(repr, missing))}; it has: "
                    f"{listing(sorted(present), 30)}"
                )
            return {OWN_LABELS: self._read_column(OWN_LABELS, self.data.label_names, rows, ids)}
        if source in present:
            return {source: self._read_column(source, (source,), rows, ids)}
        if not is_file_source(source):
            raise KitError(
                f"corpus.annotators names {source!r}, which is neither a column of {self.data.where} "
                f"nor a file; the columns are: {listing(sorted(present), 30)}"
                f"{nearest(source, present)}"
            )
        by_annotator = self._read_file(source, set(ids))
        if repeated := sorted(set(by_annotator) & set(known)):
            raise KitError(
                f"two annotators are called {listing(map(repr, repeated))}; an annotator has the "
                "name of the column or of the file, without its ending: rename one"
            )
        return by_annotator

    def _read_column(
        self, name: str, columns: tuple[str, ...], rows: Sequence[NumberedRow], ids: Sequence[str]
    ) -> dict[str, Codes]:
        judgements = [
            (number, row, id_, name) for (number, row), id_ in zip(rows, ids, strict=True)
        ]
        # A cell of seconds in a row that several annotate is of none of them.
        return self._read_named(judgements, self.data.where, columns, timed=False).get(name, {})

    def _read_file(self, source: str, ids: Collection[str]) -> dict[str, dict[str, Codes]]:
        """Return what a file has by id: one annotator's codes, or several where it names them."""
        path = Path(source)
        rows = read_annotation_file(path, "corpus.annotators")
        key = self.data.columns.id or "id"
        present = {str(name) for row in rows for name in row}
        if (
            self.data.columns.labels is None
            and key in present
            and not present & {*self.data.label_names}
        ):
            log.warning(
                "%s has no column %r: it says nothing of codebook %s",
                source,
                self.data.label_names[0],
                self.data.codebook.name,
            )
            return {}
        if missing := sorted({key, *self.data.label_names} - present):
            raise KitError(
                f"{source} has no column {', '.join(map(repr, missing))}; it has: "
                f"{listing(sorted(present), 30)}. An annotator's file has the id of each "
                "example and its labels, in columns with the same names as in the corpus"
            )
        column = self.data.columns.annotator
        judgements = []
        for number, row in enumerate(rows, 1):
            name = cell_text(row, column) if column in present else path.stem
            judgements.append((number, row, cell_text(row, key), name))
        by_annotator = self._read_named(judgements, source, self.data.label_names)
        annotated = {id_ for codes in by_annotator.values() for id_ in codes}
        self._check_ids(source, annotated, ids)
        return by_annotator

    def _check_ids(self, source: str, annotated: Collection[str], ids: Collection[str]) -> None:
        unknown = [id_ for id_ in annotated if id_ not in ids]
        if unknown and len(unknown) == len(annotated):
            raise KitError(
                f"none of the {len(annotated)} ids in {source} ({listing(annotated, 3)}) is one of "
                f"corpus {self.data.name!r} ({listing(ids, 3)}); name the column with "
                "corpus.columns.id=COLUMN"
            )
        if unknown:
            log.warning(
                "%s: %d of %d ids are not in corpus %s and are left out (%s)",
                source,
                len(unknown),
                len(annotated),
                self.data.name,
                listing(unknown),
            )

    def _read_named(
        self,
        judgements: Iterable[tuple[int, RawRow, str, str]],
        where: str,
        columns: tuple[str, ...],
        *,
        timed: bool = True,
    ) -> dict[str, dict[str, Codes]]:
        """Return the codes by annotator and id of (row number, row, id, annotator).

        Parameters
        ----------
        timed
            Whether a row is one judgement, so that its seconds are those of the annotator.

        Raises
        ------
        KitError
            Naming every label that is no code, every row without id or annotator, and every
            example that one annotator gave different codes.
        """
        reader = self.data.code_reader(columns)
        reader.check_columns(where)
        codes: dict[str, dict[str, Codes]] = {}
        rows: dict[tuple[str, str], int] = {}
        faults: list[str] = []
        seconds = self.data.columns.seconds
        for number, row, id_, name in judgements:
            try:
                given = read_judgement(reader, row)
                took = read_seconds(row.get(seconds)) if timed and seconds else None
            except CellError as error:
                faults.append(f"{error} (row {number})")
                continue
            if given is None:
                # The row is of the annotator, and a gap.
                codes.setdefault(name, {}) if name else None
            elif not id_ or not name:
                faults.append(f"no {'annotator' if id_ else 'id'} (row {number})")
            elif codes.setdefault(name, {}).get(id_, given) != given:
                faults.append(
                    f"id {id_[:40]!r} with other labels of {name} than in row {rows[name, id_]} "
                    f"(row {number})"
                )
            else:
                codes[name][id_] = given
                rows.setdefault((name, id_), number)
                if took is not None:
                    self.seconds.setdefault((name, id_), took)
        if faults:
            raise KitError(f"{where}: {listing(faults)}. Correct these rows, or leave them out")
        for name, given_codes in codes.items():
            self.labels.extend((each, rows[name, id_], where) for id_, each in given_codes.items())
        return codes

    def _no_annotators(self, present: Collection[str]) -> KitError:
        return KitError(
            f"{self.data.where} has no annotations of codebook {self.data.codebook.name}; it has: "
            f"{listing(sorted(present), 30)}. Name the annotators' columns or files with "
            "corpus.annotators='[a,b]', or with a row for each judgement the column of their "
            "names with corpus.columns.annotator=COLUMN"
        )

    def _no_label_column(self, present: Collection[str], *, is_long: bool) -> KitError:
        if is_long:
            seen = f"{self.data.where} has a row for each judgement, and no column of gold"
        else:
            missing = sorted(set(self.data.label_names) - set(present))
            seen = f"{self.data.where} has no column {listing(map(repr, missing))}"
        return KitError(
            f"corpus.gold is labels, and {seen}; set corpus.gold=majority, first, or a file of "
            "decided codes"
        )
