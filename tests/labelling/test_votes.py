"""The votes of a roll call are codes without a model, where the codebook says what a vote means."""

import json
import re
from dataclasses import replace

import pytest

from stancekit.codebook import make_codebook
from stancekit.commands.label import label as label_file
from stancekit.corpus import TableCorpus
from stancekit.labelling.input_text import InputText
from stancekit.labelling.labeller import Labeller, LabellingJob, label_article
from stancekit.labelling.models import find_models
from stancekit.models.classifier import FittedClassifier, encode_labels
from stancekit.models.majority import Majority
from stancekit.text import ActorFinder, read_article

FINDER = ActorFinder(ner=False)
TEXT = (
    "The draft was adopted by 3 votes (Chad, Oman, Peru) to 1 (Chile).\nKenya condemned the levy."
)


@pytest.fixture(scope="module")
def job(saved):
    return LabellingJob(find_models([saved / "stance"]), FINDER)


def label(job, **given):
    return label_article(read_article(TEXT), replace(job, **given))


def by_actor(labelled):
    return {row.example.actor.name: row for row in labelled.rows if row.example.actor}


def test_votes_have_the_code_of_their_side_and_no_doubt(job, stance):
    rows = by_actor(label(job))
    assert [rows[name].codes("stance") for name in ("Chad", "Oman", "Peru", "Chile")] == [
        ("support",)
    ] * 3 + [("condemn",)]
    for name in ("Chad", "Chile"):
        row = rows[name]
        assert row.vote and row.read_by == row.to_dict()["read_by"] == "roll call"
        [code] = row.codes("stance")
        assert row.predictions["stance"].scores == tuple(float(one == code) for one in stance.names)
    kenya = rows["Kenya"]
    assert not kenya.vote and kenya.read_by == "model"
    assert 0 < max(kenya.predictions["stance"].scores) < 1


def test_a_vote_is_never_set_aside(job, risk):
    for accepted in (risk, 0.05):
        labelled = label(job, risk=accepted)
        assert not [row for row in labelled.unsure if row.vote]
        assert {row.example.actor.name for row in labelled.sure} >= {
            "Chad",
            "Oman",
            "Peru",
            "Chile",
        }


def test_an_actor_and_a_target_that_are_given_are_read_by_the_model(job):
    labelled = label(job, targets=("the levy",))
    assert {row.read_by for row in labelled.rows} == {"model"}
    assert {row.example.target.name for row in labelled.rows} == {"the levy"}


@pytest.mark.parametrize("votes", [{}, {"no": "condemn"}])
def test_a_codebook_has_codes_for_the_votes_that_it_names_and_no_others(votes, tmp_path):
    codes = {name: {"definition": f"{name}."} for name in ("condemn", "abstain", "support")}
    book = make_codebook("side", codes, towards="target", votes=votes)
    row = {"text": "Peru spoke.", "actor": "Peru", "target": "levy", "side": "abstain"}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row))
    data = TableCorpus(tmp_path / "rows.jsonl").read(book)
    model = FittedClassifier(Majority().fit(data.examples, encode_labels(data)), book, name="own")
    labelled = Labeller({"side": model}, FINDER)([InputText(read_article(TEXT), "a")])
    rows_by = by_actor(labelled)
    assert rows_by["Chad"].vote == "yes" and rows_by["Chad"].read_by == "model"
    assert rows_by["Chad"].codes("side") == ("abstain",)
    assert rows_by["Chile"].read_by == ("roll call" if votes else "model")
    assert rows_by["Chile"].codes("side") == (("condemn",) if votes else ("abstain",))


def test_the_page_says_which_codes_are_votes(job, tmp_path):
    article = tmp_path / "vote.txt"
    article.write_text(TEXT)
    models = job.models[0].folder
    label_file(article, models=models, actors=FINDER, min_score=0, output=tmp_path / "vote.html")
    page = (tmp_path / "vote.html").read_text()
    assert page.count("<small>roll call</small>") == 4
    assert re.search(r"Kenya .*<small>\d+ %</small>", page)
