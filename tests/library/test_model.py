"""A trained model as an object: what it takes, what it gives back, and how it is saved and read again."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from conftest import ROWS

import stancekit
from stancekit.errors import KitError
from stancekit.library.model import StanceModel
from stancekit.models import persistence
from stancekit.runs.scores import SCORE_COLUMNS
from stancekit.types import Example, Mention

TEXTS = ["Peru denounced the levy.", "Oman welcomed the levy."]
CODES = ["abstain", "condemn", "none", "support"]


def test_texts_become_a_table_of_codes_and_probabilities(speeches_model):
    rows = speeches_model.predict(TEXTS, actor=["Peru", "Oman"], target="the levy")
    assert rows.columns.tolist() == ["stance", *CODES]
    assert rows["stance"].tolist() == ["condemn", "support"]
    assert np.allclose(rows[CODES].sum(axis=1), 1)
    assert (rows[CODES].idxmax(axis=1) == rows["stance"]).all()
    scores = speeches_model.predict_proba(TEXTS, actor=["Peru", "Oman"], target="the levy")
    pd.testing.assert_frame_equal(scores, rows[CODES])


def test_one_text_and_none_are_no_special_cases(speeches_model):
    one = speeches_model.predict(TEXTS[0], actor="Peru", target="the levy")
    assert len(one) == 1 and one["stance"][0] == "condemn"
    none = speeches_model.predict([], actor="Peru", target="the levy")
    assert len(none) == 0 and none.columns.tolist() == ["stance", *CODES]


def test_a_frame_with_the_training_columns_needs_no_more_and_keeps_its_index(
    speeches_model, speeches
):
    frame = speeches.drop(columns="position").set_index(pd.Index(range(100, 140), name="row"))
    rows = speeches_model.predict(frame)
    assert rows.index.equals(frame.index)
    joined = frame.join(rows)
    assert (joined["stance"].to_numpy() == speeches["position"].to_numpy()).mean() > 0.9


def test_other_forms_of_the_same_rows_give_the_same(speeches_model, speeches):
    expected = speeches_model.predict(speeches).reset_index(drop=True)
    examples = []
    for number, row in enumerate(speeches.to_dict("records")):
        place = row["sentence"].index(row["speaker"])
        levy = row["sentence"].index("the levy")
        actor = Mention(row["speaker"], place, place + len(row["speaker"]))
        target = Mention("the levy", levy, levy + len("the levy"))
        examples.append(Example(str(number), row["sentence"], actor, target))
    plain = speeches.rename(columns={"sentence": "text", "speaker": "actor", "motion": "target"})
    forms = [speeches.to_dict("records"), examples, plain, plain.to_dict("list")]
    for form in forms:
        pd.testing.assert_frame_equal(speeches_model.predict(form), expected)
    pd.testing.assert_frame_equal(
        speeches_model.predict(speeches["sentence"], actor=speeches["speaker"], target="the levy"),
        expected,
    )
    odd = speeches.rename(columns={"sentence": "t", "speaker": "a", "motion": "b"})
    columns = {"text": "t", "actor": "a", "target": "b"}
    pd.testing.assert_frame_equal(speeches_model.predict(odd, columns=columns), expected)


def test_a_data_set_of_the_datasets_library_is_a_table(speeches_model, speeches):
    import datasets

    table = datasets.Dataset.from_pandas(speeches, preserve_index=False)
    pd.testing.assert_frame_equal(speeches_model.predict(table), speeches_model.predict(speeches))


def test_what_is_missing_is_told_with_what_is_nearest(speeches_model, speeches):
    with pytest.raises(KitError, match="trained on texts with actor, target; give actor=NAME"):
        speeches_model.predict(TEXTS)
    with pytest.raises(KitError, match=r"give target=NAME"):
        speeches_model.predict(TEXTS, actor="Peru")
    renamed = speeches.rename(columns={"speaker": "Speakers"})
    with pytest.raises(
        KitError, match=r"no column of the actor, 'speaker' or 'actor' \(is 'Speakers' meant\?\)"
    ):
        speeches_model.predict(renamed)
    assert len(speeches_model.predict(renamed, actor="Peru")) == len(speeches)
    with pytest.raises(KitError, match=r"no column of the text, 'words'"):
        speeches_model.predict(speeches, columns={"text": "words"})
    with pytest.raises(KitError, match="columns has txt; there are: text, actor, target, id"):
        speeches_model.predict(speeches, columns={"txt": "sentence"})
    with pytest.raises(KitError, match=r"no text.*\(rows 0, 2"):
        speeches_model.predict(speeches.assign(sentence=[None, "a", "", *speeches["sentence"][3:]]))


def test_a_codebook_of_sentences_needs_only_texts(saved):
    frames = StanceModel(saved / "diplomacy")
    rows = frames.predict(["They signed a ceasefire.", "Sanctions hit trade and oil prices."])
    assert rows["diplomacy"].map(type).eq(list).all()
    assert rows.columns.tolist() == ["diplomacy", *frames.codebook.names]
    # A model that was saved without its run has no scores to show.
    assert frames.scores.empty and frames.run is None
    assert "diplomacy" in repr(frames) and "definition" in repr(frames)


def test_it_shows_itself_with_its_scores(speeches_model):
    assert speeches_model.caption.startswith("nb for stance, trained on speeches, ")
    shown = repr(speeches_model)
    assert "macro_f1" in shown and "f1 condemn" in shown and str(speeches_model.folder) in shown
    assert "<table" in speeches_model._repr_html_() and "macro_f1" in speeches_model._repr_html_()
    frame = speeches_model.to_frame()
    assert frame["metric"].iloc[0] == "macro_f1" and {"value", "low", "high", "n"} <= set(frame)
    assert len(speeches_model.scores) > len(frame)


def test_a_saved_model_predicts_the_same_and_has_its_card(speeches_model, speeches, tmp_path):
    folder = speeches_model.save_pretrained(tmp_path / "models" / "mine")
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.md",
        "manifest.json",
        "model.skops",
        "scores.csv",
    ]
    assert "\n# nb for stance, trained on speeches\n" in (folder / "README.md").read_text()
    assert persistence.check_companions(folder) == []
    again = stancekit.load(folder)
    pd.testing.assert_frame_equal(again.predict(speeches), speeches_model.predict(speeches))
    pd.testing.assert_frame_equal(again.to_frame(), speeches_model.to_frame(), check_dtype=False)
    # Once more, from the copy: nothing is lost on the way.
    second = again.save_pretrained(tmp_path / "second")
    for name in ("README.md", "manifest.json", "scores.csv"):
        assert (second / name).read_bytes() == (folder / name).read_bytes()
    assert again.save_pretrained(folder) == folder


def test_what_is_given_away_names_no_person_of_the_data(saved, tmp_path):
    folder = tmp_path / "own"
    shutil.copytree(saved / "stance", folder)
    head = ",".join(SCORE_COLUMNS)
    rows = ["m,stance,fixed,test,nb,macro_f1,all,0.5,0.4,0.6,20,4,1"]
    rows.append("m,stance,fixed,test,nb,macro_f1,actor=Ana Ruiz,0.5,,,9,4,1")
    (folder / "scores.csv").write_text("\n".join([head, *rows, ""]))
    persistence.seal_companions(folder)
    given = StanceModel(folder).save_pretrained(tmp_path / "given")
    assert "Ana" not in (given / "scores.csv").read_text()
    assert StanceModel(given).main_scores[0].value == 0.5


def test_a_saved_model_takes_the_place_of_another_and_of_nothing_else(speeches_model, tmp_path):
    folder = speeches_model.save_pretrained(tmp_path / "mine")
    speeches_model.save_pretrained(folder)
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.docx").write_text("years of work")
    with pytest.raises(KitError, match="already exists and holds"):
        speeches_model.save_pretrained(tmp_path / "thesis")
    assert (tmp_path / "thesis" / "chapter.docx").read_text() == "years of work"


def test_a_folder_that_was_replaced_meanwhile_is_not_taken_for_the_model(
    speeches_model, saved, tmp_path
):
    folder = speeches_model.save_pretrained(tmp_path / "mine")
    late = StanceModel(folder)
    shutil.rmtree(folder)
    shutil.copytree(saved / "stance", folder)
    with pytest.raises(KitError, match="holds another model than when this one was made"):
        late.predict(TEXTS, actor="Peru", target="the levy")
    with pytest.raises(KitError, match="holds another model"):
        late.save_pretrained(tmp_path / "other")


def test_an_altered_model_is_refused(speeches_model, tmp_path):
    folder = speeches_model.save_pretrained(tmp_path / "mine")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["columns"]["text"] = "other"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(KitError, match="it was altered"):
        stancekit.load(folder)


def test_a_code_that_is_called_like_the_codebook_has_a_column_of_its_own(tmp_path, jsonl):
    book = tmp_path / "blame.yaml"
    book.write_text("name: blame\ncodes:\n  blame: {definition: Yes.}\n  none: {definition: No.}\n")
    rows = []
    for number in range(24):
        code, verb = ("blame", "blamed") if number % 2 else ("none", "met")
        words = " ".join(f"w{number}x{k}" for k in range(12))
        row = {"text": f"Peru {verb} the levy {words}.", "actor": "Peru", "target": "the levy"}
        rows.append(row | {"blame": code})
    from stancekit.corpus import TableCorpus

    model = stancekit.train(
        TableCorpus(jsonl(*rows)), codebook=book, model="nb", output=tmp_path / "o", verbose=False
    )
    given = model.predict(["Peru blamed the levy."], actor="Peru", target="the levy")
    assert given.columns.tolist() == ["blame", "blame_blame", "none"]
    assert given["blame"][0] == "blame" and len(ROWS) == 4
