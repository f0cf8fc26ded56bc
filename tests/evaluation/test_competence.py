"""Competence of annotators, on the data of Dawid and Skene (1979) and on simulated annotators."""

from dataclasses import replace

import numpy as np
import pytest

from stancekit.commands.agreement import agreement
from stancekit.corpus import TableCorpus
from stancekit.errors import KitError
from stancekit.evaluation.competence import count_judgements, dawid_skene, measure_competence

# Dawid and Skene (1979), Table 1: the classes that five anaesthetists gave to 45 patients; the first
# three digits of a patient are the first anaesthetist's, who judged each three times. Public copies of
# the table differ in one judgement, the second of patient 7 (1 in the R package rater).
TABLE_1 = """
1111111 3334334 1122122 2223121 2223222 2223322 1222111 3333433 2222223 2322223 4444444 2223343
1111111 2223212 1211111 1112111 1111111 1111111 2222221 2221322 2222222 2222221 2223222 2212222
1111111 1111111 2322222 1111111 1111111 1121121 1111111 3333233 1111111 2222222 2223232 4334343
2212232 2323233 3333432 1111111 1111111 1212111 2322222 1211111 2222222
"""


@pytest.fixture
def anaesthetists():
    patients = TABLE_1.split()
    counts = np.zeros((45, 5, 4))
    for row, patient in enumerate(patients):
        for place, given in enumerate(patient):
            counts[row, max(0, place - 2), int(given) - 1] += 1
    assert len(patients) == 45 and counts.sum() == 315
    return counts


def test_the_worked_example_of_dawid_and_skene(anaesthetists):
    found = dawid_skene(anaesthetists, smoothing=0)
    # The shares that the paper gives, and the rows of its Table 2 for the first anaesthetist.
    assert found.prior == pytest.approx([0.40, 0.42, 0.11, 0.07], abs=0.005)
    expected = [[0.89, 0.11, 0, 0], [0.07, 0.88, 0.05, 0], [0, 0.34, 0.66, 0], [0, 0, 0.56, 0.44]]
    assert found.confusion[0] == pytest.approx(np.array(expected), abs=0.006)
    # The other reading of patient 7 moves one row of it by 0.02, and no share.
    other = anaesthetists.copy()
    other[6, 0] = [2, 1, 0, 0]
    moved = dawid_skene(other, smoothing=0)
    assert moved.prior == pytest.approx(found.prior, abs=0.001)
    assert np.abs(moved.confusion - found.confusion).max() < 0.02
    assert (moved.posterior.argmax(axis=1) == found.posterior.argmax(axis=1)).all()


def test_em_ends_where_its_own_equations_hold(anaesthetists):
    # Equations 2.3 to 2.5 of the paper, written out.
    found = dawid_skene(anaesthetists, smoothing=0)
    assert found.prior == pytest.approx(found.posterior.mean(axis=0), abs=1e-6)
    given = np.einsum("ij,ikl->kjl", found.posterior, anaesthetists)
    assert found.confusion == pytest.approx(given / given.sum(axis=2, keepdims=True), abs=1e-6)
    likelihood = found.prior * np.prod(
        found.confusion[None] ** anaesthetists[:, :, None], axis=(1, 3)
    )
    assert found.posterior == pytest.approx(
        likelihood / likelihood.sum(axis=1, keepdims=True), abs=1e-6
    )
    assert found.log_likelihood == pytest.approx(np.log(likelihood.sum(axis=1)).sum())


def simulate(generator, right, rows=1500, codes="abcd", gaps=0.2):
    truth = generator.choice(list(codes), rows, p=[0.4, 0.3, 0.2, 0.1])
    columns = []
    for share in right:
        given = np.where(generator.random(rows) < share, truth, generator.choice(list(codes), rows))
        missing = generator.random(rows) < gaps
        columns.append(
            [None if gap else str(code) for code, gap in zip(given, missing, strict=True)]
        )
    return truth, columns


def test_simulated_annotators_are_recovered():
    shares = (0.95, 0.8, 0.6, 0.3)
    truth, columns = simulate(np.random.default_rng(0), shares)
    found = dawid_skene(count_judgements(columns, codes="abcd"))
    assert found.prior == pytest.approx([0.4, 0.3, 0.2, 0.1], abs=0.03)
    right = np.einsum("j,kjj->k", found.prior, found.confusion)
    # A fourth of the random codes is right too.
    assert right == pytest.approx([share + (1 - share) / 4 for share in shares], abs=0.03)
    best = np.array(list("abcd"))[found.posterior.argmax(axis=1)]
    votes = count_judgements(columns, codes="abcd").sum(axis=1)
    most = np.array(list("abcd"))[votes.argmax(axis=1)]
    assert (best == truth).mean() > (most == truth).mean() + 0.03


def test_a_row_without_judgements_has_the_prior():
    counts = count_judgements([["a", "a", "b", None]] * 3, codes="ab")
    found = dawid_skene(counts)
    assert found.prior == pytest.approx([2 / 3, 1 / 3], abs=0.01)
    assert found.posterior[3] == pytest.approx(found.prior)


@pytest.fixture
def coded(jsonl):
    generator = np.random.default_rng(3)
    codes = np.array(["abstain", "condemn", "none", "support"])

    def make(right=(0.95, 0.9, 0.6), rows=240):
        made = []
        for row in range(rows):
            truth = generator.choice(codes)
            for name, share in zip("abc", right, strict=True):
                given = truth if generator.random() < share else generator.choice(codes)
                made.append(
                    {"id": str(row), "article": str(row // 6), "text": f"Peru spoke {row}."}
                )
                made[-1] |= {"coder": name, "stance": str(given)}
        return TableCorpus(jsonl(*made), columns={"annotator": "coder"})

    return make


def test_competence_has_intervals_and_names_mistakes(coded, monkeypatch, capsys):
    monkeypatch.setattr("stancekit.evaluation.competence.REPLICATES", 200)
    found = agreement(coded(), competence=True, verbose=True)
    competence = found.competence
    frame = competence.to_frame()
    assert frame["annotator"].tolist() == ["a", "b", "c"]
    assert ((frame["low"] <= frame["right"]) & (frame["right"] <= frame["high"])).all()
    expected = dict(zip("abc", (0.9625, 0.925, 0.7), strict=True))
    for score in competence.right:
        assert score.low <= expected[score.slice] <= score.high and score.n == 240
    errors = competence.errors()
    assert len(errors) == 3 * 12 and errors["share"].between(0, 1).all()
    of_c = errors[errors["annotator"] == "c"]
    assert of_c["share"].mean() == pytest.approx(0.1, abs=0.03)
    printed = capsys.readouterr().out
    assert "| annotator | right | n | mistakes |" in printed
    assert "240 rows have three judgements or more" in printed and " as " in printed


def test_each_code_is_decided_on_its_own_where_there_may_be_several(jsonl, diplomacy):
    generator = np.random.default_rng(5)
    rows = []
    for row in range(300):
        truth = {"economy"} if row % 2 else {"peace", "economy"} if row % 3 else set()
        for name in "abc":
            given = set(truth)
            if name == "c" and "peace" in truth and generator.random() < 0.4:
                given -= {"peace"}
            rows.append({"id": str(row), "article": str(row // 5), "text": f"They met {row}."})
            rows[-1] |= {"coder": name, "frames": sorted(given)}
    corpus = TableCorpus(jsonl(*rows), columns={"annotator": "coder"})
    found = measure_competence(corpus.annotations(diplomacy))
    worst = found.mistakes[-4:]
    assert {each.annotator for each in worst} == {"c"}
    missed = next(each for each in found.mistakes if each.annotator == "c")
    assert (missed.code, missed.given) == ("peace", "–") and missed.share.n == 100
    assert missed.share.value == pytest.approx(0.4, abs=0.1)
    right = {score.slice: score.value for score in found.right}
    assert right["a"] > 0.99 > right["c"]


def test_two_judgements_of_a_row_do_not_say_who_errs(coded, stance):
    annotated = coded().annotations(stance)
    pairs = replace(annotated, codes=tuple((*codes[:2], None) for codes in annotated.codes))
    with pytest.raises(KitError, match=r"3 annotators \(a, b, c\), 2 at most in a row"):
        measure_competence(pairs)
