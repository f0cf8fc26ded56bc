"""Every check speaks where its doubt holds, and is silent where it does not."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from stancekit.errors import KitError
from stancekit.evaluation.answers import AnswerTest
from stancekit.evaluation.names import NameTest
from stancekit.models.selective import SelectivePolicy
from stancekit.reporting.card import model_card
from stancekit.reporting.latex import latex
from stancekit.reporting.tables import markdown
from stancekit.runs.analysis import analyse
from stancekit.runs.checks import CHECKS, run_checks
from stancekit.runs.leaderboard import leaderboards, scores_to_csv
from stancekit.runs.record import PredictionRecord, Run
from stancekit.types import Context, Example, Prediction

CODES = ("abstain", "condemn", "none", "support")


def _run(
    model="good",
    state=0,
    *,
    right=0.9,
    articles=60,
    seed=0,
    gold=None,
    sure=0.9,
    setting=None,
    codes=None,
    prefix="",
    **known,
):
    """Return a run of six examples per article that is right with a given probability, or one by setting."""
    generator = np.random.default_rng([seed, state])
    rows = []
    for at in range(articles * 6):
        truth = gold[at % len(gold)] if gold else CODES[at % 4]
        where = ("in-topic", "cross-topic")[at // 6 % 2] if setting else ""
        share = setting[where] if setting else (codes or {}).get(truth, right)
        guess = truth if generator.random() < share else CODES[(CODES.index(truth) + 1) % 4]
        scores = [sure if code == guess else (1 - sure) / 3 for code in CODES]
        example = Example(f"{prefix}{at}", f"text {at}", article=f"{prefix}a{at // 6}")
        rows.append(
            PredictionRecord(
                example,
                Context(setting=where),
                (truth,),
                Prediction(example.id, (guess,), tuple(scores)),
            )
        )
    counts = {code: sum(row.gold == (code,) for row in rows) for code in CODES}
    parts = ("train", "validation", "test")
    record = {
        "corpus": "mine",
        "codebook": "stance",
        "codes": CODES,
        "multi_label": False,
        "model": model,
        "split": "fixed",
        "random_state": state,
        "digest": "",
        "seconds": 1.0,
        "validation": right,
        "thresholds": (),
        "temperature": 1.0,
        "caution": SelectivePolicy(),
        "examples": dict.fromkeys(parts, len(rows)),
        "gold_counts": dict.fromkeys(parts, counts),
        "shared": 0,
    }
    return Run(**record | known, folder=Path("none"), rows=tuple(rows))


def _codes(*runs):
    (board,) = leaderboards(list(runs))
    return {check.code for check in run_checks(board)}


GOOD = [_run(state=state, seed=1) for state in range(2)]
WORSE = [_run("worse", state, right=0.5, seed=2) for state in range(2)]


def test_nothing_is_said_of_a_sound_result():
    assert _codes(*GOOD, *WORSE) == set()


def _answering(run, test):
    """Return a run of a language model that answers the same way about every example."""
    return replace(run, views=("coder, order 1", "coder, order 2"), answers=(test,) * len(run.rows))


CASES = {
    "C01": [_run(state=state, right=0.04, seed=3, sure=0.4) for state in range(2)],
    "C02": [replace(run, shared=7) for run in GOOD],
    "C03": [
        _run(state=state, seed=1, gold=["condemn", "none", "support"] * 20 + ["abstain"])
        for state in range(2)
    ],
    "C05": [_run(state=0, right=0.9), _run(state=1, right=0.6)],
    "C06": [
        *[_run(state=state, right=0.95, codes={"support": 0.5}, seed=2) for state in range(2)],
        *[
            _run("lexicon", state, right=0.3, codes={"support": 0.95, "condemn": 0.6}, seed=9)
            for state in range(2)
        ],
    ],
    "C07": [_run(state=state, right=0.6, sure=0.99, seed=5) for state in range(2)],
    "C08": [*GOOD, *[_run("other", state, seed=8) for state in range(2)]],
    "C09": [_run()],
    "C10": [_run(state=state, articles=12, seed=1) for state in range(2)],
    "C11": [
        _run(state=state, setting={"in-topic": 0.95, "cross-topic": 0.6}, seed=4)
        for state in range(2)
    ],
    "C12": [_run(state=state, seed=1, prefix=f"{state}-") for state in range(2)],
    "C14": [
        replace(
            run,
            names=tuple(NameTest((CODES[at % 4 :][:1],) * 3) for at, _ in enumerate(run.rows)),
        )
        for run in [_run(state=state, right=0.5, seed=1) for state in range(2)]
    ],
    "C13": [replace(run, left_out=("stance-good-0-abc (older)",)) for run in GOOD],
    "C17": [_answering(run, AnswerTest((("none",), ("support",)), 0, 2)) for run in GOOD],
    "C18": [_answering(run, AnswerTest((None, ("none",)), 1, 2)) for run in GOOD],
    "C19": [replace(run, behaviour={"repeats definitions": (5, 8)}) for run in GOOD],
}


@pytest.mark.parametrize("code", CASES)
def test_a_check_speaks_where_its_doubt_holds(code):
    assert code in _codes(*CASES[code])


def _found(code, *runs):
    (board,) = leaderboards(list(runs))
    return next(check for check in run_checks(board) if check.code == code)


def test_a_constant_that_would_be_kept_stops_a_reader():
    constant = _run("majority", validation=0.95)
    rows = [
        replace(row, prediction=replace(row.prediction, labels=("none",))) for row in constant.rows
    ]
    constant = replace(constant, rows=tuple(rows))
    check = _found("C01", *GOOD, constant)
    assert check.level == "stop"
    assert "majority gives every test example none" in check.seen and "360 validation" in check.seen
    assert "C01" not in _codes(*GOOD, replace(constant, validation=0.1))


def test_models_that_give_the_same_codes_show_no_smallest_difference():
    same = [replace(run, model="same") for run in GOOD]
    check = _found("C08", *GOOD, *same)
    assert "0.000" not in check.seen and check.seen.endswith("from same")


def test_a_code_that_gold_lacks_is_listed_with_how_often_it_is_predicted():
    runs = [_run(state=state, seed=1, gold=["abstain", "condemn", "support"]) for state in range(2)]
    given = sum(row.prediction.labels == ("none",) for run in runs for row in run.rows)
    check = _found("C03", *runs)
    assert f"in no macro average: none (predicted {given} times in 720 predictions)" in check.seen
    assert given and "leave" not in check.do
    (board,) = leaderboards(runs)
    assert board.code_range == (3, 3) and board.best.main.codes == 3
    text = markdown(analyse(runs), "the command")
    assert (
        "macro-F1 over the 3 of 4 codes that are in gold" in text
        and f"none (predicted {given} times" in text
    )
    assert "| none | – | – | – | 0 |" in text
    assert "3 of 4 codes" in latex(
        analyse(runs)
    ) and f"none (predicted {given} times" in model_card(board, runs[0], "the command")


def test_one_article_stops_a_reader_and_gives_no_interval():
    runs = [_run(state=state, articles=1, right=0.6, sure=0.99, seed=1) for state in range(2)]
    check = _found(
        "C10", *runs, *[_run("worse", state, articles=1, right=0.1, seed=2) for state in range(2)]
    )
    assert check.level == "stop" and "no interval" in check.seen
    assert not {"C07", "C08"} & _codes(*runs)
    (board,) = leaderboards(runs)
    text = markdown(analyse(runs), "the command")
    assert "[no interval]" in text and "nan" not in text.lower()
    rows = list(csv.DictReader(io.StringIO(scores_to_csv(board.entries))))
    assert rows[0]["low"] == rows[0]["high"] == "" and float(rows[0]["value"]) > 0
    assert "nan" not in latex(analyse(runs)).lower()


def test_other_test_sets_are_told_with_the_way_to_one():
    check = _found("C12", *CASES["C12"])
    assert "ECE" in check.seen and "split.per_state=false" in check.do
    other = [_run("other", state, right=0.6, seed=8, prefix="x") for state in range(2)]
    assert "other: tested on other examples" in _found("C12", *GOOD, *other).seen
    assert "C09" not in _codes(_run(deterministic=True, seed=1))


def test_runs_of_other_settings_are_not_averaged():
    one, other = (replace(run, settings=name) for run, name in zip(GOOD, "ab", strict=True))
    with pytest.raises(
        KitError, match=r"differ in settings or data .* names of its own|differ in settings or data"
    ):
        leaderboards([one, other])
    with pytest.raises(KitError, match="several runs of one random state"):
        leaderboards([GOOD[0], GOOD[0]])


def test_a_board_without_a_score_on_validation_chooses_by_test():
    runs = [replace(run, validation=float("nan")) for run in (*WORSE, *GOOD)]
    (board,) = leaderboards(runs)
    assert board.chosen.model == "good"
    text = model_card(board, board.chosen, "the command")
    assert (
        "no model was chosen" in text and "Best on validation" not in text and "license" not in text
    )
    assert "Kept" not in model_card(*[(board, board.chosen)][0], "x")
    assert "license: cc-by-4.0" in model_card(board, replace(board.chosen, corpus="un_votes"), "x")


def test_every_check_has_a_case():
    """C04 needs a real model: test_audit."""
    assert len(CASES) + 1 == len(CHECKS)
    assert sorted(check.__doc__[:3] for check in CHECKS) == sorted([*CASES, "C04"])
