"""What scikit-learn's tools do with estimators of the kit, on texts and on the columns of a DataFrame."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    cross_val_predict,
    cross_val_score,
    cross_validate,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import ComplementNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MultiLabelBinarizer, OneHotEncoder

from stancekit.codebook import load_codebook
from stancekit.errors import KitError
from stancekit.models.encoder.embedding import Embedding
from stancekit.models.ensemble import Ensemble
from stancekit.models.features import Marked, Plain
from stancekit.models.lexicon import Lexicon
from stancekit.models.linear import Linear
from stancekit.models.majority import Majority
from stancekit.models.vectorizer import ExampleVectorizer
from stancekit.text.inputs import as_examples

VERBS = {
    "abstain": ("abstained on", "kept silent on"),
    "condemn": ("rejected", "voted against"),
    "support": ("backed", "praised"),
}
ACTORS = ("Peru", "Mali", "Oman", "Fiji")
# In each sentence another actor does something else: who is asked about says what the code is.
ROWS = [
    {
        "text": f"{actor} {verb} the levy, and {ACTORS[place - 1]} {other} it.",
        "actor": actor,
        "target": "the levy",
        "position": code,
        "party": "AB"[number % 2],
    }
    for place, actor in enumerate(ACTORS)
    for code, verbs in VERBS.items()
    for number, verb in enumerate(verbs)
    for other in ("rejected" if code != "condemn" else "backed", "abstained on")
]
FRAME = pd.DataFrame(ROWS, index=range(100, 100 + len(ROWS)))
Y = FRAME["position"]
MODEL = Linear(LogisticRegression(C=10), features=Marked(), char_ngram_range=None)
INPUTS = {
    "frame": FRAME,
    "series": FRAME["text"],
    "texts": FRAME["text"].tolist(),
    "array": FRAME["text"].to_numpy(),
    "dicts": ROWS,
    "examples": as_examples(FRAME),
}


@pytest.mark.parametrize("kind", INPUTS)
def test_cross_validation(kind):
    X = INPUTS[kind]
    assert cross_val_score(MODEL, X, Y, cv=3).min() > 0.7
    scores = cross_val_predict(MODEL, X, Y, cv=3, method="predict_proba")
    assert scores.shape == (len(ROWS), 3) and np.allclose(scores.sum(axis=1), 1)


def test_all_inputs_are_read_alike():
    by_texts = [MODEL.fit(INPUTS[kind], Y).predict_proba(INPUTS[kind]) for kind in INPUTS]
    frame, series, texts, array, dicts, examples = by_texts
    assert np.array_equal(frame, dicts) and np.array_equal(frame, examples)
    assert np.array_equal(series, texts) and np.array_equal(series, array)
    assert not np.array_equal(frame, series)


@pytest.mark.parametrize("kind", ["frame", "texts"])
def test_grid_search(kind):
    X = INPUTS[kind]
    grid = {"classifier__C": [0.01, 10.0], "features": [Plain(), Marked()]}
    search = GridSearchCV(MODEL, grid, cv=2).fit(X, Y)
    assert search.predict(X[:2]).shape == (2,)
    table = pd.DataFrame(search.cv_results_)
    assert set(map(str, table["param_features"])) == {"Plain()", "Marked()"}


@pytest.mark.slow
def test_a_search_in_processes():
    search = GridSearchCV(MODEL, {"min_df": [1, 2]}, cv=3, n_jobs=2).fit(FRAME, Y)
    assert search.best_score_ > 0.7


def test_columns_of_other_names_and_groups():
    frame = FRAME.rename(columns={"text": "sentence", "actor": "speaker", "target": "motion"})
    columns = {"text": "sentence", "actor": "speaker", "target": "motion"}
    read = FunctionTransformer(as_examples, kw_args={"columns": columns})
    model = Pipeline([("examples", read), ("model", MODEL)])
    scores = cross_validate(model, frame, Y, groups=frame["party"], cv=GroupKFold(2))
    assert len(scores["test_score"]) == 2
    search = GridSearchCV(model, {"model__classifier__C": [0.1, 10.0]}, cv=3).fit(frame, Y)
    direct = MODEL.fit(FRAME, Y).predict(FRAME)
    assert search.best_estimator_.predict(frame).tolist() == direct.tolist()
    with pytest.raises(KitError, match="no column 'text'; it has: sentence, speaker, motion"):
        MODEL.fit(frame, Y)


def test_counts_are_features_of_other_estimators():
    counts = ExampleVectorizer(features=Marked(), char_ngram_range=None)
    model = make_pipeline(counts, LogisticRegression(C=10))
    assert np.array_equal(
        model.fit(FRAME, Y).predict_proba(FRAME), MODEL.fit(FRAME, Y).predict_proba(FRAME)
    )
    names = counts.fit(FRAME).get_feature_names_out()
    assert len(names) == counts.transform(FRAME).shape[1] == len(set(names))
    assert {"text__actor rejected", "pair__peru", "near__>rejected"} <= {
        name.replace("@ ", "").replace("@", "") for name in names
    }
    facts = OneHotEncoder()
    columns = ColumnTransformer(
        [
            ("words", counts, ["text", "actor", "target"]),
            ("text", ExampleVectorizer(), "text"),
            ("facts", facts, ["party"]),
        ]
    )
    table = columns.fit_transform(FRAME)
    assert table.shape == (len(ROWS), len(columns.get_feature_names_out()))
    assert columns.get_feature_names_out()[-1] == "facts__party_B"
    both = FeatureUnion([("plain", ExampleVectorizer()), ("marked", counts)])
    for features in (columns, both):
        pipeline = make_pipeline(features, LogisticRegression(C=10))
        assert cross_val_score(pipeline, FRAME, Y, cv=3).mean() > 0.7


def test_counts_have_columns_for_few_targets_with_many_examples():
    frame = pd.concat([FRAME.assign(target=name) for name in ("the levy", "the ban")] * 3)
    counts = ExampleVectorizer(features=Marked(), char_ngram_range=None).fit(frame)
    names = counts.get_feature_names_out()
    assert (
        counts.targets_ == ["the ban", "the levy"]
        and len(names) == counts.transform(frame).shape[1]
    )
    assert names[-1].startswith("the levy__near__")


@pytest.mark.parametrize(
    "build",
    [
        lambda members: VotingClassifier(members, voting="soft"),
        lambda members: VotingClassifier(members, voting="hard"),
        lambda members: StackingClassifier(members, LogisticRegression(), cv=3),
        lambda members: Ensemble(dict(members)),
        lambda members: CalibratedClassifierCV(members[0][1], cv=3),
        lambda members: OneVsRestClassifier(members[0][1]),
    ],
    ids=["soft vote", "hard vote", "stack", "ensemble", "calibrated", "one against the rest"],
)
def test_estimators_of_the_kit_are_members(build):
    members = [("logreg", MODEL), ("nb", Linear(ComplementNB(), features=Marked()))]
    for X in (FRAME, FRAME["text"].tolist()):
        model = build(members).fit(X, Y)
        assert model.predict(X[:3]).shape == (3,) and set(model.classes_) == set(VERBS)
    assert cross_val_score(build(members), FRAME, Y, cv=3).mean() > 0.7


def test_a_member_that_reads_a_codebook_refuses_the_numbers_of_a_vote():
    """A vote numbers the codes of y: a lexicon's columns would be other codes than the other members'."""
    members = [("model", MODEL), ("lexicon", Lexicon(codebook=load_codebook("stance")))]
    with pytest.raises(KitError, match="y has the codes 0, 1, 2, and codebook stance has: abstain"):
        VotingClassifier(members, voting="soft").fit(FRAME, Y)


def test_settings_of_members_are_searched():
    ensemble = Ensemble({"logreg": MODEL, "other": Majority()})
    grid = {"logreg__classifier__C": [0.1, 10.0], "other": [Majority(), Linear(ComplementNB())]}
    search = GridSearchCV(ensemble, grid, cv=3).fit(FRAME, Y)
    assert search.best_score_ > 0.7 and ensemble.members["logreg"] is MODEL


@pytest.mark.parametrize("kind", ["frame", "texts"])
def test_several_codes_per_row(kind):
    X, lists = (
        INPUTS[kind],
        [
            [code, "vote"] if "vot" in text else [code]
            for code, text in zip(Y, FRAME["text"], strict=True)
        ],
    )
    indicator = MultiLabelBinarizer().fit_transform(lists)
    assert cross_val_score(MODEL, X, indicator, cv=3, scoring="f1_micro").mean() > 0.7
    scores = cross_val_predict(MODEL, X, indicator, cv=3, method="predict_proba")
    assert scores.shape == indicator.shape
    table = pd.DataFrame(indicator, columns=[*VERBS, "vote"])
    assert MODEL.fit(X, table).predict(X[:2]).tolist() == indicator[:2].tolist()
    search = GridSearchCV(MODEL, {"classifier__C": [1.0, 10.0]}, cv=3, scoring="f1_macro")
    assert search.fit(X, indicator).best_score_ > 0.7


def test_weights_of_examples():
    weights = np.where(Y == "support", 1.0, 1e-6)
    assert set(MODEL.fit(FRAME, Y, sample_weight=weights).predict(FRAME)) == {"support"}
    with_weights = cross_val_score(MODEL, FRAME, Y, cv=3, params={"sample_weight": np.ones(len(Y))})
    assert np.array_equal(with_weights, cross_val_score(MODEL, FRAME, Y, cv=3))
    with pytest.raises(KitError, match="sample_weight is for one code per example"):
        MODEL.fit(FRAME, pd.get_dummies(Y).to_numpy(), sample_weight=weights)
    with pytest.raises(KitError, match="KNeighborsClassifier takes no sample_weight"):
        Linear(KNeighborsClassifier()).fit(FRAME, Y, sample_weight=weights)


def test_an_encoder_under_a_classifier(tiny):
    model = Embedding(tiny, C=1.0)
    search = GridSearchCV(model, {"C": [0.1, 10.0], "features": [Plain(), Marked()]}, cv=3)
    assert search.fit(FRAME, Y).predict(ROWS[:2]).shape == (2,)
    copy = pickle.loads(pickle.dumps(search))
    assert np.array_equal(copy.predict_proba(FRAME), search.predict_proba(FRAME))


def test_a_fitted_model_reads_one_row():
    model = MODEL.fit(FRAME, Y)
    expected = model.predict_proba(FRAME[:1])
    for row in (
        ROWS[:1],
        FRAME.iloc[[0]],
        as_examples(FRAME)[:1],
        {"text": [ROWS[0]["text"]], "actor": ["Peru"], "target": ["the levy"]},
    ):
        assert np.allclose(model.predict_proba(row), expected)
    with pytest.raises(KitError, match="X is one str; give a list"):
        model.predict(ROWS[0]["text"])
