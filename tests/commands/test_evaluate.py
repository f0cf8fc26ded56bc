import csv
import json
import shutil

import pytest
from conftest import ROOT, ROWS, padded

from stancekit.commands.evaluate import evaluate
from stancekit.commands.report import report
from stancekit.corpus import FixedSplit, TableCorpus
from stancekit.errors import KitError
from stancekit.models import persistence
from stancekit.models.classifier import fit
from stancekit.models.majority import Majority
from stancekit.runs.folder import read_run
from stancekit.runs.members import training_set_id
from stancekit.text import ActorFinder


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """A corpus that marks its split: per part some articles of four rows."""
    parts = ["train"] * 4 + ["validation"] * 2 + ["test"] * 3
    rows = [
        {
            **row,
            "text": padded(row["text"], at),
            "article": f"a{at}",
            "split": part,
            "frames": ["economy"],
        }
        for at, part in enumerate(parts)
        for row in ROWS
    ]
    path = tmp_path_factory.mktemp("corpus") / "marked.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    return TableCorpus(path, name="marked")


@pytest.fixture(scope="module")
def models(corpus, stance, diplomacy, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    for name, book in (("stance", stance), ("diplomacy", diplomacy)):
        data = corpus.read(book)
        parts = FixedSplit("keep")(data, random_state=0)
        facts = {"data": data.digest, "training_set": training_set_id(parts.train.examples)}
        persistence.save(
            fit(Majority(), parts.train, parts.validation, name="majority"), folder / name, **facts
        )
    return folder


@pytest.fixture
def saved(models, tmp_path):
    shutil.copytree(models, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.mark.parametrize("codebook", ["stance", "diplomacy"])
def test_one_file_of_five_fields_serves_both_codebooks(saved, jsonl, codebook):
    path = jsonl(*(row | {"frames": ["economy"]} for row in ROWS))
    scores = evaluate(models=saved / codebook, corpus=TableCorpus(path), output=saved / "out")
    with (saved / "out" / "scores.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["metric"] == "macro_f1" and float(rows[0]["value"]) == pytest.approx(
        scores[0].value, abs=1e-6
    )
    lines = [
        json.loads(line) for line in (saved / "out" / "predictions.jsonl").read_text().splitlines()
    ]
    assert len(lines) == 4 and {"id", "gold", "labels", "scores"} <= set(lines[0])


def test_where_the_corpus_marks_a_split_the_test_part_is_scored(saved, corpus):
    assert evaluate(models=saved / "stance", corpus=corpus, output=saved / "out")[0].n == 12
    facts = json.loads((saved / "out" / "run.json").read_text())
    assert (facts["split"], facts["part"], facts["random_state"]) == ("fixed", "test", 0)
    assert facts["validation"] is None and facts["shared"] == 0
    # Nothing is written over the scores of another part.
    with pytest.raises(KitError, match="scores of another part, which would be lost"):
        evaluate(models=saved / "stance", corpus=corpus, part="validation", output=saved / "out")
    assert json.loads((saved / "out" / "run.json").read_text()) == facts


def test_every_evaluation_has_a_folder_of_its_own(saved, corpus, stance, monkeypatch):
    monkeypatch.chdir(saved)
    for one in ({}, {"part": "all"}, {"random_state": 7}):
        evaluate(models=saved / "stance", corpus=corpus, **one)
    data = corpus.read(stance)
    persistence.save(
        fit(Majority(), data.take([0, 1]), data.take([2, 3]), name="majority"), saved / "other"
    )
    evaluate(models=saved / "other", corpus=corpus)
    runs = [
        read_run(path.parent) for path in (saved / "experiments" / "evaluate").glob("*/run.json")
    ]
    assert sorted(
        (run.split, run.part, run.random_state, len(run.rows), str(run.shared)) for run in runs
    ) == [
        ("fixed", "test", 0, 12, "0"),
        ("fixed", "test", 0, 12, "None"),
        ("fixed", "test", 7, 12, "0"),
        ("none", "all", 0, 36, "24"),
    ]


def test_what_a_model_has_learned_from_is_told(saved, corpus, jsonl, capsys):
    given = {"models": saved / "stance", "verbose": True}
    evaluate(corpus, part="validation", output=saved / "own", **given)
    printed = capsys.readouterr().out
    assert "8 of 8 test examples have nearly their text in train" in printed
    assert printed.splitlines()[-1].endswith(str(saved / "own" / "report" / "report.html"))
    # Of another corpus it is not known, which is no reason to say nothing.
    evaluate(TableCorpus(jsonl(*ROWS)), output=saved / "other", **given)
    assert json.loads((saved / "other" / "run.json").read_text())["shared"] is None
    assert "text shared by train and test is not known" in capsys.readouterr().out


def test_a_trained_run_is_not_written_over(saved, jsonl):
    corpus = TableCorpus(jsonl(*ROWS))
    for folder in ("run", "damaged"):
        evaluate(models=saved / "stance", corpus=corpus, output=saved / folder)
    path = saved / "run" / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"manifest_sha256": ""}))
    (saved / "damaged" / "run.json").write_text("{}")
    for folder in ("run", "damaged"):
        with pytest.raises(KitError, match="holds the scores of another model"):
            evaluate(models=saved / "stance", corpus=corpus, output=saved / folder)


def test_a_check_passes_wherever_an_evaluation_was_moved(saved, jsonl):
    evaluate(
        models=saved / "stance", corpus=TableCorpus(jsonl(*ROWS), name="mine"), output=saved / "out"
    )
    (saved / "out").rename(saved / "moved")
    assert "all as recomputed" in report(saved / "moved", check=True).summary


def test_an_unknown_part_lists_the_parts(saved, corpus):
    with pytest.raises(KitError, match="it has: test, train, validation, all"):
        evaluate(models=saved / "stance", corpus=corpus, part="dev", output=saved / "out")


SENTENCES = [
    {"article": "a", "text": "Peru opposed the levy and Chile said nothing.", "actor": "Peru"},
    {"article": "a", "text": "Peru opposed the levy and Chile said nothing.", "actor": "Chile"},
    {"article": "a", "text": "Ghana and the harbour pilots agreed.", "actor": "harbour pilots"},
    {"article": "b", "text": "It rained all day.", "actor": None},
]


def test_actors_are_scored_by_exact_span(jsonl, tmp_path):
    corpus = TableCorpus(jsonl(*SENTENCES), name="mine")
    scores = evaluate(
        corpus=corpus,
        task="actors",
        actors=ActorFinder(ner=False),
        output=tmp_path / "out",
    )
    found = {one.metric: one.value for one in scores if one.slice == "all"}
    assert found["precision"] == pytest.approx(2 / 3) and found["recall"] == pytest.approx(2 / 3)
    assert "3 in 3 sentences; 2 found, 1 missed, 1 false finds" in scores.caption
    lines = [
        json.loads(line)
        for line in (tmp_path / "out" / "predictions.jsonl").read_text().splitlines()
    ]
    assert [line["missed"] for line in lines] == [[], ["harbour pilots"], []] and lines[1][
        "false"
    ] == ["Ghana"]


def test_a_sentence_needs_no_label_to_be_searched_for_actors(jsonl):
    marked = TableCorpus(jsonl(*SENTENCES)).marked_sentences()
    assert [sorted(one.actors) for one in marked] == [[(0, 4), (26, 31)], [(14, 28)], []]


def test_actor_offsets_outside_the_sentence_are_all_told(jsonl):
    rows = [row | {"actor_start": 2, "actor_end": 999} for row in SENTENCES[:2]]
    with pytest.raises(
        KitError,
        match=r"actor offsets outside the sentence, .* \(rows 1: 2 to 999 of 45 characters, 2: ",
    ):
        TableCorpus(jsonl(*rows)).marked_sentences()


def test_codes_need_a_model_and_actors_need_none(un_votes):
    with pytest.raises(KitError, match=r"task=codes needs a saved model; .*models=FOLDER"):
        evaluate(corpus=un_votes)


def test_an_unknown_task_lists_the_tasks(un_votes):
    with pytest.raises(KitError, match="unknown task 'spans'; evaluate knows: codes, actors"):
        evaluate(corpus=un_votes, task="spans")


def test_the_finder_finds_most_actors_of_the_bundled_test_part(tmp_path):
    # In the first round every actor that a sentence names is marked; its articles end in a number below 50.
    file = ROOT / "data" / "un_votes" / "examples" / "test.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if int(json.loads(line)["article"].rpartition("-")[2]) < 50]
    (tmp_path / "test.jsonl").write_text("\n".join(kept), encoding="utf-8")
    corpus = TableCorpus(tmp_path / "test.jsonl", columns={"text": "sentence"})
    scores = evaluate(corpus=corpus, task="actors", output=tmp_path / "out")
    [f1] = [one for one in scores if (one.metric, one.slice) == ("f1", "all")]
    assert f1.value >= 0.85 and f1.low < f1.value < f1.high
