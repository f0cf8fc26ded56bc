"""Fields of texts come from columns of any name, front matter, names of files, and tables beside them."""

import csv
import json

import pytest
import yaml
from conftest import ROOT
from hydra.utils import instantiate

from stancekit import label
from stancekit.commands.layouts import choose_layout
from stancekit.errors import KitError
from stancekit.labelling.input_text import InputText
from stancekit.labelling.layout import TextLayout, split_front_matter
from stancekit.labelling.sources import RejectedRow, TextSource, read_one
from stancekit.text import ActorFinder


def read(path, layout):
    rows = list(TextSource(path, layout=layout))
    texts = [row for row in rows if isinstance(row, InputText)]
    return texts, [row for row in rows if isinstance(row, RejectedRow)]


def layout_of(name):
    config = yaml.safe_load((ROOT / "configs" / "layout" / f"{name}.yaml").read_text())
    return instantiate(config, _convert_="all")


def write_table(path, rows, separator):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=separator)
        writer.writeheader()
        writer.writerows(rows)


ROWS = [
    {
        "sentence": "We refuse.",
        "who": "Peru",
        "motion": "the levy",
        "day": "2020-01-02",
        "party": "A",
    },
    {"sentence": "Chile agrees.", "who": "", "motion": "", "day": "", "party": "B"},
]
COLUMNS = {"text": "sentence", "target": "motion", "date": "day", "actor": None}


def test_a_role_may_have_no_column(saved, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("text,actor,target,date\nPeru rejected the levy.,Mr Chair,item 3,soon\n")
    columns = {"actor": False, "target": False, "date": False}
    (text,), _ = read(path, TextLayout(columns=columns))
    assert (text.actor, text.target, text.article.date, text.kept) == ("", "", "", {})
    settings = {"models": saved / "stance", "actors": ActorFinder(ner=False)}
    labels = label(path, columns=columns, **settings).to_frame()
    assert labels[["actor", "target"]].to_numpy().tolist() == [["Peru", "levy"]]
    # Without a name, or null, a role has the column that is called like it.
    for given in (None, {"actor": None}):
        assert choose_layout("plain", columns=given).find_roles({"actor": "A"}) == {"actor": "A"}
    assert choose_layout("ungdc", columns={"date": False}).find_roles({"year": 1}) == {"year": 1}
    assert TextLayout(columns=columns).settings != TextLayout().settings
    for wrong in ({"text": False}, {"actor": True}, {"date": ["a", "b"]}):
        with pytest.raises(KitError, match=r"it is the name of a column"):
            choose_layout("plain", columns=wrong)


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl"])
def test_columns_of_any_name(tmp_path, kind):
    path = tmp_path / f"rows.{kind}"
    if kind == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    else:
        write_table(path, ROWS, {"csv": ";", "tsv": "\t"}[kind])
    layout = TextLayout(columns=COLUMNS, speaker="who", fields=("date", "party"))
    (first, second), rejected = read(path, layout)
    assert rejected == [] and first.article.text == "We refuse."
    assert (first.speaker, first.actor, first.target) == ("Peru", "", "the levy")
    assert (
        first.kept
        == {"date": "2020-01-02", "party": "A"}
        == {**first.kept, "date": first.article.date}
    )
    # an empty cell is no speaker, and no reason to lose the text
    assert (second.speaker, second.target, second.kept) == ("", "", {"party": "B"})


def test_a_column_that_is_not_there_is_named_with_the_nearest(tmp_path):
    write_table(tmp_path / "rows.csv", ROWS, ",")
    for layout, said in (
        (TextLayout(columns={"text": "sentnce"}), "sentnce (is sentence meant?)"),
        (TextLayout(columns={"text": "sentence"}, speaker="whom"), "whom (is who meant?)"),
        (TextLayout(), "no column text"),
    ):
        texts, [rejected] = read(tmp_path / "rows.csv", layout)
        assert texts == [] and rejected.rest
        assert said in rejected.reason and "sentence, who, motion" in rejected.reason
        # the only file: an error before any work
        with pytest.raises(KitError, match=r"cannot label .*rows\.csv: no column"):
            TextSource(tmp_path / "rows.csv", layout=layout).check()
    write_table(tmp_path / "other.csv", [{"text": "No."}], ",")
    TextSource(tmp_path, layout=TextLayout(columns={"text": "sentnce"})).check()


def test_a_role_that_is_not_known():
    with pytest.raises(
        KitError, match=r"columns.txet is not known.*text.*text, id, article, title"
    ):
        TextLayout(columns={"txet": "sentence"})


@pytest.mark.parametrize("pattern", ["speeches", "{}", "{a b}_{year}", "{year}_{year}"])
def test_a_pattern_names_fields_once(pattern):
    with pytest.raises(KitError, match="has to name fields"):
        TextLayout(filename=pattern)


def test_general_debate_files(tmp_path):
    folder = tmp_path / "Session 74 - 2019"
    folder.mkdir()
    (folder / "KEN_74_2019.txt").write_text("We thank Chad.\nIt helped us.")
    (folder / "EU_74_2019.TXT").write_text("I agree.")
    # what the archive's makers left in it
    (folder / "._KEN_74_2019.txt").write_bytes(b"\0\5\x16\7")
    (tmp_path / "README.txt").write_text("Speeches.")
    (union, kenya), [rejected] = read(tmp_path, layout_of("ungdc"))
    assert (kenya.speaker, kenya.kept) == ("KEN", {"date": "2019", "session": "74"})
    assert (union.speaker, kenya.article.date) == ("EU", "2019")
    assert rejected.file == "README.txt" and "{country}_{session}_{year}" in rejected.reason


def test_names_of_folders_and_packed_files_have_fields(tmp_path):
    (tmp_path / "left").mkdir()
    (tmp_path / "left" / "osei-2019.jsonl").write_text('{"text": "No.", "year": 2020}\n')
    [[text], _] = read(
        tmp_path, TextLayout(filename="{side}/{name}-{year}", fields=("side", "year"))
    )
    # a row knows better than the name of its file
    assert text.kept == {"side": "left", "year": 2020}


def test_front_matter(tmp_path):
    head = '---\n# a remark\nspeaker: KEN\ntitle: "On the: levy"\nparty:\n\n---\n'
    (tmp_path / "a.md").write_text(head + "We refuse.")
    [[text], _] = read(tmp_path, TextLayout(speaker="speaker", fields=("party", "title")))
    assert (text.speaker, text.article.topic) == ("KEN", "On the: levy")
    assert text.kept == {"title": "On the: levy"}
    # offsets are those in the file
    assert text.article.text.index("We refuse.") == len(head)
    assert "KEN" not in text.article.text


@pytest.mark.parametrize(
    "text",
    [
        "---\nWe refuse.\n---\nSo do they.",
        "---\nspeaker: KEN\nWe refuse.",
        "\n---\nspeaker: KEN\n---\nWe refuse.",
        "--- \n- one: two\n---\n",
    ],
)
def test_what_is_no_front_matter_is_text(text):
    assert split_front_matter(text) == ({}, text)


def test_a_text_without_the_speaker_is_named_and_the_others_read(tmp_path):
    (tmp_path / "a.txt").write_text("We refuse.")
    (tmp_path / "b.txt").write_text("---\nspeaker: PER\n---\nWe refuse.")
    [text], [rejected] = read(tmp_path, TextLayout(speaker="speaker"))
    assert text.speaker == "PER"
    assert (rejected.file, rejected.reason) == (
        "a.txt",
        "no field speaker, which speaker= names; seen: text",
    )
    with pytest.raises(KitError, match=r"a\.txt: no field speaker"):
        read_one(tmp_path / "a.txt", TextLayout(speaker="speaker"))


def test_one_article_has_fields_too(tmp_path):
    path = tmp_path / "KEN_74_2019.txt"
    path.write_text("On the levy\n\nWe refuse.")
    text = read_one(path, layout_of("ungdc"))
    assert (text.speaker, text.group, text.article.topic) == ("KEN", "KEN_74_2019", "On the levy")
    assert text.kept == {"date": "2019", "session": "74"}


HEADS = ["ID", "Title", "Date", "Speaker_role", "Speaker_party", "Party_status", "Speaker_name"]


def write_sitting(folder, name, ending):
    text = (
        f"{name}.u1\tI call the next speaker [[Applause]] now.\n"
        f'{name}.u2\tWe "refuse the levy.\n\n{name}.u9\tHear!\nHear!\n'
    )
    (folder / f"{name}.txt").write_text(text)
    rows = [
        [f"{name}.u1", "A sitting", "2020-01-02", "Chairperson", "-", "-", "Osei, Ama"],
        [f"{name}.u2", "A sitting", "2020-01-02", "Regular", "LEV", "Opposition", "Ruiz, Eva"],
    ]
    lines = ["\t".join(cells) for cells in [HEADS, *rows]]
    (folder / f"{name}{ending}").write_text("\n".join(lines) + "\n")


def test_sittings_of_parlamint(tmp_path):
    write_sitting(tmp_path, "ParlaMint-XX_2020-01-02", "-meta.tsv")
    write_sitting(tmp_path, "ParlaMint-XX_2020-01-03", "-meta-en.tsv")
    (tmp_path / "00README.txt").write_text("About.")
    texts, rejected = read(tmp_path, layout_of("parlamint"))
    assert [text.speaker for text in texts] == ["Osei, Ama", "Ruiz, Eva"] * 2
    chair, member = texts[:2]
    assert chair.kept == {"date": "2020-01-02", "Speaker_role": "Chairperson"}
    assert member.kept["Speaker_party"] == "LEV" and member.group == "ParlaMint-XX_2020-01-02.u2"
    assert member.article.text == 'We "refuse the levy.' and member.article.topic == ""
    # notes of transcribers are not said, and offsets stay
    assert "Applause" not in chair.article.text and chair.article.text.endswith(" now.")
    told = [(row.file.rpartition("_")[2], row.line, row.reason) for row in rejected]
    assert told[0] == ("00README.txt", 0, told[0][2]) and "00README-meta-en.tsv" in told[0][2]
    assert told[1][1:] == (4, "id ParlaMint-XX_2020-01-02.u9 is not in the table beside it")
    assert told[2][1:] == (5, "no tab between an id and a text")
