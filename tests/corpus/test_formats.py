"""Files of every kind, as Excel, SPSS and Stata write them: the same rows, or a reason."""

import builtins
import datetime
import gzip
import io
import tracemalloc
import zipfile

import pandas as pd
import pytest

from stancekit.corpus import TableCorpus
from stancekit.corpus.formats import FileFormat, RowFault, read_rows
from stancekit.errors import KitError

ROWS = [
    {"id": 1, "sentence": "Die Fraktion lehnt den Änderungsantrag ab.", "position": "AGAINST"},
    {"id": 2, "sentence": "Wir begrüßen das Gesetz – „endlich“.", "position": "FAVOR"},
    {"id": 3, "sentence": "Dazu gibt es zwei Meinungen; beide zählen.", "position": None},
]
NUMBERS = {"AGAINST": 1.0, "FAVOR": 2.0, None: None}
NAMES = {1: "AGAINST", 2: "FAVOR"}
MAP = {"AGAINST": "condemn", "FAVOR": "support"}


def frame():
    return pd.DataFrame(ROWS)


def coded():
    return frame().assign(position=[NUMBERS[row["position"]] for row in ROWS])


def write_sav(path):
    import pyreadstat

    pyreadstat.write_sav(coded(), str(path), variable_value_labels={"position": NAMES})


def write_sheets(path):
    with pd.ExcelWriter(path) as book:
        frame().to_excel(book, sheet_name="Reden", index=False)
        pd.DataFrame({"note": ["old"]}).to_excel(book, sheet_name="Notizen", index=False)


WRITERS = {
    "mine.csv": lambda path: frame().to_csv(path, sep=";", index=False, encoding="cp1252"),
    "mac.csv": lambda path: frame().to_csv(path, index=False, encoding="utf-8-sig"),
    "unicode.tsv": lambda path: frame().to_csv(path, sep="\t", index=False, encoding="utf-16"),
    "packed.csv.gz": lambda path: frame().to_csv(path, index=False, encoding="cp1252"),
    "mine.jsonl": lambda path: frame().to_json(path, orient="records", lines=True),
    "mine.ndjson": lambda path: frame().to_json(path, orient="records", lines=True),
    "mine.parquet": lambda path: frame().to_parquet(path),
    "mine.xlsx": lambda path: frame().to_excel(path, index=False),
    "sheets.xlsx": write_sheets,
    "mine.sav": write_sav,
    "mine.dta": lambda path: coded().to_stata(
        path, write_index=False, version=118, value_labels={"position": NAMES}
    ),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_corpus_is_read_from_files_of_every_kind(tmp_path, stance, name, caplog):
    WRITERS[name](tmp_path / name)
    columns = {"text": "sentence", "labels": "position"}
    data = TableCorpus(tmp_path / name, columns=columns, labels=MAP).read(stance)
    assert [example.text for example in data.examples] == [row["sentence"] for row in ROWS[:2]]
    assert [example.id for example in data.examples] == ["1", "2"]
    assert data.labels == (("condemn",), ("support",)) and data.left_out == 1
    assert "no label in column 'position' (rows 3). 1 of 3 rows are left out" in caplog.text
    assert ("is read as CP-1252" in caplog.text) == (name in ("mine.csv", "packed.csv.gz"))
    with pytest.raises(KitError, match=r"no label in column 'position' \(rows 3\)"):
        TableCorpus(tmp_path / name, columns=columns, labels=MAP, strict=True).read(stance)


def test_days_and_whole_numbers_are_as_people_write_them(tmp_path):
    cells = {"day": [datetime.datetime(2024, 3, 1)], "n": [3.0], "share": [0.5]}
    pd.DataFrame(cells).to_excel(tmp_path / "a.xlsx", index=False)
    pd.DataFrame(cells).to_stata(tmp_path / "a.dta", write_index=False)
    for name in ("a.xlsx", "a.dta"):
        [(number, row)] = read_rows(tmp_path / name)
        assert (number, str(row["day"]), str(row["n"]), row["share"]) == (1, "2024-03-01", "3", 0.5)


def test_a_sheet_is_chosen_by_name_or_number(tmp_path, caplog):
    write_sheets(tmp_path / "a.xlsx")
    assert len(list(read_rows(tmp_path / "a.xlsx"))) == 3
    assert "has the sheets Reden, Notizen; the first is read, another with sheet=" in caplog.text
    for sheet in ("Notizen", 1, "1"):
        [(_, row)] = read_rows(tmp_path / "a.xlsx", written=FileFormat(sheet=sheet))
        assert row == {"note": "old"}
    with pytest.raises(KitError, match=r"no sheet 'Notizn' \(is Notizen meant\?\); corpus.sheet"):
        TableCorpus(tmp_path / "a.xlsx", sheet="Notizn").to_frame()


def test_a_value_without_a_label_stays_a_number(tmp_path):
    table = pd.DataFrame({"position": [1, 2, 9]})
    labels = {"position": {1: "AGAINST", 2: "FAVOR"}}
    table.to_stata(tmp_path / "a.dta", write_index=False, value_labels=labels)
    import pyreadstat

    pyreadstat.write_sav(table, str(tmp_path / "a.sav"), variable_value_labels=labels)
    for name in ("a.dta", "a.sav"):
        cells = [str(row["position"]) for _, row in read_rows(tmp_path / name)]
        assert cells == ["AGAINST", "FAVOR", "9"]


def test_formulas_without_a_value_lose_their_row(tmp_path):
    rows = pd.DataFrame({"text": ["No.", "#REF!", "Yes."]})
    rows.to_excel(tmp_path / "a.xlsx", index=False)
    first, second, third = (row for _, row in read_rows(tmp_path / "a.xlsx"))
    assert (first["text"], third["text"]) == ("No.", "Yes.")
    assert (second.column, second.seen) == ("text", "#REF!")


def not_a_book():
    with zipfile.ZipFile(data := io.BytesIO(), "w") as packed:
        packed.writestr("a.txt", "no workbook")
    return data.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.xlsx", b"text\nNo.\n", "not a workbook .*password"),
        ("a.xlsx", not_a_book(), "not a workbook"),
        ("a.sav", b"$FL2 and nothing", "not readable as an SPSS file"),
        ("a.dta", b"<stata_dta>", "not readable as a Stata file"),
        ("a.dta", bytes(range(200)), "not readable as a Stata file"),
        ("a.parquet", b"PAR1", "not Parquet"),
        ("a.csv", b"\xd0\xcf\x11\xe0", "a workbook of old Excel"),
        ("a.csv.gz", b"text\nNo.\n", "cannot be read as what its ending says"),
        ("a.jsonl", b'{\n"text": "No."\n}\n', "JSON lines are meant"),
    ],
)
def test_a_file_that_is_no_such_thing_is_named(tmp_path, name, data, reason):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(KitError, match=rf"cannot read .*{name}.*{reason}"):
        TableCorpus(tmp_path / name).to_frame()


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("a.json", "write JSON lines"),
        ("a.xls", "save it as .xlsx"),
        ("a.ods", "save it as .xlsx"),
        ("a.rds", "write it as .csv"),
        ("a.docx", "extract its text"),
        ("a.cvs", "is .csv meant"),
        ("a.sav.gz", "not one of"),
    ],
)
def test_other_endings_are_told_what_to_do(tmp_path, name, way):
    (tmp_path / name).write_text("x")
    with pytest.raises(KitError, match=way):
        TableCorpus(tmp_path / name).to_frame()


@pytest.mark.parametrize(
    ("package", "extra", "name"), [("openpyxl", "excel", "a.xlsx"), ("pyreadstat", "spss", "a.sav")]
)
def test_what_is_not_installed_is_named_with_its_extra(tmp_path, monkeypatch, package, extra, name):
    (tmp_path / name).write_bytes(b"x")
    real = builtins.__import__

    def without(module, *rest):
        if module == package:
            raise ImportError(module)
        return real(module, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(KitError, match=rf"pip install 'stancekit\[{extra}\]'"):
        list(read_rows(tmp_path / name))


@pytest.mark.parametrize("encoding", ["cp1250", "latin2", "utf-16-le", "gb18030"])
def test_an_encoding_can_be_named(tmp_path, caplog, encoding):
    (tmp_path / "a.csv").write_bytes("text\nPerú ne.\n".encode(encoding, "replace"))
    [(_, row)] = read_rows(tmp_path / "a.csv", written=FileFormat(encoding=encoding))
    assert row["text"].endswith(" ne.") and not caplog.text


def test_an_encoding_that_there_is_not_is_named(tmp_path):
    (tmp_path / "a.csv").write_text("text\nNo.\n")
    for name in ("cp9999", "zip", ""):
        with pytest.raises(KitError, match=r"corpus.encoding is .*which is no encoding"):
            TableCorpus(tmp_path / "a.csv", encoding=name).to_frame()


def test_damaged_bytes_in_a_file_of_utf_8_lose_their_rows_alone(tmp_path):
    lines = ["text", *["Perú rejected the levy."] * 5]
    data = "\n".join(lines).encode() + b"\nChile \xff left.\nEnd.\n"
    (tmp_path / "a.csv").write_bytes(data)
    rows = [row for _, row in read_rows(tmp_path / "a.csv")]
    assert rows[0]["text"] == "Perú rejected the levy." and rows[-1]["text"] == "End."
    assert [row.reason for row in rows if isinstance(row, RowFault)] == ["not UTF-8: byte 0xff"]


def test_every_way_to_cut_a_file_is_read_or_refused(tmp_path):
    """A file cut anywhere gives rows, faults or an error for the user, never another exception."""
    for name, write in WRITERS.items():
        write(tmp_path / name)
        whole = (tmp_path / name).read_bytes()
        for length in range(0, len(whole), max(1, len(whole) // 12)):
            (tmp_path / f"cut-{name}").write_bytes(whole[:length])
            try:
                for _, row in read_rows(tmp_path / f"cut-{name}"):
                    assert isinstance(row, RowFault | dict)
            except KitError:
                pass


def test_files_of_rows_are_read_in_little_memory(tmp_path):
    line = b"x,a sentence of ordinary length about the levy\n"
    with gzip.open(tmp_path / "a.csv.gz", "wb", compresslevel=1) as file:
        file.write(b"id,text\n" + line * 120_000)
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_rows(tmp_path / "a.csv.gz")) == 120_000
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # The file has 5.8 MB.
    assert most < 5_000_000
