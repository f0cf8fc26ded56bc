"""What estimates add where many cells or time ask for it: smooth curves, change points, shrunk shares."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from stancekit.errors import KitError, listing
from stancekit.prevalence.change_points import ShareChange, find_changes
from stancekit.prevalence.claims import Estimates, is_finite
from stancekit.prevalence.estimators import SampledUnits
from stancekit.prevalence.small_areas import shrink_cells
from stancekit.prevalence.smoothing import Curve, smooth_curves
from stancekit.prevalence.timed_rows import correct_rows
from stancekit.prevalence.units import PERIODS, Cell, cell_masks
from stancekit.types import FloatArray

# A group in words of notes.
_EVERY_ROW = "all"


@dataclass(frozen=True, slots=True)
class TimeSettings:
    """What is asked of time, and how many measures: see `stancekit estimate`."""

    pool: bool = False
    smooth: bool | float = False
    change_points: int = 0
    measures: int = 0

    def check(self, by: Sequence[str], units: SampledUnits) -> None:
        """Raise a `KitError` where something is asked that cells without periods, or such gold, do not have."""
        asked = {"pool": self.pool, "smooth": self.smooth, "change_points": self.change_points}
        names = [name for name, value in asked.items() if value]
        if names and not (by and by[-1] in PERIODS):
            raise KitError(
                f"{names[0]} is about time, and by={list(by)} ends in no period; set by='[..., month]' or "
                "by='[..., year]'"
            )
        if units.doubted is not None and (self.smooth or self.change_points or self.measures):
            raise KitError(
                "smooth, change_points and measures count one decided code of a row, without annotators' "
                "doubt; set judgements=adjudicated or majority, or leave them out"
            )


def add_time(
    estimates: Estimates,
    units: SampledUnits,
    columns: Mapping[str, Sequence[str]],
    times: FloatArray,
    settings: TimeSettings,
) -> Estimates:
    """Return estimates with smooth curves and change points, as far as these are asked for.

    Parameters
    ----------
    columns
        The columns that make cells, the last of periods.
    times
        When rows are of, in years, NaN where that is not known, shape (N,).
    """
    if not settings.smooth and not settings.change_points:
        return estimates
    groups = {field: values for field, values in columns.items() if field != list(columns)[-1]}
    finite = is_finite(estimates.inference)
    codes = list(estimates.codes)
    curves: list[Curve] = []
    changes: list[ShareChange] = []
    notes: list[str] = []
    for group, mask in cell_masks(groups, len(times)):
        name = ", ".join(group) or _EVERY_ROW
        if settings.smooth:
            width = None if settings.smooth is True else float(settings.smooth)
            rows = correct_rows(units, mask, times, finite_population=finite)
            found = smooth_curves(rows, group, codes, width) if rows else []
            curves += found
            notes += _tell_curves(name, found, codes, finite=finite)
        if settings.change_points:
            # Whether a share changed is a question beyond these rows, whose own shares always change.
            rows = correct_rows(units, mask, times, finite_population=False)
            of_group = find_changes(rows, group, codes, settings.change_points) if rows else []
            changes += of_group
            notes += _tell_changes(name, of_group)
    return replace(estimates, curves=curves, changes=changes, notes=[*estimates.notes, *notes])


def _tell_curves(
    name: str, curves: Sequence[Curve], codes: Sequence[str], *, finite: bool
) -> Iterator[str]:
    if not curves:
        yield f"no curve of {name}: too few rows or dates are annotated"
        return
    target = "these rows would have" if finite else "such texts have"
    gaps = sum(bool(np.isnan(curve.value).any()) for curve in curves)
    yield (
        f"curves of {name} are local parabolas over {curves[0].bandwidth:.2g} years to both sides; bands are for "
        f"the curve that {target}, the inner one at each time, the outer one at all times together"
        + (", with gaps where too few rows are annotated, or none has the code" if gaps else "")
    )
    if flat := [code for code in codes if code not in {curve.code for curve in curves}]:
        yield f"no curve of {listing(flat)} of {name}: no annotated row has the code, or every one"


def _tell_changes(name: str, changes: Sequence[ShareChange]) -> Iterator[str]:
    if not changes:
        yield f"no change points of {name}: no dated row is annotated"
    by_note: dict[str, list[str]] = {}
    for change in changes:
        if change.note:
            by_note.setdefault(change.note, []).append(change.code)
    for note, codes in by_note.items():
        yield f"{', '.join(codes)} of {name}: {note}"


def add_shrunk(
    estimates: Estimates, units: SampledUnits, columns: Mapping[str, Sequence[str]]
) -> Estimates:
    """Return estimates with shares that are drawn towards what scores say of cells, and a note on what that assumes."""
    masks: dict[Cell, np.ndarray] = dict(cell_masks(columns, len(units.scores)))
    shrunk = shrink_cells(units, masks, finite_population=is_finite(estimates.inference))
    place = {code: at for at, code in enumerate(estimates.codes)}
    shares = [
        replace(share, shrunk=tuple(shrunk.limits[share.cell][:, place[share.code]].tolist()))
        if share.cell in shrunk.limits
        else share
        for share in estimates.shares
    ]
    return replace(estimates, shares=shares, notes=[*estimates.notes, *shrunk.notes])
