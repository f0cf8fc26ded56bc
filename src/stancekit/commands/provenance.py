"""What a run was made with: code, versions, machine."""

import platform
import resource
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

PACKAGES = ("numpy", "scipy", "scikit-learn", "torch", "transformers")


def provenance() -> dict[str, Any]:
    """Return the kit's version and commit, the machine, the versions that scores depend on, and memory used."""
    return {
        "stancekit": version("stancekit"),
        "commit": _commit(),
        "machine": {
            "system": platform.platform(),
            "python": platform.python_version(),
            "processor": _processor(),
        },
        "versions": {package: version(package) for package in PACKAGES},
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def _commit() -> str:
    """Return the commit of the kit's own checkout; empty for an installed wheel."""
    found = subprocess.run(  # noqa: S603
        ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip()
