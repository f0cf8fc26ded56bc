"""Archives: the same labels as article by article, whatever happens on the way."""

import functools
import io
import json
import os
import shutil
import signal
import sys
import time
import warnings

import pyarrow.parquet
import pytest
from conftest import ROOT

from stancekit.__main__ import main
from stancekit.commands.label import label
from stancekit.errors import KitError
from stancekit.fileio import lock
from stancekit.labelling import labeller, sources
from stancekit.labelling.labels import read_labels
from stancekit.text import ActorFinder

ARTICLES = ROOT / "seeds" / "articles"
FINDER = ActorFinder(ner=False)


def speeches(folder, n=60):
    texts = [file.read_text() for file in sorted(ARTICLES.glob("*.txt"))]
    rows = [
        {
            "id": f"s{at}",
            "text": texts[at % len(texts)],
            "paper": "own",
            "date": f"20{at % 20:02}-05-01",
        }
        for at in range(n)
    ]
    path = folder / "speeches.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def lines(folder):
    return [
        line
        for file in sorted(folder.glob("part-*.jsonl"))
        for line in file.read_text().splitlines()
    ]


def rows_of(folder):
    return [json.loads(line, parse_constant=pytest.fail) for line in lines(folder)]


CODEBOOKS = {
    "stance": {
        "unit": "example",
        "multi_label": False,
        "scale": ["condemn", "abstain", "support"],
        "towards": "target",
        "absent": "none",
        "votes": {"yes": "support", "no": "condemn", "abstain": "abstain", "absent": "abstain"},
    },
    "diplomacy": {
        "unit": "sentence",
        "multi_label": True,
        "scale": [],
        "towards": "",
        "absent": "",
    },
}


def test_a_folder_gives_the_rows_of_its_articles(saved, tmp_path, capsys):
    finder = ActorFinder(ner=False)
    done = label(ARTICLES, models=saved, output=tmp_path / "labels", actors=finder, verbose=True)
    assert (done.texts, done.rejected) == (len(list(ARTICLES.glob("*.txt"))), 0)
    assert f"{done.texts} texts labelled into" in capsys.readouterr().out
    found = [json.loads(line) for line in lines(tmp_path / "labels")]
    assert len({row["id"] for row in found}) == len(found) > 50
    for file in ARTICLES.glob("*.txt"):
        labels = label(input=file, models=saved, actors=finder, output=tmp_path / "own.jsonl")
        own = [json.loads(line) for line in (tmp_path / "own.jsonl").read_text().splitlines()]
        # One file says how many pairs it has, and parts leave that to their folder.
        assert {row["extent"].pop("pairs") for row in own} == {labels.extent.pairs}
        assert [row for row in found if row["article"] == file.stem] == own


def test_parts_of_parquet_hold_the_same(saved, tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "PART_CHARACTERS", 4000)
    source, finder = speeches(tmp_path, 12), ActorFinder(ner=False)
    for format in ("jsonl", "parquet"):
        label(
            input=source,
            models=saved,
            output=tmp_path / format,
            actors=finder,
            format=format,
            fields=["date", "paper"],
        )
    files = sorted((tmp_path / "parquet").glob("part-*.parquet"))
    assert len(files) > 1 and len({pyarrow.parquet.read_schema(file) for file in files}) == 1
    first = rows_of(tmp_path / "jsonl")
    second = [row for file in files for row in pyarrow.parquet.read_table(file).to_pylist()]
    scores = ("stance_scores", "diplomacy_scores")
    packed = [
        {key: json.dumps(row[key]) if key in scores and row[key] else row[key] for key in row}
        for row in first
    ]
    about = [(row.pop("format"), row.pop("codebooks"), row.pop("extent")) for row in packed]
    assert packed == second and list(packed[0]) == list(second[0])
    assert {row["date"][:4] for row in first} == {f"20{at:02}" for at in range(12)}
    # What every row says of the codebooks, Parquet says once.
    metadata = pyarrow.parquet.read_schema(files[0]).metadata
    said = (4, CODEBOOKS, {"rows": "positions", "min_score": 0.75})
    assert about == [said] * len(first)
    assert tuple(json.loads(metadata[key]) for key in (b"format", b"codebooks", b"extent")) == said
    settings = json.loads((tmp_path / "parquet" / "labelling.json").read_text())
    assert (settings["format"], settings["codebooks"], settings["rows"]) == (*said[:2], "positions")


def in_a_process(function):
    """Start a function in a process of its own; its exit code is 0 when it ends well, and 2 at a user's error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        process = os.fork()
    if process:
        return process
    code = 1
    try:
        function()
        code = 0
    except KitError:
        code = 2
    finally:
        os._exit(code)


def ended(process):
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


@pytest.fixture
def small(saved, tmp_path, monkeypatch):
    """Return a function that labels seven short speeches, of which three make a part."""
    monkeypatch.setattr(sources, "PART_TEXTS", 3)
    # The models are read once.
    monkeypatch.setattr(labeller, "load_models", functools.cache(labeller.load_models))
    source = tmp_path / "speeches.jsonl"
    texts = [
        f"Peru condemned levy {at}. It rained. Oman welcomed levy {at} and Fiji shunned it."
        for at in range(7)
    ]
    rows = [{"id": f"s{at}", "text": text, "date": "2020-05-01"} for at, text in enumerate(texts)]
    source.write_text("\n".join(map(json.dumps, rows)))
    return lambda output, **given: label(
        **{"input": source, "models": saved, "actors": FINDER} | given, output=output
    )


def contents(folder):
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


@pytest.mark.slow
def test_killed_before_or_after_any_file_is_in_place_it_ends_as_one_that_was_not(
    small, risk, tmp_path
):
    small(tmp_path / "whole", risk=risk)
    replace, parts = os.replace, []

    def dying(at, *, before):
        done = 0

        def replacing(*given):
            nonlocal done
            done += 1
            if before and done == at:
                os.kill(os.getpid(), signal.SIGKILL)
            replace(*given)
            if done == at:
                os.kill(os.getpid(), signal.SIGKILL)

        os.replace = replacing
        small(tmp_path / "cut", risk=risk)

    for at in (1, 2, 3, 4, 5, 6, 8, 9, 10):
        shutil.rmtree(tmp_path / "cut", ignore_errors=True)
        for before in (True, False):
            # The second process goes on where the first was killed.
            killed = ended(in_a_process(lambda at=at, before=before: dying(at, before=before)))
            parts.append(len(lines_of_parts := sorted((tmp_path / "cut").glob("part-*"))))
            assert killed in (-signal.SIGKILL, 0) and all(
                part.stat().st_size for part in lines_of_parts
            )
        small(tmp_path / "cut", risk=risk)
        assert contents(tmp_path / "cut") == contents(tmp_path / "whole")
    assert lines(tmp_path / "whole") and {1, 2} <= set(parts)


def test_a_last_line_of_the_ledger_that_was_cut_off_does_not_count(small, tmp_path):
    small(tmp_path / "labels")
    whole = contents(tmp_path / "labels")
    ledger = tmp_path / "labels" / "parts.log"
    for cut in (1, 40):
        ledger.write_bytes(whole["parts.log"][:-cut])
        small(tmp_path / "labels")
        assert contents(tmp_path / "labels") == whole
    ledger.write_text("{}\n")
    with pytest.raises(KitError, match=r"parts.log is damaged; remove it"):
        small(tmp_path / "labels")


def test_the_same_command_at_once_waits_and_another_is_refused(small, tmp_path):
    small(tmp_path / "whole")
    with lock(tmp_path / "labels" / ".lock"):
        processes = [in_a_process(lambda: small(tmp_path / "labels")) for _ in range(3)]
        time.sleep(0.5)
        assert os.waitpid(processes[0], os.WNOHANG) == (0, 0) and list(
            contents(tmp_path / "labels")
        ) == [".lock"]
    assert [ended(process) for process in processes] == [0, 0, 0]
    assert contents(tmp_path / "labels") == contents(tmp_path / "whole")
    both = [
        in_a_process(lambda to=to: small(tmp_path / "two", targets=[to]))
        for to in ("the levy", "the tax")
    ]
    assert sorted(ended(process) for process in both) == [0, 2]
    assert len({row["target"] for row in rows_of(tmp_path / "two") if row["actor"]}) == 1


def test_labels_of_an_unfinished_labelling_or_of_no_text_are_not_read(small, tmp_path):
    with (tmp_path / "speeches.jsonl").open("a") as file:
        file.write("\nno row")
    with pytest.raises(KitError, match="not JSON"):
        small(tmp_path / "labels", strict=True)
    assert lines(tmp_path / "labels")
    with pytest.raises(KitError, match=r"is not labelled to (its|the) end; "):
        read_labels(tmp_path / "labels")
    (tmp_path / "none.jsonl").write_text("no row")
    assert small(tmp_path / "none", input=tmp_path / "none.jsonl").rejected == 1
    with pytest.raises(KitError, match="there are no labels in"):
        read_labels(tmp_path / "none")


def test_files_that_are_not_of_the_labelling_stay(small, tmp_path):
    out = tmp_path / "labels"
    out.mkdir()
    for name in (".notes.tmp", ".part-00000.jsonl.abc.tmp", ".labelling.json.abc.tmp", "notes.txt"):
        (out / name).write_text("mine")
    small(out)
    assert {file.name for file in out.iterdir() if file.name.endswith(("tmp", "txt"))} == {
        ".notes.tmp",
        "notes.txt",
    }


def test_an_edit_of_equal_length_and_an_altered_part_are_noticed(small, tmp_path):
    out, source = tmp_path / "labels", tmp_path / "speeches.jsonl"
    small(out)
    written = source.read_text()
    source.write_text(written.replace('"s4"', '"t4"'))
    with pytest.raises(
        KitError, match="labels of other texts: part 1 was labelled before the input changed"
    ):
        small(out)
    source.write_text(written)
    before = contents(out)
    # As a loss of power may leave it.
    (out / "part-00002.jsonl").write_text("")
    with pytest.raises(
        KitError,
        match=r"part-00002.jsonl is not as it was written; remove it, and the same command",
    ):
        small(out)
    (out / "part-00002.jsonl").unlink()
    small(out)
    assert contents(out) == before


def test_other_names_of_actors_are_another_labelling(small, tmp_path):
    names = tmp_path / "names.yaml"
    for text in (
        "bodies: {The Levy Club: [Levy Club]}\n",
        "bodies: {The Levy Cult: [Levy Cult]}\n",
    ):
        names.write_text(text)
        given = {"output": tmp_path / "labels", "actors": ActorFinder(ner=False, gazetteer=names)}
        if "Club" in text:
            small(**given)
            continue
        with pytest.raises(KitError, match="labels with other actors"):
            small(**given)
    (tmp_path / "odd.yaml").write_text("groups: {}")
    for name, told in (
        ("none.yaml", "cannot read the gazetteer"),
        ("odd.yaml", "no section is called 'groups'"),
    ):
        with pytest.raises(KitError, match=told):
            small(tmp_path / "none", actors=ActorFinder(ner=False, gazetteer=tmp_path / name))
    assert not (tmp_path / "none").exists()


def test_an_output_inside_of_the_input_is_not_read(saved, tmp_path):
    (tmp_path / "a.txt").write_text("Peru condemned the levy.")
    for _ in range(2):
        done = label(input=tmp_path, models=saved, output=tmp_path / "labels", actors=FINDER)
        assert (done.texts, done.rejected) == (1, 0)


def test_the_end_says_what_was_counted_and_by_which_models(small, saved, risk, tmp_path, capsys):
    done = small(tmp_path / "labels", risk=risk, fields=["date", "party"], verbose=True)
    told, tally = capsys.readouterr().out, done.tally
    assert (
        f"{tally.sentences} sentences: {tally.acting} with an actor" in told
        and f"labelled by nb (stance, {saved}/stance), nb (diplomacy, {saved}/diplomacy)" in told
    )
    assert "no text has the field party of fields=" in told
    assert f"{tally.declined} rows are too uncertain for a risk of {risk}" in told
    review = [
        line
        for file in (tmp_path / "labels" / "review").glob("*")
        for line in file.read_text().splitlines()
    ]
    assert (tally.n_rows, tally.declined) == (len(lines(tmp_path / "labels")), len(review))
    assert tally.sentences > tally.acting >= tally.labelled > 0 and tally.positions <= tally.n_rows
    noted = json.loads((tmp_path / "labels" / "labelling.json").read_text())
    assert (noted["risk"], noted["declined"], noted["n_rows"]) == (risk, len(review), tally.n_rows)
    assert (noted["rows"], noted["pairs"]) == ("positions", tally.pairs)
    assert (noted["texts"], noted["rejected"]) == (7, 0)
    # All of it is known without labelling again.
    again = small(tmp_path / "labels", risk=risk, fields=["date", "party"])
    assert (again.tally, again.texts, list(again)) == (tally, 7, list(done))
    assert len(done) == tally.n_rows + tally.declined and done.set_aside == tally.declined


def test_one_row_that_cannot_be_written_does_not_stop_an_archive(saved, tmp_path, capsys):
    rows = [
        r'{"text": "Peru condemned the levy \ud83d", "party": "A"}',
        r'{"text": "Oman condemned the levy.\u2028", "party": NaN}',
        r'{"text": "Fiji condemned the levy.", "party": Infinity}',
        r'{"text": "Mali condemned the levy.", "party": {"a": [1]}}',
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(rows))
    done = label(
        input=tmp_path / "rows.jsonl",
        models=saved,
        output=tmp_path / "out",
        actors=FINDER,
        fields=["party"],
        verbose=True,
    )
    assert (done.texts, done.rejected) == (2, 2) and "2 texts labelled" in capsys.readouterr().out
    found = rows_of(tmp_path / "out")
    assert [(row["actor"], row.get("party")) for row in found] == [
        ("Oman", None),
        ("Mali", {"a": [1]}),
    ]


def test_a_rest_that_was_not_read_is_told(saved, tmp_path, capsys):
    (tmp_path / "rows.csv").write_text('text\nPeru said no.\n"Oman said no.\nFiji said no.\n')
    done = label(
        tmp_path / "rows.csv",
        models=saved,
        output=tmp_path / "out",
        actors=FINDER,
        verbose=True,
    )
    assert (done.texts, done.rejected) == (1, 1)
    assert "1 could not be read, of which 1 files or rests of files" in capsys.readouterr().out


def test_a_fault_of_reading_is_not_told_as_one_of_writing(small, tmp_path, monkeypatch):
    """What an archive needs besides its texts may fail to be read too."""

    def gone(*_):
        raise OSError(5, "Input/output error", "weights")

    monkeypatch.setattr("stancekit.labelling.labeller.load_models", gone)
    with pytest.raises(OSError, match="Input/output error"):
        small(tmp_path / "labels")


@pytest.mark.parametrize("name", ["lab.json", "lab.jsonl.gz", "lab.tsv"])
def test_a_folder_named_as_a_file_is_refused(saved, tmp_path, name):
    with pytest.raises(KitError, match="labels go to a file with one of the endings"):
        label(input=speeches(tmp_path, 1), models=saved, output=tmp_path / name, actors=FINDER)
    assert not (tmp_path / name).exists()


def test_what_cannot_be_read_is_named_and_the_exit_says_so(saved, tmp_path, capsys):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "rows.jsonl").write_text('{"text": "Peru condemned the levy."}\nno row\n')
    words = [
        "label",
        f"input={tmp_path / 'in'}",
        f"models={saved}",
        f"output={tmp_path / 'out'}",
        "actors.ner=false",
    ]
    assert main(words) == 3
    assert (
        "1 texts labelled" in (out := capsys.readouterr().out)
        and "1 could not be read" in out.splitlines()[-1]
    )
    [rejected] = (tmp_path / "out" / "rejected.jsonl").read_text().splitlines()
    assert json.loads(rejected) == {
        "file": "rows.jsonl",
        "line": 2,
        "reason": "not JSON: Expecting value",
    }
    assert main([*words, "strict=true", f"output={tmp_path / 'strict'}"]) == 2
    assert "rows.jsonl, line 2: not JSON" in capsys.readouterr().err


def test_a_speaker_is_the_actor_of_all_that_is_said(saved, tmp_path):
    row = {"text": "We reject the levy. Chile knows why.", "actor": "Peru", "target": "the levy"}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row))
    label(
        input=tmp_path / "rows.jsonl",
        models=saved,
        output=tmp_path / "out",
        actors=ActorFinder(ner=False),
        rows="all",
    )
    found = rows_of(tmp_path / "out")
    assert [(row["actor"], row["target"]) for row in found] == [("Peru", "the levy")] * 2


def test_uncertain_rows_stand_apart(saved, risk, tmp_path):
    given = {"input": ARTICLES, "models": saved, "actors": FINDER, "rows": "all"}
    label(output=tmp_path / "all", **given)
    label(output=tmp_path / "sure", risk=risk, **given)
    review = [
        line
        for file in (tmp_path / "sure" / "review").glob("*")
        for line in file.read_text().splitlines()
    ]
    assert review and sorted(lines(tmp_path / "sure") + review) == sorted(lines(tmp_path / "all"))


def test_a_folder_of_another_labelling_is_refused(saved, tmp_path):
    source, finder, out = speeches(tmp_path, 3), ActorFinder(ner=False), tmp_path / "labels"
    label(input=source, models=saved, output=out, actors=finder)
    before = lines(out)
    for other in (
        {"targets": ["the levy"]},
        {"format": "parquet"},
        {"fields": []},
        {"input": ARTICLES},
    ):
        with pytest.raises(
            KitError, match=f"labels with other {next(iter(other))}; choose another folder"
        ):
            label(**{"input": source, "models": saved, "output": out, "actors": finder, **other})
    settings = json.loads((out / "labelling.json").read_text())
    for older in ({**settings, "format": 1}, {"models": {}, "kind": "jsonl"}, []):
        (out / "labelling.json").write_text(json.dumps(older))
        why = "were written by another version" if older else r"labelling.json cannot be read"
        with pytest.raises(KitError, match=f"{why}; choose another folder with output="):
            label(input=source, models=saved, output=out, actors=finder)
    (out / "labelling.json").unlink()
    with pytest.raises(KitError, match=r"holds part-00000.jsonl without labelling.json"):
        label(input=source, models=saved, output=out, actors=finder)
    assert lines(out) == before
    with pytest.raises(KitError, match="unknown format='xml'"):
        label(input=source, models=saved, output=tmp_path / "x", actors=finder, format="xml")


def test_a_field_to_keep_may_not_replace_a_labels_own(saved, tmp_path):
    with pytest.raises(
        KitError, match=r"fields=\['id'\] are columns that labels have of their own"
    ):
        label(
            input=speeches(tmp_path, 1),
            models=saved,
            output=tmp_path / "out",
            fields=["id", "date"],
        )


@pytest.mark.parametrize("output", [None, "labels.csv", "labels.jsonl"])
@pytest.mark.parametrize("start", ["", "\ufeff\n"])
def test_json_lines_on_standard_input_are_rows_wherever_they_go(
    saved, tmp_path, monkeypatch, output, start
):
    source = speeches(tmp_path, 3)
    settings = {"models": saved / "stance", "actors": FINDER, "rows": "all"}
    data = f"{start}{source.read_text(encoding='utf-8')}"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data.encode())))
    file = None if output is None else tmp_path / output
    piped, expected = label("-", output=file, **settings), label(source, **settings)
    assert piped.texts == expected.texts == 3
    of_rows = [labels.to_frame().drop(columns=["id", "article"]) for labels in (piped, expected)]
    assert of_rows[0].equals(of_rows[1])
    if file:
        assert len(read_labels(file)) == len(expected)


def test_a_text_on_standard_input_is_one_article(saved, monkeypatch):
    settings = {"models": saved / "stance", "actors": FINDER}
    for text in ("Peru rejected the levy.", "Peru rejected the levy.\r\nChile welcomed it.\n"):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        labels = label("-", **settings)
        assert labels.texts == 1 and labels.rows[0]["article"] == "article"
        assert labels.rows[0]["actor"] == "Peru" and labels.rows[0]["start"] == 0
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b" ")))
    with pytest.raises(KitError, match=r"holds no text"):
        label("-", **settings)


def test_standard_input_into_a_folder_is_an_archive(saved, tmp_path, monkeypatch, capsys):
    source, out = speeches(tmp_path, 8), tmp_path / "labels"
    words = [
        "label",
        "-",
        f"models={saved}",
        "actors.ner=false",
        "fields=[date,paper]",
        f"output={out}",
    ]
    with source.open() as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        assert main(words) == 0
    label(
        input=source,
        models=saved,
        output=tmp_path / "file",
        actors=FINDER,
        fields=["date", "paper"],
    )
    same = [line.replace('"speeches.jsonl:', '"stdin:') for line in lines(tmp_path / "file")]
    assert "8 texts labelled" in capsys.readouterr().out and lines(out) == same != []
    # Another stream could not be told from this one before it ends, and its parts would be passed
    # by as done.
    assert main(words) == 2
    assert (
        "with standard input there is no way to tell" in capsys.readouterr().err
        and lines(out) == same
    )
