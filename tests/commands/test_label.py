"""One article: labelled by the models that were named, and by no others."""

import json
import re
import shutil
from functools import partial
from pathlib import Path
from textwrap import wrap

import pyarrow.parquet
import pytest
from conftest import ROOT

from stancekit.__main__ import main
from stancekit.commands.label import label
from stancekit.commands.label_view import print_summary
from stancekit.commands.train import train
from stancekit.corpus import FixedSplit
from stancekit.errors import KitError
from stancekit.labelling.labels import Labels, read_labels
from stancekit.labelling.models import labelled_codebook
from stancekit.labelling.row_format import block, sentence_id
from stancekit.models.lexicon import Lexicon
from stancekit.models.majority import Majority
from stancekit.text import ActorFinder
from stancekit.text.clean import clean

ARTICLE = ROOT / "seeds" / "articles" / "un_votes_2025.txt"
FINDER = ActorFinder(ner=False)
STATES = ("Peru", "Oman", "Fiji", "Mali", "Laos", "Cuba", "Iraq", "Togo", "Chad", "Kenya")
NEWS = "Levy vote\n\nPeru condemned the levy. It rained. Oman abstained on the levy.\n"


@pytest.fixture
def news(tmp_path):
    path = tmp_path / "news.txt"
    path.write_text(NEWS)
    return path


def test_rows_are_written_with_their_places_in_the_text(saved, tmp_path, capsys):
    text = f"{ARTICLE.read_text()}\n\nIt rained all day.\n"
    article = tmp_path / "article.txt"
    article.write_text(text)
    rows = label(
        input=article, models=saved, output=tmp_path / "labels.jsonl", actors=FINDER, rows="all"
    )
    assert capsys.readouterr().out == ""
    written = [json.loads(line) for line in (tmp_path / "labels.jsonl").read_text().splitlines()]
    assert len(written) == len(rows) > 10
    assert {row["format"] for row in written} == {4}
    for row in written:
        assert text[row["start"] : row["end"]] == row["sentence"]
        # A sentence in which no one acts has only the codes of sentences.
        if row["actor"] is None:
            assert row["target"] is row["stance"] is row["stance_scores"] is None
        else:
            assert 0 <= row["actor_start"] < row["actor_end"] <= len(row["sentence"])
            assert row["stance"] == max(row["stance_scores"], key=row["stance_scores"].get)
        assert set(row["diplomacy"]) <= set(row["diplomacy_scores"])
    assert len({row["id"] for row in written}) == len(written)
    assert any(row["actor"] is None for row in written)


def test_what_is_printed_names_the_models_and_counts_every_sentence(saved, news, capsys):
    rows = label(input=news, models=saved, actors=FINDER, rows="all", verbose=True)
    told = capsys.readouterr().out
    positions = sum(row["stance"] not in (None, "none") for row in rows)
    # Of Peru the title is asked too, which the sentence may mean; Oman's vote says what it is on.
    assert [row["actor"] for row in rows] == ["Peru", "Peru", None, "Oman"]
    assert rows[2]["stance"] is None
    assert (
        f"3 sentences: 2 with an actor; {positions} positions, {3 - positions} rows with no position "
        "on the target, 1 of sentences alone"
    ) in told
    assert f"labelled by nb (stance, {saved}/stance), nb (diplomacy, {saved}/diplomacy)" in told
    news.write_text("Peru and Oman met. Chile left.")
    label(input=news, models=saved, actors=FINDER, verbose=True)
    assert "2 sentences: 2 with an actor, 2 of them without a target;" in capsys.readouterr().out
    # an actor that no list has
    news.write_text("It rained. Residents of the quay rejected the tram line.")
    label(input=news, models=saved, actors=FINDER, verbose=True)
    assert "2 sentences: 1 with an actor; " in capsys.readouterr().out


def files(folder):
    return {path.relative_to(folder) for path in folder.rglob("*")}


def test_a_folder_without_models_is_refused_and_nothing_written(
    saved, news, tmp_path, monkeypatch, capsys
):
    """Labels are those of the models that were named; nothing is trained or looked up in their place."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(saved, tmp_path / "models" / "mine")
    run = Path("experiments", "own", "runs", "stance-nb-0-ab")
    shutil.copytree(saved / "stance", run / "model")
    # Kept models' cards without their weights, as in a fresh clone.
    for card in ("card/stance", "half/diplomacy"):
        (tmp_path / "models" / card).mkdir(parents=True)
        (tmp_path / "models" / card / "README.md").write_text("macro-F1 .661")
    shutil.copytree(saved / "stance", tmp_path / "models" / "half" / "stance")
    (tmp_path / "experiments" / "own" / "a.txt").write_text(NEWS)
    before = files(tmp_path)
    experiment = "`stancekit train experiment=un_votes` (as in make run) trains models of stance"
    would_do = "there are: models/half, models/mine."
    for given, told in (
        (
            {"models": "models/un_votes"},
            ("models=models/un_votes: there is no such folder", would_do, experiment),
        ),
        ({"models": "models/min"}, ("models=models/min: there is no such folder", would_do)),
        ({"models": "models/card"}, ("models=models/card holds no saved model", experiment)),
        ({"models": "experiments/own"}, ("experiments/own holds no saved model", would_do)),
        ({"models": "models"}, ("models=models holds no saved model", would_do)),
        ({"models": []}, ("no model is named", would_do)),
        (
            {"models": "models/half"},
            ("has a card and no model in diplomacy", "models='[models/half/stance]'"),
        ),
        (
            {"models": [run, "models/mine"]},
            (
                f"several models of the codebook stance: nb (stance, {run}/model), ",
                "nb (stance, models/mine/stance). Name one",
            ),
        ),
    ):
        for more in (
            {"input": news, "output": "labels.jsonl"},
            {"input": "experiments/*/*.txt", "output": "labels"},
        ):
            with pytest.raises(KitError) as error:
                label(**given, **more, actors=FINDER)
            assert [part for part in told if part not in str(error.value)] == []
    assert files(tmp_path) == before
    assert main(["label", str(news), "models=models/min", "actors.ner=false"]) == 2
    assert "models/min: there is no such folder" in capsys.readouterr().err
    assert main(["label", str(news), "models=models/mine", "actors.ner=false"]) == 0


@pytest.mark.parametrize(
    "names",
    [["stance"], ["diplomacy"], ["diplomacy", "stance"], ["stance/../stance", "stance"]],
    ids=" and ".join,
)
def test_each_model_labels_by_itself_as_with_others(saved, news, names, capsys):
    """One model, or several that are named one by one, give what the folder of both gives."""
    both = {row["id"]: row for row in label(input=news, models=saved, actors=FINDER)}
    chosen = [saved / name for name in names[:2]]
    rows = label(input=news, models=chosen, actors=FINDER, verbose=True)
    told = capsys.readouterr().out
    if names == ["diplomacy"]:
        # No actors are looked for: a row per sentence, with the codes that all its rows have.
        assert [row["actor"] for row in rows] == [None] * 3
        of_both = {sentence_id(row): row["diplomacy"] for row in both.values()}
        assert {row["id"]: row["diplomacy"] for row in rows} == of_both
        assert "3 sentences; 3 rows" in told and "condemned the levy" in told
    else:
        kept = ["stance"] if "diplomacy" not in names else ["stance", "diplomacy"]
        assert len(rows) == sum(
            row["actor"] is not None or kept != ["stance"] for row in both.values()
        )
        assert set(rows.codebooks) == set(kept)
        for row in rows:
            assert row == {key: both[row["id"]][key] for key in row}
    assert told.count("nb (") == len({name.rpartition("/")[2] for name in names})


def test_a_model_that_is_being_replaced_is_found(saved, news, tmp_path):
    """Between two renames only the old folder is there; the other models do not label without it."""
    shutil.copytree(saved, tmp_path / "two")
    (tmp_path / "two" / "stance").rename(tmp_path / "two" / ".stance.old")
    rows = label(input=news, models=tmp_path / "two", actors=FINDER)
    assert {name for row in rows for name in rows.codebooks if row[name]} == {"stance", "diplomacy"}


def test_an_experiment_labels_with_its_best_runs(few_votes, stance, news, tmp_path, capsys):
    for name, model in (("best", Lexicon()), ("other", Majority())):
        train(
            corpus=few_votes,
            codebook=stance,
            split=FixedSplit(),
            model=model,
            name=name,
            output=tmp_path / "own",
        )
    capsys.readouterr()
    label(input=news, models=tmp_path / "own", actors=FINDER, verbose=True)
    told = capsys.readouterr().out
    assert f"labelled by best (stance, {tmp_path}/own/runs/stance-best-0-" in told
    assert re.search(r"\nbest for stance: macro-F1 \.\d{3} \[.*\] on \d+ test examples of ", told)
    # Scores beside a folder that is no run's are of whatever lies there.
    [best] = (tmp_path / "own" / "runs").glob("stance-best-*")
    shutil.copytree(best / "model", tmp_path / "elsewhere" / "model")
    shutil.copy(best / "scores.csv", tmp_path / "elsewhere")
    label(input=news, models=tmp_path / "elsewhere" / "model", actors=FINDER, verbose=True)
    assert "macro-F1" not in capsys.readouterr().out
    [run] = (tmp_path / "own" / "runs").glob("stance-other-*")
    label(input=news, models=run, actors=FINDER, verbose=True)
    assert f"labelled by other (stance, {run}/model)" in capsys.readouterr().out


def test_the_title_and_crowds_are_told(saved, news, capsys):
    shown = partial(label, input=news, models=saved, actors=FINDER, verbose=True)
    rows = shown(title=False, targets="the levy")
    assert "\n4 sentences: 2 with an actor" in capsys.readouterr().out
    assert sum(row["actor"] is not None for row in rows) == 2
    news.write_text(f"Levy vote\n\n{', '.join(STATES)} and Chile condemned the levy. It rained.\n")
    rows = shown(rows="all")
    assert {row["actor"] for row in rows if row["actor"]} == {*STATES, "Chile"}
    assert not {row["target"] for row in rows} & {*STATES, "Chile"}
    assert (
        "2 sentences: 1 with an actor, 1 with so many that they are no targets of"
        in capsys.readouterr().out
    )
    shown(targets=["the levy"])
    assert "2 sentences: 1 with an actor;" in capsys.readouterr().out


def test_parquet_by_the_output_s_name(saved, tmp_path):
    rows = label(input=ARTICLE, models=saved, output=tmp_path / "labels.parquet", actors=FINDER)
    table = pyarrow.parquet.read_table(tmp_path / "labels.parquet")
    assert table.num_rows == len(rows)
    assert table.column_names[-4:] == ["stance", "stance_scores", "diplomacy", "diplomacy_scores"]


def test_lines_broken_at_a_width_change_no_label(saved, tmp_path):
    plain = (
        "Iceland cannot accept the levy on herring and voted against it in the Committee, as did Norway, which has "
        "always condemned the levy. Peru, for its part, welcomed the levy."
    )
    written = []
    for name, text in (
        ("plain", plain),
        ("wrapped", "\n".join(wrap(plain, 60)).replace("welcomed", "wel-\ncomed")),
    ):
        (tmp_path / f"{name}.txt").write_text(text, "utf-8")
        output = tmp_path / f"{name}.jsonl"
        label(
            input=tmp_path / f"{name}.txt",
            models=saved,
            output=output,
            rows="all",
            actors=ActorFinder(ner=False),
        )
        rows = [json.loads(line) for line in output.read_text("utf-8").splitlines()]
        assert all(row["actor"] for row in rows)
        for row in rows:
            assert clean(text[row["start"] : row["end"]]).text == row["sentence"]
            assert row["sentence"][row["actor_start"] : row["actor_end"]] == row["actor"]
        written.append([{**row, "id": 0, "article": 0, "start": 0, "end": 0} for row in rows])
    assert written[0] == written[1]
    assert {row["actor"] for row in written[0]} == {"Iceland", "Norway", "Peru"}


def test_targets_that_the_user_gives(saved):
    for targets in (["the draft"], "the draft"):
        rows = label(input=ARTICLE, models=saved, targets=targets, actors=FINDER)
        assert {row["target"] for row in rows if row["target"]} == {"the draft"}


def test_positions_on_targets_that_no_word_names_are_told(saved, news, capsys):
    news.write_text(
        "Vote\n\nPeru condemned the levy, and Chile condemned it. The union condemned the draft.\n"
    )
    shown = partial(label, input=news, models=saved, actors=FINDER, rows="all", verbose=True)
    rows = shown(targets=["the levy"])
    assert {row["actor"] for row in rows if row["actor"]} == {"Peru", "Chile", "union"}
    unnamed = [row for row in rows if row["actor"] and "levy" not in row["sentence"]]
    taken = sum(row["stance"] != "none" for row in unnamed)
    assert taken and f"({taken} towards a target that the sentence does not name)" in (
        capsys.readouterr().out
    )
    shown()
    assert "does not name" not in capsys.readouterr().out


def test_an_output_of_another_kind_is_refused_before_any_work(saved):
    with pytest.raises(KitError, match=r"endings .jsonl, .parquet, .csv, .xlsx, .html"):
        label(input="nowhere.txt", models=saved, output="labels.docx")


def test_an_empty_article(saved, tmp_path):
    (tmp_path / "empty.txt").write_text(" \n")
    with pytest.raises(KitError, match="holds no text"):
        label(input=tmp_path / "empty.txt", models=saved)


@pytest.mark.parametrize("name", ["page.html", "x.xml", "arr.json", "book.xls", "v1.2"])
def test_what_is_neither_text_nor_rows_is_refused(saved, tmp_path, name):
    (tmp_path / name).write_text("<p>Peru condemned the levy.</p>")
    with pytest.raises(KitError, match=r"its ending is not one of \.txt, \.md"):
        label(input=tmp_path / name, models=saved)


def test_a_long_string_is_a_path_and_the_error_says_so(saved):
    with pytest.raises(
        KitError, match=r"File name too long; give the path of a file, or a text with a line break"
    ):
        label(input="Peru condemned the levy. " * 40, models=saved)


def test_capitals_and_endings_of_text(saved, tmp_path):
    (tmp_path / "ROWS.CSV").write_text("text\nPeru condemned the levy.\n")
    done = label(
        input=tmp_path / "ROWS.CSV", models=saved, output=tmp_path / "labels", actors=FINDER
    )
    assert (done.texts, done.rejected) == (1, 0)
    for name in ("NOTE.TXT", "note.md", "note"):
        (tmp_path / name).write_text(NEWS)
        rows = label(input=tmp_path / name, models=saved, actors=FINDER)
        assert len({sentence_id(row) for row in rows}) == 3


def test_uncertain_rows_go_to_a_person_and_nowhere_else(saved, risk, tmp_path, capsys):
    out, review = tmp_path / "labels.jsonl", tmp_path / "labels.review.jsonl"
    given = {"input": ARTICLE, "models": saved, "output": out, "actors": FINDER, "rows": "all"}
    rows = label(**given, risk=risk, verbose=True)
    sure, unsure = (
        [json.loads(line) for line in path.read_text().splitlines()] for path in (out, review)
    )
    assert sure and unsure and {row["id"] for row in sure + unsure} == {row["id"] for row in rows}
    least, most = (
        pick(max(row["stance_scores"].values()) for row in of if row["actor"])
        for pick, of in ((min, sure), (max, unsure))
    )
    assert most <= least and len(sure) + len(unsure) == len(rows)
    assert f"{len(unsure)} rows are too uncertain for a risk of {risk}" in capsys.readouterr().out
    label(**given, risk=risk)
    # Judged rows are not written over, and labels of another kind are not put beside them.
    judged = review.read_text().replace("none", "condemn")
    review.write_text(judged)
    before = out.read_bytes()
    for other in (risk, None):
        with pytest.raises(
            KitError,
            match=r"labels.review.jsonl holds rows of another labelling, which a person may",
        ):
            label(**given, risk=other)
    assert (review.read_text(), out.read_bytes()) == (judged, before)


def test_a_risk_that_was_not_prepared(saved):
    with pytest.raises(KitError, match=r"risk 0.33 was not prepared; this model knows: 0.05"):
        label(input=ARTICLE, models=saved, actors=FINDER, risk=0.33)


def test_fields_to_keep_are_those_of_rows(saved, news):
    with pytest.raises(KitError, match=r"news.txt has no field party of fields=; leave it out"):
        label(input=news, models=saved, actors=FINDER, fields="party")


def test_control_characters_of_a_text_do_not_reach_the_terminal(saved, news, capsys):
    news.write_text("\x1b]0;Levy\x07 vote\n\nPeru \x1b[31mcondemned\u202e the levy.\n")
    targets = ["a \x1b[2Jlevy"]
    [row] = label(
        input=news, models=saved, actors=FINDER, targets=targets, rows="all", verbose=True
    )
    told = capsys.readouterr().out
    assert not set(told) & {"\x1b", "\x07", "\u202e"} and r"Peru \x1b[31mcondemned the levy" in told
    assert "\x1b[31m" in row["sentence"] and r"a \x1b[2Jlevy" in told


def test_labels_are_written_before_anything_is_printed(saved, news, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    # As where the output goes to a full disk.
    monkeypatch.setattr("builtins.print", full)
    with pytest.raises(OSError, match="No space"):
        label(
            input=news,
            models=saved,
            output=tmp_path / "labels.jsonl",
            actors=FINDER,
            verbose=True,
        )
    written = (tmp_path / "labels.jsonl").read_text().splitlines()
    assert {json.loads(line)["actor"] for line in written} == {"Peru", "Oman", None}


def test_people_and_organisations_of_an_article_are_found(saved):
    names = {
        row["actor"]
        for row in label(ARTICLE.with_name("newswire_border_truce.txt"), models=saved, rows="all")
        if row["actor"]
    }
    assert names >= {
        "Dawit Mekuria",
        "African Union",
        "International Committee of the Red Cross",
        "Qatar",
    }


def test_who_stands_where_is_printed_before_the_last_line(tmp_path, capsys, stance):
    """Twenty pairs of more, and the sentences of those that contradict each other."""
    book = labelled_codebook(stance)

    def row(number, actor, code):
        scores = dict.fromkeys(stance.names, 0.1) | {code: 0.7}
        text = f"{actor} {code} \x1b[2J{number}."
        plain = {"id": f"a.{number}.0", "article": "a", "sentence": text}
        plain |= {"actor": actor, "target": "the levy"}
        return plain | block("stance", [code], scores, multi_label=False)

    rows = [row(number, f"State {number}", "abstain") for number in range(22)]
    rows += [row(30, "Peru", "condemn"), row(31, "Peru", "support"), row(32, "Peru", "none")]
    print_summary(Labels(rows, {"stance": book}))
    told = capsys.readouterr().out
    assert "Who stands where: stance, number of sentences (the first 20; 3 more pairs)" in told
    lines = [line.split() for line in told.splitlines()]
    assert lines[3] == ["actor", "target", "condemn", "abstain", "support"]
    assert lines[5] == ["Peru", "the", "levy", "1", "1", "≠"]
    assert lines[6] == ["State", "0", "the", "levy", "1"]
    assert "≠ 1 with both condemn and support" in told
    assert r"condemn 0.70 Peru condemn \x1b[2J30." in told and r"support \x1b[2J31." in told


def test_the_last_line_says_what_came_out_and_where(saved, news, tmp_path, capsys):
    last = {}
    for name in ("labels.csv", "labels.xlsx", "page.html", "out", None):
        (tmp_path / "rows.jsonl").write_text('{"id": "a", "text": "Peru condemned the levy."}')
        source = tmp_path / "rows.jsonl" if name == "out" else news
        output = tmp_path / name if name else None
        labels = label(source, models=saved, actors=FINDER, output=output, verbose=True)
        last[name] = capsys.readouterr().out.splitlines()[-1]
    n = len(labels)
    assert last["labels.csv"] == f"{n} rows written to {tmp_path}/labels.csv"
    assert last[None] == f"{n} rows labelled, and not written; to write them add output=labels.html"
    assert last["out"] == f"1 texts labelled into {tmp_path}/out"
    assert "Who stands where" in (tmp_path / "out" / "labels.html").read_text()
    for name in ("labels.csv", "labels.xlsx"):
        read = read_labels(tmp_path / name)
        assert [row["stance"] for row in read] == [row["stance"] for row in labels]


def test_an_archive_too_large_for_a_page_says_how_to_get_one(saved, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("stancekit.commands.label.MOST_ON_PAGE", 1)
    texts = [{"id": name, "text": f"{name} condemned the levy."} for name in STATES[:3]]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, texts)))
    output = tmp_path / "out"
    labels = label(
        tmp_path / "rows.jsonl", models=saved, actors=FINDER, output=output, verbose=True
    )
    told = capsys.readouterr().out
    assert not (output / "labels.html").exists() and "3 rows are too many for a page" in told
    frame = labels.to_frame()
    assert len(frame) == len(labels) == 3 and labels[0]["actor"] == "Peru"
    page = read_labels(frame[frame["actor"] == "Oman"]).to_html(tmp_path / "part.html")
    assert "Oman" in page and "Peru" not in page and (tmp_path / "part.html").is_file()
