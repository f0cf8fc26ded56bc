"""How much is installed: the kit without extras beside two peers, each in a folder of its own."""

import subprocess
import sys
import tempfile
from pathlib import Path

from bench.comparisons import Comparison

PEERS = {"SetFit": "setfit==1.2.0", "small-text": "small-text[transformers]"}


def installed(what: str, folder: Path) -> tuple[float, int] | str:
    """Return the megabytes and the number of packages that a requirement brings, or why it cannot be had."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"),
            *("-c", "constraints.txt", "--target", str(folder), what),
        ],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        return done.stderr.strip().splitlines()[-1]
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return size / 1e6, len(list(folder.glob("*.dist-info")))


def measure() -> list[Comparison]:
    """Return the rows about what is installed; a peer that cannot be had is left out, and it is said why."""
    rows: list[Comparison] = []
    with tempfile.TemporaryDirectory() as spare:
        ours = installed(".", Path(spare) / "ours")
        if isinstance(ours, str):
            raise RuntimeError(ours)
        for name, what in PEERS.items():
            peer = installed(what, Path(spare) / name)
            if isinstance(peer, str):
                print(f"{name} is left out: {peer}", file=sys.stderr)
                continue
            for kind, unit, mine, theirs in zip(
                ("size", "packages"), ("MB", ""), ours, peer, strict=True
            ):
                rows.append(
                    Comparison(
                        f"installed {kind}, no extras",
                        name,
                        unit,
                        mine,
                        theirs,
                        less_is_better=True,
                    )
                )
    return rows
