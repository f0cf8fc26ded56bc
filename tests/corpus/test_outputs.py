"""No command writes over what another wrote, over what it reads, or over what people judged."""

import shutil

import pandas as pd
import pytest
from judged_project import judged_project

import stancekit as sk
from stancekit.commands.judgements import judgements
from stancekit.corpus.outputs import check_output, has_columns, write_result
from stancekit.errors import KitError
from stancekit.fileio import write_text
from stancekit.text import ActorFinder

FINDER = ActorFinder(ner=False)
TABLE = "text,party\nPeru rejected the levy.,red\nChile welcomed the levy.,blue\n"
ANNOTATED = "id,text,label,ana,ben\n" + "".join(
    f"{number},We say {number}.,{code},{code},{other}\n"
    for number, (code, other) in enumerate([("none", "none"), ("support", "condemn")] * 6)
)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def table(here):
    write_text(here / "in.csv", TABLE)
    return here / "in.csv"


@pytest.fixture
def labels(saved, table):
    return sk.label(table, models=saved / "stance", actors=FINDER, rows="all")


@pytest.fixture
def judged_sample(labels, here):
    drawn = sk.sample(labels, n=2, output=here / "filled.csv").to_frame()
    drawn.assign(stance="condemn").to_csv(here / "filled.csv", index=False)
    return here / "filled.csv"


@pytest.fixture
def project(here):
    judged_project(here / "study.db").close()
    return here / "study.db"


def refused(file, told, command):
    """Check that a command says what is wrong, and leaves a file as it is."""
    before = file.read_bytes()
    with pytest.raises(KitError, match=told):
        command(file)
    assert file.read_bytes() == before


def test_labels_take_no_place_but_that_of_labels(saved, table, judged_sample, labels):
    def label(output):
        return sk.label(table, models=saved / "stance", actors=FINDER, rows="all", output=output)

    refused(table, r"in\.csv is what is read, and would be lost; name another file", label)
    refused(judged_sample, r"is there already, is not labels that label wrote", label)
    refused(judged_sample, r"is not labels", labels.save)
    for ending in ("jsonl", "parquet", "csv", "xlsx", "html"):
        file = table.with_name(f"labels.{ending}")
        label(file)
        written = file.read_bytes()
        # The same command again, and further labels in their place.
        label(file)
        assert file.read_bytes() == written or ending == "xlsx"
        other = table.with_name(f"other.{ending}")
        other.write_bytes(b"a,b\n1,2\n")
        refused(other, r"is not labels", label)


def test_a_page_takes_no_place_but_its_own(labels, here):
    for _ in range(2):
        labels.to_html(here / "page.htm")
    write_text(here / "mine.html", "<p>Mine.</p>")
    refused(here / "mine.html", r"is not a page of labels", labels.to_html)


def test_labels_with_a_column_of_somebody_stay(labels, here):
    file = here / "labels.csv"
    labels.save(file)
    pd.read_csv(file).assign(mine="condemn").to_csv(file, index=False)
    refused(file, r"is not labels", labels.save)


def test_agreement_goes_to_a_table_of_its_own(here, project, judged_sample):
    write_text(here / "two.csv", ANNOTATED)
    corpus = sk.read_table("two.csv", annotators=["ana", "ben"])

    def agree(output):
        return sk.agreement(corpus, output=output)

    refused(project, r"the table of alpha is a .csv file", agree)
    refused(judged_sample, r"is not a table of alpha", agree)
    refused(here / "two.csv", r"would be lost", agree)
    disguised = here / "study.csv"
    shutil.copy(project, disguised)
    refused(disguised, r"is a database or an annotation project", agree)
    for _ in range(2):
        agree(here / "alpha.csv")
    assert pd.read_csv("alpha.csv").columns[0] == "codes"


def test_judgements_take_no_place_but_their_own(here, project, judged_sample):
    def write(output, **settings):
        return judgements(project, output=output, **settings)

    refused(judged_sample, r"is not a table of judgements", write)
    tables = [(f"out.{ending}", None) for ending in ("csv", "jsonl", "parquet", "json")]
    others = [("prodigy.jsonl", "prodigy"), ("potato.csv", "potato"), ("doccano.jsonl", "doccano")]
    for name, format in [*tables, *others]:
        for _ in range(2):
            write(here / name, format=format)
    # What people did in another program since would be lost.
    tasks = here / "out.json"
    tasks.write_text(tasks.read_text().replace('"condemn"', '"support"'))
    refused(tasks, r"is not label_studio with judgements of this project alone", write)
    refused(here / "out.csv", r"is what is read", lambda file: write(file, input=file))


@pytest.mark.parametrize("ending", ["md", "tex"])
def test_a_report_takes_no_place_but_its_own(here, project, ending):
    def report(file):
        return judgements(project, report=file)

    mine = here / f"paper.{ending}"
    mine.write_text("## Annotation\n\nMy own words.\n")
    refused(mine, r"name another file with report=FILE", report)
    for _ in range(2):
        report(here / f"methods.{ending}")


def test_what_holds_nothing_may_be_written(here):
    kind = has_columns(["a"])
    for name, text in [
        ("new.csv", None),
        ("empty.csv", ""),
        ("head.csv", "b,c\n"),
        ("a.csv", "a\n1\n"),
    ]:
        if text is not None:
            write_text(here / name, text)
        check_output(here / name, "a table", kind)
    (here / "folder.csv").mkdir()
    with pytest.raises(KitError, match=r"is a folder"):
        check_output(here / "folder.csv", "a table", kind)
    link = here / "link.csv"
    link.symlink_to(here / "a.csv")
    with pytest.raises(KitError, match=r"is what is read"):
        check_output(link, "a table", kind, inputs=["a text\n", here / "a.csv"])


def test_a_result_takes_the_place_of_an_earlier_one_and_of_no_other_file(tmp_path):
    page = "<!doctype html><title>Estimated shares – stancekit</title>"
    write_result(tmp_path, "shares.html", {"shares.html": page, "shares.csv": "1\n"})
    write_result(tmp_path, "shares.html", {"shares.html": page, "shares.csv": "2\n"})
    assert (tmp_path / "shares.csv").read_text() == "2\n"
    (tmp_path / "shares.html").write_text("<title>The shares that I hold</title>")
    with pytest.raises(KitError, match=r"shares\.csv already.*output=FOLDER"):
        write_result(tmp_path, "shares.html", {"shares.html": page, "shares.csv": "3\n"})
    assert (tmp_path / "shares.csv").read_text() == "2\n"


@pytest.mark.parametrize("lost", ["shares.csv", "regression.csv", "nodes.csv"])
def test_folders_of_estimates_regressions_and_networks_spare_what_is_there(tmp_path, lost):
    rows = [
        {"id": str(n), "article": str(n), "actor": "AB"[n % 2], "target": "BA"[n % 2]}
        | {"tone": ("warm", "cold")[n % 3 > 0], "tone_scores": {"warm": 0.4, "cold": 0.6}}
        for n in range(60)
    ]
    labels, gold = pd.DataFrame(rows), pd.DataFrame(rows)[["id", "tone"]].head(40)
    (tmp_path / lost).write_text("mine\n")
    commands = {
        "shares.csv": lambda: sk.estimate(labels, gold=gold, output=tmp_path),
        "regression.csv": lambda: sk.regress(
            "warm ~ actor", labels=labels, gold=gold, output=tmp_path
        ),
        "nodes.csv": lambda: sk.network(
            labels, gold=gold, positive="warm", negative="cold", output=tmp_path
        ),
    }
    with pytest.raises(KitError, match="would be lost"):
        commands[lost]()
    assert [file.name for file in tmp_path.iterdir()] == [lost]
    assert (tmp_path / lost).read_text() == "mine\n"
    (tmp_path / lost).unlink()
    commands[lost]()
    commands[lost]()
    assert (tmp_path / lost).read_text() != "mine\n"
