"""What a methods section says of an annotation project, counted."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from stancekit.annotation.exchange.outward import standing_judgements
from stancekit.annotation.project import Project
from stancekit.annotation.records import Item, Judgement
from stancekit.codebook import Codebook
from stancekit.corpus import TableCorpus
from stancekit.corpus.adjudication import majority
from stancekit.corpus.judgements import AnnotatedSet
from stancekit.errors import KitError
from stancekit.evaluation.agreement import Agreement, measure_agreement

# How the final codes of a unit came about, in the order in which tables have them.
ENDINGS = ("adjudicated", "unanimous", "majority", "one annotator", "undecided")


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many of how many."""

    n: int
    of: int

    @property
    def shown(self) -> str:
        """Return both, and a dash where there are none.

        Examples
        --------
        >>> Ratio(3, 4).shown, Ratio(0, 0).shown
        ('3 of 4', '–')
        """
        return f"{self.n} of {self.of}" if self.of else "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotatorFacts:
    """What one annotator did.

    Attributes
    ----------
    items
        How many items they judged.
    seconds
        The median of what a judgement took, `None` where that is not known.
    same
        On how many hidden repetitions all codes are the same as before.
    right
        On how many controls all codes are the known ones.
    """

    name: str
    items: int
    unsure: int
    notes: int
    seconds: float | None
    same: Ratio
    right: Ratio


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
    judged
        The items that somebody judged.
    judgements
        All that stand; those after a suggestion are not counted beside the ones before.
    by_several
        How many of the judged items, without controls, two annotators or more judged.
    seen_before
        How many judgements were made with the model's code in view.
    seen_after
        On how many it was shown afterwards, and how many of these were changed.
    findings
        In how many items an annotator stated each.
    """

    items: int
    judged: Sequence[Item]
    judgements: Sequence[Judgement]
    people: Sequence[AnnotatorFacts]
    codebooks: Sequence[CodebookFacts]
    by_several: int
    seen_before: int
    seen_after: Ratio
    findings: Counter[str]


def study_project(project: Project) -> Study:
    """Count what a methods section says of a project.

    Raises
    ------
    KitError
        When nobody has judged anything.
    """
    standing = standing_judgements(project)
    made = [each for each in standing if each.action == "judge"]
    if not made:
        raise KitError(f"nobody has judged anything in {project.path} yet; there is no report")
    items = {item.number: item for item in project.items()}
    blind = [each for each in made if each.suggestion != "after"]
    first = [each for each in blind if not each.repeat]
    judges = Counter(each.item for each in first if items[each.item].kind != "control")
    numbers = sorted({each.item for each in first})
    names = [person.name for person in project.annotators if person.role == "annotator"]
    stated = {(each.item, each.finding) for each in made if each.finding}
    return Study(
        items=len(items),
        judged=[items[number] for number in numbers],
        judgements=blind,
        people=[_annotator_facts(name, blind, items) for name in names],
        codebooks=[_codebook_facts(project, book, first, items) for book in project.codebooks],
        by_several=sum(n > 1 for n in judges.values()),
        seen_before=sum(each.suggestion == "before" for each in blind),
        seen_after=_changes(made),
        findings=Counter(finding for _, finding in stated),
    )


def _annotator_facts(
    name: str, blind: Iterable[Judgement], items: Mapping[int, Item]
) -> AnnotatorFacts:
    own = [each for each in blind if each.annotator == name]
    first = {each.item: each for each in own if not each.repeat}
    again = [each for each in own if each.repeat and each.item in first]
    controls = [each for each in first.values() if items[each.item].kind == "control"]
    seconds = [each.seconds for each in own if each.seconds is not None]
    return AnnotatorFacts(
        name=name,
        items=len(first),
        unsure=sum(each.unsure for each in first.values()),
        notes=sum(bool(each.note) for each in first.values()),
        seconds=median(seconds) if seconds else None,
        same=Ratio(sum(each.codes == first[each.item].codes for each in again), len(again)),
        right=Ratio(sum(_is_right(each, items[each.item]) for each in controls), len(controls)),
    )


def _is_right(judgement: Judgement, control: Item) -> bool:
    return all(
        set(judgement.codes.get(name, ("",))) == set(codes) for name, codes in control.gold.items()
    )


def _changes(made: Iterable[Judgement]) -> Ratio:
    """Return how many codes were changed once the model's were seen, of how many."""
    blind: dict[tuple[int, str, int], Judgement] = {}
    changed = []
    for each in made:
        key = (each.item, each.annotator, each.repeat)
        if each.suggestion != "after":
            blind[key] = each
            if each.revised is not None:
                changed.append(each.revised != each.codes)
        elif key in blind:
            changed.append(each.codes != blind[key].codes)
    return Ratio(sum(changed), len(changed))


def _codebook_facts(
    project: Project, book: Codebook, first: Iterable[Judgement], items: Mapping[int, Item]
) -> CodebookFacts:
    kinds = {item.id: item.kind for item in items.values()}
    # Whatever column other data have a codebook's labels in, a project has its name.
    corpus = TableCorpus(str(project.path), suggested=True, columns={"labels": book.name})
    annotated = corpus.annotations(book)
    drawn = _of_kind(annotated, kinds, "sampled")
    calibration = _of_kind(annotated, kinds, "calibration")
    both = _of_kind(annotated, kinds, "sampled", "calibration")
    counts = Counter(each.hashes.get(book.name, "") for each in first if book.name in each.codes)
    current = project.hashes[book.name]
    return CodebookFacts(
        codebook=book,
        agreement=_agreement(drawn),
        on_calibration=_agreement(calibration),
        endings=_endings(both),
        given=Counter(
            code
            for codes in (both.codes if both else ())
            for each in codes
            if each is not None
            for code in each or ("",)
        ),
        versions=dict(sorted(counts.items(), key=lambda entry: entry[0] == current)),
    )


def _of_kind(
    annotated: AnnotatedSet | None, kinds: Mapping[str, str], *wanted: str
) -> AnnotatedSet | None:
    """Return the examples that are items of some kinds, and that somebody judged."""
    if annotated is None:
        return None
    rows = [
        row
        for row, example in enumerate(annotated.examples)
        if kinds.get(example.id) in wanted
        and any(each is not None for each in annotated.codes[row])
    ]
    return replace(
        annotated,
        examples=tuple(annotated.examples[row] for row in rows),
        codes=tuple(annotated.codes[row] for row in rows),
        gold=tuple(annotated.gold[row] for row in rows),
    )


def _agreement(annotated: AnnotatedSet | None) -> Agreement | None:
    if annotated is None or len(annotated.annotators) < 2:
        return None
    if not any(sum(each is not None for each in codes) > 1 for codes in annotated.codes):
        return None
    return measure_agreement(annotated)


def _endings(annotated: AnnotatedSet | None) -> Counter[str]:
    """Count how the final codes of units came about."""
    found: Counter[str] = Counter()
    units = annotated.units() if annotated else None
    for example, codes in zip(units.examples, units.codes, strict=True) if units else ():
        given = [each for each in codes if each is not None]
        if example.id in units.decided:  # type: ignore[union-attr]
            found["adjudicated"] += 1
        elif len(given) == 1:
            found["one annotator"] += 1
        elif len(set(map(frozenset, given))) == 1:
            found["unanimous"] += 1
        else:
            decided = majority(given, units.codebook)  # type: ignore[union-attr]
            found["undecided" if decided is None else "majority"] += 1
    return found
