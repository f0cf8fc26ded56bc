"""What the columns of a table are taken for: by content, by header only between equals, and never without a reason."""

import csv
import json

import pytest
from conftest import ROOT

from stancekit.codebook import load_codebook
from stancekit.corpus.guess import guess_columns
from stancekit.corpus.memory import read_table
from stancekit.errors import KitError

TABLES = ROOT / "seeds" / "tables"
NAMES = ["Ada Voss", "Ben Roe", "Cleo Marsh", "Dag Holt"]
SAYINGS = ["We shall never agree to that, not in {} years.", "In year {} we gladly said yes to it."]


def read(name):
    with (TABLES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def table(count=40, **columns):
    """Return rows with texts and labels, and what each column's function gives for a row's number."""
    rows = []
    for number in range(count):
        row = {"q1": SAYINGS[number % 2].format(number), "q2": ["con", "pro"][number % 2]}
        rows.append(row | {name: value(number) for name, value in columns.items()})
    return rows


def roles(guess):
    return {entry.role: entry.columns for entry in guess.guesses if entry.columns}


def test_the_sample_table_is_understood():
    guess = guess_columns(read("speeches.csv"))
    assert roles(guess) == {
        "text": ("sentence",),
        "date": ("date",),
        "labels": ("position",),
        "annotators": ("coder_a", "coder_b"),
        "article": ("speech",),
        "actor": ("speaker",),
        "target": ("motion",),
    }
    assert guess.values == {"AGAINST": 42, "FAVOR": 51, "NEUTRAL": 23, "NONE": 41}
    assert guess.groups == ("party",) and not guess.separator and not guess.date_formats
    assert all(entry.reason for entry in guess.guesses)


def test_content_is_enough():
    rows = table(
        a=lambda number: f"T-{number}",
        b=lambda number: NAMES[number % 4],
        c=lambda number: f"2019-03-{number % 28 + 1:02}",
        d=lambda number: f"doc{number // 8}",
        e=lambda number: ["train", "train", "test", "validation"][number % 4],
        f=lambda number: number / 7,
    )
    assert roles(guess_columns(rows)) == {
        "text": ("q1",),
        "labels": ("q2",),
        "id": ("a",),
        "actor": ("b",),
        "date": ("c",),
        "article": ("d",),
        "split": ("e",),
    }


@pytest.mark.parametrize(
    "words", [("train", "dev", "test"), ("Train", "Val", "TEST"), ("training", "valid", "test")]
)
def test_parts_have_the_words_that_corpora_read(words):
    rows = table(set=lambda number: words[number % 3])
    assert guess_columns(rows).column("split") == "set"
    codes = {"con": "condemn", "pro": "support"}
    corpus = read_table(rows, text="q1", labels="q2", split="set", map=codes)
    parts = corpus.read(load_codebook("stance")).parts
    assert parts[:3] == ("train", "validation", "test")


def test_what_is_not_clear_names_the_choices():
    rows = table(x=lambda number: NAMES[number % 4], y=lambda number: NAMES[number // 10])
    unclear = {
        entry.role: entry.choices for entry in guess_columns(rows).guesses if not entry.columns
    }
    assert unclear["actor"] == ("x", "y")
    named = table(x=lambda number: NAMES[number % 4], Speaker=lambda number: NAMES[number // 10])
    assert guess_columns(named).column("actor") == "Speaker"
    twice = table(q3=lambda number: ["home", "abroad", "both"][number % 3])
    guess = guess_columns(twice)
    assert guess.column("labels") is None and guess.values == {}
    assert guess_columns(twice, {"labels": "q3"}).column("labels") == "q3"


def test_names_are_not_taken_for_labels():
    guess = guess_columns(read("new_speeches.csv"))
    assert guess.column("labels") is None
    assert next(entry.choices for entry in guess.guesses if entry.role == "labels") == ("party",)


def test_columns_of_the_same_values_are_asked_about():
    codes = ["CON", "PRO", "NONE"]
    rows = table(
        haltung=lambda number: codes[number % 3],
        kodierer_a=lambda number: codes[number % 3],
        kodierer_b=lambda number: codes[number % 7 % 3],
    )
    guess = guess_columns(rows)
    choices = next(entry.choices for entry in guess.guesses if entry.role == "labels")
    assert choices == ("haltung", "kodierer_a", "kodierer_b")
    assert roles(guess_columns(rows, {"labels": "haltung"}))["annotators"] == choices[1:]


def test_texts_of_two_columns_are_told_by_length_or_header():
    notes = table(notes=lambda number: f"seen twice, page {number} of the second volume")
    assert guess_columns(notes).column("text") is None
    short = table(notes=lambda number: f"ok {number}")
    assert guess_columns(short).column("text") == "q1"
    header = [
        {"sentence" if name == "q1" else name: cell for name, cell in row.items()} for row in notes
    ]
    assert guess_columns(header).column("text") == "sentence"


def test_texts_without_blanks_are_texts():
    rows = [
        {"a": f"我国代表团第{number}次表示坚决反对该决议草案", "b": ["反对", "赞成"][number % 2]}
        for number in range(20)
    ]
    assert roles(guess_columns(rows)) == {"text": ("a",), "labels": ("b",)}


@pytest.mark.parametrize(
    ("write", "formats"),
    [
        ("2019-{1:02}-{0:02}", ()),
        ("2019{1:02}{0:02}", ()),
        ("{0:02}.{1:02}.2019", ("%d.%m.%Y",)),
        ("{0:02}/{1:02}/2019", ("%d/%m/%Y",)),
        ("{1:02}/{0:02}/2019", ("%m/%d/%Y",)),
    ],
)
def test_dates_are_recognised_as_they_are_written(write, formats):
    rows = table(when=lambda number: write.format(number % 28 + 1, number % 12 + 1))
    guess = guess_columns(rows)
    assert guess.column("date") == "when" and guess.date_formats == formats


def test_day_and_month_are_never_guessed():
    rows = table(when=lambda number: f"{number % 12 + 1:02}/{number % 11 + 1:02}/2019")
    assert guess_columns(rows).date_formats == ("%d/%m/%Y", "%m/%d/%Y")


def test_numbers_are_no_dates_unless_the_header_says_so():
    assert guess_columns(table(votes=lambda number: 1900 + number)).column("date") is None
    assert guess_columns(table(year=lambda number: 1900 + number)).column("date") == "year"


def test_several_labels_in_a_cell_are_recognised():
    cells = ["peace", "law", "peace; law", "", "trade"]
    rows = table(codes=lambda number: cells[number % 5])
    guess = guess_columns(rows)
    assert guess.column("labels") == "codes" and guess.separator == ";"
    assert guess.values == {"": 8, "law": 16, "peace": 16, "trade": 8}
    # A comma that belongs to a label is none between labels.
    whole = table(codes=lambda number: ["yes", "no, never", "no, not now"][number % 3])
    assert not guess_columns(whole).separator


def test_annotators_need_no_column_of_gold():
    rows = table(
        q2=lambda number: "",
        coder_1=lambda number: ["pro", "con"][number % 2],
        coder_2=lambda number: ["pro", "con"][number % 3 > 0],
    )
    guess = guess_columns(rows)
    assert roles(guess)["annotators"] == ("coder_1", "coder_2")
    assert guess.column("labels") is None and set(guess.values) == {"con", "pro"}


def test_odd_cells_do_no_harm():
    rows = table(
        a=lambda number: None,
        b=lambda number: float("nan"),
        c=lambda number: {"nested": number},
        d=lambda number: ["con", "pro"],
    )
    assert guess_columns(rows).column("text") == "q1"
    assert json.dumps(guess_columns(rows).values)
    with pytest.raises(KitError, match="no rows"):
        guess_columns([])
    with pytest.raises(KitError, match=r"no column labels=q7; it has: q1, q2"):
        guess_columns(table(), {"labels": "q7"})


def test_who_gave_each_row_its_label():
    names, codes = ("ana", "ben", "cleo"), ("against", "for")
    rows = [
        {"sentence": f"The house heard it {n // 3} times.", "coder": names[n % 3]}
        | {"code": codes[n % 2]}
        for n in range(30)
    ]
    guess = guess_columns(rows)
    assert roles(guess) == {"text": ("sentence",), "labels": ("code",), "annotator": ("coder",)}
    # Whom a table is about, and labels of several, are no names of annotators.
    judges = [{**row, "judge": row["coder"]} for row in rows]
    assert guess_columns([{**row, "coder": None} for row in judges]).column("annotator") is None
    wide = [{**row, "coder": row["code"]} for row in rows]
    assert guess_columns(wide).column("annotator") is None
