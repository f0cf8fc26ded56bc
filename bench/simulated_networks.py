"""Networks with known edges, labelled by a classifier that wrongs some of them: do intervals hold?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stancekit.prevalence.signed_rows import SignedRows

N_NODES, N_ARTICLES = 12, 300
# How alike the rows of an edge are in one article.
CONCENTRATION = 8.0
DRAWS_OF_CODES = 300
# Rows from which an edge counts, as by default in the kit.
MIN_ROWS = 5


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
        Each has 2 to 20 rows of 1 to 6 edges.

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
        chosen = random.choice(of_article, random.integers(2, 21))
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
