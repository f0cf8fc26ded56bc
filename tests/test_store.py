import json
import pickle
import string
import zipfile

import numpy as np
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression

from stancekit.errors import KitError
from stancekit.models import store
from stancekit.models.features import Marked
from stancekit.models.lexicon import Lexicon
from stancekit.models.linear import Linear
from stancekit.models.majority import Majority
from stancekit.models.trained import fit


@pytest.fixture
def saved(parts, tmp_path):
    train = parts.train.take(range(0, len(parts.train), 5))
    trained = fit(Linear(LogisticRegression(), features=Marked()), train, parts.validation, name="logreg")
    return trained, store.save(trained, tmp_path / "model", data="digest")


def test_words_are_kept_as_text_and_not_one_by_one(saved):
    trained, folder = saved
    words = [one.vocabulary_ for one in trained.model.vectorizers_]
    with zipfile.ZipFile(folder / "model.skops") as file:
        assert len(file.read("schema.json")) < 40 * sum(map(len, words))
    assert [one.vocabulary_ for one in store.load(folder).model.vectorizers_] == words
    fresh = pickle.loads(pickle.dumps(Linear(LogisticRegression())))
    assert not [name for name in vars(fresh) if name.endswith("_")]


def test_a_saved_model_predicts_as_before(saved, parts):
    trained, folder = saved
    again = store.load(folder)
    examples = parts.test.examples[:20]
    assert np.array_equal(again.scores(examples), trained.scores(examples))
    assert again.codebook == trained.codebook and again.name == "logreg"


@pytest.mark.parametrize("model", [Majority(), Lexicon()], ids=["majority", "lexicon"])
def test_models_without_training_are_saved_too(model, frame_parts, tmp_path):
    trained = fit(model, frame_parts.train, frame_parts.validation)
    again = store.load(store.save(trained, tmp_path))
    assert again.predict(frame_parts.test.examples[:9]) == trained.predict(frame_parts.test.examples[:9])


def test_an_altered_file_is_refused(saved):
    path = saved[1] / "model.skops"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(KitError, match=r"refused: model.skops was altered"):
        store.load(saved[1])


def test_a_foreign_file_is_refused_unread(saved):
    (saved[1] / "weights.pkl").write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(KitError, match=r"weights.pkl is not in the manifest"):
        store.load(saved[1])


def test_a_pickle_in_the_model_s_place_is_refused_even_with_its_sum(saved, tmp_path):
    folder, mark = saved[1], tmp_path / "executed"

    class Trap:
        def __reduce__(self):
            return (mark.write_text, ("x",))

    (folder / "model.skops").write_bytes(pickle.dumps(Trap()))
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["model.skops"] = store.sha256(folder / "model.skops")
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(KitError, match="cannot be read as a skops file"):
        store.load(folder)
    assert not mark.exists()


def test_a_type_that_is_not_trusted_is_refused(saved):
    folder = saved[1]
    (folder / "model.skops").write_bytes(skops.io.dumps(string.Template("x")))
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["model.skops"] = store.sha256(folder / "model.skops")
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(KitError, match=r"not trusted: .*Template"):
        store.load(folder)


def test_a_path_out_of_the_folder_is_refused(saved):
    manifest = json.loads((saved[1] / "manifest.json").read_text())
    manifest["files"]["../../secret"] = "0"
    (saved[1] / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(KitError, match="lies outside the folder"):
        store.verify(saved[1])


@pytest.mark.parametrize("text", ["", "[]", '{"format": 99, "files": {}}', "{"])
def test_a_foreign_manifest_is_refused(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(KitError, match="manifest"):
        store.verify(tmp_path)


def test_an_empty_folder_says_what_to_do(tmp_path):
    with pytest.raises(KitError, match=r"no saved model .*stancekit train"):
        store.verify(tmp_path)
