"""Fine-tuned encoders: what they see, how they train, what they are on disk."""

import copy
import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from forging import forged
from sklearn.base import clone
from sklearn.metrics import f1_score
from tiny import make_nli
from transformers import RobertaConfig, RobertaModel

from stancekit.errors import KitError
from stancekit.models import persistence
from stancekit.models.classifier import FittedClassifier, encode_labels, fit
from stancekit.models.encoder import pretrained as weights
from stancekit.models.encoder.batches import Buckets, Collator, TokenRows
from stancekit.models.encoder.embedding import Embedding
from stancekit.models.encoder.fewshot import FewShot
from stancekit.models.encoder.finetuned import Encoder
from stancekit.models.encoder.inputs import EncoderInputs
from stancekit.models.encoder.multitask import Joint
from stancekit.models.encoder.network import (
    Head,
    Network,
    bf16,
    check_length,
    pool,
    pretrained,
    processor_has,
)
from stancekit.models.encoder.nli import NLI
from stancekit.models.encoder.tokenizers import load_encoder_tokenizer
from stancekit.models.encoder.trainer import Schedule, parameter_groups
from stancekit.models.features import Marked, Pair, Plain
from stancekit.types import Example, Mention


@pytest.fixture
def quick(tiny):
    return Encoder(
        tiny,
        epochs=2,
        min_steps=0,
        batch_size=16,
        learning_rate=1e-3,
        max_length=48,
        features=Marked(),
    )


@pytest.fixture(scope="module")
def nli(tmp_path_factory, parts):
    texts = [one.text for one in parts.train.examples[:100]]
    return make_nli(
        tmp_path_factory.mktemp("nli"), texts, ["contradiction", "neutral", "entailment"]
    )


def schedule(**settings):
    usual = {
        "epochs": 1,
        "min_steps": 0,
        "batch_size": 16,
        "learning_rate": 1e-3,
        "head_learning_rate": 1e-3,
        "layer_decay": 1,
        "patience": 9,
        "eval_steps": None,
    }
    return Schedule(**usual | settings)


def example(text, actor, target="the levy"):
    at = text.index(actor)
    return Example("1", text, Mention(actor, at, at + len(actor)), Mention(target), "a")


def test_a_long_sentence_is_cut_around_its_actor(quick):
    quick.tokenizer_ = __import__("transformers").AutoTokenizer.from_pretrained(quick.checkpoint)
    text = "one two three " * 300 + "Peru shunned the levy " + "four five six " * 300
    [ids] = EncoderInputs(quick.tokenizer_, Marked(), 48)([example(text, "Peru")])
    assert len(ids["input_ids"]) <= 48 and ids["roles"].count(1) >= 1
    assert "peru" in quick.tokenizer_.decode(ids["input_ids"]).replace(" ##", "")


def test_roles_mark_actor_and_target_tokens(quick):
    tokenizer = __import__("transformers").AutoTokenizer.from_pretrained(quick.checkpoint)
    inside = Example(
        "1", "Peru shunned the levy.", Mention("Peru", 0, 4), Mention("the levy", 13, 21)
    )
    beside = example("Peru shunned it.", "Peru", target="the levy")
    for one in EncoderInputs(tokenizer, Marked(), 48)([inside, beside]):
        said = {
            role: tokenizer.decode(
                [i for i, r in zip(one["input_ids"], one["roles"], strict=True) if r == role]
            )
            for role in (1, 2)
        }
        assert said[1].replace(" ##", "").replace("##", "").replace(" ", "") == "peru"
        assert said[2].replace(" ##", "").replace("##", "").replace(" ", "") == "thelevy"
    [plain] = EncoderInputs(tokenizer, Plain(), 48)([Example("1", "Peru shunned it.")])
    assert set(plain["roles"]) == {0}


def test_probabilities_of_codes_are_learned_as_they_are(tiny, parts):
    same = [parts.train.examples[0]] * 64
    y, soft = np.array(["condemn", "support"] * 32), np.tile([0.8, 0.2], (64, 1))
    settings = {
        "epochs": 12,
        "min_steps": 0,
        "learning_rate": 1e-3,
        "dropout": 0.0,
        "max_length": 48,
    }
    model = Encoder(tiny, label_smoothing=0, class_weight=None, **settings)
    learned = clone(model).fit(same, y, soft=soft).predict_proba(same[:1])[0]
    assert learned == pytest.approx([0.8, 0.2], abs=0.05)
    assert clone(model).fit(same, y).predict_proba(same[:1])[0] == pytest.approx(0.5, abs=0.05)
    several = np.tile([0.7, 0.1], (64, 1))
    coded = clone(model).fit(same, np.tile([1, 0], (64, 1)), soft=several)
    assert coded.predict_proba(same[:1])[0] == pytest.approx([0.7, 0.1], abs=0.05)
    with pytest.raises(KitError, match=r"leave out model.teacher, or set corpus.gold=majority"):
        clone(model).set_params(teacher="folder").fit(same, y, soft=soft)


def test_what_was_scored_is_kept_for_the_same_network_and_view_alone(quick, parts):
    train = parts.train.take(range(60))
    model = quick.fit(train.examples, encode_labels(train))
    first = model.predict_proba(train.examples)
    assert (model.predict_proba(train.examples) == first).all()
    assert (model.predict_proba(list(train.examples)) == first).all()
    other = copy.copy(model)
    other.network_ = copy.deepcopy(model.network_)
    for parameter in other.network_.heads.parameters():
        torch.nn.init.zeros_(parameter)
    assert np.allclose(other.predict_proba(train.examples), 0.25) and not np.allclose(first, 0.25)
    assert not np.allclose(model.set_params(features=Plain()).predict_proba(train.examples), first)


def mixed():
    """Return sentences with actor and target, with one of the two, with neither, and long ones of each kind."""
    long = "one two three " * 40 + "Peru shunned the levy " + "four five six " * 40
    return [
        example("Peru shunned the levy.", "Peru"),
        Example("2", "Bread has doubled in price."),
        Example("3", "Peru shunned the levy.", Mention("Peru", 0, 4)),
        Example("4", "They shunned the levy.", target=Mention("the levy", 13, 21)),
        example(long, "Peru"),
        Example("6", long),
        example("Peru shunned it all the same, to the surprise of many.", "Peru"),
    ]


@pytest.mark.parametrize("features", [Marked(), Pair(), Plain()])
def test_an_example_is_encoded_alike_whatever_stands_beside_it(tiny, features):
    tokenizer = load_encoder_tokenizer(tiny)
    inputs = EncoderInputs(tokenizer, features, 48)
    rows = mixed()
    assert inputs(rows) == [inputs([one])[0] for one in rows] == inputs(rows[::-1])[::-1]
    ends = tokenizer.sep_token_id
    assert inputs(rows)[1]["input_ids"].count(ends) == 1


@pytest.mark.parametrize("kind", ["encoder", "joint", "frozen", "embedding", "fewshot", "nli"])
def test_predictions_one_by_one_are_those_of_all_together(
    kind, tiny, nli, stance, parts, monkeypatch
):
    monkeypatch.setenv("STANCEKIT_BF16", "0")
    usual = {"epochs": 1, "min_steps": 0, "max_length": 48}
    model = {
        "encoder": lambda: Encoder(tiny, **usual),
        "joint": lambda: Joint(checkpoint=tiny, features=Pair(), **usual),
        "frozen": lambda: Encoder(tiny, frozen_layers=1, **usual),
        "embedding": lambda: Embedding(tiny, max_length=48),
        "fewshot": lambda: FewShot(tiny, num_iterations=1, max_length=48),
        "nli": lambda: NLI(nli, codebook=stance, max_length=48),
    }[kind]()
    some = parts.train.take(range(12))
    model.fit(some.examples, encode_labels(some))
    rows = mixed()
    alone = np.concatenate([model.predict_proba([one]) for one in rows])
    assert np.allclose(alone, model.predict_proba(rows), atol=1e-5)
    assert np.allclose(alone[::-1], model.predict_proba(rows[::-1]), atol=1e-5)


def test_pooling_takes_each_role_s_tokens_and_falls_back_on_all():
    hidden = torch.tensor([[[1.0], [3.0], [8.0]]])
    mask = torch.tensor([[1, 1, 0]])
    assert pool(hidden, mask, torch.tensor([[1, 0, 0]])).tolist() == [[2.0, 1.0, 2.0]]
    assert pool(hidden, mask, torch.tensor([[0, 1, 0]])).tolist() == [[2.0, 3.0, 2.0]]


def test_lower_layers_learn_more_slowly(tiny):
    network = Network(pretrained(tiny), {"codes": Head(3, multi_label=False)})
    rates = {
        group["lr"]
        for group in parameter_groups(
            network, schedule(learning_rate=1.0, head_learning_rate=9.0, layer_decay=0.5)
        )
    }
    assert rates == {0.25, 0.5, 1.0, 9.0}
    seen = sum(len(group["params"]) for group in parameter_groups(network, schedule()))
    assert seen == len(list(network.parameters())) - 1


def test_words_keep_their_vectors_and_attention_is_not_dropped(quick, tiny, parts):
    some = parts.train.take(range(32))
    quick.fit(some.examples, encode_labels(some))
    before, after = pretrained(tiny), quick.network_.encoder
    assert (
        before.config.attention_probs_dropout_prob == after.config.attention_probs_dropout_prob == 0
    )
    assert torch.equal(before.get_input_embeddings().weight, after.get_input_embeddings().weight)
    changed = [
        not torch.equal(one, other)
        for one, other in zip(before.parameters(), after.parameters(), strict=True)
    ]
    assert sum(changed) > len(changed) / 2


def test_frozen_layers_stay_and_their_kept_outputs_train_the_same(quick, tiny, parts, monkeypatch):
    monkeypatch.setenv("STANCEKIT_BF16", "0")
    some = parts.train.take(range(48))
    quick.set_params(frozen_layers=1, epochs=3)
    kept = clone(quick).fit(
        some.examples, encode_labels(some), validation=(some.examples, encode_labels(some))
    )
    monkeypatch.setattr(Network, "frozen", lambda self, ids, pad: None)
    whole = clone(quick).fit(
        some.examples, encode_labels(some), validation=(some.examples, encode_labels(some))
    )
    one, other = (fitted.network_.state_dict() for fitted in (kept, whole))
    assert all(torch.allclose(value, other[name], atol=1e-5) for name, value in one.items())
    assert np.allclose(
        kept.predict_proba(some.examples), whole.predict_proba(some.examples), atol=1e-4
    )
    before = pretrained(tiny).state_dict()
    changed = {
        name for name, value in before.items() if not torch.equal(value, one[f"encoder.{name}"])
    }
    assert changed == {name for name in before if name.startswith("encoder.layer.1.")}


def test_kept_outputs_are_those_of_the_frozen_part(quick, tiny, parts, monkeypatch):
    quick.tokenizer_ = load_encoder_tokenizer(tiny)
    ids = quick.inputs(parts.train.examples[:20])
    network = Network(
        pretrained(tiny), {"codes": Head(3, multi_label=False)}, frozen_layers=1
    ).eval()
    for value, bound in (("0", 1e-5), ("1", 0.05)):
        monkeypatch.setenv("STANCEKIT_BF16", value)
        with_kept = Collator(0)(
            [TokenRows(ids, {}, network.frozen(ids, 0))[at] for at in range(20)]
        )
        with torch.inference_mode():
            kept, whole = network(**with_kept)["codes"], network(**Collator(0)(ids))["codes"]
        assert torch.allclose(kept, whole, atol=bound)


@pytest.mark.parametrize("layers", [2, -1])
def test_more_layers_than_there_are_cannot_be_frozen(quick, parts, layers):
    some = parts.train.take(range(8))
    with pytest.raises(KitError, match=f"frozen_layers is {layers}; this encoder has 2 layers"):
        quick.set_params(frozen_layers=layers).fit(some.examples, encode_labels(some))


def test_batches_hold_rows_of_similar_length_and_every_row_once():
    lengths = np.random.default_rng(0).integers(5, 90, size=1003).tolist()
    buckets = Buckets(lengths, 16, random_state=3)
    drawn = list(buckets)
    assert sorted(drawn) == list(range(1003)) and list(buckets) == drawn
    buckets.epoch = 1
    assert list(buckets) != drawn
    padded = sum(16 * max(lengths[row] for row in drawn[at : at + 16]) for at in range(0, 992, 16))
    assert padded < 1.15 * sum(lengths)


def test_a_missing_label_counts_for_nothing(tiny):
    network = Network(
        pretrained(tiny), {"a": Head(2, multi_label=False), "b": Head(2, multi_label=True)}
    )
    logits = torch.tensor([[2.0, 0.0], [0.0, 2.0]])
    assert network._loss("a", logits, torch.tensor([0, -1])).item() == pytest.approx(
        0.1269, abs=1e-3
    )
    alone = network._loss("b", logits[:1], torch.tensor([[1, 0]]))
    assert network._loss("b", logits, torch.tensor([[1, 0], [-1, -1]])).item() == pytest.approx(
        alone.item()
    )
    assert network._loss("a", logits, torch.tensor([-1, -1])).item() == 0


def test_training_stops_early_and_keeps_the_best(quick, parts):
    train, held = parts.train.take(range(64)), parts.validation.take(range(40))
    quick.set_params(epochs=30, patience=2, eval_steps=4, learning_rate=5e-3)
    quick.fit(train.examples, encode_labels(train), validation=(held.examples, encode_labels(held)))
    scores = [row["eval_score"] for row in quick.curve_ if "eval_score" in row]
    assert len(scores) < 30 and max(scores) == scores[-3]
    kept = f1_score(
        encode_labels(held), quick.predict(held.examples), average="macro", zero_division=0
    )
    assert kept == pytest.approx(max(scores))


@pytest.fixture(scope="module")
def trained(tiny, parts):
    model = Encoder(tiny, epochs=1, min_steps=0, learning_rate=1e-3, max_length=48)
    return fit(model, parts.train.take(range(48)), parts.validation.take(range(20)), name="tiny")


@pytest.fixture
def saved(trained, tmp_path):
    return persistence.save(trained, tmp_path / "model")


@pytest.fixture
def offline(monkeypatch):
    """Have every attempt to reach another machine fail the test."""

    def refuse(*given, **more):
        raise AssertionError(f"the network was asked for: {given}")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)


def test_a_saved_encoder_predicts_as_before(trained, saved, parts):
    some = parts.test.examples[:30]
    assert np.allclose(persistence.load(saved).scores(some), trained.scores(some), atol=1e-6)
    assert {path.suffix for path in saved.iterdir()} == {".safetensors", ".json"}


def forge(folder, name, data):
    forged(folder, {name: data})


def test_altered_weights_are_refused(saved):
    path = saved / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-4] + b"abcd")
    with pytest.raises(KitError, match=r"weights.safetensors was altered"):
        persistence.load(saved)


def test_a_pickle_in_the_weights_place_is_refused_even_with_its_sum(saved, tmp_path):
    mark = tmp_path / "executed"

    class Trap:
        def __reduce__(self):
            return (mark.write_text, ("x",))

    forge(saved, "weights.safetensors", pickle.dumps(Trap()))
    with pytest.raises(KitError, match="refused"):
        persistence.load(saved)
    assert not mark.exists()


def test_truncated_weights_are_refused_even_with_their_sum(saved):
    forge(saved, "weights.safetensors", (saved / "weights.safetensors").read_bytes()[:-100])
    with pytest.raises(KitError, match=r"weights\.safetensors is not what this version writes"):
        persistence.load(saved)


DETR = {"model_type": "detr", "use_pretrained_backbone": True, "backbone": "evil-org/evil"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"model_type": "os.system"}, "not one of transformers' own"),
        ({"auto_map": {"AutoModel": "evil.Evil"}}, "not one of transformers' own"),
        (DETR, "'detr' is not one of transformers' own"),
        (
            {"use_pretrained_backbone": True, "backbone": "evil-org/evil"},
            "backbone, use_pretrained_backbone ask for",
        ),
        ({"attn_implementation": "evil-org/evil-kernel"}, "attn_implementation ask for"),
        ({"_attn_implementation": "evil-org/evil-kernel"}, "_attn_implementation ask for"),
        ({"text_config": {"model_type": "bert"}}, "text_config hold an architecture"),
    ],
)
def test_settings_that_ask_for_code_or_files_from_elsewhere_are_refused(
    saved, offline, change, told
):
    settings = json.loads((saved / "encoder.json").read_text())
    settings["architecture"].update(change)
    forge(saved, "encoder.json", json.dumps(settings).encode())
    with pytest.raises(KitError, match=told):
        persistence.load(saved)


def without_words(tokenizer):
    tokenizer["model"]["vocab"] = {}


def ids_beyond(tokenizer):
    tokenizer["model"]["vocab"]["peru"] = 99_999


def template_beyond(tokenizer):
    tokenizer["post_processor"]["special_tokens"]["[CLS]"]["ids"] = [99_999]


def kinds_beyond(tokenizer):
    for piece in tokenizer["post_processor"]["pair"]:
        next(iter(piece.values()))["type_id"] = 7


def one_id_for_all(tokenizer):
    tokenizer["normalizer"] = {"type": "Replace", "pattern": {"Regex": ".+"}, "content": "a"}


@pytest.mark.parametrize(
    "spoil", [without_words, ids_beyond, template_beyond, kinds_beyond, one_id_for_all, None]
)
def test_a_spoiled_tokenizer_is_one_clear_error(saved, spoil):
    tokenizer = json.loads((saved / "tokenizer.json").read_text())
    if spoil:
        spoil(tokenizer)
    forge(saved, "tokenizer.json", json.dumps(tokenizer if spoil else [1, 2]).encode())
    with pytest.raises(KitError, match="is refused"):
        persistence.load(saved)


def test_a_head_that_does_not_fit_its_codes_is_refused(saved):
    settings = json.loads((saved / "encoder.json").read_text())
    settings["classes"] = settings["classes"][:2]
    forge(saved, "encoder.json", json.dumps(settings).encode())
    with pytest.raises(KitError, match="4 outputs for 2 codes"):
        persistence.load(saved)


def test_an_unknown_setting_is_refused(saved):
    settings = json.loads((saved / "encoder.json").read_text())
    settings["params"]["hook"] = "evil"
    forge(saved, "encoder.json", json.dumps(settings).encode())
    with pytest.raises(KitError, match="hook"):
        persistence.load(saved)


def test_a_folder_that_cannot_be_written_is_told(quick, parts, tmp_path):
    (tmp_path / "file").write_text("in the way")
    quick.set_params(folder=str(tmp_path / "file"))
    train = parts.train.take(range(32))
    with pytest.raises(
        KitError, match=r"cannot write checkpoints to .*Free space or choose another folder"
    ):
        quick.fit(train.examples, encode_labels(train))


def test_joint_heads_share_one_encoder_and_know_their_codes(tiny, parts, frame_parts):
    model = Joint(checkpoint=tiny, epochs=1, min_steps=0, max_length=48, learning_rate=1e-3)
    some = {"stance": parts.train.take(range(90)), "diplomacy": frame_parts.train.take(range(60))}
    held = {
        "stance": parts.validation.take(range(20)),
        "diplomacy": frame_parts.validation.take(range(20)),
    }
    model.fit_heads(some, held)
    for name, data in held.items():
        head = model.head(name)
        assert head.predict_proba(data.examples).shape == (20, len(data.codebook.names))
        assert head.network_.encoder is model.network_.encoder


def test_joint_learns_frames_from_marked_sentences_too(parts, frame_parts):
    model = Joint()
    sets = {"stance": parts.train.take(range(30)), "diplomacy": frame_parts.train}
    model.codes_ = {
        "stance": ["abstain", "condemn", "none", "support"],
        "diplomacy": list(frame_parts.train.codebook.names),
    }
    union = model._union(sets)
    frames, stances = union.labels["diplomacy"], union.labels["stance"]
    assert (frames[:30] >= 0).all() and (stances[:30] >= 0).all()
    assert (stances[30:] == -1).all() and (frames[30:] >= 0).all()


def test_joint_goes_once_through_examples_that_two_codebooks_share(parts):
    model = Joint(codebooks=("fine", "coarse"))
    model.codes_ = {name: ["abstain", "condemn", "none", "support"] for name in model.codebooks}
    union = model._union(dict.fromkeys(model.codebooks, parts.train.take(range(40))))
    assert len(union.examples) == 40
    assert all((union.labels[name] >= 0).all() for name in model.codebooks)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda path: None, "there is no folder"),
        (lambda path: path.mkdir(), "has no config.json"),
        (
            lambda path: (
                path.mkdir(),
                (path / "config.json").write_text("{}"),
                (path / "pytorch_model.bin").write_bytes(b""),
            ),
            "pickled weights are not loaded",
        ),
    ],
)
def test_a_folder_without_an_encoder_is_told(tmp_path, make, told):
    make(tmp_path / "mine")
    with pytest.raises(KitError, match=told):
        weights.resolve(str(tmp_path / "mine"))


def copied(tiny, place, *, without=()):
    """Copy an encoder's folder but for some of its files."""
    shutil.copytree(
        tiny, place, ignore=lambda folder, names: [name for name in names if name in without]
    )
    return str(place)


KINDS = {
    "encoder": lambda place, **more: Encoder(place, epochs=1, min_steps=0, **more),
    "embedding": Embedding,
    "fewshot": lambda place, **more: FewShot(place, num_iterations=1, **more),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_without_a_tokenizer_is_refused(kind, tiny, parts, tmp_path):
    place = copied(tiny, tmp_path / "bare", without=("tokenizer.json", "tokenizer_config.json"))
    some = parts.train.take(range(8))
    with pytest.raises(KitError, match="tokenizer"):
        KINDS[kind](place).fit(some.examples, encode_labels(some))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("length", "told"), [(161, "reads 160 at most"), (4, "max_length is 4 tokens, too few")]
)
def test_a_length_that_cannot_be_is_refused(kind, length, told, tiny, parts, tmp_path, monkeypatch):
    # What is in the cache already needs no encoder.
    monkeypatch.setenv("STANCEKIT_CACHE", str(tmp_path))
    some = parts.train.take(range(8))
    with pytest.raises(KitError, match=told):
        KINDS[kind](tiny, max_length=length).fit(some.examples, encode_labels(some))


def test_positions_that_begin_behind_padding_are_fewer():
    config = RobertaConfig(
        vocab_size=30,
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        max_position_embeddings=20,
    )
    check_length(18, RobertaModel(config))
    with pytest.raises(KitError, match=r"reads 18 at most; set model\.max_length=18 or less"):
        check_length(19, RobertaModel(config))


@pytest.mark.parametrize("kind", KINDS)
def test_a_hub_name_out_of_reach_is_one_clear_error(kind, monkeypatch, parts):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    some = parts.train.take(range(8))
    with pytest.raises(
        KitError, match=r"the hub cannot be reached\).*hf download some-org/encoder"
    ):
        KINDS[kind]("some-org/encoder").fit(some.examples, encode_labels(some))
    with pytest.raises(KitError, match="there is no folder no/such/folder, and it is no hub name"):
        KINDS[kind]("no/such/folder").fit(some.examples, encode_labels(some))


def cached(tiny, place, name):
    """Lay out an encoder as the hub's cache keeps it."""
    at = place / f"models--{name.replace('/', '--')}"
    copied(tiny, at / "snapshots" / "abc")
    (at / "refs").mkdir()
    (at / "refs" / "main").write_text("abc")
    return at / "snapshots" / "abc"


def test_a_hub_name_in_the_cache_is_read_from_there(tiny, tmp_path, monkeypatch, offline):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    place = cached(tiny, tmp_path, "some-org/encoder")
    assert Path(weights.resolve("some-org/encoder", download=False)) == place
    assert weights.fingerprint(str(place)) == weights.fingerprint(tiny)


@pytest.mark.parametrize(("kind", "file"), [("embedding", "embedding.json"), ("nli", "nli.json")])
def test_a_saved_model_never_has_its_encoder_fetched(
    kind, file, tiny, nli, stance, parts, tmp_path, monkeypatch, offline
):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    some = parts.train.take(range(24))
    model = {"embedding": Embedding(tiny), "nli": NLI(nli, codebook=stance)}[kind]
    own = tiny if kind == "embedding" else nli
    model.fit(some.examples, encode_labels(some))
    place = persistence.save(FittedClassifier(model, stance), tmp_path / "model")
    text = (place / file).read_text()
    forge(place, file, text.replace(own, "some-org/encoder").encode())
    with pytest.raises(KitError, match="a saved model is loaded without the network"):
        persistence.load(place)
    cached(own, tmp_path / "hub", "some-org/encoder")
    assert np.allclose(
        persistence.load(place).scores(some.examples),
        FittedClassifier(model, stance).scores(some.examples),
        atol=1e-5,
    )
    # A name alone proves nothing of the weights that bear it here.
    weights_of = next((tmp_path / "hub").rglob("model.safetensors"))
    weights_of.write_bytes(weights_of.read_bytes() + b" ")
    with pytest.raises(KitError, match="other weights"):
        persistence.load(place)


@pytest.mark.parametrize("validated", [True, False])
def test_a_training_that_diverges_is_one_clear_error(validated, quick, parts, tmp_path):
    quick.set_params(learning_rate=1e30, folder=str(tmp_path))
    some = parts.train.take(range(48))
    with pytest.raises(KitError, match=r"diverged: .*learning rate 1e\+30 is too high"):
        quick.fit(
            some.examples,
            encode_labels(some),
            (some.examples, encode_labels(some)) if validated else None,
        )


def test_few_examples_that_diverge_are_one_clear_error(tiny, parts):
    some = parts.train.take(range(24))
    with pytest.raises(KitError, match=r"diverged: .*learning rate 1e\+30 is too high"):
        FewShot(tiny, num_iterations=2, learning_rate=1e30).fit(some.examples, encode_labels(some))


def test_the_packaged_weights_are_checked(monkeypatch, tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.safetensors").write_bytes(b"other")
    spec = type("Spec", (), {"origin": str(tmp_path / "__init__.py")})
    monkeypatch.setattr(weights, "find_spec", lambda name: spec)
    with pytest.raises(KitError, match="not the published"):
        weights.packaged()


def test_bfloat16_can_be_switched_off_and_a_torch_without_the_question_has_none(monkeypatch):
    for value, expected in (("0", False), ("1", True)):
        monkeypatch.setenv("STANCEKIT_BF16", value)
        assert bf16() is expected
    monkeypatch.setenv("STANCEKIT_BF16", "no")
    with pytest.raises(KitError, match=r"STANCEKIT_BF16 is 'no'; set it to 0"):
        bf16()
    monkeypatch.delenv("STANCEKIT_BF16")
    assert processor_has("no_such_thing") is False
    if not torch.cuda.is_available():
        assert bf16() is (processor_has("avx512_bf16") or processor_has("amx_tile"))


def test_rows_are_what_the_trainer_reads():
    rows = TokenRows([{"input_ids": [1]}], {"codes": np.array([2])})
    assert len(rows) == 1 and rows[0] == {"input_ids": [1], "labels_codes": 2}


def test_padding_is_the_tokenizer_s_own():
    rows = [
        {"input_ids": [5, 6], "attention_mask": [1, 1]},
        {"input_ids": [7], "attention_mask": [1]},
    ]
    batch = Collator(pad=1)(rows)
    assert batch["input_ids"].tolist() == [[5, 6], [7, 1]] and batch["attention_mask"].tolist() == [
        [1, 1],
        [1, 0],
    ]


def test_a_saved_encoder_names_no_place_of_this_machine(saved, tiny):
    text = "".join(path.read_text() for path in saved.glob("*.json"))
    assert str(saved.parent) not in text and tiny not in text and "_name_or_path" not in text
    again = persistence.load(saved).model
    assert again.checkpoint == f"sha256:{weights.fingerprint(tiny)}"
    with pytest.raises(
        KitError, match=r"names no encoder: .*Give model\.checkpoint=FOLDER or a hub name"
    ):
        again.fit(*[[Example("1", "yes"), Example("2", "no")], np.array(["a", "b"])])


def test_a_hub_name_stays_in_a_saved_encoder():
    assert weights.started_from(weights.MINILM) == weights.MINILM
    assert weights.started_from("bert-base-uncased") == "bert-base-uncased"


def test_a_handful_of_rows_is_gone_through_more_often():
    own = schedule(epochs=3, batch_size=16, min_steps=100)
    assert own.total_epochs(64) == 25 and own.total_epochs(16_000) == 3


def test_training_goes_on_from_a_saved_model_of_other_codes(quick, parts, frame_parts, tmp_path):
    first = fit(quick, parts.train.take(range(96)), parts.validation.take(range(40)))
    persistence.save(first, tmp_path / "first")
    frames = frame_parts.train.take(range(64))
    after = Encoder(
        str(tmp_path / "first"),
        epochs=1,
        min_steps=0,
        learning_rate=0.0,
        head_learning_rate=1e-3,
        max_length=48,
    )
    after.fit(frames.examples, encode_labels(frames))
    same = zip(
        first.model.network_.encoder.parameters(), after.network_.encoder.parameters(), strict=True
    )
    assert all(torch.equal(one, other) for one, other in same)
    assert after.predict_proba(frames.examples[:3]).shape == (3, 9)
    (tmp_path / "first" / "weights.safetensors").write_bytes(b"tampered")
    with pytest.raises(KitError, match=r"weights.safetensors"):
        after.fit(frames.examples, encode_labels(frames))
