"""Kinds of mistakes, for any codebook whose codes are ordered."""

import pytest

from stancekit.evaluation.error_types import count_error_types, error_types
from stancekit.types import Example, Mention

STANCE = {"scale": ("condemn", "abstain", "support"), "absent": "none"}
LIKERT = {"scale": ("very cold", "cold", "even", "warm", "very warm"), "absent": ""}


def one(truth, guess, **codebook):
    example = Example("1", "Peru left.", Mention("Peru"), Mention("the pact"))
    [kind] = error_types([example], [(truth,)], [(guess,)], **codebook)
    return kind


@pytest.mark.parametrize(
    ("codebook", "truth", "guess", "kind"),
    [
        (STANCE, "condemn", "support", "polarity"),
        (STANCE, "abstain", "support", "degree"),
        (STANCE, "condemn", "abstain", "degree"),
        (STANCE, "abstain", "none", "missed"),
        (STANCE, "none", "abstain", "invented"),
        (STANCE, "none", "none", None),
        (LIKERT, "very cold", "warm", "polarity"),
        (LIKERT, "even", "very warm", "degree"),
        (LIKERT, "warm", "very warm", "degree"),
        # A code that is not on the scale and does not mean that none applies.
        (LIKERT, "unclear", "warm", "degree"),
        ({"scale": ("against", "for"), "absent": ""}, "for", "against", "polarity"),
    ],
)
def test_mistakes_on_a_scale(codebook, truth, guess, kind):
    assert one(truth, guess, **codebook) == kind


def test_a_mix_up_of_actors_or_targets_comes_before_the_scale():
    names = [("Peru", "pact"), ("Oman", "pact"), ("Peru", "levy")]
    examples = [
        Example(str(number), "A sentence.", Mention(actor), Mention(target), "a")
        for number, (actor, target) in enumerate(names)
    ]
    gold = [("support",), ("condemn",), ("abstain",)]
    for guess, kind in (("condemn", "actor"), ("abstain", "target"), ("none", "missed")):
        kinds = error_types(examples, gold, [(guess,), ("condemn",), ("abstain",)], **STANCE)
        assert kinds == [kind, None, None]
    counts = {"actor": 1, "target": 0, "polarity": 2, "missed": 0, "invented": 0, "degree": 0}
    assert count_error_types([None, "polarity", "actor", "polarity"]) == counts
