"""Frozen encoders: the cache, and what is on disk."""

import numpy as np
import pytest
from tiny import make_encoder

from stancekit.errors import KitError
from stancekit.models import store
from stancekit.models.encoder import embedding
from stancekit.models.encoder.cache import Cache, folder
from stancekit.models.encoder.embedding import Embedding
from stancekit.models.features import Marked, Pair
from stancekit.models.trained import encode, fit


@pytest.fixture(scope="module")
def tiny(tmp_path_factory, parts):
    return make_encoder(tmp_path_factory.mktemp("tiny"), [one.text for one in parts.train.examples[:400]])


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("STANCEKIT_CACHE", str(tmp_path / "cache"))


def test_what_was_embedded_once_is_read_back(tiny, parts, monkeypatch):
    model, some = Embedding(tiny), parts.train.examples[:30]
    first = model.embed(some)
    calls = []
    before = embedding._embed
    monkeypatch.setattr(
        embedding, "_embed", lambda source, pad, ids: calls.append(len(ids)) or before(source, pad, ids)
    )
    assert np.array_equal(model.embed(some), first) and calls == []
    more = parts.train.examples[20:35]
    assert model.embed(more).shape == (15, 96) and calls == [5]
    assert np.allclose(model.embed(more)[:10], first[20:], atol=1e-5)


def test_another_view_is_another_embedding(tiny, parts):
    some = parts.train.examples[:4]
    marked, pair = (Embedding(tiny, features=view).embed(some) for view in (Marked(), Pair()))
    assert not np.allclose(marked, pair)


@pytest.mark.parametrize("damage", [b"", b"no archive", b"PK\x03\x04 cut"])
def test_a_damaged_cache_is_made_anew(tiny, parts, damage):
    model, some = Embedding(tiny), parts.train.examples[:5]
    first = model.embed(some)
    [file] = (folder() / "embeddings").glob("*.npz")
    file.write_bytes(damage)
    assert np.allclose(model.embed(some), first)


def test_a_cache_never_unpickles(tmp_path):
    mark = tmp_path / "executed"

    class Trap:
        def __reduce__(self):
            return (mark.write_text, ("x",))

    cache = Cache("a")
    cache.path.parent.mkdir(parents=True)
    np.savez(cache.path, keys=np.array(["k"]), rows=np.array([Trap()], dtype=object))
    ids = [{"input_ids": [1]}]
    assert cache.get(ids, lambda missing: np.ones((len(missing), 2), dtype=np.float32)).tolist() == [[1, 1]]
    assert not mark.exists()


def test_without_a_writable_cache_it_goes_on(tiny, parts, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("STANCEKIT_CACHE", str(tmp_path / "file"))
    assert Embedding(tiny).embed(parts.train.examples[:3]).shape == (3, 96)


@pytest.fixture
def saved(tiny, parts, tmp_path):
    trained = fit(Embedding(tiny), parts.train.take(range(120)), parts.validation, name="embedding")
    return trained, store.save(trained, tmp_path / "model")


def test_a_saved_model_predicts_as_before(saved, parts):
    trained, place = saved
    some = parts.test.examples[:20]
    assert np.array_equal(store.load(place).scores(some), trained.scores(some))
    assert {path.name for path in place.iterdir()} == {"manifest.json", "embedding.json", "head.skops"}


def test_other_weights_than_it_was_trained_on_are_refused(saved, tiny):
    _, place = saved
    from pathlib import Path

    file = Path(tiny) / "model.safetensors"
    whole = file.read_bytes()
    file.write_bytes(whole + b" ")
    try:
        with pytest.raises(KitError, match="other weights"):
            store.load(place)
    finally:
        file.write_bytes(whole)


def test_it_learns(parts):
    small = parts.train.take(range(0, len(parts.train), 10))
    model = Embedding().fit(small.examples, encode(small))
    right = (model.predict(parts.validation.examples[:150]) == encode(parts.validation.take(range(150)))).mean()
    assert right > 0.35
