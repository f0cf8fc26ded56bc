"""Where models are loaded from on this machine."""

import pytest

import stancekit
from stancekit.errors import KitError


def test_a_model_is_found_in_its_folder_its_run_and_its_experiment(speeches_model):
    run, experiment = speeches_model.run.folder, speeches_model.run.folder.parent.parent
    for place in (speeches_model.folder, run, experiment, str(run)):
        loaded = stancekit.load(place)
        assert loaded.folder.resolve() == speeches_model.folder.resolve()
        # Its test examples are at hand wherever it was found.
        assert len(loaded.run.rows) == len(speeches_model.run.rows)


def test_of_an_experiment_the_best_on_validation_is_loaded(speeches_corpus, tmp_path):
    for name in ("majority", "nb"):
        stancekit.train(speeches_corpus, model=name, output=tmp_path, verbose=False)
    assert stancekit.load(tmp_path).name == "nb"


def test_of_several_codebooks_one_is_named(saved):
    with pytest.raises(KitError, match=r"has several models; there are: .*diplomacy.*codebook='"):
        stancekit.load(saved)
    assert stancekit.load(saved, codebook="diplomacy").codebook.name == "diplomacy"
    with pytest.raises(KitError, match="no model of codebook 'tone'"):
        stancekit.load(saved, codebook="tone")


def test_a_folder_that_is_not_there_is_no_name_on_the_hub(saved, tmp_path, monkeypatch):
    """A slip in a folder's name never leaves this machine."""
    monkeypatch.chdir(saved.parent)
    with pytest.raises(KitError, match=r"no folder un_votes/stanc; un_votes has: diplomacy, sta"):
        stancekit.load("un_votes/stanc")
    with pytest.raises(KitError, match=r"no folder gone; . has: un_votes"):
        stancekit.load("gone")
    with pytest.raises(KitError, match=r"revision= is of a repository on the Hub"):
        stancekit.load("un_votes/stance", revision="v1")
    (tmp_path / "empty").mkdir()
    with pytest.raises(KitError, match="holds no saved model"):
        stancekit.load(tmp_path / "empty")
