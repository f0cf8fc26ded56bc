"""An annotation project: one file with the items, the annotators, and every judgement ever made."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from stancekit.annotation.items import ItemRows, read_items
from stancekit.annotation.records import (
    ConflictError,
    Item,
    Judgement,
    Kind,
    Role,
    item_from_row,
    judgement_from_row,
)
from stancekit.annotation.settings import ProjectSettings
from stancekit.annotation.store import ProjectFile, add_annotator_row, now
from stancekit.annotation.tables import (
    check_judgement,
    check_same_texts,
    draw_calibration,
    insert,
    item_values,
    judgement_values,
    new_items,
)
from stancekit.codebook import Codebook, load_codebook
from stancekit.corpus.project_schema import make_tables
from stancekit.errors import KitError, listing
from stancekit.fileio import json_line, replacing_file


class Project(ProjectFile):
    """A project that is open; use it in a `with` block, from any thread.

    What `save` has returned is on the disk. Other processes may read the file meanwhile, and write
    it one after the other.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "study.db"
    >>> rows = [{"text": "Peru said no.", "actor": "Peru", "target": "whaling"}]
    >>> with Project.create(file, rows=rows, codebooks=["stance"], annotators=["ana"]) as project:
    ...     number = project.save(Judgement(item=1, annotator="ana", codes={"stance": ("condemn",)}))
    ...     print(project.current("ana")[1, 0].codes)
    {'stance': ('condemn',)}
    """

    @classmethod
    def create(
        cls,
        path: str | Path,
        *,
        codebooks: Sequence[str | Codebook],
        rows: ItemRows | None = None,
        annotators: Sequence[str] = (),
        **settings: Any,
    ) -> Self:
        """Write a new project, and open it.

        Parameters
        ----------
        codebooks
            What is asked, by name, file, or as they are.
        rows
            As of `add_items`.
        settings
            Those of `ProjectSettings`.

        Raises
        ------
        KitError
            When the file is there, or something that it is to hold cannot be read.
        """
        file = Path(path)
        if file.exists():
            raise KitError(f"{file} is there already; open it, or choose another file")
        books = [load_codebook(book) if isinstance(book, str) else book for book in codebooks]
        names = tuple(book.name for book in books)
        if len(set(names)) < len(names):
            raise KitError(f"codebooks {listing(names)} have a name more than once")
        made = ProjectSettings(codebooks=names, created=now(), **settings)
        with replacing_file(file) as temporary:
            make_tables(temporary)
            with cls.open(temporary) as project:
                project._set("settings", made.to_dict())
                for book in books:
                    project.update_codebook(book)
                if rows is not None:
                    project.add_items(rows)
        # Links hold the tokens of the annotators, who are added once nobody else can read it.
        file.chmod(0o600)
        opened = cls.open(file)
        try:
            for name in annotators:
                opened.add_annotator(name)
        except BaseException:
            opened.close()
            raise
        return opened

    def add_items(self, rows: ItemRows, kind: Kind = "sampled") -> int:
        """Add the rows of a table, and return how many are new.

        Parameters
        ----------
        rows
            A file that `stancekit sample` wrote, or any table with a column `sentence` or `text`,
            and perhaps `actor` and `target`. A row whose id and text are there is not added again.
        kind
            `control` where the rows have codes in columns called like the codebooks.

        Raises
        ------
        KitError
            When rows cannot be read, or have the id of another text.
        """
        settings, items = self.settings, read_items(rows, self.codebooks, kind)
        with self._writing() as connection:
            new, last, last_round = new_items(connection, items, self.path)
            if not last_round and kind == "sampled":
                new = draw_calibration(new, settings.calibration, settings.random_state)
            # Controls come among the items that are there.
            of_round = max(last_round, 1) if kind == "control" else last_round + 1
            insert(
                connection,
                "items",
                [
                    item_values(replace(item, round=of_round, number=number))
                    for number, item in enumerate(new, last + 1)
                ],
            )
        return len(new)

    def add_suggestions(self, rows: ItemRows) -> int:
        """Keep what a model gave to the items of a table of labels, and return to how many.

        Raises
        ------
        KitError
            When rows cannot be read, or have the id of an item with another text, actor or target.
        """
        read = read_items(rows, self.codebooks, "sampled")
        with self._writing() as connection:
            check_same_texts(connection, read, self.path)
            found = connection.executemany(
                "UPDATE items SET suggested = ? WHERE id = ?",
                [(json_line(item.suggested), item.id) for item in read if item.suggested],
            )
            return found.rowcount

    @property
    def n_items(self) -> int:
        """Return how many items there are."""
        return int(self._rows("SELECT count(*) FROM items")[0][0])

    @property
    def last_item(self) -> int:
        """Return the number of the last item, 0 where there is none."""
        return int(self._rows("SELECT coalesce(max(number), 0) FROM items")[0][0])

    def item(self, number: int) -> Item:
        """Return an item by its number.

        Raises
        ------
        KitError
            When there is none.
        """
        found = self._rows("SELECT * FROM items WHERE number = ?", number)
        if not found:
            raise KitError(f"{self.path} has no item {number}; it has {self.n_items}")
        return item_from_row(found[0])

    def items(self, kind: Kind | None = None) -> Iterator[Item]:
        """Yield the items in order, all or those of a kind."""
        query = "SELECT * FROM items WHERE kind = ifnull(?, kind) ORDER BY number"
        for row in self._stream(query, kind):
            yield item_from_row(row)

    def kinds(self) -> Iterator[tuple[int, int, Kind]]:
        """Yield the number, the round and the kind of each item."""
        query = "SELECT number, round, kind FROM items ORDER BY round, kind, number"
        yield from map(tuple, self._rows(query))

    def sentences(self) -> Iterator[tuple[int, str, str]]:
        """Yield the number, the article and the text of each item."""
        for row in self._stream("SELECT number, article, text FROM items ORDER BY number"):
            yield row["number"], row["article"], row["text"]

    def save(self, judgement: Judgement, shown: int | None = None) -> int:
        """Add a judgement, and return its number; what has the same request is the same one.

        Parameters
        ----------
        shown
            The number of the annotator's last judgement of the item that the page showed, 0 for
            none; by default that is not looked at.

        Raises
        ------
        ConflictError
            When another one was saved after `shown`.
        KitError
            When a code, the item, or the annotator is unknown.
        """
        if judgement.action == "take back":
            raise KitError("to take a judgement back, use take_back")
        role = self.annotator(judgement.annotator).role
        if (judgement.action == "adjudicate") != (role == "lead"):
            raise KitError(
                f"{judgement.annotator} is {role}, who does not {judgement.action}; annotators "
                "judge, and a lead adjudicates"
            )
        checked = check_judgement(judgement, self.codebooks)
        current = self.hashes
        hashes = {name: checked.hashes.get(name, current[name]) for name in checked.codes}
        for hash_ in set(hashes.values()) - set(current.values()):
            self.codebook_version(hash_)
        return self._append(replace(checked, hashes=hashes), shown)

    def add_judgements(
        self, judgements: Sequence[Judgement], annotators: Mapping[str, Role]
    ) -> int:
        """Add judgements that were made elsewhere, and who made them: all or none; return how many.

        Parameters
        ----------
        annotators
            The role of everybody who judged; who is not there is added.

        Raises
        ------
        KitError
            When a code, an item, or a version of a codebook is unknown, or a name is of another
            role.
        """
        current = self.hashes
        books = {current[book.name]: book for book in self.codebooks}
        present = {book.name: book for book in self.codebooks}
        values = []
        for judgement in judgements:
            self.item(judgement.item)
            versions = {name: judgement.hashes.get(name, current[name]) for name in judgement.codes}
            for version in versions.values():
                if version not in books:
                    books[version] = self.codebook_version(version)
            judged_by = present | {name: books[version] for name, version in versions.items()}
            checked = check_judgement(judgement, list(judged_by.values()))
            made = replace(checked, hashes=versions, at=judgement.at or now())
            values.append(judgement_values(made))
        with self._writing() as connection:
            for name, role in annotators.items():
                add_annotator_row(connection, name, role)
            insert(connection, "judgements", values)
        return len(values)

    def take_back(
        self,
        item: int,
        annotator: str,
        *,
        repeat: int = 0,
        shown: int | None = None,
        request: str = "",
    ) -> int:
        """Take back what an annotator said of an item: a row of its own, whose number is returned.

        Raises
        ------
        ConflictError
            As in `save`.
        KitError
            When there is no judgement to take back.
        """
        taken = Judgement(
            item=item, annotator=annotator, action="take back", repeat=repeat, request=request
        )
        return self._append(taken, shown)

    def _append(self, judgement: Judgement, shown: int | None) -> int:
        self.item(judgement.item)
        values = judgement_values(replace(judgement, at=judgement.at or now()))
        with self._writing() as connection:
            query = "SELECT * FROM judgements WHERE request = ?"
            if same := connection.execute(query, (values["request"],)).fetchone():
                return int(same["number"])
            last = self.last(judgement.item, judgement.annotator, judgement.repeat)
            if shown is not None and last is not None and last.number != shown:
                raise ConflictError(last)
            if judgement.action == "take back" and (last is None or last.action == "take back"):
                raise KitError(
                    f"{judgement.annotator} has no judgement of item {judgement.item} to take back"
                )
            return insert(connection, "judgements", [values])

    def last(self, item: int, annotator: str, repeat: int = 0) -> Judgement | None:
        """Return the last judgement of an item by an annotator, a taking back too; `None` for none."""
        found = self._rows(
            "SELECT * FROM judgements WHERE annotator = ? AND item = ? AND repeat = ? "
            "ORDER BY number DESC LIMIT 1",
            annotator,
            item,
            repeat,
        )
        return judgement_from_row(found[0]) if found else None

    def current(self, annotator: str) -> dict[tuple[int, int], Judgement]:
        """Return the judgements of an annotator that stand, by item and whether it is the second time."""
        rows = self._rows(
            "SELECT * FROM judgements WHERE number IN (SELECT max(number) FROM judgements WHERE "
            "annotator = ? GROUP BY item, repeat) AND action != 'take back' ORDER BY number",
            annotator,
        )
        return {(row["item"], row["repeat"]): judgement_from_row(row) for row in rows}

    def decisions(self) -> dict[int, Judgement]:
        """Return by item the adjudication that stands, the last one where several lead."""
        leads = [person.name for person in self.annotators if person.role == "lead"]
        made = [judgement for name in leads for judgement in self.current(name).values()]
        return {each.item: each for each in sorted(made, key=lambda each: each.number)}

    def judgements(self, item: int | None = None, *, since: int = 0) -> Iterator[Judgement]:
        """Yield every judgement that was ever made, also those taken back, of all items or one.

        Parameters
        ----------
        since
            The number of a judgement after which those of all items begin.
        """
        if item is None:
            rows = self._stream("SELECT * FROM judgements WHERE number > ? ORDER BY number", since)
        else:
            query = "SELECT * FROM judgements WHERE item = ? ORDER BY number"
            rows = self._stream(query, item)
        yield from map(judgement_from_row, rows)

    def steps_since(
        self, annotator: str, number: int
    ) -> Iterator[tuple[int, tuple[int, int], bool]]:
        """Yield the judgements after a number: their own, the item and repeat, and whether it stands."""
        rows = self._rows(
            "SELECT number, item, repeat, action FROM judgements WHERE annotator = ? AND number > ? "
            "ORDER BY number",
            annotator,
            number,
        )
        for row in rows:
            yield row["number"], (row["item"], row["repeat"]), row["action"] != "take back"

    def outdated(self, codebook: str) -> list[Judgement]:
        """Return the judgements that stand and were made by an earlier version of a codebook."""
        version = self.hashes[codebook]
        return [
            judgement
            for person in self.annotators
            for judgement in self.current(person.name).values()
            if judgement.hashes.get(codebook, version) != version
        ]
