"""Imports point one way: what stands left never imports what stands right."""

import ast
import re
from pathlib import Path

import pytest
from bench.house import measure
from conftest import ROOT

ORDER = [
    {"errors", "types", "codebook", "codebook_spelling"}
    | {"fileio", "resources", "formatting", "html", "views"},
    {"text"},
    {"corpus"},
    {"models"},
    {"evaluation", "prevalence"},
    {"labelling"},
    {"runs"},
    {"reporting"},
    {"library"},
    {"annotation"},
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


@pytest.fixture(scope="module")
def house():
    return measure(ROOT / "src" / "stancekit")


@pytest.mark.xdist_group("house")
def test_a_name_is_defined_in_one_module(house):
    assert not house["repeated_public"] and not house["repeated_private"]


@pytest.mark.xdist_group("house")
def test_no_modules_import_each_other_in_a_circle(house):
    assert not house["cycles"] and not house["lazy_cycles"]


@pytest.mark.xdist_group("house")
def test_lines_are_short_and_comments_are_there(house):
    assert house["line_length"]["p90"] <= 90
    assert 3 <= house["comments_per_100"] <= 5


# Names of the shipped codebooks, and the columns of a labels file that once stood for them.
NAMES = {"stance", "diplomacy", "frames", "stance_scores", "frame_scores", "diplomacy_scores"}


def strings(path):
    """Yield the strings of a module that are no docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in docstrings
        ):
            yield node.value


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_codebooks_are_data(path):
    """The code knows no codebook: names of them are in configs and tests only."""
    named = {text for text in strings(path) if NAMES & set(re.split(r"[/.,*]", text))}
    assert not named
