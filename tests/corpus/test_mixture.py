"""Several corpora under one codebook, and training on some of them."""

from collections import Counter

import pytest
from conftest import ROWS, padded

from stancekit.commands.report import report
from stancekit.commands.train import train
from stancekit.corpus import FixedSplit, TableCorpus
from stancekit.corpus.mixture import Mixture, MixtureSource, TransferSplit
from stancekit.errors import KitError
from stancekit.models.majority import Majority
from stancekit.runs.breakdowns import score_sources
from stancekit.runs.folder import read_runs
from stancekit.runs.leaderboard import leaderboards

TURNED = {"condemn": "negative", "support": "positive", "none": "neutral", "abstain": "neutral"}
CODES = {"negative": "condemn", "positive": "support", "neutral": None}


@pytest.fixture
def mixture(jsonl):
    parts = ["train"] * 6 + ["validation"] * 2 + ["test"] * 13
    ours = [
        row | {"article": f"a{at}", "text": padded(row["text"], at), "split": part}
        for at, part in enumerate(parts)
        for row in ROWS
    ]
    theirs = [
        {
            **row,
            "label": TURNED[row["stance"]],
            "text": padded(row["text"], 900 + at),
            "article": f"a{at}",
        }
        | {"split": "test" if at % 4 == 0 else "train"}
        for at in range(120)
        for row in ROWS
    ]
    return Mixture(
        {
            "ours": MixtureSource(TableCorpus(jsonl(*ours)), "stance"),
            "theirs": {
                "corpus": TableCorpus(jsonl(*theirs, name="t.jsonl")),
                "codebook": "polarity",
                "codes": CODES,
            },
        }
    )


def test_labels_are_mapped_and_origins_kept(mixture, stance):
    data = mixture.read(stance)
    by = Counter(
        (context.source, labels[0])
        for context, labels in zip(data.contexts, data.labels, strict=True)
    )
    assert by == {
        **{("ours", code): 21 for code in ("condemn", "abstain", "support", "none")},
        **{("theirs", code): 120 for code in ("condemn", "support")},
    }
    assert len({one.id for one in data.examples}) == len(data)
    assert {one.article.split("/")[0] for one in data.examples} == {"ours", "theirs"}


@pytest.mark.parametrize(
    ("on", "sources"), [("ours", {"ours"}), ("all", {"ours", "theirs"}), ("-ours", {"theirs"})]
)
def test_training_on_some_and_tests_on_all(mixture, stance, on, sources):
    parts = TransferSplit(FixedSplit("drop"), train_on=on)(mixture.read(stance), random_state=0)
    for part in (parts.train, parts.validation):
        assert {context.source for context in part.contexts} == sources
    assert {context.source for context in parts.test.contexts} == {"ours", "theirs"}


def test_a_size_is_shared_out_by_temperature(mixture, stance):
    data = mixture.read(stance)
    drawn = {}
    for temperature in (1, 1e9):
        parts = TransferSplit(FixedSplit("drop"), size=24, temperature=temperature)(
            data, random_state=0
        )
        drawn[temperature] = Counter(context.source for context in parts.train.contexts)
    assert drawn[1e9] == {"ours": 12, "theirs": 12} and drawn[1]["theirs"] > drawn[1]["ours"]


def test_a_source_that_is_not_there(mixture, stance):
    with pytest.raises(KitError, match=r"has the sources ours, theirs"):
        TransferSplit(FixedSplit("drop"), train_on="nobody")(mixture.read(stance), random_state=0)


def test_a_code_that_neither_codebook_has(jsonl, stance):
    bad = {
        "corpus": TableCorpus(jsonl(*ROWS)),
        "codebook": "stance",
        "codes": {"condemn": "against", "con": "condemn"},
    }
    with pytest.raises(KitError, match=r"maps con, against; it maps codes of stance"):
        Mixture({"mine": bad}).read(stance)


def test_a_code_that_the_mapping_is_silent_about(jsonl, stance):
    half = {
        "corpus": TableCorpus(jsonl(*ROWS)),
        "codebook": "stance",
        "codes": {"condemn": "condemn", "none": None},
    }
    with pytest.raises(
        KitError, match=r"says nothing of abstain, support; map each code .* or to null"
    ):
        Mixture({"mine": half}).read(stance)


def test_examples_without_a_code_are_kept_where_the_codebook_allows_none(jsonl, stance, diplomacy):
    rows = [
        {"text": "One.", "frames": ["peace"]},
        {"text": "Two.", "frames": []},
        {"text": "Three.", "frames": ["economy"]},
    ]
    corpus = TableCorpus(jsonl(*rows))
    assert Mixture({"mine": MixtureSource(corpus, "diplomacy")}).read(diplomacy).labels == (
        ("peace",),
        (),
        ("economy",),
    )
    codes = dict.fromkeys(diplomacy.names, "condemn") | {"economy": None}
    with pytest.raises(
        KitError, match=r"gives 1 examples no code or several \(mine-1\).*'', for no code"
    ):
        Mixture({"mine": MixtureSource(corpus, "diplomacy", codes)}).read(stance)
    for empty, labels in ((None, (("condemn",),)), ("none", (("condemn",), ("none",)))):
        assert (
            Mixture({"mine": MixtureSource(corpus, "diplomacy", codes | {"": empty})})
            .read(stance)
            .labels
            == labels
        )


def test_an_article_that_is_called_like_a_text_gets_its_source_s_name(jsonl, stance):
    rows = [ROWS[0] | {"article": "text:1"}, ROWS[1]]
    data = Mixture({"mine": MixtureSource(TableCorpus(jsonl(*rows)), "stance")}).read(stance)
    assert data.articles == ["mine/text:1", f"text:{ROWS[1]['text']}"]


def test_a_report_has_a_matrix_of_models_and_sources(mixture, stance, tmp_path):
    for on in ("ours", "theirs"):
        split = TransferSplit(FixedSplit("drop"), train_on=on)
        train(
            corpus=mixture,
            codebook=stance,
            split=split,
            model=Majority(),
            name=f"on {on}",
            output=tmp_path,
        )
    html = report(tmp_path).path
    (board,) = leaderboards(read_runs(tmp_path))
    matrix = score_sources(board)
    assert matrix.metric == "f_avg" and matrix.sources == ("ours", "theirs")
    assert {name for name, _ in matrix.rows} == {"on ours", "on theirs"}
    assert all(0 <= one.low <= one.value <= one.high <= 1 for _, of in matrix.rows for one in of)
    assert "score of each model on each source" in html.read_text()
    assert "F_avg by source:" in (html.parent / "README.md").read_text()
