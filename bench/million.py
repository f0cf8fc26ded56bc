"""A million labelled rows: seconds and memory of `sample`, `estimate` and `regress`.

`python -m bench.million` writes the rows as Parquet, as `label format=parquet` does, runs each command in a
process of its own, and writes `bench/million.json`. `--rows 20000` gives a first look.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet

from stancekit.fileio import write_json
from stancekit.labelling.row_format import Extent, LabelledCodebook, closing

ROWS, PARTS, ANNOTATED = 1_000_000, 20, 600
# What the million rows may take, on two cores.
MOST_SECONDS, MOST_MB = 60, 2000
CODES = ("abstain", "condemn", "none", "support")
BOOK = LabelledCodebook(
    "stance", scale=("condemn", "abstain", "support"), towards="target", absent="none"
)
ACTORS = [f"Actor {name}" for name in "ABCDEFGHIJKLMNOPQRST"]


def write_labels(folder: Path, rows: int, *, random_state: int = 0) -> None:
    """Write rows as parts of a folder, ten rows per article: the last column is what is true of each."""
    random = np.random.default_rng(random_state)
    folder.mkdir(parents=True)
    head = {key: json.dumps(value) for key, value in closing([BOOK], Extent("all", rows)).items()}
    size = rows // PARTS
    for part in range(PARTS):
        first = part * size
        table = pyarrow.table(_columns(random, first, size)).replace_schema_metadata(head)
        pyarrow.parquet.write_table(table, folder / f"part-{part:05d}.parquet")


def _columns(random: np.random.Generator, first: int, n: int) -> dict[str, Any]:
    number = np.arange(first, first + n)
    actor = random.integers(0, len(ACTORS), n)
    red = random.random(n) < 0.5
    weights = np.where(red[:, None], [0.1, 0.4, 0.3, 0.2], [0.1, 0.2, 0.4, 0.3])
    truth = (weights.cumsum(axis=1) > random.random(n)[:, None]).argmax(axis=1)
    wrong = (truth == 2) & ~red & (random.random(n) < 0.3)
    given = np.where(wrong, 1, truth)
    scores = 0.05 + 0.1 * random.random((n, len(CODES)))
    scores[np.arange(n), given] += 0.8
    scores = (scores / scores.sum(axis=1, keepdims=True)).round(4)
    codes = np.array(CODES)
    return {
        "id": [f"article-{row // 10}.{row % 10}.0" for row in number],
        "article": [f"article-{row // 10}" for row in number],
        "sentence": [
            f"{ACTORS[one]} said of the draft that item {row} of it was to be looked at once more."
            for row, one in zip(number.tolist(), actor.tolist(), strict=True)
        ],
        "start": number * 0,
        "end": number * 0 + 80,
        "actor": np.array(ACTORS)[actor],
        "actor_start": number * 0,
        "actor_end": number * 0 + 7,
        "actor_code": pyarrow.nulls(n, pyarrow.string()),
        "target": pyarrow.array(["the draft"] * n),
        "read_by": pyarrow.array(["model"] * n),
        BOOK.columns[0]: codes[given],
        BOOK.columns[1]: [
            json.dumps(dict(zip(CODES, row, strict=True))) for row in scores.tolist()
        ],
        "date": [f"{2015 + row // 10 % 8}-0{1 + row // 10 % 9}-15" for row in number],
        "party": np.where(red, "red", "blue"),
        "truth": codes[truth],
    }


def fill_in(sample: Path, labels: Path, gold: Path) -> None:
    """Annotate a sample with what is true of its rows."""
    import pandas as pd

    drawn = pd.read_csv(sample)
    truth = pd.read_parquet(labels, columns=["id", "truth"]).set_index("id")["truth"]
    drawn[BOOK.name] = truth.loc[drawn["id"]].to_numpy()
    drawn.to_csv(gold, index=False)


def commands(folder: Path) -> dict[str, list[str]]:
    """Return the words of each command, by what it is called in the results."""
    labels, gold = f"labels={folder / 'labels'}", f"gold={folder / 'gold.csv'}"
    return {
        "sample": ["sample", labels, f"n={ANNOTATED}", f"output={folder / 'sample.csv'}"],
        "sample, stratified": [
            *("sample", labels, f"n={ANNOTATED}", "design=stratified", "by=[actor]"),
            f"output={folder / 'stratified.csv'}",
        ],
        "estimate": ["estimate", labels, gold],
        "estimate, by actor, articles": [
            *("estimate", labels, gold, "by=[actor]", "inference=superpopulation"),
            "measures=[support | condemn + support, mean]",
        ],
        "estimate, by year": ["estimate", labels, gold, "by=[party,year]"],
        "regress, outcome": [
            *("regress", "condemn ~ party + year + C(actor)", labels, gold, "family=logistic"),
        ],
        "regress, covariate": ["regress", "year ~ condemn * party", labels, gold],
    }


def watch(words: Sequence[str]) -> dict[str, Any]:
    """Run a command in a process of its own, and return its seconds and highest memory in MB."""
    start = time.monotonic()
    with tempfile.TemporaryFile("w+") as errors:
        command = [sys.executable, "-m", "stancekit", *words]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        said = errors.read()
    if process.returncode:
        raise SystemExit(f"{' '.join(words)}: {said[-2000:]}")
    return {
        "seconds": round(time.monotonic() - start, 1),
        "processor seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "highest memory, MB": round(usage.ru_maxrss / 1000),
    }


def measure(rows: int = ROWS) -> dict[str, dict[str, Any]]:
    """Write labels, and run every command on them."""
    found = {}
    with tempfile.TemporaryDirectory() as spare:
        folder = Path(spare)
        write_labels(folder / "labels", rows)
        for name, words in commands(folder).items():
            found[name] = watch(words)
            print(f"{name:<30} {found[name]}", flush=True)
            if name == "sample":
                fill_in(folder / "sample.csv", folder / "labels", folder / "gold.csv")
    return found


def main(words: Sequence[str] | None = None) -> None:
    """Measure, say what takes more than it may, and write the results."""
    parser = argparse.ArgumentParser(prog="python -m bench.million", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--output", type=Path, default=Path("bench/million.json"))
    given = parser.parse_args(words)
    found = measure(given.rows)
    write_json(given.output, {"rows": given.rows, "commands": found})
    over = [
        name
        for name, of in found.items()
        if of["seconds"] > MOST_SECONDS or of["highest memory, MB"] > MOST_MB
    ]
    print(f"above {MOST_SECONDS} s or {MOST_MB} MB: {', '.join(over) or 'none'}")


if __name__ == "__main__":
    main()
