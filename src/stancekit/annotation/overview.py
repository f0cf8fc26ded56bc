"""What all annotators have said so far, side by side: what the pages of a lead are made of."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from stancekit.annotation.forms import NO_PAIR
from stancekit.annotation.project import Project
from stancekit.annotation.records import Item, Judgement
from stancekit.codebook import Codebook
from stancekit.corpus.dataset import OWN_ARTICLE
from stancekit.corpus.judgements import AnnotatedSet, Codes
from stancekit.types import Example

# Annotator, item, and whether it is the second time.
Seat = tuple[str, int, int]


@dataclass(slots=True)
class Overview:
    """The judgements of a project that stand, kept up to date.

    Attributes
    ----------
    standing
        The last judgement of each place, without those taken back.
    blind
        The last one that was made before the model's code was seen.
    decisions
        By item what the lead decided.
    items
        The items that somebody has judged, by number.
    """

    project: Project
    standing: dict[Seat, Judgement] = field(default_factory=dict)
    blind: dict[Seat, Judgement] = field(default_factory=dict)
    decisions: dict[int, Judgement] = field(default_factory=dict)
    items: dict[int, Item] = field(default_factory=dict)
    read: int = 0

    def update(self) -> None:
        """Read the judgements that were made since the last call."""
        leads = {person.name for person in self.project.annotators if person.role == "lead"}
        for judgement in self.project.judgements(since=self.read):
            self.read = judgement.number
            if judgement.item not in self.items:
                self.items[judgement.item] = self.project.item(judgement.item)
            if judgement.annotator in leads:
                self._decide(judgement)
            else:
                self._judge(judgement)

    def _decide(self, judgement: Judgement) -> None:
        if judgement.action == "take back":
            self.decisions.pop(judgement.item, None)
        else:
            self.decisions[judgement.item] = judgement

    def _judge(self, judgement: Judgement) -> None:
        place = (judgement.annotator, judgement.item, judgement.repeat)
        self.standing.pop(place, None)
        if judgement.suggestion != "after":
            self.blind.pop(place, None)
        if judgement.action != "take back":
            self.standing[place] = judgement
            if judgement.suggestion != "after":
                self.blind[place] = judgement

    def people(self) -> list[str]:
        """Return the names of those who judge."""
        return [person.name for person in self.project.annotators if person.role == "annotator"]

    def sentence(self, number: int) -> tuple[str, str]:
        """Return what tells the sentence of an item from others: its article and its text."""
        item = self.items[number]
        return item.article or f"{OWN_ARTICLE}{item.text}", item.text

    def units(self, book: Codebook) -> dict[int, dict[str, Judgement]]:
        """Return by item, or by the first item of each sentence, who judged it by a codebook, and how.

        Controls are left out: they were chosen, not drawn.
        """
        found: dict[int, dict[str, Judgement]] = {}
        first: dict[tuple[str, str], int] = {}
        blind = sorted(self.blind.items(), key=lambda entry: entry[0][1])
        for (name, number, repeat), judgement in blind:
            if repeat or book.name not in judgement.codes:
                continue
            if self.items[number].kind == "control":
                continue
            if book.unit == "sentence":
                number = first.setdefault(self.sentence(number), number)  # noqa: PLW2901
            found.setdefault(number, {})[name] = judgement
        return found

    def annotated_set(self, book: Codebook) -> AnnotatedSet:
        """Return what annotators gave by a codebook, before they saw what a model says."""
        units, people = self.units(book), tuple(self.people())
        decided = self._decided(book)
        numbers = sorted(units)
        examples = [self._example(self.items[number], book) for number in numbers]
        codes = [
            tuple(_codes(units[number].get(name), book) for name in people) for number in numbers
        ]
        keys = [self._key(number, book) for number in numbers]
        return AnnotatedSet(
            name=self.project.path.stem,
            where=str(self.project.path),
            codebook=book,
            annotators=people,
            examples=tuple(examples),
            codes=tuple(codes),
            gold=tuple(decided.get(key) for key in keys),
            gold_from="adjudication",
            decided=frozenset(
                example.id for example, key in zip(examples, keys, strict=True) if key in decided
            ),
        )

    def _decided(self, book: Codebook) -> dict[object, Codes | None]:
        """Return what was decided by a codebook, by item or sentence; `None` where the pair is none."""
        return {
            self._key(number, book): judgement.codes.get(book.name)
            for number, judgement in self.decisions.items()
            if book.name in judgement.codes
            or (judgement.finding in NO_PAIR and book.unit != "sentence")
        }

    def _key(self, number: int, book: Codebook) -> object:
        return self.sentence(number) if book.unit == "sentence" else number

    def _example(self, item: Item, book: Codebook) -> Example:
        # Units are by sentence already, and a number is an id that no other has.
        pair = (None, None) if book.unit == "sentence" else (item.actor, item.target)
        return Example(str(item.number), item.text, *pair, self.sentence(item.number)[0])

    def voices(self, number: int, books: Sequence[Codebook]) -> Iterator[tuple[str, Judgement]]:
        """Yield who judged an item and how; codes of its sentence may come from another of its items."""
        of_sentence = {
            book.name: self.units(book).get(self._first(number, book), {})
            for book in books
            if book.unit == "sentence"
        }
        for name in self.people():
            own = self.blind.get((name, number, 0))
            codes = dict(own.codes) if own else {}
            for book, by_name in of_sentence.items():
                if book not in codes and name in by_name:
                    codes[book] = by_name[name].codes[book]
                    own = own or by_name[name]
            if own is not None:
                yield name, _with_codes(own, codes)

    def _first(self, number: int, book: Codebook) -> int:
        sentence = self.sentence(number)
        same = [other for other in self.units(book) if self.sentence(other) == sentence]
        return min(same, default=number)


def _codes(judgement: Judgement | None, book: Codebook) -> Codes | None:
    return None if judgement is None else judgement.codes[book.name]


def _with_codes(judgement: Judgement, codes: dict[str, Codes]) -> Judgement:
    return replace(judgement, codes=codes)
