"""Learning curves: what is measured, what the law says of it, and that no article is in both parts."""

import numpy as np
import pytest

from stancekit.errors import KitError
from stancekit.evaluation.learning_curve import _fit_laws, learning_curve
from stancekit.library.objects import as_codebook, as_corpus, make_object

# Each code has words enough that a few rows do not have them all.
_LETTERS = (
    np.random.default_rng(1).permutation(list("abcdefghijklmnopqrstuvwxyz" * 12)).reshape(24, 13)
)
WORDS = {
    code: ["".join(letters) for letters in _LETTERS[at * 8 : at * 8 + 8]]
    for at, code in enumerate(("condemn", "support", "none"))
}


def corpus(n=90, *, noise=0.0, by_article=False):
    """Return rows whose code is in a word; with `by_article` in one that no other article has."""
    random, rows = np.random.default_rng(0), []
    for at in range(n):
        code = list(WORDS)[(at // 3 if by_article else at) % 3]
        word = f"w{at // 3}" if by_article else random.choice(WORDS[code])
        given = random.choice(list(WORDS)) if random.random() < noise else code
        text = f"Peru {word} the levy {random.integers(10**6)}."
        row = {"text": text, "actor": "Peru", "target": "levy", "article": f"a{at // 3}"}
        rows.append(row | {"stance": str(given)})
    return as_corpus(rows).read(as_codebook("stance"))


def test_a_curve_rises_to_what_can_be_learned():
    curve = learning_curve(corpus(noise=0.1), make_object("model", "nb"), draws=3)
    first, last = curve.points[0], curve.points[-1]
    assert (first.rows, last.rows, curve.n) == (15, 72, 90)
    assert first.value < last.value and all(
        point.low <= point.value <= point.high for point in curve.points
    )
    assert last.value - 0.05 < curve.expect(90).value <= curve.expect(190).value <= 1
    gain = curve.expect_gain(100)
    assert gain.rows == 190 and 0 <= gain.low <= gain.value <= gain.high < 0.2
    assert "from all 90 rows" in curve.caption
    assert curve.to_frame()["rows"].tolist() == [point.rows for point in curve.points]


def test_no_article_is_learned_from_and_predicted():
    curve = learning_curve(corpus(by_article=True), make_object("model", "nb"), draws=2)
    assert curve.points[-1].value < 0.5


def test_several_codes_per_row_are_measured_too():
    rows = [
        {"text": f"Of {word} {at}.", "article": str(at), "frames": codes}
        for at, (word, codes) in enumerate(
            [("peace", "peace"), ("cost", "economy"), ("it", "")] * 20
        )
    ]
    data = as_corpus(rows).read(as_codebook("diplomacy"))
    curve = learning_curve(data, make_object("model", "logreg"), draws=1)
    assert 0.8 < curve.points[-1].value <= 1


@pytest.mark.parametrize("rate", [0.3, 0.8])
def test_an_inverse_power_law_is_found_again(rate):
    rows = np.array([20.0, 40, 80, 160, 320])
    noise = np.random.default_rng(0).normal(0, 0.002, (8, 5))
    found, laws = _fit_laws(rows, 0.2 + 1.5 * rows**-rate + noise)
    expected = 0.2 + 1.5 * 640**-rate
    assert np.mean(laws[:, 0] + laws[:, 1] * 640**-found) == pytest.approx(expected, abs=0.01)
    # Errors that do not fall are expected to stay.
    assert _fit_laws(rows, np.linspace(0.3, 0.4, 5)[None])[1][0, 1] == 0


def test_few_rows_or_articles_say_so():
    with pytest.raises(KitError, match="39 rows of 13 articles are too few"):
        learning_curve(corpus(39), make_object("model", "nb"))
