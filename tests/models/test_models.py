"""The contract that every shipped model keeps, found by glob."""

import numpy as np
import pytest
from conftest import ROOT, every
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from omegaconf import OmegaConf
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, RidgeClassifier, SGDClassifier
from sklearn.naive_bayes import ComplementNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler
from sklearn.svm import LinearSVC
from tiny import make_encoder, make_nli

from stancekit.errors import KitError
from stancekit.models.classifier import depends_on_random_state, encode_labels, fit
from stancekit.models.ensemble import Ensemble
from stancekit.models.features import Marked
from stancekit.models.linear import Linear
from stancekit.types import Example

# An ensemble of finished runs needs some (tests/test_finished.py), a student its teacher
# (tests/models/encoder/test_teachers.py), language models a server or weights (tests/models/llm).
NEED_MODELS = {"ensemble_runs", "distilled", "llm", "smollm2"}
SHIPPED = sorted(
    path for path in (ROOT / "configs" / "model").glob("*.yaml") if path.stem not in NEED_MODELS
)
# Those that go through more than one training of an encoder, or a large one, keep the contract in more
# than a second or two.
LONG = {
    "box",
    "box_head",
    "fewshot",
    "fewshot_cues",
    "ensemble_minilm",
    "transformer",
    "joint",
    "box_tuned",
}
EACH = [
    pytest.param(path, marks=pytest.mark.slow if path.stem in LONG else (), id=path.stem)
    for path in SHIPPED
]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory, parts):
    texts = [one.text for one in every(parts.train, 600).examples]
    names = ["contradiction", "neutral", "entailment"]
    return make_encoder(tmp_path_factory.mktemp("tiny"), texts), make_nli(
        tmp_path_factory.mktemp("nli"), texts, names
    )


def shrink(config, checkpoint):
    """Give encoders tiny weights and two epochs or one round, in ensembles too."""
    for key, value in list(config.items_ex(resolve=False)):
        if OmegaConf.is_dict(value):
            shrink(value, checkpoint)
        elif key == "checkpoint":
            config.checkpoint = checkpoint
        elif key == "epochs":
            config.epochs, config.min_steps = 2, 0
        elif key == "frozen_layers":
            config.frozen_layers = 1
        elif key == "num_iterations":
            config.num_iterations = 1


@pytest.fixture
def build(tiny):
    """Return a builder of shipped models."""

    def made(path, codebook):
        with initialize_config_dir(str(ROOT / "configs"), version_base="1.3"):
            config = compose("train", [f"model={path.stem}"]).model
        OmegaConf.set_struct(config, False)
        shrink(config, tiny[path.stem == "nli"])
        return complete(instantiate(config, _convert_="all"), codebook)

    return made


def complete(model, codebook):
    given = {"features": Marked(), "codebook": codebook, "random_state": 0, "num_iterations": 1}
    return model.set_params(
        **{key: value for key, value in given.items() if key in model.get_params(deep=False)}
    )


@pytest.mark.parametrize("path", EACH)
def test_single_label_contract(path, parts, build):
    train, test = every(parts.train, 160), parts.test.take(range(40))
    model = build(path, train.codebook)
    before = repr(model.get_params())
    X, y = train.examples, encode_labels(train)
    assert model.fit(X, y) is model
    assert repr(model.get_params()) == before
    scores = model.predict_proba(test.examples)
    assert (
        scores.shape == (40, len(model.classes_))
        and np.allclose(scores.sum(axis=1), 1)
        and scores.min() >= 0
    )
    labels = model.predict(test.examples)
    assert labels.tolist() == model.classes_[scores.argmax(axis=1)].tolist()
    again = clone(model)
    assert not hasattr(again, "classes_")
    assert np.allclose(again.fit(X, y).predict_proba(test.examples), scores, atol=1e-6)


@pytest.mark.parametrize("path", EACH)
def test_multi_label_contract(path, frame_parts, build):
    train, test = (
        every(frame_parts.train, 160),
        frame_parts.test.take(range(40)),
    )
    model = build(path, train.codebook).fit(train.examples, encode_labels(train))
    scores = model.predict_proba(test.examples)
    assert scores.shape == (40, 9) and scores.min() >= 0 and scores.max() <= 1
    assert np.isin(model.predict(test.examples), [0, 1]).all()


@pytest.mark.parametrize("path", EACH)
def test_a_class_with_one_example_does_not_stop_training(path, parts, build):
    rows = [at for at, labels in enumerate(parts.train.labels) if labels != ("abstain",)][:40]
    one = next(at for at, labels in enumerate(parts.train.labels) if labels == ("abstain",))
    few = parts.train.take([*rows, one])
    model = build(path, few.codebook).fit(few.examples, encode_labels(few))
    assert len(model.predict(parts.test.examples[:5])) == 5


def test_learned_baselines_beat_the_majority(parts, build):
    train, y = every(parts.train, 1000), encode_labels(parts.test)
    right = {}
    for path in SHIPPED:
        if path.stem in ("majority", "logreg"):
            model = build(path, train.codebook).fit(train.examples, encode_labels(train))
            right[path.stem] = float((model.predict(parts.test.examples) == y).mean())
    assert right["logreg"] > right["majority"] + 0.1


def test_words_are_counted_once_and_to_the_same_table(parts):
    from scipy.sparse import hstack

    train, some = (
        parts.train.take(range(300)),
        [*parts.test.examples[:80], Example("odd", "\u00a0 A  ß\tIÌ x\n. ")],
    )
    model = Linear(LogisticRegression(max_iter=300), features=Marked()).fit(
        train.examples, encode_labels(train)
    )
    views = zip(model.vectorizers_, model._views(some), strict=True)
    plain = hstack(
        [vectorizer.transform(texts) for vectorizer, (_, texts, _) in views if vectorizer]
    ).tocsr()
    assert (model._table(some) != plain).nnz == 0
    # Nothing of it is kept in a saved or copied model.
    assert "_words" in model.__dict__ and "_words" not in model.__getstate__()
    other = clone(model).fit(train.examples[:200], encode_labels(train)[:200])
    assert not other._words


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_model_says_whether_the_random_state_matters(path, parts, build):
    said = depends_on_random_state(build(path, parts.train.codebook))
    assert said == (
        path.stem
        not in (
            "box",
            "box_head",
            "majority",
            "lexicon",
            "nb",
            "logreg",
            "embedding",
            "nli",
            "ensemble",
        )
    )


@pytest.mark.parametrize(
    ("classifier", "random"),
    [
        (LogisticRegression(solver="saga"), True),
        (LinearSVC(dual=False), False),
        (RidgeClassifier(), False),
        (RandomForestClassifier(), True),
        (KNeighborsClassifier(), False),
        (make_pipeline(MaxAbsScaler(), SGDClassifier()), True),
        (make_pipeline(MaxAbsScaler(), ComplementNB()), False),
    ],
)
def test_a_classifier_says_so_for_what_it_is_part_of(classifier, random):
    inside = {"one": Linear(classifier), "run": "runs/stance-nb-0-*"}
    assert (
        depends_on_random_state(Linear(classifier))
        == depends_on_random_state(Ensemble(inside))
        == random
    )
    # A fitted model that is used as it is draws nothing; runs know which of them it is.
    frozen = FrozenEstimator(Linear(classifier))
    assert not depends_on_random_state(Ensemble({"run": frozen}))


def test_what_is_said_not_to_depend_on_the_random_state_does_not(parts):
    some = parts.train.take(range(0, 400, 4))
    X, y = some.examples, encode_labels(some)
    for classifier in (
        LogisticRegression(max_iter=300),
        LinearSVC(dual=False),
        RidgeClassifier(),
        ComplementNB(),
    ):
        found = [Linear(classifier, random_state=at).fit(X, y).predict_proba(X) for at in (0, 1)]
        assert np.array_equal(*found)
    for forest in (
        RandomForestClassifier(5),
        make_pipeline(MaxAbsScaler(), RandomForestClassifier(5)),
    ):
        one, again, other = (
            Linear(forest, random_state=at).fit(X, y).predict_proba(X) for at in (0, 0, 1)
        )
        assert np.array_equal(one, again) and not np.array_equal(one, other)


@pytest.mark.parametrize("classifier", [LogisticRegression(), LinearSVC()])
def test_a_train_part_of_one_code_is_told(classifier, parts):
    only = parts.train.take(
        [at for at, labels in enumerate(parts.train.labels) if labels == ("none",)][:30]
    )
    with pytest.raises(
        KitError,
        match=r"all 30 training examples of some have the code 'none', and mine learns",
    ):
        fit(Linear(classifier, char_ngram_range=None), only, parts.validation, name="mine")
    assert (
        fit(Linear(ComplementNB(), char_ngram_range=None), only, parts.validation)
        .scores(parts.test.examples[:2])
        .sum()
        == 2
    )
    with pytest.raises(KitError, match="the train part of some is empty"):
        fit(Linear(classifier), parts.train.take([]), parts.validation)
