"""Gold codes that are probably wrong, and what becomes of them."""

import csv

import numpy as np
import pytest

from stancekit.commands.disagreements import disagreements
from stancekit.corpus import TableCorpus
from stancekit.errors import KitError
from stancekit.evaluation.suspected import suspect, suspect_labels, unseen_probabilities
from stancekit.models.majority import Majority


def test_the_rule_of_confident_learning():
    # The thresholds are the mean probabilities of the rows of a code: 0.6, 0.5 and 0.5.
    probabilities = np.array(
        [[0.8, 0.1, 0.1], [0.4, 0.55, 0.05], [0.3, 0.6, 0.1], [0.1, 0.4, 0.5], [0.49, 0.4, 0.11]]
    )
    found = suspect(np.array([0, 0, 1, 2, 1]), probabilities)
    # The second is confidently of the second code; the last of none.
    assert found.suspected.tolist() == [False, True, False, False, False]
    assert found.quality.tolist() == [0.8, 0.4, 0.6, 0.5, 0.4]


def test_a_code_without_gold_rows_is_nobodys():
    found = suspect(np.array([0, 0]), np.array([[0.4, 0.6], [0.6, 0.4]]))
    assert not found.suspected.any()


@pytest.fixture
def speeches(tmp_path):
    """Return a table with some wrong codes, the ids of these, and what their codes are."""
    generator = np.random.default_rng(0)
    words = {
        "condemn": ["rejected", "denounced", "opposed"],
        "support": ["welcomed", "backed", "praised"],
        "none": ["visited", "described", "mentioned"],
    }
    rows, wrong = [], {}
    for row in range(240):
        code = list(words)[row % 3]
        verb = words[code][generator.integers(3)]
        given = code
        if row % 20 == 0:
            given = list(words)[(row + 1) % 3]
            wrong[str(row)] = code
        text = f"On day {row} the envoy {verb} levy number {generator.integers(1000)} of {row * 7}."
        rows.append({"id": str(row), "article": str(row // 4), "text": text, "stance": given})
    path = tmp_path / "speeches.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path, wrong


def test_wrong_codes_are_found_judged_again_blind_and_changed(speeches, tmp_path, stance, caplog):
    path, wrong = speeches
    file = tmp_path / "again.csv"
    found = disagreements(TableCorpus(path), suspected=True, output=file)
    listed = [row["id"] for row in found]
    wrong = {label: code for label, code in wrong.items() if label in listed}
    # Of twelve wrong codes at most one is missed, and few right ones are listed.
    assert len(wrong) >= 11 and len(listed) <= 24 and set(listed[:8]) <= set(wrong)
    assert (
        "of 240 rows whose gold is probably wrong" in found.caption and "% of all" in found.notes[0]
    )
    with file.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    # Neither gold nor what the model says is shown.
    assert list(rows[0]) == ["id", "article", "text", "distance", "stance"]
    assert not any(row["stance"] for row in rows)
    for row in rows:
        row["stance"] = wrong.get(row["id"], "")
    with file.open("w", newline="") as opened:
        writer = csv.DictWriter(opened, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    corpus = TableCorpus(path, gold=str(file))
    data = corpus.read(stance)
    by_id = {example.id: labels for example, labels in zip(data.examples, data.labels, strict=True)}
    assert all(by_id[label] == (code,) for label, code in wrong.items()) and len(data) == 240
    n = len(wrong)
    assert (
        f"{n} rows have the codes decided in {file} ({n} others than the label column's)"
        in caplog.text
    )
    left = disagreements(corpus, suspected=True)
    assert not set(wrong) & {row["id"] for row in left}


def test_codes_of_a_codebook_with_several_are_judged_each_on_its_own(jsonl, diplomacy):
    rows = [
        {"id": str(row), "article": str(row // 2), "text": text, "frames": codes}
        for row in range(60)
        for text, codes in [
            (f"Trade and tariffs grew in year {row}.", ["economy"])
            if row % 2
            else (f"The truce held on day {row}.", ["peace"])
        ]
    ]
    rows[4]["frames"] = ["peace", "economy"]
    rows[7]["frames"] = []
    data = TableCorpus(jsonl(*rows)).read(diplomacy)
    places = [diplomacy.names.index(name) for name in ("economy", "peace")]
    probabilities = np.full((60, len(diplomacy.names)), 0.02)
    probabilities[1::2, places[0]] = probabilities[::2, places[1]] = 0.95
    found = suspect_labels(data, probabilities)
    assert sorted(found.order()) == [4, 7]
    assert found.quality[[4, 7]] == pytest.approx([0.02, 0.05])


def test_copies_of_a_text_are_in_one_fold_and_few_articles_are_refused(jsonl, stance):
    rows = [
        {"id": str(row), "article": str(row), "text": "Peru said no.", "stance": "condemn"}
        for row in range(9)
    ]
    with pytest.raises(KitError, match=r"has 1 articles, copies counted as one"):
        unseen_probabilities(TableCorpus(jsonl(*rows)).read(stance), Majority())
