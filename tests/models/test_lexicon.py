"""Cue lexicons: what a cue weighs, and where cues come from."""

import numpy as np
import pytest

from stancekit.codebook import load_codebook, make_codebook
from stancekit.errors import KitError
from stancekit.models.lexicon import Lexicon
from stancekit.types import Example, Mention


@pytest.fixture(scope="module")
def lexicon():
    return Lexicon(codebook=load_codebook("stance")).fit([], np.array([]))


@pytest.mark.parametrize(
    ("text", "actor", "code"),
    [
        ("Peru condemned the levy.", "Peru", "condemn"),
        ("Peru did not condemn the levy.", "Peru", "support"),
        ("Peru welcomed the levy.", "Peru", "support"),
        ("Peru abstained on the levy.", "Peru", "abstain"),
        ("The levy is due in June, Peru was told.", "Peru", "none"),
        (
            "Peru welcomed what Chile had in this long and winding sentence rejected.",
            "Chile",
            "condemn",
        ),
    ],
)
def test_of_single_cues_the_nearest_after_the_actor_decides(lexicon, text, actor, code):
    at = text.index(actor)
    assert lexicon.predict([Example("1", text, Mention(actor, at, at + len(actor)))]).tolist() == [
        code
    ]


def test_cues_of_one_code_add_up(lexicon):
    # By hand: 1 - gap / 120 each, the gap from the actor's end to the cue's start.
    text = "Peru welcomed the talks and rejected, rejected the levy."
    one = Example("1", text, Mention("Peru", 0, 4))
    against = [at for at in range(len(text)) if text.startswith("rejected", at)]
    votes = {
        "condemn": sum(1 - (at - 4) / 120 for at in against),
        "support": 1 - 1 / 120,
        "none": 0.5,
        "abstain": 0,
    }
    expected = [votes[code] / sum(votes.values()) for code in lexicon.classes_]
    assert lexicon.predict_proba([one])[0] == pytest.approx(expected)
    assert lexicon.predict([one]).tolist() == ["condemn"]


def test_frames_are_any_cue(frame_parts):
    y = np.zeros((0, 9), dtype=int)
    model = Lexicon(codebook=frame_parts.train.codebook).fit([], y)
    found = model.predict([Example("1", "A ceasefire would let refugees go home.")])[0]
    names = frame_parts.train.codebook.names
    assert {name for name, yes in zip(names, found, strict=True) if yes} >= {
        "peace",
        "humanitarian",
    }


def test_a_file_without_the_codes_is_refused(tmp_path):
    path = tmp_path / "cues.yaml"
    path.write_text("peace: [truce]")
    with pytest.raises(KitError, match="has no cues for conflict, economic_consequences"):
        Lexicon(str(path), codebook=load_codebook("generic_frames")).fit([], np.zeros((0, 5)))


def test_a_codebook_without_cues_of_the_kit_is_told_what_to_give(tmp_path):
    tone = make_codebook("tone", {"warm": {"definition": "Kind."}, "none": {"definition": "Not."}})
    texts, y = ["Thanks.", "They left."], np.array(["warm", "none"])
    with pytest.raises(
        KitError, match=r"no cues for codebook 'tone' \(it has some for: diplomacy, stance\)"
    ):
        Lexicon(codebook=tone).fit(texts, y)
    with pytest.raises(KitError, match="neither a file nor a codebook; pass cues=FILE"):
        Lexicon().fit(texts, y)
    path = tmp_path / "tone.yaml"
    path.write_text("warm: [thank*]")
    model = Lexicon(str(path), codebook=tone).fit(texts, y)
    some = [Example("1", "They thanked the hosts."), Example("2", "They left.")]
    assert model.predict(some).tolist() == ["warm", "none"]


def test_without_a_default_code_a_sentence_without_cues_has_no_preference(tmp_path):
    path = tmp_path / "tone.yaml"
    path.write_text("warm: [thank*]\ncold: [snub*]")
    codes = {name: {"definition": "x"} for name in ("warm", "cold")}
    model = Lexicon(str(path), codebook=make_codebook("tone", codes)).fit([], np.array([]))
    assert model.predict_proba([Example("1", "They left.")]).tolist() == [[0.5, 0.5]]
