"""In each epoch a share of the examples has other names, and nothing else changes."""

import numpy as np
import pytest
import torch

from stancekit.errors import KitError
from stancekit.models import persistence
from stancekit.models.classifier import encode_labels, fit
from stancekit.models.encoder.finetuned import Encoder
from stancekit.models.encoder.inputs import EncoderInputs
from stancekit.models.encoder.multitask import Joint
from stancekit.models.encoder.network import Head, Network, pretrained
from stancekit.models.encoder.tokenizers import load_encoder_tokenizer
from stancekit.models.encoder.training_rows import RenamedRows
from stancekit.models.features import Marked

SETTINGS = {"epochs": 2, "min_steps": 0, "max_length": 48, "learning_rate": 1e-3}


def made(tiny, examples, *, share=0.5, random_state=0, freeze=lambda ids: None):
    return RenamedRows(
        examples,
        {"codes": np.arange(len(examples))},
        inputs=EncoderInputs(load_encoder_tokenizer(tiny), Marked(), 48),
        freeze=freeze,
        share=share,
        random_state=random_state,
    )


def ids_of(rows, epoch):
    rows.start_epoch(epoch)
    return [rows[index]["input_ids"] for index in range(len(rows))]


def test_each_epoch_shows_other_names_and_the_same_labels(tiny, parts):
    examples = parts.train.examples[:200]
    rows = made(tiny, examples)
    whole = rows.ids
    first, second = ids_of(rows, 0), ids_of(rows, 1)
    for shown in (first, second):
        differ = [a["input_ids"] != b for a, b in zip(whole, shown, strict=True)]
        # Half are drawn, and nine in ten of these name somebody; a tiny vocabulary splits names.
        assert 0.3 < np.mean(differ) < 0.6
    assert first != second
    assert [rows[index]["labels_codes"] for index in range(200)] == list(range(200))
    assert all(len(rows[index]["roles"]) == len(rows[index]["input_ids"]) for index in range(200))
    assert ids_of(made(tiny, examples), 1) == second
    assert ids_of(made(tiny, examples, random_state=1), 1) != second


def test_the_frozen_part_reads_the_other_names(tiny, parts):
    network = Network(
        pretrained(tiny), {"codes": Head(3, multi_label=False)}, frozen_layers=1
    ).eval()
    examples = parts.train.examples[:20]
    rows = made(tiny, examples, share=1.0, freeze=lambda ids: network.frozen(ids, 0))
    rows.start_epoch(0)
    for index in range(20):
        row = rows[index]
        (expected,) = network.frozen([{key: row[key] for key in rows.ids[0]}], 0)
        assert torch.allclose(row["hidden"].float(), expected.float(), atol=0.02)


def test_the_setting_is_saved_and_validation_keeps_its_names(tiny, parts, tmp_path, monkeypatch):
    train, held = parts.train.take(range(64)), parts.validation.take(range(40))
    seen = []
    before = RenamedRows.__init__
    monkeypatch.setattr(
        RenamedRows,
        "__init__",
        lambda self, X, *given, **more: seen.append(list(X)) or before(self, X, *given, **more),
    )
    model = Encoder(tiny, exchange_names=0.7, random_state=0, **SETTINGS)
    persistence.save(fit(model, train, held, name="renamed"), tmp_path / "model")
    assert seen == [list(train.examples)]
    again = persistence.load(tmp_path / "model").model
    assert again.exchange_names == 0.7


def test_several_codebooks_share_the_exchange(tiny, parts, frame_parts):
    sets = {part.train.codebook.name: part.train.take(range(64)) for part in (parts, frame_parts)}
    model = Joint(list(sets), checkpoint=tiny, exchange_names=0.5, **SETTINGS)
    model.fit_heads(sets, sets)
    assert {model.head(name).exchange_names for name in sets} == {0.5}


@pytest.mark.parametrize("share", [-0.1, 1.5])
def test_a_share_is_between_none_and_all(tiny, parts, share):
    few = parts.train.take(range(8))
    with pytest.raises(KitError, match=rf"exchange_names is {share}.*between 0"):
        Encoder(tiny, exchange_names=share, **SETTINGS).fit(few.examples, encode_labels(few))
