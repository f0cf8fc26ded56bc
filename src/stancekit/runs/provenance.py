"""What a run was made with: the kit's version and commit, other versions, the machine, memory."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

RECORDED_PACKAGES = ("numpy", "scipy", "scikit-learn", "torch", "transformers")
# Where the kit is run from its own checkout, this is the checkout.
_ROOT = Path(__file__).resolve().parents[3]


def provenance() -> dict[str, Any]:
    """Return the kit's version and commit, the machine, the versions that scores depend on, and memory used."""
    return {
        "stancekit": version("stancekit"),
        "commit": _commit(_ROOT),
        "machine": {
            "system": platform.platform(),
            "python": platform.python_version(),
            "processor": _processor(),
        },
        "versions": {package: version(package) for package in RECORDED_PACKAGES},
        "memory_mb": _memory_used() // 2**20,
    }


def _memory_used() -> int:
    """Return the memory of this process in bytes: its peak where the system records one, else what it uses now."""
    memory = psutil.Process().memory_info()
    # Only Windows records a peak that psutil reads.
    return int(getattr(memory, "peak_wset", memory.rss))


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _commit(root: Path) -> str:
    """Return the commit of the kit's own checkout.

    Empty for an installed wheel, also in an environment inside another repository, and where there
    is no git.
    """
    try:
        if 'name = "stancekit"' not in (root / "pyproject.toml").read_text(encoding="utf-8"):
            return ""
        # A git hook's environment would name the repository that it runs in.
        environment = {
            key: value for key, value in os.environ.items() if not key.startswith("GIT_")
        }
        lines = subprocess.run(  # noqa: S603
            ["git", "-C", str(root), "rev-parse", "--show-toplevel", "HEAD"],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        ).stdout.splitlines()
    except OSError:
        return ""
    # A copy of the kit inside another repository has none of that repository's commits.
    return lines[1] if len(lines) == 2 and Path(lines[0]).resolve() == root else ""
