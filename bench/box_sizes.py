"""What does the size of the box buy? `python -m bench.box_sizes NAME=MODEL ...`, saved models for stance.

Each model is packed in several ways and scored on every fifth validation example of `un_votes`:
`experiments/box/sizes.csv` and the picture `sizes.svg`.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from bench.box import BITS, BLOCK, RESULTS
from stancekit.codebook import load_codebook
from stancekit.corpus import FixedSplit, LabelledSet
from stancekit.evaluation import count, macro_f1
from stancekit.evaluation.bootstrap import estimate_interval
from stancekit.fileio import frame_to_csv, write_text
from stancekit.library.objects import as_corpus
from stancekit.models import persistence
from stancekit.models.classifier import FittedClassifier
from stancekit.models.encoder.packing import pack
from stancekit.models.encoder.reading import ENCODER_FOLDER, NETWORK_FILE
from stancekit.reporting.figures import CODE_COLOURS, GREY, INK, figure, svg

# Bits of a weight, and weights that share a scale.
VARIANTS = ((8, 128), (4, 32), (4, 64), (4, 128))
EVERY = 5
# Where the label of a point stands, from the smallest network to the largest: some are close together.
LABELS = ((-8, -3, "right"), (8, -10, "left"), (8, -3, "left"), (0, 8, "center"), (0, 8, "center"))


def validation() -> LabelledSet:
    """Return every fifth validation example."""
    part = FixedSplit()(as_corpus("un_votes").read(load_codebook("stance")), random_state=0)
    return part.validation.take(range(0, len(part.validation), EVERY))


def rows(name: str, fitted: FittedClassifier, data: LabelledSet) -> Iterator[dict[str, Any]]:
    """Yield a row of the table for a model as it was trained, and for each way of packing it."""
    network: Any = fitted.model
    weights = sum(one.numel() for one in network.network_.parameters())
    as_trained = scored(fitted, data)
    yield {"model": name, "bits": 32, "megabytes": 4 * weights / 1e6} | as_trained[0]
    for bits, block in VARIANTS:
        with tempfile.TemporaryDirectory() as folder:
            packed = pack({"stance": fitted}, Path(folder), bits=bits, block=block)["stance"]
            size = (Path(folder) / ENCODER_FOLDER / NETWORK_FILE).stat().st_size
            row, labels = scored(replace(packed, name=name), data)
        changed = sum(a != b for a, b in zip(labels, as_trained[1], strict=True)) / len(labels)
        made = {"bits": bits, "block": block, "megabytes": size / 1e6, "changed": changed}
        yield {"model": name} | made | row


def scored(fitted: FittedClassifier, data: LabelledSet) -> tuple[dict[str, float], list[Any]]:
    """Return macro-F1 with its interval and the time per example, and the labels."""
    begun = time.perf_counter()
    labels = [one.labels for one in fitted.predict(data.examples)]
    passed = time.perf_counter() - begun
    counts = count(data.labels, labels, data.codebook.names, data.articles)
    [(value, low, high)] = estimate_interval(counts[None], lambda some: macro_f1(some)[..., None])
    time_each = 1000 * passed / len(data)
    return {"macro_f1": value, "low": low, "high": high, "ms": time_each}, labels


def draw(table: pd.DataFrame) -> str:
    """Draw macro-F1 against megabytes, a line for each model."""
    drawing, axes = figure(7, 4)
    for place, (name, some) in enumerate(table.groupby("model", sort=False)):
        line = some.sort_values("megabytes")
        colour = CODE_COLOURS[(place + 3) % len(CODE_COLOURS)]
        axes.plot(line.megabytes, line.macro_f1, "o-", color=colour, markersize=6, label=name)
        for number, row in enumerate(line.itertuples()):
            ships = place == 0 and (row.bits, row.block) == (BITS, BLOCK)
            note = f"{row.bits} bits" + (f" / {row.block:.0f}" if row.bits < 32 else "")
            axes.annotate(
                f"{note}, in the box" if ships else note,
                (row.megabytes, row.macro_f1),
                textcoords="offset points",
                xytext=LABELS[number][:2],
                ha=LABELS[number][2],
                fontsize=8,
                color=INK,
            )
    axes.axvline(60, color=GREY, linewidth=1, linestyle="--")
    axes.set_xscale("log")
    ticks = [30, 60, 120, 240, 480]
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.minorticks_off()
    axes.set(xlabel="megabytes of the network", ylabel="macro-F1 of stance on validation")
    axes.grid(axis="y", color=GREY, alpha=0.25)
    axes.margins(x=0.12, y=0.1)
    axes.legend(frameon=False, loc="center right", labelcolor=INK)
    return svg(drawing, "Macro-F1 of stance against the size of the network")


def main(named: list[str]) -> None:
    """Score the models, and write the table and the picture."""
    data, found = validation(), []
    for one in named:
        name, _, folder = one.partition("=")
        found += list(rows(name, persistence.load(folder), data))
        print(pd.DataFrame(found).round(3).to_string())
    table = pd.DataFrame(found)
    write_text(RESULTS / "sizes.csv", frame_to_csv(table, decimals=4))
    write_text(RESULTS / "sizes.svg", draw(table) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
