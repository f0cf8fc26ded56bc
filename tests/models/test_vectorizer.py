"""Counts of n-grams: the very numbers of scikit-learn's own vectorizer."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from stancekit.models.vectorizer import count_ngrams

TEXTS = [
    "Peru, of course, shunned the levy; the levy went on.",
    "the Levy  that Türkiye's envoy shunned — «non» —",
    "Peru. Peru. Peru.",
    "",
    "a",
    "İstanbul shunned it, and it shunned İstanbul",
]
NEW = [*TEXTS, "An unheard-of word", "the envoy went on, the levy", "  Peru\tof\ncourse "]


@pytest.mark.parametrize(
    "settings",
    [
        {"ngram_range": (1, 1)},
        {"ngram_range": (1, 2), "token_pattern": r"(?u)[\w@]+|[^\w\s]", "sublinear_tf": True},
        {"ngram_range": (2, 3), "token_pattern": r"\S+", "min_df": 1},
        {"ngram_range": (3, 9), "token_pattern": r"\S+"},
        {"analyzer": "char_wb", "ngram_range": (2, 5), "sublinear_tf": True},
    ],
)
def test_counts_are_those_of_scikit_learn_to_the_bit(settings):
    fitted = TfidfVectorizer(**settings).fit(TEXTS)
    known = {}
    for texts in (TEXTS, NEW, [""]):
        wanted, got = fitted.transform(texts), count_ngrams(fitted, texts, known)
        assert got.shape == wanted.shape
        wanted.sort_indices()
        for part in ("data", "indices", "indptr"):
            assert np.array_equal(getattr(got, part), getattr(wanted, part)), part
