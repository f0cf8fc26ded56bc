"""Cells of spreadsheets and of pandas: texts of digits stay as they are, whole numbers are no decimals."""

import numpy as np
import pandas as pd
import pytest

from stancekit.commands.estimate import estimate
from stancekit.commands.sample import sample
from stancekit.errors import KitError
from stancekit.labelling.label_files import read_label_rows
from stancekit.labelling.labels import read_labels

pytest.importorskip("openpyxl")
N = 60


def speeches(ids, codes=("condemn", "none", "support")):
    """Labels with these ids and codes, and gold of half of them."""
    random = np.random.default_rng(0)
    gold = random.choice(codes, N)
    said = np.where(random.random(N) < 0.8, gold, codes[0])
    table = pd.DataFrame({"id": ids, "view": said})
    for code in codes:
        table[code] = np.where(said == code, 0.8, 0.1 if len(codes) == 3 else 0.2)
    return table, pd.DataFrame({"id": ids, "view": gold}).sample(N // 2, random_state=1)


def counts(labels, gold):
    return {
        one.code: (one.n_annotated, one.estimate[0])
        for one in estimate(labels=labels, gold=gold).shares
    }


LONG = 1234567890123456789


@pytest.mark.parametrize(
    "ids",
    [
        [f"{at:04d}" for at in range(N)],
        [str(LONG + 7 * at) for at in range(N)],
        list(range(N)),
        [f"a.{at}" for at in range(N)],
    ],
)
@pytest.mark.parametrize("empty", [False, True])
def test_ids_of_a_sheet_are_those_of_the_file(tmp_path, ids, empty):
    table, gold = speeches(ids)
    right = counts(table, gold)
    if empty:
        gold = pd.concat([gold.head(5), pd.DataFrame({"id": [None], "view": [None]}), gold[5:]])
    for ending in ("csv", "xlsx"):
        for frame, name in ((table, "labels"), (gold, "gold")):
            path = tmp_path / f"{name}.{ending}"
            frame.to_csv(path, index=False) if ending == "csv" else frame.to_excel(
                path, index=False
            )
    for labels, filled in (("csv", "xlsx"), ("xlsx", "csv"), ("xlsx", "xlsx")):
        assert counts(tmp_path / f"labels.{labels}", tmp_path / f"gold.{filled}") == right
    if empty and ids == list(range(N)):
        # What pandas makes of whole numbers beside an empty cell.
        gold.astype({"id": float}).to_csv(tmp_path / "float.csv", index=False)
        assert "7.0" in (tmp_path / "float.csv").read_text()
        assert (
            counts(table, tmp_path / "float.csv")
            == right
            == counts(table.astype({"id": float}), gold)
        )
        left = sample(table, n=N, extend=[tmp_path / "float.csv"], output=None)
        assert len(left) == N // 2


def test_codes_that_are_digits(tmp_path):
    table, gold = speeches([f"r{at}" for at in range(N)], codes=("01", "02", "03"))
    right = counts(table, gold)
    gold.to_excel(tmp_path / "gold.xlsx", index=False)
    table.to_excel(tmp_path / "labels.xlsx", index=False)
    assert counts(tmp_path / "labels.xlsx", tmp_path / "gold.xlsx") == right
    table, gold = speeches([f"r{at}" for at in range(N)], codes=("0", "1"))
    gold = gold.astype({"view": float})
    gold.loc[gold.index[3], "view"] = None
    right = counts(table, gold.dropna())
    gold.to_csv(tmp_path / "gold.csv", index=False)
    assert "1.0" in (tmp_path / "gold.csv").read_text()
    assert counts(table, gold) == counts(table, tmp_path / "gold.csv") == right
    # Where it is itself a code, it stays.
    dotted = table.replace({"view": {"1": "1.0", "0": "0.0"}}).rename(
        columns={"1": "1.0", "0": "0.0"}
    )
    assert list(counts(dotted, tmp_path / "gold.csv")) == ["0.0", "1.0"]


def test_blanks_around_ids_and_ids_of_other_labels(tmp_path):
    table, gold = speeches([f"r{at}" for at in range(N)])
    assert counts(table, gold.assign(id=gold["id"] + " ")) == counts(table, gold)
    with pytest.raises(
        KitError, match=r"30 ids .*\(7,.*, whose ids are as r0, r1, r2 and 57 more; the codes are"
    ):
        estimate(
            labels=table,
            gold=gold.assign(id=[7, *gold["id"].str[1:]][: len(gold)]).drop_duplicates("id"),
        )
    with pytest.raises(KitError, match=r"not in the labels \(x\), whose ids are as r0"):
        sample(table, n=5, extend=[gold.assign(id=["x", *gold["id"][1:]])], output=None)


def test_cells_of_a_sheet_are_read_as_they_are(tmp_path):
    cells = pd.DataFrame(
        {"id": ["007", "8", None], "year": [2019, None, None], "note": ["NA", "1e5", ""]}
    )
    cells.to_excel(tmp_path / "cells.xlsx", index=False)
    first, second = read_label_rows(tmp_path / "cells.xlsx")
    assert first == {"id": "007", "year": 2019, "note": "NA"} and second["note"] == "1e5"
    assert type(first["year"]) is int and second["year"] is None


def test_years_of_a_table_with_gaps_are_whole():
    table, gold = speeches([f"r{at}" for at in range(N)])
    table.insert(1, "year", [2019.0 + at % 2 if at % 5 else None for at in range(N)])
    assert read_labels(table)[1]["year"] == 2020.0
    cells = {one.cell for one in estimate(labels=table, gold=gold, by=["year"]).shares}
    assert cells == {("2019",), ("2020",), ("(none)",)}
