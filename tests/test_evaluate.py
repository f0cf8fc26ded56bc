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
    both = evaluate(saved=saved / "stance", corpus=un_votes, part="all", out=saved / "out")[0].n
    assert both == sum(len(part) for part in (parts.train, parts.validation, parts.test))


def test_an_unknown_part_lists_the_parts(saved, un_votes):
    with pytest.raises(KitError, match="it has: test, train, validation, all"):
        evaluate(saved=saved / "stance", corpus=un_votes, part="dev", out=saved / "out")
