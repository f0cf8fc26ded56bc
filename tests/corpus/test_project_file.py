"""A project of annotation as data: who judged what, what was decided, and what is gold."""

import pytest

from stancekit.annotation.project import Project
from stancekit.annotation.records import Judgement
from stancekit.commands.agreement import agreement
from stancekit.commands.disagreements import disagreements
from stancekit.corpus import TableCorpus
from stancekit.corpus.files import read_data_file
from stancekit.corpus.finding import find_data_files
from stancekit.corpus.formats import is_known, read_rows
from stancekit.corpus.memory import read_table
from stancekit.corpus.project_file import read_project
from stancekit.errors import KitError

ROWS = [
    {
        "id": f"r{n}",
        "article": f"a{n % 3}",
        "text": f"Peru said no to draft {n}.",
        "actor": "Peru",
        "target": f"draft {n}",
        "probability": 0.5,
        "topic": "whaling",
    }
    for n in range(8)
]


def said(item, annotator, code="condemn", frames=(), **rest):
    codes = {"stance": (code,), "diplomacy": tuple(frames)}
    return Judgement(item=item, annotator=annotator, codes=codes, **rest)


@pytest.fixture
def path(tmp_path):
    """Two annotators of seven rows: three alike, three not, of which one is decided, and one of one."""
    file = tmp_path / "study.db"
    with Project.create(
        file,
        rows=ROWS,
        codebooks=["stance", "diplomacy"],
        annotators=["ana", "ben"],
        overlap="all",
    ) as project:
        project.add_annotator("lee", "lead")
        for item in range(1, 7):
            project.save(said(item, "ana", frames=["peace", "legality"]))
            project.save(said(item, "ben", "condemn" if item < 4 else "support"))
        project.save(said(7, "ana", "none"))
        project.save(said(8, "ana"))
        project.take_back(8, "ana")
        project.save(said(1, "ana", "none", repeat=1))
        project.save(said(4, "lee", "abstain", action="adjudicate"))
    return file


def test_a_row_for_each_judgement_that_stands(path):
    rows = read_project(path)
    assert [(row["id"], row["annotator"]) for row in rows[:2]] == [("r0", "ana"), ("r0", "ben")]
    first = rows[0]
    assert first["stance"] == ["condemn"] and first["diplomacy"] == ["legality", "peace"]
    assert (first["probability"], first["batch"], first["kind"]) == (0.5, 1, "sampled")
    assert first["topic"] == "whaling" and first["actor_start"] == 0
    assert "stance=" in first["codebook_hash"] and first["suggestion"] == ""
    assert [row["annotator"] for row in rows if row["id"] == "r3"] == ["ana", "ben", "adjudicated"]
    # Taken back, and the hidden second time.
    assert len(rows) == 6 * 2 + 1 + 1
    assert list(read_data_file(path)) == rows


def test_none_of_them_is_not_not_judged(path):
    with Project.open(path) as project:
        project.save(Judgement(item=8, annotator="ana", codes={"diplomacy": ()}))
    row = next(row for row in read_project(path) if row["id"] == "r7")
    assert row["diplomacy"] == [] and row["stance"] is None


def test_it_is_a_corpus_with_decided_codes_for_gold(path, stance, caplog):
    data = TableCorpus(path).read(stance)
    gold = dict(zip((example.id for example in data.examples), data.labels, strict=True))
    assert gold == {
        **{f"r{n}": ("condemn",) for n in range(3)},
        "r3": ("abstain",),
        "r6": ("none",),
    }
    assert "1 rows have the codes adjudicated, 4 others the majority's" in caplog.text
    assert "2 of 7 rows have no gold and are left out, by corpus.gold=adjudicated" in caplog.text
    example = next(example for example in data.examples if example.id == "r3")
    assert (example.actor.name, example.target.name, example.article) == ("Peru", "draft 3", "a0")


def test_gold_by_majority_does_not_look_at_what_was_decided(path, stance):
    data = TableCorpus(path, gold="majority").read(stance)
    assert "r3" not in {example.id for example in data.examples}


def test_frames_of_a_project(path, diplomacy):
    annotated = TableCorpus(path).annotations(diplomacy)
    assert annotated.annotators == ("ana", "ben")
    assert annotated.by_id()["r0"] == {"ana": ("legality", "peace"), "ben": ()}


def test_nothing_adjudicated_is_no_rule(path, stance):
    with Project.open(path) as project:
        project.take_back(4, "lee")
    assert TableCorpus(path).annotations(stance).gold_from == "majority"
    with pytest.raises(KitError, match=r"gold is adjudicated, and .* has nothing of codebook"):
        TableCorpus(path, gold="adjudicated").read(stance)


def test_agreement_and_disagreements_need_no_column_named(path, tmp_path):
    found = agreement(path, codebook="stance")
    assert found.n == 6 and found.annotated.annotators == ("ana", "ben")
    left = disagreements(path, codebook="stance", output=tmp_path / "decide.csv")
    assert {row["id"] for row in left} == {"r4", "r5"}
    assert left.notes == ["1 rows that are adjudicated are left out"]


def test_a_file_of_decisions_adds_to_what_was_adjudicated(path, tmp_path, stance):
    decide = tmp_path / "decide.csv"
    decide.write_text("id,stance\nr4,support\n")
    data = read_table(path, gold=decide).read(stance)
    gold = dict(zip((example.id for example in data.examples), data.labels, strict=True))
    assert (gold["r3"], gold["r4"]) == (("abstain",), ("support",))


def test_controls_have_their_own_gold(path, stance):
    with Project.open(path) as project:
        project.add_items([{"id": "c", "text": "Peru agreed.", "stance": "support"}], "control")
        project.save(said(9, "ana", "none"))
    data = TableCorpus(path).read(stance)
    gold = dict(zip((example.id for example in data.examples), data.labels, strict=True))
    assert gold["c"] == ("support",)


def test_codes_before_a_suggestion_count(path):
    with Project.open(path) as project:
        project.save(said(8, "ana", "none"))
        project.save(said(8, "ana", "support", suggestion="after"))
    row = next(row for row in read_project(path) if row["id"] == "r7")
    assert (row["stance"], row["stance_after"], row["suggestion"]) == (
        ["none"],
        ["support"],
        "after",
    )


def test_judgements_with_the_models_code_in_view_are_refused(path, stance, caplog):
    with Project.open(path) as project:
        project.save(said(8, "ana", suggestion="before"))
    told = "1 of 14 judgements of stance in .*study.db were made with the model's code in view"
    with pytest.raises(KitError, match=f"{told}.*corpus.suggested=true"):
        TableCorpus(path).read(stance)
    with pytest.raises(KitError, match="set suggested=True"):
        agreement(path, codebook="stance")
    assert len(TableCorpus(path, suggested=True).read(stance).examples) == 6
    assert "made with the model's code in view" in caplog.text


def test_a_project_beside_a_sample_is_no_second_file_of_data(path, tmp_path):
    (tmp_path / "sample.csv").write_text("id,text\nr0,No.\n")
    assert [file.name for file in find_data_files(tmp_path)] == ["sample.csv"]
    # Its rows are no texts to label.
    assert not is_known(path)


def test_what_was_judged_last_is_read_while_somebody_annotates(path, stance):
    corpus = TableCorpus(path)
    with Project.open(path) as project:
        project.save(said(8, "ben", "support"))
        assert len(corpus.paths()) == 2
        assert "r7" in {example.id for example in corpus.read(stance).examples}
    assert corpus.paths() == [path]


def test_a_damaged_project_is_one_error(path, tmp_path, stance):
    other = tmp_path / "other.db"
    other.write_text("no database")
    with pytest.raises(KitError, match=r"other\.db is no annotation project"):
        list(read_rows(other))
    with pytest.raises(KitError, match=r"other\.db is no annotation project"):
        TableCorpus(other).read(stance)
    with pytest.raises(KitError, match="there is no file or folder"):
        TableCorpus(tmp_path / "gone.db").read(stance)
