"""The target audit catches a classifier that never sees the target, and clears one that does."""

import pytest
from sklearn.linear_model import LogisticRegression

from stancekit.commands.record import record
from stancekit.evaluation.audit import DECISIVE, audit, exchanged, masked, negated, target_blind, variants
from stancekit.models.features import Marked, Plain
from stancekit.models.linear import Linear
from stancekit.models.trained import fit
from stancekit.report.checks import run_checks
from stancekit.report.leaderboard import boards
from stancekit.report.runs import read_run
from stancekit.types import Example, Mention

ONE = Example("1", "Peru hailed the levy.", Mention("Peru", 0, 4), Mention("the levy", 12, 20), "a")


def _board(parts, features, folder):
    model = Linear(LogisticRegression(max_iter=1000, class_weight="balanced"), features=features)
    trained = fit(model, parts.train, parts.validation, name="logreg")
    record(folder, trained, parts, {"split": "fixed", "random_state": 0, "seconds": 0.0, "digest": ""})
    (board,) = boards([read_run(folder)])
    return board


@pytest.mark.parametrize(("features", "is_blind"), [(Plain(), True), (Marked(), False)])
def test_a_model_that_sees_the_sentence_only_is_called_target_blind(parts, tmp_path, features, is_blind):
    board = _board(parts, features, tmp_path)
    assert target_blind(board.best.findings) is is_blind
    assert ("C04" in {check.code for check in run_checks(board)}) is is_blind
    if is_blind:
        gap = next(one.gap for one in board.best.findings if one.variant == DECISIVE)
        assert gap.value == gap.low == gap.high == 0


def test_variants_keep_offsets_right(parts):
    for name, examples in variants(parts.test.examples[:200]).items():
        for example in filter(None, examples):
            for role in ("actor", "target"):
                mention = getattr(example, role)
                if mention and mention.located and name not in ("target swapped in the sentence",):
                    spelled = example.text[mention.start : mention.end]
                    assert spelled and not spelled[0].isspace(), (name, example)


def test_simple_variants():
    assert masked(ONE).text == "Peru hailed something." and masked(ONE).target.name == "something"
    assert exchanged(ONE).actor.name == "the levy"
    denied = negated(ONE)
    assert denied.text.startswith("It is not true that Peru")
    assert denied.text[denied.target.start : denied.target.end] == "the levy"


def test_a_target_before_the_actor_moves_it():
    one = Example("1", "The levy? Peru hates it.", Mention("Peru", 10, 14), Mention("The levy", 0, 8), "a")
    out = masked(one)
    assert out.text == "something? Peru hates it." and out.text[out.actor.start : out.actor.end] == "Peru"


def test_variants_that_apply_to_nothing_are_left_out():
    bare = [Example("1", "Rain fell.", article="a")]
    found = variants(bare)
    said = {name: [[None]] for name in found}
    assert audit([("none",)], [[("none",)]], said, ["none", "support"], ["a"]) == []
