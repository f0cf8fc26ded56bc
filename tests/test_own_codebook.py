"""The codebook of the page on codebooks, in a folder outside the package: from training to a claim that holds."""

import csv
import json
import re
import shlex

import pytest
from conftest import ROOT

from stancekit.__main__ import main

PAGE = (ROOT / "docs" / "howto" / "codebook.md").read_text(encoding="utf-8")
COMMANDS = [
    "train codebook=blame corpus=coded.csv corpus.columns.text=sentence "
    "corpus.columns.labels=responsibility split=grouped model=svm output=blame",
    "report blame",
    "label speeches.csv models=blame fields='[party]' output=labels",
    "sample labels codebook=blame n=100 output=sample.csv",
    "plan labels codebook=blame gold=sample.csv",
    "estimate labels codebook=blame gold=sample.csv by='[party]' output=claims",
]
HOME = [
    "The mine closed because our own ministry slept",
    "Our budget has been mended with string for years",
    "The harbour silted up while the town council argued",
    "Nobody at home had checked the dam since spring",
]
ABROAD = [
    "Traders overseas emptied our silos in a week",
    "The neighbours shut the pipeline without a word",
    "A bank across the border called in every loan",
    "Foreign trawlers left nothing in the bay",
]


def write_csv(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a user's folder: the codebook of the page, coded sentences and speeches."""
    place = tmp_path_factory.mktemp("work")
    (place / "configs" / "codebook").mkdir(parents=True)
    yaml = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1]
    (place / "configs" / "codebook" / "blame.yaml").write_text(yaml, encoding="utf-8")
    coded = []
    for number in range(40):
        home, abroad = HOME[number % 4], ABROAD[(number + number // 4) % 4]
        words = f"in week {number} of region{number} district{number * 7}"
        for kind, (text, codes) in enumerate(
            [
                (home, "domestic"),
                (abroad, "foreign"),
                (f"{home}, and {abroad.lower()}", "domestic;foreign"),
                (f"The hall was painted by crew{number}", ""),
            ]
        ):
            row = {"id": f"{number}-{kind}", "article": f"a{number}"}
            coded.append({**row, "sentence": f"{text} {words}.", "responsibility": codes})
    write_csv(place / "coded.csv", coded)
    speeches = [
        {
            "id": f"s{number}",
            "party": "red" if number % 2 else "blue",
            "text": f"{HOME[number % 4] if number % 3 else ABROAD[number % 4]}. "
            f"Delegate {number} then thanked the staff.",
        }
        for number in range(60)
    ]
    write_csv(place / "speeches.csv", speeches)
    return place


def annotate(path):
    """Fill in the sample as a person would who reads the sentences."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        codes = [
            code
            for code, texts in (("domestic", HOME), ("foreign", ABROAD))
            if any(text in row["sentence"] for text in texts)
        ]
        row["blame"] = ";".join(codes) or "-"
    write_csv(path, rows)


def test_a_scheme_of_ones_own_goes_from_training_to_a_claim(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    for command in COMMANDS:
        words = shlex.split(command)
        assert main(words) == 0, (words, capsys.readouterr().err)
        if words[0] == "sample":
            annotate(folder / "sample.csv")
    assert (folder / "blame" / "report" / "report.html").is_file()
    rows = [
        json.loads(line)
        for part in sorted((folder / "labels").glob("part-*.jsonl"))
        for line in part.read_text(encoding="utf-8").splitlines()
    ]
    # A row for every sentence, whoever acts in it.
    assert len(rows) == 120 and all(row["actor"] is None for row in rows)
    assert {tuple(row["blame"]) for row in rows} >= {("domestic",), ("foreign",)}
    assert all(set(row["blame_scores"]) == {"domestic", "foreign"} for row in rows)
    with (folder / "claims" / "shares.csv").open(encoding="utf-8", newline="") as file:
        shares = {(row["party"], row["code"]): row for row in csv.DictReader(file)}
    assert set(shares) == {
        (party, code) for party in ("blue", "red") for code in ("domestic", "foreign")
    }
    truth = {"blue": 0.0, "red": 0.0}
    for number in range(60):
        truth["red" if number % 2 else "blue"] += bool(number % 3) / 60
    for party, share in truth.items():
        row = shares[party, "domestic"]
        assert float(row["low"]) <= share <= float(row["high"])
