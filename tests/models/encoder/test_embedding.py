"""Frozen encoders: the cache, and what is on disk."""

import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from conftest import every

from stancekit.errors import KitError
from stancekit.models import persistence
from stancekit.models.classifier import encode_labels, fit
from stancekit.models.encoder import embedding
from stancekit.models.encoder.cache import EmbeddingCache, cache_folder
from stancekit.models.encoder.embedding import Embedding
from stancekit.models.encoder.network import bf16
from stancekit.models.features import Marked, Pair


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("STANCEKIT_CACHE", str(tmp_path / "cache"))


def counting(monkeypatch):
    """Note how many inputs each call really embeds."""
    calls, before = [], embedding._embed
    monkeypatch.setattr(
        embedding, "_embed", lambda *given: calls.append(len(given[-1])) or before(*given)
    )
    return calls


def test_what_was_embedded_once_is_read_back(tiny, parts, monkeypatch):
    model, some = Embedding(tiny), parts.train.examples[:30]
    first = model.embed(some)
    calls = counting(monkeypatch)
    assert np.array_equal(model.embed(some), first) and calls == []
    more = parts.train.examples[20:35]
    assert model.embed(more).shape == (15, 96) and calls == [5]
    assert np.array_equal(model.embed(more)[:10], first[20:])
    monkeypatch.setenv("STANCEKIT_BF16", "0" if bf16() else "1")
    model.embed(some)
    assert calls == [5, 30]


def test_a_call_reads_and_writes_its_own_rows_alone():
    cache, ids = EmbeddingCache("a"), [{"input_ids": [at]} for at in range(3000)]

    def embed(some):
        return np.array([[one["input_ids"][0], 1] for one in some], dtype=np.float32)

    whole = cache.get(ids, embed)
    assert whole[:, 0].tolist() == list(range(3000))
    asked = []
    base = sqlite3.connect(cache.path)
    before = base.execute("PRAGMA data_version").fetchone()
    assert (
        np.array_equal(cache.get(ids[::-1][:700], asked.append), whole[::-1][:700]) and asked == []
    )
    assert base.execute("PRAGMA data_version").fetchone() == before
    base.close()


def test_several_may_write_a_cache_at_once():
    def fill(first):
        for at in range(first, first + 40):
            EmbeddingCache("a").get(
                [{"input_ids": [at]}], lambda some: np.ones((1, 2), dtype=np.float32)
            )

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(fill, range(0, 160, 40)))
    with sqlite3.connect(EmbeddingCache("a").path) as base:
        assert base.execute("SELECT count(*) FROM rows").fetchone() == (160,)
    base.close()


def test_another_view_is_another_embedding(tiny, parts):
    some = parts.train.examples[:4]
    marked, pair = (Embedding(tiny, features=view).embed(some) for view in (Marked(), Pair()))
    assert not np.allclose(marked, pair)


def spoiled(file, how):
    """Damage a file of rows in some way."""
    if how == "a row":
        with sqlite3.connect(file) as base:
            base.execute("UPDATE rows SET row = zeroblob(length(row))")
        base.close()
    elif how == "another table":
        file.unlink()
        with sqlite3.connect(file) as base:
            base.execute("CREATE TABLE rows (other TEXT)")
        base.close()
    else:
        file.write_bytes(how(file.read_bytes()))


@pytest.mark.parametrize(
    "how",
    [
        lambda whole: b"",
        lambda whole: b"no database" * 99,
        lambda whole: whole[:200] + b"x" * 4000,
        "a row",
        "another table",
    ],
)
def test_a_damaged_cache_is_made_anew(tiny, parts, monkeypatch, how):
    model, some = Embedding(tiny), parts.train.examples[:5]
    first = model.embed(some)
    [file] = (cache_folder() / "embeddings").glob("*.sqlite")
    spoiled(file, how)
    assert np.allclose(model.embed(some), first)
    model.embed(some)
    calls = counting(monkeypatch)
    assert np.array_equal(model.embed(some), first) and calls == []


def test_without_a_writable_cache_it_goes_on(tiny, parts, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("STANCEKIT_CACHE", str(tmp_path / "file"))
    assert Embedding(tiny).embed(parts.train.examples[:3]).shape == (3, 96)


@pytest.fixture(scope="module")
def saved(tiny, parts, tmp_path_factory):
    trained = fit(
        Embedding(tiny),
        parts.train.take(range(60)),
        parts.validation.take(range(40)),
        name="embedding",
    )
    return trained, persistence.save(trained, tmp_path_factory.mktemp("saved") / "model")


def test_a_saved_model_predicts_as_before(saved, parts):
    trained, place = saved
    some = parts.test.examples[:20]
    assert np.array_equal(persistence.load(place).scores(some), trained.scores(some))
    assert {path.name for path in place.iterdir()} == {
        "manifest.json",
        "embedding.json",
        "head.skops",
    }


def test_other_weights_than_it_was_trained_on_are_refused(saved, tiny):
    _, place = saved
    file = Path(tiny) / "model.safetensors"
    whole = file.read_bytes()
    file.write_bytes(whole + b" ")
    try:
        with pytest.raises(KitError, match="other weights"):
            persistence.load(place)
    finally:
        file.write_bytes(whole)


@pytest.mark.slow
def test_it_learns(parts):
    # Pairs that annotators chose: most of the others have no position.
    chosen = [
        row
        for row, one in enumerate(parts.train.examples)
        if one.id.rpartition(".")[2].isdigit() and one.actor.located
    ]
    small = every(parts.train.take(chosen), 450)
    model = Embedding(max_length=48).fit(small.examples, encode_labels(small))
    right = (
        model.predict(parts.validation.examples[:100])
        == encode_labels(parts.validation.take(range(100)))
    ).mean()
    assert right > 0.35


def test_the_cache_is_where_the_system_keeps_caches(tmp_path, monkeypatch):
    monkeypatch.delenv("STANCEKIT_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    if sys.platform.startswith("linux"):
        assert cache_folder() == tmp_path / "stancekit"
    assert cache_folder().name in ("stancekit", "Cache")
