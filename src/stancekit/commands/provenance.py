"""What a run was made with: code, versions, machine."""

import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

PACKAGES = ("numpy", "scipy", "scikit-learn", "torch", "transformers")
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
        "versions": {package: version(package) for package in PACKAGES},
        "peak_memory_mb": _peak_memory() // 2**20,
    }


def _peak_memory() -> int:
    """Return the most memory that this process has used so far, in bytes."""
    try:
        import resource
    except ImportError:  # Windows
        import psutil  # type: ignore[import-untyped]

        used = psutil.Process().memory_info()
        return int(getattr(used, "peak_wset", used.rss))
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Kilobytes, but bytes on macOS.
    return most if sys.platform == "darwin" else most * 1024


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def _commit(root: Path) -> str:
    """Return the commit of the kit's own checkout.

    Empty for an installed wheel, also where that lies within somebody else's repository, and where there is no git.
    """
    try:
        if 'name = "stancekit"' not in (root / "pyproject.toml").read_text(encoding="utf-8"):
            return ""
        # A git hook's environment would name the repository that it runs in.
        environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        found = subprocess.run(  # noqa: S603
            ["git", "-C", str(root), "rev-parse", "--show-toplevel", "HEAD"],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        ).stdout.splitlines()
    except OSError:
        return ""
    # A copy of the kit within another repository is none of its commits.
    return found[1] if len(found) == 2 and Path(found[0]).resolve() == root else ""
