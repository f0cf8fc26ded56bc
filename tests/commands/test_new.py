"""A folder of one's own: written from a table, ready for its README's commands, and never over other files."""

import csv
import re
import shlex

import pytest
import yaml
from conftest import ROOT
from omegaconf import OmegaConf

from stancekit.__main__ import main
from stancekit.codebook import load_codebook
from stancekit.commands.new import new
from stancekit.errors import KitError

SPEECHES = ROOT / "seeds" / "tables" / "speeches.csv"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_table(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def odd_rows():
    """Return rows whose header and values have what YAML, Hydra and the shell read in their own way."""
    values = ["yes", "no", "a: b", "- c", "'q'", "#7"]
    return [
        {
            "The text (final)": f"In week {number} the house said '{values[number % 6]}' to it: \"so be it\".",
            "Code: 2nd": values[number % 6],
            "Speaker's name": ["Ann O'Dea", "Bo Lum"][number % 2],
        }
        for number in range(48)
    ]


def test_parts_that_are_marked_are_the_split_whatever_their_words(here):
    with SPEECHES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    words = ["Train", "Train", "dev", "TEST"]
    speeches = list(dict.fromkeys(row["speech"] for row in rows))
    marked = [row | {"Set": words[speeches.index(row["speech"]) % 4]} for row in rows]
    write_table(here / "marked.csv", marked)
    new("study", data="marked.csv")
    assert config(here / "study", "corpus", "marked")["columns"]["split"] == "Set"
    experiment = (here / "study" / "configs" / "experiment" / "marked.yaml").read_text()
    assert "split: fixed" in experiment


def config(folder, group, name):
    return yaml.safe_load((folder / "configs" / group / f"{name}.yaml").read_text(encoding="utf-8"))


def readme_commands(folder):
    block = re.search(r"```sh\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)[1]
    return [shlex.split(line)[1:] for line in block.splitlines()]


# Four models learn, one of them the encoder of the box.
@pytest.mark.slow
def test_the_commands_of_the_readme_run_to_their_end(here, monkeypatch, capsys):
    assert main(["new", "mine"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[-1] == "7 files written to mine"
    folder = here / "mine"
    monkeypatch.chdir(folder)
    commands = readme_commands(folder)
    assert [words[0] for words in commands] == ["data", "train", "label"]
    for words in commands:
        assert shlex.join(["stancekit", *words]) in "\n".join(printed)
        assert main(words) == 0, (words, capsys.readouterr().err)
    capsys.readouterr()
    assert (folder / "experiments" / "speeches" / "report" / "report.html").is_file()
    assert (folder / "models" / "speeches" / "position" / "manifest.json").is_file()
    parts = sorted((folder / "labels").glob("part-*.jsonl"))
    rows = [line for part in parts for line in part.read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 60


@pytest.mark.parametrize(
    ("text", "count", "models", "told"),
    [
        ("In week {} the house said yes to the levy again.", 60, ",box_head", "minilm, one that"),
        ("In week {} the house said yes to the levy again.", 1100, "", "box_head, the encoder"),
        ("In Woche {} sagte das Haus wieder ja zu dieser Abgabe.", 60, "", "model.checkpoint=NAME"),
    ],
)
def test_the_encoder_of_the_box_is_compared_where_it_is_quick_and_reads_the_language(
    here, text, count, models, told
):
    rows = [{"text": text.format(at), "code": "ab"[at % 2]} for at in range(count)]
    write_table(here / "weeks.csv", rows)
    new("study", data="weeks.csv")
    sweep = config(here / "study", "experiment", "weeks")["hydra"]["sweeper"]["params"]
    assert sweep["model"] == f"majority,logreg,svm{models}"
    assert told in (here / "study" / "configs" / "experiment" / "weeks.yaml").read_text()
    count = 3 + bool(models)
    assert f"The second trains {count} models" in (here / "study" / "README.md").read_text()


def test_columns_are_written_with_the_reason(here):
    project = new("mine", data=SPEECHES)
    text = (here / "mine/configs/corpus/speeches.yaml").read_text()
    assert "speaker  # 17 names, each in several rows; its header says speaker" in text
    corpus = config(here / "mine", "corpus", "speeches")
    assert corpus["columns"] == {
        "text": "sentence",
        "date": "date",
        "article": "speech",
        "actor": "speaker",
        "target": "motion",
    }
    assert corpus["annotators"] == ["coder_a", "coder_b"]
    assert (here / "mine" / corpus["path"]).resolve() == SPEECHES
    frame = project.to_frame().set_index("role")
    assert frame.loc["target", "column"] == "motion" and "4 files written to mine" in repr(project)
    book = load_codebook(str(here / "mine/configs/codebook/position.yaml"))
    assert book.names == ["AGAINST", "FAVOR", "NEUTRAL", "NONE"]
    assert all(len(code.positive) == 2 for code in book.codes)


def test_nothing_is_printed_from_python(here, capsys):
    new("mine")
    assert capsys.readouterr() == ("", "")


def test_labels_of_another_codebook_are_listed_for_the_map_and_none_is_guessed(
    here, monkeypatch, capsys
):
    project = new("mine", data=SPEECHES, codebook="stance")
    text = (here / "mine/configs/corpus/speeches.yaml").read_text()
    assert "  AGAINST: ???  # 42 rows; one of abstain, condemn, none, support, or null" in text
    corpus = config(here / "mine", "corpus", "speeches")
    assert corpus["labels"] == {"AGAINST": "???", "FAVOR": "???", "NEUTRAL": "???", "NONE": "none"}
    assert not (here / "mine/configs/codebook").exists()
    assert "fill in the codes of AGAINST, FAVOR, NEUTRAL" in project.notes[0]
    assert "AGAINST, FAVOR, NEUTRAL" in (here / "mine/README.md").read_text()
    monkeypatch.chdir(here / "mine")
    assert main(readme_commands(here / "mine")[0]) == 2
    assert "corpus.labels.AGAINST" in capsys.readouterr().err


def test_labels_that_are_a_codebook_s_codes_need_no_map(here):
    rows = [
        {"sentence": f"In year {number} the delegation of Peru said so.", "stance": code}
        for number in range(10)
        for code in ("condemn", "support", "none")
    ]
    write_table(here / "mine.csv", rows)
    project = new("own", data="mine.csv")
    assert "codebooks=stance" in project.commands[0]
    assert "labels" not in config(here / "own", "corpus", "mine")
    for row in rows:
        row["stance"] = f"{row['stance']}!"
    write_table(here / "other.csv", rows)
    new("own", data="other.csv")
    book = config(here / "own", "codebook", "other_stance")
    assert book["column"] == "stance" and list(book["codes"]) == ["condemn!", "none!", "support!"]


def test_a_second_scheme_comes_beside_the_first(here):
    new("mine")
    project = new(
        "mine", data="mine/speeches.csv", name="blame", columns={"labels": "responsibility"}
    )
    assert project.notes == ("README.md is there already and stays as it is",)
    assert config(here / "mine", "corpus", "blame")["labels"] == {"": None}
    assert config(here / "mine", "corpus", "blame")["path"] == "speeches.csv"
    assert list(config(here / "mine", "codebook", "responsibility")["codes"]) == [
        "both",
        "domestic",
        "foreign",
    ]
    before = (here / "mine/configs/corpus/speeches.yaml").read_bytes()
    with pytest.raises(
        KitError, match=r"mine has configs/corpus/speeches.yaml, .* already; remove them, or"
    ):
        new("mine", data="mine/speeches.csv")
    assert (here / "mine/configs/corpus/speeches.yaml").read_bytes() == before


def test_odd_names_and_values_are_written_so_that_they_are_read_back(here):
    write_table(here / "my data (1).csv", odd_rows())
    new("own", data="my data (1).csv")
    corpus = config(here / "own", "corpus", "my_data_1")
    assert corpus["columns"] == {"text": "The text (final)", "actor": "Speaker's name"}
    book = load_codebook(str(here / "own/configs/codebook/code_2nd.yaml"))
    assert book.names == sorted(["yes", "no", "a: b", "- c", "'q'", "#7"])
    assert book.column == "Code: 2nd" and book.unit == "sentence"


@pytest.mark.slow  # the commands of the README, which run above, with other names
def test_the_commands_of_odd_names_run_to_their_end(here, monkeypatch, capsys):
    write_table(here / "my data (1).csv", odd_rows())
    project = new("own", data="my data (1).csv")
    monkeypatch.chdir(here / "own")
    for words in map(shlex.split, project.commands):
        assert main(words[1:]) == 0, (words, capsys.readouterr().err)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (
            [{"sentence": "Too short.", "x": "1"}],
            "which column has the text; it is not clear which column has the labels. Say so with columns.text=",
        ),
        ([{"sentence": "", "x": ""}], "the table has no rows"),
    ],
)
def test_a_table_that_is_not_understood_is_asked_about(rows, told, here):
    write_table(here / "x.csv", rows)
    with pytest.raises(KitError, match=told):
        new("own", data="x.csv")
    assert not (here / "own").exists()


def test_a_table_without_labels_is_asked_about(here):
    with pytest.raises(
        KitError, match=r"which column has the labels: party\. Say so with columns\.labels="
    ):
        new("own", data=SPEECHES.with_name("new_speeches.csv"))
    with pytest.raises(KitError, match="no column labels=nothing"):
        new("own", data=SPEECHES, columns={"labels": "nothing"})
    assert not (here / "own").exists()


def test_annotators_without_gold_are_enough(here, monkeypatch, capsys):
    rows = [
        {
            "sentence": f"In year {number} the delegation of Peru said so, for {number} reasons.",
            "coder_1": ["PRO", "CON"][number % 2],
            "coder_2": ["PRO", "CON"][number % 2 if number % 5 else 0],
        }
        for number in range(60)
    ]
    write_table(here / "mine.csv", rows)
    project = new("own", data="mine.csv")
    assert list(config(here / "own", "codebook", "code")["codes"]) == ["CON", "PRO"]
    assert config(here / "own", "corpus", "mine")["annotators"] == ["coder_1", "coder_2"]
    monkeypatch.chdir(here / "own")
    assert main(shlex.split(project.commands[0])[1:]) == 0, capsys.readouterr().err


def test_names_of_the_kit_s_own_are_not_taken(here):
    with pytest.raises(KitError, match=r"the kit has configs/corpus/un_votes.yaml.*name=NAME"):
        new("own", data=SPEECHES, name="un_votes")


def test_labels_and_columns_that_look_like_numbers_stay_texts(here, monkeypatch, capsys):
    labels = ["1e3", "007", "1_000", "no", "null", "a"]
    rows = [
        {"1e5": f"In week {number} the house had its say at length.", "code": labels[number % 6]}
        for number in range(60)
    ]
    write_table(here / "odd.csv", rows)
    new("study", data="odd.csv")
    monkeypatch.chdir(here / "study")
    assert load_codebook("code").names == sorted(labels)
    assert main(["train", "experiment=odd", "model=majority", "output=runs"]) == 0
    assert "majority for code on odd" in capsys.readouterr().out
    new("mapped", data=here / "odd.csv", codebook="stance")
    text = (here / "study" / "mapped" / "configs" / "corpus" / "odd.yaml").read_text()
    assert set(OmegaConf.create(text).labels) == set(labels)


def test_a_copied_codebook_and_one_without_target_are_told(here, monkeypatch, capsys):
    new("study")
    monkeypatch.chdir(here / "study")
    folder = here / "study" / "configs" / "codebook"
    text = (folder / "position.yaml").read_text(encoding="utf-8")
    words = ["train", "corpus=speeches", "model=majority", "output=runs"]
    for name, content, told in [
        ("other", text, "other.yaml is asked for, and says name: position, which is another"),
        ("bare", re.sub("(?m)^_target_.*\n", "", text), "the codebook has no line _target_"),
    ]:
        (folder / f"{name}.yaml").write_text(content, encoding="utf-8")
        assert main([*words, f"codebook={name}"]) == 2
        assert told in capsys.readouterr().err
    assert not (here / "study" / "runs").exists()
