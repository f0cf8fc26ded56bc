"""Archives: the same labels as article by article, whatever happens on the way."""

import json
import random
import signal
import subprocess
import sys
import time

import pyarrow.parquet
import pytest
from conftest import ROOT

from stancekit.__main__ import main
from stancekit.commands import archive
from stancekit.commands.label import label
from stancekit.corpus.labels import read_labels
from stancekit.errors import KitError
from stancekit.text import ActorFinder

ARTICLES = ROOT / "seeds" / "articles"


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "un_votes"
    label(input=ARTICLES / "un_votes_2025.txt", saved=folder, actors=ActorFinder(ner=False))
    return folder


def speeches(folder, n=60):
    texts = [file.read_text() for file in sorted(ARTICLES.glob("*.txt"))]
    rows = [
        {"id": f"s{at}", "text": texts[at % len(texts)], "paper": "own", "date": f"20{at % 20:02}-05-01"}
        for at in range(n)
    ]
    path = folder / "speeches.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def lines(folder):
    return [line for file in sorted(folder.glob("part-*.jsonl")) for line in file.read_text().splitlines()]


def test_a_folder_gives_the_rows_of_its_articles(saved, tmp_path, capsys):
    finder = ActorFinder(ner=False)
    done = label(input=ARTICLES, saved=saved, output=tmp_path / "labels", actors=finder)
    assert (done.texts, done.rejected) == (len(list(ARTICLES.glob("*.txt"))), 0)
    assert f"{done.texts} texts labelled into" in capsys.readouterr().out
    found = [json.loads(line) for line in lines(tmp_path / "labels")]
    assert len({row["id"] for row in found}) == len(found) > 50
    for file in ARTICLES.glob("*.txt"):
        own = [row.to_dict() for row in label(input=file, saved=saved, actors=finder)]
        assert [row for row in found if row["article"] == file.stem] == own


def test_parts_of_parquet_hold_the_same(saved, tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "CHARACTERS", 4000)
    source, finder = speeches(tmp_path, 12), ActorFinder(ner=False)
    for kind in ("jsonl", "parquet"):
        label(input=source, saved=saved, output=tmp_path / kind, actors=finder, kind=kind, keep=["date", "paper"])
    files = sorted((tmp_path / "parquet").glob("part-*.parquet"))
    assert len(files) > 1 and len({pyarrow.parquet.read_schema(file) for file in files}) == 1
    first, second = read_labels(tmp_path / "jsonl"), read_labels(tmp_path / "parquet")
    packed = [row | {key: json.dumps(row[key]) for key in ("stance_scores", "frame_scores")} for row in first]
    assert packed == second and {row["date"][:4] for row in first} == {f"20{at:02}" for at in range(12)}


def test_killed_at_random_moments_it_ends_as_one_that_was_not(saved, tmp_path):
    source = speeches(tmp_path)
    words = ["label", f"input={source}", f"saved={saved}", "actors.ner=false"]
    code = (
        "import sys\nfrom stancekit.commands import archive\narchive.CHARACTERS = 4000\n"
        "from stancekit.__main__ import main\nsys.exit(main(sys.argv[1:]))"
    )
    run = [sys.executable, "-c", code, *words]
    start = time.monotonic()
    subprocess.run([*run, f"output={tmp_path / 'whole'}"], check=True, capture_output=True)
    whole, chance = time.monotonic() - start, random.Random(0)
    for _ in range(10):
        process = subprocess.Popen([*run, f"output={tmp_path / 'cut'}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            process.wait(whole * chance.uniform(0.5, 1))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.communicate()
    subprocess.run([*run, f"output={tmp_path / 'cut'}"], check=True, capture_output=True)
    assert lines(tmp_path / "cut") == lines(tmp_path / "whole") != []
    cut, all_ = ({file.name for file in (tmp_path / of).rglob("*")} for of in ("cut", "whole"))
    assert cut == all_


def test_what_cannot_be_read_is_named_and_the_exit_says_so(saved, tmp_path, capsys):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "rows.jsonl").write_text('{"text": "Peru condemned the levy."}\nno row\n')
    words = ["label", f"input={tmp_path / 'in'}", f"saved={saved}", f"output={tmp_path / 'out'}", "actors.ner=false"]
    assert main(words) == 3
    assert "1 texts labelled" in (out := capsys.readouterr().out) and "1 could not be read" in out.splitlines()[-1]
    [rejected] = (tmp_path / "out" / "rejected.jsonl").read_text().splitlines()
    assert json.loads(rejected) == {"file": "rows.jsonl", "line": 2, "reason": "not JSON: Expecting value"}
    assert main([*words, "strict=true", f"output={tmp_path / 'strict'}"]) == 2
    assert "rows.jsonl, line 2: not JSON" in capsys.readouterr().err


def test_a_speaker_is_the_actor_of_all_that_is_said(saved, tmp_path):
    row = {"text": "We reject the levy. Chile knows why.", "actor": "Peru", "target": "the levy"}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row))
    label(input=tmp_path / "rows.jsonl", saved=saved, output=tmp_path / "out", actors=ActorFinder(ner=False))
    found = read_labels(tmp_path / "out")
    assert [(one["actor"], one["target"]) for one in found] == [("Peru", "the levy")] * 2


def test_uncertain_rows_stand_apart(saved, tmp_path):
    finder = ActorFinder(ner=False)
    label(input=ARTICLES, saved=saved, output=tmp_path / "all", actors=finder)
    label(input=ARTICLES, saved=saved, output=tmp_path / "sure", actors=finder, risk=0.3)
    review = [line for file in (tmp_path / "sure" / "review").glob("*") for line in file.read_text().splitlines()]
    assert review and sorted(lines(tmp_path / "sure") + review) == sorted(lines(tmp_path / "all"))


def test_a_folder_of_another_labelling_is_refused(saved, tmp_path):
    source, finder, out = speeches(tmp_path, 3), ActorFinder(ner=False), tmp_path / "labels"
    label(input=source, saved=saved, output=out, actors=finder)
    before = lines(out)
    for other in ({"targets": ["the levy"]}, {"kind": "parquet"}, {"keep": []}, {"input": ARTICLES}):
        with pytest.raises(KitError, match=f"labels with other {next(iter(other))}; choose another folder"):
            label(**{"input": source, "saved": saved, "output": out, "actors": finder, **other})
    (out / "labelling.json").unlink()
    with pytest.raises(KitError, match=r"holds part-00000.jsonl without labelling.json"):
        label(input=source, saved=saved, output=out, actors=finder)
    assert lines(out) == before
    for wrong in (None, "labels.jsonl"):
        with pytest.raises(KitError, match="go to a folder"):
            label(input=source, saved=saved, output=wrong)
    with pytest.raises(KitError, match="unknown kind='xml'"):
        label(input=source, saved=saved, output=tmp_path / "x", actors=finder, kind="xml")


def test_a_field_to_keep_may_not_replace_a_labels_own(saved, tmp_path):
    with pytest.raises(KitError, match=r"keep=\['id'\] are columns that labels have of their own"):
        label(input=speeches(tmp_path, 1), saved=saved, output=tmp_path / "out", keep=["id", "date"])


def test_standard_input_into_a_folder_is_an_archive(saved, tmp_path):
    source, out = speeches(tmp_path, 8), tmp_path / "labels"
    words = ["label", "-", f"saved={saved}", "actors.ner=false", "keep=[date,paper]"]
    with source.open("rb") as stream:
        run = [sys.executable, "-m", "stancekit", *words, f"output={out}"]
        done = subprocess.run(run, stdin=stream, capture_output=True, text=True, check=True)
    label(input=source, saved=saved, output=tmp_path / "file", actors=ActorFinder(ner=False), keep=["date", "paper"])
    same = [line.replace('"speeches.jsonl:', '"stdin:') for line in lines(tmp_path / "file")]
    assert "8 texts labelled" in done.stdout and lines(out) == same != []
    # Another stream could not be told from this one, and its parts would be passed by as done.
    again = subprocess.run(run, check=False, input=b"", capture_output=True)
    assert again.returncode == 2 and b"of standard input nobody knows" in again.stderr and lines(out) == same
