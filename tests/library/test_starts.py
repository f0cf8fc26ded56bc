"""What training starts from: `start=` in Python and on the command line."""

import pytest

from stancekit.__main__ import main
from stancekit.commands.train import train
from stancekit.commands.train_words import spelled_out
from stancekit.errors import KitError
from stancekit.library.starts import find_start, start_settings
from stancekit.models.encoder.finetuned import Encoder
from stancekit.models.linear import Linear

QUICK = {"epochs": 1, "min_steps": 2, "max_length": 32}


def test_a_start_stands_for_a_model_and_its_checkpoint():
    assert start_settings("box", None) == ("box_tuned", {"checkpoint": "box"})
    assert start_settings("box", "minilm") == ("minilm", {"checkpoint": "box"})
    words = ["corpus=a.csv", "start='a, b'", "model=transformer"]
    assert spelled_out("train", words)[1:] == ["model=transformer", "model.checkpoint='a, b'"]
    assert spelled_out("train", ["start=null"]) == ["start=null"]
    assert spelled_out("label", ["start=box"]) == ["start=box"]


@pytest.mark.parametrize("name", ["logreg", "nli", "ensemble", "box_head"])
def test_a_model_without_an_encoder_to_train_has_no_start(name):
    with pytest.raises(
        KitError, match=f"model={name} has none; leave out model=, or choose one of: box_tuned"
    ):
        start_settings("box", name)


def test_nonsense_is_one_clear_error(tmp_path, capsys, speeches, speeches_model):
    for words in (
        ["start=box", "model.checkpoint=x"],
        ["start=box", "model=minilm,transformer"],
        ["start=box", "experiment=un_votes"],
        ["start=box", "start=x"],
    ):
        with pytest.raises(KitError, match="start= is the one encoder that one model starts from"):
            spelled_out("train", words)
    assert main(["train", "start=box", "model=svm"]) == 2
    assert "model=svm has none" in capsys.readouterr().err
    with pytest.raises(KitError, match="of kind linear, which has no encoder"):
        find_start(speeches_model.run.folder)
    for model in (Linear(), "svm"):
        with pytest.raises(KitError, match="has none"):
            train(speeches, model=model, start="box", output=tmp_path)
    with pytest.raises(KitError, match="both name what training starts from"):
        train(speeches, start="box", settings={"checkpoint": "x"}, output=tmp_path)


def test_training_goes_on_from_a_saved_encoder(tmp_path, tiny, speeches_corpus):
    first = train(
        speeches_corpus,
        model=Encoder(**QUICK),
        start=tiny,
        output=tmp_path / "first",
        verbose=False,
    )
    again = train(
        speeches_corpus,
        model="transformer",
        settings=QUICK,
        start=first.run.folder,
        output=tmp_path / "again",
        verbose=False,
    )
    started_from = first.fitted.model.network_.encoder.embeddings.word_embeddings.weight
    weights = again.fitted.model.network_.encoder.embeddings.word_embeddings.weight
    assert weights.shape == started_from.shape
    # Two steps move weights by little; those of another start are far away.
    assert float((weights - started_from).abs().max()) < 0.01
