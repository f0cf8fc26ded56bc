"""Packed encoders: almost the labels of the network they were made from, without torch, and safe to read."""

import shutil
import subprocess
import sys

import numpy as np
import onnx
import pytest
import torch
from conftest import ROOT, every

from stancekit.__main__ import main
from stancekit.codebook import load_codebook
from stancekit.errors import KitError
from stancekit.models import persistence
from stancekit.models.classifier import calibrate, fit
from stancekit.models.encoder.cache import EmbeddingCache
from stancekit.models.encoder.likeness import write_learned
from stancekit.models.encoder.multitask import Joint
from stancekit.models.encoder.packed import Packed
from stancekit.models.encoder.packing import pack
from stancekit.models.encoder.pretrained import starting_weights
from stancekit.models.encoder.reading import NETWORK_FILE, PackedEncoder, encoder_digest
from stancekit.models.encoder.unpacking import read_weights, unpacked

# What ships is tested in tests/models/test_box.py; here a network is trained and packed first.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def trained(tiny, parts, frame_parts):
    sets = {"stance": parts, "diplomacy": frame_parts}
    model = Joint(
        list(sets),
        checkpoint=tiny,
        epochs=2,
        min_steps=0,
        batch_size=32,
        learning_rate=3e-3,
        max_length=48,
    )
    train = {name: every(of.train, 1200) for name, of in sets.items()}
    held_out = {name: every(of.validation, 100) for name, of in sets.items()}
    model.fit_heads(train, held_out)
    return {name: calibrate(model.head(name), held_out[name]) for name in sets}


@pytest.fixture(scope="module")
def packed(trained, tmp_path_factory):
    folder = tmp_path_factory.mktemp("packed")
    made = pack(trained, folder, bits=8, block=16)
    for name, fitted in made.items():
        persistence.save(fitted, folder / name)
    return folder


@pytest.fixture(scope="module")
def held_out(parts):
    return every(parts.validation, 300)


def test_a_packed_model_scores_nearly_as_the_network(trained, packed, held_out):
    for name, before in trained.items():
        after = persistence.load(packed / name)
        first, second = (one.scores(held_out.examples) for one in (before, after))
        assert after.codebook == before.codebook and second.shape == first.shape
        assert np.abs(first - second).mean() < 0.02
        labels = [one.read(scores) for one, scores in ((before, first), (after, second))]
        changed = np.mean([old != new for old, new in zip(*labels, strict=True)])
        assert changed < 0.1
    # It says something: not every sentence has the same code.
    assert len({str(one) for one in labels[1]}) > 1


def test_four_bits_are_smaller(trained, packed, tmp_path):
    pack(trained, tmp_path, bits=4, block=16)
    sizes = [(place / "encoder" / NETWORK_FILE).stat().st_size for place in (tmp_path, packed)]
    assert sizes[0] < sizes[1]


def test_it_is_read_without_torch(packed):
    program = (
        "import sys\n"
        "from stancekit.models import persistence\n"
        "model = persistence.load(sys.argv[1])\n"
        "from stancekit.text.inputs import as_examples\n"
        "rows = [{'text': 'Peru shunned it.', 'actor': 'Peru', 'target': 'it'}]\n"
        "print(model.predict(as_examples(rows))[0].labels[0])\n"
        "print([name for name in ('torch', 'transformers') if name in sys.modules])\n"
    )
    command = [sys.executable, "-c", program, str(packed / "stance")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    label, loaded = done.stdout.split("\n")[:2]
    assert label in ("condemn", "abstain", "support", "none") and loaded == "[]"


def test_models_share_an_encoder_and_name_it_by_its_sum(packed, tmp_path):
    alone = shutil.copytree(packed / "stance", tmp_path / "alone" / "stance")
    with pytest.raises(KitError, match="its encoder is not in the folder 'encoder' beside it"):
        persistence.load(alone)
    shutil.copytree(packed / "encoder", alone.parent / "encoder")
    assert persistence.load(alone).name == "model"
    network = alone.parent / "encoder" / NETWORK_FILE
    network.write_bytes(network.read_bytes()[:-1] + b"x")
    with pytest.raises(KitError, match="its encoder is not"):
        persistence.load(alone)


def test_a_file_that_is_no_network_is_refused(packed, tmp_path):
    place = shutil.copytree(packed / "encoder", tmp_path / "encoder")
    (place / NETWORK_FILE).write_bytes(b"no graph")
    with pytest.raises(KitError, match=r"network\.onnx is not what this version writes"):
        Packed(models=str(tmp_path), learn=True).fit(["Peru left.", "Peru came."], ["a", "b"])


@pytest.mark.parametrize("codes", [2, 3])
def test_a_head_of_ones_own_is_learned_and_kept(packed, parts, codes, tmp_path):
    wanted = ("condemn", "support", "none")[:codes]
    data = every(parts.train, 1200)
    rows = [row for row, (label,) in enumerate(data.labels) if label in wanted]
    learned = data.take(rows)
    model = Packed(models=str(packed), learn=True)
    model.fit(learned.examples, np.array([label for (label,) in learned.labels]))
    assert model.classes_.tolist() == sorted(wanted)
    scores = model.predict_proba(learned.examples)
    assert scores.shape == (len(learned), codes)
    assert scores.sum(axis=1) == pytest.approx(np.ones(len(learned)))
    right = np.mean(model.predict(learned.examples) == [label for (label,) in learned.labels])
    assert right > 1.2 / codes


def test_what_heads_are_learned_from_is_read_once(packed, parts, tmp_path, monkeypatch):
    monkeypatch.setenv("STANCEKIT_CACHE", str(tmp_path))
    data = every(parts.train, 400)
    codes = np.array([label for (label,) in data.labels])
    first = Packed(models=str(packed), learn=True).fit(data.examples, codes)
    encoder = PackedEncoder(packed / "encoder")
    kept = EmbeddingCache(first.encoder_digest_)
    # Without a network there is nothing but what is kept.
    encoder.session = None
    means = encoder(data.examples, kept=kept)
    np.testing.assert_array_equal(means, first.encoder_(data.examples))
    with pytest.raises(AttributeError):
        encoder(every(parts.validation, 400).examples, kept=kept)


def test_a_head_of_several_codes_is_learned(packed, frame_parts, tmp_path):
    train, validation = every(frame_parts.train, 600), every(frame_parts.validation, 200)
    place = shutil.copytree(packed / "encoder", tmp_path / "encoder").parent
    fitted = fit(Packed(models=str(packed), learn=True), train, validation, name="own")
    persistence.save(fitted, place / "own")
    again = persistence.load(place / "own")
    assert again.predict(validation.examples) == fitted.predict(validation.examples)
    assert len({len(one.labels) for one in again.predict(validation.examples)}) > 1


def test_another_codebook_has_no_model(packed):
    model = Packed(load_codebook("policy_frames"), str(packed))
    with pytest.raises(
        KitError, match=r"no model of the codes capacity_and.*it has diplomacy.*model=box_head"
    ):
        model.fit()
    with pytest.raises(KitError, match="no model of the codes"):
        Packed(None, str(packed)).fit()


@pytest.fixture(scope="module")
def informed(packed, parts, tmp_path_factory):
    """Packed models that know where the examples are that they learned from."""
    folder = shutil.copytree(packed, tmp_path_factory.mktemp("informed") / "models")
    encoder = PackedEncoder(folder / "encoder")
    learned, held_out = every(parts.train, 1200), every(parts.validation, 300)
    pooled = [encoder(part.examples) for part in (learned, held_out)]
    write_learned(folder / "encoder", *pooled, encoder.width)
    for name in ("stance", "diplomacy"):
        fitted = persistence.load(packed / name)
        fitted.model.encoder_digest_ = encoder_digest(folder / "encoder")
        shutil.rmtree(folder / name)
        persistence.save(fitted, folder / name)
    return folder


def test_examples_unlike_those_learned_from_are_known(packed, informed, parts):
    assert persistence.load(packed / "stance").model.far(["Peru left."]) is None
    model = persistence.load(informed / "stance").model
    of_kind = model.far(every(parts.test, 300).examples)
    assert of_kind.mean() < 0.2
    foreign = [
        "\u0394\u03b7\u03bc\u03bf\u03ba\u03c1\u03b1\u03c4\u03af\u03b1 " * 9,
        "7 7 7 7 7 7 7 7 7 7 7",
    ]
    assert model.far(foreign).all()


def test_label_says_that_a_text_is_unlike(informed, tmp_path, capsys):
    usual = ROOT / "seeds" / "articles" / "newswire_border_truce.txt"
    odd = tmp_path / "odd.txt"
    odd.write_text("\n".join(f"Peru {n} {n} {n} {n} Chile {n} {n} {n} {n}." for n in range(10, 30)))
    said = []
    for path in (usual, odd):
        words = ["label", str(path), f"models={informed}", "targets=[the draft]"]
        assert main(words) == 0
        said.append("C16 unlike text" in capsys.readouterr().out.replace("\n", " "))
    assert said == [False, True]


def test_label_says_that_a_text_is_not_english(informed, tmp_path, capsys):
    german = tmp_path / "landtag.txt"
    german.write_text(
        "Ministerin Berger lehnte den Entwurf gestern mit deutlichen Worten ab. "
        "Der Abgeordnete Keller verteidigte die neue Linie durch beide Dörfer am Fluss."
    )
    assert main(["label", str(german), f"models={informed}", "targets=[Entwurf]"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "C16 unlike text: 2 of 2 sentences do not read like English" in told


def test_a_network_says_nothing_of_the_machine_that_wrote_it(packed):
    data = (packed / "encoder" / NETWORK_FILE).read_bytes()
    assert str(ROOT).encode() not in data and b"site-packages" not in data


@pytest.mark.parametrize("bits", [4, 8])
def test_an_encoder_is_unpacked_to_train_it_further(trained, bits, tmp_path, monkeypatch):
    monkeypatch.setenv("STANCEKIT_CACHE", str(tmp_path / "cache"))
    pack(trained, tmp_path, bits=bits, block=16)
    read = read_weights(tmp_path / "encoder" / NETWORK_FILE)
    before = {
        name: value.numpy()
        for name, value in trained["stance"].model.network_.encoder.state_dict().items()
        # What stands behind the last layer is not read.
        if not name.startswith("pooler.")
    }
    assert set(read) == set(before)
    for name, value in read.items():
        was = before[name][: len(value)]
        # The largest number is a step away at most; vectors of words have four bits.
        width = 4 if "word_embeddings" in name else bits
        assert np.abs(was - value).max() <= 1.1 * np.abs(was).max() / 2 ** (width - 1)
        if was.ndim == 1:
            assert (was == value).all()
    folder = unpacked(tmp_path / "encoder")
    made = (folder / "model.safetensors").stat().st_mtime_ns
    assert unpacked(tmp_path / "encoder") == folder
    assert (folder / "model.safetensors").stat().st_mtime_ns == made
    encoder, tokenizer = starting_weights(str(folder), lambda folder: None)
    assert next(encoder.parameters()).dtype.is_floating_point and encoder.dtype.itemsize == 4
    text = "Peru condemned the levy."
    assert tokenizer(text)["input_ids"] == trained["stance"].model.tokenizer_(text)["input_ids"]


def test_an_unpacked_encoder_goes_on_from_what_was_learned(trained, tmp_path, monkeypatch):
    monkeypatch.setenv("STANCEKIT_CACHE", str(tmp_path / "cache"))
    pack(trained, tmp_path, bits=8, block=16)
    encoder, tokenizer = starting_weights(str(unpacked(tmp_path / "encoder")), lambda folder: None)
    inputs = tokenizer(
        ["Peru condemned the levy.", "It rained."], padding=True, return_tensors="pt"
    )
    was = trained["stance"].model.network_.encoder.eval()
    with torch.no_grad():
        hidden = [one.eval()(**inputs).last_hidden_state for one in (was, encoder)]
    first, second = (one.flatten().numpy() for one in hidden)
    assert np.corrcoef(first, second)[0, 1] > 0.98


def test_a_network_whose_weights_have_no_names_is_not_trained_further(packed, tmp_path):
    place = shutil.copytree(packed / "encoder", tmp_path / "encoder")
    model = onnx.load(place / NETWORK_FILE)
    node = next(node for node in model.graph.node if node.op_type == "MatMulNBits")
    stored = next(one for one in model.graph.initializer if one.name == node.input[1])
    stored.name = node.input[1] = "val_1_Q8"
    onnx.save(model, place / NETWORK_FILE)
    with pytest.raises(KitError, match=r"network\.onnx is not what this version writes.*val_1_Q8"):
        unpacked(place)
