"""What a methods section says of an annotation project, counted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from stancekit.annotation.keys import FINDING_KEYS
from stancekit.annotation.overview import Overview
from stancekit.annotation.project import Project
from stancekit.annotation.records import Item, Judgement
from stancekit.annotation.tallies import CountOf, Missed, PersonTally, find_missed, tally
from stancekit.codebook import Codebook
from stancekit.corpus.adjudication import majority
from stancekit.corpus.judgements import AnnotatedSet
from stancekit.errors import KitError
from stancekit.evaluation.agreement import Agreement, measure_agreement

# How the final codes of a unit came about, in the order in which tables have them.
ENDINGS = ("adjudicated", "unanimous", "majority", "one annotator", "undecided")


@dataclass(frozen=True, slots=True, kw_only=True)
class CodebookFacts:
    """What was judged by one codebook.

    Attributes
    ----------
    agreement
        On the items that were drawn, before adjudication; `None` where no two annotators have an
        item in common.
    on_calibration
        The same on the items that all judged first.
    endings
        How many units have which of `ENDINGS`.
    given
        How often each code was given; the empty one where none of them was.
    versions
        By version how many judgements were made by it, the latest last.
    """

    codebook: Codebook
    agreement: Agreement | None
    on_calibration: Agreement | None
    endings: Counter[str]
    given: Counter[str]
    versions: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """A project in numbers.

    Attributes
    ----------
    items
        How many there are.
    judged
        Those that somebody judged.
    judgements
        All that stand; of one after a suggestion, that before it.
    people
        Those who judged.
    by_several
        How many of the judged items, without controls, two annotators or more judged.
    changed
        How many judgements were changed once a model's code was shown, of how many.
    missed
        In how many items an annotator stated that the actor or the target is wrong.
    """

    items: int
    judged: Sequence[Item]
    judgements: Sequence[Judgement]
    people: Sequence[PersonTally]
    codebooks: Sequence[CodebookFacts]
    by_several: int
    changed: CountOf
    missed: Sequence[Missed]


def study_project(project: Project) -> Study:
    """Count what a methods section says of a project.

    Raises
    ------
    KitError
        When nobody has judged anything.
    """
    overview = Overview(project)
    overview.update()
    blind = overview.blind
    if not blind:
        raise KitError(f"nobody has judged anything in {project.path} yet; there is no report")
    first = [(name, number) for name, number, repeat in blind if not repeat]
    of_person = Counter(name for name, _ in first)
    of_item = Counter(number for _, number in first)
    numbers = sorted(of_item)
    drawn = [number for number in numbers if overview.items[number].kind != "control"]
    return Study(
        items=project.n_items,
        judged=[overview.items[number] for number in numbers],
        judgements=list(blind.values()),
        people=[
            tally(overview, name, (of_person[name], project.n_items))
            for name in overview.people()
            if of_person[name]
        ],
        codebooks=[_codebook_facts(overview, book) for book in project.codebooks],
        by_several=sum(of_item[number] > 1 for number in drawn),
        changed=_changes(overview),
        missed=find_missed(overview, list(FINDING_KEYS)),
    )


def _changes(overview: Overview) -> CountOf:
    changed = []
    for place, last in overview.standing.items():
        before = overview.blind.get(place)
        if last.revised is not None:
            changed.append(dict(last.revised) != dict(last.codes))
        elif last.suggestion == "after" and before is not None:
            changed.append(dict(last.codes) != dict(before.codes))
    return CountOf(sum(changed), len(changed))


def _codebook_facts(overview: Overview, book: Codebook) -> CodebookFacts:
    annotated = overview.annotated_set(book)
    versions = Counter(
        each.hashes.get(book.name, "")
        for (_, _, repeat), each in overview.blind.items()
        if book.name in each.codes and not repeat
    )
    current = overview.project.hashes[book.name]
    given = (each for codes in annotated.codes for each in codes if each is not None)
    return CodebookFacts(
        codebook=book,
        agreement=_agreement(_of_kind(annotated, overview, "sampled")),
        on_calibration=_agreement(_of_kind(annotated, overview, "calibration")),
        endings=_endings(annotated),
        given=Counter(code for each in given for code in each or ("",)),
        versions=dict(sorted(versions.items(), key=lambda entry: entry[0] == current)),
    )


def _of_kind(annotated: AnnotatedSet, overview: Overview, kind: str) -> AnnotatedSet:
    """Return the examples that are items of a kind; their ids are the items' numbers."""
    numbers = [int(example.id) for example in annotated.examples]
    rows = [row for row, number in enumerate(numbers) if overview.items[number].kind == kind]
    return replace(
        annotated,
        examples=tuple(annotated.examples[row] for row in rows),
        codes=tuple(annotated.codes[row] for row in rows),
        gold=tuple(annotated.gold[row] for row in rows),
    )


def _agreement(annotated: AnnotatedSet) -> Agreement | None:
    if not any(sum(each is not None for each in codes) > 1 for codes in annotated.codes):
        return None
    return measure_agreement(annotated)


def _endings(annotated: AnnotatedSet) -> Counter[str]:
    """Count how the final codes of units came about."""
    found: Counter[str] = Counter()
    for example, codes in zip(annotated.examples, annotated.codes, strict=True):
        given = [each for each in codes if each is not None]
        if example.id in annotated.decided:
            found["adjudicated"] += 1
        elif len(given) == 1:
            found["one annotator"] += 1
        elif len(set(map(frozenset, given))) == 1:
            found["unanimous"] += 1
        else:
            tied = majority(given, annotated.codebook) is None
            found["undecided" if tied else "majority"] += 1
    return found
