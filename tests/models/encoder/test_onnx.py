"""Encoders in ONNX Runtime: the same labels but for a share that is measured, told and bounded."""

import json
import shutil
import sys
from dataclasses import replace

import numpy as np
import pytest

from stancekit.__main__ import main
from stancekit.codebook import make_codebook
from stancekit.errors import KitError, MissingExtra
from stancekit.models import persistence
from stancekit.models.classifier import FittedClassifier, encode_labels, fit
from stancekit.models.encoder import onnx
from stancekit.models.encoder.finetuned import Encoder
from stancekit.models.encoder.onnx import Change, Session, export, export_precision, exportable
from stancekit.models.ensemble import Ensemble
from stancekit.models.features import Marked
from stancekit.models.majority import Majority

# An encoder is trained and exported first.
pytestmark = pytest.mark.slow


# An export takes some seconds of the compiler, so that tests share what was made.
@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(autouse=True)
def cache(kept, monkeypatch):
    monkeypatch.setenv("STANCEKIT_CACHE", str(kept))
    return kept / "onnx"


@pytest.fixture
def own_cache(cache, tmp_path, monkeypatch):
    """Copy what was made, for a test that damages it."""
    shutil.copytree(cache, tmp_path / "onnx")
    monkeypatch.setenv("STANCEKIT_CACHE", str(tmp_path))
    return tmp_path / "onnx"


def learned(tiny, parts, folder):
    # Long enough to tell codes apart: 8-bit products change the labels of a model that hardly does.
    model = Encoder(
        tiny,
        features=Marked(),
        epochs=4,
        min_steps=0,
        learning_rate=3e-3,
        batch_size=32,
        max_length=48,
    )
    trained = fit(model, parts.train.take(range(1000)), parts.validation.take(range(50)))
    return persistence.save(trained, folder / parts.train.codebook.name)


@pytest.fixture(scope="module")
def saved(tmp_path_factory, tiny, parts):
    folder = tmp_path_factory.mktemp("models")
    learned(tiny, parts, folder)
    return folder


@pytest.fixture(scope="module")
def saved_both(saved, tiny, frame_parts):
    learned(tiny, frame_parts, saved)
    return saved


@pytest.fixture(scope="module")
def made(saved, kept):
    """Make the one export that most tests look at."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STANCEKIT_CACHE", str(kept))
        return export(persistence.load(saved / "stance"), saved / "stance", kind="int8")


def says_the_same(trained, found, some, within):
    was, now = trained.scores(some), found.trained.scores(some)
    assert isinstance(found.trained.model.network_, Session)
    assert np.abs(was - now).max() < within and 0 <= found.change.changed < 0.05
    # Rows of other lengths, and one alone.
    assert np.allclose(found.trained.scores(some[:1]), now[:1], atol=0.05)


@pytest.mark.slow
def test_an_export_says_the_same(saved, made, parts):
    says_the_same(persistence.load(saved / "stance"), made, parts.test.examples[:70], 0.1)
    assert made.change.precision == "int8"


@pytest.mark.slow
def test_an_export_in_32_bits_says_the_same(saved_both, parts):
    place = saved_both / "diplomacy"
    found = export(persistence.load(place), place, kind="fp32")
    says_the_same(persistence.load(place), found, parts.test.examples[:70], 1e-2)
    assert found.change.precision == "fp32"


def test_it_is_made_once_and_again_when_damaged(saved, made, own_cache, monkeypatch):
    place = saved / "stance"
    trained = persistence.load(place)
    monkeypatch.setattr(onnx, "write_onnx", None)
    assert export(trained, place, kind="int8").change == made.change
    [folder] = own_cache.glob("*-int8")
    (folder / "0.onnx").write_bytes(b"no model")
    with pytest.raises(TypeError):
        export(trained, place, kind="int8")


@pytest.mark.slow
def test_one_that_changes_too_much_is_refused(saved, made, own_cache):
    place = saved / "stance"
    trained = persistence.load(place)
    [facts] = own_cache.glob("*-int8/export.json")
    held = json.loads(facts.read_text())
    facts.write_text(json.dumps(held | {"change": held["change"] | {"changed": 0.0613}}))
    with pytest.raises(
        KitError, match=r"refused: \w+ changes 6.1% of labels.*At most 5.0% may change"
    ):
        export(trained, place, kind="int8")
    assert export(trained, place, kind="int8", most_changed=0.07).change.changed == 0.0613


def test_for_another_codebook_it_says_what_was_measured_and_no_more(saved, made, monkeypatch):
    monkeypatch.setattr(onnx, "CHECKED", 40)
    trained = persistence.load(saved / "stance")
    codes = {name: {"definition": "x"} for name in trained.codebook.names}
    own = replace(trained, codebook=make_codebook("tone", codes))
    change = onnx._measure_change(own, own, "fp32")
    assert change == Change("fp32", change.n, 0.0, corpus="un_votes") and 40 <= change.n < 80
    assert str(change).endswith(
        "validation examples of un_votes, which has no gold of this model's codebook"
    )
    # A codebook of the user's own may bear the name of one that is shipped.
    renamed = replace(
        trained,
        codebook=make_codebook("stance", {f"{name}s": code for name, code in codes.items()}),
    )
    assert not onnx._gold_codebook(renamed.codebook) and onnx._gold_codebook(trained.codebook)
    assert "of them were right" in str(made.change)


def words(parts):
    train = parts.train.take(range(100))
    model = Ensemble({"words": Majority(), "encoder": Majority()}).fit(
        train.examples, encode_labels(train)
    )
    return FittedClassifier(model, parts.train.codebook)


def test_words_have_no_encoder_to_export(parts, tmp_path):
    place = persistence.save(words(parts), tmp_path / "words")
    assert not exportable(words(parts).model)
    with pytest.raises(KitError, match="no fine-tuned encoder to export; use backend=torch"):
        export(persistence.load(place), place)


@pytest.mark.slow
def test_an_ensembles_encoder_is_exported(saved, parts, tmp_path):
    both = words(parts)
    both.model.members_["encoder"] = persistence.load(saved / "stance").model
    place = persistence.save(both, tmp_path / "both")
    members = export(persistence.load(place), place, kind="fp32").trained.model.members_
    assert isinstance(members["encoder"].network_, Session) and isinstance(
        members["words"], Majority
    )


@pytest.mark.slow
def test_labels_from_the_command_line(saved_both, tmp_path, capsys, caplog):
    (tmp_path / "levy.txt").write_text("Peru voted against the levy. Chile abstained on the draft.")
    words = ["label", f"input={tmp_path / 'levy.txt'}", f"models={saved_both}", "actors.ner=false"]
    for backend in ("torch", "onnx"):
        assert main([*words, f"backend={backend}", f"output={tmp_path / backend}.jsonl"]) == 0
    for codebook in ("stance", "diplomacy"):
        assert f"{codebook}: {export_precision()} changes" in caplog.text
    was, now = ((tmp_path / f"{one}.jsonl").read_text().splitlines() for one in ("torch", "onnx"))
    assert [json.loads(row)["id"] for row in was] == [json.loads(row)["id"] for row in now] != []
    assert main([*words, "backend=tpu"]) == 2
    assert "unknown backend='tpu'; there are torch, onnx" in capsys.readouterr().err


def test_a_missing_package_is_named(saved, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(MissingExtra, match=r"pip install 'stancekit\[onnx\]'"):
        export(persistence.load(saved / "stance"), saved / "stance")
