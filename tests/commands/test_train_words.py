"""`train gold=PROJECT.db`: the words of whoever annotated, for the corpus that train learns from."""

import pytest
from made_labels import made, written

from stancekit.__main__ import main
from stancekit.annotation.project import Project
from stancekit.annotation.records import Judgement
from stancekit.commands.sample import sample
from stancekit.commands.train import train
from stancekit.commands.train_words import spelled_out
from stancekit.errors import KitError


@pytest.fixture
def project(tmp_path):
    rows, gold = made()
    drawn = sample(written(tmp_path, rows), n=80, output=tmp_path / "sample.csv")
    with Project.create(
        tmp_path / "study.db", rows=drawn.path, codebooks=["stance"], annotators=["ana"]
    ) as found:
        for item in found.items():
            judge(found, item.number, gold[item.id])
        yield found


def judge(project, item, code):
    project.save(Judgement(item=item, annotator="ana", codes={"stance": (code,)}))


def test_gold_is_the_corpus(project, tmp_path, capsys):
    words = ["model=nb", f"output={tmp_path}", "folds=5"]
    main(["train", f"gold={project.path}", *words])
    by_gold = capsys.readouterr().out
    main(["train", f"corpus={project.path}", *words])
    # The same run, which is read back.
    assert capsys.readouterr().out == by_gold and "crossfit" in by_gold
    assert len(list((tmp_path / "runs").iterdir())) == 1


@pytest.mark.parametrize(
    "words",
    [
        ["gold=a.db", "corpus=b.csv"],
        ["gold=a.db", "corpus.path=b.csv"],
        ["gold=a.db", "gold=b.db"],
        ["gold=[a.csv,b.csv]"],
        ["gold="],
    ],
)
def test_one_file_is_learned_from(words):
    with pytest.raises(KitError, match="another word for corpus="):
        spelled_out("train", words)


def test_other_words_and_commands_keep_theirs(capsys):
    words = ["corpus.gold=majority", "model=nb"]
    assert spelled_out("train", words) == words
    assert spelled_out("estimate", ["gold=a.db"]) == ["gold=a.db"]
    assert main(["train", "gold=a.db", "corpus=b.csv"]) == 2
    assert "seen: gold=a.db corpus=b.csv" in capsys.readouterr().err


def test_what_was_judged_since_is_read_while_the_project_is_open(project, tmp_path):
    def counts():
        model = train(project.path, model="nb", folds=2, output=tmp_path, verbose=False)
        return model.run.digest

    before = counts()
    judge(
        project,
        1,
        "abstain" if project.current("ana")[1, 0].codes != {"stance": ("abstain",)} else "none",
    )
    assert counts() != before
