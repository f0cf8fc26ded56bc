"""Imports point one way: what stands left never imports what stands right."""

import ast
from pathlib import Path

import pytest
from conftest import ROOT

ORDER = [
    {"errors", "types", "codebook", "fileio", "resources"},
    {"text"},
    {"corpus"},
    {"models"},
    {"evaluation", "prevalence"},
    {"labelling"},
    {"runs"},
    {"report"},
    {"commands"},
]
SOURCES = sorted((ROOT / "src" / "stancekit").rglob("*.py"))


def rank(part: str) -> int:
    return next(at for at, parts in enumerate(ORDER) if part in parts)


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {name.split(".")[1] for name in names if name.startswith("stancekit.")}


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in SOURCES
        if path.stem not in ("__init__", "__main__") or len(path.parts) > len(ROOT.parts) + 3
    ],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_imports_point_one_way(path):
    own = path.relative_to(ROOT / "src" / "stancekit").parts[0].removesuffix(".py")
    wrong = [part for part in imported(path) if rank(part) > rank(own)]
    assert not wrong


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_can_be_seen_whole(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
