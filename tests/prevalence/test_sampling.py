"""Samples taken together, and parts of samples: do intervals hold where the truth is known?"""

import json

import numpy as np
import pytest
from made_labels import annotated, made, stances, written

from stancekit.commands.estimate import estimate
from stancekit.commands.plan import plan
from stancekit.commands.sample import sample
from stancekit.errors import KitError
from stancekit.prevalence.estimators import SampledUnits, estimate_domain, share_interval
from stancekit.prevalence.sampling import (
    Sample,
    differing_facts,
    draw_sample,
    inclusion_probabilities,
    join_samples,
)

# A rare stratum that condemns often, a common one that does not: whoever draws both alike in number
# and counts them alike is far off.
SIZES, CONDEMN = (150, 1350), (0.7, 0.2)
STRATUM = np.repeat([0, 1], SIZES)


def drawn(random, pool, scores, *, n, design, share=1.0, batch=1):
    """Draw from a pool of rows and annotate a random part."""
    strata = STRATUM[pool].astype(str).tolist()
    chance = inclusion_probabilities(strata, scores[pool], n, design=design)
    rows = draw_sample(chance, strata, random_state=int(random.integers(2**31)))
    return Sample(
        pool[rows], chance[rows], random.permutation(len(rows)) < round(share * len(rows)), batch
    )


def extended(first, *more):
    """Draw a sample, then others from what is left."""

    def samples(random, scores):
        found = [drawn(random, np.arange(len(STRATUM)), scores, **first)]
        for batch, one in enumerate(more, 2):
            left = np.setdiff1d(np.arange(len(STRATUM)), np.concatenate([of.rows for of in found]))
            found.append(drawn(random, left, scores, **one, batch=batch))
        return found

    return samples


def independent(random, scores):
    """Draw two samples of all rows, that may share some."""
    return [
        drawn(random, np.arange(len(STRATUM)), scores, n=n, design=design)
        for n, design in ((150, "random"), (120, "stratified"))
    ]


DESIGNS = {
    "a beginning of a stratified sample": extended(
        {"n": 250, "design": "stratified", "share": 0.4}
    ),
    "a beginning of an uncertain sample": extended({"n": 250, "design": "uncertain", "share": 0.4}),
    "random, then stratified": extended(
        {"n": 150, "design": "random"}, {"n": 100, "design": "stratified"}
    ),
    "beginnings of both": extended(
        {"n": 200, "design": "random", "share": 0.6},
        {"n": 160, "design": "stratified", "share": 0.5},
    ),
    "stratified, uncertain, nearly all of the rest": extended(
        {"n": 80, "design": "stratified"},
        {"n": 120, "design": "uncertain", "share": 0.7},
        {"n": 1000, "design": "random"},
    ),
    "independent": independent,
}


@pytest.mark.slow
@pytest.mark.parametrize("design", DESIGNS)
def test_intervals_hold_and_estimates_lean_nowhere(design):
    error, held = simulated(design, draws=600)
    # With so many draws coverage is good to two points and a half; tuning to few rows costs it up
    # to two.
    assert len(held["all"]) == 600 and np.mean(held["all"]) >= 0.91
    assert len(held["rare"]) < 60 or np.mean(held["rare"]) >= 0.92
    assert abs(np.mean(error)) < 3.5 * np.std(error) / np.sqrt(len(error))


def test_half_annotated_samples_taken_together_hold():
    error, held = simulated("beginnings of both", draws=80)
    assert np.mean(held["all"]) >= 0.87 and np.mean(held["rare"]) >= 0.87
    assert abs(np.mean(error)) < 3.5 * np.std(error) / np.sqrt(len(error))


def simulated(design, *, draws):
    """Return errors of the estimated share, and whether intervals hold it, of all rows and of the rare stratum."""
    random = np.random.default_rng(6)
    error, held = [], {"all": [], "rare": []}
    for _ in range(draws):
        gold = random.random(len(STRATUM)) < np.array(CONDEMN)[STRATUM]
        # Right of nine in ten of the common stratum, of six in ten of the rare one.
        predicted = np.where(
            random.random(len(STRATUM)) < np.array([0.6, 0.9])[STRATUM], gold, ~gold
        )
        scores = (0.15 + 0.7 * predicted)[:, None]
        samples = DESIGNS[design](random, scores)
        hit = np.zeros(len(STRATUM), dtype=bool)
        for one in samples:
            hit[one.rows[one.annotated]] = True
        units = SampledUnits(
            scores,
            predicted[:, None],
            np.arange(len(gold)),
            hit,
            gold[:, None] * 1.0,
            np.ones(len(gold)),
            False,
            samples,
        )
        for name, mask in (("all", np.ones(len(gold), bool)), ("rare", STRATUM == 0)):
            if (found := estimate_domain(units, mask)).enough:
                low, high = share_interval(found)
                held[name].append(low[0] - 1e-9 <= gold[mask].mean() <= high[0] + 1e-9)
                if name == "all":
                    error.append(found.value[0] - gold.mean())
    return error, held


def test_two_halves_drawn_alike_are_one_sample():
    rows, weights, left = join_samples(
        [Sample(np.arange(50), np.full(50, 0.1), np.ones(50, bool)),
         Sample(np.arange(50, 140), np.full(90, 0.2), np.ones(90, bool), 2)],
        np.ones(500, dtype=bool),
    )  # fmt: skip
    assert len(rows) == 140 and weights.sum() == pytest.approx(500)
    # Little is lost against one sample of 140.
    influence = np.sqrt((left * weights**2).sum())
    assert influence == pytest.approx(500 * np.sqrt((1 - 140 / 500) / 140), rel=0.01)
    assert weights == pytest.approx(np.full(140, 500 / 140), rel=0.05)


def test_a_cell_of_which_a_sample_has_nothing_annotated_is_not_guessed_from_the_next():
    first = Sample(np.arange(4), np.full(4, 0.4), np.array([True, True, False, False]))
    then = Sample(np.array([4, 5, 8]), np.full(3, 0.5), np.ones(3, bool), 2)
    assert join_samples([first, then], np.arange(10) < 2)[0].tolist() == [0, 1]
    # Rows 2 and 3 were drawn and left empty, and nothing stands for them.
    assert join_samples([first, then], np.isin(np.arange(10), [2, 3, 8, 9]))[0].tolist() == []


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    rows, gold = made(articles=100)
    labels = written(folder, rows)
    first = sample(labels=labels, n=100, output=folder / "a.jsonl")
    annotated(first, gold, folder / "a.jsonl")
    more = sample(
        labels=labels,
        n=60,
        design="stratified",
        by="actor",
        extend=folder / "a.jsonl",
        output=folder / "b.jsonl",
    )
    annotated(more, gold, folder / "b.jsonl")
    annotated(
        sample(labels=labels, n=99, random_state=5, output=folder / "c.jsonl"),
        gold,
        folder / "c.jsonl",
    )
    return folder


def test_files_of_gold_are_taken_together(folder, tmp_path):
    labels = folder / "labels.jsonl"
    one, both = (
        estimate(labels=labels, gold=gold).shares
        for gold in (folder / "a.jsonl", [folder / "a.jsonl", folder / "b.jsonl"])
    )
    assert {share.n_annotated for share in one} == {100} and {
        share.n_annotated for share in both
    } == {160}
    assert sum(share.estimate[0] for share in both) == pytest.approx(1)
    assert all(
        now.estimate[2] - now.estimate[1] < was.estimate[2] - was.estimate[1]
        for was, now in zip(one, both, strict=True)
    )
    assert plan(labels=labels, gold=[folder / "a.jsonl", folder / "b.jsonl"]).steps[0].rows == 160
    # One file of all rows says the same, whatever their order.
    (tmp_path / "all.jsonl").write_text(
        (folder / "b.jsonl").read_text() + (folder / "a.jsonl").read_text()
    )
    assert estimate(labels=labels, gold=tmp_path / "all.jsonl").shares == both
    # Samples that were drawn without knowledge of each other may share rows.
    apart = estimate(labels=labels, gold=[folder / "a.jsonl", folder / "c.jsonl"]).shares
    assert (
        160 < apart[0].n_annotated < 199
        and apart[0].estimate[2] - apart[0].estimate[1] < one[0].estimate[2] - one[0].estimate[1]
    )


def test_files_that_do_not_go_together_are_refused(folder, tmp_path):
    labels, (a, b, c) = folder / "labels.jsonl", (folder / f"{one}.jsonl" for one in "abc")
    rows = [json.loads(line) for line in c.read_text().splitlines()]
    (tmp_path / "other.jsonl").write_text(
        "".join(json.dumps(row | {"stance": "abstain"}) + "\n" for row in rows)
    )
    (tmp_path / "empty.jsonl").write_text(
        "".join(json.dumps(row | {"stance": ""}) + "\n" for row in rows)
    )
    twice = [json.loads(line) | {"batch": 2} for line in a.read_text().splitlines()]
    (tmp_path / "twice.jsonl").write_text("".join(json.dumps(row) + "\n" for row in twice))
    for gold, told in (
        (b, "gold is batch 2 of a sample, without batch 1"),
        ([a, c, b], "several samples of batch 1"),
        ([a, tmp_path / "other.jsonl"], "files of gold give different codes to"),
        ([tmp_path / "empty.jsonl", b], "nothing of batch 1 of gold is annotated"),
        ([a, tmp_path / "twice.jsonl"], "are in two batches of gold"),
    ):
        with pytest.raises(KitError, match=told):
            estimate(labels=labels, gold=gold)


def test_rows_annotated_from_the_top_of_a_sorted_file_are_no_random_part(tmp_path):
    rows = stances(*({"date": f"2024-0{1 + at // 100}"} for at in range(300)))
    of = {row["id"]: "condemn" for row in rows}
    drawn = sample(labels=written(tmp_path, rows), n=80, output=tmp_path / "s.jsonl")
    given = {"labels": tmp_path / "labels.jsonl", "gold": tmp_path / "gold.jsonl"}
    for order, seen in ((drawn, False), (sorted(drawn, key=lambda row: int(row["id"][1:])), True)):
        annotated(order, of | {row["id"]: "" for row in order[40:]}, tmp_path / "gold.jsonl")
        for command in (estimate, plan):
            notes = command(**given, by=["month"] if command is estimate else []).notes
            told = (
                "the 40 annotated of 80 drawn rows are not a random part of them: "
                "they differ from the others in position"
            )
            assert any(told in note for note in notes) is seen


def test_a_random_part_is_seldom_found_unlike():
    random = np.random.default_rng(7)
    facts = {"place": np.arange(100.0), "score": random.random(100), "alike": np.ones(100)}
    found = [differing_facts(random.permutation(100) < 50, facts) for _ in range(50)]
    assert sum(map(bool, found)) <= 1
    assert (
        differing_facts(np.ones(100, bool), facts)
        == []
        == differing_facts(np.zeros(100, bool), facts)
    )
