"""When each estimator of a share fails: a drawing of simulated corpora whose truth is known, made by the build."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sphinx.application import Sphinx

from stancekit.fileio import write_text
from stancekit.prevalence.adjusted import adjusted_count
from stancekit.prevalence.estimators import (
    Domain,
    SampledUnits,
    estimate_domain,
    share_interval,
)
from stancekit.reporting.figures import BLUE, GREY, INK, panels, svg

MADE = Path(__file__).resolve().parents[1] / "made" / "method"
ROWS, ANNOTATED, DRAWS = 4000, 300, 200
# Half the rows are of the actor whose share is asked for.
SHARES, ACCURACY = (0.25, 0.4), 0.85
METHODS = ("counted", "adjusted", "annotation only", "estimate")


@dataclass(frozen=True)
class Corpus:
    """Rows of two actors: the code of each, what the model says, and what annotators were given and gave."""

    actor: NDArray[np.int64]
    gold: NDArray[np.bool_]
    scores: NDArray[np.float64]
    annotated: NDArray[np.bool_]
    given: NDArray[np.bool_]


def simulate(random: np.random.Generator, right: tuple[float, float]) -> Corpus:
    """Draw a corpus whose model is right about each actor's rows with a chance of its own, and a random sample."""
    actor = random.integers(0, 2, ROWS)
    gold = random.random(ROWS) < np.array(SHARES)[actor]
    # Where it errs, it mostly misses the code.
    chance = np.where(gold, np.array(right)[actor], 1 - (1 - np.array(right)[actor]) / 4)
    said = np.where(random.random(ROWS) < chance, gold, ~gold)
    scores = np.clip(np.where(said, 0.8, 0.15) + random.normal(0, 0.08, ROWS), 0.01, 0.99)
    annotated = np.zeros(ROWS, dtype=bool)
    annotated[random.choice(ROWS, ANNOTATED, replace=False)] = True
    return Corpus(actor, gold, scores, annotated, gold)


def equal_errors(random: np.random.Generator) -> Corpus:
    return simulate(random, (ACCURACY, ACCURACY))


def unequal_errors(random: np.random.Generator) -> Corpus:
    return simulate(random, (0.95, 0.55))


def no_use(random: np.random.Generator) -> Corpus:
    corpus = simulate(random, (ACCURACY, ACCURACY))
    return replace(corpus, scores=random.permutation(corpus.scores))


def hard_rows_empty(random: np.random.Generator) -> Corpus:
    """Leave six in ten of the rows empty that have the code and that the model misses."""
    corpus = simulate(random, (0.95, 0.55))
    hard = corpus.gold & (corpus.scores < 0.5) & (random.random(ROWS) < 0.6)
    return replace(corpus, annotated=corpus.annotated & ~hard)


def annotators_miss(random: np.random.Generator) -> Corpus:
    """Let annotators overlook a fifth of the rows that have the code."""
    corpus = simulate(random, (0.95, 0.55))
    return replace(corpus, given=corpus.gold & (random.random(ROWS) < 0.8))


def learned(random: np.random.Generator) -> Corpus:
    """Let the model know the annotated rows by heart, as one that was trained on them does."""
    corpus = simulate(random, (0.95, 0.55))
    known = np.where(corpus.gold, 0.95, 0.05)
    return replace(corpus, scores=np.where(corpus.annotated, known, corpus.scores))


# In the first of these the estimate is right.
RIGHT = 3
SITUATIONS: dict[str, Callable[[np.random.Generator], Corpus]] = {
    "same errors\nfor all actors": equal_errors,
    "errors differ\nby actor": unequal_errors,
    "the model\nguesses": no_use,
    "hard rows\nleft empty": hard_rows_empty,
    "annotators\noverlook codes": annotators_miss,
    "the model learned\nfrom the sample": learned,
}


def estimate(corpus: Corpus) -> tuple[list[float], list[float]]:
    """Return the share of the second actor by each method less the truth, and whether intervals hold it."""
    both = np.column_stack([corpus.given, ~corpus.given]).astype(float)
    scores = np.column_stack([corpus.scores, 1 - corpus.scores])
    units = SampledUnits(
        scores,
        scores > 0.5,
        np.arange(ROWS),
        corpus.annotated,
        both,
        np.full(ROWS, ANNOTATED / ROWS),
    )
    mask = corpus.actor == 1
    domain = estimate_domain(units, mask)
    truth = float(corpus.gold[mask].mean())
    values = [
        domain.counted[0],
        adjusted_count(units, mask)[0],
        domain.gold_only[0],
        domain.value[0],
    ]
    inside = [contains(domain, truth, gold_only=True), contains(domain, truth, gold_only=False)]
    return [100 * (float(value) - truth) for value in values], inside


def contains(domain: Domain, truth: float, *, gold_only: bool) -> float:
    low, high = share_interval(domain, gold_only=gold_only)
    return float(low[0] <= truth <= high[0])


@dataclass(frozen=True)
class Result:
    """Of a situation: errors of each method in points, shape (draws, methods), and how often intervals hold."""

    name: str
    errors: NDArray[np.float64]
    held: NDArray[np.float64]


def simulate_all() -> list[Result]:
    """Return what comes of every situation."""
    results = []
    for name, situation in SITUATIONS.items():
        found = [estimate(situation(np.random.default_rng([7, at]))) for at in range(DRAWS)]
        errors = np.array([values for values, _ in found])
        results.append(Result(name, errors, np.mean([inside for _, inside in found], axis=0)))
    return results


def draw(results: list[Result]) -> Figure:
    """Draw the errors of each method, a panel for each situation."""
    drawing, axes = panels(7, 2.6, len(results))
    for result, panel in zip(results, axes, strict=True):
        spread = np.quantile(result.errors, [0.025, 0.975], axis=0)
        panel.axvline(0, color=GREY, linewidth=1)
        for at, middle in enumerate(result.errors.mean(axis=0)):
            colour = BLUE if at == len(METHODS) - 1 else INK
            panel.plot(spread[:, at], [-at, -at], color=colour, linewidth=2.4)
            panel.plot(middle, -at, "o", color=colour, markersize=7)
        panel.set_title(result.name, fontsize=10)
        panel.set_xlim(-25, 15)
        panel.set_yticks([-at for at in range(len(METHODS))], list(METHODS))
    label = "error in percentage points: mean and middle 95 % of draws"
    drawing.supxlabel(label, fontsize=10, color=INK)
    return drawing


def row(result: Result) -> str:
    """Return a situation's row of the table."""
    # Adding zero turns -0.0 into 0.0.
    errors = [
        f"{error:+.1f}" if error else "0.0" for error in result.errors.mean(axis=0).round(1) + 0
    ]
    held = [f"{100 * share:.0f} %" for share in result.held]
    return "| " + " | ".join([result.name.replace("\n", " "), *errors, *held]) + " |"


def write(app: Sphinx) -> None:
    """Draw the situations in which the estimate is right and those in which it fails, and write the table."""
    results = simulate_all()
    MADE.mkdir(parents=True, exist_ok=True)
    for name, shown in (("right", results[:RIGHT]), ("wrong", results[RIGHT:])):
        label = f"Errors of four estimators of a share where the estimate is {name}; the table below has the numbers"
        write_text(MADE / f"{name}.svg", svg(draw(shown), label))
    head = ["", *METHODS, "interval of annotation only", "interval of the estimate"]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|", *map(row, results)]
    write_text(MADE / "estimators.txt", "\n".join(lines) + "\n")


def setup(app: Sphinx) -> dict[str, bool]:
    """Join the build."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True}
