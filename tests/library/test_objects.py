"""Names in Python are what they are on the command line."""

import pandas as pd
import pytest
from hydra.core.global_hydra import GlobalHydra
from sklearn.svm import LinearSVC

from stancekit.codebook import load_codebook
from stancekit.corpus import GroupedSplit
from stancekit.errors import KitError
from stancekit.library.configs import compose_config, names_in
from stancekit.library.objects import as_codebook, as_corpus, folders_of, make_object, make_objects


def test_a_name_is_the_object_of_its_configuration():
    objects, names = make_objects({"model": "svm", "features": None, "split": "grouped"})
    assert isinstance(objects["model"].classifier, LinearSVC)
    assert objects["model"].classifier.class_weight == "balanced"
    assert isinstance(objects["split"], GroupedSplit)
    assert names == {"model": "svm", "features": "marked", "split": "grouped"}


def test_settings_are_those_of_the_command_line():
    objects, _ = make_objects({"model": "svm"}, {"classifier.C": 0.7, "min_df": 1})
    assert objects["model"].classifier.C == 0.7 and objects["model"].min_df == 1


@pytest.mark.parametrize(
    ("choices", "settings", "message"),
    [
        ({"model": "svmm"}, None, r"no model 'svmm'; is 'svm' meant\? There are: .*logreg"),
        ({"split": "fixd"}, None, r"no split 'fixd'; is 'fixed' meant"),
        ({"model": "transformer"}, None, r"needs a value for: checkpoint; give settings=\{'check"),
        ({"model": "svm"}, {"classifier.CC": 1}, r"cannot make model=svm: .*argument 'CC'"),
        ({"model": ["svm"]}, None, r"no model \['svm'\]"),
    ],
    ids=str,
)
def test_slips_are_told(choices, settings, message):
    with pytest.raises(KitError, match=message):
        make_objects(choices, settings)


def test_own_configurations_count_here_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "configs" / "model").mkdir(parents=True)
    (tmp_path / "configs" / "model" / "mine.yaml").write_text(
        "_target_: stancekit.models.linear.Linear\nclassifier: {_target_: sklearn.svm.LinearSVC, C: 3}\n"
    )
    assert "mine" in names_in("model")
    assert make_object("model", "mine").classifier.C == 3


def test_a_program_with_hydra_of_its_own_is_left_alone():
    from hydra import compose, initialize_config_dir
    from hydra.version import getbase

    from stancekit.resources import shipped

    with initialize_config_dir(str(shipped("configs")), version_base="1.2"):
        before, theirs = GlobalHydra.instance().hydra, getbase()
        compose_config("train", ["model=svm"])
        assert GlobalHydra.instance().hydra is before and getbase() == theirs
        assert compose("train").model.classifier.C == 1


def test_a_codebook_may_be_a_name_a_file_or_itself(tmp_path):
    stance = load_codebook("stance")
    assert as_codebook("stance") == as_codebook(stance) == as_codebook(None) == stance
    file = tmp_path / "tone.yaml"
    file.write_text(
        "name: tone\ncodes:\n  warm: {definition: Kind.}\n  cold: {definition: Unkind.}\n"
    )
    assert as_codebook(file).names == ["cold", "warm"]
    with pytest.raises(KitError, match="codebook is 3; give a name"):
        as_codebook(3)


def test_a_corpus_may_be_a_name():
    assert as_corpus("un_votes").name == "un_votes"
    assert as_corpus(as_corpus("un_votes")).path == "data/un_votes/examples"


def test_a_corpus_may_be_a_table_or_a_file(tmp_path):
    rows = [{"text": "Peru said no.", "actor": "Peru", "stance": "condemn"}]
    stance = load_codebook("stance")
    file = tmp_path / "mine.csv"
    file.write_text("text,actor,stance\nPeru said no.,Peru,condemn\n")
    for given in (rows, pd.DataFrame(rows), file, str(file)):
        assert as_corpus(given).read(stance).labels == (("condemn",),)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("un_vote", "no corpus 'un_vote'; is 'un_votes' meant"),
        ("gone/mine.csv", r"no file or folder gone/mine.csv"),
        ([{"words": "a"}], r"no column 'text'; it has: words.*in stancekit.read_table"),
        (3, "is no table; give a file's path, a DataFrame"),
    ],
    ids=str,
)
def test_what_is_no_corpus_is_told(given, message):
    with pytest.raises(KitError, match=message):
        as_corpus(given)


def test_models_are_folders_or_have_one(speeches_model):
    assert folders_of(speeches_model) == [speeches_model.folder]
    assert folders_of(["models/a", speeches_model]) == ["models/a", speeches_model.folder]
