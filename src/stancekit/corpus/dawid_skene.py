"""Annotators that err and rows whose code is not known, estimated together (Dawid and Skene 1979)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from stancekit.codebook import Codebook
from stancekit.corpus.judgements import AnnotatedSet, Codes
from stancekit.errors import KitError, listing
from stancekit.types import BoolArray, FloatArray

# Judgements of each code that are added to each row of a confusion matrix, so that what an
# annotator was never seen to do is unlikely, and not impossible.
SMOOTHING = 0.1
# Of two annotators who differ, nothing says who is right.
MIN_ANNOTATORS = 3
_TOLERANCE = 1e-7
_MAX_ITERATIONS = 2000
# What replaces zero in a logarithm.
_LEAST = 1e-300


@dataclass(frozen=True, slots=True)
class DawidSkene:
    """A fitted model of annotators who err.

    Attributes
    ----------
    prior
        The share of each code, shape (codes,).
    confusion
        How often each annotator gives each code to rows of each code, shape (annotators, codes,
        codes given); the rows of a matrix sum to one.
    posterior
        How probable each code is in each row, shape (rows, codes).
    log_likelihood
        Of all judgements.
    iterations
        How many steps of EM it took.
    """

    prior: FloatArray
    confusion: FloatArray
    posterior: FloatArray
    log_likelihood: float
    iterations: int


@dataclass(frozen=True, slots=True)
class Parameters:
    """Parameters of several fits: `prior` (fits, codes) and `confusion` (fits, annotators, codes, codes given)."""

    prior: FloatArray
    confusion: FloatArray

    @property
    def right(self) -> FloatArray:
        """Return the share of rows to which each annotator gives their code, shape (fits, annotators)."""
        return np.asarray(np.einsum("fj,fkjj->fk", self.prior, self.confusion))


def dawid_skene(counts: FloatArray, *, smoothing: float = SMOOTHING) -> DawidSkene:
    """Estimate how often annotators err, how common codes are, and which code each row has.

    Dawid and Skene (1979), "Maximum Likelihood Estimation of Observer Error-Rates Using the EM
    Algorithm", Applied Statistics 28(1). Annotators err independently of each other, given the
    code of a row. EM starts from the share of judgements for each code, so that codes keep their
    names, and always ends at the same estimate.

    Parameters
    ----------
    counts
        How often each annotator gave each code to each row, shape (rows, annotators, codes):
        `count_judgements` makes it. A row without judgements has the prior as its posterior, and
        does not count in it.
    smoothing
        Judgements of each code that are added to each row of a confusion matrix; 0 is the
        maximum likelihood of the paper.

    Examples
    --------
    >>> truth = ["a", "b"] * 50
    >>> poor = ["b" if at % 4 == 0 else code for at, code in enumerate(truth)]
    >>> found = dawid_skene(count_judgements([truth, truth, poor], codes=["a", "b"]))
    >>> found.confusion[2].round(2).tolist()
    [[0.5, 0.5], [0.0, 1.0]]
    """
    kinds, kind = find_kinds(counts)
    weights = np.bincount(kind, minlength=len(kinds))[None].astype(float)
    found, posterior, log_likelihood, iterations = fit_patterns(kinds, weights, smoothing=smoothing)
    rows = posterior[0][kind]
    return DawidSkene(found.prior[0], found.confusion[0], rows, log_likelihood, iterations)


def find_kinds(counts: FloatArray) -> tuple[FloatArray, NDArray[np.intp]]:
    """Return the rows of counts that differ, (kinds, annotators, codes), and the kind of each row."""
    kinds, kind = np.unique(counts.reshape(len(counts), -1), axis=0, return_inverse=True)
    return kinds.reshape(-1, *counts.shape[1:]), kind.ravel()


def fit_patterns(
    patterns: FloatArray,
    weights: FloatArray,
    *,
    smoothing: float = SMOOTHING,
    start: FloatArray | None = None,
    tolerance: float = _TOLERANCE,
) -> tuple[Parameters, FloatArray, float, int]:
    """Fit the model to rows of a few kinds, once for each set of weights.

    Parameters
    ----------
    patterns
        Judgements of each kind of row, shape (kinds, annotators, codes).
    weights
        How many rows of each kind there are, shape (fits, kinds).
    start
        The posterior to start from, shape (kinds, codes); by default the shares of judgements.
    tolerance
        EM ends where no posterior changes by more.

    Returns
    -------
    Parameters, array, float, int
        The parameters, posteriors of shape (fits, kinds, codes), the log-likelihood of the first
        fit and the number of steps.
    """
    kinds, annotators, codes = patterns.shape
    flat = patterns.reshape(kinds, annotators * codes)
    judged = flat.sum(axis=1) > 0
    weights = weights * judged
    if start is None:
        votes = patterns.sum(axis=1)
        start = np.where(judged[:, None], votes, 1) / np.where(judged, votes.sum(1), codes)[:, None]
    posterior = np.broadcast_to(start, (len(weights), kinds, codes))
    step, change = 0, np.inf
    while change >= tolerance and step < _MAX_ITERATIONS:
        step += 1
        found = _maximize(flat, posterior * weights[..., None], annotators, smoothing)
        joint = _log_joint(flat, found)
        total = logsumexp(joint, axis=-1, keepdims=True)
        before, posterior = posterior, np.exp(joint - total)
        change = np.abs(posterior - before).max(initial=0)
    return found, posterior, float((weights[0] * total[0, :, 0]).sum()), step


def _log_joint(flat: FloatArray, found: Parameters) -> FloatArray:
    """Return the log of the probability of each kind of row with each code, shape (fits, kinds, codes)."""
    fits, annotators, codes, _ = found.confusion.shape
    logs = np.log(np.maximum(found.confusion, _LEAST)).transpose(0, 1, 3, 2)
    given = flat @ logs.reshape(fits, annotators * codes, codes)
    return np.asarray(np.log(np.maximum(found.prior, _LEAST))[:, None] + given)


def _maximize(
    flat: FloatArray, expected: FloatArray, annotators: int, smoothing: float
) -> Parameters:
    """Return the parameters that expected numbers of rows of each code, (fits, kinds, codes), make likeliest."""
    sizes = expected.sum(axis=1)
    prior = sizes / np.maximum(sizes.sum(axis=-1, keepdims=True), _LEAST)
    fits, codes = prior.shape
    given = expected.transpose(0, 2, 1) @ flat
    given = given.reshape(fits, codes, annotators, codes).transpose(0, 2, 1, 3) + smoothing
    # Where an annotator saw no row of a code, nothing is known: any code is as probable.
    totals = given.sum(axis=-1, keepdims=True)
    confusion = np.where(totals > 0, given / np.maximum(totals, _LEAST), 1 / codes)
    return Parameters(prior, confusion)


def count_judgements(
    annotators: Sequence[Sequence[str | None]], codes: Sequence[str]
) -> FloatArray:
    """Return the judgements of annotators as counts of shape (rows, annotators, codes).

    Parameters
    ----------
    annotators
        The code that each annotator gave to each row, `None` for a gap.

    Examples
    --------
    >>> count_judgements([["a", None], ["b", "b"]], codes=["a", "b"])[:, 1].tolist()
    [[0.0, 1.0], [0.0, 1.0]]
    """
    columns = [[[given == code for code in codes] for given in column] for column in annotators]
    return np.array(columns, dtype=float).transpose(1, 0, 2)


def counts_by_code(
    codes: Sequence[Sequence[Codes | None]], codebook: Codebook
) -> dict[str, FloatArray]:
    """Return the counts that models are fitted to, by what each is of.

    A codebook with one code per row has one model, of the codes that annotators gave, under an
    empty name; one with several has a model of no and yes for each code that was given.

    Parameters
    ----------
    codes
        For each row the codes of each annotator.
    """
    names = given_codes(codes, codebook)
    if not codebook.multi_label:
        columns = [
            [None if each is None else each[0] for each in column]
            for column in zip(*codes, strict=True)
        ]
        return {"": count_judgements(columns, names)}
    judged = np.array([[each is not None for each in row] for row in codes], dtype=float)
    by_code = {}
    for name in names:
        has = np.array([[name in (each or ()) for each in row] for row in codes], dtype=float)
        by_code[name] = np.stack([judged - has, has], axis=-1)
    return by_code


def given_codes(codes: Sequence[Sequence[Codes | None]], codebook: Codebook) -> list[str]:
    """Return the codes of a codebook that an annotator gave."""
    given = {code for row in codes for each in row for code in each or ()}
    return [name for name in codebook.names if name in given]


def posteriors(
    codes: Sequence[Sequence[Codes | None]], codebook: Codebook, counted: BoolArray
) -> FloatArray:
    """Return how probable each code of a codebook is in each row, shape (rows, codes).

    Where a row has one code, the probabilities sum to one; else each code has its own. A code that
    no annotator gave has none.

    Parameters
    ----------
    codes
        For each row the codes of each annotator.
    counted
        Which rows are fitted to, shape (rows,): a sentence that has several counts once.
    """
    found = np.zeros((len(codes), len(codebook.names)))
    columns = [codebook.names.index(name) for name in given_codes(codes, codebook)]
    for place, counts in enumerate(counts_by_code(codes, codebook).values()):
        kinds, kind = find_kinds(counts)
        weights = np.bincount(kind[counted], minlength=len(kinds))[None].astype(float)
        rows = fit_patterns(kinds, weights)[1][0][kind]
        if codebook.multi_label:
            found[:, columns[place]] = rows[:, 1]
        else:
            found[:, columns] = rows
    return found


def check_identified(
    annotators: Sequence[str], codes: Sequence[Sequence[Codes | None]], where: str
) -> None:
    """Raise a `KitError` where judgements do not say who errs.

    Two judgements of a row agree or differ; only a third says which of two is wrong.
    """
    most = max((sum(each is not None for each in row) for row in codes), default=0)
    if most < MIN_ANNOTATORS:
        raise KitError(
            f"{where} has {len(annotators)} annotators ({listing(annotators)}), {most} at most in "
            f"a row; who errs can be told from rows that {MIN_ANNOTATORS} or more judged. Have some "
            "rows judged by a third, or decide where they differ: stancekit disagreements"
        )


def three_judgements(annotated: AnnotatedSet) -> int:
    """Return the number of rows that have three judgements or more, which say who errs."""
    return sum(sum(each is not None for each in row) >= MIN_ANNOTATORS for row in annotated.codes)
