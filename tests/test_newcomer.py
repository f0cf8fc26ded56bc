"""What a new user sets out to do, by the lines of the documentation; tests/README.md counts the steps."""

import csv
import re
import shlex

import pandas as pd
import pytest
from conftest import ROOT
from pages import blocks

from stancekit.__main__ import main

NOTES = (ROOT / "tests" / "README.md").read_text(encoding="utf-8")
# They train and label in earnest: half a minute.
pytestmark = pytest.mark.slow


def lines(page, block):
    """Return the command lines of a page's block of the shell, the first one being 0."""
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    found = [one.text for one in blocks(text) if one.kind == "sh"]
    return [shlex.split(line, comments=True) for line in found[block].splitlines()]


def counted(task):
    """Return how many commands and edits the table in tests/README.md says that a task takes."""
    row = next(line for line in NOTES.splitlines() if line.startswith(f"| {task} |"))
    commands, edits = row.split("|")[4:6]
    return int(commands), int(edits)


class User:
    """Types commands into a shell whose folder `cd` changes, and fills in files."""

    def __init__(self, folder, monkeypatch, capsys):
        self.folder, self.monkeypatch, self.capsys = folder, monkeypatch, capsys
        self.commands = self.edits = 0
        self.monkeypatch.chdir(folder)

    def type(self, words):
        """Type one line; return what it prints, and be sure that its last line says what came out."""
        if words[0] == "cd":
            self.folder = self.folder / words[1]
            self.monkeypatch.chdir(self.folder)
            return ""
        self.commands += 1
        assert words[0].endswith("stancekit")
        code = main(words[1:])
        printed = self.capsys.readouterr()
        assert code == 0, (words, printed.err)
        assert printed.out.strip(), f"{words[1]} says nothing"
        return printed.out

    def type_all(self, every):
        return [self.type(words) for words in every]

    def fill_in(self, name, column, decide):
        """Fill in a column of a table by hand."""
        self.edits += 1
        path = self.folder / name
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            row[column] = decide(row)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)

    def steps(self):
        return self.commands, self.edits


@pytest.fixture
def user(tmp_path, monkeypatch, capsys):
    return User(tmp_path, monkeypatch, capsys)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return the folder of a user who has trained on a table to the first labels."""
    return tmp_path_factory.mktemp("made")


@pytest.fixture
def labelled(made, monkeypatch, capsys):
    """Return a user in that folder, after its first block."""
    before = User(made, monkeypatch, capsys)
    if not (made / "mine").exists():
        before.type_all(lines("howto/own_table", 0))
    return User(made / "mine", monkeypatch, capsys)


def judge(row):
    """Read a sentence as a person would; the numbers of this test do not depend on it."""
    words = re.findall(r"\w+", row["sentence"].lower())
    if {"against", "no", "opposed", "reject"} & set(words):
        return "AGAINST"
    if {"for", "yes", "aye", "support", "favour", "pass"} & set(words):
        return "FAVOR"
    return "NEUTRAL" if {"neither", "abstain", "out"} & set(words) else "NONE"


def test_label_an_article(user):
    printed = user.type(lines("howto/label", 0)[0])
    assert printed.splitlines()[-1].endswith("rows written to labels.jsonl")
    assert "labelled by box (stance, box/stance)" in printed
    assert user.steps() == counted("label an article")


def test_train_on_a_table_of_ones_own(user):
    printed = user.type_all(lines("howto/own_table", 0)[:4])
    assert "actor: speaker (17 names" in printed[0]
    assert "157" in printed[2] and "AGAINST" in printed[2]
    assert "macro-F1" in printed[3]
    assert (user.folder / "models" / "speeches" / "position").is_dir()
    assert user.steps() == counted("train on a table of your own")
    user.commands = 0
    printed = user.type(lines("howto/own_table", 2)[0])
    assert "condemn" in printed and "experiments/default" in printed.splitlines()[-1]
    assert user.steps() == counted("the same in the codes of `stance`, without a folder")


def test_a_frame_scheme_of_ones_own(labelled):
    labelled.type_all(lines("howto/own_table", 1)[:2])
    assert (labelled.folder / "models" / "blame" / "responsibility").is_dir()
    assert labelled.steps() == counted("train a frame scheme of your own")
    labelled.type(lines("howto/own_table", 1)[2])
    frame = read_labels(labelled.folder / "both")
    assert len(frame) == 60 and {"position", "responsibility"} <= set(frame.columns)


def read_labels(folder):
    from stancekit import read_labels

    return read_labels(folder).to_frame()


def test_label_with_models_of_ones_own(labelled):
    printed = labelled.type([*lines("howto/own_table", 0)[4][:-1], "output=again"])
    assert "models/speeches/position" in printed and "again" in printed.splitlines()[-1]
    frame = read_labels(labelled.folder / "again")
    assert len(frame) == 60 and set(frame["position"]) <= {"AGAINST", "FAVOR", "NEUTRAL", "NONE"}
    # Rows are labelled as they are, with the speaker that they name.
    assert set(frame["actor"]) >= {"Ilse Vantour", "Oda Kessim"}
    assert labelled.steps() == counted("label with your own models")


def test_speeches_with_their_speakers(labelled):
    labelled.type(lines("howto/own_table", 3)[0])
    frame = read_labels(labelled.folder / "spoken")
    spoken = frame[frame["sentence"] == "I shall be counting votes and not casting one."]
    assert list(spoken["actor"]) == ["Corin Maddel"] and list(spoken["actor_start"]) == [0]


def test_from_labels_to_a_claim_by_party_and_month_with_a_growing_sample(labelled):
    sample, plan, more, estimate = lines("howto/shares", 0)
    labelled.type(sample)
    labelled.fill_in("sample.csv", "position", judge)
    before = (labelled.folder / "sample.csv").read_bytes()
    labelled.type(plan)
    labelled.type(more)
    assert (labelled.folder / "sample.csv").read_bytes() == before
    labelled.fill_in("more.csv", "position", judge)
    printed = labelled.type(estimate)
    assert "claims" in printed.splitlines()[-1]
    shares = pd.read_csv(labelled.folder / "claims" / "shares.csv")
    assert {"party", "month"} <= set(shares.columns)
    assert "2031-05" in set(shares["month"].astype(str))
    assert labelled.steps() == counted(
        "from labels to a claim by party and month, with a sample that grows"
    )


def test_two_annotators(labelled):
    agreement = lines("howto/annotators", 0)[2]
    (disagreements,), (train,) = (lines("howto/annotators", block) for block in (1, 2))
    assert "alpha" in labelled.type(agreement)
    assert "decide.csv" in labelled.type(disagreements).splitlines()[-1]
    labelled.fill_in("decide.csv", "position", lambda row: row["coder_a"])
    labelled.type(train)
    assert labelled.steps() == counted(
        "two annotators: agreement, disagreements, decided codes as gold"
    )


def test_python_with_texts_and_dataframes(user, capsys):
    user.type_all(lines("howto/python", 0))
    names = {}
    page = (ROOT / "docs" / "howto" / "python.md").read_text(encoding="utf-8")
    for block in [one for one in blocks(page) if one.kind == "python"][:3]:
        exec(compile(block.text, "python.md", "exec"), names)
    model, table = names["model"], pd.read_csv("new_speeches.csv")
    frame = model.predict(table[40:])
    assert list(frame.index) == list(range(40, 60)) and "condemn" in frame.columns
    assert len(names["labels"].to_frame()) and len(names["labels"].positions())
    path = model.save_pretrained("models/mine")
    again = names["sk"].load(path).predict(table[40:])
    pd.testing.assert_frame_equal(again, frame)
