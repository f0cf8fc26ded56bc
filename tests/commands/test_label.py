"""One article: labelled by the models that were named, and by no others."""

import json
import shutil
from textwrap import wrap

import pyarrow.parquet
import pytest
from conftest import ROOT

from stancekit.__main__ import main
from stancekit.codebook import make_codebook
from stancekit.commands.label import label
from stancekit.corpus import JsonlCorpus
from stancekit.errors import KitError
from stancekit.models import persistence
from stancekit.models.classifier import FittedClassifier, encode_labels
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
    rows = label(input=ARTICLE, models=saved, output=tmp_path / "labels.jsonl", actors=FINDER)
    assert "positions" in capsys.readouterr().out
    text = ARTICLE.read_text()
    written = [json.loads(line) for line in (tmp_path / "labels.jsonl").read_text().splitlines()]
    assert len(written) == len(rows) > 10
    for row in written:
        assert text[row["start"] : row["end"]] == row["sentence"]
        assert 0 <= row["actor_start"] < row["actor_end"] <= len(row["sentence"])
        assert row["stance"] == max(row["stance_scores"], key=row["stance_scores"].get)
    assert len({row["id"] for row in written}) == len(written)


def test_what_is_printed_names_the_models_and_counts_every_sentence(saved, news, capsys):
    rows = label(input=news, models=saved, actors=FINDER)
    told = capsys.readouterr().out
    positions = sum(row.stance.labels != ("none",) for row in rows)
    assert (
        f"3 sentences: 2 with an actor; {positions} positions, {2 - positions} rows with no position"
        in told
    )
    assert f"labelled by nb (stance, {saved}/stance) and nb (diplomacy, {saved}/diplomacy)" in told
    news.write_text("Peru and Oman met. Chile left.")
    label(input=news, models=saved, actors=FINDER)
    assert "2 sentences: 2 with an actor, 1 of them without a target;" in capsys.readouterr().out


def files(folder):
    return {path.relative_to(folder) for path in folder.rglob("*")}


def test_a_folder_without_both_models_is_refused_and_nothing_written(
    saved, news, tmp_path, monkeypatch, capsys
):
    """Labels are those of the models that were named; nothing is trained or looked up in their place."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(saved, tmp_path / "models" / "mine")
    shutil.copytree(saved / "stance", tmp_path / "models" / "half" / "stance")
    run = tmp_path / "experiments" / "own" / "runs" / "stance-nb-0-ab"
    shutil.copytree(saved / "stance", run / "model")
    # A kept model's card without its weights, as in a fresh clone.
    (tmp_path / "models" / "card" / "stance").mkdir(parents=True)
    (tmp_path / "models" / "card" / "stance" / "README.md").write_text("macro-F1 .661")
    before = files(tmp_path)
    experiment = "`stancekit train experiment=un_votes` (as in make run) trains both"
    would_do = "such folders are: models/mine."
    for given, told in (
        ({}, ("saved=models/un_votes: there is no such folder", would_do, experiment)),
        ({"saved": "models/min"}, ("saved=models/min: there is no such folder", would_do)),
        (
            {"saved": "models/half"},
            ("models/half has a model in stance/ and none in diplomacy/", would_do),
        ),
        ({"saved": "models/card"}, ("models/card holds no saved model", experiment)),
        ({"saved": "experiments/own"}, ("experiments/own holds no saved model", would_do)),
        ({"saved": run}, ("is a run, with one model", f"cp -r {run}/model models/mine/stance")),
        (
            {"saved": run / "model"},
            ("is one model, and label needs two", f"cp -r {run}/model models/mine/stance"),
        ),
        ({"saved": "models/mine/stance"}, ("is one model",)),
    ):
        for more in (
            {"input": news, "output": "labels.jsonl"},
            {"input": "experiments/*/*.txt", "output": "labels"},
        ):
            (tmp_path / "experiments" / "own" / "a.txt").write_text(NEWS)
            with pytest.raises(KitError) as error:
                label(**given, **more, actors=FINDER)
            assert [part for part in told if part not in str(error.value)] == []
    assert files(tmp_path) == before | {(run.parent.parent / "a.txt").relative_to(tmp_path)}
    assert main(["label", str(news), "saved=models/min", "actors.ner=false"]) == 2
    assert "models/min: there is no such folder" in capsys.readouterr().err
    assert main(["label", str(news), "saved=models/mine", "actors.ner=false"]) == 0


def test_models_in_each_others_place_are_refused(saved, news, tmp_path):
    for stance, frames, told in (
        (
            "diplomacy",
            "stance",
            "stance holds a model of codebook 'diplomacy', which codes whole sentences",
        ),
        ("stance", "stance", "diplomacy holds a model of codebook 'stance', which codes stances"),
    ):
        folder = tmp_path / f"{stance}-{frames}"
        shutil.copytree(saved / stance, folder / "stance")
        shutil.copytree(saved / frames, folder / "diplomacy")
        with pytest.raises(KitError, match=told):
            label(input=news, saved=folder, actors=FINDER)


def test_own_codebooks_label_and_are_named(news, jsonl, tmp_path, capsys):
    """A stance scheme and a frame scheme of one's own are as good as those that come with the kit."""
    folder, codes = (
        tmp_path / "own",
        {"yea": {"definition": "For it."}, "nay": {"definition": "Against it."}},
    )
    row = {
        "text": "Peru shunned the levy.",
        "actor": "Peru",
        "target": "the levy",
        "vote": "nay",
        "tone": ["yea"],
    }
    for place, codebook in (
        ("stance", make_codebook("vote", codes, column="vote")),
        (
            "diplomacy",
            make_codebook("tone", codes, column="tone", unit="sentence", multi_label=True),
        ),
    ):
        data = JsonlCorpus(jsonl(row)).read(codebook)
        persistence.save(
            FittedClassifier(
                Majority().fit(data.examples, encode_labels(data)), codebook, name="own"
            ),
            folder / place,
        )
    rows = label(input=news, saved=folder, actors=FINDER)
    assert [(row.stance.labels, row.frames.labels) for row in rows] == [(("nay",), ("yea",))] * 2
    assert (
        f"labelled by own (vote, {folder}/stance) and own (tone, {folder}/diplomacy)"
        in capsys.readouterr().out
    )


def test_the_title_and_crowds_are_told(saved, news, capsys):
    rows = label(input=news, models=saved, actors=FINDER, title=False, targets="the levy")
    assert "\n4 sentences: 2 with an actor" in capsys.readouterr().out and len(rows) == 2
    news.write_text(f"Levy vote\n\n{', '.join(STATES)} and Chile condemned the levy. It rained.\n")
    rows = label(input=news, models=saved, actors=FINDER)
    assert len(rows) == len(STATES) + 1
    assert (
        "2 sentences: 1 with an actor, 1 with so many that they are no targets of"
        in capsys.readouterr().out
    )
    label(input=news, models=saved, actors=FINDER, targets=["the levy"])
    assert "2 sentences: 1 with an actor;" in capsys.readouterr().out


def test_parquet_by_the_output_s_name(saved, tmp_path):
    rows = label(input=ARTICLE, models=saved, output=tmp_path / "labels.parquet", actors=FINDER)
    table = pyarrow.parquet.read_table(tmp_path / "labels.parquet")
    assert table.num_rows == len(rows) and "stance_scores" in table.column_names


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
            actors=ActorFinder(ner=False),
        )
        rows = [json.loads(line) for line in output.read_text("utf-8").splitlines()]
        for row in rows:
            assert clean(text[row["start"] : row["end"]]).text == row["sentence"]
            assert row["sentence"][row["actor_start"] : row["actor_end"]] == row["actor"]
        written.append([{**row, "id": 0, "article": 0, "start": 0, "end": 0} for row in rows])
    assert written[0] == written[1] and len(written[0]) == 5


def test_targets_that_the_user_gives(saved):
    for targets in (["the draft"], "the draft"):
        rows = label(input=ARTICLE, models=saved, targets=targets, actors=FINDER)
        assert {row.example.target.name for row in rows} == {"the draft"}


def test_an_output_of_another_kind_is_refused_before_any_work(saved):
    with pytest.raises(KitError, match=r"a .jsonl, a .parquet or a .html file"):
        label(input="nowhere.txt", models=saved, output="labels.docx")


def test_an_empty_article(saved, tmp_path):
    (tmp_path / "empty.txt").write_text(" \n")
    with pytest.raises(KitError, match="holds no text"):
        label(input=tmp_path / "empty.txt", models=saved)


@pytest.mark.parametrize("name", ["page.html", "x.xml", "arr.json", "book.xlsx", "v1.2"])
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
        assert len(label(input=tmp_path / name, models=saved, actors=FINDER)) == 2


def test_uncertain_rows_go_to_a_person_and_nowhere_else(saved, risk, tmp_path, capsys):
    out, review = tmp_path / "labels.jsonl", tmp_path / "labels.review.jsonl"
    rows = label(input=ARTICLE, models=saved, output=out, actors=FINDER, risk=risk)
    sure, unsure = (
        [json.loads(line) for line in path.read_text().splitlines()] for path in (out, review)
    )
    assert (
        sure and unsure and {row["id"] for row in sure + unsure} == {row.example.id for row in rows}
    )
    least, most = (
        pick(max(row["stance_scores"].values()) for row in of)
        for pick, of in ((min, sure), (max, unsure))
    )
    assert most <= least and len(sure) + len(unsure) == len(rows)
    assert f"{len(unsure)} rows are too uncertain for a risk of {risk}" in capsys.readouterr().out
    label(input=ARTICLE, models=saved, output=out, actors=FINDER, risk=risk)
    # Judged rows are not written over, and labels of another kind are not put beside them.
    judged = review.read_text().replace("none", "condemn")
    review.write_text(judged)
    before = out.read_bytes()
    for other in (risk, None):
        with pytest.raises(
            KitError,
            match=r"labels.review.jsonl holds rows of another labelling, which a person may",
        ):
            label(input=ARTICLE, models=saved, output=out, actors=FINDER, risk=other)
    assert (review.read_text(), out.read_bytes()) == (judged, before)


def test_a_risk_that_was_not_prepared(saved):
    with pytest.raises(KitError, match=r"risk 0.33 was not prepared; this model knows: 0.05"):
        label(input=ARTICLE, models=saved, actors=FINDER, risk=0.33)


def test_fields_to_keep_are_those_of_rows(saved, news):
    with pytest.raises(
        KitError, match=r"keep=\['party'\] are fields of rows, and an article has none"
    ):
        label(input=news, models=saved, actors=FINDER, keep="party")


def test_control_characters_of_a_text_do_not_reach_the_terminal(saved, news, capsys):
    news.write_text("\x1b]0;Levy\x07 vote\n\nPeru \x1b[31mcondemned\u202e the levy.\n")
    [row] = label(input=news, models=saved, actors=FINDER, targets=["a \x1b[2Jlevy"])
    told = capsys.readouterr().out
    assert not set(told) & {"\x1b", "\x07", "\u202e"} and r"Peru \x1b[31mcondemned the levy" in told
    assert "\x1b[31m" in row.sentence.text and r"a \x1b[2Jlevy" in told


def test_labels_are_written_before_anything_is_printed(saved, news, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    # As where the output goes to a full disk.
    monkeypatch.setattr("builtins.print", full)
    with pytest.raises(OSError, match="No space"):
        label(input=news, models=saved, output=tmp_path / "labels.jsonl", actors=FINDER)
    assert len((tmp_path / "labels.jsonl").read_text().splitlines()) == 2


def test_people_and_organisations_of_an_article_are_found(saved):
    names = {
        row.example.actor.name
        for row in label(input=ARTICLE.with_name("newswire_border_truce.txt"), models=saved)
    }
    assert names >= {
        "Dawit Mekuria",
        "African Union",
        "International Committee of the Red Cross",
        "Qatar",
    }
