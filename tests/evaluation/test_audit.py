"""The target audit catches a classifier that never sees the target, and clears one that does."""

from dataclasses import replace

import pytest
from conftest import every
from sklearn.linear_model import LogisticRegression

from stancekit.corpus import FixedSplit, Splits
from stancekit.evaluation.audit import (
    DECISIVE,
    MARGIN,
    AuditFinding,
    audit,
    make_variants,
    mask_target,
    negate,
    swap_roles,
    target_use,
)
from stancekit.models.classifier import fit
from stancekit.models.features import Marked, Plain
from stancekit.models.linear import Linear
from stancekit.models.majority import Majority
from stancekit.runs.checks import run_checks
from stancekit.runs.leaderboard import leaderboards
from stancekit.runs.recording import record_run
from stancekit.types import Example, Mention, Score

ONE = Example("1", "Peru hailed the levy.", Mention("Peru", 0, 4), Mention("the levy", 12, 20), "a")


def _located(part):
    """Return the rows whose sentence spells out both actor and target."""
    pairs = [(one.actor, one.target) for one in part.examples]
    spelled = [all(mention and mention.located for mention in pair) for pair in pairs]
    return part.take(row for row, both in enumerate(spelled) if both)


def _board(parts, features, folder):
    # Enough of the corpus to show it, of articles of all kinds. Features mark what stands in the sentence.
    train, validation, test = (_located(one) for one in (parts.train, parts.validation, parts.test))
    train = every(train, 1500)
    parts = Splits(train, validation.take(range(450)), test)
    model = Linear(LogisticRegression(max_iter=1000, class_weight="balanced"), features=features)
    trained = fit(model, parts.train, parts.validation, name="logreg")
    run = record_run(folder, trained, parts, split="fixed", random_state=0, digest="")
    (board,) = leaderboards([run])
    return board


@pytest.fixture(scope="module")
def whole(un_votes, stance):
    return FixedSplit()(un_votes.read(stance), random_state=0)


@pytest.mark.parametrize(("features", "is_blind"), [(Plain(), True), (Marked(), False)])
def test_a_model_that_sees_the_sentence_only_is_called_target_blind(
    whole, tmp_path, features, is_blind
):
    board = _board(whole, features, tmp_path)
    assert (target_use(board.best.findings) == "target-blind") is is_blind
    assert ("C04" in {check.code for check in run_checks(board)}) is is_blind
    if is_blind:
        gap = next(one.gap for one in board.best.findings if one.variant == DECISIVE)
        assert gap.value == gap.low == gap.high == 0


def test_variants_keep_offsets_right(parts):
    for name, examples in make_variants(parts.test.examples[:200]).items():
        for example in filter(None, examples):
            for role in ("actor", "target"):
                mention = getattr(example, role)
                if mention and mention.located and name not in ("target swapped in the sentence",):
                    spelled = example.text[mention.start : mention.end]
                    assert spelled and not spelled[0].isspace(), (name, example)


def test_simple_variants():
    assert (
        mask_target(ONE).text == "Peru hailed something."
        and mask_target(ONE).target.name == "something"
    )
    assert swap_roles(ONE).actor.name == "the levy"
    denied = negate(ONE)
    assert denied.text.startswith("It is not true that Peru")
    assert denied.text[denied.target.start : denied.target.end] == "the levy"


def test_a_target_before_the_actor_moves_it():
    one = Example(
        "1", "The levy? Peru hates it.", Mention("Peru", 10, 14), Mention("The levy", 0, 8), "a"
    )
    out = mask_target(one)
    assert (
        out.text == "something? Peru hates it."
        and out.text[out.actor.start : out.actor.end] == "Peru"
    )


def test_variants_that_apply_to_nothing_are_left_out():
    bare = [Example("1", "Rain fell.", article="a")]
    found = make_variants(bare)
    said = {name: [[None]] for name in found}
    assert audit([("none",)], [[("none",)]], said, ["none", "support"], ["a"]) == []


def _gap(low, high):
    return [
        AuditFinding(
            DECISIVE, 0.4, Score("macro_f1 gap", DECISIVE, (low + high) / 2, low, high, 29), 0.1
        )
    ]


@pytest.mark.parametrize(
    ("low", "high", "use"),
    [
        (0.01, 0.12, "uses its target"),
        (-0.02, MARGIN - 0.001, "target-blind"),
        # On few examples a gap that is not significant shows nothing.
        (-0.002, 0.12, "cannot tell"),
        (float("nan"), float("nan"), "cannot tell"),
    ],
)
def test_a_model_is_blind_only_where_the_gap_is_shown_to_be_small(low, high, use):
    assert target_use(_gap(low, high)) == use
    assert target_use([]) is None


@pytest.mark.parametrize(
    ("low", "high", "level"), [(-0.002, 0.12, "mind"), (-0.02, 0.04, "stop"), (0.01, 0.2, None)]
)
def test_only_a_model_shown_to_be_blind_stops_a_reader(parts, tmp_path, low, high, level):
    """As of a majority model on a few rows, whose findings are replaced."""
    few = Splits(
        parts.train.take(range(60)), parts.validation.take(range(40)), parts.test.take(range(60))
    )
    trained = fit(Majority(), few.train, few.validation)
    run = record_run(tmp_path, trained, few, split="fixed", random_state=0, digest="")
    (board,) = leaderboards([run])
    entry = replace(board.best, findings=tuple(_gap(low, high)))
    found = [check for check in run_checks(replace(board, entries=(entry,))) if check.code == "C04"]
    assert [check.level for check in found] == ([level] if level else [])
    assert not found or "nought" not in found[0].seen
