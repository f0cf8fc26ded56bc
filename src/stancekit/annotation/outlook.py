"""What more rows would bring, and more rows to judge: computed in a process of its own, asked and told in JSON.

`python -m stancekit.annotation.outlook` reads a task from standard input, and writes the answer.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from stancekit.corpus.project_file import project_codebooks, read_judged_items
from stancekit.errors import KitError
from stancekit.evaluation.learning_curve import CurvePoint, LearningCurve, learning_curve
from stancekit.labelling.drawing import DrawRequest, draw_rows
from stancekit.labelling.gold import match_gold
from stancekit.labelling.population import Population, read_population
from stancekit.labelling.row_format import LabelRow, is_blank, row_id
from stancekit.library.objects import as_corpus, make_object
from stancekit.prevalence.planning import Plan, make_plan

# So many more rows are looked ahead to; the first is what the page says in words.
MORE = (100, 200, 400)
# The head of the box learns from means that are kept, so that a fit takes a moment.
MODEL = "box_head"
# Numbers of rows at which the law of a learning curve is drawn.
_N_DRAWN = 24


def look_ahead(project: Path, labels: str, codebook: str) -> dict[str, Any]:
    """Return what more rows are expected to bring, for the claim and for the model.

    Each is a mapping, with `told` alone where it cannot be said, and why.

    Parameters
    ----------
    labels
        The labels that rows are drawn from.
    """
    return {
        "claim": _or_why(lambda: _show_plan(plan_claim(project, labels, codebook))),
        "model": _or_why(lambda: _show_curve(measure_model(project, codebook))),
    }


def _or_why(make: Any) -> dict[str, Any]:
    try:
        found: dict[str, Any] = make()
    except KitError as error:
        return {"told": str(error)}
    return found


def plan_claim(project: Path, labels: str, codebook: str) -> Plan:
    """Return the widths of intervals to expect with more rows of a project, of all labelled rows together.

    Raises
    ------
    KitError
        As of `stancekit plan`.
    """
    population = read_population(labels, codebook=codebook)
    units, notes = match_gold(population, [project])
    n, size = int(units.annotated.sum()), len(population.rows)
    seconds = [
        judgement.facts["seconds"]
        for item in read_judged_items(project)
        for judgement in item.of_annotators()
        if judgement.facts["seconds"]
    ]
    return make_plan(
        units,
        {},
        minutes=median(seconds) / 60 if seconds else 0.5,
        sizes=sorted({n, *(min(n + more, size) for more in MORE)}),
        notes=notes,
    )


def _show_plan(plan: Plan) -> dict[str, Any]:
    pace = plan.steps[0].hours / plan.steps[0].rows
    steps = [
        {
            "rows": step.rows,
            "half_width": step.half_width,
            "gold_only": step.half_width_gold_only,
            "hours": (step.rows - plan.n_annotated) * pace,
        }
        for step in plan.steps
    ]
    return {"n": plan.n_annotated, "steps": steps, "notes": plan.notes}


def measure_model(project: Path, codebook: str) -> LearningCurve:
    """Return the learning curve of a fast model on what is judged in a project.

    Raises
    ------
    KitError
        When too little is judged, or it cannot be read.
    """
    book = project_codebooks(project)[codebook]
    return learning_curve(as_corpus(project).read(book), make_object("model", MODEL))


def _show_curve(curve: LearningCurve) -> dict[str, Any]:
    last = curve.n + MORE[-1]
    first = curve.points[0].rows
    drawn = sorted({round(first * (last / first) ** (at / _N_DRAWN)) for at in range(_N_DRAWN + 1)})
    return {
        "n": curve.n,
        "points": [_show_point(point) for point in curve.points],
        "law": [_show_point(curve.expect(rows)) for rows in drawn],
        "now": _show_point(curve.expect(curve.n)),
        "then": [_show_point(curve.expect(curve.n + more)) for more in MORE],
        "gain": _show_point(curve.expect_gain(MORE[0])),
    }


def _show_point(point: CurvePoint) -> dict[str, float]:
    return {"rows": point.rows, "value": point.value, "low": point.low, "high": point.high}


def draw_next(
    project: Path, labels: list[str], codebook: str, request: Mapping[str, Any]
) -> dict[str, Any]:
    """Draw rows that a project does not have, and return them with what the model gave them.

    Raises
    ------
    KitError
        As of `stancekit sample`.
    """
    asked = DrawRequest(**request)
    population = read_population(labels[0], codebook=codebook, by=asked.by)
    others = [read_population(each, codebook=codebook) for each in labels[1:]]
    found = draw_rows(population, asked, earlier=[project], others=others)
    names = [name for name in project_codebooks(project) if name in population.labels.codebooks]
    rows = [row | _suggested(population, row, names) for row in found.rows]
    return {"rows": rows, "n_pool": found.n_pool}


def _suggested(population: Population, drawn: LabelRow, names: list[str]) -> LabelRow:
    """Return the columns by which a project knows a model's codes."""
    row = population.rows[population.row_numbers[row_id(drawn)]]
    found: LabelRow = {}
    for name in names:
        book = population.labels.codebooks[name]
        if not is_blank(row.get(book.columns[1])):
            found |= {name: list(book.codes(row)), f"{name}_scores": book.scores(row)}
    return found


def answer(task: Mapping[str, Any]) -> dict[str, Any]:
    """Do a task, and return what came of it; with `told` alone what a user can fix."""
    given = dict(task)
    kind, given["project"] = given.pop("kind"), Path(given["project"])
    work: Callable[..., Any] = draw_next if kind == "draw" else look_ahead
    return _or_why(lambda: work(**given))


def answer_task() -> None:
    """Answer the task on standard input."""
    if hasattr(os, "nice"):
        # Whoever judges comes first.
        os.nice(10)
    sys.stdout.write(json.dumps(answer(json.load(sys.stdin))))


if __name__ == "__main__":
    answer_task()
