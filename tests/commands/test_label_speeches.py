"""Speeches of a user's own files: the columns have any name, and the speaker is an actor of every sentence."""

import json

import pytest

from stancekit.__main__ import main
from stancekit.commands.label import label
from stancekit.errors import KitError
from stancekit.text import ActorFinder

FINDER = ActorFinder(ner=False)
TABLE = (
    "sentence;speaker;party;motion;day\n"
    "We reject it. The poor will pay.;Ama Osei;Greens;the levy;2021-02-03\n"
    "I thank Chad.;Bea Ruiz;Union;the levy;2021-02-04\n"
)


@pytest.fixture
def speeches(saved, tmp_path):
    (tmp_path / "speeches.csv").write_text(TABLE)
    given = {"columns": {"text": "sentence", "target": "motion", "date": "day"}}
    given |= {"models": saved / "stance", "actors": FINDER, "fields": ["date", "party"]}
    given |= {"rows": "all"}

    def label_speeches(folder="labels", **other):
        merged = given | {"speaker": "speaker"} | other
        return label(tmp_path / "speeches.csv", output=tmp_path / folder, **merged)

    return label_speeches


def seen(labels):
    return [(row["sentence"], row["actor"], row["actor_start"], row["target"]) for row in labels]


def rows_of(labels):
    return list(labels.rows)


def test_a_table_with_columns_of_any_name(speeches):
    rows = rows_of(speeches())
    assert seen(rows) == [
        ("We reject it.", "Ama Osei", 0, "the levy"),
        ("The poor will pay.", "Ama Osei", None, "the levy"),
        ("I thank Chad.", "Bea Ruiz", 0, "the levy"),
        ("I thank Chad.", "Chad", 8, "the levy"),
    ]
    assert [(row["date"], row["party"]) for row in rows[1:3]] == [
        ("2021-02-03", "Greens"),
        ("2021-02-04", "Union"),
    ]


def test_rows_as_they_are(speeches):
    rows = rows_of(speeches(unit="row"))
    assert rows[0]["sentence"] == "We reject it. The poor will pay."
    assert [(row["actor"], row["target"]) for row in rows] == [
        ("Ama Osei", "the levy"),
        ("Bea Ruiz", "the levy"),
        ("Chad", "the levy"),
    ]
    assert (rows[0]["start"], rows[0]["end"]) == (0, 32)


def test_a_proposition_is_asked_of_speaker_and_others(speeches):
    said = "The levy should be dropped."
    columns = {"text": "sentence"}
    rows = rows_of(speeches(columns=columns, targets=[said], fields=["party"]))
    assert {row["target"] for row in rows} == {said} and len(rows) == 4


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"speaker": None}, "speaker"),
        ({"unit": "row"}, "unit"),
        ({"columns": {"text": "sentence", "date": "day"}}, "columns"),
        ({"separator": ";"}, "separator"),
    ],
)
def test_a_labelling_goes_on_with_the_same_settings_alone(speeches, other, named):
    first = rows_of(speeches())
    assert rows_of(speeches()) == first
    with pytest.raises(KitError, match=f"holds labels with other {named}"):
        speeches(**other)


def test_a_table_without_a_column_is_an_error_before_any_work(speeches, tmp_path):
    with pytest.raises(KitError, match=r"no column sentnce \(is sentence meant\?\)"):
        speeches(columns={"text": "sentnce"})
    with pytest.raises(KitError, match=r"no column text.*columns\.text=sentence"):
        speeches(columns={})
    assert not (tmp_path / "labels").exists()


def test_a_layout_by_its_name_and_what_is_set_beside_it(saved, tmp_path):
    folder = tmp_path / "TXT" / "Session 74 - 2019"
    folder.mkdir(parents=True)
    (folder / "KEN_74_2019.txt").write_text("My delegation rejects the levy.")
    given = {"models": saved / "stance", "actors": FINDER}
    [row] = rows_of(label(tmp_path / "TXT", output=tmp_path / "a", layout="ungdc", **given))
    assert (row["actor"], row["actor_code"], row["session"], row["date"]) == (
        "Kenya",
        "KEN",
        "74",
        "2019",
    )
    file = folder / "KEN_74_2019.txt"
    [row] = rows_of(label(file, layout="ungdc", fields=["year"], **given))
    assert (row["actor"], row["year"]) == ("Kenya", "2019") and "session" not in row
    with pytest.raises(KitError, match=r"there is no layout 'ungd'; is 'ungdc' meant\?"):
        label(file, layout="ungd", **given)


def test_on_the_command_line(saved, tmp_path, capsys):
    (tmp_path / "in.csv").write_text(TABLE)
    words = [
        "label",
        str(tmp_path / "in.csv"),
        f"models={saved / 'stance'}",
        f"output={tmp_path / 'out'}",
        "actors.ner=false",
        "columns.text=sentence",
        "speaker=speaker",
        "fields=[party]",
        "targets=[the levy]",
        "rows=all",
    ]
    assert main(words) == 0
    lines = (tmp_path / "out" / "part-00000.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["party"] for row in rows] == ["Greens", "Greens", "Union", "Union"]
    assert "Ama Osei" in capsys.readouterr().out


def test_a_workbook_is_labelled_like_a_table(saved, tmp_path):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("openpyxl")
    frame = pandas.DataFrame({"said": ["We reject the levy."], "who": ["KEN"]})
    frame.to_excel(tmp_path / "in.xlsx", index=False)
    frame.to_stata(tmp_path / "in.dta", write_index=False)
    for name in ("in.xlsx", "in.dta"):
        labels = label(
            tmp_path / name,
            output=tmp_path / f"out {name[-3:]}",
            models=saved / "stance",
            actors=FINDER,
            columns={"text": "said"},
            speaker="who",
        )
        assert [row["actor"] for row in labels.rows] == ["Kenya"]
