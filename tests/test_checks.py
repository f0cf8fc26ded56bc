"""Every check speaks where its doubt holds, and is silent where it does not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from stancekit.report.checks import CHECKS, run_checks
from stancekit.report.leaderboard import boards
from stancekit.report.runs import Judged, Run
from stancekit.types import Context, Example, Prediction

CODES = ("abstain", "condemn", "none", "support")


def _run(
    model="good", state=0, *, right=0.9, articles=60, seed=0, gold=None, sure=0.9, setting=None, codes=None, **facts
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
        example = Example(str(at), f"text {at}", article=f"a{at // 6}")
        rows.append(Judged(example, Context(setting=where), (truth,), Prediction(str(at), (guess,), tuple(scores))))
    counts = {code: sum(row.gold == (code,) for row in rows) for code in CODES}
    found = {
        "gold": {"train": counts, "validation": counts, "test": counts},
        "examples": {"train": len(rows), "validation": len(rows), "test": len(rows)},
        "shared": 0,
        **facts,
    }
    return Run(Path("none"), "mine", "stance", CODES, False, model, "fixed", state, right, 1.0, "", tuple(rows), found)


def _codes(*runs):
    (board,) = boards(list(runs))
    return {check.code for check in run_checks(board)}


GOOD = [_run(state=state, seed=1) for state in range(2)]
WORSE = [_run("worse", state, right=0.5, seed=2) for state in range(2)]


def test_nothing_is_said_of_a_sound_result():
    assert _codes(*GOOD, *WORSE) == set()


CASES = {
    "C01": [_run(state=state, right=0.04, seed=3, sure=0.4) for state in range(2)],
    "C02": [replace(run, facts={**run.facts, "shared": 7}) for run in GOOD],
    "C03": [_run(state=state, seed=1, gold=["condemn", "none", "support"] * 20 + ["abstain"]) for state in range(2)],
    "C05": [_run(state=0, right=0.9), _run(state=1, right=0.6)],
    "C06": [
        *[_run(state=state, right=0.95, codes={"support": 0.5}, seed=2) for state in range(2)],
        *[_run("lexicon", state, right=0.3, codes={"support": 0.95, "condemn": 0.6}, seed=9) for state in range(2)],
    ],
    "C07": [_run(state=state, right=0.6, sure=0.99, seed=5) for state in range(2)],
    "C08": [*GOOD, *[_run("other", state, seed=8) for state in range(2)]],
    "C09": [_run()],
    "C10": [_run(state=state, articles=12, seed=1) for state in range(2)],
    "C11": [_run(state=state, setting={"in-topic": 0.95, "cross-topic": 0.6}, seed=4) for state in range(2)],
}


@pytest.mark.parametrize("code", CASES)
def test_a_check_speaks_where_its_doubt_holds(code):
    assert code in _codes(*CASES[code])


def test_every_check_has_a_case():
    """C04 needs a real model: test_audit."""
    assert len(CASES) + 1 == len(CHECKS)
    assert [check.__doc__[:3] for check in CHECKS] == sorted([*CASES, "C04"])
