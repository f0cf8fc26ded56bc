"""Label a million sentences with words and a hundred thousand with `minilm`, and watch memory and pace.

`python -m bench.archive` writes `bench/archive.json`: per model the rows, the pace of the first and
the last third in sentences/s, and the highest resident memory of the first two minutes and after
them, in MB.
"""

import json
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from bench.labelling import articles, baseline, trained
from stancekit.text.examples import split_body

MANY = {"logreg": 1_000_000, "minilm": 100_000}


def varied(sentences: list[str], n: int, path: Path) -> None:
    """Write n sentences: shipped ones again and again, with other numbers and another word at their end."""
    chance = random.Random(0)
    with path.open("w", encoding="utf-8") as file:
        for at in range(n):
            text = re.sub(
                r"\d", lambda _: str(chance.randrange(10)), sentences[at % len(sentences)]
            )
            file.write(
                json.dumps({"text": f"{text[:-1]}, item {chance.randrange(10**6)}{text[-1]}"})
                + "\n"
            )


def memory(pid: int) -> float:
    """Return a process's resident memory in MB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1000  # type: ignore[index]  # a running process has one


def watched(source: Path, saved: Path, output: Path, rows: int) -> dict[str, Any]:
    """Label a file in a process of its own, and return its pace and memory."""
    words = ["label", f"input={source}", f"models={saved}", f"output={output}", "format=parquet"]
    # As much is written as can be.
    words.append("rows=all")
    start, seen = time.monotonic(), []
    process = subprocess.Popen(
        [sys.executable, "-m", "stancekit", *words], stderr=subprocess.PIPE, text=True
    )
    # The bar is read, or the process would wait for it.
    drain = threading.Thread(target=lambda: [None for _ in process.stderr or ()])
    drain.start()
    while process.poll() is None:
        try:
            parts = len(list(output.glob("part-*")))
            seen.append((time.monotonic() - start, memory(process.pid), parts))
        except (OSError, TypeError):
            pass
        time.sleep(0.5)
    drain.join()
    whole = seen[-1][2]
    reach = {k: next(at for at, _, parts in seen if parts >= whole * k // 3) for k in (1, 2)}
    # Memory goes up and down within a part, so highest is compared with highest.
    first = max(mb for at, mb, _ in seen if at <= 120)
    later = max([mb for at, mb, _ in seen if at > 120] or [first])
    return {
        "sentences": rows,
        "seconds": round(seen[-1][0], 1),
        "first third, sentences/s": round(rows / 3 / reach[1]),
        "last third, sentences/s": round(rows / 3 / (seen[-1][0] - reach[2])),
        "highest in two minutes, MB": round(first),
        "highest after that, MB": round(later),
        "exit": process.returncode,
    }


def main() -> None:
    """Run both, and write what was seen."""
    sentences = [
        one.text for article in articles() for one in split_body(article) if len(one.text) > 20
    ]
    found = {}
    with tempfile.TemporaryDirectory() as spare:
        folder = Path(spare)
        for name, rows in MANY.items():
            saved = folder / name
            (baseline if name == "logreg" else trained)(saved)
            varied(sentences, rows, folder / f"{name}.jsonl")
            found[name] = watched(folder / f"{name}.jsonl", saved, folder / f"{name}-labels", rows)
            print(name, found[name])
            Path("bench/archive.json").write_text(
                json.dumps(found, indent=2) + "\n", encoding="utf-8"
            )


if __name__ == "__main__":
    main()
