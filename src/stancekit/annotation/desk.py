"""Where an annotator stands: what is next, what was last, what is asked of an item."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from stancekit.annotation.order import Step, next_item, order_of, progress_of
from stancekit.annotation.project import Project
from stancekit.annotation.records import Item, Judgement
from stancekit.codebook import Codebook

# So many of the last items say how fast somebody is.
_PACE = 50


@dataclass(frozen=True, slots=True)
class _Standing:
    """What is kept of a judgement that stands."""

    number: int
    seconds: float | None
    asked: tuple[str, ...]


@dataclass(slots=True)
class Desk:
    """What an annotator has judged, kept up to date from one page to the next.

    A page costs the judgements made since the one before, however large the project is.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "study.db"
    >>> rows = [{"text": "Peru said no.", "actor": "Peru", "target": "whaling"}]
    >>> with Project.create(file, rows=rows, codebooks=["stance"], annotators=["ana"]) as project:
    ...     Desk(project, "ana").next()
    (1, 0)
    """

    project: Project
    annotator: str
    standing: dict[Step, _Standing] = field(default_factory=dict)
    read: int = 0
    _is_filled: bool = False

    def update(self) -> None:
        """Read the judgements that were made since the last call, here or elsewhere."""
        if not self._is_filled:
            current = self.project.current(self.annotator)
            self.standing = {step: _kept(judgement) for step, judgement in current.items()}
            self.read = max((each.number for each in self.standing.values()), default=0)
            self._is_filled = True
        for number, step, stands in self.project.steps_since(self.annotator, self.read):
            # In the order of their numbers, so that the last one is at the end.
            self.standing.pop(step, None)
            judgement = self.last_of(step) if stands else None
            if judgement is not None:
                self.standing[step] = _kept(judgement)
            self.read = number

    def next(self) -> Step | None:
        """Return what is judged next, `None` where all is judged."""
        return next_item(self.project, self.annotator)

    def progress(self) -> tuple[int, int]:
        """Return how many items are judged, and how many there are."""
        return progress_of(self.project, self.annotator)

    def has(self, step: Step) -> bool:
        """Say whether an item is this annotator's."""
        self.update()
        return step in self.standing or step in order_of(self.project, self.annotator)

    def last_of(self, step: Step) -> Judgement | None:
        """Return the last judgement of an item, a taking back too."""
        return self.project.last(step[0], self.annotator, step[1])

    def last_step(self) -> Step | None:
        """Return what was judged last, `None` where nothing stands."""
        self.update()
        return next(reversed(self.standing), None)

    def pace(self) -> list[float]:
        """Return how many seconds the last items took."""
        self.update()
        last = list(reversed(self.standing.values()))[:_PACE]
        return [each.seconds for each in last if each.seconds is not None]

    def asked(self, step: Step, books: Sequence[Codebook]) -> tuple[str, ...]:
        """Return the codebooks that are asked of an item.

        Codes of a sentence are asked once, however many pairs it has; those of a second time are
        asked where they were the first time.
        """
        self.update()
        number, repeat = step
        first = self.standing.get((number, 0))
        names = []
        for book in books:
            if book.unit != "sentence":
                names.append(book.name)
            elif repeat:
                if first is None or book.name in first.asked:
                    names.append(book.name)
            elif not self._is_asked_elsewhere(number, book.name):
                names.append(book.name)
        return tuple(names)

    def _is_asked_elsewhere(self, number: int, book: str) -> bool:
        twins = sentence_twins(self.project).get(number, ())
        return any(
            (found := self.standing.get((twin, 0))) is not None and book in found.asked
            for twin in twins
        )


def _kept(judgement: Judgement) -> _Standing:
    return _Standing(judgement.number, judgement.seconds, tuple(judgement.codes))


def sentence_twins(project: Project) -> dict[int, tuple[int, ...]]:
    """Return by item the other items of the same sentence of the same article."""
    last = project.last_item
    if project.memo.get("twins of") != last:
        groups: dict[tuple[str, str], list[int]] = {}
        for number, article, text in project.sentences():
            groups.setdefault((article, text), []).append(number)
        project.memo["twins"] = {
            number: tuple(other for other in group if other != number)
            for group in groups.values()
            if len(group) > 1
            for number in group
        }
        project.memo["twins of"] = last
    twins: dict[int, tuple[int, ...]] = project.memo["twins"]
    return twins


def first_twin(item: Item, project: Project) -> int:
    """Return the number that stands for the sentence of an item: the smallest of its items."""
    return min(item.number, *sentence_twins(project).get(item.number, (item.number,)))
