"""Old names of keys are told once, with the new ones, which are there."""

import pytest

from stancekit.__main__ import main
from stancekit.commands.renamed import KEYS, check_renamed
from stancekit.commands.words import keys_of
from stancekit.errors import KitError


@pytest.mark.parametrize("command", KEYS)
def test_new_names_are_keys_or_choices_and_old_ones_are_not(command):
    keys, groups = keys_of(command)
    for old, new in KEYS[command].items():
        assert new in [*keys, *groups] and old not in [*keys, *groups]


def test_every_old_key_is_told_in_one_error(capsys):
    words = [
        "model=minilm",
        "model.rate=1e-4",
        "out=here",
        "++model.members.a.least_steps=5",
        "sweep.trials=3",
    ]
    assert main(["train", *words]) == 2
    told = capsys.readouterr().err
    assert "model.rate is model.learning_rate; out is output" in told
    assert "model.members.a.least_steps is model.members.a.min_steps" in told
    assert "sweep is search, as in search.trials" in told


def test_the_same_words_elsewhere_are_no_old_keys():
    check_renamed("label", ["input=out=1.txt", "output=keep", "targets=[how, what]"])
    check_renamed("train", ["corpus.path=out", "hydra.sweep.dir=x", "+corpus.columns.every=1"])
    with pytest.raises(KitError, match=r"what is codebook; about is inference"):
        check_renamed("estimate", ["what=stance", "about=beyond"])
