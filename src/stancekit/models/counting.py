"""Character n-grams counted word by word, each word once."""

from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.preprocessing import normalize

# Words whose n-grams are kept in memory.
MOST = 50_000
Known = dict[str, "array[int]"]


def counted(vectorizer: Any, texts: Sequence[str], known: Known) -> csr_matrix:
    """Return what a fitted `TfidfVectorizer` of analyzer `char_wb` makes of texts, several times as fast.

    Its n-grams never cross a word's end, so those of a word are the same wherever it stands.

    Parameters
    ----------
    known
        The n-grams of words that were met before; added to.

    Examples
    --------
    >>> from sklearn.feature_extraction.text import TfidfVectorizer
    >>> texts = ["Never again", "ever the same"]
    >>> fitted = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 3)).fit(texts)
    >>> bool((counted(fitted, texts, {}) != fitted.transform(texts)).nnz)
    False
    """
    if len(known) > MOST:
        known.clear()
    vocabulary, grams = vectorizer.vocabulary_, vectorizer.build_analyzer()
    found, ends = array("i"), [0]
    for text in texts:
        for word in text.lower().split():
            ids = known.get(word)
            if ids is None:
                ids = array("i", [vocabulary[gram] for gram in grams(word) if gram in vocabulary])
                known[word] = ids
            found.extend(ids)
        ends.append(len(found))
    ones = np.ones(len(found), dtype=vectorizer.dtype)
    table = csr_matrix((ones, np.frombuffer(found, dtype=np.intc), ends), shape=(len(texts), len(vocabulary)))
    table.sum_duplicates()
    if vectorizer.sublinear_tf:
        table.data = np.log(table.data) + 1
    table.data *= vectorizer.idf_[table.indices]
    return normalize(table, norm=vectorizer.norm, copy=False)
