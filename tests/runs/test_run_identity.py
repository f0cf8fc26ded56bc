"""The hash that names a run: the same for the same run, another for another."""

from types import SimpleNamespace

import pytest
import yaml

from stancekit.corpus import FixedSplit
from stancekit.models.features import Marked, Pair
from stancekit.runs.joint import named_codebooks
from stancekit.runs.provenance import describe_object, identity


def test_objects_are_described_by_what_they_are():
    assert describe_object(Marked()) == describe_object(Marked()) != describe_object(Pair())
    assert describe_object(FixedSplit()) != describe_object(FixedSplit("drop"))
    assert describe_object([lambda x: x + 1]) != describe_object([lambda x: x + 2])
    assert describe_object(object()) != describe_object(object())
    assert describe_object({"b": 1, "a": {2, 1}}) == {"b": 1, "a": [1, 2]}


def test_what_lies_behind_a_checkpoint_counts(tmp_path):
    (tmp_path / "weights").write_text("1")
    one = identity(model={"checkpoint": str(tmp_path)}, random_state=0)
    assert one == identity(model={"checkpoint": str(tmp_path)}, random_state=0)
    (tmp_path / "weights").write_text("2")
    assert one != identity(model={"checkpoint": str(tmp_path)}, random_state=0)


def test_the_runs_that_are_members_count(tmp_path):
    (tmp_path / "run-1").mkdir()
    model = {"members": {"one": f"{tmp_path}/run-{{random_state}}"}}
    without = identity(model=model, random_state=1)
    (tmp_path / "run-1" / "run.json").write_text("1")
    first = identity(model=model, random_state=1)
    (tmp_path / "run-1" / "run.json").write_text("2")
    assert len({without, first, identity(model=model, random_state=1)}) == 3


def test_the_codebooks_that_a_joint_model_names_count(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "configs" / "codebook" / "mine.yaml"
    file.parent.mkdir(parents=True)
    joint = SimpleNamespace(codebooks=["stance", "mine"])
    names = []
    for definition in ("At home.", "At home.", "Abroad."):
        codes = {code: {"definition": definition} for code in ("a", "b")}
        content = {"_target_": "stancekit.codebook.make_codebook", "name": "mine", "codes": codes}
        file.write_text(yaml.safe_dump(content), encoding="utf-8")
        names.append(identity(codebooks=named_codebooks(joint)))
    assert names[0] == names[1] != names[2]
    assert named_codebooks(Marked()) == []


@pytest.mark.parametrize("key", ["teacher", "models"])
def test_other_models_in_a_folder_that_is_named_make_another_run(key, tmp_path):
    (tmp_path / "manifest.json").write_text("{}")
    settings = {"teacher": [str(tmp_path)], "models": str(tmp_path)}
    one = identity(model={key: settings[key]}, random_state=0)
    assert one == identity(model={key: settings[key]}, random_state=0)
    (tmp_path / "manifest.json").write_text('{"name": "other"}')
    assert one != identity(model={key: settings[key]}, random_state=0)
