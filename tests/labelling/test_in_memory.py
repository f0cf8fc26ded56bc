"""Labels of tables and files that are kept in memory."""

import pandas as pd
import pytest

from stancekit import label, load
from stancekit.errors import KitError
from stancekit.labelling import in_memory
from stancekit.text import ActorFinder

FINDER = ActorFinder(ner=False)
ROWS = [
    {"sentence": "Peru rejected the levy.", "party": "red"},
    {"sentence": "Chile welcomed the levy. Peru did not.", "party": "blue"},
]
COLUMNS = {"text": "sentence"}


def tables():
    return {
        "a DataFrame": pd.DataFrame(ROWS),
        "a list of dicts": ROWS,
        "a generator": (row for row in ROWS),
    }


@pytest.mark.parametrize("kind", tables())
def test_a_table_is_labelled_as_its_file(saved, tmp_path, kind):
    file = tmp_path / "rows.csv"
    pd.DataFrame(ROWS).to_csv(file, index=False)
    settings = {"models": saved, "columns": COLUMNS, "fields": ["party"], "actors": FINDER}
    from_file = label(file, **settings)
    label(file, **settings, output=tmp_path / "labels")
    labels = label(tables()[kind], **settings)
    drop = ["id", "article"]
    assert labels.to_frame().drop(columns=drop).equals(from_file.to_frame().drop(columns=drop))
    assert [row["sentence"] for row in labels][-1] == "Peru did not."
    assert labels.texts == 2 and {row["party"] for row in labels} == {"red", "blue"}
    written = label(file, **settings, output=tmp_path / "labels").to_frame()
    assert written.equals(from_file.to_frame())


def test_texts_and_a_model_in_memory(saved):
    model = load(saved / "stance")
    labels = label(["Peru rejected the levy."], models=model, actors=FINDER)
    assert labels.to_frame()["target"].tolist() == ["levy"]
    by_folder = label(["Peru rejected the levy."], models=saved / "stance", actors=FINDER)
    assert labels.rows == by_folder.rows


def test_a_file_of_rows_is_labelled_into_a_file(saved, tmp_path, caplog):
    file = tmp_path / "rows.jsonl"
    file.write_text('{"text": "Peru rejected the levy."}\nno row\n', encoding="utf-8")
    labels = label(file, models=saved, actors=FINDER, output=tmp_path / "labels.csv")
    assert len(pd.read_csv(tmp_path / "labels.csv")) == len(labels) == 1
    assert labels.rejected == 1
    assert "1 left out, not readable (rows.jsonl, line 2: not JSON" in caplog.text
    with pytest.raises(KitError, match=r"rows.jsonl, line 2: not JSON.*strict=false"):
        label(file, models=saved, actors=FINDER, strict=True)


def test_what_cannot_be_labelled_in_memory(saved, tmp_path, monkeypatch):
    with pytest.raises(KitError, match=r"no column text; it has: sentence, party\. Say which"):
        label(ROWS, models=saved, actors=FINDER)
    with pytest.raises(KitError, match=r"no column sentense \(is sentence meant\?\)"):
        label(ROWS, models=saved, actors=FINDER, columns={"text": "sentense"})
    with pytest.raises(KitError, match="the table has no field mood of fields="):
        label(ROWS, models=saved, actors=FINDER, columns=COLUMNS, fields=["mood"])
    with pytest.raises(KitError, match="a int is no table"):
        label(7, models=saved, actors=FINDER)
    with pytest.raises(KitError, match="engine and workers label many texts into a folder"):
        label(ROWS, models=saved, actors=FINDER, columns=COLUMNS, engine="ray")
    with pytest.raises(KitError, match="labels go to a file with one of the endings"):
        label(ROWS, models=saved, actors=FINDER, columns=COLUMNS, output=tmp_path / "labels")
    monkeypatch.setattr(in_memory, "MOST_BYTES", 10)
    file = tmp_path / "rows.jsonl"
    file.write_text('{"text": "Peru rejected the levy."}\n', encoding="utf-8")
    with pytest.raises(KitError, match="name a folder for them, as output=labels"):
        label(file, models=saved, actors=FINDER)
