"""Readers of public benchmarks, on a few rows of our own in their formats; on the real files where they lie."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate

from stancekit.codebook import load_codebook
from stancekit.corpus.benchmarks import CcfFrames, DseNews, NewsMtsc, PlvPlover, SemEval2016
from stancekit.errors import KitError
from stancekit.evaluation import count, f_avg
from stancekit.evaluation.bootstrap import estimate_interval

DATA = Path(os.environ.get("STANCEKIT_DATA", ROOT.parent / "shared" / "benchmarks"))
needs_data = pytest.mark.skipif(
    not (DATA / "dse_news").exists(), reason="no benchmark data; set STANCEKIT_DATA"
)


def _read(reader, codebook, **rest):
    return reader(**rest).read(load_codebook(codebook))


def test_plover_marks_become_offsets(tmp_path):
    (tmp_path / "a.tsv").write_text(
        "sentence\tmarked_sentence\tsource\ttarget\tgold_penta\tgold_root\tpenta_L1\n"
        '"So," said Peru.\t"So," said <s>Peru</s> to <t>Chile</t>.\tPeru\tChile\t1\tAGREE\t4\n'
    )
    files = {"train": "a.tsv"}
    labels = {"1": "verbal_cooperation"}
    data = _read(
        PlvPlover,
        "plover_quad",
        path=tmp_path,
        files=files,
        labels=labels,
        separator="\t",
        quoted=False,
    )
    (one,) = data.examples
    assert one.text == '"So," said Peru to Chile.' and (one.actor.start, one.target.start) == (
        11,
        19,
    )
    assert data.labels == (("verbal_cooperation",),) and data.parts == ("train",)


def test_directed_sentiment_becomes_two_examples(tmp_path):
    (tmp_path / "a.tsv").write_text(
        "[Peru]s cabinet thanked [Chile].\tPeru\tChile\t1\n[A] met [B].\tA\tB\t4\n"
    )
    data = _read(DseNews, "polarity", path=tmp_path / "a.tsv")
    assert [(one.actor.name, one.target.name) for one in data.examples] == [
        ("Peru", "Chile"),
        ("Chile", "Peru"),
        ("A", "B"),
        ("B", "A"),
    ]
    assert [label for (label,) in data.labels] == ["positive", "neutral", "neutral", "negative"]
    for one in data.examples:
        assert one.text[one.actor.start : one.actor.end] == one.actor.name
        assert one.text[one.target.start : one.target.end] == one.target.name
    (tmp_path / "a.tsv").write_text("no brackets\tA\tB\t4\n")
    with pytest.raises(KitError, match="line 1: not a sentence with two"):
        _read(DseNews, "polarity", path=tmp_path / "a.tsv")


def test_both_cuts_of_newsmtsc_mean_the_same(tmp_path):
    targets = [{"from": 0, "to": 4, "mention": "Peru", "polarity": 6.0}]
    (tmp_path / "t.jsonl").write_text(
        json.dumps({"sentence_normalized": "Peru won again.", "targets": targets})
    )
    flat = {"sentence": "Chile lost.", "mention": "Chile", "from": 0, "to": 5, "polarity": -1}
    (tmp_path / "d.jsonl").write_text(json.dumps(flat))
    data = _read(NewsMtsc, "polarity", path=tmp_path, files={"train": "t.jsonl", "test": "d.jsonl"})
    assert data.labels == (("positive",), ("negative",)) and data.parts == ("train", "test")
    assert [one.target.name for one in data.examples] == ["Peru", "Chile"]


def test_semeval_folders_are_targets(tmp_path):
    for folder in SemEval2016._TARGETS:
        (tmp_path / folder).mkdir()
        for part in ("train", "val", "test"):
            (tmp_path / folder / f"{part}_text.txt").write_text(f"a {part} tweet on {folder}\n")
            (tmp_path / folder / f"{part}_labels.txt").write_text("1\n")
    data = _read(SemEval2016, "semeval_stance", path=tmp_path)
    assert (
        len(data) == 15
        and set(data.labels) == {("condemn",)}
        and set(data.parts) == {"train", "validation", "test"}
    )
    (tmp_path / "atheism" / "val_labels.txt").write_text("1\n2\n")
    with pytest.raises(KitError, match=r"atheism/val: 1 texts, 2 labels"):
        _read(SemEval2016, "semeval_stance", path=tmp_path)


def test_climate_frames_are_spelled_in_two_ways(tmp_path):
    rows = [
        {
            "text": "One.",
            "meta": {"language": "EN", "media": "m"},
            "label": ["Eco Detection", "Emotion: Neutral"],
        },
        {
            "text": "Two.",
            "language": "EN",
            "media": "n",
            "label": ["Pol_Detection", "Eco_Detection"],
        },
        {"text": "Deux.", "language": "FR", "label": ["Pol_Detection"]},
        {"text": "Three.", "language": "EN", "label": []},
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert _read(CcfFrames, "ccf_frames", path=tmp_path / "a.jsonl").labels == (
        ("Eco",),
        ("Eco", "Pol"),
        (),
    )


def test_a_missing_folder_says_where_the_data_comes_from(tmp_path):
    with pytest.raises(
        KitError, match=r"not part of the kit.*github.com/x.*data_dir=FOLDER or .*STANCEKIT_DATA"
    ):
        _read(DseNews, "polarity", path=tmp_path / "none", name="dse_news", origin="github.com/x")


def test_another_file_is_not_compared_with_published_numbers(tmp_path):
    (tmp_path / "a.tsv").write_text("[A] met [B].\tA\tB\t0\n")
    with pytest.raises(
        KitError, match=r"a.tsv is another file, b.tsv is missing.*corpus.sha256=null"
    ):
        _read(DseNews, "polarity", path=tmp_path, sha256={"a.tsv": "00", "b.tsv": "11"})


COUNTS = {
    ("dse_news", "polarity"): (26288, 2922, 3246),
    ("plv_plover", "plover_quad"): (1050, 0, 1033),
    ("plv_plover", "plover_root"): (1050, 0, 1033),
    ("newsmtsc_rw", "polarity"): (8739, 343, 803),
    ("newsmtsc_mt", "polarity"): (8739, 442, 1034),
    ("un_quadclass", "quadclass"): (4783, 0, 1196),
    ("semeval2016", "semeval_stance"): (2620, 294, 1249),
    ("ccf_climate_frames", "ccf_frames"): (1927, 0, 492),
    ("gvfc_headlines", "gvfc"): (846, 0, 283),
}


@needs_data
@pytest.mark.parametrize(("name", "codebook"), COUNTS)
def test_real_files_have_the_rows_they_should(name, codebook):
    with initialize_config_dir(str(ROOT / "configs"), version_base="1.3"):
        config = compose("train", [f"corpus={name}", f"codebook={codebook}", f"data_dir={DATA}"])
    data = instantiate(config.corpus, _convert_="all").read(load_codebook(codebook))
    parts = tuple(data.parts.count(part) for part in ("train", "validation", "test"))
    assert parts == COUNTS[name, codebook]
    for example in data.examples[:500]:
        for mention in (example.actor, example.target):
            if mention and mention.located and name != "plv_plover":
                assert example.text[mention.start : mention.end] == mention.name


@needs_data
def test_released_predictions_score_as_published():
    codes, names = ("none", "condemn", "support"), ["condemn", "none", "support"]
    gold, said = [], []
    for target in SemEval2016._TARGETS:
        folder, released = (
            DATA / "semeval2016_stance",
            DATA / "semeval2016_stance" / "released_predictions",
        )
        gold += [
            (codes[int(line)],)
            for line in (folder / target / "test_labels.txt").read_text().split()
        ]
        said += [(codes[int(line)],) for line in (released / f"{target}.txt").read_text().split()]
    counts = count(gold, said, names, [str(at) for at in range(len(gold))])[None]
    ((value, low, high),) = estimate_interval(
        counts, lambda table: np.asarray(f_avg(table, 0, 2))[..., None]
    )
    assert round(value, 5) == 0.72436
    assert (low, high) == (pytest.approx(0.697, abs=0.004), pytest.approx(0.752, abs=0.004))
