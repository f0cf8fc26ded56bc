"""Gold codes that are probably wrong: what a model that has not seen a row says of it (confident learning)."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import GroupKFold

from stancekit.corpus.dataset import LabelledSet, indicator
from stancekit.corpus.duplicates import merge_duplicates
from stancekit.corpus.judgements import OWN_LABELS, AnnotatedSet
from stancekit.errors import KitError
from stancekit.evaluation.disagreements import Disagreements, row_to_decide
from stancekit.models.classifier import FittedClassifier, encode_labels
from stancekit.types import BoolArray, FloatArray

FOLDS = 5


@dataclass(frozen=True, slots=True)
class Suspicion:
    """How well each row's gold fits what a model says that has not seen it.

    Attributes
    ----------
    quality
        The probability of the gold code, shape (rows,): the lower, the likelier it is wrong. Where a
        row may have several codes, that of the code, given or not, that fits worst.
    suspected
        Whether another code is confidently given, shape (rows,).
    """

    quality: FloatArray
    suspected: BoolArray

    def order(self) -> list[int]:
        """Return the suspected rows, those that fit worst first."""
        rows = np.flatnonzero(self.suspected)
        return [int(row) for row in rows[np.argsort(self.quality[rows], kind="stable")]]


def suspect(gold: NDArray[np.intp], probabilities: FloatArray) -> Suspicion:
    """Say which gold codes are probably wrong.

    Northcutt, Jiang and Chuang (2021), "Confident Learning: Estimating Uncertainty in Dataset
    Labels", JAIR 70, equation 2: a row confidently has a code to which a model gives at least the
    mean probability that it gives to rows whose gold this code is; of several such codes, the most
    probable. A row is suspected that confidently has another code than gold. Rows are ranked by the
    probability of their gold code (self-confidence).

    Parameters
    ----------
    gold
        The number of each row's code, shape (rows,).
    probabilities
        Of each code, by a model that was not trained on the row, shape (rows, codes).

    Examples
    --------
    >>> given = np.array([[0.9, 0.1], [0.8, 0.2], [0.2, 0.8], [0.9, 0.1]])
    >>> found = suspect(np.array([0, 0, 1, 1]), given)
    >>> found.order(), found.quality.tolist()
    ([3], [0.9, 0.8, 0.8, 0.1])
    """
    quality = probabilities[np.arange(len(gold)), gold]
    n = np.bincount(gold, minlength=probabilities.shape[1])
    sums = np.bincount(gold, weights=quality, minlength=probabilities.shape[1])
    # A code that is no row's gold has no threshold, and no row has it confidently.
    thresholds = np.where(n > 0, sums / np.maximum(n, 1), np.inf)
    confident = probabilities >= thresholds
    best = np.where(confident, probabilities, -1).argmax(axis=1)
    return Suspicion(quality, confident.any(axis=1) & (best != gold))


def suspect_labels(data: LabelledSet, probabilities: FloatArray) -> Suspicion:
    """Say which rows of a corpus have a gold code that is probably wrong.

    Parameters
    ----------
    probabilities
        Of each code of the codebook, shape (rows, codes). Of a codebook with several codes per row,
        each code is decided on its own, given or not.
    """
    truth = indicator(data.labels, data.codebook.names)
    if not data.codebook.multi_label:
        return suspect(truth.argmax(axis=1), probabilities)
    parts = [
        suspect(truth[:, code].astype(int), np.stack([1 - given, given], axis=1))
        for code, given in enumerate(probabilities.T)
    ]
    quality = np.min([part.quality for part in parts], axis=0)
    return Suspicion(quality, np.any([part.suspected for part in parts], axis=0))


def unseen_probabilities(
    data: LabelledSet, model: Any, *, folds: int = FOLDS, random_state: int = 0
) -> FloatArray:
    """Return the probability of each code of the codebook by models that did not learn from the row's article.

    Articles with copies of a text are in one fold.

    Parameters
    ----------
    model
        A classifier over examples; a copy is fitted for each fold.
    folds
        How many parts the articles are divided into.

    Raises
    ------
    KitError
        When there are fewer articles than folds.
    """
    groups = np.array(merge_duplicates(data.articles, [each.text for each in data.examples]))
    if len(set(groups.tolist())) < folds:
        raise KitError(
            f"corpus {data.name!r} has {len(set(groups.tolist()))} articles, copies counted as one; "
            f"a model that has not seen a row takes {folds} or more. Name the column with "
            "corpus.columns.article=COLUMN"
        )
    probabilities = np.zeros((len(data), len(data.codebook.names)))
    divide = GroupKFold(folds, shuffle=True, random_state=random_state)
    for learned, unseen in divide.split(groups, groups=groups):
        train = data.take(learned.tolist())
        fitted = clone(model).fit(train.examples, encode_labels(train))
        examples = [data.examples[row] for row in unseen.tolist()]
        by_code = FittedClassifier(fitted, data.codebook).by_code(fitted.predict_proba(examples))
        probabilities[unseen] = by_code
    return probabilities


def find_suspected(
    data: LabelledSet,
    model: Any,
    *,
    annotated: AnnotatedSet | None = None,
    text_column: str = "text",
    separator: str = ";",
) -> Disagreements:
    """Return the rows whose gold is probably wrong, those that fit worst first, without any code.

    Parameters
    ----------
    model
        A classifier over examples that is quick to fit.
    annotated
        Of the same corpus: rows that its file of decisions decides are left out.
    text_column, separator
        As of `AnnotatedSet`.
    """
    probabilities = unseen_probabilities(data, model)
    found = suspect_labels(data, probabilities)
    # Whoever judges these rows again sees neither gold nor what the model says.
    blind = AnnotatedSet(
        name=data.name,
        where=data.name,
        codebook=data.codebook,
        annotators=(),
        examples=data.examples,
        codes=((),) * len(data),
        gold=data.labels,
        gold_from=annotated.gold_from if annotated else OWN_LABELS,
        decided=annotated.decided if annotated else frozenset(),
        text_column=text_column,
        separator=separator,
    )
    order = found.order()
    left = [row for row in order if data.examples[row].id not in blind.decided]
    rows = tuple(row_to_decide(blind, row, float(1 - found.quality[row])) for row in left)
    return Disagreements(
        rows,
        blind,
        len(data),
        len(order) - len(left),
        suspected=True,
        share_fitting=_share_fitting(data, probabilities),
        share_commonest=Counter(map(frozenset, data.labels)).most_common(1)[0][1] / len(data),
    )


def _share_fitting(data: LabelledSet, probabilities: FloatArray) -> float:
    """Return the share of rows whose most probable code is gold, or whose codes at one half are."""
    truth = indicator(data.labels, data.codebook.names)
    if data.codebook.multi_label:
        return float(((probabilities >= 0.5) == truth).all(axis=1).mean())
    return float((probabilities.argmax(axis=1) == truth.argmax(axis=1)).mean())
