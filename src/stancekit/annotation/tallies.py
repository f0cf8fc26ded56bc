"""Counts of what annotators do: codes, time, agreement with themselves and with controls, what was not found."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from statistics import median

from stancekit.annotation.overview import Overview
from stancekit.annotation.records import Judgement
from stancekit.codebook import Codebook
from stancekit.corpus.judgements import AnnotatedSet


@dataclass(frozen=True, slots=True)
class CountOf:
    """How many of how many."""

    count: int
    n: int

    @property
    def percent(self) -> str:
        """Return the share in percent, a dash where there is none."""
        return f"{100 * self.count / self.n:.0f} %" if self.n else "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonTally:
    """What an annotator has done.

    Attributes
    ----------
    seconds
        The median of what an item took, `None` where that is not known.
    codes
        By codebook how often each code was given; the empty code where none of them was.
    same
        By codebook on how many of the hidden second times the codes were the same.
    right
        By codebook how many controls have the right codes.
    """

    name: str
    done: int
    total: int
    seconds: float | None
    unsure: int
    notes: int
    codes: Mapping[str, Counter[str]]
    same: Mapping[str, CountOf]
    right: Mapping[str, CountOf]


def tally(overview: Overview, name: str, progress: tuple[int, int]) -> PersonTally:
    """Return the tally of an annotator.

    Parameters
    ----------
    progress
        How many items are judged, and how many there are.
    """
    books = overview.project.codebooks
    own = [each for (who, _, _), each in overview.standing.items() if who == name]
    seconds = [each.seconds for each in own if each.seconds is not None]
    return PersonTally(
        name=name,
        done=progress[0],
        total=progress[1],
        seconds=median(seconds) if seconds else None,
        unsure=sum(each.unsure for each in own),
        notes=sum(bool(each.note) for each in own),
        codes={book.name: _count_codes(own, book) for book in books},
        same={book.name: _agree_with_oneself(overview, name, book) for book in books},
        right={book.name: _agree_with_controls(overview, name, book) for book in books},
    )


def _count_codes(own: Sequence[Judgement], book: Codebook) -> Counter[str]:
    return Counter(
        code for each in own if book.name in each.codes for code in each.codes[book.name] or ("",)
    )


def _agree_with_oneself(overview: Overview, name: str, book: Codebook) -> CountOf:
    both = []
    for (who, number, repeat), second in overview.blind.items():
        first = overview.blind.get((name, number, 0))
        if who == name and repeat and first and {book.name} <= first.codes.keys() & second.codes:
            both.append(first.codes[book.name] == second.codes[book.name])
    return CountOf(sum(both), len(both))


def _agree_with_controls(overview: Overview, name: str, book: Codebook) -> CountOf:
    right = [
        each.codes[book.name] == overview.items[number].gold[book.name]
        for (who, number, repeat), each in overview.blind.items()
        if who == name and not repeat and book.name in each.codes
        if book.name in overview.items[number].gold
    ]
    return CountOf(sum(right), len(right))


@dataclass(frozen=True, slots=True)
class Confusion:
    """Two codes of which one annotator gave the first and another the second, and where.

    An empty code is none at all.
    """

    first: str
    second: str
    items: tuple[int, ...]


def find_confusions(annotated: AnnotatedSet) -> list[Confusion]:
    """Return which codes annotators gave in each other's place, the most frequent first.

    Of sets of codes, those count that one annotator has and the other has not; where only one of
    the two has more, the other's is the empty code.

    Parameters
    ----------
    annotated
        Examples whose ids are numbers of items.

    Examples
    --------
    >>> from stancekit.codebook import load_codebook
    >>> from stancekit.types import Example
    >>> examples = (Example("7", "Peru spoke."),)
    >>> codes = ((("none",), ("abstain",)),)
    >>> data = AnnotatedSet("a", "a", load_codebook("stance"), ("x", "y"), examples, codes, (None,))
    >>> find_confusions(data)
    [Confusion(first='abstain', second='none', items=(7,))]
    """
    places: dict[tuple[str, str], list[int]] = {}
    known = {code.name: at for at, code in enumerate(annotated.codebook.codes)}
    last = len(known)
    for example, codes in zip(annotated.examples, annotated.codes, strict=True):
        given = {frozenset(each) for each in codes if each is not None}
        swapped: set[tuple[str, str]] = set()
        for one, other in combinations(given, 2):
            for pair in product(one - other or {""}, other - one or {""}):
                first, second = sorted(pair, key=lambda code: known.get(code, last))
                swapped.add((first, second))
        for first, second in swapped:
            places.setdefault((first, second), []).append(int(example.id))
    found = [Confusion(*pair, tuple(numbers)) for pair, numbers in places.items()]
    return sorted(
        found,
        key=lambda each: (
            -len(each.items),
            known.get(each.first, last),
            known.get(each.second, last),
        ),
    )


@dataclass(frozen=True, slots=True)
class Missed:
    """What annotators say of how actors and targets were found.

    `cases` are those of which somebody said so, with the words that were marked.
    """

    finding: str
    share: CountOf
    cases: tuple[tuple[int, str], ...]


def find_missed(overview: Overview, findings: Sequence[str]) -> list[Missed]:
    """Return for each finding in how many of the items judged somebody stated it."""
    judged = {number for _, number, repeat in overview.standing if not repeat}
    judged = {number for number in judged if overview.items[number].kind != "control"}
    found = []
    for finding in findings:
        cases: dict[int, str] = {}
        for (_, number, repeat), each in overview.standing.items():
            if each.finding == finding and not repeat and number in judged:
                cases[number] = cases.get(number) or each.marked
        found.append(Missed(finding, CountOf(len(cases), len(judged)), tuple(cases.items())))
    return found
