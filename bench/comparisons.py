"""Comparisons with what people would use instead: how they are timed, kept per processor, and shown."""

import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

RESULTS, PAGE = Path("bench/results.json"), Path("bench/README.md")
TIMES = 5
HEAD = """# Speed and weight beside what people would use instead

`make bench` measures this; `python -m bench training size` does some parts again. Ours and the peer's take turns,
and each figure is the median of as many turns as are said. Machines differ, so only ratios within one run mean
something: above 1, ours is faster or smaller. What does not reach its goal stays here as not reached.
"""


@dataclass(frozen=True)
class Comparison:
    """What a thing does per second, or how much it needs, beside a peer on the same machine.

    `ratio` is how many times as good ours is: above 1 it is faster, or smaller.
    """

    name: str
    peer: str
    unit: str
    ours: float
    theirs: float
    goal: float | None = None
    times: int = 1
    less_is_better: bool = False
    note: str = ""

    @property
    def ratio(self) -> float:
        """Return how many times as good ours is."""
        return self.theirs / self.ours if self.less_is_better else self.ours / self.theirs


def seconds(call: Callable[[], object]) -> float:
    """Return the wall time of a call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def take_turns(*calls: Callable[[], object], times: int = TIMES, warm: bool = True) -> list[float]:
    """Return the median wall time of each call; the calls take turns, so that a slow minute slows all."""
    if warm:
        for call in calls:
            call()
    found = [[seconds(call) for call in calls] for _ in range(times)]
    return [float(at) for at in np.median(found, axis=0)]


def flags() -> set[str]:
    """Return what this processor can do, in Linux's words; empty on other systems."""
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return set()
    lines = cpuinfo.read_text(encoding="utf-8").splitlines()
    return set(next((line for line in lines if line.startswith("flags")), "").split())


def eight_bit() -> bool:
    """Say whether the processor has products of 8-bit integers."""
    return bool(flags() & {"avx512_vnni", "avx_vnni", "amx_int8"})


def processor() -> str:
    """Return the kind of processor that a figure speaks of."""
    here = flags()
    kinds = [
        name
        for name, flag in (
            ("AMX", "amx_tile"),
            ("AVX-512", "avx512f"),
            ("AVX2", "avx2"),
        )
        if flag in here
    ][:1] or [platform.machine()]
    kinds.append("products in bf16" if here & {"amx_bf16", "avx512_bf16"} else "no bf16")
    kinds.append("products in 8 bits" if eight_bit() else "no products in 8 bits")
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count()
    return f"{cores} cores, {', '.join(kinds)}"


def keep(rows: Sequence[Comparison]) -> None:
    """Write rows under this processor, in the place of those of the same name, and the page of all."""
    known = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    here = {(row["name"], row["peer"]): row for row in known.get(processor(), [])}
    here.update({(row.name, row.peer): asdict(row) for row in rows})
    known[processor()] = list(here.values())
    RESULTS.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(known), encoding="utf-8")


def page(known: dict[str, list[dict[str, object]]]) -> str:
    """Return the page of all results: a table per kind of processor."""
    tables = []
    for kind, rows in known.items():
        lines = [
            f"\n## {kind}\n",
            "| what | beside | ours | theirs | ratio | goal | turns |",
            "|---|---|---|---|---|---|---|",
        ]
        lines += [_line(Comparison(**row)) for row in rows]  # type: ignore[arg-type]
        tables.append("\n".join(lines) + "\n")
    return HEAD + "".join(tables)


def _line(row: Comparison) -> str:
    goal = "" if row.goal is None else f"{row.goal:.2g}"
    if row.goal is not None and row.ratio < row.goal:
        goal += ", **not reached**"
    shown = (f"{_short(value)} {row.unit}" for value in (row.ours, row.theirs))
    name = f"{row.name} ({row.note})" if row.note else row.name
    cells = (name, row.peer, *shown, _short(row.ratio), goal, str(row.times))
    return f"| {' | '.join(cells)} |"


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
