"""Training on probabilities of codes: `corpus.gold=posterior`."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from stancekit.corpus import TableCorpus
from stancekit.corpus.mixture import Mixture, MixtureSource
from stancekit.errors import KitError
from stancekit.models.classifier import encode_labels, fit, refit_on_all
from stancekit.models.ensemble import Ensemble
from stancekit.models.linear import Linear
from stancekit.models.majority import Majority
from stancekit.models.soft import code_probabilities, fit_on, weighted_rows

CODES = ["condemn", "none", "support"]
VERBS = dict(zip(CODES, ("rejected", "visited", "welcomed"), strict=True))


@pytest.fixture
def rows():
    generator = np.random.default_rng(0)
    made = []
    for row in range(90):
        code = CODES[row % 3]
        for coder, share in zip("abc", (0.95, 0.8, 0.6), strict=True):
            given = code if generator.random() < share else CODES[generator.integers(3)]
            made.append({"id": str(row), "article": str(row), "coder": coder, "stance": given})
            made[-1]["text"] = f"Peru {VERBS[code]} plan {row}."
    return made


@pytest.fixture
def soft(rows, jsonl, stance):
    return TableCorpus(jsonl(*rows), columns={"annotator": "coder"}, gold="posterior").read(stance)


def test_gold_is_the_most_probable_code_and_says_how_many_rows_are_split(
    rows, jsonl, stance, caplog
):
    soft = TableCorpus(jsonl(*rows), columns={"annotator": "coder"}, gold="posterior").read(stance)
    probable = np.array(soft.soft)
    assert probable.shape == (90, 4) and probable.sum(axis=1) == pytest.approx(1)
    assert [stance.names[code] for code in probable.argmax(axis=1)] == [c for (c,) in soft.labels]
    n_split = int((probable.max(axis=1) < 0.95).sum())
    assert 0 < n_split < 90 and f"{n_split} of 90 rows are split" in caplog.text
    few = soft.take([3, 1])
    assert few.soft == (soft.soft[3], soft.soft[1]) and len(few.joined(soft).soft) == 92


def test_probabilities_are_part_of_the_digest_and_only_where_there_are_some(
    rows, jsonl, stance, soft
):
    path = jsonl(*[row for row in rows if row["coder"] == "a"])
    hard = TableCorpus(path).read(stance)
    assert hard.soft == () and soft.take(range(90)).digest != TableCorpus(path).read(stance).digest


def test_each_row_is_learned_once_per_code_with_its_probability(soft):
    rows, codes, weights = weighted_rows(soft)
    total = np.zeros(len(soft))
    np.add.at(total, rows, weights)
    assert total == pytest.approx(1) and len(rows) > len(soft) and (weights >= 0.01).all()
    # What weighted rows give is the cross-entropy with soft labels: the same gradient at any point.
    model = fit_on(Linear(LogisticRegression(C=10), min_df=1), soft, encode_labels(soft))
    scores = model.predict_proba(soft.examples)
    by_code = {code: place for place, code in enumerate(model.classes_)}
    weighted = sum(
        weight * np.log(scores[row, by_code[code]])
        for row, code, weight in zip(rows, codes, weights, strict=True)
    )
    kept = np.where(np.array(soft.soft) >= 0.01, soft.soft, 0)
    kept = kept[:, [soft.codebook.names.index(code) for code in model.classes_]]
    kept /= kept.sum(axis=1, keepdims=True)
    assert weighted == pytest.approx((kept * np.log(scores)).sum())


def test_what_a_model_learns_differs_from_hard_gold_and_refit_keeps_it(soft):
    y = encode_labels(soft)
    shares = fit_on(Majority(), soft, y).shares_
    _, codes, weights = weighted_rows(soft)
    expected = [weights[codes == code].sum() / 90 for code in np.unique(codes)]
    assert shares == pytest.approx(expected)
    train, validation = soft.take(range(60)), soft.take(range(60, 90))
    fitted = fit(Majority(), train, validation)
    again = refit_on_all(fitted, train, validation)
    assert again.model.shares_ == pytest.approx(shares)


def test_models_that_learn_no_probabilities_are_refused(soft, rows, jsonl, stance, diplomacy):
    with pytest.raises(KitError, match=r"Ensemble does not learn from probabilities of codes"):
        fit_on(Ensemble({"one": Majority()}), soft, encode_labels(soft))
    frames = [{**row, "frames": ["peace"] if at % 5 else []} for at, row in enumerate(rows)]
    several = TableCorpus(jsonl(*frames), columns={"annotator": "coder"}, gold="posterior")
    data = several.read(diplomacy)
    assert np.array(data.soft).shape == (90, len(diplomacy.names))
    with pytest.raises(KitError, match=r"of a codebook with several codes per row"):
        fit_on(Linear(), data, encode_labels(data))
    mixture = Mixture({"one": MixtureSource(several, "diplomacy")})
    with pytest.raises(KitError, match=r"which a mixture does not map"):
        mixture.read(diplomacy)


def test_gold_by_posterior_needs_annotators_and_three_judgements(rows, jsonl, stance):
    one = [row for row in rows if row["coder"] == "a"]
    with pytest.raises(KitError, match=r"gold is posterior, and corpus .* names no annotators"):
        TableCorpus(jsonl(*one), gold="posterior").read(stance)
    two = [row for row in rows if row["coder"] != "c"]
    with pytest.raises(KitError, match=r"2 annotators \(a, b\), 2 at most in a row"):
        TableCorpus(jsonl(*two), columns={"annotator": "coder"}, gold="posterior").read(stance)


def test_soft_labels_are_of_the_codes_that_a_model_has(soft):
    y = encode_labels(soft)
    found = code_probabilities(soft, y)
    assert found.shape == (90, 3) and found.sum(axis=1) == pytest.approx(1)
    assert np.unique(y)[found.argmax(axis=1)].tolist() == y.tolist()
