"""`stancekit estimate`: shares of codes in a corpus, from labels of all of it and gold codes of a sample."""

import logging
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stancekit.corpus.labels import Row, codes_of, given, judged_codes, read_labels, scores, with_period
from stancekit.errors import KitError, listing
from stancekit.evaluation.adjusted import adjusted_count
from stancekit.evaluation.shares import FEW, FEW_UNITS, Cell, Units, cell, contrast, interval
from stancekit.files import write_text
from stancekit.report.plots import svg
from stancekit.report.shares import Contrast, Share, contrast_table, drawing, matrix, page, share_table, to_csv, trends

log = logging.getLogger(__name__)
PERIODS = ("month", "year")
# Of more cells not every pair is compared.
MOST_COMPARED = 8


def estimate(
    *,
    labels: str | Path,
    gold: str | Path,
    what: str = "stance",
    by: Sequence[str] = (),
    about: str = "corpus",
    output: str | Path | None = None,
) -> list[Share]:
    """Estimate the share of every code in every cell, and print it beside what counting labels would have said.

    Parameters
    ----------
    labels
        What `stancekit label` wrote: a file, or a folder of files.
    gold
        What `stancekit sample` wrote, with the codes filled in, `-` for no frame; rows left empty are not used.
    by
        Columns of the labels whose values make the cells, as in `[actor, target]`; of `month` or `year`, standing
        last, trends are estimated.
    about
        `corpus`: these very texts. `beyond`: what such texts say, of which these are a sample.
    output
        A folder for `shares.csv`, `contrasts.csv`, `shares.html` and drawings: `shares.svg`, over time `trends.svg`, of
        two fields `matrix.svg`.

    Returns
    -------
    list of Share
        Per cell and code.
    """
    if about not in ("corpus", "beyond"):
        raise KitError(f"unknown about={about!r}; there are corpus and beyond. Set about=corpus")
    rows = with_period(read_labels(labels))
    codes = codes_of(rows, what)
    if missing := [key for key in by if not any(row.get(key) is not None for row in rows)]:
        raise KitError(f"labels have no column {listing(missing)}; by names some of: {', '.join(sorted(rows[0]))}")
    units = units_of(rows, with_period(read_labels(gold)), what, codes)
    cells = cells_of(units, rows, by, corpus=about == "corpus")
    counts = {key: adjusted_count(units, mask) for key, mask in _masks(rows, by)}
    shares = [one for key, found in cells.items() for one in _shares(key, found, counts[key], codes)]
    contrasts = _contrasts(cells, codes, by)
    print(share_table(shares))
    if contrasts:
        print(f"\n{contrast_table(contrasts)}")
    if output is not None:
        chance = "in which rows were drawn" if about == "corpus" else "in which articles are there to be read"
        html = {"about": f"the codes {', '.join(codes)}", "chance": chance}
        _write(Path(output), shares, contrasts, codes, html, time=bool(by) and by[-1] in PERIODS)
    return shares


def units_of(rows: Sequence[Row], judged: Sequence[Row], what: str, codes: Sequence[str]) -> Units:
    """Return labelled rows with the gold codes of those that were judged."""
    at = {str(row["id"]): number for number, row in enumerate(rows)}
    known = {str(row["id"]): of for row in judged if (of := judged_codes(row, what)) is not None}
    wrong = sorted({code for of in known.values() for code in of} - set(codes))
    lost = sorted(set(known) - set(at))
    if wrong or lost:
        told = f"the codes {listing(wrong)}, which the labels have no scores of" if wrong else ""
        told += f"{' and ' if told else ''}{len(lost)} ids that are not in the labels ({listing(lost)})" if lost else ""
        raise KitError(f"gold has {told}; the codes are {', '.join(codes)}")
    if not known:
        raise KitError(f"gold has no row with {what}; fill in the file that stancekit sample wrote")
    if what == "stance" and (several := [key for key, of in known.items() if len(of) != 1]):
        raise KitError(f"gold has several stances in {listing(several)}; a row bears exactly one of {', '.join(codes)}")
    chance = _chances({str(row["id"]): row.get("probability") for row in judged}, len(rows))
    drawn = np.zeros(len(rows), dtype=bool)
    probability, gold = np.ones(len(rows)), np.zeros((len(rows), len(codes)))
    # Rows that nobody judged make the others less likely to have been: as if they were left out at random.
    judged_share = len(known) / len(judged)
    for key, of in known.items():
        drawn[at[key]] = True
        probability[at[key]] = min(chance[key] * judged_share, 1.0)
        gold[at[key]] = [code in of for code in codes]
    said = np.array([[code in given(row, what) for code in codes] for row in rows])
    articles = np.unique([str(row.get("article")) for row in rows], return_inverse=True)[1]
    return Units(scores(rows, what, codes), said, articles, drawn, gold, probability, exclusive=what == "stance")


def _chances(written: dict[str, Any], rows: int) -> dict[str, float]:
    """Return with what probability each judged row was drawn."""
    if any(one in (None, "") for one in written.values()):
        log.warning("gold has no probability for every row: taken for a random sample of all rows")
        return dict.fromkeys(written, min(len(written) / rows, 1.0))
    found = {}
    for key, one in written.items():
        try:
            found[key] = float(one)
        except (TypeError, ValueError):
            found[key] = 0.0
        if not 0 < found[key] <= 1:
            raise KitError(f"gold row {key} has probability {one!r}; it lies above 0 and up to 1, as sample wrote it")
    return found


def _masks(rows: Sequence[Row], by: Sequence[str]) -> Iterator[tuple[tuple[str, ...], NDArray[np.bool_]]]:
    """Yield which rows make up each cell."""
    where: dict[tuple[str, ...], list[int]] = {}
    for number, row in enumerate(rows):
        where.setdefault(tuple(str(row.get(key)) for key in by), []).append(number)
    for key in sorted(where):
        mask = np.zeros(len(rows), dtype=bool)
        mask[where[key]] = True
        yield key, mask


def cells_of(units: Units, rows: Sequence[Row], by: Sequence[str], *, corpus: bool) -> dict[tuple[str, ...], Cell]:
    """Return the estimates of every cell."""
    return {key: cell(units, mask, corpus=corpus) for key, mask in _masks(rows, by)}


def _shares(key: tuple[str, ...], found: Cell, counts: NDArray[np.float64], codes: Sequence[str]) -> list[Share]:
    adjusted = counts.tolist()
    if not found.enough:
        short = FEW - found.gold
        by_unit = round(found.gold * (FEW_UNITS / found.effective - 1)) if found.effective else 0
        lacking = min(max(short, by_unit, 1), found.n - found.gold)
        naive = found.naive.tolist()
        return [
            Share(key, code, found.n, found.gold, naive[k], None, None, lacking, adjusted[k])
            for k, code in enumerate(codes)
        ]
    own = np.stack([found.value, *interval(found)], axis=1).tolist()
    alone = np.stack([found.classical, *interval(found, classical=True)], axis=1).tolist()
    rows = zip(codes, found.naive.tolist(), own, alone, adjusted, strict=True)
    return [
        Share(key, code, found.n, found.gold, naive, tuple(one), tuple(of), 0, count)
        for code, naive, one, of, count in rows
    ]


def _contrasts(cells: dict[tuple[str, ...], Cell], codes: Sequence[str], by: Sequence[str]) -> list[Contrast]:
    known = {key: one for key, one in cells.items() if one.enough}
    found = []
    if by and by[-1] in PERIODS:
        groups: dict[tuple[str, ...], list[tuple[str, Cell]]] = {}
        for key, one in known.items():
            groups.setdefault(key[:-1], []).append((key[-1], one))
        for group, of in groups.items():
            if len(of) > 2:
                steps = np.arange(len(of)) - (len(of) - 1) / 2
                slope = contrast([one for _, one in of], (steps / (steps**2).sum()).tolist())
                name = f"{', '.join(group) or 'all'}: trend per {by[-1]}, {of[0][0]} to {of[-1][0]}"
                found += _listed(name, "", codes, slope)
    elif len(known) <= MOST_COMPARED:
        for (here, first), (there, second) in combinations(known.items(), 2):
            found += _listed(", ".join(here), ", ".join(there), codes, contrast([first, second], [1, -1]))
    return found


def _listed(first: str, second: str, codes: Sequence[str], of: tuple[np.ndarray, ...]) -> list[Contrast]:
    rows = np.stack(of, axis=1).tolist()
    return [Contrast(first, second, code, tuple(row)) for code, row in zip(codes, rows, strict=True)]


def _write(
    folder: Path,
    shares: Sequence[Share],
    contrasts: Sequence[Contrast],
    codes: Sequence[str],
    html: dict[str, str],
    *,
    time: bool,
) -> None:
    for name, text in zip(("shares.csv", "contrasts.csv"), to_csv(shares, contrasts), strict=True):
        write_text(folder / name, text)
    figures = {
        "shares": ("estimated shares by cell", drawing(shares, codes)),
        "trends": ("shares over time", trends(shares, codes) if time else None),
        "matrix": ("shares by two fields", None if time else matrix(shares, codes)),
    }
    drawn = {name: (label, one) for name, (label, one) in figures.items() if one}
    for name, (label, one) in drawn.items():
        write_text(folder / f"{name}.svg", svg(one, label))
    write_text(folder / "shares.html", page(shares, contrasts, list(drawn.values()), **html))
    print(f"\nwritten: {folder / 'shares.html'}, shares.csv, contrasts.csv and drawings beside it")
