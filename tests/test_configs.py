"""Every config composes, and every object in it can be built: adding a file is enough to have it tested."""

import pytest
from conftest import ROOT
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from omegaconf import OmegaConf

from stancekit.__main__ import COMMANDS

CONFIGS = ROOT / "configs"
GROUPS = ["corpus", "codebook", "split", "features", "model", "actors"]
FILES = [path for group in GROUPS for path in sorted((CONFIGS / group).glob("*.yaml"))]
EXPERIMENTS = sorted(path.stem for path in (CONFIGS / "experiment").glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_choice_builds(path):
    group, command = path.parent.name, "label" if path.parent.name == "actors" else "train"
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        words = [f"{group}={path.stem}", *(["data_dir=given", "name=given"] if command == "train" else [])]
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
    assert set(config) | {"data_dir"} == (set(inspect.signature(function).parameters) | {"data_dir"}) - {"config"}


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_composes_and_has_its_folder(name):
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        config = compose("train", overrides=[f"experiment={name}"], return_hydra_config=True)
    assert config.out == f"experiments/{name}"
    assert (ROOT / "experiments" / name / "README.md").exists()
