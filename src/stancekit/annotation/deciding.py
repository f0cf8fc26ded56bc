"""What a lead is to decide: items that annotators judged differently, the most distant first."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from stancekit.annotation.overview import Overview
from stancekit.annotation.records import Judgement
from stancekit.codebook import Codebook
from stancekit.evaluation.disagreements import find_disagreements

# How far two are apart of whom one says that the pair is none: as far as any two codes.
_OTHER_FINDING = 1.0
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(slots=True)
class Dispute:
    """An item to decide, with how far annotators are apart by codebook."""

    number: int
    distances: dict[str, float] = field(default_factory=dict)
    is_of_finding: bool = False

    @property
    def rank(self) -> tuple[float, int]:
        """Return what disputes are sorted by: the most distant first."""
        most = max(self.distances.values(), default=0.0)
        return -max(most, _OTHER_FINDING if self.is_of_finding else 0.0), self.number


def find_disputes(overview: Overview) -> list[Dispute]:
    """Return the items to decide, the most distant first.

    Codes of a sentence are decided once, at the first of its items that is in dispute.
    """
    found: dict[int, Dispute] = {}
    for number in _disputed_findings(overview):
        found[number] = Dispute(number, is_of_finding=True)
    by_sentence = {overview.sentence(number): number for number in sorted(found, reverse=True)}
    books = sorted(overview.project.codebooks, key=lambda book: book.unit == "sentence")
    for book in books:
        for row in find_disagreements(overview.annotated_set(book)):
            number = int(row["id"])
            sentence = overview.sentence(number)
            if book.unit == "sentence":
                number = by_sentence.get(sentence, number)
            by_sentence.setdefault(sentence, number)
            found.setdefault(number, Dispute(number)).distances[book.name] = row["distance"]
    return sorted(found.values(), key=lambda dispute: dispute.rank)


def _disputed_findings(overview: Overview) -> list[int]:
    findings: dict[int, set[str]] = {}
    for (_, number, repeat), judgement in overview.blind.items():
        if not repeat and number not in overview.decisions:
            findings.setdefault(number, set()).add(judgement.finding)
    return [
        number
        for number, each in findings.items()
        if len(each) > 1 and overview.items[number].kind != "control"
    ]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many items of two annotators or more are unanimous, decided, or still to decide."""

    unanimous: int
    decided: int
    left: int


def count_outcomes(overview: Overview, disputes: Sequence[Dispute]) -> Outcome:
    """Return what has become of the items that several have judged."""
    judged: dict[int, set[str]] = {}
    for name, number, repeat in overview.blind:
        if not repeat and overview.items[number].kind != "control":
            judged.setdefault(number, set()).add(name)
    several = {number for number, names in judged.items() if len(names) > 1}
    left = {dispute.number for dispute in disputes}
    decided = set(overview.decisions) - left
    return Outcome(len(several - left - decided), len(decided), len(left))


def in_hidden_order(
    voices: Sequence[tuple[str, Judgement]], number: int
) -> list[tuple[str, Judgement]]:
    """Return judgements with a letter in place of each name, in an order of each item's own."""
    shuffled = sorted(
        voices, key=lambda voice: hashlib.sha256(f"{number} {voice[0]}".encode()).digest()
    )
    letters = [_LETTERS[at] if at < len(_LETTERS) else str(at + 1) for at in range(len(shuffled))]
    return [(letter, voice[1]) for letter, voice in zip(letters, shuffled, strict=True)]


def books_of(
    dispute: Dispute | None, decision: Judgement | None, books: Sequence[Codebook]
) -> tuple[str, ...]:
    """Return the codebooks to decide: those in dispute, those decided before, or all."""
    if dispute is not None and dispute.distances:
        return tuple(book.name for book in books if book.name in dispute.distances)
    if dispute is not None:
        return tuple(book.name for book in books if book.unit != "sentence")
    if decision is not None:
        return tuple(decision.codes)
    return tuple(book.name for book in books)
