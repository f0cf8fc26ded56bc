"""scikit-learn's own checks of estimators, run on every estimator of the kit that can be trained quickly.

scikit-learn runs most of its checks only on estimators whose X is an array of numbers. Here a check gets
the estimator as it is, and the numbers of its X are written as texts where X is read; in a second test the
check itself is given texts. Checks that say nothing about an estimator of texts are listed with the reason.
"""

import warnings
from unittest.mock import patch

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import ComplementNB
from sklearn.svm import LinearSVC
from sklearn.utils import estimator_checks
from sklearn.utils._testing import SkipTest

from stancekit.codebook import load_codebook
from stancekit.errors import KitError
from stancekit.models import base, vectorizer
from stancekit.models.encoder.embedding import Embedding
from stancekit.models.encoder.fewshot import FewShot
from stancekit.models.encoder.finetuned import Encoder
from stancekit.models.encoder.multitask import Joint
from stancekit.models.encoder.nli import NLI
from stancekit.models.ensemble import Ensemble
from stancekit.models.lexicon import Lexicon
from stancekit.models.linear import Linear
from stancekit.models.llm.estimator import LLM
from stancekit.models.majority import Majority
from stancekit.models.vectorizer import ExampleVectorizer
from stancekit.text.inputs import as_examples

# Checks that say nothing about an estimator whose X is texts, and why.
NOT_OF_TEXTS = {
    "check_complex_data": "a text is no complex number; any number is refused in the kit's words",
    "check_estimators_empty_data_messages": (
        "asks for the words of an array without columns; no rows and no text are refused in the kit's words"
    ),
    "check_estimators_nan_inf": "a text is neither NaN nor infinite; a missing text is refused",
    "check_n_features_in": (
        "a text has no columns to count: no n_features_in_, as of scikit-learn's CountVectorizer"
    ),
    "check_fit2d_predict1d": "a sequence of one dimension is what X is",
    "check_dtype_object": "gives numbers as objects, which are no texts",
}
# Further checks that do not apply to single estimators.
OF_ONE = {
    "Linear": {
        "check_sample_weight_equivalence_on_dense_data": (
            "a text that is there twice counts twice in document frequencies; its weight does not"
        ),
    },
    "Embedding": {
        "check_sample_weight_equivalence_on_dense_data": (
            "compares at 1e-7 what the solver of its regression ends at 1e-4"
        ),
    },
}
OF_ONE["Encoder"] = {
    "check_class_weight_classifiers": "class_weight is balanced or None; weights by code are refused",
}
OF_ONE["Joint"] = {
    "check_do_not_raise_errors_in_init_or_set_params": (
        "its settings are those of Encoder, which it takes by name and hands on"
    ),
}
OF_ONE["ExampleVectorizer"] = {
    "check_transformer_general": (
        "asks that a row with one number less is refused; it is run with texts below"
    ),
}
# What is checked of models that learn nothing: their codes are those of a codebook, and the numbers that
# checks give as y are refused. These checks are of tags, settings and what is refused.
DESCRIPTION = (
    "check_estimator_cloneable",
    "check_estimator_tags_renamed",
    "check_valid_tag_types",
    "check_estimator_repr",
    "check_no_attributes_set_in_init",
    "check_estimators_unfitted",
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_mixin_order",
    "check_estimator_sparse_tag",
    "check_classifiers_regression_target",
    "check_supervised_y_no_nan",
    "check_parameters_default_constructible",
    "check_get_params_invariance",
    "check_set_params",
    "check_requires_y_none",
)
# What is checked with texts too, as an array with one column.
WITH_TEXTS = (
    "check_classifier_data_not_an_array",
    "check_classifiers_classes",
    "check_classifiers_one_label",
    "check_estimators_fit_returns_self",
    "check_estimators_overwrite_params",
    "check_estimators_pickle",
    "check_fit_check_is_fitted",
    "check_fit_idempotent",
    "check_fit_score_takes_y",
    "check_pipeline_consistency",
    "check_readonly_memmap_input",
    "check_requires_y_none",
    "check_sample_weights_list",
    "check_sample_weights_not_an_array",
    "check_sample_weights_pandas_series",
    "check_supervised_y_2d",
    "check_transformer_general",
)
LINEAR = {
    "logreg": Linear(LogisticRegression(), min_df=1),
    "svm": Linear(LinearSVC(), min_df=1, char_ngram_range=None),
    "nb": Linear(ComplementNB(), min_df=1, char_ngram_range=None),
}
ESTIMATORS = {
    **LINEAR,
    "linear": Linear(),
    "majority": Majority(),
    "ensemble": Ensemble({"logreg": LINEAR["logreg"], "nb": LINEAR["nb"]}),
    "vectorizer": ExampleVectorizer(min_df=1),
    "lexicon": Lexicon(codebook=load_codebook("stance")),
    "nli": NLI("tiny-nli", codebook=load_codebook("stance")),
    "llm": LLM(endpoint="http://127.0.0.1:9/v1", name="none", codebook=load_codebook("stance")),
    "embedding": Embedding("tiny", C=1.0),
    "encoder": Encoder("tiny", epochs=1, min_steps=0),
    "joint": Joint(checkpoint="tiny", epochs=1, min_steps=0),
    "fewshot": FewShot("tiny", num_iterations=1),
}
# These train or run an encoder, or several models, for every check; what is checked of `linear` is checked of `logreg`.
SLOW = ("encoder", "fewshot", "embedding", "ensemble", "linear")


def list_checks(estimator):
    """Return the checks that scikit-learn has for an estimator of this kind with an array of numbers as X."""
    kind, make_tags = type(estimator), type(estimator).__sklearn_tags__

    def make_other_tags(self):
        tags = make_tags(self)
        tags.input_tags.two_d_array = True
        return tags

    with patch.object(kind, "__sklearn_tags__", make_other_tags), warnings.catch_warnings():
        return [check for _, check in estimator_checks.estimator_checks_generator(estimator)]


def check_name(check):
    return estimator_checks._check_name(check)


def pairs(skipped=(), only=None):
    """Return estimators with the numbers of their checks."""
    found = []
    for name, estimator in ESTIMATORS.items():
        # A joint encoder is trained like any other; what it adds is its settings.
        is_described = isinstance(estimator, Lexicon | NLI | LLM | Joint)
        left_out = () if only else {*skipped, *OF_ONE.get(type(estimator).__name__, ())}
        for number, check in enumerate(list_checks(estimator)):
            called = check_name(check)
            if called in left_out or (only and called not in only):
                continue
            if is_described and called not in DESCRIPTION:
                continue
            marks = pytest.mark.slow if name in SLOW else ()
            called = f"{name}-{called}-{number}"
            found.append(pytest.param(name, number, id=called, marks=marks))
    return found


def write_texts(X):
    """Return one text per row of numbers: how high each is, coarsely and finely."""
    texts = np.empty((len(X), 1), dtype=object)
    for row, numbers in enumerate(np.asarray(X)):
        heights = np.digitize(numbers.astype(float), (-0.4, 0.4))
        fine = np.round(numbers.astype(float) * 2).astype(int) + 500
        words = [f"height{column}x{height}" for column, height in enumerate(heights)]
        words += [f"value{column}x{value}" for column, value in enumerate(fine)]
        texts[row, 0] = " ".join(words)
    return texts


def read_numbers(X):
    """Return arrays and lists of rows of numbers as the examples of their texts, anything else as the kit does."""
    is_list_of_rows = isinstance(X, list) and X and isinstance(X[0], list | np.ndarray)
    if is_list_of_rows or not isinstance(X, list | tuple):
        table = np.asarray(X)
        # Rows as long as a check's data are data of which rows and columns were swapped.
        if table.ndim == 2 and table.dtype.kind in "fiu" and 0 < table.shape[1] <= 50:
            return as_examples(write_texts(table))
    return as_examples(X)


def keep_numbers(estimator, X, X_test=None, kernel=None):
    return X if X_test is None else (X, X_test)


def give_texts(estimator, X, X_test=None, kernel=None):
    return write_texts(X) if X_test is None else (write_texts(X), write_texts(X_test))


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    from tiny import make_encoder, make_nli

    numbers = np.random.default_rng(0).normal(scale=2, size=(300, 4))
    # Words of the numbers alone, so that what the checks find does not hang on the bundled corpus.
    texts = write_texts(numbers)[:, 0].tolist()
    outputs = ["contradiction", "neutral", "entailment"]
    return {
        "tiny": make_encoder(tmp_path_factory.mktemp("numbers"), texts),
        "tiny-nli": make_nli(tmp_path_factory.mktemp("nli"), texts, outputs),
    }


@pytest.fixture
def build(checkpoints):
    def made(name):
        estimator = estimator_checks.clone(ESTIMATORS[name])
        if estimator.get_params(deep=False).get("checkpoint"):
            estimator.set_params(checkpoint=checkpoints[estimator.checkpoint])
        return estimator

    return made


def run_check(check, estimator):
    try:
        # scikit-learn runs its checks with warnings on; some of its data warn.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            check(estimator)
    except SkipTest as reason:
        pytest.skip(str(reason))


@pytest.mark.parametrize(("name", "number"), pairs(skipped=NOT_OF_TEXTS))
def test_checks_of_scikit_learn(name, number, build, monkeypatch):
    estimator = build(name)
    monkeypatch.setattr(estimator_checks, "_enforce_estimator_tags_X", keep_numbers)
    for module in (base, vectorizer):
        monkeypatch.setattr(module, "as_examples", read_numbers)
    check = list_checks(estimator)[number]
    if name == "encoder" and check_name(check) == "check_classifiers_train":
        estimator.set_params(epochs=30)  # it asks for an accuracy of 0.83
    run_check(check, estimator)


@pytest.mark.parametrize(("name", "number"), pairs(only=WITH_TEXTS))
def test_checks_of_scikit_learn_with_texts(name, number, build, monkeypatch):
    estimator = build(name)
    monkeypatch.setattr(estimator_checks, "_enforce_estimator_tags_X", give_texts)
    run_check(list_checks(estimator)[number], estimator)


def test_checks_that_are_left_out_are_checks():
    """A check that scikit-learn renames is not left out under its old name."""
    known = {check_name(check) for name in ESTIMATORS for check in list_checks(ESTIMATORS[name])}
    of_one = {check for checks in OF_ONE.values() for check in checks}
    assert {*NOT_OF_TEXTS, *of_one, *DESCRIPTION, *WITH_TEXTS} <= known


@pytest.mark.parametrize("name", ["lexicon", "nli"])
def test_models_that_learn_nothing_refuse_other_codes(name, build):
    model = build(name)
    with pytest.raises(
        KitError, match=r"y has the codes 0, 1, and .*codebook.* has: abstain, cond"
    ):
        model.fit(["a", "b"], [0, 1])
    with pytest.raises(KitError, match=r"y is an indicator of 2 codes, and .* has 4: abstain"):
        model.fit(["a", "b"], [[0, 1], [1, 0]])
    texts, y = ["Peru condemned it.", "Peru left."], ["condemn", "none"]
    assert model.fit(texts, y) is model and model.predict(texts).shape == (2,)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in ESTIMATORS],
)
def test_y_that_cannot_be_learned_is_told(name, build):
    if name == "vectorizer":
        return
    model, texts = build(name), ["one", "two", "three"]
    for y, message in (
        (None, "requires y to be passed, but the target y is None"),
        (["a", "b"], "X has 3 rows and y 2; give one label per row"),
        (["a", None, "b"], "y has no label in rows 1, counted from 0"),
        ([1.0, np.nan, 0.0], "y has no label in rows 1, counted from 0"),
        ([[1, 0], [0, np.nan], [1, 1]], "y has no label in rows 1, counted from 0"),
        ([["a"], ["a", "b"], []], "MultiLabelBinarizer"),
        ([[0, 1], [2, 1], [0, 0]], "is no indicator of 0 and 1"),
        ("abc", "y no; give one label per row"),
    ):
        with pytest.raises(KitError, match=message):
            model.fit(texts, y)
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        model.fit(texts, [0.5, 1.5, 2.5])
    if model.needs_examples:
        with pytest.raises(KitError, match="was given no examples"):
            model.fit([], [])
    with pytest.raises(NotFittedError):
        model.predict(texts)


def test_labels_of_every_kind():
    texts = ["we agree", "we refuse"] * 3
    model = Linear(min_df=1)
    for labels in ([0, 1], [True, False], ["for", "against"], np.array(["a", "b"], dtype=object)):
        y = np.array(list(labels) * 3, dtype=getattr(labels, "dtype", None))
        fitted = model.fit(texts, y)
        assert fitted.classes_.dtype == y.dtype and fitted.predict(texts).tolist() == y.tolist()


def test_settings_of_members_are_those_of_an_ensemble():
    ensemble = Ensemble({"logreg": Linear(LogisticRegression(C=1.0)), "other": Majority()})
    assert ensemble.get_params()["logreg__classifier__C"] == 1.0
    copy = estimator_checks.clone(ensemble).set_params(logreg__classifier__C=9.0, other=Linear())
    assert copy.members["logreg"].classifier.C == 9.0 and isinstance(copy.members["other"], Linear)
    # The one that was copied is as it was.
    assert ensemble.members["logreg"].classifier.C == 1.0
    assert isinstance(ensemble.members["other"], Majority)
    with pytest.raises(ValueError, match="Invalid parameter 'svm' for estimator Ensemble"):
        ensemble.set_params(svm__C=1.0)
    assert "logreg" not in ensemble.get_params(deep=False)
