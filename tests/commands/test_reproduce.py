"""A run is done again from its configuration; what changed is named, and nothing foreign is made."""

import json
import shutil

import pytest
import yaml
from conftest import words_for

from stancekit.__main__ import main
from stancekit.commands.report import report
from stancekit.commands.reproduce import changes, differences, reproduce
from stancekit.errors import KitError
from stancekit.fileio import sha256
from stancekit.runs.folder import read_run


@pytest.fixture(scope="module")
def out(tmp_path_factory, few_votes):
    folder = tmp_path_factory.mktemp("reproduce")
    assert main(["train", *words_for(few_votes), "model=nb", f"output={folder}"]) == 0
    return folder


@pytest.fixture
def run(out):
    return next((out / "runs").iterdir())


@pytest.fixture
def copy(run, tmp_path):
    """Return a run's folder that a test may alter."""
    shutil.copytree(run, tmp_path / "copy")
    return tmp_path / "copy"


def rewrite(path, change):
    """Write predictions anew, with `change` made to their list of rows, and their sum as a forger would."""
    rows = [json.loads(line) for line in path.read_text().split("\n") if line]
    path.write_text("".join(json.dumps(row) + "\n" for row in change(rows)))
    facts = json.loads((path.parent / "run.json").read_text())
    (path.parent / "run.json").write_text(json.dumps(facts | {"predictions_sha256": sha256(path)}))


def test_a_run_is_reproduced_to_the_last_digit(run, tmp_path, capsys):
    assert main(["reproduce", str(run), f"output={tmp_path}"]) == 0
    assert (
        f"identical: all {len(read_run(run).rows)} rows, their gold codes and predictions, and every "
        "score; the new run: " in capsys.readouterr().out.splitlines()[-1]
    )


def altered(rows, **values):
    return [rows[0] | values, *rows[1:]]


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        (lambda rows: altered(rows, scores=[0.4, 0.3, 0.2, 0.1]), "1 of {n} score vectors differ"),
        (lambda rows: [row | {"gold": row["labels"]} for row in rows], "of {n} gold codes differ"),
        (
            lambda rows: rows[:-2],
            "it has {fewer} rows where the new run has {n}, or in another order (missing: ",
        ),
        (lambda rows: rows[::-1], "or in another order"),
        (lambda rows: altered(rows, topic="another"), "1 of {n} topic differ"),
    ],
    ids=["scores", "gold", "missing", "order", "topic"],
)
def test_every_alteration_of_a_run_is_found(copy, fresh, change, seen):
    rewrite(copy / "predictions.jsonl", change)
    # An audit is of the same rows.
    for name in ("audit.jsonl", "names.jsonl"):
        (copy / name).unlink()
    n = len(fresh.rows)
    told = seen.format(n=n, fewer=n - 2)
    assert any(told in one for one in differences(read_run(copy), fresh))


def test_repeated_rows_are_refused(copy):
    rewrite(copy / "predictions.jsonl", lambda rows: [*rows, *rows[:40]])
    with pytest.raises(KitError, match="ids that are there twice"):
        read_run(copy)


@pytest.fixture(scope="module")
def fresh(out):
    """Return the untouched run, as doing it again gives it."""
    return read_run(next((out / "runs").iterdir()))


def test_altered_scores_and_facts_are_found(copy, fresh):
    assert differences(read_run(copy), fresh) == []
    text = (copy / "scores.csv").read_text()
    (copy / "scores.csv").write_text(text.replace("macro_f1,all,0.", "macro_f1,all,0.9", 1))
    facts = json.loads((copy / "run.json").read_text())
    (copy / "run.json").write_text(json.dumps(facts | {"validation": 0.99}))
    found = differences(read_run(copy), fresh)
    assert [one.split(" is ")[0] for one in found] == ["validation", "scores.csv differs"]


@pytest.mark.slow
def test_a_changed_run_is_refused_by_the_command(copy, tmp_path):
    rewrite(
        copy / "predictions.jsonl", lambda rows: [row | {"gold": row["labels"]} for row in rows]
    )
    with pytest.raises(KitError, match=r"is not reproduced: \d+ of \d+ gold codes differ"):
        reproduce(runs=copy, output=tmp_path / "again")


@pytest.fixture
def foreign(copy):
    """Write some of a run's configuration anew."""

    def write(**values):
        path = copy / "config.yaml"
        path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | values))
        return copy

    return write


def test_nothing_foreign_is_made(foreign, tmp_path):
    run = foreign(model={"_target_": "os.system", "command": f"touch {tmp_path}/made"})
    with pytest.raises(KitError, match=r"os.system, which no configuration of the kit names"):
        reproduce(runs=run, output=tmp_path / "again")
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    "text",
    [
        "${oc.create:'{_target_: pathlib.Path.write_text, self: {_target_: pathlib.Path, _args_: [MADE]}, data: x}'}",
        "${oc.decode:'{_target_: joblib.load, filename: MADE}'}",
        "${oc.env:HOME}",
        "\\${oc.env:HOME}",
        "${model}",
    ],
    ids=["create", "decode", "environment", "escaped", "reference"],
)
@pytest.mark.parametrize("place", ["features", "corpus", "key"])
def test_a_foreign_configuration_is_not_interpolated(foreign, tmp_path, text, place):
    text = text.replace("MADE", str(tmp_path / "made"))
    named = {"_target_": "stancekit.corpus.TableCorpus", "path": "data", "name": text}
    values = {
        "features": {"features": text},
        "corpus": {"corpus": named},
        "key": {"split": {text: "x"}},
    }
    with pytest.raises(KitError, match=r"holds interpolations \("):
        reproduce(runs=foreign(**values[place]), output=tmp_path / "again")
    assert not (tmp_path / "made").exists() and not (tmp_path / "again").exists()


def test_aliases_are_not_expanded(copy, tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 9)}]" for k in range(1, 12)]
    path = copy / "config.yaml"
    path.write_text(path.read_text() + "\n".join(lines))
    with pytest.raises(KitError, match="it has aliases"):
        reproduce(runs=copy, output=tmp_path / "again")


def test_no_hub_is_asked_for_what_a_foreign_run_names(foreign, tmp_path):
    model = {
        "_target_": "stancekit.models.encoder.embedding.Embedding",
        "checkpoint": "someone/model",
    }
    with pytest.raises(
        KitError, match=r"names someone/model, which would be fetched from a hub.*network=true"
    ):
        reproduce(runs=foreign(model=model), output=tmp_path / "again")
    corpus = {"_target_": "stancekit.corpus.HubCorpus", "path": "someone/data"}
    with pytest.raises(KitError, match="names someone/data"):
        reproduce(runs=foreign(corpus=corpus), output=tmp_path / "again")


def test_what_changed_is_told():
    old = {"digest": "a", "commit": "x", "versions": {"numpy": "1"}, "machine": {"processor": "A"}}
    new = {"digest": "b", "commit": "x", "versions": {"numpy": "2"}, "machine": {"processor": "B"}}
    assert changes(old, new) == [
        "data: a, now b",
        "numpy: 1, now 2",
        "machine: processor: A, now B",
    ]


def test_a_report_follows_from_its_predictions_or_is_refused(out):
    report(out)
    assert "all as recomputed" in report(out, check=True).summary
    path = out / "report" / "scores.csv"
    text = path.read_text()
    path.write_text(text.replace("macro_f1,all,0.", "macro_f1,all,0.9", 1))
    with pytest.raises(KitError, match=r"1 of \d+ files do not follow.*line 2 says"):
        report(runs=out, check=True)
    path.write_text(text)
