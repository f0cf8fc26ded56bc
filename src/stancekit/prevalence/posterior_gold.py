"""Gold by posterior: what the code of a row is, from annotators who err (Dawid and Skene 1979), and how surely."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stancekit.corpus.dawid_skene import SMOOTHING, find_kinds, fit_patterns
from stancekit.errors import KitError
from stancekit.prevalence.doubt import CellRows, Doubt
from stancekit.types import FloatArray

# Above this condition number annotators mistake codes for each other so often that their
# judgements hardly say which it is.
_MOST_MISTAKEN = 1e3


@dataclass(frozen=True, slots=True)
class PosteriorModel:
    """Corrected posteriors of some codes, and what they depend on.

    Attributes
    ----------
    columns
        The codes among all.
    kind
        The kind of each annotated row: rows with the same judgements are one kind, shape (n,).
    values
        The corrected posterior of each kind, shape (kinds, codes).
    noise
        Factors of the variance that its code leaves in a kind, shape (kinds, factors, codes).
    slopes
        The derivative of `values` by the model's parameters, shape (kinds, codes, parameters).
    moves
        What one row of a kind adds to the parameters, shape (kinds, parameters).
    """

    columns: NDArray[np.int64]
    kind: NDArray[np.int64]
    values: FloatArray
    noise: FloatArray
    slopes: FloatArray
    moves: FloatArray


@dataclass(frozen=True, slots=True)
class PosteriorGold:
    """Gold that is a posterior; its parameters and its code are uncertain.

    Attributes
    ----------
    row
        The annotated rows, in order, shape (n,).
    models
        One of all codes where a row has exactly one, else one for each code.
    """

    row: NDArray[np.int64]
    models: tuple[PosteriorModel, ...]

    def values(self, n: int, n_codes: int) -> FloatArray:
        """Return the corrected posterior of each of n rows, shape (n, codes)."""
        found = np.zeros((n, n_codes))
        for model in self.models:
            found[np.ix_(self.row, model.columns)] = model.values[model.kind]
        return found

    def doubt(self, cell: CellRows, *, finite_population: bool) -> Doubt:
        """Return what the model adds; see `DoubtedGold`.

        With a what rows add where posteriors are fixed, d what they add through the parameters
        and e the noise of the code, rows that were drawn with probability p add
        (1 - p) (a + d)^2 + p (e^2 + d^2) to the variance in a claim about these very rows, and
        articles (a + d)^2 beyond them. What is known without annotators, (1 - p) a^2 or a^2, is
        removed.
        """
        n_rows, n_codes = len(cell.unit), cell.residuals.shape[1]
        moved = np.zeros((n_rows, n_codes))
        noise = []
        weights = np.zeros(n_rows)
        weights[cell.rows] = cell.weights
        drawn = np.zeros(n_rows)
        drawn[cell.rows] = 1 - cell.left
        own = weights[self.row]
        for model in self.models:
            sums = np.bincount(model.kind, weights=own, minlength=len(model.values))
            slope = np.einsum("i,icp->cp", sums, model.slopes)
            moved[np.ix_(self.row, model.columns)] = (model.moves @ slope.T)[model.kind]
            if finite_population:
                scaled = (np.sqrt(drawn[self.row]) * own)[:, None, None] * model.noise[model.kind]
                wide = np.zeros((*scaled.shape[:2], n_codes))
                wide[:, :, model.columns] = scaled
                noise.append(wide.reshape(-1, n_codes))
        if not finite_population:
            added = cell.influence.copy()
            np.add.at(added, cell.unit, moved)
            return Doubt(added, cell.influence)
        # Rows of other cells inform the parameters too; of this one they are not drawn.
        kept = np.ones(n_rows)
        kept[cell.rows] = cell.left
        sampled = np.zeros((n_rows, n_codes))
        sampled[cell.rows] = cell.residuals
        first = (np.sqrt(kept)[:, None] * (sampled + moved))[self.row]
        second = (np.sqrt(1 - kept)[:, None] * moved)[self.row]
        return Doubt(np.concatenate([first, second, *noise]), cell.influence)


def fit_posteriors(
    row: NDArray[np.int64], counts: FloatArray, *, exclusive: bool = True
) -> PosteriorGold:
    """Fit the model of annotators who err to the judgements of annotated rows.

    Parameters
    ----------
    row
        The annotated rows, shape (n,).
    counts
        How often each annotator gave each code to each, shape (n, annotators, codes); where a row
        may have several codes, the last axis has as many again, for those not given.

    Raises
    ------
    KitError
        When the judgements hardly say which code is which.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> code = random.integers(0, 2, 300)
    >>> given = np.where(random.random((3, 300)) < 0.8, code, 1 - code)
    >>> gold = fit_posteriors(np.arange(300), np.eye(2)[given.T])
    >>> float(np.abs(gold.values(300, 2).mean(axis=0) - np.eye(2)[code].mean(axis=0)).max()) < 0.05
    True
    """
    n_codes = counts.shape[2]
    if exclusive:
        given = np.flatnonzero(counts.sum(axis=(0, 1)) > 0)
        return PosteriorGold(row, (_fit_kinds(counts[:, :, given], given),))
    models = []
    for code in range(n_codes // 2):
        # No and yes.
        pair = counts[:, :, [n_codes // 2 + code, code]]
        if not pair[:, :, 1].any():
            continue
        both = _fit_kinds(pair, np.array([code, code]))
        models.append(
            PosteriorModel(
                np.array([code]),
                both.kind,
                both.values[:, 1:],
                both.noise[:, :, 1:],
                both.slopes[:, 1:],
                both.moves,
            )
        )
    return PosteriorGold(row, tuple(models))


def _fit_kinds(counts: FloatArray, columns: NDArray[np.int64]) -> PosteriorModel:
    kinds, kind = find_kinds(counts)
    sizes = np.bincount(kind, minlength=len(kinds)).astype(float)
    found, posterior, *_ = fit_patterns(kinds, sizes[None])
    chance, prior, confusion = posterior[0], found.prior[0], found.confusion[0]
    complete = _complete_scores(kinds, prior, confusion)
    missing = _missing_information(sizes, chance, complete)
    information = _known_information(kinds, sizes[:, None] * chance, prior, confusion) - missing
    scores = np.einsum("ij,ijp->ip", chance, complete)
    moves = scores @ np.linalg.pinv(information, rcond=1e-10, hermitian=True)
    slopes = chance[:, :, None] * (complete - scores[:, None])
    return _correct(chance, sizes, slopes, moves, kind=kind, columns=columns)


def _complete_scores(kinds: FloatArray, prior: FloatArray, confusion: FloatArray) -> FloatArray:
    """Return the derivative of the log-likelihood of each kind with each code, shape (kinds, codes, parameters).

    Parameters are the logarithms of the odds of the codes, and of what each annotator gives to
    rows of each code.
    """
    n_kinds, annotators, codes = kinds.shape
    of_prior = np.broadcast_to(np.eye(codes) - prior, (n_kinds, codes, codes))
    judged = kinds.sum(axis=2)
    # (kinds, annotators, codes, codes given): what was given less what was to be expected.
    excess = kinds[:, :, None] - judged[:, :, None, None] * confusion
    of_code = np.zeros((n_kinds, codes, annotators, codes, codes))
    for code in range(codes):
        of_code[:, code, :, code] = excess[:, :, code]
    return np.concatenate([of_prior, of_code.reshape(n_kinds, codes, -1)], axis=2)


def _missing_information(sizes: FloatArray, chance: FloatArray, complete: FloatArray) -> FloatArray:
    """Return the information that is missing as codes are not known (Louis 1982)."""
    expected = sizes[:, None] * chance
    scores = np.einsum("ij,ijp->ip", chance, complete)
    missing = np.einsum("ij,ijp,ijq->pq", expected, complete, complete, optimize=True)
    of_scores = np.einsum("i,ip,iq->pq", sizes, scores, scores, optimize=True)
    return np.asarray(missing - of_scores)


def _known_information(
    kinds: FloatArray, expected: FloatArray, prior: FloatArray, confusion: FloatArray
) -> FloatArray:
    """Return the information if codes were known, given how many rows of each kind have each code."""
    codes, annotators = len(prior), kinds.shape[1]
    size = codes * (1 + annotators * codes)
    known = np.zeros((size, size))
    known[:codes, :codes] = expected.sum() * (np.diag(prior) - np.outer(prior, prior))
    judged = np.einsum("ij,ik->kj", expected, kinds.sum(axis=2)) + SMOOTHING * codes
    start = codes
    for annotator in range(annotators):
        for code in range(codes):
            given = confusion[annotator, code]
            block = slice(start, start + codes)
            known[block, block] = judged[annotator, code] * (
                np.diag(given) - np.outer(given, given)
            )
            start += codes
    return known


def _correct(
    chance: FloatArray,
    sizes: FloatArray,
    slopes: FloatArray,
    moves: FloatArray,
    *,
    kind: NDArray[np.int64],
    columns: NDArray[np.int64],
) -> PosteriorModel:
    """Return posteriors that do not lean towards the shares of all rows.

    A posterior of an unclear row is close to the share of its code in all rows, so the mean of
    posteriors in a cell is too. With M the mean posterior of rows of each code, the rows of the
    inverse of M make them unbiased in each cell, whatever its shares.
    """
    expected = sizes[:, None] * chance
    totals = expected.sum(axis=0)
    mean = expected.T @ chance / totals[:, None]
    if np.linalg.cond(mean) > _MOST_MISTAKEN:
        raise KitError(
            "the judgements hardly say which code is which: annotators mistake codes for each other "
            "too often; set judgements=mean, or adjudicate rows and set judgements=adjudicated"
        )
    inverse = np.linalg.inv(mean)
    values = chance @ inverse
    # How M changes with the parameters, and with one row more of a kind.
    by_parameter = np.einsum("i,ijp,ik->jkp", sizes, slopes, chance, optimize=True)
    by_parameter -= np.einsum("i,ijp,jk->jkp", sizes, slopes, mean, optimize=True)
    by_parameter += np.einsum("ij,ikp->jkp", expected, slopes, optimize=True)
    by_parameter /= totals[:, None, None]
    by_row = chance[:, :, None] * (chance[:, None] - mean) / totals[:, None]
    slopes = np.einsum("ikp,kc->icp", slopes, inverse)
    slopes -= np.einsum("ij,jkp,kc->icp", values, by_parameter, inverse, optimize=True)
    # The entries of M are parameters too.
    of_entries = -np.einsum("ij,kc->icjk", values, inverse).reshape(*values.shape, -1)
    noise = np.sqrt(chance)[:, :, None] * (values[:, None] - np.eye(chance.shape[1]))
    return PosteriorModel(
        columns=columns,
        kind=kind.astype(np.int64),
        values=values,
        noise=noise,
        slopes=np.concatenate([slopes, of_entries], axis=2),
        moves=np.concatenate([moves, by_row.reshape(len(sizes), -1)], axis=1),
    )


def given_posteriors(
    row: NDArray[np.int64], chances: FloatArray, *, exclusive: bool
) -> PosteriorGold:
    """Return posteriors as they are in a file: how uncertain they themselves are is not known.

    Parameters
    ----------
    row
        The annotated rows, shape (n,).
    chances
        How probable each code is in each, shape (n, codes).

    Examples
    --------
    >>> given_posteriors(np.array([0]), np.array([[0.5, 0.5]]), exclusive=True).models[0].noise.shape
    (1, 2, 2)
    """
    n, codes = chances.shape
    if exclusive:
        noise = np.sqrt(chances)[:, :, None] * (chances[:, None] - np.eye(codes))
    else:
        noise = np.eye(codes) * np.sqrt(chances * (1 - chances))[:, None]
    model = PosteriorModel(
        columns=np.arange(codes),
        kind=np.arange(n),
        values=chances,
        noise=noise,
        slopes=np.zeros((n, codes, 0)),
        moves=np.zeros((n, 0)),
    )
    return PosteriorGold(row, (model,))
