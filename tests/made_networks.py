"""Labels of a network of our own with a known truth: two camps, and a classifier that wrongs one of them."""

import numpy as np

from stancekit.labelling.row_format import LabelledCodebook, closing

# Members of two camps, in turn.
NODES = ("Avaria", "Belmont", "Corvia", "Dorne", "Elbonia", "Florin")
SCALE = ("against", "unclear", "for")
CODES = ("against", "for", "none", "unclear")
BOOK = LabelledCodebook("view", scale=SCALE, towards="target", absent="none")


def same_camp(one, other):
    return (NODES.index(one) - NODES.index(other)) % 2 == 0


def made_network(articles=120, seed=0, years=("2019", "2020", "2021"), targets=NODES):
    """Rows of labels, and the gold code of each; what Florin is said to be for is often taken for against."""
    random, rows, gold = np.random.default_rng(seed), [], {}
    for article in range(articles):
        for at in range(8):
            actor = NODES[random.integers(len(NODES))]
            target = targets[random.integers(len(targets))]
            if actor == target:
                continue
            number = targets.index(target)
            friends = (NODES.index(actor) - number) % 2 == 0
            shares = [0.08, 0.6, 0.22, 0.1] if friends else [0.6, 0.08, 0.22, 0.1]
            true = CODES[random.choice(4, p=shares)]
            wronged = actor == "Florin" and true == "for" and random.random() < 0.8
            missed = random.random() < 0.15
            predicted = "against" if wronged else "none" if missed else true
            scores = {code: 0.79 if code == predicted else 0.07 for code in CODES}
            key = f"a{article}-{at}"
            rows.append(
                {
                    "id": key,
                    "article": f"a{article}",
                    "sentence": f"{actor} speaks of {target}; so it is.",
                    "start": 60 * at,
                    "end": 60 * at + 30,
                    "actor": actor,
                    "target": target,
                    "date": f"{years[article % len(years)]}-03-01",
                    "view": predicted,
                    "view_scores": scores,
                }
                | closing([BOOK])
            )
            gold[key] = true
    return rows, gold


def annotate(rows, gold, n, seed=0):
    """A random sample of n rows with its gold codes."""
    chosen = np.random.default_rng(seed).permutation(len(rows))[:n]
    return [
        {"id": rows[row]["id"], "probability": n / len(rows), "view": gold[rows[row]["id"]]}
        for row in sorted(chosen)
    ]


def true_net(rows, gold, source, target):
    """The share that is for less the share that is against, of all rows."""
    codes = [gold[row["id"]] for row in rows if (row["actor"], row["target"]) == (source, target)]
    return (codes.count("for") - codes.count("against")) / len(codes)
