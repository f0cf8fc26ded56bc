"""Counts of n-grams as scikit-learn's classifiers read them: TF-IDF of words, characters, actor and target."""

from array import array
from collections.abc import Iterator, Sequence
from copy import copy
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array, hstack
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize
from sklearn.utils.validation import check_is_fitted

from stancekit.errors import KitError
from stancekit.models.base import tag_texts
from stancekit.models.features import Marked, Plain, mark
from stancekit.text.inputs import as_examples
from stancekit.types import Example

# Words whose n-grams are kept in memory: some tens of megabytes.
MAX_KNOWN_WORDS = 50_000
KnownWords = dict[str, bytes]


def count_ngrams(vectorizer: Any, texts: Sequence[str], known: KnownWords) -> csr_matrix:
    """Return what a fitted `TfidfVectorizer` of analyzer `word` or `char_wb` makes of texts, several times as fast.

    Parameters
    ----------
    known
        The columns of words that were met before, where n-grams are of characters; new words are added.

    Examples
    --------
    >>> from sklearn.feature_extraction.text import TfidfVectorizer
    >>> texts = ["Never again", "ever the same"]
    >>> fitted = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 3)).fit(texts)
    >>> bool((count_ngrams(fitted, texts, {}) != fitted.transform(texts)).nnz)
    False
    """
    if vectorizer.analyzer == "char_wb":
        rows = list(_columns_of_letters(vectorizer, texts, known))
    else:
        rows = list(_columns_of_words(vectorizer, texts))
    columns = np.frombuffer(bytearray().join(rows), dtype=np.intc)
    ends = np.cumsum([0, *map(len, rows)]) // columns.itemsize
    ones = np.ones(len(columns), dtype=vectorizer.dtype)
    table = csr_matrix((ones, columns, ends), shape=(len(texts), len(vectorizer.vocabulary_)))
    table.sum_duplicates()
    if vectorizer.sublinear_tf:
        table.data = np.log(table.data) + 1
    table.data *= vectorizer.idf_[table.indices]
    return normalize(table, norm=vectorizer.norm, copy=False)


def _columns_of_letters(
    vectorizer: Any, texts: Sequence[str], known: KnownWords
) -> Iterator[bytes]:
    """Yield the columns of each text's n-grams of characters, as integers of C.

    None crosses a word's end, so that those of a word are the same in every text.
    """
    if len(known) > MAX_KNOWN_WORDS:
        known.clear()
    vocabulary, split_ngrams = vectorizer.vocabulary_, vectorizer.build_analyzer()
    for text in texts:
        words = text.lower().split()
        for word in words:
            if word not in known:
                ngrams = split_ngrams(word)
                ids = [vocabulary[ngram] for ngram in ngrams if ngram in vocabulary]
                known[word] = array("i", ids).tobytes()
        yield b"".join([known[word] for word in words])


def _columns_of_words(vectorizer: Any, texts: Sequence[str]) -> Iterator[bytes]:
    """Yield the columns of each text's n-grams of words, as integers of C."""
    column_of, split_words = vectorizer.vocabulary_.get, vectorizer.build_tokenizer()
    shortest, longest = vectorizer.ngram_range
    for text in texts:
        words = split_words(text.lower())
        found: list[int | None] = []
        for size in range(shortest, longest + 1):
            runs = zip(*(words[first:] for first in range(size)), strict=False)
            found += map(column_of, words if size == 1 else map(" ".join, runs))
        yield array("i", [column for column in found if column is not None]).tobytes()


_WORD_OR_MARK = r"(?u)[\w@]+|[^\w\s]"
# Every target adds a copy of all columns, which pays only where targets are few (a copy costs memory
# and time) and each has enough examples for weights of its own. Both bounds were set by hand.
MAX_TARGETS, EXAMPLES_PER_TARGET = 20, 100
# How many words on each side of the actor are seen with their side.
SURROUNDINGS = 8


def mask_roles(example: Example) -> str:
    """Return the sentence with actor and target replaced by their roles.

    Examples
    --------
    >>> from stancekit.types import Mention
    >>> mask_roles(Example("1", "Peru shunned the levy.", Mention("Peru", 0, 4), Mention("the levy", 13, 21)))
    ' @actor  shunned  @target .'
    """
    return mark(example, actor=(" @actor ", ""), target=(" @target ", ""), keep=False)


def around(text: str, width: int = SURROUNDINGS) -> str:
    """Return the words near `@actor`, each with its side, so that the actor's deeds differ from what is done to it.

    Examples
    --------
    >>> around("the levy that @actor shunned", width=2)
    '<levy <that >shunned'
    """
    words = text.lower().split()
    if "@actor" not in words:
        return ""
    place = words.index("@actor")
    before = [f"<{word.strip('.,;:')}" for word in words[max(0, place - width) : place]]
    after = [f">{word.strip('.,;:')}" for word in words[place + 1 : place + 1 + width]]
    return " ".join(before + after)


def _with_vocabulary(vectorizer: Any, vocabulary: dict[str, int]) -> Any:
    """Return a copy of a vectorizer with another vocabulary."""
    if vectorizer is None:
        return None
    other = copy(vectorizer)
    other.vocabulary_ = vocabulary
    return other


def _check_range(name: str, value: Any) -> tuple[int, int] | None:
    """Return a range of n-gram lengths as a pair, as scikit-learn takes it."""
    if value is None:
        return None
    pair = tuple(value) if isinstance(value, list | tuple) else ()
    if len(pair) != 2 or not all(isinstance(n, int) for n in pair) or not 1 <= pair[0] <= pair[1]:
        raise KitError(
            f"{name} is {value!r}; give the shortest and the longest n-gram, as [1, 2], or null to leave them out"
        )
    return pair[0], pair[1]


class NgramViews(BaseEstimator):
    """Count n-grams in the views of examples: text, characters, pair, what is near the actor.

    A subclass has the settings of `ExampleVectorizer`. Where training has few targets and many
    examples of each, every n-gram is counted again for its target, so that a word can mean one
    thing in general and another towards one target (Daumé III 2007, "Frustratingly Easy Domain
    Adaptation", section 3).
    """

    features: Any
    ngram_range: Sequence[int] | None
    char_ngram_range: Sequence[int] | None
    min_df: int

    def _sees_pair(self) -> bool:
        """Say whether actor and target are seen as a second text."""
        return self.features is not None and not isinstance(self.features, Plain)

    def _views(self, X: Sequence[Example]) -> Iterator[tuple[str, list[str], dict[str, Any]]]:
        """Yield the name of each view, its texts, and the settings of its vectorizer."""
        words = _check_range("ngram_range", self.ngram_range)
        characters = _check_range("char_ngram_range", self.char_ngram_range)
        marked = isinstance(self.features, Marked)
        texts = [mask_roles(example) if marked else example.text for example in X]
        shared = {"sublinear_tf": True, "min_df": self.min_df}
        if words:
            yield "text", texts, {"ngram_range": words, "token_pattern": _WORD_OR_MARK, **shared}
        if characters:
            yield "characters", texts, {"analyzer": "char_wb", "ngram_range": characters, **shared}
        if self._sees_pair():
            pairs = [self.features.name_pair(example) for example in X]
            yield "pair", pairs, {"token_pattern": _WORD_OR_MARK, **shared}
        if marked and words:
            near = [around(text) for text in texts]
            yield "near", near, {"token_pattern": r"\S+", "ngram_range": (1, 2), **shared}

    def _learn(self, X: Sequence[Example]) -> csr_matrix:
        """Learn the vocabularies, and return the table of counts."""
        targets = sorted({example.target.name for example in X if example.target})
        few = 1 < len(targets) <= MAX_TARGETS and len(X) >= EXAMPLES_PER_TARGET * len(targets)
        self.targets_ = targets if few and self._sees_pair() else []
        self.vectorizers_: list[Any] = []
        self._words: KnownWords = {}
        return self._by_target(hstack(list(self._learn_views(X))).tocsr(), X)

    def _learn_views(self, X: Sequence[Example]) -> Iterator[csr_matrix]:
        for _, texts, settings in self._views(X):
            if not any(text.strip() for text in texts):
                self.vectorizers_.append(None)
                continue
            vectorizer = TfidfVectorizer(**settings)
            try:
                table = vectorizer.fit_transform(texts)
            except ValueError:  # every term is rarer than min_df, as in a handful of examples
                vectorizer = TfidfVectorizer(**{**settings, "min_df": 1})
                table = vectorizer.fit_transform(texts)
            self.vectorizers_.append(vectorizer)
            yield table

    def _table(self, X: Sequence[Example]) -> csr_matrix:
        views = zip(self.vectorizers_, self._views(X), strict=True)
        tables = [
            self._count(vectorizer, texts) for vectorizer, (_, texts, _) in views if vectorizer
        ]
        return self._by_target(hstack(tables).tocsr(), X)

    def _count(self, vectorizer: TfidfVectorizer, texts: list[str]) -> csr_matrix:
        # What is known of words is no part of the model: it is neither saved nor copied.
        return count_ngrams(vectorizer, texts, self.__dict__.setdefault("_words", {}))

    def _by_target(self, table: csr_matrix, X: Sequence[Example]) -> csr_matrix:
        """Return the table with a copy beside it for every target, which is empty but in that target's rows."""
        if not self.targets_:
            return table
        names = np.array([example.target.name if example.target else "" for example in X])
        rows_of = [diags_array((names == target).astype(float)) for target in self.targets_]
        return hstack([table, *(rows @ table for rows in rows_of)]).tocsr()

    def __getstate__(self) -> dict[str, Any]:
        """Return the state with each vocabulary as one text, which is saved and read back many times as fast."""
        state = dict(super().__getstate__())
        state.pop("_words", None)
        if "vectorizers_" in state:
            vocabularies = [
                vectorizer.vocabulary_ if vectorizer else {} for vectorizer in self.vectorizers_
            ]
            state["terms_"] = [
                "\n".join(sorted(terms, key=terms.__getitem__)) for terms in vocabularies
            ]
            state["vectorizers_"] = [
                _with_vocabulary(vectorizer, {}) for vectorizer in self.vectorizers_
            ]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Split the texts of vocabularies into terms; no term holds a line break."""
        rest = dict(state)
        if "terms_" in rest:
            vectorizers = []
            for vectorizer, terms in zip(rest["vectorizers_"], rest.pop("terms_"), strict=True):
                vocabulary = {term: column for column, term in enumerate(terms.split("\n"))}
                vectorizers.append(_with_vocabulary(vectorizer, vocabulary))
            rest["vectorizers_"] = vectorizers
        super().__setstate__(rest)


class ExampleVectorizer(TransformerMixin, NgramViews):
    """What `Linear` counts in examples, as a transformer: TF-IDF of n-grams, before any estimator of scikit-learn.

    Parameters
    ----------
    features
        `Plain`, `Pair` or `Marked`: what of actor and target is seen; by default the text alone.
    ngram_range, char_ngram_range, min_df
        As of `stancekit.models.linear.Linear`.

    Examples
    --------
    >>> from sklearn.naive_bayes import ComplementNB
    >>> from sklearn.pipeline import make_pipeline
    >>> model = make_pipeline(ExampleVectorizer(min_df=1), ComplementNB())
    >>> model.fit(["we agree", "we refuse"], ["for", "against"]).predict(["they agree"]).tolist()
    ['for']
    >>> counts = ExampleVectorizer(char_ngram_range=None, min_df=1).fit(["we agree", "we refuse"])
    >>> counts.get_feature_names_out().tolist()
    ['text__agree', 'text__refuse', 'text__we', 'text__we agree', 'text__we refuse']
    """

    def __init__(
        self,
        *,
        features: Any = None,
        ngram_range: Sequence[int] | None = (1, 2),
        char_ngram_range: Sequence[int] | None = (2, 5),
        min_df: int = 2,
    ) -> None:
        self.features = features
        self.ngram_range = ngram_range
        self.char_ngram_range = char_ngram_range
        self.min_df = min_df

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn what X may be: texts, dicts or a table, but no array of numbers."""
        return tag_texts(super().__sklearn_tags__())

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the vocabularies; `y` is not read."""
        self.fit_transform(X)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> csr_matrix:
        """Learn the vocabularies, and return the counts of the same examples."""
        examples = as_examples(X)
        if not len(examples):
            raise KitError(f"{type(self).__name__} was given no examples; give some")
        return self._learn(examples)

    def transform(self, X: Any) -> csr_matrix:
        """Return the weights of n-grams, shape (examples, n-grams)."""
        check_is_fitted(self)
        return self._table(as_examples(X))

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """Return the name of each column: its view and its n-gram, and the target of a copy.

        Parameters
        ----------
        input_features
            Not read; scikit-learn passes it.
        """
        check_is_fitted(self)
        names = [
            f"{view}__{term}"
            for (view, _, _), vectorizer in zip(self._views([]), self.vectorizers_, strict=True)
            if vectorizer
            for term in vectorizer.get_feature_names_out()
        ]
        copies = [f"{target}__{name}" for target in self.targets_ for name in names]
        return np.array([*names, *copies], dtype=object)
