"""Saved models: whole whenever the writer is killed, refused where anything is not as it was written."""

import io
import json
import os
import pickle
import shutil
import signal
import string
import sys
import warnings
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import skops.io
from conftest import every
from forging import forged
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from stancekit.codebook import load_codebook
from stancekit.commands.verify import verify
from stancekit.errors import KitError
from stancekit.models import persistence
from stancekit.models.classifier import FittedClassifier, fit
from stancekit.models.ensemble import Ensemble
from stancekit.models.features import Marked
from stancekit.models.lexicon import Lexicon
from stancekit.models.linear import Linear
from stancekit.models.majority import Majority
from stancekit.models.selective import SelectivePolicy
from stancekit.types import Example


@pytest.fixture(scope="module")
def written(parts, tmp_path_factory):
    train = every(parts.train, 600)
    model = Linear(LogisticRegression(), features=Marked(), char_ngram_range=(2, 3))
    trained = fit(model, train, parts.validation, name="logreg")
    return trained, persistence.save(
        trained, tmp_path_factory.mktemp("written") / "model", data="digest"
    )


@pytest.fixture
def saved(written, tmp_path):
    return written[0], shutil.copytree(written[1], tmp_path / "model")


def test_words_are_kept_as_text_and_not_one_by_one(saved):
    trained, folder = saved
    words = [one.vocabulary_ for one in trained.model.vectorizers_]
    with zipfile.ZipFile(folder / "model.skops") as file:
        assert len(file.read("schema.json")) < 40 * sum(map(len, words))
    assert [one.vocabulary_ for one in persistence.load(folder).model.vectorizers_] == words
    fresh = pickle.loads(pickle.dumps(Linear(LogisticRegression())))
    assert not [name for name in vars(fresh) if name.endswith("_")]


def test_a_saved_model_predicts_as_before(saved, parts):
    trained, folder = saved
    again = persistence.load(folder)
    examples = parts.test.examples[:20]
    assert np.array_equal(again.scores(examples), trained.scores(examples))
    assert again.codebook == trained.codebook and again.name == "logreg"


@pytest.mark.parametrize(
    "model", [Majority(), Lexicon(codebook=load_codebook("diplomacy"))], ids=["majority", "lexicon"]
)
def test_models_without_training_are_saved_too(model, frame_parts, tmp_path):
    trained = fit(model, frame_parts.train, frame_parts.validation)
    again = persistence.load(persistence.save(trained, tmp_path))
    assert again.predict(frame_parts.test.examples[:9]) == trained.predict(
        frame_parts.test.examples[:9]
    )


def test_an_altered_file_is_refused(saved):
    path = saved[1] / "model.skops"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(KitError, match=r"refused: model.skops was altered"):
        persistence.load(saved[1])


def test_a_foreign_file_is_refused_unread(saved):
    (saved[1] / "weights.pkl").write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(KitError, match=r"weights.pkl is not in the manifest"):
        persistence.load(saved[1])


def test_a_pickle_in_the_model_s_place_is_refused_even_with_its_sum(saved, tmp_path):
    folder, mark = saved[1], tmp_path / "executed"

    class Trap:
        def __reduce__(self):
            return (mark.write_text, ("x",))

    forged(folder, {"model.skops": pickle.dumps(Trap())})
    with pytest.raises(KitError, match=r"model\.skops is not what this version writes"):
        persistence.load(folder)
    assert not mark.exists()


def _bomb():
    """A zip file of a few kilobytes that grows to many megabytes."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("schema.json", json.dumps({"__class__": "dict"}))
        file.writestr("array.npy", bytes(20_000_000))
    return data.getvalue()


def _schema(text):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr("schema.json", text)
    return data.getvalue()


def _reading_files():
    model = Linear(LogisticRegression(), min_df=1).fit(SOME, np.array(["none", "support"]))
    model.vectorizers_[0].input = "filename"
    return skops.io.dumps(model)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (lambda: skops.io.dumps(string.Template("x")), r"not trusted: .*Template"),
        (
            lambda: skops.io.dumps(RandomForestClassifier(2).fit([[0], [1]], [0, 1])),
            r"not trusted: .*_tree.Tree",
        ),
        (
            lambda: skops.io.dumps(LogisticRegression()),
            "a LogisticRegression and no Majority",
        ),
        (lambda: skops.io.dumps({"a": 1}), "a dict and no Majority"),
        (_bomb, "what it holds is larger than the file"),
        (_reading_files, "reads texts in another way"),
        (lambda: _schema("{}"), "model.skops is not what this version writes"),
        (lambda: _schema("[" * 20_000), "model.skops is not what this version writes"),
        (
            lambda: _schema('{"__class__": "Linear", "__module__": "stancekit.models.linear"}'),
            "model.skops is not what this version writes",
        ),
        (lambda: b"", "model.skops is not what this version writes"),
    ],
)
def test_what_is_no_model_is_refused_even_with_its_sum(kept, data, told):
    kind = "linear" if data is _reading_files else "majority"
    forged(kept, {"model.skops": data()}, kind=kind)
    with pytest.raises(KitError, match=told):
        persistence.load(kept)


SOME = [Example("1", "They agree."), Example("2", "They refuse.")]


def small(name="small", codebook="stance"):
    """A trained model of a few hundred bytes."""
    book = load_codebook(codebook)
    y = np.ones((2, len(book.names))) if book.multi_label else np.array(["none", "support"])
    thresholds = tuple(0.25 for _ in book.names) if book.multi_label else ()
    policy = SelectivePolicy(((0.1, float("inf")), (0.2, 0.8)), ((0.05, 0.1), (0.1, 0.2)))
    return FittedClassifier(Majority().fit(SOME, y), book, thresholds, name, policy=policy)


@pytest.fixture
def kept(tmp_path):
    return persistence.save(small(), tmp_path / "kept", data="digest")


@pytest.mark.parametrize(
    "text", ["", "[]", '{"format": 99, "files": {}}', "{", "[" * 200_000, '{"format": NaN}', "\x00"]
)
def test_a_foreign_manifest_is_refused(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(KitError, match="manifest"):
        persistence.verify_model(tmp_path)


def test_what_is_no_folder_of_a_model_says_what_to_do(tmp_path, kept):
    (tmp_path / "odd" / "manifest.json").mkdir(parents=True)
    for place in (
        tmp_path,
        tmp_path / "none",
        kept / "model.skops",
        tmp_path / "odd",
        tmp_path / ("long" * 100),
    ):
        with pytest.raises(
            KitError, match=r"no saved model .*stancekit train|cannot be read: .*; name the folder"
        ):
            persistence.verify_model(place)


N, S = float("nan"), "0" * 64


NONSENSE = [
    {"kind": ["skops"]},
    {"name": ""},
    {"name": None},
    {"codebook": {"name": "x", "codes": []}},
    {"codebook": {"name": "x", "codes": [{"name": "a", "definition": 1}]}},
    {"codebook": "stance"},
    {"thresholds": [0.5]},
    {"thresholds": [0.5] * 8 + ["0.5"]},
    {"thresholds": [0.5] * 8 + [1.5]},
    {"thresholds": [0.5] * 8 + [True]},
    {"temperature": 0},
    {"temperature": -1.0},
    {"temperature": "1"},
    {"temperature": None},
    {"temperature": 10**400},
    {"offsets": [0.0]},
    {"offsets": {"none": 0.0}},
    {"policy": []},
    {"policy": [[[0.1, 0.5]], [[0.1, None]]]},
    {"policy": [[[0.1, 0.5], [0.2, 0.6]], []]},
    {"policy": [[[0.2, 0.5], [0.1, 0.5]], []]},
    {"policy": [[[0.1]], []]},
    {"versions": []},
    {"files": []},
    {"files": {}},
    {"files": {"model.skops": 7}},
    {"files": {"../kept/model.skops": S}},
    {"files": {"/etc/passwd": S}},
    {"files": {"a\u0000b": S}},
    {"files": {"x" * 5000: S}},
    {"files": {"./model.skops": S}},
    {"files": {"README.md": S}},
    {"companions": {"model.skops": S}},
]


@pytest.mark.parametrize("codebook", ["stance", "diplomacy"])
def test_a_field_that_says_nonsense_is_named(tmp_path, codebook):
    place = persistence.save(small(codebook=codebook), tmp_path / "kept")
    whole = (place / "manifest.json").read_text()
    for fields in NONSENSE:
        forged(place, **fields)
        with pytest.raises(
            KitError, match=rf"refused: in manifest.json, .*{next(iter(fields))} is "
        ):
            persistence.verify_model(place)
        (place / "manifest.json").write_text(whole)
    assert persistence.load(place).name == "small"


@pytest.mark.parametrize(
    "name",
    ["kind", "name", "codebook", "thresholds", "temperature", "offsets", "policy", "versions"],
)
def test_a_field_that_is_missing_is_named(kept, name):
    forged(kept, drop=[name])
    with pytest.raises(KitError, match=rf"in manifest.json, {name} missing"):
        persistence.load(kept)


def test_an_edited_manifest_is_noticed(kept):
    text = (kept / "manifest.json").read_text()
    for before, after in (
        ('"temperature": 1.0', '"temperature": 2.0'),
        ('"name": "small"', '"name": "other"'),
    ):
        assert before in text
        (kept / "manifest.json").write_text(text.replace(before, after))
        with pytest.raises(KitError, match="it was altered: its own sum is another"):
            persistence.load(kept)
    # Only what it says counts, not how it is laid out.
    (kept / "manifest.json").write_text(json.dumps(dict(reversed(json.loads(text).items()))))
    assert persistence.load(kept).name == "small"


def test_a_model_of_other_codes_than_its_codebook_is_refused(kept):
    other = json.loads((kept / "manifest.json").read_text())["codebook"]
    for code in other["codes"]:
        code["name"] = code["name"].replace("none", "nothing")
    forged(kept, codebook={**other, "absent": "nothing"})
    with pytest.raises(
        KitError,
        match=r"it scores none, support, its codebook has abstain, condemn, nothing, support",
    ):
        persistence.load(kept)


def test_what_would_not_be_read_back_is_not_written(tmp_path, kept):
    for bad in (
        replace(small(), temperature=N),
        replace(small(), offsets=(1.0,)),
        replace(small(), name=""),
    ):
        with pytest.raises(KitError, match="cannot be saved: "):
            persistence.save(bad, kept)
    forest = Linear(RandomForestClassifier(2), min_df=1).fit(SOME, np.array(["none", "support"]))
    with pytest.raises(
        KitError, match=r"RandomForest.*could not be read back: .*Tree\. Use a linear model"
    ):
        persistence.save(replace(small(), model=forest), kept)
    assert persistence.load(kept).name == "small" and not [
        path for path in tmp_path.iterdir() if path.suffix in (".new", ".old")
    ]
    near = Linear(KNeighborsClassifier(1), min_df=1).fit(SOME, np.array(["none", "support"]))
    assert persistence.load(persistence.save(replace(small(), model=near), kept)).read(
        near.predict_proba(SOME) @ np.eye(2, 4)
    )


def test_links_are_refused_and_leftovers_of_systems_are_not(kept, tmp_path):
    (kept / ".DS_Store").write_bytes(b"x")
    persistence.verify_model(kept)
    for name, to in (
        ("folder", tmp_path),
        ("weights", "model.skops"),
        ("nowhere", tmp_path / "gone"),
    ):
        (kept / name).symlink_to(to)
        with pytest.raises(KitError, match=f"{name} is a link"):
            persistence.verify_model(kept)
        (kept / name).unlink()
    (kept / "model.skops").rename(tmp_path / "elsewhere")
    (kept / "model.skops").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KitError, match=r"model.skops is a link"):
        persistence.load(kept)


def test_a_folder_may_itself_be_reached_by_a_link(kept, tmp_path):
    (tmp_path / "link").symlink_to(kept)
    persistence.save(small("other"), tmp_path / "link")
    assert (tmp_path / "link").is_symlink() and persistence.load(kept).name == persistence.load(
        tmp_path / "link"
    ).name == "other"


def test_other_versions_are_told_once(kept, caplog):
    persistence.load(kept)
    assert not caplog.records
    versions = json.loads((kept / "manifest.json").read_text())["versions"]
    forged(kept, versions=versions | {"scikit-learn": "0.1.5", "torch": "0.1"})
    persistence.load(kept)
    (record,) = caplog.records
    # No torch is needed to read word counts.
    assert (
        "was made with scikit-learn 0.1.5 (here " in record.message
        and "torch" not in record.message
    )


def test_what_is_no_saved_model_is_not_replaced(tmp_path, kept):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.tex").write_text("years of work")
    (kept / "notes.txt").write_text("mine too")
    (tmp_path / "file").write_text("")
    for place, told in (
        (mine, "no saved model .*: thesis.tex"),
        (kept, "not its own: notes.txt"),
        (tmp_path / "file", "is a file"),
    ):
        with pytest.raises(KitError, match=told):
            persistence.save(small("other"), place)
    assert (mine / "thesis.tex").exists() and (kept / "notes.txt").exists()
    assert not list(tmp_path.glob(".mine*"))
    with pytest.raises(KitError, match="no saved model"), persistence.replacing_folder(mine):
        pass


CARD = "# small for stance, trained on mine\n"


def test_a_card_is_never_left_beside_another_model(tmp_path, capsys):
    place = tmp_path / "kept"
    place.mkdir()
    # As a checkout has them: card and scores, and no weights.
    (place / "README.md").write_text("# joint for stance, trained on mine\n")
    (place / "scores.csv").write_text("model\njoint\n")
    persistence.save(small(), place)
    assert {path.name for path in place.iterdir()} == {"manifest.json", "model.skops"}
    with persistence.replacing_folder(place) as fresh:
        persistence.write_model(small(), fresh)
        (fresh / "README.md").write_text(CARD)
        (fresh / "scores.csv").write_text("model\nsmall\n")
    verify(models=place)
    assert "note" not in capsys.readouterr().out
    (place / "README.md").write_text(CARD + "\nMy own words.\n")
    verify(models=place, verbose=True)
    assert "note: README.md was edited since" in capsys.readouterr().out
    (place / "scores.csv").write_text("model\njoint\n")
    (place / "README.md").write_text("# joint for stance, trained on mine\n")
    with pytest.raises(
        KitError,
        match=r"README.md was altered and has no heading '# small for stance', scores.csv was",
    ):
        verify(models=place)
    # No label depends on them.
    assert persistence.load(place).name == "small"
    persistence.save(small("other"), place)
    (place / "README.md").write_text(CARD)
    with pytest.raises(KitError, match=r"README.md was not written with this model, other"):
        persistence.check_companions(place)


def in_a_process_of_its_own(work):
    """Start work in a copy of this process, and return its number."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child:
        return child
    signal.alarm(30)
    try:
        work()
        os._exit(0)
    except BaseException:
        os._exit(1)


def ended(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


# What Python tells an audit hook of before it is done; at a removal there is but a name.
EVENTS = ("tempfile.mkstemp", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree")


def save_and_die(folder, step):
    """Save a model and `kill -9` this process right before its `step`th change of files."""
    left = [step]

    def count(event, arguments):
        if event in EVENTS and (event == "os.remove" or str(folder.parent) in str(arguments)):
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    persistence.save(small("new"), folder)


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(True, id="over an old model", marks=pytest.mark.slow),
        pytest.param(False, id="in a new place"),
    ],
)
def test_kill_9_at_any_step_leaves_a_whole_model_or_none(tmp_path, before):
    names, died, steps = [], -signal.SIGKILL, 0
    while died:
        steps += 1
        folder = tmp_path / str(steps) / "kept"
        folder.parent.mkdir()
        if before:
            persistence.save(small("old"), folder)
        died = ended(
            in_a_process_of_its_own(lambda place=folder, step=steps: save_and_die(place, step))
        )
        assert died in (0, -signal.SIGKILL)
        try:
            names.append(persistence.load(folder).name)
        except KitError as error:
            assert not before and "holds no saved model" in str(error)
        assert persistence.load(persistence.save(small("next"), folder)).name == "next"
        assert {path.name for path in folder.parent.iterdir()} == {"kept", ".kept.lock"}
    assert (
        steps >= 7 and names[-1] == "new" and set(names) == ({"old", "new"} if before else {"new"})
    )


def test_writers_of_one_place_wait_and_readers_see_one_model(tmp_path):
    place = persistence.save(small("0"), tmp_path / "kept")

    def save_often():
        for at in range(4):
            persistence.save(replace(small(str(os.getpid())), offsets=(float(at),) * 4), place)

    writers = [in_a_process_of_its_own(save_often) for _ in range(3)]
    seen = []
    for _ in range(20):
        try:
            seen.append(persistence.load(place).name)
        except KitError as error:
            assert "was replaced while it was read" in str(error) or "was altered" in str(error)
    assert [ended(writer) for writer in writers] == [0, 0, 0]
    assert seen and persistence.load(place).name in map(str, writers)
    assert {path.name for path in tmp_path.iterdir()} == {"kept", ".kept.lock"}


class Ones(ClassifierMixin, BaseEstimator):
    """A classifier of the user's own, for Linear to put on top of word counts."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.full((X.shape[0], len(self.classes_)), 1 / len(self.classes_))


class Lengths(Ones):
    """A model over examples of the user's own."""

    def predict_proba(self, X):
        long = np.array([len(example.text) > 12 for example in X], dtype=float)
        return np.column_stack([1 - long, long])


class Shorter(Majority):
    """A model derived from one of the kit's, which is another model."""


def own_model(kind):
    y = np.array(["none", "support"])
    model = {
        "classifier": lambda: Linear(Ones(), min_df=1),
        "model": Lengths,
        "derived": Shorter,
        "member": lambda: Ensemble({"own": Lengths(), "kit": Majority()}),
    }[kind]()
    return replace(small(), model=model.fit(SOME, y))


@pytest.mark.parametrize(
    ("kind", "name"),
    [("classifier", "Ones"), ("model", "Lengths"), ("derived", "Shorter"), ("member", "Lengths")],
)
def test_an_estimator_of_the_users_own_is_saved_and_loaded_where_it_is_trusted(
    tmp_path, kind, name
):
    fitted, own = own_model(kind), f"{__name__}.{name}"
    with pytest.raises(
        KitError, match=rf"not trusted: {own}\. .*with trusted=\[...\], their names"
    ):
        persistence.save(fitted, tmp_path / "own")
    assert not (tmp_path / "own").exists()
    place = persistence.save(fitted, tmp_path / "own", trusted=[own])
    again = persistence.load(place, trusted=[own])
    assert np.array_equal(again.scores(SOME), fitted.scores(SOME))
    assert type(again.model) is type(fitted.model)
    # What a file says of trust does not count.
    forged(place, trusted=[own])
    with pytest.raises(KitError, match=rf"refused: model.skops holds types .* not trusted: {own}"):
        persistence.load(place)


def test_a_trusted_type_is_no_licence_for_others(tmp_path):
    own = f"{__name__}.Lengths"
    place = persistence.save(own_model("model"), tmp_path / "own", trusted=[own])
    forged(place, {"model.skops": skops.io.dumps(LogisticRegression().fit([[0], [1]], [0, 1]))})
    with pytest.raises(KitError, match="a LogisticRegression and no model over examples"):
        persistence.load(place, trusted=[own])
    forged(place, kind="os.system")
    with pytest.raises(KitError, match=r"of kind 'os.system'; the kinds are: majority, lexicon"):
        persistence.load(place, trusted=[own])


def test_a_model_of_an_older_version_says_so(kept):
    forged(kept, format=2)
    with pytest.raises(KitError, match=r"written by an older version .*train the model again"):
        persistence.load(kept)
