"""`stancekit plan`: how many rows to judge, and how many hours that takes, for intervals as narrow as wanted."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from stancekit.commands.estimate import cells_of, units_of
from stancekit.corpus.labels import codes_of, read_labels, with_period
from stancekit.errors import KitError
from stancekit.evaluation.planning import planned
from stancekit.files import write_text
from stancekit.report.plan import Step, curve, plan_table
from stancekit.report.plots import svg

STEPS = 8


def plan(
    *,
    labels: str | Path,
    gold: str | Path,
    what: str = "stance",
    by: Sequence[str] = (),
    about: str = "corpus",
    minutes: float = 0.5,
    most: int | None = None,
    output: str | Path | None = None,
) -> list[Step]:
    """Foresee from a first judged sample how narrow intervals will be with more of it.

    Parameters
    ----------
    labels, gold, what, by, about
        As of `stancekit estimate`; fifty judged rows give an idea, a hundred a better one.
    minutes
        How long it takes to judge a row.
    most
        The largest sample to look at; by default ten times the one there is, or all rows.
    output
        A folder for `plan.csv` and `plan.svg`.

    Returns
    -------
    list of Step
        Per size of sample: hours, and the half-width of the widest interval over codes and cells, with the model and
        without it.

    Raises
    ------
    KitError
        When no cell has gold labels enough to plan from, or `minutes` or `most` make no sense.
    """
    if minutes <= 0:
        raise KitError(f"minutes={minutes} for judging a row; give how many it takes, as minutes=0.5")
    if about not in ("corpus", "beyond"):
        raise KitError(f"unknown about={about!r}; there are corpus and beyond. Set about=corpus")
    rows = with_period(read_labels(labels))
    codes = codes_of(rows, what)
    units = units_of(rows, with_period(read_labels(gold)), what, codes)
    corpus, now = about == "corpus", int(units.drawn.sum())
    cells = {key: one for key, one in cells_of(units, rows, by, corpus=corpus).items() if one.enough}
    if not cells:
        raise KitError(
            f"{now} judged rows are too few in every cell to plan from; judge some fifty per cell, or drop by="
        )
    top = min(most or 10 * now, len(rows))
    if top < now:
        raise KitError(f"most={most} is less than the {now} rows that are judged; give a larger one")
    sizes = sorted({now, *np.geomspace(now, top, STEPS).round().astype(int).tolist()})
    widths = [
        planned(one, tuple(min(one.n, round(one.gold * size / now)) for size in sizes), corpus=corpus)
        for one in cells.values()
    ]
    steps = [
        Step(
            size,
            size * minutes / 60,
            *(float(max(np.max(getattr(of, how)[at]) for of in widths)) for how in ("own", "alone")),
        )
        for at, size in enumerate(sizes)
    ]
    print(plan_table(steps))
    print(f"\n{now} rows are judged; cells planned for: {len(cells)}; sampled as before, a row in {minutes:g} minutes")
    if output is not None:
        _write(Path(output), steps)
    return steps


def _write(folder: Path, steps: Sequence[Step]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["rows", "hours", "half_width", "half_width_gold_alone"])
    writer.writerows([one.rows, f"{one.hours:.3f}", f"{one.own:.6f}", f"{one.alone:.6f}"] for one in steps)
    write_text(folder / "plan.csv", text.getvalue())
    write_text(folder / "plan.svg", svg(curve(steps), "half-width of the widest interval by hours of annotation"))
    print(f"written: {folder / 'plan.svg'} and plan.csv beside it")
