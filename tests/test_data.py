"""`stancekit data`: counts, agreement and pictures of a corpus."""

import pytest
from conftest import ROWS

from stancekit.commands.data import data
from stancekit.corpus import JsonlCorpus
from stancekit.files import write_jsonl

FRAMED = [row | {"frames": ["economy"], "register": "speech", "topic": "<levy> & co"} for row in ROWS]


def test_pictures_show_the_codes_by_register_and_topic(jsonl, tmp_path):
    data(corpus=JsonlCorpus(jsonl(*FRAMED), name="mine"), plots=tmp_path / "plots")
    names = {path.name for path in (tmp_path / "plots").iterdir()}
    assert names == {f"{book}-by-{field}.svg" for book in ("stance", "diplomacy") for field in ("register", "topic")}
    drawn = (tmp_path / "plots" / "stance-by-topic.svg").read_text()
    assert drawn.startswith("<svg") and "&lt;levy" in drawn and "<levy" not in drawn


def test_agreement_of_a_second_annotator_is_printed(jsonl, tmp_path, capsys):
    rows = [row | {"id": str(at)} for at, row in enumerate(FRAMED)]
    write_jsonl(tmp_path / "second.jsonl", [{"id": row["id"], "stance": row["stance"]} for row in rows])
    data(corpus=JsonlCorpus(jsonl(*rows), second=tmp_path / "second.jsonl"), codebooks=["stance"])
    told = capsys.readouterr().out
    assert "second annotation" in told and "| all | 1.000" in told


@pytest.mark.parametrize("field", ["speech", "&lt;levy> & co"])
def test_counts_by_register_and_topic_are_printed(jsonl, capsys, field):
    data(corpus=JsonlCorpus(jsonl(*FRAMED)), codebooks=["stance"])
    assert f"| {field} | {len(ROWS)} |" in capsys.readouterr().out


def test_a_picture_gathers_what_is_rare(jsonl, tmp_path):
    rows = [FRAMED[at % 4] | {"topic": f"topic {min(at, 70)}"} for at in range(80)]
    data(corpus=JsonlCorpus(jsonl(*rows), name="mine"), codebooks=["stance"], plots=tmp_path / "plots")
    drawn = (tmp_path / "plots" / "stance-by-topic.svg").read_text()
    assert "topic 70" in drawn and "12 others" in drawn
