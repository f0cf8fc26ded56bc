"""Annotators of known error judge an archive, where the model is unsure or at random: which needs fewer rows?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from stancekit.corpus.dawid_skene import dawid_skene
from stancekit.prevalence.estimators import Domain, estimate_domain, half_width, share_interval
from stancekit.prevalence.sampling import Sample, draw_sample, inclusion_probabilities
from stancekit.prevalence.units import make_units
from stancekit.types import BoolArray, FloatArray

CODES = ("abstain", "condemn", "none", "support")
# How often an annotator gives each code (columns) to rows of each code (rows): one who is careful,
# one who sees no position too often, and one who is hasty.
CONFUSION: FloatArray = np.array(
    [
        [[0.84, 0.04, 0.09, 0.03], [0.02, 0.90, 0.06, 0.02], [0.02, 0.04, 0.90, 0.04], [0.03, 0.02, 0.07, 0.88]],
        [[0.72, 0.02, 0.25, 0.01], [0.01, 0.84, 0.14, 0.01], [0.01, 0.02, 0.95, 0.02], [0.01, 0.01, 0.16, 0.82]],
        [[0.70, 0.10, 0.08, 0.12], [0.06, 0.80, 0.07, 0.07], [0.06, 0.10, 0.74, 0.10], [0.06, 0.07, 0.07, 0.80]],
    ]
)  # fmt: skip
# Who judges, and how one code comes of it.
PEOPLE = ("no error", "one", "three, majority", "three, Dawid-Skene")
ARMS = ("loop", "random")
FIRST, STEP, LAST, FOLDS = 50, 50, 400, 5
# The sizes that both arms are measured at.
SIZES = (50, 100, 150, 200, 300, 400)


@dataclass(frozen=True, slots=True)
class Texts:
    """Rows whose codes are known.

    Attributes
    ----------
    features
        What a model reads of them, shape (rows, features).
    gold, article
        The number of each row's code and of its article, shape (rows,).
    C
        Of logistic regression on these features: the inverse strength of its penalty.
    """

    features: FloatArray
    gold: NDArray[np.int64]
    article: NDArray[np.int64]
    C: float

    def take(self, rows: BoolArray) -> "Texts":
        """Return some rows."""
        return Texts(self.features[rows], self.gold[rows], self.article[rows], self.C)


@dataclass(frozen=True, slots=True)
class Measured:
    """What some annotated rows give: means over codes, and macro-F1 on texts that nobody annotates.

    Attributes
    ----------
    half_width, half_width_gold_only
        Of the cross-fitted estimate, and of annotation only.
    covers_truth, covers_judged
        The part of the intervals of the cross-fitted estimate that contain the true share, and the
        share that the same people would give if they judged everything.
    error
        The mean distance of the estimate from the true share.
    """

    half_width: float
    half_width_gold_only: float
    covers_truth: float
    covers_judged: float
    error: float
    macro_f1: float


def split_texts(texts: Texts, random: np.random.Generator) -> tuple[Texts, Texts]:
    """Return two thirds of the articles as an archive, and the others as new texts."""
    names = random.permutation(np.unique(texts.article))
    is_new = np.isin(texts.article, names[: len(names) // 3])
    return texts.take(~is_new), texts.take(is_new)


def judge(gold: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.int64]:
    """Return what each annotator would give to each row, shape (annotators, rows).

    Examples
    --------
    >>> judge(np.zeros(1000, int), np.random.default_rng(0)).shape
    (3, 1000)
    """
    limits = CONFUSION[:, gold].cumsum(axis=2)
    drawn = random.random((len(CONFUSION), len(gold), 1)) * limits[..., -1:]
    return np.asarray((limits > drawn).argmax(axis=2))


class Desk:
    """What people say of rows of an archive, as one code per row."""

    def __init__(self, people: str, archive: Texts, random: np.random.Generator) -> None:
        self.people, self.gold = people, archive.gold
        self.judged = judge(archive.gold, random)

    def codes(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the codes of the rows that are annotated: what is decided may depend on all of them."""
        if self.people == "no error":
            return self.gold[rows]
        if self.people == "one":
            return self.judged[0, rows]
        counts = np.eye(len(CODES))[self.judged[:, rows]].transpose(1, 0, 2)
        if self.people == "three, Dawid-Skene":
            return np.asarray(dawid_skene(counts).posterior.argmax(axis=1))
        votes = counts.sum(axis=1)
        # Where all three differ, a lead decides, who is right.
        return np.where(votes.max(axis=1) > 1, votes.argmax(axis=1), self.gold[rows])

    def judged_shares(self) -> FloatArray:
        """Return the shares that the same people would find if they judged everything, shape (codes,)."""
        codes = self.codes(np.arange(len(self.gold)))
        return np.bincount(codes, minlength=len(CODES)) / len(codes)


def fit_head(texts: Texts, codes: NDArray[np.int64], rows: NDArray[np.int64]) -> FloatArray:
    """Fit logistic regression to some rows, and return weights and at the end the bias, (codes, features + 1)."""
    head = LogisticRegression(C=texts.C, class_weight="balanced", max_iter=2000)
    head.fit(texts.features[rows], codes)
    planes = np.column_stack([head.coef_, head.intercept_])
    if len(head.classes_) == 2:
        planes = np.vstack([0 * planes, planes])
    # A code that is in no row gets no probability.
    weights = np.zeros((len(CODES), planes.shape[1]))
    weights[:, -1] = -50
    weights[head.classes_] = planes
    return weights


def give_scores(texts: Texts, head: FloatArray) -> FloatArray:
    """Return the scores of a fitted model, shape (rows, codes)."""
    return np.asarray(softmax(texts.features @ head[:, :-1].T + head[:, -1], axis=1))


def cross_fit(
    archive: Texts,
    new: Texts,
    rows: NDArray[np.int64],
    codes: NDArray[np.int64],
    random: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Train a model per fold of the annotated articles, and score the archive and new texts with them.

    Returns
    -------
    array of shape (rows of the archive, codes)
        Of annotated articles the scores of the model that has not learned from them, of others the
        mean of all.
    array of shape (rows of the new texts, codes)
        The mean of all.
    """
    fold_of = np.full(int(archive.article.max()) + 1, -1)
    articles = random.permutation(np.unique(archive.article[rows]))
    fold_of[articles] = np.arange(len(articles)) % FOLDS
    fold = fold_of[archive.article]
    learned = [fold[rows] != number for number in range(FOLDS)]
    heads = [fit_head(archive, codes[mask], rows[mask]) for mask in learned]
    by_fold = np.stack([give_scores(archive, head) for head in heads])
    held_out = by_fold[np.maximum(fold, 0), np.arange(len(fold))]
    scores = np.where(fold[:, None] < 0, by_fold.mean(axis=0), held_out)
    return scores, np.mean([give_scores(new, head) for head in heads], axis=0)


def macro_f1(gold: NDArray[np.int64], predicted: NDArray[np.int64]) -> float:
    """Return the mean F1 of the codes."""
    table = np.zeros((len(CODES), len(CODES)))
    np.add.at(table, (gold, predicted), 1)
    both = table.sum(axis=0) + table.sum(axis=1)
    return float((2 * np.diag(table) / np.maximum(both, 1)).mean())


def annotate_in_rounds(
    archive: Texts, new: Texts, *, arm: str, people: str, random: np.random.Generator
) -> Iterator[tuple[int, Measured]]:
    """Annotate an archive, and yield what it gives at each of `SIZES`.

    Parameters
    ----------
    arm
        `loop`: fifty rows at random, then fifty at a time where the model that was trained on all
        rows so far is unsure. `random`: all at random.
    people
        One of `PEOPLE`.
    """
    desk = Desk(people, archive, random)
    goal = desk.judged_shares()
    size = len(archive.gold)
    samples: list[Sample] = []
    pool = np.arange(size)
    scores = np.ones((size, len(CODES))) / len(CODES)
    for n in (FIRST, *range(FIRST + STEP, LAST + 1, STEP)):
        design = "uncertain" if arm == "loop" and samples else "random"
        more = n - sum(len(sample.rows) for sample in samples)
        chance = inclusion_probabilities([""] * len(pool), scores[pool], more, design=design)
        drawn = draw_sample(chance, random_state=int(random.integers(2**31)))
        everyone = np.ones(len(drawn), dtype=bool)
        samples.append(Sample(pool[drawn], chance[drawn], everyone, len(samples) + 1))
        pool = np.delete(pool, drawn)
        if arm == "random" and n not in SIZES:
            continue
        rows = np.concatenate([sample.rows for sample in samples])
        codes = desk.codes(rows)
        scores, of_new = cross_fit(archive, new, rows, codes, random)
        if n in SIZES:
            domain = estimate_shares(archive, samples, scores, dict(zip(rows, codes, strict=True)))
            yield n, measure(domain, archive, goal, macro_f1(new.gold, of_new.argmax(axis=1)))


def estimate_shares(
    archive: Texts,
    samples: Sequence[Sample],
    scores: FloatArray,
    codes: Mapping[int, int],
) -> Domain:
    """Estimate the shares of codes in an archive, as the kit does from scores and annotated rows."""
    identity = np.eye(len(CODES))
    gold = np.zeros(scores.shape)
    gold[list(codes)] = identity[list(codes.values())]
    units = make_units(
        scores,
        identity[scores.argmax(axis=1)].astype(bool),
        archive.article.astype(str).tolist(),
        gold=gold,
        samples=samples,
        exclusive=True,
    )
    return estimate_domain(units)


def measure(domain: Domain, archive: Texts, goal: FloatArray, found: float) -> Measured:
    """Hold an estimate against what it should be."""
    low, high = share_interval(domain)
    truth = np.bincount(archive.gold, minlength=len(CODES)) / len(archive.gold)
    return Measured(
        half_width=float(half_width(domain).mean()),
        half_width_gold_only=float(half_width(domain, gold_only=True).mean()),
        covers_truth=float(((low <= truth) & (truth <= high)).mean()),
        covers_judged=float(((low <= goal) & (goal <= high)).mean()),
        error=float(np.abs(domain.value - truth).mean()),
        macro_f1=found,
    )
