"""Numbers that pages name and the code has: the version of the kit, and those of its file formats."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def version() -> str:
    """Return the version of the source that the pages are about, whichever one is installed."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    found: str = tomllib.loads(text)["project"]["version"]
    return found


def numbers() -> dict[str, str]:
    """Return what pages write in double braces: the formats of files, and thresholds of checks."""
    from stancekit.corpus.project_schema import PROJECT_FORMAT
    from stancekit.labelling.row_format import LABELS_FORMAT, LIKELY_POSITION, READABLE_FORMATS
    from stancekit.models.manifest import MANIFEST_FORMAT
    from stancekit.runs.checks import FEW_ARTICLES, FEW_GOLD
    from stancekit.runs.record import FORMAT

    found = {
        "version": version(),
        "labels_format": LABELS_FORMAT,
        "readable_formats": " and ".join(map(str, READABLE_FORMATS)),
        "model_format": MANIFEST_FORMAT,
        "run_format": FORMAT,
        "project_format": PROJECT_FORMAT,
        "likely_position": LIKELY_POSITION,
        "few_gold": FEW_GOLD,
        "few_articles": FEW_ARTICLES,
    }
    return {name: str(value) for name, value in found.items()}
