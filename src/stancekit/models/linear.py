"""Linear baselines: TF-IDF over marked text, any scikit-learn classifier on top."""

from array import array
from collections.abc import Iterator, Sequence
from copy import copy
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array, hstack
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import normalize

from stancekit.models.features import Marked, Plain, mark
from stancekit.types import Example

# Words whose n-grams are kept in memory.
MAX_KNOWN_WORDS = 50_000
KnownWords = dict[str, "array[int]"]


def count_ngrams(vectorizer: Any, texts: Sequence[str], known: KnownWords) -> csr_matrix:
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
    >>> bool((count_ngrams(fitted, texts, {}) != fitted.transform(texts)).nnz)
    False
    """
    if len(known) > MAX_KNOWN_WORDS:
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
    table = csr_matrix(
        (ones, np.frombuffer(found, dtype=np.intc), ends), shape=(len(texts), len(vocabulary))
    )
    table.sum_duplicates()
    if vectorizer.sublinear_tf:
        table.data = np.log(table.data) + 1
    table.data *= vectorizer.idf_[table.indices]
    return normalize(table, norm=vectorizer.norm, copy=False)


_WORD_OR_MARK = r"(?u)[\w@]+|[^\w\s]"
# Up to so many targets, with so many examples each on average, everything is counted by target too.
_TARGETS, _EACH = 20, 100
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


def around(text: str, width: int = 8) -> str:
    """Return the words near `@actor`, each with its side, so that who did what is not lost.

    Examples
    --------
    >>> around("the levy that @actor shunned", width=2)
    '<levy <that >shunned'
    """
    words = text.lower().split()
    if "@actor" not in words:
        return ""
    at = words.index("@actor")
    before = (f"<{word.strip('.,;:')}" for word in words[max(0, at - width) : at])
    after = (f">{word.strip('.,;:')}" for word in words[at + 1 : at + 1 + width])
    return " ".join((*before, *after))


def _with_vocabulary(vectorizer: Any, vocabulary: dict[str, int]) -> Any:
    """Return a copy of a vectorizer with another vocabulary."""
    if vectorizer is None:
        return None
    other = copy(vectorizer)
    other.vocabulary_ = vocabulary
    return other


class Linear(ClassifierMixin, BaseEstimator):
    """TF-IDF of words, characters and the actor's surroundings under a linear classifier.

    Parameters
    ----------
    classifier
        Any scikit-learn classifier with `predict_proba` or `decision_function`. For an indicator
        `y` one copy is fitted per code.
    features
        `Plain`, `Pair` or `Marked`: what of actor and target is seen.
    words, characters
        Longest n-grams; 0 leaves them out.

    Where training has few targets and many examples of each, everything counts once more for every
    target, so that a word can mean one thing in general and another towards one of them (Daumé III
    2007, "Frustratingly Easy Domain Adaptation", section 3).

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> some = [Example("1", "we agree"), Example("2", "we refuse")] * 3
    >>> model = Linear(LogisticRegression(), min_count=1).fit(some, np.array(["for", "against"] * 3))
    >>> model.predict(some[:2]).tolist()
    ['for', 'against']
    """

    passes_on_random_state = True

    def __init__(
        self,
        classifier: Any = None,
        *,
        features: Any = None,
        words: int = 2,
        characters: int = 5,
        min_count: int = 2,
        random_state: int | None = None,
    ) -> None:
        self.classifier = classifier
        self.features = features
        self.words = words
        self.characters = characters
        self.min_count = min_count
        self.random_state = random_state

    def fit(self, X: Sequence[Example], y: NDArray[Any]) -> Self:
        """Learn vocabulary and weights; `y` has shape (examples,) or (examples, codes)."""
        y = np.asarray(y)
        targets = sorted({example.target.name for example in X if example.target})
        shown = self.features is not None and not isinstance(self.features, Plain)
        few = shown and 1 < len(targets) <= _TARGETS and len(X) >= _EACH * len(targets)
        self.targets_ = targets if few else []
        self.vectorizers_: list[Any] = []
        self.__dict__.pop("_words", None)
        table = self._by_target(hstack(list(self._learn(X))).tocsr(), X)
        model = clone(self.classifier)
        # Of a pipeline, its parts' too.
        random = [key for key in model.get_params() if key.split("__")[-1] == "random_state"]
        model.set_params(**dict.fromkeys(random, self.random_state))
        self.model_ = (OneVsRestClassifier(model) if y.ndim == 2 else model).fit(table, y)
        self.classes_ = np.arange(y.shape[1]) if y.ndim == 2 else self.model_.classes_
        return self

    def predict_proba(self, X: Sequence[Example]) -> NDArray[np.float64]:
        """Return the probability of each code, shape (examples, codes).

        A margin classifier's decision values are passed through a softmax, or a logistic function
        where there are several labels: scores to rank by, not calibrated probabilities.
        """
        parts = [
            self._probabilities(self._table(X[at : at + BATCH_EXAMPLES]))
            for at in range(0, len(X), BATCH_EXAMPLES)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.classes_)))

    def _probabilities(self, table: csr_matrix) -> NDArray[np.float64]:
        if hasattr(self.model_, "predict_proba"):
            return np.asarray(self.model_.predict_proba(table))
        margin = self.model_.decision_function(table)
        if margin.ndim == 1:
            margin = np.column_stack([-margin, margin])
        if isinstance(self.model_, OneVsRestClassifier):
            return np.asarray(1 / (1 + np.exp(-margin)))
        power = np.exp(margin - margin.max(axis=1, keepdims=True))
        return np.asarray(power / power.sum(axis=1, keepdims=True))

    def predict(self, X: Sequence[Example]) -> NDArray[Any]:
        """Return the likeliest code, or the indicator of codes at or above one half."""
        scores = self.predict_proba(X)
        if isinstance(self.model_, OneVsRestClassifier):
            return (scores >= 0.5).astype(int)
        return np.asarray(self.classes_[scores.argmax(axis=1)])

    def __getstate__(self) -> dict[str, Any]:
        """Return the state with each vocabulary as one text, which is saved and read back many times as fast."""
        state = dict(super().__getstate__())
        state.pop("_words", None)
        if "vectorizers_" in state:
            known = [one.vocabulary_ if one else {} for one in self.vectorizers_]
            state["vectorizers_"] = [_with_vocabulary(one, {}) for one in self.vectorizers_]
            state["terms_"] = ["\n".join(sorted(terms, key=terms.__getitem__)) for terms in known]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take the vocabularies apart again; no term holds a line break."""
        rest = dict(state)
        if "terms_" in rest:
            terms = [
                {term: at for at, term in enumerate(of.split("\n"))} for of in rest.pop("terms_")
            ]
            rest["vectorizers_"] = [
                _with_vocabulary(*pair) for pair in zip(rest["vectorizers_"], terms, strict=True)
            ]
        super().__setstate__(rest)

    def _views(self, X: Sequence[Example]) -> Iterator[tuple[list[str], dict[str, Any]]]:
        """Yield each view of the texts with the settings of its vectorizer."""
        marked = isinstance(self.features, Marked)
        texts = [mask_roles(example) if marked else example.text for example in X]
        shared = {"sublinear_tf": True, "min_df": self.min_count}
        if self.words:
            yield texts, {"ngram_range": (1, self.words), "token_pattern": _WORD_OR_MARK, **shared}
        if self.characters:
            yield texts, {"analyzer": "char_wb", "ngram_range": (2, self.characters), **shared}
        if self.features is not None and not isinstance(self.features, Plain):
            yield (
                [self.features.render(example).pair for example in X],
                {"token_pattern": _WORD_OR_MARK, **shared},
            )
        if marked and self.words:
            yield (
                [around(text) for text in texts],
                {"token_pattern": r"\S+", "ngram_range": (1, 2), **shared},
            )

    def _learn(self, X: Sequence[Example]) -> Iterator[csr_matrix]:
        for texts, settings in self._views(X):
            vectorizer = TfidfVectorizer(**settings)
            if any(text.strip() for text in texts):
                try:
                    yield vectorizer.fit_transform(texts)
                except (
                    ValueError
                ):  # every term is rarer than min_count, as in a handful of examples
                    vectorizer = TfidfVectorizer(**{**settings, "min_df": 1})
                    yield vectorizer.fit_transform(texts)
                self.vectorizers_.append(vectorizer)
            else:
                self.vectorizers_.append(None)

    def _table(self, X: Sequence[Example]) -> csr_matrix:
        views = zip(self.vectorizers_, self._views(X), strict=True)
        tables = [
            self._counted(vectorizer, texts) for vectorizer, (texts, _) in views if vectorizer
        ]
        return self._by_target(hstack(tables).tocsr(), X)

    def _counted(self, vectorizer: TfidfVectorizer, texts: list[str]) -> csr_matrix:
        if vectorizer.analyzer != "char_wb":
            return vectorizer.transform(texts)
        # What is known of words is no part of the model: it is neither saved nor copied.
        return count_ngrams(vectorizer, texts, self.__dict__.setdefault("_words", {}))

    def _by_target(self, table: csr_matrix, X: Sequence[Example]) -> csr_matrix:
        """Return the table with a copy of its own beside it for every target, empty but in that target's rows."""
        # A model saved before there were copies has none.
        targets = getattr(self, "targets_", [])
        if not targets:
            return table
        names = np.array([example.target.name if example.target else "" for example in X])
        copies = (diags_array((names == target).astype(float)) @ table for target in targets)
        return hstack([table, *copies]).tocsr()
