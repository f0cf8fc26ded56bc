"""Which rows are written: those with a position, or all, which samples and estimates need."""

import json

import pandas as pd
import pytest
from conftest import ROOT

from stancekit.__main__ import main
from stancekit.codebook import make_codebook
from stancekit.commands.estimate import estimate
from stancekit.commands.label import label
from stancekit.commands.plan import plan
from stancekit.commands.sample import sample
from stancekit.errors import KitError
from stancekit.labelling.labels import read_labels
from stancekit.labelling.models import labelled_codebook
from stancekit.labelling.row_format import (
    Extent,
    block,
    codes_only_positions,
    has_position,
    sentence_id,
)
from stancekit.text import ActorFinder

ARTICLE = ROOT / "seeds" / "articles" / "un_votes_2025.txt"
REFUSED = r"have only the rows with a position.*rows=positions.*Label again with rows=all"


@pytest.fixture(scope="module")
def labelled(saved):
    """Return a function that labels an article by a stance and a frame model."""

    def label_article(**given):
        return label(
            **{
                "input": ARTICLE,
                "models": saved,
                "actors": ActorFinder(ner=False),
                "min_score": 0,
            }
            | given
        )

    return label_article


@pytest.fixture(scope="module")
def both(labelled):
    return labelled(), labelled(rows="all")


def test_pairs_without_a_position_have_no_row_and_frames_lose_nothing(both, labelled, saved):
    positions, whole = both
    stance = whole.codebooks["stance"]
    taken = [row for row in whole if has_position(row, [stance])]
    pairs = [row for row in whole if row["actor"]]
    assert 0 < len(taken) < len(pairs)
    assert [row for row in positions if row["actor"]] == taken
    # Sentences without one keep a row of their own, in their place.
    order = list(dict.fromkeys(map(sentence_id, whole)))
    assert list(dict.fromkeys(map(sentence_id, positions))) == order
    alone = [row for row in positions if not row["actor"]]
    assert len(alone) == len(order) - len({sentence_id(row) for row in taken})
    assert all(row["stance"] is None and row["diplomacy_scores"] for row in alone)
    assert positions.code_counts().equals(whole.code_counts())
    assert positions.positions().equals(whole.positions())
    assert positions.extent == Extent("positions", len(pairs))
    assert whole.extent == Extent("all", len(pairs))
    assert f"{len(pairs)} pairs of actor and target were read; those without" in repr(positions)
    # Without codes of sentences, nothing else remains.
    assert [row["id"] for row in labelled(models=saved / "stance")] == [row["id"] for row in taken]


@pytest.mark.parametrize("name", ["labels.jsonl", "labels.parquet", "folder"])
def test_files_say_which_rows_they_have_and_are_refused_where_all_are_needed(
    name, both, tmp_path, labelled, capsys
):
    positions, whole = both
    path = tmp_path / name
    if name == "folder":
        (tmp_path / "in").mkdir()
        (tmp_path / "in" / ARTICLE.name).write_text(ARTICLE.read_text())
        labelled(input=tmp_path / "in", output=path)
        noted = json.loads((path / "labelling.json").read_text())
        assert (noted["rows"], noted["pairs"]) == ("positions", whole.extent.pairs)
        assert f'"pairs": {whole.extent.pairs}' in (path / "parts.log").read_text()
        with pytest.raises(KitError, match="holds labels with other rows"):
            labelled(input=tmp_path / "in", output=path, rows="all")
    else:
        positions.save(path)
    read = read_labels(path)
    assert read.extent == positions.extent and len(read) == len(positions)
    for source in (path, read, read.to_frame(), read[:5], positions.to_frame().head(9)):
        with pytest.raises(KitError, match=REFUSED):
            sample(source, codebook="stance", output=None)
        for count in (estimate, plan):
            with pytest.raises(KitError, match=REFUSED):
                count(source, codebook="stance", gold="gold.csv")
    words = ["sample", str(path), "codebook=stance", f"output={tmp_path / 'sample.csv'}"]
    assert main(words) == 2
    told = capsys.readouterr().err
    assert f"only the rows with a position of the {whole.extent.pairs} pairs" in told
    assert "stancekit label INPUT output=OUTPUT rows=all" in told
    assert not (tmp_path / "sample.csv").exists()
    # All sentences are there, whoever acts in them.
    drawn = sample(path, codebook="diplomacy", n=4, output=None)
    assert drawn.n_pool == sum(counts.n for counts in whole.summary.counts.values())
    with pytest.raises(KitError, match=REFUSED):
        sample(path, codebook="diplomacy", by="actor", output=None)


def test_all_rows_can_be_sampled_and_a_table_says_what_is_assumed_of_it(both, tmp_path, capsys):
    positions, whole = both
    n = whole.extent.pairs
    assert sample(whole, codebook="stance", n=4, output=None).n_pool == n
    for labels, told in ((whole, "writes them"), (positions, "no row has the code none")):
        path = labels.save(tmp_path / "labels.csv")
        assert read_labels(path).extent == Extent(None)
        sample(path, codebook="stance", n=4, output=tmp_path / "sample.csv", verbose=True)
        printed = capsys.readouterr().out
        assert "note: a table does not say which rows it has: it is taken to have all" in printed
        assert told in printed and ("no row has" in printed) == (labels is positions)
    # A user's own table has no pairs that anything could have been left out of.
    own = pd.DataFrame({"id": ["a", "b"], "tone": ["warm", "cold"]})
    own["cold"], own["warm"] = [0.2, 0.7], [0.8, 0.3]
    sample(own, n=1, output=tmp_path / "own.csv", verbose=True)
    assert "which rows it has" not in capsys.readouterr().out


def test_labels_of_the_format_before_have_all_rows(both, tmp_path):
    path = both[1].save(tmp_path / "labels.jsonl")
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for row in rows:
        del row["extent"]
        row["format"] = 3
    path.write_text("\n".join(map(json.dumps, rows)))
    assert read_labels(path).extent == Extent("all")
    assert sample(path, codebook="stance", n=4, output=None).n_pool == both[1].extent.pairs


def test_what_a_person_should_judge_is_kept(labelled, risk, tmp_path):
    """A row that is too uncertain to be relied on is not relied on as one without a position."""
    given = {"risk": risk, "output": tmp_path / "labels.jsonl"}
    positions, whole = labelled(**given), labelled(risk=risk, rows="all")
    aside = [row for row in whole if row["set_aside"]]
    assert aside and [row for row in positions if row["set_aside"]] == aside
    assert any(row["stance"] == "none" for row in aside)
    sure = [row for row in positions if not row["set_aside"]]
    assert all(row["stance"] != "none" for row in sure)
    # Frames of a sentence count where some row of it is relied on, as before.
    assert positions.code_counts().equals(whole.code_counts())
    assert read_labels(tmp_path / "labels.jsonl").extent == positions.extent


CODES = {name: {"definition": f"{name}."} for name in ("yes", "no")}


@pytest.mark.parametrize(
    ("facts", "only"),
    [
        ([{"towards": "target", "absent": "no"}], True),
        ([{"towards": "target", "multi_label": True}], True),
        ([{"towards": "target", "absent": "no"}, {"unit": "sentence"}], True),
        # Without a code for no position, all rows have one.
        ([{"towards": "target"}], False),
        ([{"absent": "no"}], False),
        ([{"towards": "target", "absent": "no"}, {"absent": "no"}], False),
        ([{"unit": "sentence"}], False),
    ],
)
def test_rows_are_left_out_only_where_all_that_pairs_have_is_positions(facts, only):
    books = [make_codebook(f"own{at}", CODES, **each) for at, each in enumerate(facts)]
    assert codes_only_positions(map(labelled_codebook, books)) == only


def test_no_other_choice(labelled, saved, capsys):
    with pytest.raises(KitError, match=r"unknown rows=some; there are positions, all\. Set rows="):
        labelled(rows="some")
    assert labelled(models=saved / "diplomacy").extent == Extent("all", 0)
    assert main(["label", str(ARTICLE), f"models={saved}", "rows=none", "actors.ner=false"]) == 2
    assert "unknown rows=none" in capsys.readouterr().err


def test_positions_are_what_is_printed_and_pairs_without_are_folded_on_the_page(
    labelled, tmp_path, capsys
):
    told, pages = {}, {}
    for rows in ("positions", "all"):
        path = tmp_path / f"{rows}.html"
        labels = labelled(rows=rows, output=path, verbose=True)
        told[rows], pages[rows] = capsys.readouterr().out, path.read_text()
    n_none = sum(row["stance"] == "none" for row in labels)
    before = told["all"].partition(" sentences: ")[0]
    assert told["positions"].startswith(before) and " none " not in before
    assert (
        f"{n_none} pairs with no position on the target left out (in rows=all)"
        in (told["positions"])
    )
    assert f"{n_none} rows with no position on the target" in told["all"]
    assert f"{labels.extent.pairs} pairs of actor and target were read" in pages["positions"]
    assert "without a position</summary>" not in pages["positions"]
    assert '<mark class="plain">none</mark>' not in pages["positions"]
    assert '<option value="some">any</option>' in pages["positions"]
    assert "without a position</summary>" in pages["all"]
    assert "were read" not in pages["all"] and "all but none" in pages["all"]


def test_a_row_without_a_code_has_no_position():
    book = labelled_codebook(make_codebook("own", CODES, towards="target", absent="no"))
    scores = {"yes": 0.6, "no": 0.4}
    rows = [block("own", [code], scores, multi_label=False) for code in CODES]
    assert [has_position(row, [book]) for row in [*rows, block("own", [], {}, False)]] == [
        True,
        False,
        False,
    ]


def test_positions_of_a_low_score_have_no_row(both, labelled, tmp_path, capsys):
    every = [row for row in both[0] if row["actor"]]
    scores = sorted({max(row["stance_scores"].values()) for row in every})
    # Between two that differ: written ones are rounded.
    cut = sum(scores[len(scores) // 2 - 1 :][:2]) / 2
    some = labelled(min_score=cut, output=tmp_path / "labels.jsonl", verbose=True)
    kept = [row for row in every if row in some]
    assert all(max(row["stance_scores"].values()) >= cut for row in kept)
    # Of those that score enough, some are towards a text before, and their sentence states another.
    for row in every:
        score = max(row["stance_scores"].values())
        if row not in kept and score >= cut:
            stated = [
                max(one["stance_scores"].values())
                for one in kept
                if (one["start"], one["actor"]) == (row["start"], row["actor"])
                and one["target"] != row["target"]
            ]
            assert max(stated) >= score
    assert 0 < len(kept) < len(every)
    assert [row for row in some if row["actor"]] == kept
    # Sentences that lose all their positions keep their frames.
    assert some.code_counts().equals(both[1].code_counts())
    assert f"{len(every) - len(kept)} that are unlikely" in capsys.readouterr().out.replace(
        "\n", " "
    )
    assert read_labels(tmp_path / "labels.jsonl").extent == some.extent
    assert some.extent.min_score == cut
    assert f"scores less than {cut:g}" in repr(some)
    assert f"scores less than {cut:g}" in some.save(tmp_path / "labels.html").read_text()
    # What sample and estimate need has every row as it was read.
    assert list(labelled(min_score=cut, rows="all")) == list(both[1])
    with pytest.raises(KitError, match=r"min_score is 1\.5, and no probability"):
        labelled(min_score=1.5)
