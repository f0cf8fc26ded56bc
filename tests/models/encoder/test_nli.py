"""Zero-shot labelling: hypotheses, and which output is entailment."""

import numpy as np
import pytest
from tiny import make_nli

from stancekit.codebook import load_codebook, make_codebook
from stancekit.errors import KitError
from stancekit.models import persistence
from stancekit.models.classifier import FittedClassifier, encode_labels
from stancekit.models.encoder import nli
from stancekit.models.encoder.nli import NLI
from stancekit.types import Example, Mention


@pytest.fixture(scope="module")
def tiny(tmp_path_factory, parts):
    texts = [one.text for one in parts.train.examples[:300]]
    return make_nli(
        tmp_path_factory.mktemp("nli"), texts, ["contradiction", "neutral", "Entailment"]
    )


def test_every_row_has_hypotheses_of_its_own(tiny, stance, monkeypatch):
    asked = []
    model = NLI(tiny, codebook=stance).fit([], np.array([]))
    monkeypatch.setattr(
        model, "_entailed", lambda pairs: asked.extend(pairs) or np.arange(1.0, len(pairs) + 1)
    )
    names = [("One.", "Peru", "the levy"), ("Two.", "Chile", "the pact")]
    rows = [Example(text, text, Mention(actor), Mention(target)) for text, actor, target in names]
    scores = model.predict_proba(rows)
    assert asked[1] == ("One.", "Peru is against the levy.") and asked[5] == (
        "Two.",
        "Chile is against the pact.",
    )
    assert np.allclose(scores, [np.arange(1, 5) / 10, np.arange(5, 9) / 26])
    assert model.predict(rows).tolist() == ["support", "support"]


def test_a_code_without_hypothesis_is_asked_for_by_its_definition(tiny, diplomacy):
    book = make_codebook(
        "costs", {name: {"definition": f"{name} costs."} for name in "abc"}, multi_label=True
    )
    for codebook in (book, diplomacy):
        n = len(codebook.names)
        model = NLI(tiny, codebook=codebook).fit([], np.zeros((0, n)))
        scores = model.predict_proba([Example("1", "Bread has doubled in price.")])
        assert scores.shape == (1, n) and ((scores > 0) & (scores < 1)).all()


def test_a_checkpoint_that_knows_no_entailment_is_told(tmp_path, stance):
    place = make_nli(tmp_path / "other", ["a b c"] * 9, ["negative", "positive"])
    with pytest.raises(KitError, match="outputs negative, positive and none named entailment"):
        NLI(place, codebook=stance).fit([], np.array([]))


def test_without_checkpoint_or_codebook_it_says_what_to_give(stance):
    with pytest.raises(KitError, match=r"set model\.checkpoint"):
        NLI(codebook=stance).fit([], np.array([]))
    with pytest.raises(KitError, match="reads the codebook"):
        NLI("x").fit([], np.array([]))


def test_a_long_sentence_leaves_the_hypothesis_whole(tiny, stance):
    model = NLI(tiny, codebook=stance, max_length=40).fit([], np.array([]))
    assert model.predict_proba(
        [Example("1", "word " * 500, Mention("Peru"), Mention("the levy"))]
    ).shape == (1, 4)


def test_a_hypothesis_that_leaves_no_room_is_told(tiny, stance):
    model = NLI(tiny, codebook=stance, max_length=9).fit([], np.array([]))
    long = Mention("the United Nations Relief and Works Agency for Palestine Refugees")
    with pytest.raises(KitError, match=r"set a larger model\.max_length"):
        model.predict_proba([Example("1", "Peru left.", Mention("Peru"), long)])


def test_a_saved_model_names_its_checkpoint_and_refuses_another(
    tiny, parts, stance, tmp_path, monkeypatch
):
    model = NLI(tiny, codebook=stance).fit(
        parts.train.examples[:1], encode_labels(parts.train.take([0]))
    )
    place = persistence.save(FittedClassifier(model, stance), tmp_path / "model")
    some = parts.test.examples[:5]
    assert np.allclose(
        persistence.load(place).scores(some),
        FittedClassifier(model, stance).scores(some),
        atol=1e-6,
    )
    monkeypatch.setattr("stancekit.models.encoder.pretrained.fingerprint", lambda source: "other")
    with pytest.raises(KitError, match="other weights"):
        persistence.load(place)


def test_shipped_hypotheses_name_actor_and_target():
    for code in load_codebook("stance").codes:
        assert "{actor}" in code.hypothesis and "{target}" in code.hypothesis
    book = make_codebook("tone", {"warm": {"definition": "Kind."}}, multi_label=True)
    assert book.codes[0].hypothesis == ""
    assert nli.fill_hypothesis("{actor}?", Example("1", "x")) == "someone?"
