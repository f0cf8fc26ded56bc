"""Draws of a simulation: their generators, a bar, and what each method gave in all of them."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np
from tqdm import tqdm

# Simulated sets per design.
DRAWS = 1000
Result = TypeVar("Result")


def progress(draws: int, name: str) -> Iterator[int]:
    """Yield the number of each draw, with a bar."""
    yield from tqdm(range(draws), desc=name, unit="draw", file=sys.stderr)


def generators(draws: int, name: str, *seed: int) -> Iterator[np.random.Generator]:
    """Yield the generator of each draw."""
    for draw in progress(draws, name):
        yield np.random.default_rng([*seed, draw])


def by_method(drawn: Iterable[Mapping[str, Result]]) -> dict[str, list[Result]]:
    """Return what each method gave, from what all of them gave in each draw."""
    results: dict[str, list[Result]] = {}
    for of_draw in drawn:
        for method, of_method in of_draw.items():
            results.setdefault(method, []).append(of_method)
    return results


def known_means(values: Sequence[tuple[float, ...]]) -> list[float]:
    """Return the means of columns over the draws that have a number, NaN where none has."""
    columns = (np.array(column)[~np.isnan(column)] for column in np.array(values).T)
    return [float(column.mean()) if len(column) else np.nan for column in columns]
