"""Rows that a model has learned from: marked when they are labelled, and counted with held-out scores or refused.

A row of labels has, beside the two columns of a codebook NAME, up to three more. Of a cross-fitted
model `NAME_heldout_codes` and `NAME_heldout_scores`, in articles that were annotated: what the
fold says that has not learned from the article. Of any other model `NAME_learned`, where it has
learned from the sentence.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from stancekit.errors import KitError
from stancekit.labelling.columns import TableRows, blank_cells
from stancekit.labelling.labelled_row import LabelledRow, says_vote
from stancekit.labelling.row_format import LabelledCodebook, LabelRow, is_blank
from stancekit.models.classifier import FittedClassifier
from stancekit.models.crossfit import CrossFit
from stancekit.models.learned import text_digest
from stancekit.prevalence.estimators import SampledUnits
from stancekit.types import BoolArray, Example, Prediction

# A draw of rows that does not depend on what the model learned from is refused as seldom as this.
_SELDOM = 1e-4


def mark_learned(
    rows: Sequence[LabelledRow],
    models: Mapping[str, FittedClassifier],
    learned: Mapping[str, frozenset[str]],
) -> list[LabelledRow]:
    """Return labelled rows with what held-out models say of them, and with which models learned from them.

    Parameters
    ----------
    models
        By the name of their codebook.
    learned
        The digests of the sentences that each model has learned from.
    """
    held_out: list[dict[str, Prediction]] = [{} for _ in rows]
    seen: list[set[str]] = [set() for _ in rows]
    for name, fitted in models.items():
        model: Any = fitted.model
        if isinstance(model, CrossFit):
            for index, prediction in _held_out_predictions(rows, name, model):
                held_out[index][name] = prediction
            continue
        known = learned.get(name, frozenset())
        for index, row in enumerate(rows if known else ()):
            if _is_read(row, name) and text_digest(row.example.text) in known:
                seen[index].add(name)
    return [
        replace(row, held_out=of_row, learned=frozenset(of_models)) if of_row or of_models else row
        for row, of_row, of_models in zip(rows, held_out, seen, strict=True)
    ]


def _is_read(row: LabelledRow, name: str) -> bool:
    """Say whether the model of a codebook has read a row, whose vote no rule has read."""
    return name in row.predictions and not says_vote(row.codebooks[name], row.vote)


def _held_out_predictions(
    rows: Sequence[LabelledRow], name: str, model: CrossFit
) -> Iterable[tuple[int, Prediction]]:
    """Yield the numbers of the rows of annotated articles, and what the fold that held them out predicts."""
    asked: dict[int, dict[int, Example]] = {}
    for index, row in enumerate(rows):
        fold = model.fold_of(row.article, row.example.text) if _is_read(row, name) else None
        if fold is not None:
            of_sentence = row.codebooks[name].unit == "sentence"
            asked.setdefault(fold, {})[index] = row.bare_example() if of_sentence else row.example
    for fold, examples in asked.items():
        # Rows of one sentence have the same codes of it.
        different = {example.id: example for example in examples.values()}
        predicted = model.members[fold].predict(list(different.values()))
        by_id = {prediction.example: prediction for prediction in predicted}
        yield from ((index, by_id[example.id]) for index, example in examples.items())


def use_held_out(
    rows: Sequence[LabelRow], codebook: LabelledCodebook
) -> tuple[Sequence[LabelRow], list[str]]:
    """Return rows of labels with held-out codes and scores in place of those of the mean, and a note for a reader.

    Raises
    ------
    KitError
        When a row has only one of the two.
    """
    codes_column, scores_column, _ = codebook.held_out_columns
    if isinstance(rows, TableRows) and blank_cells(rows, scores_column).all():
        return rows, []
    used: list[LabelRow] = []
    n = 0
    for row in rows:
        scores = row.get(scores_column)
        if is_blank(scores):
            used.append(row)
            continue
        n += 1
        given = row.get(codes_column)
        codes = _read_list(given) if isinstance(given, str) else given
        used.append(row | {codebook.name: codes, codebook.columns[1]: scores})
    if not n:
        return used, []
    return used, [
        f"{n:,} of {len(used):,} rows are of articles that the model of {codebook.name} was trained "
        "on, and count with the scores of the fold that held them out"
    ]


def _read_list(written: str) -> Any:
    """Return several codes from one cell of Parquet or CSV, or the cell where it has one code."""
    try:
        return json.loads(written) if written.startswith("[") else written
    except (ValueError, RecursionError):
        return written


def learned_mask(rows: Sequence[LabelRow], codebook: LabelledCodebook) -> BoolArray:
    """Return which rows a model has learned from without a fold that held them out, shape (rows,)."""
    _, scores, learned = codebook.held_out_columns
    if isinstance(rows, TableRows):
        return ~blank_cells(rows, learned) & blank_cells(rows, scores)
    return np.array(
        [not is_blank(row.get(learned)) and is_blank(row.get(scores)) for row in rows], dtype=bool
    )


def check_not_learned(
    units: SampledUnits, rows: Sequence[LabelRow], codebook: LabelledCodebook
) -> None:
    """Refuse annotated rows that the model was trained on, unless a draw would have as many of them by chance.

    A sample that was drawn without regard to what the model learned from has as large a share of
    such rows as the corpus, and is a valid one.

    Raises
    ------
    KitError
        When it has more.
    """
    from scipy.stats import binom

    learned = learned_mask(rows, codebook)
    drawn = np.flatnonzero(units.annotated)
    n = int(learned[drawn].sum())
    if not n:
        return
    weights = 1 / units.probability[drawn]
    weights /= weights.sum()
    effective = 1 / (weights**2).sum()
    hits = round(float(weights @ learned[drawn]) * effective)
    if binom.sf(hits - 1, round(effective), learned.mean()) >= _SELDOM:
        return
    raise KitError(
        f"the model of {codebook.name} was trained on {n} of the {len(drawn)} annotated rows "
        f"({learned.mean():.1%} of all rows): its scores fit them better than other rows, so that the "
        "estimate would be biased and its interval too narrow. Train in folds and label again with that "
        "model, as in stancekit train corpus=FILE folds=5, or annotate rows that it was not trained on"
    )
