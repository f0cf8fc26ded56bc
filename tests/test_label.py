import json
from textwrap import wrap

import pyarrow.parquet
import pytest
from conftest import ROOT

from stancekit.commands.label import label
from stancekit.errors import KitError
from stancekit.text import ActorFinder
from stancekit.text.clean import clean

ARTICLE = ROOT / "seeds" / "articles" / "un_votes_2025.txt"
REAL = ROOT.parent / "shared" / "seed" / "article.txt"


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A folder without models: the first label trains them there."""
    return tmp_path_factory.mktemp("models") / "un_votes"


def test_without_a_model_the_baseline_is_trained_first(saved, tmp_path, capsys):
    rows = label(input=ARTICLE, saved=saved, output=tmp_path / "labels.jsonl", actors=ActorFinder(ner=False))
    told = capsys.readouterr()
    assert "training the baseline on the bundled corpus first" in told.err and "positions" in told.out
    assert (saved / "stance" / "manifest.json").exists() and (saved / "diplomacy" / "manifest.json").exists()
    text = ARTICLE.read_text()
    written = [json.loads(line) for line in (tmp_path / "labels.jsonl").read_text().splitlines()]
    assert len(written) == len(rows) > 10
    for row in written:
        assert text[row["start"] : row["end"]] == row["sentence"]
        assert 0 <= row["actor_start"] < row["actor_end"] <= len(row["sentence"])
        assert row["stance"] == max(row["stance_scores"], key=row["stance_scores"].get)
    assert len({row["id"] for row in written}) == len(written)


def test_parquet_by_the_output_s_name(saved, tmp_path):
    rows = label(input=ARTICLE, saved=saved, output=tmp_path / "labels.parquet", actors=ActorFinder(ner=False))
    table = pyarrow.parquet.read_table(tmp_path / "labels.parquet")
    assert table.num_rows == len(rows) and "stance_scores" in table.column_names


def test_lines_broken_at_a_width_change_no_label(saved, tmp_path):
    plain = (
        "Iceland cannot accept the levy on herring and voted against it in the Committee, as did Norway, which has "
        "always condemned the levy. Peru, for its part, welcomed the levy."
    )
    written = []
    for name, text in (("plain", plain), ("wrapped", "\n".join(wrap(plain, 60)).replace("welcomed", "wel-\ncomed"))):
        (tmp_path / f"{name}.txt").write_text(text, "utf-8")
        output = tmp_path / f"{name}.jsonl"
        label(input=tmp_path / f"{name}.txt", saved=saved, output=output, actors=ActorFinder(ner=False))
        rows = [json.loads(line) for line in output.read_text("utf-8").splitlines()]
        for row in rows:
            assert clean(text[row["start"] : row["end"]]).text == row["sentence"]
            assert row["sentence"][row["actor_start"] : row["actor_end"]] == row["actor"]
        written.append([{**row, "id": 0, "article": 0, "start": 0, "end": 0} for row in rows])
    assert written[0] == written[1] and len(written[0]) == 5


def test_targets_that_the_user_gives(saved):
    rows = label(input=ARTICLE, saved=saved, targets=["the draft"], actors=ActorFinder(ner=False))
    assert {row.example.target.name for row in rows} == {"the draft"}


def test_an_output_of_another_kind_is_refused_before_any_work(saved):
    with pytest.raises(KitError, match=r"a .jsonl, a .parquet or a .html file"):
        label(input="nowhere.txt", saved=saved, output="labels.docx")


def test_an_empty_article(saved, tmp_path):
    (tmp_path / "empty.txt").write_text(" \n")
    with pytest.raises(KitError, match="holds no text"):
        label(input=tmp_path / "empty.txt", saved=saved)


def test_uncertain_rows_go_to_a_person_and_nowhere_else(saved, tmp_path, capsys):
    finder, out = ActorFinder(ner=False), tmp_path / "labels.jsonl"
    rows = label(input=ARTICLE, saved=saved, output=out, actors=finder, risk=0.3)
    sure, unsure = (
        [json.loads(line) for line in path.read_text().splitlines()] for path in (out, tmp_path / "labels.review.jsonl")
    )
    assert sure and unsure and {row["id"] for row in sure + unsure} == {row.example.id for row in rows}
    least, most = (pick(max(row["stance_scores"].values()) for row in of) for pick, of in ((min, sure), (max, unsure)))
    assert most <= least and len(sure) + len(unsure) == len(rows)
    assert f"{len(unsure)} rows are too uncertain for a risk of 0.3" in capsys.readouterr().out


def test_a_risk_that_was_not_prepared(saved):
    with pytest.raises(KitError, match=r"risk 0.33 was not prepared; this model knows: 0.05"):
        label(input=ARTICLE, saved=saved, actors=ActorFinder(ner=False), risk=0.33)


@pytest.mark.skipif(not REAL.exists(), reason="the real article is not part of the project")
def test_a_real_article(saved):
    names = {row.example.actor.name for row in label(input=REAL, saved=saved)}
    assert {"United States", "Russia", "North Korea", "Belarus", "United Kingdom", "France"} <= names
    assert {"Mariana Betsa", "John Curtis", "Nancy Pelosi"} <= names
