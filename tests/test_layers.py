"""Imports point one way: what stands left never imports what stands right."""

import ast
import re

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
PACKAGE = ROOT / "src" / "stancekit"


def rank(part: str) -> int:
    return next(at for at, parts in enumerate(ORDER) if part in parts)


def part_of(path: str) -> str:
    return path.split("/", maxsplit=1)[0].removesuffix(".py")


@pytest.fixture(scope="module")
def trees() -> dict[str, list[ast.AST]]:
    """Return the nodes of each file by its path within the package."""
    return {
        path.relative_to(PACKAGE).as_posix(): list(
            ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        )
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def imported(nodes: list[ast.AST]) -> set[str]:
    names = set()
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {name.split(".")[1] for name in names if name.startswith("stancekit.")}


def test_imports_point_one_way(trees):
    wrong = {
        path: parts
        for path, nodes in trees.items()
        if path not in ("__init__.py", "__main__.py")
        and (parts := [part for part in imported(nodes) if rank(part) > rank(part_of(path))])
    }
    assert len(trees) > 300 and not wrong


def test_files_can_be_seen_whole(trees):
    lengths = {path: len((PACKAGE / path).read_text("utf-8").splitlines()) for path in trees}
    assert {path: length for path, length in lengths.items() if length > 400} == {}


@pytest.fixture(scope="module")
def house():
    return measure(PACKAGE)


def test_a_name_is_defined_in_one_module(house):
    assert not house["repeated_public"] and not house["repeated_private"]


def test_no_modules_import_each_other_in_a_circle(house):
    assert not house["cycles"] and not house["lazy_cycles"]


def test_lines_are_short_and_comments_are_there(house):
    assert house["line_length"]["p90"] <= 90
    assert 3 <= house["comments_per_100"] <= 5


# Names of the shipped codebooks, and the columns of a labels file that once stood for them.
NAMES = {"stance", "diplomacy", "frames", "stance_scores", "frame_scores", "diplomacy_scores"}


def strings(nodes):
    """Yield the strings of a module that are no docstrings."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in nodes
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in nodes:
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in docstrings
        ):
            yield node.value


def test_codebooks_are_data(trees):
    """The code knows no codebook: names of them are in configs and tests only."""
    named = {
        path: said
        for path, nodes in trees.items()
        if (said := {text for text in strings(nodes) if NAMES & set(re.split(r"[/.,*]", text))})
    }
    assert not named
