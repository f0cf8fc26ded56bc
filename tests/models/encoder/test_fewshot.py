"""Contrastive few-shot training, and the split that draws its examples."""

import json

import numpy as np
import pytest

from stancekit.corpus import FewShotSplit, FixedSplit
from stancekit.errors import KitError
from stancekit.models import persistence
from stancekit.models.classifier import encode_labels, fit
from stancekit.models.encoder.fewshot import FewShot, draw_pairs
from stancekit.models.features import Marked
from stancekit.models.folder import ModelFolder


def test_each_row_is_paired_with_its_own_code_and_with_others():
    y = np.array(["a", "a", "b", "b", "c"])
    rows, alike = draw_pairs(y, 3, np.random.default_rng(0))
    assert all(
        (y[one] == y[other]) == (value == 1)
        for (one, other), value in zip(rows, alike, strict=True)
    )
    assert all(one != other for one, other in rows)
    # The one example of "c" has none of its own to be paired with.
    assert len(rows) == 2 * 3 * 4 + 3


def test_several_codes_are_alike_by_what_they_share():
    y = np.array([[1, 1, 0], [1, 0, 0], [0, 0, 1], [0, 0, 0]])
    rows, alike = draw_pairs(y, 2, np.random.default_rng(0))
    seen = {tuple(sorted(pair)): value for pair, value in zip(rows.tolist(), alike, strict=True)}
    assert seen[0, 1] == 0.5 and seen.get((0, 2), 0) == 0


def test_the_draw_is_the_same_for_every_model_and_another_for_every_state(few_votes, stance):
    whole = few_votes.read(stance)
    split = FewShotSplit(FixedSplit(), per_code=5)
    one, again, other = (split(whole, random_state=state) for state in (1, 1, 2))
    assert (
        set(one.train.counts.values()) == {5}
        and one.train == again.train
        and one.train != other.train
    )
    assert one.test == FixedSplit()(whole, random_state=0).test
    with pytest.raises(KitError, match="must be 1 or more"):
        FewShotSplit(FixedSplit(), per_code=0)(whole, random_state=0)


def test_training_draws_the_codes_apart(tiny, parts):
    names = [
        at for at, labels in enumerate(parts.train.labels) if labels[0] in ("condemn", "support")
    ][:16]
    some = parts.train.take(names)
    y = encode_labels(some)
    model = FewShot(tiny, features=Marked(), num_iterations=12, learning_rate=1e-2).fit(
        some.examples, y
    )
    found = model.embed(some.examples)
    alike, same = found @ found.T, y[:, None] == y[None]
    off = ~np.eye(len(y), dtype=bool)
    assert alike[same & off].mean() > alike[~same].mean() + 0.2


def test_a_saved_model_predicts_as_before(tiny, parts, tmp_path, monkeypatch):
    monkeypatch.setenv("STANCEKIT_BF16", "1")
    trained = fit(
        FewShot(tiny, num_iterations=1),
        parts.train.take(range(24)),
        parts.validation.take(range(40)),
        name="fewshot",
    )
    again = persistence.load(persistence.save(trained, tmp_path / "model"))
    assert np.allclose(
        again.scores(parts.test.examples[:20]), trained.scores(parts.test.examples[:20]), atol=1e-6
    )
    assert not [
        path for path in (tmp_path / "model").rglob("*") if path.suffix in (".bin", ".pt", ".pkl")
    ]


@pytest.mark.parametrize(
    "change", [{"auto_map": {"AutoModel": "evil.Evil"}}, {"attn_implementation": "evil/kernel"}]
)
def test_a_saved_model_that_asks_for_code_or_files_is_refused(tiny, parts, tmp_path, change):
    some = parts.train.take(range(12))
    place = persistence.save(fit(FewShot(tiny, num_iterations=0), some, some), tmp_path / "model")
    config = place / "encoder" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | change))
    with pytest.raises(KitError, match="is refused"):
        FewShot.load_files(ModelFolder(place))
    config.write_text("[1]")
    with pytest.raises(KitError, match="is refused"):
        FewShot.load_files(ModelFolder(place))
