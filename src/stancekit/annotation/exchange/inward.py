"""Judgements of a file into a project: all of them, or none and what is wrong with each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from stancekit.annotation.exchange.known_formats import read_records
from stancekit.annotation.exchange.outward import standing_judgements
from stancekit.annotation.exchange.record import Record
from stancekit.annotation.project import Project
from stancekit.annotation.records import Item, Judgement, Role
from stancekit.annotation.tables import check_judgement
from stancekit.codebook import Codebook
from stancekit.errors import KitError, listing
from stancekit.fileio import unguard_cell

# Who made a judgement of what: the same for the one before and after a suggestion.
_Key = tuple[int, str, int, bool]


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What became of a file: how many judgements were added, how many were there, and what to know."""

    added: int
    known: int
    annotators: tuple[str, ...]
    notes: tuple[str, ...]


class ItemFinder:
    """Finds the item of a record: by its id, else by its text, actor and target."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._by_id: dict[str, Item] = {}
        self._by_text: dict[str, list[Item]] = {}
        for item in items:
            self._by_id[item.id] = item
            self._by_id.setdefault(unguard_cell(item.id), item)
            for text in dict.fromkeys(_shown_texts(item)):
                self._by_text.setdefault(text, []).append(item)

    def find(self, record: Record) -> Item | str:
        """Return the item, or why there is none.

        Other programs put ids of their own in the place of those of rows, so that an id with
        another text is none.
        """
        item = self._by_id.get(record.id)
        if item is not None and (not record.text or _is_same(record, item)):
            return item
        of_text = self._by_text.get(_one_line(record.text), []) if record.text else []
        fitting = [each for each in of_text if _is_same(record, each)]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            ids = listing((each.id for each in fitting), 3)
            return f"is of a text that {len(fitting)} items have ({ids}); give it the id of one"
        return "is another text in the project" if item is not None else "is not in the project"


def _is_same(record: Record, item: Item) -> bool:
    names = [(record.actor, item.actor), (record.target, item.target)]
    return _one_line(record.text) in _shown_texts(item) and all(
        not name or name == (mention and mention.name) for name, mention in names
    )


def _shown_texts(item: Item) -> list[str]:
    """Return the text of an item, and what is left of it where a guard was taken off that was none."""
    return [_one_line(item.text), _one_line(unguard_cell(item.text))]


def _one_line(text: str) -> str:
    """Return a text without what spreadsheets and web pages do to its white space."""
    return " ".join(text.split())


def take_in(
    project: Project, path: Path, *, format: str | None = None, annotator: str = ""
) -> TakenIn:
    """Add the judgements of a file to a project.

    What the project has already is not added again, and nothing that it has is replaced.

    Parameters
    ----------
    format, annotator
        As of `read_records`.

    Raises
    ------
    KitError
        When the file cannot be read, or some judgement cannot be added; then none is.
    """
    read = read_records(path, project.codebooks, format=format, annotator=annotator)
    intake = _Intake(project)
    for record in read.records:
        intake.take(record)
    intake.compare()
    intake.check(str(path))
    roles = {judgement.annotator: _role_of(judgement) for judgement in intake.new}
    added = project.add_judgements(intake.new, roles)
    notes = list(read.notes)
    if intake.without_version:
        notes.append(
            f"{intake.without_version} judgements do not say by which version of the codebook they "
            "were made, and are taken as of the present one"
        )
    people = tuple(dict.fromkeys(record.judgement.annotator for record in read.records))
    return TakenIn(added, intake.known, people, tuple(notes))


def _role_of(judgement: Judgement) -> Role:
    return "lead" if judgement.action == "adjudicate" else "annotator"


class _Intake:
    """Holds judgements against a project, and collects what cannot be added by kind."""

    def __init__(self, project: Project) -> None:
        self.finder = ItemFinder(project.items())
        self.current = {book.name: book for book in project.codebooks}
        self.versions: dict[str, Codebook | None] = {}
        self.project = project
        self.roles = {person.name: person.role for person in project.annotators}
        self.there = _by_key(standing_judgements(project))
        self.given: dict[_Key, list[tuple[Record, Judgement]]] = {}
        self.new: list[Judgement] = []
        self.known = 0
        self.without_version = 0
        self.faults: dict[str, list[str]] = {}

    def take(self, record: Record) -> None:
        """Find the item of a record, and check its codes."""
        label = record.id or record.place
        found = self.finder.find(record)
        if isinstance(found, str):
            self._fault(found, label)
            return
        judgement = replace(record.judgement, item=found.number)
        role = self.roles.setdefault(judgement.annotator, _role_of(judgement))
        if role != _role_of(judgement):
            self._fault(
                f"is of {judgement.annotator}, who is {role}: annotators judge, a lead adjudicates",
                label,
            )
            return
        if (books := self._books(judgement, label)) is None:
            return
        try:
            checked = check_judgement(judgement, books)
        except KitError as error:
            self._fault(str(error).partition(": ")[2], label)
            return
        self.given.setdefault(_key_of(checked), []).append((record, checked))

    def _books(self, judgement: Judgement, label: str) -> list[Codebook] | None:
        """Return the codebooks in the versions by which a judgement was made."""
        books = dict(self.current)
        for name, version in judgement.hashes.items():
            book = self._version(version)
            if book is None or book.name != name:
                self._fault(
                    f"was judged by version {version} of {name}, which the project does not have; "
                    f"clear it in the file ({name}_hash) to take the present one",
                    label,
                )
                return None
            books[name] = book
        return list(books.values())

    def _version(self, version: str) -> Codebook | None:
        if version not in self.versions:
            try:
                self.versions[version] = self.project.codebook_version(version)
            except KitError:
                self.versions[version] = None
        return self.versions[version]

    def compare(self) -> None:
        """Tell judgements that the project has from new ones, and from those that differ."""
        for key, given in self.given.items():
            label = given[0][0].id or given[0][0].place
            once = _without_twins([judgement for _, judgement in given])
            there = self.there.get(key, [])
            if not _is_one(once):
                self._fault("is judged more than once by one annotator; keep one", label)
            elif not there:
                self.new += once
                self.without_version += sum(not each.hashes for each in once if each.codes)
            elif _all_same(once, there):
                self.known += len(once)
            else:
                self._fault(
                    f"is judged otherwise by {key[1]} in the project; take it out of the file, or "
                    "rename who judged there",
                    label,
                )

    def _fault(self, kind: str, label: str) -> None:
        self.faults.setdefault(kind, []).append(label)

    def check(self, name: str) -> None:
        """Raise one `KitError` for all faults."""
        if not self.faults:
            return
        n = sum(map(len, self.faults.values()))
        told = [f"{listing(labels)} {kind}" for kind, labels in self.faults.items()]
        more = f"; and {len(told) - 8} more kinds" if len(told) > 8 else ""
        raise KitError(
            f"{n} judgements of {name} cannot be added, and none was: {'; '.join(told[:8])}{more}. "
            "Correct them, or take them out"
        )


def _key_of(judgement: Judgement) -> _Key:
    decides = judgement.action == "adjudicate"
    return judgement.item, judgement.annotator, judgement.repeat, decides


def _by_key(judgements: Iterable[Judgement]) -> Mapping[_Key, list[Judgement]]:
    held: dict[_Key, list[Judgement]] = {}
    for judgement in judgements:
        held.setdefault(_key_of(judgement), []).append(judgement)
    return held


def _is_one(judgements: Sequence[Judgement]) -> bool:
    """Say whether judgements of a key are a single one, or one before and one after a suggestion."""
    seen = [judgement.suggestion for judgement in judgements]
    return len(seen) == 1 or seen == ["", "after"]


def _without_twins(judgements: Sequence[Judgement]) -> list[Judgement]:
    once: list[Judgement] = []
    for judgement in judgements:
        if not any(_is_equal(judgement, other) for other in once):
            once.append(judgement)
    return sorted(once, key=lambda judgement: judgement.suggestion == "after")


def _all_same(given: Sequence[Judgement], there: Sequence[Judgement]) -> bool:
    return all(any(_is_equal(each, other) for other in there) for each in given)


def _is_equal(given: Judgement, there: Judgement) -> bool:
    """Say whether two judgements say the same; what the given one does not say counts as said."""
    for field in fields(Judgement):
        own = getattr(given, field.name)
        unsaid = field.name in ("at", "hashes", "seconds") and not own
        if field.name in ("number", "request") or unsaid:
            continue
        if own != getattr(there, field.name):
            return False
    return True
