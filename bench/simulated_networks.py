"""Networks with known edges, labelled by a classifier that wrongs some of them: do intervals hold?"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stancekit.prevalence.imputation import draw_tallies
from stancekit.prevalence.signed_rows import SignedRows
from stancekit.prevalence.structure import are_evident, find_balance, merge_directions

N_NODES, N_ARTICLES = 10, 250
# How alike the rows of an edge are in one article.
CONCENTRATION = 8.0
DRAWS_OF_CODES = 200
# Rows from which an edge counts, as by default in the kit; and annotated rows from which it has
# some evidence of its own.
MIN_ROWS, OWN_EVIDENCE = 5, 5
LEVEL, ENDS = 0.95, (0.025, 0.975)


@dataclass(frozen=True, slots=True)
class SimulatedNetwork:
    """N rows with their edge, article and gold code (0 for, 1 against, 2 neither), and the classifier's scores (N, 3).

    `ends` has the two nodes of every edge, shape (edges, 2).
    """

    edge: NDArray[np.int64]
    article: NDArray[np.int64]
    gold: NDArray[np.int64]
    scores: NDArray[np.float64]
    ends: NDArray[np.int64]


def simulate_network(
    random: np.random.Generator, *, errors: str = "alike", articles: int = N_ARTICLES
) -> SimulatedNetwork:
    """Draw a network of two camps, and a classifier.

    Parameters
    ----------
    errors
        `alike`: the classifier errs in the same way in every edge. `differ`: how often it takes
        against for neither, and neither for against, differs from edge to edge. `useless`: its
        scores say nothing.
    articles
        Each has 2 to 14 rows of 1 to 6 edges.

    Examples
    --------
    >>> simulate_network(np.random.default_rng(0)).scores.shape[1]
    3
    """
    pairs = [(i, j) for i in range(N_NODES) for j in range(N_NODES) if i != j]
    ends = np.array(pairs)
    camp = np.arange(N_NODES) % 2
    same = camp[ends[:, 0]] == camp[ends[:, 1]]
    base = np.where(same[:, None], [0.5, 0.1, 0.4], [0.1, 0.5, 0.4])
    shares = np.array([random.dirichlet(6 * row) for row in base])
    # Few edges have most rows.
    popular = random.permutation(1 / np.arange(1, len(ends) + 1) ** 0.8)
    edge, article, gold = [], [], []
    for number in range(articles):
        of_article = random.choice(
            len(ends), random.integers(1, 7), replace=False, p=popular / popular.sum()
        )
        chosen = random.choice(of_article, random.integers(2, 15))
        for one in np.unique(chosen):
            local = random.dirichlet(CONCENTRATION * shares[one] + 1e-3)
            n = int((chosen == one).sum())
            edge += [one] * n
            article += [number] * n
            gold += random.choice(3, n, p=local).tolist()
    true = np.array(gold)
    # Numbered without gaps: those of some rows.
    seen, edges = np.unique(edge, return_inverse=True)
    scores = _score(random, true, edges, errors, len(seen))
    return SimulatedNetwork(edges, np.array(article), true, scores, ends[seen])


def _score(
    random: np.random.Generator,
    gold: NDArray[np.int64],
    edge: NDArray[np.int64],
    errors: str,
    n_edges: int,
) -> NDArray[np.float64]:
    """Return scores of for, against and neither, shape (N, 3), sure of a code that is often wrong."""
    if errors == "useless":
        return np.asarray(random.dirichlet([2.0, 2.0, 2.0], len(gold)))
    confusion = np.tile([[0.75, 0.05, 0.2], [0.05, 0.6, 0.35], [0.05, 0.1, 0.85]], (n_edges, 1, 1))
    if errors == "differ":
        confusion = np.array([[random.dirichlet(8 * row) for row in table] for table in confusion])
    chances = confusion[edge, gold].cumsum(axis=1)
    predicted = np.minimum((chances < random.random(len(gold))[:, None]).sum(axis=1), 2)
    scores = random.dirichlet([1.0, 1.0, 1.0], len(gold))
    sure = random.uniform(0.3, 0.9, len(gold))
    scores *= (1 - sure)[:, None]
    scores[np.arange(len(gold)), predicted] += sure
    return np.asarray(scores)


@dataclass(frozen=True, slots=True)
class NetworkResult:
    """Of one simulated network: the part of the edges' intervals with the truth in them, and more.

    `supported` and `unseen` are of edges with five annotated rows or more, and with none, NaN
    where there are no such edges; `error` is the mean distance from the truth, `wrong_signs` the
    part of the evident signs that are wrong. `balance` says whether the interval of the balance of
    evident ties has that of their true signs in it, NaN without a triangle, and `evident` how many
    of the ties that is.
    """

    coverage: float
    supported: float
    unseen: float
    half_width: float
    error: float
    wrong_signs: float
    balance: float
    evident: float


def as_rows(network: SimulatedNetwork, random: np.random.Generator, n: int) -> SignedRows:
    """Annotate n rows at random."""
    poles = np.eye(3)[:, :2]
    annotated = np.zeros(len(network.gold), dtype=bool)
    annotated[random.permutation(len(annotated))[:n]] = True
    weight = np.full(len(annotated), len(annotated) / n)
    return SignedRows(
        network.scores[:, :2],
        poles[network.scores.argmax(axis=1)] > 0,
        poles[network.gold],
        annotated,
        weight,
        network.edge,
        network.article,
    )


def evaluate_network(
    random: np.random.Generator, *, n: int, errors: str
) -> Iterator[tuple[str, NetworkResult]]:
    """Simulate a network, annotate n rows, and compare what each method says of it with the truth."""
    network = simulate_network(random, errors=errors)
    rows = as_rows(network, random, n)
    sizes = np.bincount(network.edge)
    annotated = np.bincount(network.edge[rows.annotated], minlength=len(sizes))
    kept = np.flatnonzero(sizes >= MIN_ROWS)
    sizes, annotated, ends = sizes[kept], annotated[kept], network.ends[kept]

    def shares_of(codes: NDArray[np.float64]) -> NDArray[np.float64]:
        found = [np.bincount(network.edge, codes[:, pole]) for pole in (0, 1)]
        return np.asarray(np.stack(found, axis=1)[kept] / sizes[:, None])

    def result(drawn: NDArray[np.float64], value: NDArray[np.float64]) -> NetworkResult:
        net = drawn[..., 0] - drawn[..., 1]
        found = net_of(value)
        ties = merge_directions(ends, drawn, weights, N_NODES)
        evident = are_evident(ties.values, LEVEL)
        balance = find_balance(ties.of(evident), weighted=False)
        true_balance = find_balance(true_ties.of(evident), weighted=False)[0]
        right = np.nan
        low, high = np.quantile(net, ENDS, axis=0)
        inside = (low - 1e-9 <= net_of(truth)) & (net_of(truth) <= high + 1e-9)
        signed = (low > 0) | (high < 0)
        wrong = signed & (np.sign(found) * np.sign(net_of(truth)) < 0)
        if not np.isnan(true_balance) and not np.isnan(balance).all():
            low_balance, high_balance = np.nanquantile(balance, ENDS)
            right = float(low_balance - 1e-9 <= true_balance <= high_balance + 1e-9)
        return NetworkResult(
            float(inside.mean()),
            _mean(inside[annotated >= OWN_EVIDENCE]),
            _mean(inside[annotated == 0]),
            float((high - low).mean() / 2),
            float(np.abs(found - net_of(truth)).mean()),
            float(wrong.sum() / max(signed.sum(), 1)),
            right,
            float(evident.mean()),
        )

    truth, counted = shares_of(rows.gold), shares_of(rows.counted.astype(float))
    weights = sizes.astype(float)
    true_ties = merge_directions(ends, truth[None], weights, N_NODES)
    for pool in ("shrunk", "all"):
        tallies = draw_tallies(
            rows, network.edge, draws=DRAWS_OF_CODES, cells_differ=pool == "shrunk"
        )
        drawn, value = tallies.counts[:, kept], tallies.expected[kept]
        yield pool, result(drawn / sizes[:, None], value / sizes[:, None])
    # What is printed around counted labels, as if these were the truth and a random sample.
    three = np.column_stack([counted, 1 - counted.sum(axis=1)]).clip(0, 1)
    three = three / three.sum(axis=1, keepdims=True)
    drawn = random.multinomial(sizes, three, size=(DRAWS_OF_CODES, len(sizes)))[..., :2]
    yield "counting", result(drawn / sizes[:, None], counted)


def net_of(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share that is for less the share that is against."""
    return np.asarray(shares[..., 0] - shares[..., 1])


def _mean(values: NDArray[np.bool_]) -> float:
    return float(values.mean()) if len(values) else np.nan
