"""Gold of several judgements per row, or of posteriors: one row each, and how uncertain it is."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stancekit.codebook import Code, Codebook
from stancekit.corpus.dawid_skene import check_identified
from stancekit.corpus.project_file import (
    ADJUDICATED,
    ANNOTATOR_COLUMN,
    CONTROL,
    ITEM_KINDS,
    SUGGESTION_COLUMN,
    suggested_note,
)
from stancekit.errors import KitError, listing
from stancekit.labelling.gold_cells import gold_codes
from stancekit.labelling.label_files import RowSource, source_name
from stancekit.labelling.project_gold import (
    BY_MOST,
    DECIDED,
    Decision,
    decide_by_most,
    tell_decisions,
)
from stancekit.labelling.row_format import LabelledCodebook, LabelRow, is_blank, row_id
from stancekit.prevalence.doubt import share_gold
from stancekit.prevalence.estimators import SampledUnits
from stancekit.prevalence.posterior_gold import fit_posteriors, given_posteriors
from stancekit.types import FloatArray

# What gold is where several people judged a row.
MAJORITY, ON_AVERAGE, POSTERIOR = "majority", "mean", "posterior"
RULES = (ADJUDICATED, MAJORITY, ON_AVERAGE, POSTERIOR)
# What joined rows have in memory: their judgements, or the probability of each code.
_JUDGED, _CHANCES = "(judged)", "(chances)"
# How far the probabilities of a row may be from adding up to 1.
_SUM_TOLERANCE = 0.01


@dataclass(slots=True)
class _JudgedRow:
    """What is known of a row: where it stands in the sample, who gave what, and the decision."""

    facts: LabelRow
    given: dict[str, tuple[str, ...]] = field(default_factory=dict)
    suggestions: list[str] = field(default_factory=list)
    decided: tuple[str, ...] | None = None


def is_judged_table(rows: Sequence[LabelRow]) -> bool:
    """Say whether rows are judgements: they name annotators, and some row has several.

    Examples
    --------
    >>> twice = [{"id": "r0", "annotator": "ana"}, {"id": "r0", "annotator": "ben"}]
    >>> is_judged_table(twice), is_judged_table(twice[:1])
    (True, False)
    """
    named = any(ANNOTATOR_COLUMN in row for row in rows)
    return named and len(set(map(row_id, rows))) < len(rows)


def join_judgements(
    rows: Sequence[LabelRow], codebook: LabelledCodebook, judgements: str, name: str
) -> list[LabelRow]:
    """Return one row of each id, with the code that follows from its judgements.

    Parameters
    ----------
    rows
        One for each judgement, with who made it in the column `annotator`; `adjudicated`, or
        the action `adjudicate`, marks decisions. Or one for each row of the sample with its
        probabilities, as `{"condemn": 0.9, "support": 0.1}` in the column NAME_posterior.
    judgements
        `adjudicated`, the decided code, or that of most annotators where none was; `majority`,
        whatever was decided; `mean` or `posterior`, which `doubt_units` computes from all.
    name
        What the data is called in messages.

    Raises
    ------
    KitError
        When the rule is unknown, who judged is not said, judgements of one annotator contradict
        each other, or rows of an id differ in how they were drawn.
    """
    check_rule(judgements)
    if judgements == POSTERIOR and any(f"{codebook.name}_posterior" in row for row in rows):
        return [_read_chances(row, codebook) for row in rows]
    if not any(ANNOTATOR_COLUMN in row for row in rows):
        also = f", or {codebook.name}_posterior" if judgements == POSTERIOR else ""
        raise KitError(
            f"{name} has no column {ANNOTATOR_COLUMN}{also}, and judgements={judgements} takes "
            "a row for each judgement with who made it; give a project of stancekit annotate or "
            "such a table, or leave judgements out"
        )
    judged = _by_row(rows, codebook, name)
    book = _as_codebook(judged.values(), codebook)
    joined = []
    for one in judged.values():
        decision = _row_decision(one, book, judgements)
        codes = decision.codes
        if judgements in (ON_AVERAGE, POSTERIOR):
            # It is annotated; with which codes is read from all judgements.
            codes = [_JUDGED] if one.given else None
        joined.append(one.facts | {codebook.name: codes, _JUDGED: (one, decision.how)})
    return joined


def check_rule(judgements: str) -> None:
    """Raise a `KitError` where a rule is unknown."""
    if judgements not in RULES:
        raise KitError(
            f"unknown judgements={judgements!r}; there are: {', '.join(RULES)}. Set "
            f"judgements={ADJUDICATED}"
        )


def _by_row(
    rows: Sequence[LabelRow], codebook: LabelledCodebook, name: str
) -> dict[str, _JudgedRow]:
    judged: dict[str, _JudgedRow] = {}
    faults: list[str] = []
    exported = _is_exported(rows)
    for row in rows:
        if exported and _is_extra(row):
            continue
        key = row_id(row)
        drawn = {
            name: row[name] for name in ("probability", "batch") if not is_blank(row.get(name))
        }
        one = judged.setdefault(key, _JudgedRow({"id": row["id"]} | drawn))
        if any(str(one.facts.get(name)) != str(value) for name, value in drawn.items()):
            faults.append(f"{key}: its rows differ in probability or batch")
        codes = gold_codes(row, codebook)
        if codes is not None:
            faults += _add(one, row, codes, codebook)
    if faults:
        raise KitError(
            f"{name} has {len(faults)} faults in its judgements ({listing(faults)}); each annotator "
            "gives a row one judgement, in rows that are else as stancekit sample wrote them"
        )
    return judged


def _is_exported(rows: Sequence[LabelRow]) -> bool:
    """Say whether a project wrote the table: one of the user's own may have a column `kind` or `repeat` too."""
    columns = {name for row in rows[:1] for name in row}
    kinds = {row.get("kind") for row in rows}
    return columns >= {"kind", "round", "probability"} and kinds <= {*ITEM_KINDS, None, ""}


def _is_extra(row: LabelRow) -> bool:
    """Say whether a judgement is of a control, or was asked for again: neither is the sample's."""
    return row.get("kind") == CONTROL or str(row.get("repeat") or "0").lower() not in ("0", "false")


def _add(
    one: _JudgedRow, row: LabelRow, codes: tuple[str, ...], codebook: LabelledCodebook
) -> Iterator[str]:
    """Add a judgement to its row, and yield what is wrong with it."""
    key, annotator = row_id(row), row.get(ANNOTATOR_COLUMN)
    if len(codes) != 1 and not codebook.multi_label:
        yield f"{key}: {len(codes)} codes in one judgement"
    if annotator == ADJUDICATED or row.get("action") == "adjudicate":
        one.decided = codes
    elif is_blank(annotator):
        yield f"{key}: a code of no annotator"
    elif row.get(SUGGESTION_COLUMN) == "after" and str(annotator) in one.given:
        # The judgement before the model's code was seen stands.
        return
    elif set(one.given.setdefault(str(annotator), codes)) != set(codes):
        yield f"{key}: {annotator} gave different codes"
    else:
        one.suggestions.append(str(row.get(SUGGESTION_COLUMN) or ""))


def _as_codebook(rows: Iterator[_JudgedRow] | Any, codebook: LabelledCodebook) -> Codebook:
    """Return the codes that were given as a codebook."""
    given = {code for one in rows for codes in one.given.values() for code in codes}
    codes = tuple(Code(code, code) for code in sorted(given) or [codebook.name])
    return Codebook(codebook.name, codes, multi_label=codebook.multi_label)


def _row_decision(one: _JudgedRow, book: Codebook, judgements: str) -> Decision:
    if judgements == ADJUDICATED and one.decided is not None:
        return Decision(list(one.decided), DECIDED)
    return decide_by_most(list(one.given.values()), book) if one.given else Decision(None)


def _read_chances(row: LabelRow, codebook: LabelledCodebook) -> LabelRow:
    """Return a row with its probabilities as numbers."""
    value: Any = row.get(f"{codebook.name}_posterior")
    if is_blank(value):
        return {**row, codebook.name: None}
    try:
        read = json.loads(value) if isinstance(value, str) else dict(value)
        chances = {str(code): float(chance) for code, chance in read.items()}
        good = bool(chances) and all(0 <= chance <= 1 for chance in chances.values())
        if not codebook.multi_label:
            good = good and abs(sum(chances.values()) - 1) <= _SUM_TOLERANCE
    except (ValueError, TypeError, AttributeError):
        good = False
    if not good:
        adding = "" if codebook.multi_label else ", which add up to 1"
        raise KitError(
            f"gold row {row_id(row)} has {str(value)[:60]!r} in {codebook.name}_posterior; write the "
            f'probability of every code{adding}, as {{"condemn": 0.9, "support": 0.1}}'
        )
    return {**row, codebook.name: [_JUDGED], _CHANCES: chances}


def all_codes(row: LabelRow, codebook: LabelledCodebook) -> list[str]:
    """Return all codes that somebody gave to a row, or that have a probability in it."""
    if _CHANCES in row:
        return list(row[_CHANCES])
    if _JUDGED in row:
        one, _ = row[_JUDGED]
        return [code for codes in (*one.given.values(), one.decided or ()) for code in codes]
    return list(gold_codes(row, codebook) or ())


def judgement_notes(
    tables: Sequence[Sequence[LabelRow]],
    sources: Sequence[RowSource],
    codebook: LabelledCodebook,
    judgements: str,
    *,
    suggested: bool,
) -> list[str]:
    """Return what to tell of the judgements in tables.

    Raises
    ------
    KitError
        When judgements were made with a model's code in view, and `suggested` is not set.
    """
    notes: list[str] = []
    for rows, source in zip(tables, sources, strict=True):
        where = source_name(source)
        judged: list[tuple[_JudgedRow, str]] = [row[_JUDGED] for row in rows if _JUDGED in row]
        seen = [each for one, _ in judged for each in one.suggestions]
        note = suggested_note(seen.count("before"), len(seen), f"{codebook.name} in {where}")
        if note and not suggested:
            raise KitError(f"{note}; set suggested=true to use them all the same")
        if judgements in (ADJUDICATED, MAJORITY):
            how = Counter(how for _, how in judged)
            tied = [row_id(row) for row in rows if _is_tied(row, codebook)]
            how[BY_MOST] -= len(tied)
            notes += tell_decisions(
                where, +Counter({k: n for k, n in how.items() if k}), tied, Counter()
            )
        elif judged:
            notes.append(_tell_rule(where, [one for one, _ in judged], judgements))
        elif any(_CHANCES in row for row in rows):
            notes.append(
                f"gold of {where} is the posterior of each row as it is there: how uncertain the "
                "posteriors themselves are is not known, and not in the intervals"
            )
        notes += [note] if note else []
    return notes


def _is_tied(row: LabelRow, codebook: LabelledCodebook) -> bool:
    return _JUDGED in row and row[_JUDGED][1] == BY_MOST and row[codebook.name] is None


def _tell_rule(where: str, judged: Sequence[_JudgedRow], judgements: str) -> str:
    annotators = {name for one in judged for name in one.given}
    n_rows = sum(bool(one.given) for one in judged)
    said = (
        f"{len(annotators)} annotators gave {sum(len(one.given) for one in judged)} judgements of "
        f"{n_rows} rows of {where}"
    )
    if judgements == ON_AVERAGE:
        return f"{said}; gold is what they say on average, and estimates are of what such annotators would"
    return (
        f"{said}; gold is the posterior (Dawid and Skene 1979), on the assumption that they err "
        "independently of each other, and as often in every cell"
    )


def doubt_units(
    units: SampledUnits,
    judged: Sequence[tuple[LabelRow, np.int64]],
    codes: Sequence[str],
    judgements: str,
) -> SampledUnits:
    """Return units whose gold is what annotators say on average, or a posterior; others as they are.

    Parameters
    ----------
    judged
        The rows of gold, as `join_judgements` made them, with the number of the labelled row.

    Raises
    ------
    KitError
        When judgements do not say who errs, or two files contradict each other.
    """
    if judgements not in (ON_AVERAGE, POSTERIOR):
        return units
    chances = {int(n): row[_CHANCES] for row, n in judged if _CHANCES in row}
    given = _join_files((row, int(n)) for row, n in judged if _JUDGED in row)
    if chances and given:
        raise KitError(
            "some files of gold have judgements and some posteriors; give all of one kind"
        )
    if chances:
        row = np.array(sorted(chances))
        values = np.array([[chances[n].get(code, 0.0) for code in codes] for n in row.tolist()])
        if units.exclusive:
            values /= values.sum(axis=1, keepdims=True)
        doubted = given_posteriors(row, values, exclusive=units.exclusive)
        return _replace_gold(units, row, values, doubted)
    names = sorted({name for of_row in given.values() for name in of_row})
    if judgements == POSTERIOR:
        return _with_posteriors_of(units, given, names, codes)
    rows = np.repeat(list(given), [len(of_row) for of_row in given.values()])
    annotator = np.array([names.index(name) for of_row in given.values() for name in of_row])
    indicators = [_indicator(each, codes) for of_row in given.values() for each in of_row.values()]
    means, shared = share_gold(rows, annotator, np.array(indicators), len(units.scores))
    return replace(units, gold=means, doubted=shared)


def _join_files(judged: Iterator[tuple[LabelRow, int]]) -> dict[int, dict[str, tuple[str, ...]]]:
    """Return by row what each annotator gave, in the order of the rows."""
    given: dict[int, dict[str, tuple[str, ...]]] = {}
    for row, number in judged:
        one, _ = row[_JUDGED]
        of_row = given.setdefault(number, {})
        if any(set(of_row.get(name, each)) != set(each) for name, each in one.given.items()):
            raise KitError(
                f"files of gold have different judgements of {row_id(row)} by one annotator; keep "
                "one of them"
            )
        of_row |= one.given
    return {number: given[number] for number in sorted(given) if given[number]}


def _with_posteriors_of(
    units: SampledUnits,
    given: Mapping[int, Mapping[str, tuple[str, ...]]],
    names: Sequence[str],
    codes: Sequence[str],
) -> SampledUnits:
    check_identified(
        names, [[of_row.get(name) for name in names] for of_row in given.values()], "gold"
    )
    width = len(codes) * (1 if units.exclusive else 2)
    counts = np.zeros((len(given), len(names), width))
    for place, of_row in enumerate(given.values()):
        for name, each in of_row.items():
            has = _indicator(each, codes)
            counts[place, names.index(name)] = has if units.exclusive else [*has, *(1 - has)]
    row = np.array(list(given))
    doubted = fit_posteriors(row, counts, exclusive=units.exclusive)
    values = doubted.values(len(units.scores), len(codes))
    return replace(units, gold=values, doubted=doubted)


def _indicator(each: Sequence[str], codes: Sequence[str]) -> FloatArray:
    return np.array([code in each for code in codes], dtype=float)


def _replace_gold(
    units: SampledUnits, row: NDArray[np.int64], values: FloatArray, doubted: Any
) -> SampledUnits:
    gold = np.zeros_like(units.gold)
    gold[row] = values
    return replace(units, gold=gold, doubted=doubted)
