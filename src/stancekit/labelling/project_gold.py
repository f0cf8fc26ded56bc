"""Gold of an annotation project: one decided code per row, and what to tell of how it was decided."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from stancekit.codebook import Codebook
from stancekit.corpus.adjudication import majority
from stancekit.corpus.project_file import (
    ANNOTATOR_COLUMN,
    CONTROL,
    SUGGESTION_COLUMN,
    JudgedItem,
    is_project,
    project_codebooks,
    read_judged_items,
    suggested_note,
)
from stancekit.errors import KitError, listing
from stancekit.labelling.row_format import LabelRow

# How a row was decided, in the words of notes.
DECIDED = "adjudicated"
GIVEN_ALIKE = "given alike by two annotators or more"
BY_MOST = "given by most annotators"
BY_ONE = "given by one annotator"


@dataclass(frozen=True, slots=True)
class Decision:
    """The codes of a row, `None` where there are none, and how they were decided or why not."""

    codes: list[str] | None
    how: str = ""


def project_rows(path: Path, codebook: str) -> list[LabelRow]:
    """Return the items of a project as rows of an annotated sample; controls are none of it.

    An item has the adjudicated codes, else those of all or most annotators; one without is not
    annotated. Where a model's code was shown after judging, the codes before it count.

    Raises
    ------
    KitError
        When the file is no project, or is damaged.
    """
    book = project_codebooks(path).get(codebook)
    rows: list[LabelRow] = []
    for item in _sampled(path):
        row = _drawn_row(item)
        if book is not None:
            row[codebook] = _decide_item(item, book).codes
        rows.append(row)
    return rows


def _drawn_row(item: JudgedItem) -> LabelRow:
    """Return what a row of a sample says of how it was drawn."""
    facts = item.facts
    row: LabelRow = {"id": facts["id"], "batch": facts["batch"], "sentence": facts["text"]}
    row |= {"actor": facts["actor"], "target": facts["target"]}
    if facts["probability"] is not None:
        row["probability"] = facts["probability"]
    return row


def project_judgements(path: Path, codebook: str) -> list[LabelRow]:
    """Return a row for each judgement of a project, and for each item that has none; decisions are none.

    Raises
    ------
    KitError
        When the file is no project, or is damaged.
    """
    rows: list[LabelRow] = []
    for item in _sampled(path):
        row = _drawn_row(item)
        judged = [each for each in item.of_annotators() if codebook in each.codes]
        rows += [
            row
            | {
                ANNOTATOR_COLUMN: each.annotator,
                SUGGESTION_COLUMN: each.suggestion,
                codebook: each.codes[codebook],
            }
            for each in judged
        ]
        if not judged:
            rows.append(row | {ANNOTATOR_COLUMN: None, codebook: None})
    return rows


def project_notes(sources: Sequence[object], codebook: str, *, suggested: bool) -> list[str]:
    """Return what to tell of the projects among sources of gold.

    Raises
    ------
    KitError
        When judgements were made with a model's code in view, and `suggested` is not set.
    """
    files = [source for source in sources if isinstance(source, str | Path) and is_project(source)]
    notes = []
    for file in files:
        book = project_codebooks(file).get(codebook)
        if book is not None:
            notes += _notes(Path(file), book, suggested=suggested)
    return notes


def _sampled(path: Path) -> Iterator[JudgedItem]:
    for item in read_judged_items(path):
        if item.facts["kind"] != CONTROL:
            yield item


def _decide_item(item: JudgedItem, book: Codebook) -> Decision:
    decided = item.decision(book.name)
    if decided is not None:
        return Decision(decided, DECIDED)
    judged = item.of_annotators()
    given = [tuple(each.codes[book.name]) for each in judged if book.name in each.codes]
    if not given:
        findings = [each.facts["finding"] for each in judged if each.facts["finding"]]
        return Decision(None, findings[-1] if findings else "")
    return decide_by_most(given, book)


def decide_by_most(given: Sequence[tuple[str, ...]], book: Codebook) -> Decision:
    """Return the codes that most annotators gave to a row, without any where they are tied.

    Examples
    --------
    >>> from stancekit.codebook import load_codebook
    >>> decide_by_most([("condemn",), ("none",), ("condemn",)], load_codebook("stance"))
    Decision(codes=['condemn'], how='given by most annotators')
    """
    codes = majority(given, book)
    if codes is None:
        return Decision(None, BY_MOST)
    alike = len(set(map(frozenset, given))) == 1
    return Decision(list(codes), BY_ONE if len(given) == 1 else GIVEN_ALIKE if alike else BY_MOST)


def _notes(path: Path, book: Codebook, *, suggested: bool) -> list[str]:
    how: Counter[str] = Counter()
    findings: Counter[str] = Counter()
    tied: list[str] = []
    seen: list[str] = []
    for item in _sampled(path):
        decision = _decide_item(item, book)
        if decision.codes is not None:
            how[decision.how] += 1
        elif decision.how == BY_MOST:
            tied.append(item.facts["id"])
        else:
            findings[decision.how] += 1
        # An adjudicator saw what the annotators gave, and decides whatever they had seen.
        if decision.how != DECIDED:
            judged = [each for each in item.of_annotators() if book.name in each.codes]
            seen += [each.suggestion for each in judged]
    note = suggested_note(seen.count("before"), len(seen), f"{book.name} in {path}")
    if note and not suggested:
        raise KitError(f"{note}; set suggested=true to use them all the same")
    del findings[""]
    return [told for told in (*tell_decisions(path, how, tied, findings), note) if told]


def tell_decisions(
    where: str | Path, how: Counter[str], tied: Sequence[str], findings: Counter[str]
) -> Iterator[str]:
    """Yield how rows were decided, and which were not."""
    if how:
        shown = ", ".join(f"{n} {words}" for words, n in how.most_common())
        yield f"gold of {where}: {shown}"
    if tied:
        yield (
            f"{len(tied)} rows of {where} on which no code has a majority are not used "
            f"({listing(tied)}); adjudicate them, since hard rows are not like the others"
        )
    if findings:
        shown = ", ".join(f"{words} {n}" for words, n in findings.most_common())
        yield f"{findings.total()} rows of {where} have a finding and no code: {shown}"
