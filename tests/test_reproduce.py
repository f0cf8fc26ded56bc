"""A run is done again from its configuration; what changed is named, and nothing foreign is made."""

import json

import pytest
import yaml

from stancekit.__main__ import main
from stancekit.commands.report import report
from stancekit.commands.reproduce import changes, reproduce
from stancekit.errors import KitError


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reproduce")
    assert main(["train", "model=nb", f"out={folder}"]) == 0
    return folder


@pytest.fixture
def run(out):
    return next((out / "runs").iterdir())


def test_a_run_is_reproduced_to_the_last_digit(run, tmp_path, capsys):
    assert main(["reproduce", str(run), f"out={tmp_path}"]) == 0
    assert "identical: all 865 predictions" in capsys.readouterr().out


def test_a_changed_prediction_is_found(run, tmp_path):
    rows = (run / "predictions.jsonl").read_text().splitlines()
    first = json.loads(rows[0])
    try:
        changed = first | {"scores": [0.4, 0.3, 0.2, 0.1], "labels": ["abstain"]}
        (run / "predictions.jsonl").write_text("\n".join([json.dumps(changed), *rows[1:]]) + "\n")
        with pytest.raises(KitError, match=r"1 of 865 predicted labels|0 of 865 predicted labels and 1 of the score"):
            reproduce(run=run, out=tmp_path)
    finally:
        (run / "predictions.jsonl").write_text("\n".join(rows) + "\n")


def test_nothing_foreign_is_made(run, tmp_path):
    config = yaml.safe_load((run / "config.yaml").read_text())
    text = (run / "config.yaml").read_text()
    config["model"] = {"_target_": "os.system", "command": f"touch {tmp_path}/made"}
    try:
        (run / "config.yaml").write_text(yaml.safe_dump(config))
        with pytest.raises(KitError, match=r"os.system, which no configuration of the kit names"):
            reproduce(run=run, out=tmp_path)
    finally:
        (run / "config.yaml").write_text(text)
    assert not (tmp_path / "made").exists()


def test_what_changed_is_told():
    old = {"digest": "a", "commit": "x", "versions": {"numpy": "1"}, "machine": {"processor": "A"}}
    new = {"digest": "b", "commit": "x", "versions": {"numpy": "2"}, "machine": {"processor": "B"}}
    assert changes(old, new) == ["data: a, now b", "numpy: 1, now 2", "machine: processor: A, now B"]


def test_a_report_follows_from_its_predictions_or_is_refused(out, capsys):
    report(out=out)
    report(out=out, check=True)
    assert "all as recomputed" in capsys.readouterr().out
    path = out / "report" / "scores.csv"
    text = path.read_text()
    path.write_text(text.replace("macro_f1,all,0.", "macro_f1,all,0.9", 1))
    with pytest.raises(KitError, match=r"1 of \d+ files do not follow.*line 2 says"):
        report(out=out, check=True)
    path.write_text(text)


def test_bca_is_another_interval(out, tmp_path):
    report(out=out)
    plain = (out / "report" / "scores.csv").read_text()
    report(out=out, interval="bca")
    assert (out / "report" / "scores.csv").read_text() != plain
    report(out=out)
