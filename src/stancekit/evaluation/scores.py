"""Scores of a model: all metrics, overall, by code and by slice, with their intervals."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stancekit.corpus.dataset import CodeTuples, numbered
from stancekit.evaluation.bootstrap import (
    REPLICATES,
    Estimate,
    estimate_interval,
    estimate_unpaired,
)
from stancekit.evaluation.metrics import (
    MACRO,
    PER_CODE,
    Metric,
    count,
    in_gold,
    macro_f1,
    metrics_for,
    outcomes,
    sum_clusters,
)
from stancekit.evaluation.slices import ENOUGH, Slices
from stancekit.types import BoolArray, FloatArray, Score

# The mean over targets is given where targets with enough examples have this share of all.
# Where most targets are rare, a mean over the frequent ones would say little.
_COVERED = 0.9


def stack_metrics(metrics: Mapping[str, Metric]) -> Metric:
    """Return several metrics as one with a further last axis.

    Then all of them are computed from the same bootstrap draws.
    """
    return lambda counts: np.stack([metric(counts) for metric in metrics.values()], axis=-1)


@dataclass(frozen=True, slots=True)
class _Estimator:
    """Estimates metrics of one codebook from counts (random states, clusters, codes, 4)."""

    names: Sequence[str]
    replicates: int
    multi_label: bool
    scale: Sequence[str]

    def __call__(self, counts: FloatArray, metric: Metric) -> list[Estimate]:
        return estimate_interval(counts, metric, replicates=self.replicates)

    def score_slice(self, counts: FloatArray, where: str, n: int) -> Iterator[Score]:
        """Yield all metrics of a slice of `n` examples; macro averages come first."""
        metrics = metrics_for(self.names, counts[0], multi_label=self.multi_label, scale=self.scale)
        codes = int(in_gold(counts[0]).sum())
        # A macro average over no code at all has no value.
        kept = {name: metric for name, metric in metrics.items() if codes or name not in MACRO}
        estimates = dict(zip(kept, self(counts, stack_metrics(kept)), strict=True))
        for name in metrics:
            n_codes = codes if name in MACRO else None
            if name in estimates:
                yield Score(name, where, *estimates[name], n, n_codes)
            elif where == "all":
                yield Score(name, where, np.nan, np.nan, np.nan, n, 0)

    def score_codes(self, counts: FloatArray) -> Iterator[Score]:
        """Yield precision, recall and F1 of every code in the gold labels."""
        n_gold = counts[0].sum(axis=0)[:, [0, 2]].sum(axis=-1)
        estimates = self(counts, _per_code)
        for metric_index, metric in enumerate(PER_CODE):
            for code_index, code in enumerate(self.names):
                if n_gold[code_index]:
                    estimate = estimates[metric_index * len(self.names) + code_index]
                    yield Score(metric, f"code={code}", *estimate, int(n_gold[code_index]))

    def score_targets(self, parts: Sequence[FloatArray], n: int) -> Score:
        """Score the mean over targets of macro-F1, from the counts of each target."""
        stacked = np.stack(parts, axis=2)
        states, clusters, targets, codes, _ = stacked.shape
        codes_of = [in_gold(part) for part in parts]

        def metric(counts: FloatArray) -> FloatArray:
            by_target = counts.reshape(*counts.shape[:-2], targets, codes, 4)
            values = [
                macro_f1(by_target[..., index, :, :], codes=present)
                for index, present in enumerate(codes_of)
            ]
            return np.asarray(np.mean(values, axis=0)[..., None])

        (estimate,) = self(stacked.reshape(states, clusters, targets * codes, 4), metric)
        return Score("macro_f1", "mean over targets", *estimate, n)


def _per_code(counts: FloatArray) -> FloatArray:
    """Return precision, recall and F1 of each code, shape (..., codes, 4) to (..., 3 x codes)."""
    return np.concatenate([metric(counts) for metric in PER_CODE.values()], axis=-1)


def score(
    gold: CodeTuples,
    predicted: Sequence[CodeTuples],
    names: Sequence[str],
    clusters: Sequence[str],
    *,
    multi_label: bool,
    scale: Sequence[str] = (),
    slices: Slices | None = None,
    replicates: int = REPLICATES,
) -> list[Score]:
    """Score predictions against gold labels.

    Parameters
    ----------
    gold
        The codes of each example.
    predicted
        One sequence of codes for each random state.
    names
        All codes, in alphabetical order (`Codebook.names`).
    clusters
        The article of each example: the unit of the bootstrap.
    multi_label
        Whether an example may have several codes: what the codebook says, which its
        examples do not show.
    scale
        The ordered codes of the codebook, lowest first: `f_avg` is of its two ends.
    slices
        Masks of shape (examples,) by name.

    Returns
    -------
    list of Score
        The slice `all` has all examples. Where targets with ten examples or more have
        nearly all of them, the slice `mean over targets` is the mean of their macro-F1, in
        which a rare target counts as much as a frequent one. Macro averages run over the
        codes in the gold labels of the slice; a code without gold examples has no row. A
        slice without codes in its gold labels has no macro average, and that of the slice
        `all` is NaN then.

    Examples
    --------
    >>> gold, predicted = [("a",), ("b",)], [("a",), ("b",)]
    >>> rows = score(gold, [predicted], ["a", "b", "c"], ["x", "y"], multi_label=False)
    >>> rows[0].metric, rows[0].value, rows[0].n, rows[0].codes
    ('macro_f1', 1.0, 2, 2)
    """
    estimator = _Estimator(names, replicates, multi_label, scale)
    cells = np.stack([outcomes(gold, state, names) for state in predicted], axis=1)
    cluster = numbered(clusters)
    counts = _count_by_state(cells, cluster)
    scores = [*estimator.score_slice(counts, "all", len(gold))]
    targets, covered = [], 0
    sliced: list[Score] = []
    for name, mask in (slices or {}).items():
        n = int(mask.sum())
        slice_cluster = numbered(cluster[mask].tolist())
        sliced += estimator.score_slice(_count_by_state(cells[mask], slice_cluster), name, n)
        # Over all clusters, so that the targets have the same bootstrap draws.
        part = _count_by_state(cells & mask[:, None, None, None], cluster)
        if name.startswith("target=") and n >= ENOUGH and in_gold(part).any():
            covered += n
            targets.append(part)
    if len(targets) > 1 and covered >= _COVERED * len(gold):
        scores.append(estimator.score_targets(targets, len(gold)))
    return [*scores, *estimator.score_codes(counts), *sliced]


def _count_by_state(cells: BoolArray, cluster: NDArray[np.intp]) -> FloatArray:
    """Return counts, shape (random states, clusters, codes, 4).

    `cells` has the shape (examples, random states, codes, 4).
    """
    return np.moveaxis(sum_clusters(cells, cluster), 1, 0)


def score_unpaired(
    parts: Sequence[tuple[CodeTuples, CodeTuples, Sequence[str]]],
    names: Sequence[str],
    *,
    multi_label: bool,
    scale: Sequence[str] = (),
    replicates: int = REPLICATES,
) -> list[Score]:
    """Score predictions where each random state has its own test set: overall and by code.

    The macro average of a random state runs over the codes in the gold labels of its test
    set, and a code's score is the mean over the random states that have it there.

    Parameters
    ----------
    parts
        For each random state the gold codes, the predicted codes, and the article of each
        example.

    Returns
    -------
    list of Score
        `n` is the mean number of examples, rounded; `codes` that of the test set with the
        fewest.
    """
    tables = [count(gold, predicted, names, clusters) for gold, predicted, clusters in parts]
    n = round(sum(len(gold) for gold, _, _ in parts) / len(parts))
    codes = min(int(in_gold(table).sum()) for table in tables)
    metrics = [metrics_for(names, table, multi_label=multi_label, scale=scale) for table in tables]
    kept = [name for name in metrics[0] if codes or name not in MACRO]
    stacked = [stack_metrics({name: of_state[name] for name in kept}) for of_state in metrics]
    estimates = estimate_unpaired(tables, stacked, replicates=replicates)
    scores = [
        Score(name, "all", *estimate, n, codes if name in MACRO else None)
        for name, estimate in zip(kept, estimates, strict=True)
    ]
    return [*scores, *_score_codes_unpaired(tables, names, replicates)]


def _score_codes_unpaired(
    tables: Sequence[FloatArray], names: Sequence[str], replicates: int
) -> Iterator[Score]:
    present = [in_gold(table) for table in tables]
    by_code: dict[str, tuple[list[Estimate], int]] = {}
    for index, code in enumerate(names):
        of_code = [
            table[:, [index]] for table, codes in zip(tables, present, strict=True) if codes[index]
        ]
        if of_code:
            n_gold = sum(float(table[..., [0, 2]].sum()) for table in of_code) / len(of_code)
            metrics = [_per_code] * len(of_code)
            estimates = estimate_unpaired(of_code, metrics, replicates=replicates)
            by_code[code] = (estimates, round(n_gold))
    for metric_index, metric in enumerate(PER_CODE):
        for code, (estimates, n) in by_code.items():
            yield Score(metric, f"code={code}", *estimates[metric_index], n)
