"""Plans of annotation: what they foresee is what more annotated rows then give."""

import numpy as np
import pytest
from made_labels import annotated, made, stances, written

from stancekit.__main__ import main
from stancekit.commands.estimate import estimate
from stancekit.commands.plan import plan
from stancekit.commands.sample import sample
from stancekit.errors import KitError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plan")
    rows, gold = made(articles=400)
    labels = written(folder, rows)
    for n in (80, 400):
        drawn = sample(labels=labels, n=n, output=folder / "sample.jsonl", random_state=n)
        annotated(drawn, gold, folder / f"gold-{n}.jsonl")
    return folder


def widest(shares, how):
    return max((getattr(one, how)[2] - getattr(one, how)[1]) / 2 for one in shares)


def test_what_is_foreseen_comes_true(folder):
    steps = plan(labels=folder / "labels.jsonl", gold=folder / "gold-80.jsonl", max_rows=400).steps
    now, then = (
        estimate(labels=folder / "labels.jsonl", gold=folder / f"gold-{n}.jsonl").shares
        for n in (80, 400)
    )
    assert (steps[0].rows, steps[-1].rows) == (80, 400) and steps[0].hours == pytest.approx(
        80 * 0.5 / 60
    )
    assert steps[0].half_width == pytest.approx(widest(now, "estimate"), abs=1e-9)
    assert steps[0].half_width_gold_only == pytest.approx(widest(now, "gold_only"), abs=1e-9)
    assert steps[-1].half_width == pytest.approx(widest(then, "estimate"), rel=0.2)
    assert steps[-1].half_width_gold_only == pytest.approx(widest(then, "gold_only"), rel=0.2)
    assert all(np.diff([one.half_width for one in steps]) < 0) and all(
        one.half_width < one.half_width_gold_only for one in steps
    )


def test_when_all_is_annotated_nothing_is_left_to_chance(folder):
    given = {"labels": folder / "labels.jsonl", "gold": folder / "gold-80.jsonl", "max_rows": 3200}
    assert plan(**given).steps[-1].half_width == 0
    assert plan(**given, inference="superpopulation").steps[-1].half_width > 0.005


def test_from_the_command_line_with_a_drawing(folder, tmp_path, capsys):
    words = [
        "plan",
        str(folder / "labels.jsonl"),
        f"gold={folder / 'gold-400.jsonl'}",
        "by=[actor]",
        "minutes=2",
    ]
    assert main([*words, f"output={tmp_path}"]) == 0
    assert "| 400 | 13.3 |" in (out := capsys.readouterr().out) and "cells planned for: 2" in out
    assert (tmp_path / "plan.csv").read_text().count("\n") == 9 and "hours of annotation" in (
        tmp_path / "plan.svg"
    ).read_text()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"minutes": 0}, "set how many it takes"),
        ({"max_rows": 20}, "less than the 80 rows"),
        ({"inference": "world"}, "there are finite_population and superpopulation"),
    ],
)
def test_what_cannot_be_planned_is_refused(folder, change, told):
    with pytest.raises(KitError, match=told):
        plan(**{"labels": folder / "labels.jsonl", "gold": folder / "gold-80.jsonl"} | change)


def test_a_cell_that_is_annotated_in_full_is_known(tmp_path):
    """What is left uncertain of the whole decides; the small cell has nothing left to chance."""
    rows = stances(*({"party": "Greens" if at < 14 else "Labour"} for at in range(100)))
    gold = [
        {
            "id": row["id"],
            "probability": 0.9 if at < 14 else 0.4,
            "stance": "condemn" if at % 3 else "support",
        }
        for at, row in enumerate(rows)
        if at < 54
    ]
    labels, path = (
        written(tmp_path, rows),
        annotated(gold, {one["id"]: one["stance"] for one in gold}, tmp_path / "g.jsonl"),
    )
    found = estimate(labels=labels, gold=path, by=["party"]).shares
    steps = plan(labels=labels, gold=path, by=["party"]).steps
    assert (
        steps[0].half_width == pytest.approx(widest(found, "estimate"))
        and steps[0].half_width < 0.15
    )
    assert steps[-1].rows == 100 and steps[-1].half_width == steps[-1].half_width_gold_only == 0


def test_cells_with_few_annotated_rows_are_planned_for_too(folder):
    """With one or two rows of an article annotated, no article's share is known, and all together say how rows vary."""
    given = {"labels": folder / "labels.jsonl", "gold": folder / "gold-80.jsonl"}
    steps = plan(**given, by=["actor", "date"], max_rows=3200).steps
    assert steps[-1].half_width == 0
    by_article = plan(**given, by="article", max_rows=3200)
    assert "400 with too few annotated rows" in by_article.caption
    by_article = by_article.steps
    assert by_article[0].half_width > 0.3 and by_article[-1].half_width == 0


def test_too_few_to_plan_from_is_refused(tmp_path):
    rows = stances(*({} for _ in range(50)))
    gold = annotated([{"id": "r0", "probability": 0.2}], {"r0": "condemn"}, tmp_path / "g.jsonl")
    with pytest.raises(
        KitError, match="1 annotated rows are too few to plan from; annotate at least 20"
    ):
        plan(labels=written(tmp_path, rows), gold=gold)
