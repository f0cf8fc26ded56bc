"""Samples of labels that are other than those that they were drawn from."""

import numpy as np
import pandas as pd
import pytest

from stancekit.commands.estimate import estimate
from stancekit.commands.sample import sample
from stancekit.errors import KitError

CODES = ["condemn", "none", "support"]


def speeches(n, *, shares, start=0):
    """Rows with a code, right in 85 % of rows, and the true codes by id."""
    random = np.random.default_rng(start)
    gold = random.choice(CODES, n, p=shares)
    said = np.where(random.random(n) < 0.85, gold, random.choice(CODES, n))
    ids = [f"r{start + at}" for at in range(n)]
    table = pd.DataFrame({"id": ids, "party": random.choice(["blue", "red"], n), "view": said})
    for code in CODES:
        table[code] = np.where(said == code, 0.8, 0.1)
    return table, dict(zip(ids, gold, strict=True))


@pytest.fixture(scope="module")
def grown():
    """The labels that a sample was drawn from, these with three times as many others, and the true codes."""
    old, gold = speeches(1200, shares=[0.4, 0.35, 0.25])
    new, gold_of_new = speeches(3600, shares=[0.75, 0, 0.25], start=1200)
    return old, pd.concat([old, new], ignore_index=True), gold | gold_of_new


def filled(drawn, gold):
    table = drawn.to_frame()
    return table.assign(view=table["id"].map(gold))


def shares(labels, gold):
    return {one.code: one.estimate for one in estimate(labels=labels, gold=gold).shares}


TOLD = (
    r"gold was drawn from about 1,200 rows, as its probabilities say, and the labels have 4,800 rows.*"
    r"extend the sample: stancekit sample LABELS extend="
)


def test_a_sample_of_labels_that_have_grown_is_refused_and_can_be_extended(grown):
    old, whole, gold = grown
    first = filled(sample(old, n=300, output=None), gold)
    with pytest.raises(KitError, match=TOLD):
        estimate(labels=whole, gold=first)
    # Wherever the new rows stand, where the file has rows that are not annotated.
    mixed = whole.sample(frac=1, random_state=3)
    with pytest.raises(KitError, match=TOLD):
        estimate(labels=mixed, gold=first.assign(view=first["view"].where(first.index > 4)))
    more = filled(sample(whole, n=300, extend=[first], output=None), gold)
    found = estimate(labels=whole, gold=[first, more])
    assert any(
        "batch 1 of gold was drawn from about 1,200 rows" in note
        and note.endswith("its rows represent themselves alone")
        for note in found.notes
    )
    truth = whole["id"].map(gold).value_counts(normalize=True)
    for one in found.shares:
        assert one.n_annotated == 600 and one.estimate[1] < truth[one.code] < one.estimate[2]


def test_a_file_of_annotated_rows_alone_is_taken_with_a_note(grown):
    """Nobody can say of it whether labels grew, or rows that were not annotated were left out."""
    old, whole, gold = grown
    first = filled(sample(old, n=300, output=None), gold)
    part = first.head(100)
    found = estimate(labels=old, gold=part)
    told = "gold was drawn from about 400 rows, as its probabilities say, and the labels have 1,200 rows: "
    assert [note for note in found.notes if note.startswith(told)]
    assert {code: one[0] for code, one in shares(old, part).items()} == pytest.approx(
        {code: one[0] for code, one in shares(old, part.drop(columns="probability")).items()}
    )
    mixed = estimate(labels=whole.sample(frac=1, random_state=3), gold=first).notes
    assert any("if the labels have grown since, extend the sample" in note for note in mixed)


@pytest.mark.parametrize("probability", [0.025, 0.1])
def test_probabilities_of_too_many_rows_are_refused(grown, probability):
    old, _, gold = grown
    first = filled(sample(old, n=300, output=None), gold)
    with pytest.raises(
        KitError, match=r"about (12|3),000 rows, as its .* the labels have 1,200 rows"
    ):
        estimate(labels=old, gold=first.assign(probability=probability))
    # What a tenth more or less may be is the chance of a design in which each row is drawn by itself.
    noted = estimate(labels=old, gold=first.assign(probability=0.23)).notes
    assert any(note.endswith("1,200 rows: it is taken for a sample of these") for note in noted)


@pytest.mark.parametrize("design", ["random", "stratified", "uncertain"])
def test_samples_of_the_labels_themselves_say_nothing(grown, design):
    old, _, gold = grown
    for state in (0, 3):
        given = {"n": 41 + 30 * state, "design": design, "by": ["party"], "random_state": state}
        first = filled(sample(old, output=None, **given), gold)
        more = filled(sample(old, output=None, extend=[first], **given), gold)
        half = first.assign(view=first["view"].where(first.index < 40))
        for files in ([first], [half], [first, more]):
            assert not [
                note for note in estimate(labels=old, gold=files).notes if "drawn from" in note
            ]
    by_itself = old[["id"]].assign(probability=0.3, view=old["id"].map(gold))
    for state in range(5):
        chosen = np.random.default_rng(state).random(len(old)) < 0.3
        estimate(labels=old, gold=by_itself[chosen])
