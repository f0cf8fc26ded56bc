import json

import pytest
from conftest import ROWS

from stancekit.corpus import HubCorpus, TableCorpus
from stancekit.errors import KitError


def test_broken_lines_are_all_named(jsonl, stance):
    path = jsonl(ROWS[0], '{"text": ', "[1]")
    told = r"not JSON: .*\(rows 2: .*\); not a JSON object \(rows 3: \[1\]\)"
    with pytest.raises(KitError, match=told):
        TableCorpus(path, strict=True).read(stance)
    assert TableCorpus(path).read(stance).left_out == 2


def test_an_empty_file(jsonl, stance):
    with pytest.raises(KitError, match="has no rows"):
        TableCorpus(jsonl()).read(stance)


def test_a_missing_file(stance):
    with pytest.raises(KitError, match=r"no file or folder nowhere.jsonl; set corpus.path"):
        TableCorpus("nowhere.jsonl").read(stance)


def test_a_wrong_encoding_names_byte_and_row(tmp_path, stance):
    path = tmp_path / "old.jsonl"
    path.write_bytes(b'{"text": "x"}\n{"text": "caf\xe9"}\n')
    with pytest.raises(KitError, match=r"not UTF-8 \(rows 2: byte 0xe9\)"):
        TableCorpus(path, encoding="utf-8", strict=True).to_frame()
    assert list(TableCorpus(path).to_frame()["text"]) == ["x", "café"]


def test_a_byte_order_mark_is_no_part_of_the_header(tmp_path, stance):
    path = tmp_path / "bom.csv"
    path.write_bytes("\ufefftext,actor,stance\nPeru left.,Peru,none\n".encode())
    assert TableCorpus(path).read(stance).examples[0].text == "Peru left."


@pytest.mark.parametrize(("reader", "suffix"), [(TableCorpus, "jsonl"), (TableCorpus, "csv")])
def test_line_ends_of_windows_change_nothing(reader, suffix, tmp_path, stance):
    lines = [json.dumps(row) for row in ROWS]
    if suffix == "csv":
        lines = [
            ",".join(ROWS[0]),
            *(",".join(f'"{cell}"' for cell in row.values()) for row in ROWS),
        ]
    digests = set()
    for name, end in (("unix", b"\n"), ("windows", b"\r\n")):
        path = tmp_path / name / f"mine.{suffix}"
        path.parent.mkdir()
        path.write_bytes(b"".join(line.encode() + end for line in lines))
        digests.add(reader(path).read(stance).digest)
    assert len(digests) == 1


def test_csv_with_a_label_map(tmp_path, stance):
    path = tmp_path / "mine.csv"
    path.write_text('sentence,who,code\n"Peru, said no.",Peru,AGAINST\nChile agreed.,Chile,FAVOR\n')
    corpus = TableCorpus(
        path,
        columns={"text": "sentence", "actor": "who", "labels": "code"},
        labels={"AGAINST": "condemn", "FAVOR": "support"},
    )
    assert corpus.read(stance).labels == (("condemn",), ("support",))


def test_csv_rows_with_too_many_cells(tmp_path, stance):
    path = tmp_path / "mine.csv"
    path.write_text("text,stance\nPeru left.,none\nPeru, too, left.,none\n")
    with pytest.raises(KitError, match=r"4 cells where the header has 2.*\(rows 2\)"):
        TableCorpus(path, strict=True).read(stance)


def test_a_local_folder_through_datasets(tmp_path, stance, monkeypatch):
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "set"
    folder.mkdir()
    for part in ("train", "test"):
        (folder / f"{part}.jsonl").write_text("\n".join(json.dumps(row) for row in ROWS))
    data = HubCorpus(str(folder), name="set").read(stance)
    assert len(data) == 8 and set(data.parts) == {"train", "test"}


def test_a_hub_name_that_cannot_be_loaded(tmp_path, stance):
    with pytest.raises(KitError, match="cannot load"):
        HubCorpus(str(tmp_path / "nothing")).read(stance)
