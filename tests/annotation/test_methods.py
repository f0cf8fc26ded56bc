"""The report on a project says what was done, in numbers that can be counted by hand."""

import random
import re

import pytest

from stancekit.annotation.methods import LATEX_MARK, MARKDOWN_MARK, report_methods
from stancekit.annotation.project import Project
from stancekit.annotation.records import Judgement
from stancekit.annotation.study import study_project
from stancekit.commands.agreement import agreement
from stancekit.errors import KitError
from stancekit.formatting import format_score

N = 60
CODES = ("condemn", "support", "none")


def judge(project, item, name, stance, frames=("peace",), **rest):
    codes = {"stance": (stance,), "diplomacy": frames}
    project.save(Judgement(item=item, annotator=name, codes=codes, **{"seconds": 10.0, **rest}))


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Return a project of two annotators who agree on two thirds of forty items, and a lead."""
    path = tmp_path_factory.mktemp("study") / "study.db"
    rows = [
        {
            "id": f"r{at}",
            "article": f"a{at // 3}",
            "sentence": f"Peru said {at}.",
            "actor": "Peru",
            "target": "the levy",
            "probability": 0.5 if at % 2 else 0.25,
        }
        for at in range(N)
    ]
    books, people = ["stance", "diplomacy"], ["ana", "ben", "idle"]
    made = Project.create(path, rows=rows, codebooks=books, annotators=people, repeats=0.05)
    with made as project:
        control = {"id": "c", "sentence": "All know.", "stance": "none", "diplomacy": "peace"}
        project.add_items([control], kind="control")
        project.add_annotator("lea", "lead")
        rng = random.Random(1)
        for item in range(1, N + 1):
            code = rng.choice(CODES)
            judge(project, item, "ana", code, () if item % 4 == 0 else ("peace",))
            if item <= 40:
                other = "abstain" if item % 3 == 0 else code
                judge(project, item, "ben", other, seconds=30.0, unsure=item % 3 == 0)
            if item in (3, 6):
                judge(project, item, "lea", code, action="adjudicate")
        judge(project, 1, "ana", "abstain", repeat=1)
        judge(project, 2, "ana", project.current("ana")[2, 0].codes["stance"][0], repeat=1)
        judge(project, N + 1, "ana", "none")
        judge(project, N + 1, "ben", "support")
        judge(project, 5, "ben", "abstain", suggestion="after")
        finding = {"finding": "wrong target", "marked": "the tax"}
        project.save(Judgement(item=60, annotator="ben", codes={}, **finding))
    return path


@pytest.fixture
def methods(study):
    with Project.open(study, read_only=True) as project:
        yield report_methods(project)


def test_the_paragraph_says_who_how_many_how_drawn_and_how_long(methods):
    text = " ".join(methods.sentences)
    for part in (
        "Two annotators judged 61 of 61 items by the codebooks stance and diplomacy.",
        "drawn at random with known probabilities (between 0.25 and 0.5).",
        "1 of the items are controls, whose codes were known",
        "41 items (68 %) were judged by two annotators or more",
        "5 % of the items came a second time",
        "After 1 of 105 judgements a model's code was shown, and 1 were then changed",
        "In 1 of 2 hidden repetitions (50 %) the codes of stance were the same.",
        "On controls, 1 of 2 judgements (50 %) had the known codes of stance.",
        "A judgement took a median of 10 seconds; all of them took 31 minutes.",
        "In one item (2 %) an annotator stated: wrong target.",
    ):
        assert part in text, part
    assert "ana" not in text and "in view" not in text


def test_final_codes_are_counted_by_how_they_came_about(study, methods):
    # Of forty items that two judged, those divisible by three differ: thirteen, two adjudicated.
    assert (
        "Final codes of stance: 2 adjudicated, 27 unanimous, 20 of one annotator alone and 11 undecided."
        in methods.sentences
    )
    with Project.open(study, read_only=True) as project:
        facts = study_project(project).codebooks[0]
    assert sum(facts.endings.values()) == N and facts.given["abstain"] == 13


def test_agreement_is_that_of_the_command(study, methods):
    (told,) = [
        line
        for line in methods.sentences
        if line.startswith("Before adjudication, agreement on stance")
    ]
    with Project.open(study, read_only=True) as project:
        scores = study_project(project).codebooks[0].agreement.scores
    assert f"{format_score(scores[0])} and {format_score(scores[1])} ordinal on the scale" in told
    assert scores[0].n == 40 and 0.3 < scores[0].value < 0.8 and scores[0].low < scores[0].value
    # The one control that both judged is in neither.
    assert agreement(study, codebook="stance").scores == scores


def test_names_are_hidden_unless_they_are_asked_for(study, methods):
    people = methods.tables[0]
    assert [row[0] for row in people.rows] == ["A", "B"]
    assert people.rows[0][1:] == ["61", "0", "0", "10", "1 of 2", "1 of 1", "2 of 2", "1 of 1"]
    assert people.rows[1][1:] == ["42", "13", "0", "30", "–", "0 of 1", "–", "1 of 1"]
    with Project.open(study, read_only=True) as project:
        named = report_methods(project, names=True)
    assert [row[0] for row in named.tables[0].rows] == ["ana", "ben"]


def test_a_table_has_every_code_and_none_of_them(methods):
    stance, frames = methods.tables[1:3]
    assert [row[0] for row in stance.rows] == [
        "all",
        "on the scale",
        "abstain",
        "condemn",
        "none",
        "support",
    ]
    assert frames.rows[-1] == ["none of them", "–", "–", "15"]
    assert frames.rows[1][0] == "by overlap"
    versions = methods.tables[-1]
    assert [(row[0], row[2]) for row in versions.rows] == [("stance", "yes"), ("diplomacy", "yes")]
    assert all(re.fullmatch("[0-9a-f]{12}", row[1]) for row in versions.rows)


def test_both_files_have_all_of_it(methods):
    markdown, latex = methods.markdown(), methods.latex()
    assert (
        markdown.startswith(f"{MARKDOWN_MARK}\n\n## Annotation\n\nTwo annotators")
        and "| domestic_politics |" in markdown
    )
    assert latex.startswith(LATEX_MARK)
    assert r"domestic\_politics" in latex and latex.count(r"\begin{table}") == len(methods.tables)
    assert "68 \\%" in latex and "_" not in re.sub(r"\\_|\\label\{[^}]*\}", "", latex)


def test_before_anything_was_judged_there_is_no_report(tmp_path):
    with Project.create(
        tmp_path / "study.db", rows=[{"text": "All left."}], codebooks=["stance"]
    ) as project:
        with pytest.raises(KitError, match="nobody has judged anything"):
            report_methods(project)
        project.add_annotator("ana")
        judged = Judgement(
            item=1, annotator="ana", codes={"stance": ("none",)}, suggestion="before"
        )
        project.save(judged)
        text = " ".join(report_methods(project).sentences)
    assert "One annotator judged 1 of 1 items by the codebook stance." in text
    assert "were not drawn with known probabilities" in text
    assert "1 of 1 judgements of the project were made with the model's code in view" in text
    assert "agreement is not known" in text and "Final codes of stance: 1 of one annotator" in text
