"""Models on the Hub, against a stand-in that serves real bytes: what is sent, fetched, refused and said."""

import json
import os
import subprocess
import sys

import pytest
from conftest import ROOT
from hub_server import Repository

import stancekit
from stancekit.errors import KitError

TEXT = {"X": ["Peru denounced the levy."], "actor": "Peru", "target": "the levy"}
FILES = {"README.md", "manifest.json", "model.skops", "scores.csv"}
# Of the Hub's library and its HTTP client.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def at_hub(hub, tmp_path, monkeypatch):
    """Let this process take the stand-in for the Hub, as HF_ENDPOINT would for a new one; return how to move house."""
    from huggingface_hub import constants

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no token"))
    monkeypatch.delenv("HF_TOKEN", raising=False)

    def move(home="home", endpoint=hub.endpoint):
        monkeypatch.setattr(constants, "ENDPOINT", endpoint)
        template = f"{endpoint}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / home / "hub"))
        monkeypatch.setenv("STANCEKIT_CACHE", str(tmp_path / home / "kit"))

    move()
    return move


@pytest.fixture
def sent(at_hub, hub, speeches_model):
    """Send the model to the stand-in, and return its repository."""
    assert speeches_model.push_to_hub("ana/speeches", token="t") == f"{hub.endpoint}/ana/speeches"
    return hub.repositories["ana/speeches"]


def files_of(repository):
    return repository.commits[repository.branches["main"]]


def resolved(hub):
    """Return which files were asked for."""
    paths = [path for how, path in hub.requests if how == "GET" and "/resolve/" in path]
    return {path.split("/resolve/")[1].split("/", 1)[1] for path in paths}


def test_a_model_is_sent_with_its_card_and_loaded_on_another_machine(sent, hub, at_hub):
    assert set(files_of(sent)) - {".gitattributes"} == FILES
    card = files_of(sent)["README.md"].decode()
    assert card.startswith("---\n") and "library_name: stancekit" in card
    at_hub("elsewhere")
    model = stancekit.load("ana/speeches")
    assert model.name == "nb" and model.predict(**TEXT)["stance"][0] == "condemn"
    # Nothing is asked for but the manifest and what it names.
    assert resolved(hub) == FILES


@pytest.mark.slow
def test_the_library_s_own_settings_are_heeded(hub, speeches_model, tmp_path):
    """As a user has it: a process, and HF_ENDPOINT."""
    env = {"HF_ENDPOINT": hub.endpoint, "HF_HOME": str(tmp_path), "HF_HUB_DISABLE_XET": "1"}
    env |= {"STANCEKIT_CACHE": str(tmp_path / "kit"), "PYTHONPATH": str(ROOT / "src")}
    code = f"""
import stancekit as sk
sk.load({str(speeches_model.folder)!r}).push_to_hub("ana/speeches", token="t")
print(sk.load("ana/speeches").predict(["Peru denounced it."], actor="Peru", target="it")["stance"][0])
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, env=os.environ | env, cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert done.stdout == "condemn\n"


def test_a_second_load_fetches_nothing_and_works_without_network(sent, hub, at_hub, caplog):
    first = stancekit.load("ana/speeches")
    hub.requests.clear()
    assert stancekit.load("ana/speeches").folder == first.folder and not resolved(hub)
    at_hub(endpoint="http://127.0.0.1:9")
    assert stancekit.load("ana/speeches").folder == first.folder
    assert "the Hub cannot be reached; ana/speeches is what was fetched last" in caplog.text
    # A commit is what it is: the Hub is not asked.
    assert stancekit.load("ana/speeches", revision=first.folder.name).folder == first.folder


def test_a_revision_is_a_commit_or_a_branch(sent):
    first = sent.branches["v1"] = sent.branches["main"]
    sent.commit({"README.md": b"emptied"})
    for revision in (first, "v1"):
        assert stancekit.load("ana/speeches", revision=revision).folder.name == first
    with pytest.raises(KitError, match=r"a file is missing.*no whole model of stancekit"):
        stancekit.load("ana/speeches")
    with pytest.raises(KitError, match=r"revision v9 cannot be fetched: it has no such revision"):
        stancekit.load("ana/speeches", revision="v9")


def test_other_files_of_a_repository_are_not_fetched(sent, hub):
    sent.commit({**files_of(sent), "model.py": b"raise SystemExit(7)", "model.pkl": b"cos\n"})
    assert stancekit.load("ana/speeches").name == "nb" and resolved(hub) == FILES


def test_a_file_that_is_not_the_manifest_s_is_refused(sent):
    sent.commit({**files_of(sent), "model.skops": b"other bytes"})
    with pytest.raises(KitError, match=r"model.skops was altered"):
        stancekit.load("ana/speeches")


@pytest.mark.parametrize("name", ["../../elsewhere.txt", "/etc/passwd", "a\\b"])
def test_a_manifest_cannot_name_files_elsewhere(sent, hub, name):
    manifest = json.loads(files_of(sent)["manifest.json"])
    manifest["files"][name] = "0" * 64
    sent.commit({**files_of(sent), "manifest.json": json.dumps(manifest).encode()})
    with pytest.raises(KitError, match="is refused"):
        stancekit.load("ana/speeches")
    assert resolved(hub) == {"manifest.json"}


def test_a_private_repository_takes_a_token(at_hub, hub, speeches_model):
    speeches_model.push_to_hub("ana/own", private=True, token="secret")
    assert hub.repositories["ana/own"].private
    with pytest.raises(KitError, match=r"no such repository, or it is private.*hf auth login"):
        stancekit.load("ana/own")
    assert stancekit.load("ana/own", token="secret").name == "nb"


def test_what_cannot_be_reached_is_told(at_hub):
    at_hub(endpoint="http://127.0.0.1:9")
    with pytest.raises(KitError) as caught:
        stancekit.load("ana/none")
    said = str(caught.value)
    assert said.startswith("there is no folder ana/none here, and ana/none on http://127.0.0.1:9 ")
    assert said.endswith("copy the model's folder to this machine and load that: load(FOLDER)")


def test_what_cannot_be_sent_is_told(at_hub, speeches_model):
    with pytest.raises(KitError, match=r"cannot be sent to ana/speeches on .*hf auth login"):
        speeches_model.push_to_hub("ana/speeches")
    with pytest.raises(KitError, match=r"'speeches' names no repository; write USER/NAME"):
        speeches_model.push_to_hub("speeches")
    at_hub(endpoint="http://127.0.0.1:9")
    with pytest.raises(KitError, match=r"cannot be sent .*save_pretrained\(FOLDER\)"):
        speeches_model.push_to_hub("ana/speeches")


def test_a_repository_of_another_kind_is_told(at_hub, hub):
    hub.repositories["ana/other"] = Repository()
    hub.repositories["ana/other"].commit({"config.json": b"{}", "model.safetensors": b""})
    with pytest.raises(KitError, match="holds no whole model of stancekit"):
        stancekit.load("ana/other")


def test_a_folder_here_comes_before_the_hub(sent, hub, speeches_model, tmp_path):
    folder = speeches_model.save_pretrained(tmp_path / "ana" / "speeches")
    hub.requests.clear()
    assert stancekit.load("ana/speeches").folder.resolve() == folder and not hub.requests
    assert stancekit.load("hf://ana/speeches").folder != folder and hub.requests
