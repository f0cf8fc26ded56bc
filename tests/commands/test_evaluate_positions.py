"""Whole articles, labelled as `label` does, against all their positions."""

import csv
import json

import pytest

import stancekit
from stancekit.commands.cli import run
from stancekit.commands.evaluate import evaluate
from stancekit.corpus import TableCorpus
from stancekit.errors import KitError
from stancekit.text import ActorFinder

FERRY = (
    "Chile vetoed the draft resolution on the ferry. Peru, by contrast, welcomed the draft. Lima "
    "also praised the treaty. Those on the quay abstained."
)
SPEECH = "Good morning. We reject this ban and its text. Kenya supports the ban."


def given(sentence, actor, targets, code, **rest):
    return {
        "sentence": sentence,
        "actor": actor,
        "targets": targets,
        "target": "the draft",
        "stance": code,
    } | rest


ARTICLES = [
    {
        "id": "ferry",
        "title": "The ferry",
        "register": "newswire",
        "split": "test",
        "text": FERRY,
        "positions": [
            given(FERRY[:47], "Chile", ["draft resolution"], "condemn", actor_start=0),
            given("Peru, by contrast, welcomed the draft.", "Peru", ["the draft"], "support"),
            given("Those on the quay abstained.", "Those on the quay", [], "abstain"),
        ],
    },
    {
        "id": "speech",
        "register": "speech",
        "split": "test",
        "speaker": "Ilse Dahlqvist",
        "matters": ["the ban on dredging"],
        "text": SPEECH,
        "positions": [
            given(
                "We reject this ban and its text.",
                "Ilse Dahlqvist",
                ["this ban"],
                "condemn",
                actor_start=None,
            ),
            given("Kenya supports the ban.", "Kenya", ["the ban"], "support"),
        ],
    },
    {"id": "trained", "split": "train", "text": "Oman left.", "positions": []},
    {"id": "unread", "split": "test", "text": "Oman left."},
]


@pytest.fixture(scope="module")
def articles(tmp_path_factory):
    path = tmp_path_factory.mktemp("articles") / "mine.jsonl"
    path.write_text("\n".join(map(json.dumps, ARTICLES)))
    return path


@pytest.fixture
def result(saved, articles, tmp_path):
    return evaluate(
        articles,
        task="positions",
        # With a model of frames beside it, which has no positions.
        models=saved,
        actors=ActorFinder(ner=False),
        output=tmp_path / "out",
    )


def lines(folder):
    return [json.loads(line) for line in (folder / "predictions.jsonl").read_text().splitlines()]


def test_articles_are_read_as_label_reads_them(result, saved):
    by_article = {}
    for line in lines(result.folder):
        by_article.setdefault(line["article"], []).extend(line["predicted"])
    article = f"{ARTICLES[0]['title']}\n\n{FERRY}"
    labels = stancekit.label(article, models=saved / "stance", actors=ActorFinder(ner=False))
    frame = labels.to_frame()
    frame = frame[frame["stance"] != "none"]
    assert [(one["actor"], one["target"], one["stance"]) for one in by_article["ferry"]] == list(
        zip(frame["actor"], frame["target"], frame["stance"], strict=True)
    )
    assert {"speech", "ferry"} == set(by_article)


def test_every_sentence_is_written_with_what_became_of_its_positions(result):
    written = lines(result.folder)
    assert [line["sentence"] for line in written if line["article"] == "speech"] == [
        "Good morning.",
        "We reject this ban and its text.",
        "Kenya supports the ban.",
    ]
    quay = written[3]
    assert quay["gold"] == [
        {
            "actor": "Those on the quay",
            "target": "the draft",
            "stance": "abstain",
            "cause": "actor not found",
        }
    ]
    assert quay["predicted"] == []
    gold = [one["cause"] for line in written for one in line["gold"]]
    predicted = [one["outcome"] for line in written for one in line["predicted"]]
    assert gold.count(None) == predicted.count("right")
    assert f"5 in 2 articles; {gold.count(None)} found" in result.caption


def test_scores_are_written_and_shown(result):
    with (result.folder / "scores.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert (rows[0]["corpus"], rows[0]["part"], rows[0]["split"]) == ("mine", "test", "fixed")
    found = {(row["metric"], row["slice"]): row for row in rows}
    assert found["recall", "all"]["n"] == "5" and ("f1", "register=speech") in found
    assert float(found["recall", "all"]["value"]) == pytest.approx(result[1].value, abs=1e-6)
    assert result.notes == [
        "a position that scores less than 0.75 counts as none (min_score)",
        "articles without gold positions, which are left out: 1",
    ]
    assert "cause=actor not found" in result.view_frame().to_string()
    page = result.page.read_text()
    assert "actor not found" in page and "Those on the quay" in page and "<script" not in page


def test_another_part_and_another_name_of_the_articles(saved, articles, jsonl, tmp_path):
    corpus = TableCorpus(jsonl({"text": "Peru left."}), name="other", articles=articles)
    settings = {"task": "positions", "models": saved / "stance", "actors": ActorFinder(ner=False)}
    result = evaluate(corpus, part="all", output=tmp_path / "all", **settings)
    assert "on other: 5 in 3 articles" in result.title
    with pytest.raises(KitError, match="no part 'dev'; it has: test, train, all"):
        evaluate(corpus, part="dev", output=tmp_path / "dev", **settings)


def test_what_is_needed_is_told(saved, articles, tmp_path):
    with pytest.raises(KitError, match="task=positions needs a saved model"):
        evaluate(articles, task="positions")
    with pytest.raises(KitError, match=r"codes towards a target, and none of nb \(diplomacy"):
        evaluate(articles, task="positions", models=saved / "diplomacy")
    evaluate("un_votes_outside", models=saved / "stance", output=tmp_path)
    with pytest.raises(KitError, match="holds the scores of a model"):
        evaluate(articles, task="positions", models=saved / "stance", output=tmp_path)


def test_the_command_line_names_a_file(saved, articles, tmp_path, capsys):
    words = ["task=positions", f"models={saved}", f"corpus={articles}", "actors=gazetteer"]
    assert run("evaluate", [*words, f"output={tmp_path / 'out'}"]) == 0
    printed = capsys.readouterr().out
    assert "rows_per_position" in printed and printed.strip().endswith("positions.html")
