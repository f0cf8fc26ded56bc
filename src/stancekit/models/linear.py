"""Linear baselines: TF-IDF over marked text, any scikit-learn classifier on top."""

from array import array
from collections.abc import Iterator, Sequence
from copy import copy
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array, hstack
from scipy.special import expit, softmax
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import normalize

from stancekit.errors import KitError
from stancekit.models.base import ExampleClassifier
from stancekit.models.features import Marked, Plain, mark
from stancekit.types import Example

# Words whose n-grams are kept in memory: some tens of megabytes.
MAX_KNOWN_WORDS = 50_000
KnownWords = dict[str, "array[int]"]


def count_ngrams(vectorizer: Any, texts: Sequence[str], known: KnownWords) -> csr_matrix:
    """Return what a fitted `TfidfVectorizer` of analyzer `char_wb` makes of texts, several times as fast.

    Its n-grams never cross a word's end, so those of a word are the same in every text.

    Parameters
    ----------
    known
        The n-grams of words that were met before; new words are added.

    Examples
    --------
    >>> from sklearn.feature_extraction.text import TfidfVectorizer
    >>> texts = ["Never again", "ever the same"]
    >>> fitted = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 3)).fit(texts)
    >>> bool((count_ngrams(fitted, texts, {}) != fitted.transform(texts)).nnz)
    False
    """
    if len(known) > MAX_KNOWN_WORDS:
        known.clear()
    vocabulary, split_ngrams = vectorizer.vocabulary_, vectorizer.build_analyzer()
    columns, ends = array("i"), [0]
    for text in texts:
        for word in text.lower().split():
            ids = known.get(word)
            if ids is None:
                ngrams = split_ngrams(word)
                ids = array("i", [vocabulary[ngram] for ngram in ngrams if ngram in vocabulary])
                known[word] = ids
            columns.extend(ids)
        ends.append(len(columns))
    ones = np.ones(len(columns), dtype=vectorizer.dtype)
    table = csr_matrix(
        (ones, np.frombuffer(columns, dtype=np.intc), ends), shape=(len(texts), len(vocabulary))
    )
    table.sum_duplicates()
    if vectorizer.sublinear_tf:
        table.data = np.log(table.data) + 1
    table.data *= vectorizer.idf_[table.indices]
    return normalize(table, norm=vectorizer.norm, copy=False)


_WORD_OR_MARK = r"(?u)[\w@]+|[^\w\s]"
# Every target adds a copy of all columns, which pays only where targets are few (a copy costs memory
# and time) and each has enough examples for weights of its own. Both bounds were set by hand.
MAX_TARGETS, EXAMPLES_PER_TARGET = 20, 100
# How many words on each side of the actor are seen with their side.
SURROUNDINGS = 8
# Examples that are scored together, which bounds memory.
BATCH_EXAMPLES = 4096


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


class Linear(ExampleClassifier):
    """TF-IDF of words, characters and the actor's surroundings under a linear classifier.

    Where training has few targets and many examples of each, every feature is counted again for its
    target, so that a word can mean one thing in general and another towards one target (Daumé III
    2007, "Frustratingly Easy Domain Adaptation", section 3).

    Parameters
    ----------
    classifier
        Any scikit-learn classifier with `predict_proba` or `decision_function`. For an indicator
        `y` one copy is fitted per code.
    features
        `Plain`, `Pair` or `Marked`: what of actor and target is seen.
    ngram_range, char_ngram_range
        The shortest and the longest n-grams of words, and of characters within words, as of
        scikit-learn's vectorizers; `None` leaves them out.
    min_df
        How many training texts an n-gram has to be in. Where all are rarer, it is 1.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> some = [Example("1", "we agree"), Example("2", "we refuse")] * 3
    >>> model = Linear(LogisticRegression(), min_df=1).fit(some, np.array(["for", "against"] * 3))
    >>> model.predict(some[:2]).tolist()
    ['for', 'against']
    """

    passes_on_random_state: ClassVar[bool] = True

    def __init__(
        self,
        classifier: Any = None,
        *,
        features: Any = None,
        ngram_range: Sequence[int] | None = (1, 2),
        char_ngram_range: Sequence[int] | None = (2, 5),
        min_df: int = 2,
        random_state: int | None = None,
    ) -> None:
        self.classifier = classifier
        self.features = features
        self.ngram_range = ngram_range
        self.char_ngram_range = char_ngram_range
        self.min_df = min_df
        self.random_state = random_state

    def fit(self, X: Sequence[Example], y: NDArray[Any]) -> Self:
        """Learn vocabulary and weights; `y` has shape (examples,) or (examples, codes)."""
        y = np.asarray(y)
        self.multi_label_ = y.ndim == 2
        targets = sorted({example.target.name for example in X if example.target})
        few = 1 < len(targets) <= MAX_TARGETS and len(X) >= EXAMPLES_PER_TARGET * len(targets)
        self.targets_ = targets if few and self._sees_pair() else []
        self.vectorizers_: list[Any] = []
        self.__dict__.pop("_words", None)
        table = self._by_target(hstack(list(self._learn(X))).tocsr(), X)
        model = clone(self.classifier)
        # Of a pipeline, its parts' too.
        states = [key for key in model.get_params() if key.split("__")[-1] == "random_state"]
        model.set_params(**dict.fromkeys(states, self.random_state))
        self.model_ = (OneVsRestClassifier(model) if self.multi_label_ else model).fit(table, y)
        self.classes_ = np.arange(y.shape[1]) if self.multi_label_ else self.model_.classes_
        return self

    def predict_proba(self, X: Sequence[Example]) -> NDArray[np.float64]:
        """Return the probability of each code, shape (examples, codes).

        A margin classifier's decision values are passed through a softmax, or a logistic function
        where there are several labels: scores to rank by, not calibrated probabilities.
        """
        starts = range(0, len(X), BATCH_EXAMPLES)
        batches = [X[start : start + BATCH_EXAMPLES] for start in starts]
        parts = [self._probabilities(self._table(batch)) for batch in batches]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.classes_)))

    def _probabilities(self, table: csr_matrix) -> NDArray[np.float64]:
        if hasattr(self.model_, "predict_proba"):
            return np.asarray(self.model_.predict_proba(table))
        margin = self.model_.decision_function(table)
        if margin.ndim == 1:
            margin = np.column_stack([-margin, margin])
        return np.asarray(expit(margin) if self.multi_label_ else softmax(margin, axis=1))

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

    def _sees_pair(self) -> bool:
        """Say whether actor and target are seen as a second text."""
        return self.features is not None and not isinstance(self.features, Plain)

    def _views(self, X: Sequence[Example]) -> Iterator[tuple[list[str], dict[str, Any]]]:
        """Yield each view of the texts with the settings of its vectorizer."""
        words = _check_range("ngram_range", self.ngram_range)
        characters = _check_range("char_ngram_range", self.char_ngram_range)
        marked = isinstance(self.features, Marked)
        texts = [mask_roles(example) if marked else example.text for example in X]
        shared = {"sublinear_tf": True, "min_df": self.min_df}
        if words:
            yield texts, {"ngram_range": words, "token_pattern": _WORD_OR_MARK, **shared}
        if characters:
            yield texts, {"analyzer": "char_wb", "ngram_range": characters, **shared}
        if self._sees_pair():
            pairs = [self.features.render(example).pair for example in X]
            yield pairs, {"token_pattern": _WORD_OR_MARK, **shared}
        if marked and words:
            near = [around(text) for text in texts]
            yield near, {"token_pattern": r"\S+", "ngram_range": (1, 2), **shared}

    def _learn(self, X: Sequence[Example]) -> Iterator[csr_matrix]:
        for texts, settings in self._views(X):
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
        tables = [self._count(vectorizer, texts) for vectorizer, (texts, _) in views if vectorizer]
        return self._by_target(hstack(tables).tocsr(), X)

    def _count(self, vectorizer: TfidfVectorizer, texts: list[str]) -> csr_matrix:
        if vectorizer.analyzer != "char_wb":
            return vectorizer.transform(texts)
        # What is known of words is no part of the model: it is neither saved nor copied.
        return count_ngrams(vectorizer, texts, self.__dict__.setdefault("_words", {}))

    def _by_target(self, table: csr_matrix, X: Sequence[Example]) -> csr_matrix:
        """Return the table with a copy beside it for every target, which is empty but in that target's rows."""
        if not self.targets_:
            return table
        names = np.array([example.target.name if example.target else "" for example in X])
        rows_of = [diags_array((names == target).astype(float)) for target in self.targets_]
        return hstack([table, *(rows @ table for rows in rows_of)]).tocsr()
