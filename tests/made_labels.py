"""Labels of our own with a known truth, and files of samples that somebody filled in."""

import json

import numpy as np

from stancekit.labelling.row_format import LabelledCodebook, closing

CODES = ("abstain", "condemn", "none", "support")
ACTORS = ("Avaria", "Belmont")
# How often the classifier calls what is `none` of an actor `condemn` instead: counting misleads
# about Belmont.
ERRORS = {"Avaria": 0.05, "Belmont": 0.6}


def declared(name="stance", *, unit="example", multi_label=False):
    """The columns that end every row of the kit's labels."""
    codebook = LabelledCodebook(name, unit, multi_label)
    return closing([codebook])


def made(years=("2020",), articles=120, seed=0):
    """Rows of labels, and the gold code of each."""
    random, rows, gold = np.random.default_rng(seed), [], {}
    for article in range(articles):
        for at in range(8):
            actor, key = ACTORS[at % 2], f"a{article}-{at}"
            true = CODES[random.choice(4, p=[0.1, 0.3, 0.35, 0.25])]
            wrong = true == "none" and random.random() < ERRORS[actor]
            predicted = "condemn" if wrong else true
            scores = {code: 0.85 if code == predicted else 0.05 for code in CODES}
            rows.append(
                {
                    "id": key,
                    "article": f"a{article}",
                    "sentence": f"Sentence {key}.",
                    "actor": actor,
                    "target": "it",
                }
                | {
                    "date": f"{years[article % len(years)]}-03-01",
                    "stance": predicted,
                    "stance_scores": scores,
                }
                | declared()
            )
            gold[key] = true
    return rows, gold


def annotated(drawn, gold, path):
    path.write_text("".join(json.dumps({**row, "stance": gold[row["id"]]}) + "\n" for row in drawn))
    return path


def written(tmp_path, rows):
    path = tmp_path / "labels.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def stances(*rows, codes=("condemn", "support")):
    """Rows of labels with an id, and what else is given of each: a model that says the first code of all."""
    scores = {code: 0.7 if code == codes[0] else round(0.3 / (len(codes) - 1), 4) for code in codes}
    plain = {
        "sentence": "s",
        "actor": "A",
        "target": "T",
        "stance": codes[0],
        "stance_scores": scores,
    } | declared()
    return [{"id": f"r{at}", "article": f"a{at}", **plain, **row} for at, row in enumerate(rows)]
