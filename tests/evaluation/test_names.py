"""Whose labels hang on names is found out, and that of nobody else."""

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from stancekit.corpus import Splits
from stancekit.errors import KitError
from stancekit.evaluation.names import EXCHANGES, NameTest, exchange_names, name_use
from stancekit.models.classifier import fit
from stancekit.models.features import Marked
from stancekit.models.linear import Linear
from stancekit.models.majority import Majority
from stancekit.reporting.page import report_page
from stancekit.reporting.tables import markdown
from stancekit.runs.analysis import analyse
from stancekit.runs.folder import read_run
from stancekit.runs.published import read_published, write_published
from stancekit.runs.recording import record_run
from stancekit.types import Example, Mention


def actor(name, text, number):
    return Example(str(number), text, Mention(name, 0, len(name)), Mention("it"), f"a{number // 2}")


@pytest.fixture(scope="module")
def biased(parts):
    """Return parts in which Peru is always for it and Chile always against it, whatever is said."""
    some, examples, labels = parts.train.take(range(120)), [], []
    for number in range(120):
        name, code = (("Peru", "support"), ("Chile", "condemn"))[number % 2]
        examples.append(actor(name, f"{name} spoke about it.", number))
        labels.append((code,))
    data = replace(some, examples=tuple(examples), labels=tuple(labels))
    return Splits(data, data.take(range(60)), data.take(range(60)))


@pytest.fixture(scope="module")
def by_name(biased, tmp_path_factory):
    model = Linear(LogisticRegression(max_iter=1000), features=Marked())
    trained = fit(model, biased.train, biased.validation, name="by name")
    folder = tmp_path_factory.mktemp("names")
    return record_run(folder, trained, biased, split="fixed", random_state=0, digest="")


def test_a_model_that_goes_by_names_is_stopped_and_told_whose(by_name):
    analysis = analyse([by_name])
    (board,) = analysis.boards
    use = board.board.best.names
    assert use.changed.low > 0.2 and use.changed.n == 60
    drifts = {drift.slice: drift for drift in use.drifts}
    assert drifts["Peru"].low > 0 > drifts["Chile"].high
    (check,) = (check for check in board.checks if check.code == "C14")
    assert check.level == "stop" and "exchange_names" in check.do
    text = markdown(analysis, "the command")
    page = report_page(analysis, title="names", command="the command", folder="here")
    for shown in (text, page):
        assert "P(support) - P(condemn)" in shown and "of the labels change (n = 60" in shown
        assert "Chile" in shown


def test_a_model_that_reads_no_names_changes_nothing(parts, tmp_path):
    few = Splits(*(part.take(range(60)) for part in (parts.train, parts.validation, parts.test)))
    trained = fit(Majority(), few.train, few.validation, name="majority")
    run = record_run(tmp_path, trained, few, split="fixed", random_state=0, digest="")
    (board,) = analyse([run]).boards
    use = board.board.best.names
    assert use.changed.value == use.changed.low == use.changed.high == 0
    assert all(drift.value == 0 for drift in use.drifts)
    assert "C14" not in {check.code for check in board.checks}


def test_what_was_found_is_read_back_and_guarded(by_name, tmp_path):
    assert read_run(by_name.folder).names == by_name.names
    path = by_name.folder / "names.jsonl"
    content = path.read_text(encoding="utf-8")
    rows = [json.loads(line) for line in content.split("\n") if line]
    assert all(
        len(row["labels"]) == EXCHANGES and row["actor"] in ("Peru", "Chile") for row in rows
    )
    path.write_text(content.replace("Chile", "China"), encoding="utf-8")
    try:
        with pytest.raises(KitError, match=r"names\.jsonl was altered"):
            read_run(by_name.folder)
    finally:
        path.write_text(content, encoding="utf-8")


def test_an_older_run_says_that_it_was_not_measured(by_name, tmp_path):
    for name in ("run.json", "predictions.jsonl", "audit.jsonl"):
        (tmp_path / name).write_bytes((by_name.folder / name).read_bytes())
    record = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    del record["names_sha256"]
    (tmp_path / "run.json").write_text(json.dumps(record), encoding="utf-8")
    analysis = analyse([read_run(tmp_path)])
    assert analysis.entries[0].names is None
    assert "C14" not in {check.code for check in analysis.checks}
    page = report_page(analysis, title="old", command="the command", folder="here")
    assert (
        "not measured" in page
        and "labels changed" not in markdown(analysis, "x").partition("With names")[2]
    )


def test_published_labels_give_the_same_share_and_name_nobody(by_name, tmp_path):
    write_published([by_name], tmp_path, "the command")
    (again,) = read_published(tmp_path)
    before, after = (analyse([run]).entries[0].names for run in (by_name, again))
    assert before.changed == after.changed and after.drifts == ()
    assert b"Chile" not in (tmp_path / "predictions.parquet").read_bytes()


def test_states_are_averaged_and_articles_are_drawn():
    full = [[("a",)] * 40, [("a",)] * 40]
    stays, goes = NameTest((("a",), ("a",)), "Peru", 0.1), NameTest((("a",), ("b",)), "Peru", 0.3)
    tests = [[stays, None] * 20, [goes, None] * 20]
    use = name_use(full, tests, [str(row // 4) for row in range(40)])
    assert use.changed.value == 0.25 and use.changed.n == 20
    assert use.changed.low <= 0.25 <= use.changed.high
    assert np.isclose(use.drifts[0].value, 0.2) and use.drifts[0].n == 20
    assert name_use(full, [[None] * 40] * 2, ["a"] * 40) is None
    one = name_use(full[:1], [[goes] * 40], ["a"] * 40)
    assert np.isnan(one.changed.low) and one.drifts == ()


def test_every_model_is_asked_about_the_same_names():
    examples = [actor("Peru", "Peru left it.", 0), Example("1", "It rained.", None, None, "b")]
    assert exchange_names(examples) == exchange_names(examples)
    (others, nobody), actors = exchange_names(examples)
    assert len(others) == EXCHANGES and nobody is None and actors == ["Peru", ""]
