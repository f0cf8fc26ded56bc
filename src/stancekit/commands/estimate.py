"""`stancekit estimate`: shares of codes in a corpus, from labels of all of it and gold codes of a sample."""

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stancekit.errors import printable
from stancekit.fileio import write_text
from stancekit.labelling.annotated import aside, cells_of, labelled, masks, units_of
from stancekit.labelling.gold import read_gold
from stancekit.labelling.labels import PERIODS, position
from stancekit.prevalence.estimators import (
    FEW,
    FEW_UNITS,
    Domain,
    adjusted_count,
    contrast,
    share_interval,
)
from stancekit.report.figures import svg
from stancekit.report.shares import (
    Contrast,
    Share,
    contrast_table,
    matrix,
    share_table,
    shares_figure,
    shares_page,
    shares_to_csv,
    trends,
)
from stancekit.types import as_list

# Of more cells not every pair is compared.
MOST_COMPARED = 8


def estimate(
    *,
    labels: str | Path,
    gold: str | Path | Sequence[str | Path],
    what: str = "stance",
    by: str | Sequence[str] = (),
    about: str = "corpus",
    date_format: str | None = None,
    output: str | Path | None = None,
) -> list[Share]:
    """Estimate the share of every code in every cell, and print it beside what counting labels would have said.

    Parameters
    ----------
    labels
        What `stancekit label` wrote: a file, or a folder of files. Rows that were set aside by
        `risk=` count as well.
    gold
        What `stancekit sample` wrote, with the codes filled in, `-` for no frame; rows left empty
        are not used. Several files, as `[sample.csv, more.csv]`, where more rows were drawn with
        `extend=`.
    what
        The labels whose shares are estimated: `stance` or `frames`.
    by
        Columns of the labels whose values make the cells, as in `[actor, target]`; of `month` or
        `year`, standing last, trends are estimated.
    about
        `corpus`: these very texts. `beyond`: what such texts say, of which these are a sample.
    date_format
        How the labels spell dates, as `%d/%m/%Y`, where `by` has `month` or `year`; by default ISO
        8601 or YYYYMMDD.
    output
        A folder for `shares.csv`, `contrasts.csv`, `shares.html` and drawings: `shares.svg`, over
        time `trends.svg`, of two fields `matrix.svg`.

    Returns
    -------
    list of Share
        Per cell and code.

    Raises
    ------
    KitError
        When labels or gold cannot be read, do not fit each other, or cannot answer what is asked.
    """
    by = as_list(by)
    rows, codes = labelled(labels, what, by, about=about, date_format=date_format)
    units, notes = units_of(rows, [read_gold(one) for one in as_list(gold)], what, codes, by)
    notes = [*aside(labels), *notes]
    cells = cells_of(units, rows, by, corpus=about == "corpus")
    counts = {key: adjusted_count(units, mask) for key, mask in masks(rows, by)}
    shares = [
        one
        for key, found in cells.items()
        for one in _make_shares(key, found, counts[key], codes, about)
    ]
    contrasts = _contrasts(cells, codes, by)
    tables = [
        share_table(shares),
        *([contrast_table(contrasts)] if contrasts else []),
        *(f"note: {one}" for one in notes),
    ]
    print(printable("\n\n".join(tables), keep="\n"))
    if output is not None:
        chance = (
            "in which rows were drawn"
            if about == "corpus"
            else "in which articles are there to be read"
        )
        html = {"about": f"the codes {', '.join(codes)}", "chance": chance}
        _write_claims(
            Path(output),
            shares,
            contrasts,
            codes,
            html,
            notes=notes,
            time=bool(by) and by[-1] in PERIODS,
        )
    return shares


def _make_shares(
    key: tuple[str, ...],
    found: Domain,
    counts: NDArray[np.float64],
    codes: Sequence[str],
    about: str,
) -> list[Share]:
    adjusted = counts.tolist()
    if not found.enough:
        lacking, why = _lacking(found, about)
        naive = found.naive.tolist()
        return [
            Share(key, code, found.n, found.gold, naive[k], None, None, lacking, adjusted[k], why)
            for k, code in enumerate(codes)
        ]
    own = np.stack([found.value, *share_interval(found)], axis=1).tolist()
    alone = np.stack([found.classical, *share_interval(found, classical=True)], axis=1).tolist()
    rows = zip(codes, found.naive.tolist(), own, alone, adjusted, strict=True)
    return [
        Share(key, code, found.n, found.gold, naive, tuple(one), tuple(of), 0, count)
        for code, naive, one, of, count in rows
    ]


def _lacking(found: Domain, about: str) -> tuple[int, str]:
    """Return how many more rows a cell needs judged, and why it has no number where no more of them would do."""
    left = found.n - found.gold
    by_unit = round(found.gold * (FEW_UNITS / found.effective - 1)) if found.effective else 0
    needed = max(FEW - found.gold, by_unit, 1)
    if about == "corpus":
        # A cell that is judged in full is known, however small it is.
        return min(needed, left), ""
    if found.n < FEW or not left:
        return (
            0,
            f"too few rows or articles for a claim beyond them: it takes {FEW} rows in {FEW_UNITS} articles",
        )
    return min(needed, left), ""


def _contrasts(
    cells: dict[tuple[str, ...], Domain], codes: Sequence[str], by: Sequence[str]
) -> list[Contrast]:
    known = {key: one for key, one in cells.items() if one.enough}
    found = []
    if by and by[-1] in PERIODS:
        groups: dict[tuple[str, ...], list[tuple[str, int, Domain]]] = {}
        for key, one in known.items():
            # Rows without a date belong to no time.
            if (when := position(key[-1])) is not None:
                groups.setdefault(key[:-1], []).append((key[-1], when, one))
        for group, of in groups.items():
            if len(of) > 2:
                steps = np.array([when for _, when, _ in of], dtype=float)
                steps -= steps.mean()
                slope = contrast([one for *_, one in of], (steps / (steps**2).sum()).tolist())
                name = f"{', '.join(group) or 'all'}: trend per {by[-1]}, {of[0][0]} to {of[-1][0]}"
                found += _listed(name, "", codes, slope)
    elif len(known) <= MOST_COMPARED:
        for (here, first), (there, second) in combinations(known.items(), 2):
            found += _listed(
                ", ".join(here), ", ".join(there), codes, contrast([first, second], [1, -1])
            )
    return found


def _listed(
    first: str, second: str, codes: Sequence[str], of: tuple[np.ndarray, ...]
) -> list[Contrast]:
    rows = np.stack(of, axis=1).tolist()
    return [
        Contrast(first, second, code, tuple(row)) for code, row in zip(codes, rows, strict=True)
    ]


def _write_claims(
    folder: Path,
    shares: Sequence[Share],
    contrasts: Sequence[Contrast],
    codes: Sequence[str],
    html: dict[str, str],
    *,
    notes: Sequence[str],
    time: bool,
) -> None:
    for name, text in zip(
        ("shares.csv", "contrasts.csv"), shares_to_csv(shares, contrasts), strict=True
    ):
        write_text(folder / name, text)
    figures = {
        "shares": ("estimated shares by cell", shares_figure(shares, codes)),
        "trends": ("shares over time", trends(shares, codes) if time else None),
        "matrix": ("shares by two fields", None if time else matrix(shares, codes)),
    }
    drawn = {name: (label, one) for name, (label, one) in figures.items() if one}
    for name, (label, one) in drawn.items():
        write_text(folder / f"{name}.svg", svg(one, label))
    write_text(
        folder / "shares.html",
        shares_page(shares, contrasts, list(drawn.values()), notes=notes, **html),
    )
    print(f"\nwritten: {folder / 'shares.html'}, shares.csv, contrasts.csv and drawings beside it")
