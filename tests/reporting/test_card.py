"""Model cards: text for people, metadata that the Hugging Face Hub reads."""

import json
from dataclasses import replace

import pytest
from conftest import ROWS, padded
from huggingface_hub import ModelCard

from stancekit.commands.train import train
from stancekit.corpus import GroupedSplit, TableCorpus
from stancekit.models.majority import Majority
from stancekit.reporting.card import model_card
from stancekit.runs.folder import read_runs
from stancekit.runs.leaderboard import leaderboards


@pytest.fixture(scope="module")
def board(stance, tmp_path_factory):
    folder = tmp_path_factory.mktemp("card")
    rows = [
        row | {"article": f"a{number}", "text": padded(row["text"], number)}
        for number in range(12)
        for row in ROWS
    ]
    (folder / "mine.jsonl").write_text("\n".join(map(json.dumps, rows)))
    train(
        corpus=TableCorpus(folder / "mine.jsonl", name="mine"),
        codebook=stance,
        split=GroupedSplit(),
        model=Majority(),
        output=folder / "out",
    )
    (board,) = leaderboards(read_runs(folder / "out"))
    return board


def load(board, run):
    return ModelCard(model_card(board, run, "the command"))


def test_the_hub_reads_the_scores_of_a_card(board):
    card = load(board, board.chosen)
    assert card.data.tags == ["content-analysis", "stance-detection", "stance"]
    assert card.data.model_name == "Majority" and card.data.library_name == "stancekit"
    results = {result.metric_name: result for result in card.data.eval_results}
    assert set(results) == {"macro-F1", "F_avg", "micro-F1", "ECE", "Brier"}
    for metric, name in (("macro_f1", "macro-F1"), ("brier", "Brier")):
        value = board.best.value(metric).value
        assert results[name].metric_value == pytest.approx(value, abs=5e-5)
    main = results["macro-F1"]
    assert (main.dataset_name, main.dataset_split, main.metric_type) == ("mine", "test", "f1")


def test_data_that_does_not_ship_says_neither_license_nor_language(board):
    data = load(board, board.chosen).data
    assert data.datasets == ["mine"]
    assert data.license is None and data.language is None and data.base_model is None


def test_the_bundled_corpus_says_both(board):
    card = load(board, replace(board.chosen, corpus="un_votes"))
    assert (card.data.license, card.data.language) == ("cc-by-4.0", ["en"])
    assert "written with a language model (un_votes)" in card.content


def test_an_encoder_names_its_base_model(board, tmp_path):
    run = replace(board.chosen, folder=tmp_path)
    (tmp_path / "config.yaml").write_text(
        "model:\n  members:\n    - {checkpoint: sentence-transformers/all-MiniLM-L6-v2}\n"
        "    - {checkpoint: /home/me/encoder}\n"
    )
    assert load(board, run).data.base_model == ["sentence-transformers/all-MiniLM-L6-v2"]


def test_a_model_that_was_only_evaluated_was_not_trained_on_the_corpus(board):
    examples = {"train": 0, "validation": 0, "test": len(board.chosen.rows)}
    card = load(board, replace(board.chosen, corpus="un_votes", examples=examples))
    assert card.data.datasets is None and card.data.license is None
    assert "tested on un_votes" in card.content and "trained on" not in card.content
