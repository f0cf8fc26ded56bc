"""Scores of a model: every metric, overall, per code and per slice, each with its interval."""

from collections.abc import Callable, Iterator, Mapping, Sequence
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
    summed,
)
from stancekit.evaluation.slices import ENOUGH, Slices
from stancekit.types import FloatArray, Score


def stack_metrics(metrics: Mapping[str, Metric]) -> Metric:
    """Return several metrics as one with a further last axis, so that each replicate is drawn once."""
    return lambda counts: np.stack([metric(counts) for metric in metrics.values()], axis=-1)


# Where most targets are rare, a mean over the frequent ones would stand for little.
_COVERED = 0.9


@dataclass(frozen=True, slots=True)
class _How:
    names: Sequence[str]
    replicates: int
    multi_label: bool

    def __call__(self, counts: FloatArray, metric: Metric) -> list[Estimate]:
        return estimate_interval(counts, metric, replicates=self.replicates)


def _score_rows(counts: FloatArray, where: str, n: int, how: _How) -> Iterator[Score]:
    """Yield the metrics of counts, shape (random states, clusters, codes, 4); macro averages first."""
    metrics = metrics_for(how.names, counts[0], multi_label=how.multi_label)
    codes = int(in_gold(counts[0]).sum())
    yield from _named_metrics(
        metrics, codes, lambda kept: how(counts, stack_metrics(kept)), where, n
    )


def _named_metrics(
    metrics: Mapping[str, Metric],
    codes: int,
    estimated: Callable[[Mapping[str, Metric]], list[Estimate]],
    where: str,
    n: int,
) -> Iterator[Score]:
    """Yield metrics as scores; a macro average over no code at all is NaN, and left out of slices."""
    kept = {name: metric for name, metric in metrics.items() if codes or name not in MACRO}
    found = dict(zip(kept, estimated(kept), strict=True))
    for name in metrics:
        if name in found:
            yield Score(name, where, *found[name], n, codes if name in MACRO else None)
        elif where == "all":
            yield Score(name, where, np.nan, np.nan, np.nan, n, 0)


def _per_code(counts: FloatArray) -> FloatArray:
    """Return precision, recall and F1 of each code, shape (..., codes, 4) to (..., 3 x codes)."""
    return np.concatenate([metric(counts) for metric in PER_CODE.values()], axis=-1)


def _score_codes(counts: FloatArray, how: _How) -> Iterator[Score]:
    """Yield precision, recall and F1 of every code that gold bears."""
    gold = counts[0].sum(axis=0)[:, [0, 2]].sum(axis=-1)
    found = how(counts, _per_code)
    for place, metric in enumerate(PER_CODE):
        for at, name in enumerate(how.names):
            if gold[at]:
                yield Score(
                    metric, f"code={name}", *found[place * len(how.names) + at], int(gold[at])
                )


def _per_target(parts: Sequence[FloatArray], n: int, how: _How) -> Score:
    """Score the mean over targets of macro-F1; parts have shape (random states, clusters, codes, 4)."""
    stacked = np.stack(parts, axis=2)
    states, clusters, targets, codes, _ = stacked.shape
    borne = [in_gold(part) for part in parts]

    def metric(counts: FloatArray) -> FloatArray:
        apart = counts.reshape(*counts.shape[:-2], targets, codes, 4)
        each = [macro_f1(apart[..., at, :, :], codes=own) for at, own in enumerate(borne)]
        return np.asarray(np.mean(each, axis=0)[..., None])

    (of,) = how(stacked.reshape(states, clusters, targets * codes, 4), metric)
    return Score("macro_f1", "mean over targets", *of, n)


def score(
    gold: CodeTuples,
    predicted: Sequence[CodeTuples],
    names: Sequence[str],
    clusters: Sequence[str],
    *,
    multi_label: bool,
    slices: Slices | None = None,
    replicates: int = REPLICATES,
) -> list[Score]:
    """Score predictions against gold.

    The slice `all` pools the examples; where targets with ten examples or more make up nearly all
    of them, the slice `mean over targets` is the mean of their macro-F1, in which a rare target
    counts as much as a frequent one. Macro averages run over the codes that the gold of the slice
    bears; a code that gold lacks has no row of its own, and a slice whose gold bears no code has no
    macro average; that of the slice `all` is NaN then.

    Parameters
    ----------
    gold
        The codes of each example.
    predicted
        One sequence of codes per random state.
    names
        All codes, in alphabetical order (`Codebook.names`).
    clusters
        The article of each example: the unit of the bootstrap.
    multi_label
        What the codebook says; whether an example may bear several codes is not guessed from those
        it bears.
    slices
        Masks of shape (examples,) by name.

    Examples
    --------
    >>> gold, guess = [("a",), ("b",)], [("a",), ("b",)]
    >>> rows = score(gold, [guess], ["a", "b", "c"], ["x", "y"], multi_label=False)
    >>> rows[0].metric, rows[0].value, rows[0].n, rows[0].codes
    ('macro_f1', 1.0, 2, 2)
    """
    how = _How(names, replicates, multi_label)
    cells, home = (
        np.stack([outcomes(gold, state, names) for state in predicted], axis=1),
        numbered(clusters),
    )
    counts = _by_state(cells, home)
    rows = [*_score_rows(counts, "all", len(gold), how)]
    targets, covered = [], 0
    sliced: list[Score] = []
    for where, mask in (slices or {}).items():
        n = int(mask.sum())
        sliced += _score_rows(_by_state(cells[mask], numbered(home[mask].tolist())), where, n, how)
        part = _by_state(cells & mask[:, None, None, None], home)
        if where.startswith("target=") and n >= ENOUGH and in_gold(part).any():
            covered += n
            targets.append(part)
    if len(targets) > 1 and covered >= _COVERED * len(gold):
        rows.append(_per_target(targets, len(gold), how))
    return [*rows, *_score_codes(counts, how), *sliced]


def _by_state(cells: NDArray[np.bool_], home: NDArray[np.intp]) -> FloatArray:
    """Return counts by random state and cluster, from cells of shape (examples, random states, codes, 4)."""
    return np.moveaxis(summed(cells, home), 1, 0)


def score_unpaired(
    parts: Sequence[tuple[CodeTuples, CodeTuples, Sequence[str]]],
    names: Sequence[str],
    *,
    multi_label: bool,
    replicates: int = REPLICATES,
) -> list[Score]:
    """Score predictions where every random state has a test set of its own: overall and per code.

    The macro average of a random state runs over the codes that the gold of its own test set bears,
    as in its own scores, and a code's score is the mean over the random states whose gold bears it.

    Parameters
    ----------
    parts
        Per random state: gold, predicted, and the article of each example.

    Returns
    -------
    list of Score
        `n` is the mean number of examples, rounded; `codes` that of the test set with the fewest.
    """
    tables = [count(gold, predicted, names, clusters) for gold, predicted, clusters in parts]
    n = round(sum(len(of[0]) for of in parts) / len(parts))
    codes = min(int(in_gold(table).sum()) for table in tables)
    each = [metrics_for(names, table, multi_label=multi_label) for table in tables]
    kept = [name for name in each[0] if codes or name not in MACRO]
    metrics = [stack_metrics({name: own[name] for name in kept}) for own in each]
    found = estimate_unpaired(tables, metrics, replicates=replicates)
    rows = [
        Score(name, "all", *of, n, codes if name in MACRO else None)
        for name, of in zip(kept, found, strict=True)
    ]
    return [*rows, *_codes_apart(tables, names, replicates)]


def _codes_apart(
    tables: Sequence[FloatArray], names: Sequence[str], replicates: int
) -> Iterator[Score]:
    borne = [in_gold(table) for table in tables]
    by_code = {}
    for at, name in enumerate(names):
        own = [table[:, [at]] for table, has in zip(tables, borne, strict=True) if has[at]]
        if own:
            gold = sum(float(table[..., [0, 2]].sum()) for table in own) / len(own)
            found = estimate_unpaired(own, [_per_code] * len(own), replicates=replicates)
            by_code[name] = [(*of, round(gold)) for of in found]
    for place, metric in enumerate(PER_CODE):
        for name, rows in by_code.items():
            yield Score(metric, f"code={name}", *rows[place])
