"""Every config composes, and every object in it can be built: adding a file is enough to have it tested."""

import functools
import shutil

import pytest
from conftest import ROOT
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from omegaconf import OmegaConf

from stancekit.__main__ import COMMANDS
from stancekit.commands.cli import PYTHON_ONLY

CONFIGS = ROOT / "configs"
GROUPS = ["corpus", "codebook", "split", "features", "model", "actors"]
FILES = [path for group in GROUPS for path in sorted((CONFIGS / group).glob("*.yaml"))]
EXPERIMENTS = sorted(path.stem for path in (CONFIGS / "experiment").glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_choice_builds(path):
    group, command = path.parent.name, "label" if path.parent.name == "actors" else "train"
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        words = [
            f"{group}={path.stem}",
            *(["data_dir=given", "name=given"] if command == "train" else []),
        ]
        whole = compose(command, words)
    for key in OmegaConf.missing_keys(whole):
        OmegaConf.update(whole, key, "given")
    OmegaConf.resolve(whole)
    assert instantiate(whole[group], _convert_="all") is not None
    assert path.read_text().startswith("#"), "the first line says what the file is for"


@pytest.mark.parametrize("command", list(COMMANDS))
def test_a_command_s_keys_are_its_function_s_parameters(command):
    import inspect
    from importlib import import_module

    function = getattr(import_module(f"stancekit.commands.{command}"), command)
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        config = compose(command)
    parameters = set(inspect.signature(function).parameters) - PYTHON_ONLY
    assert set(config) - {"data_dir"} == parameters


@functools.cache
def experiment(name):
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        return compose("train", [f"experiment={name}"], return_hydra_config=True)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_composes_and_has_its_folder(name):
    config = experiment(name)
    assert config.output == f"experiments/{name}"
    assert (ROOT / "experiments" / name / "README.md").exists()
    assert config.hydra.mode.name == "MULTIRUN"
    comparison = config.hydra.callbacks.comparison
    assert (
        comparison._target_ == "stancekit.commands.compare.CompareRuns"
        and comparison.output == config.output
    )


def test_experiments_keep_the_best_model_where_they_say_so():
    kept = {name: experiment(name).hydra.callbacks.comparison.models for name in EXPERIMENTS}
    assert {name: folder for name, folder in kept.items() if folder} == {
        "un_votes": "models/un_votes",
        "un_votes_encoders": "models/un_votes_encoders",
    }


@functools.cache
def model_of(name, configs=CONFIGS, *words):
    with initialize_config_dir(str(configs), version_base="1.3"):
        return OmegaConf.to_container(compose("train", [f"model={name}", *words]).model)


ENSEMBLES = {
    "ensemble": ["logreg", "embedding"],
    "ensemble_minilm": ["logreg", "minilm"],
    "fewshot_cues": ["fewshot", "lexicon"],
}


@pytest.mark.parametrize("name", ENSEMBLES)
def test_the_members_of_an_ensemble_are_composed_of_their_own_configs(name):
    model = model_of(name)
    assert list(model["members"]) == ENSEMBLES[name] and model["method"] == "average"
    for member, settings in model["members"].items():
        changed = {"num_iterations": 10} if member == "fewshot" else {}
        assert settings == model_of(member) | changed


def test_an_ensemble_has_the_settings_that_its_results_were_measured_with():
    logreg = {"C": 1, "class_weight": "balanced", "max_iter": 1000}
    minilm = {
        "epochs": 3,
        "min_steps": 600,
        "batch_size": 16,
        "learning_rate": 2e-4,
        "label_smoothing": 0.1,
    }
    model = model_of("ensemble_minilm")
    assert model["members"]["logreg"]["classifier"].items() >= logreg.items()
    assert model["members"]["minilm"].items() >= minilm.items()
    assert model_of("ensemble")["members"]["embedding"]["C"] == 0.01


def test_what_changes_in_a_member_changes_in_the_ensemble(tmp_path):
    shutil.copytree(CONFIGS, tmp_path / "configs")
    path = tmp_path / "configs" / "model" / "logreg.yaml"
    path.write_text(path.read_text().replace("C: 1\n", "C: 3\n"))
    for name in ("ensemble", "ensemble_minilm"):
        assert model_of(name, tmp_path / "configs")["members"]["logreg"]["classifier"]["C"] == 3


def test_a_member_of_an_ensemble_can_be_another():
    members = model_of(
        "ensemble", CONFIGS, "model@model.members.logreg=svm", "model.members.embedding.C=1"
    )["members"]
    assert members["logreg"] == model_of("svm") and members["embedding"]["C"] == 1


def test_no_search_is_none():
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        assert compose("train").search is None
        assert compose("train", ["search=optuna"]).search.trials == 20
