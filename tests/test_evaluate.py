import csv
import json

import pytest
from conftest import ROWS

from stancekit.commands.evaluate import evaluate
from stancekit.corpus import JsonlCorpus
from stancekit.errors import KitError
from stancekit.models import store
from stancekit.models.majority import Majority
from stancekit.models.trained import fit
from stancekit.text import ActorFinder


@pytest.fixture
def saved(parts, frame_parts, tmp_path):
    for name, part in (("stance", parts), ("diplomacy", frame_parts)):
        store.save(fit(Majority(), part.train, part.validation, name="majority"), tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("codebook", ["stance", "diplomacy"])
def test_one_file_of_five_fields_serves_both_codebooks(saved, jsonl, codebook):
    path = jsonl(*(row | {"frames": ["economy"]} for row in ROWS))
    scores = evaluate(saved=saved / codebook, corpus=JsonlCorpus(path), out=saved / "out")
    with (saved / "out" / "scores.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["metric"] == "macro_f1" and float(rows[0]["value"]) == pytest.approx(scores[0].value, abs=1e-6)
    lines = [json.loads(line) for line in (saved / "out" / "predictions.jsonl").read_text().splitlines()]
    assert len(lines) == 4 and {"id", "gold", "labels", "scores"} <= set(lines[0])


def test_where_the_corpus_marks_a_split_the_test_part_is_scored(saved, un_votes, parts):
    assert evaluate(saved=saved / "stance", corpus=un_votes, out=saved / "out")[0].n == len(parts.test)
    other = evaluate(saved=saved / "stance", corpus=un_votes, part="validation", random_state=7, out=saved / "out")
    assert other[0].n == len(parts.validation)
    assert json.loads((saved / "out" / "run.json").read_text())["random_state"] == 7


def test_an_unknown_part_lists_the_parts(saved, un_votes):
    with pytest.raises(KitError, match="it has: test, train, validation, all"):
        evaluate(saved=saved / "stance", corpus=un_votes, part="dev", out=saved / "out")


SENTENCES = [
    {"article": "a", "text": "Peru opposed the levy and Chile said nothing.", "actor": "Peru"},
    {"article": "a", "text": "Peru opposed the levy and Chile said nothing.", "actor": "Chile"},
    {"article": "a", "text": "Ghana and the harbour pilots agreed.", "actor": "harbour pilots"},
    {"article": "b", "text": "It rained all day.", "actor": None},
]


def test_actors_are_scored_by_exact_span(jsonl, tmp_path, capsys):
    corpus = JsonlCorpus(jsonl(*SENTENCES), name="mine")
    scores = evaluate(saved=tmp_path, corpus=corpus, task="actors", actors=ActorFinder(ner=False), out=tmp_path / "out")
    found = {one.metric: one.value for one in scores if one.slice == "all"}
    assert found["precision"] == pytest.approx(2 / 3) and found["recall"] == pytest.approx(2 / 3)
    assert "3 in 3 sentences; 2 found, 1 missed, 1 false finds" in capsys.readouterr().out
    lines = [json.loads(line) for line in (tmp_path / "out" / "predictions.jsonl").read_text().splitlines()]
    assert [line["missed"] for line in lines] == [[], ["harbour pilots"], []] and lines[1]["false"] == ["Ghana"]


def test_a_sentence_needs_no_label_to_be_searched_for_actors(jsonl):
    marked = JsonlCorpus(jsonl(*SENTENCES)).marked()
    assert [sorted(one.actors) for one in marked] == [[(0, 4), (26, 31)], [(14, 28)], []]


def test_actor_offsets_outside_the_sentence_are_all_told(jsonl):
    rows = [row | {"actor_start": 2, "actor_end": 999} for row in SENTENCES[:2]]
    with pytest.raises(KitError, match=r"actor offsets outside the sentence \(rows 1, 2\)"):
        JsonlCorpus(jsonl(*rows)).marked()


def test_an_unknown_task_lists_the_tasks(un_votes, tmp_path):
    with pytest.raises(KitError, match="unknown task 'spans'; evaluate knows: codes, actors"):
        evaluate(saved=tmp_path, corpus=un_votes, task="spans")


def test_the_finder_finds_most_actors_of_the_bundled_test_part(un_votes, tmp_path):
    scores = evaluate(saved=tmp_path, corpus=un_votes, task="actors", out=tmp_path / "out")
    [f1] = [one for one in scores if (one.metric, one.slice) == ("f1", "all")]
    assert f1.value >= 0.85 and f1.low < f1.value < f1.high
