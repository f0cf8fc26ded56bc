"""The measures of a package's source, on packages that are small enough to count."""

import ast

import numpy as np
import pytest
from bench.house import count_body, find_cycles, main, measure, summarize
from conftest import ROOT

FIRST = '''"""A docstring

of three lines."""

import logging

from tiny.second import twice

log = logging.getLogger(__name__)
LIMIT, _LOW = 3, 1  # why three


class Box:
    """A box."""

    def size(self) -> int:
        """Return the size.

        Not part of the body.
        """
        # A comment before the body.
        total = 0

        return total


def lazy():
    def inner():
        from .sub import late

        return late

    return inner
'''
SECOND = '''from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tiny.first import Box

__all__ = ["twice"]
log = None
_LOW = 2
text = """
no comment: # here
"""


def twice():
    """Only a docstring."""


class Box:  # again
    ...
'''
LATE = "import tiny.first\n\n    \ndef late():\n    return tiny.first\n"


@pytest.fixture
def tiny(tmp_path):
    folder = tmp_path / "tiny"
    (folder / "sub").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "first.py").write_text(FIRST)
    (folder / "second.py").write_text(SECOND)
    (folder / "sub" / "__init__.py").write_text("from .late import late\n")
    (folder / "sub" / "late.py").write_text(LATE)
    return folder


def test_files_and_lines(tiny):
    figures = measure(tiny)
    assert (figures["modules"], figures["inits"]) == (3, 2)
    sizes = [0, 33, 19, 1, 5]
    assert figures["lines"] == sum(sizes)
    # Sorted 0 1 5 19 33: the 90th percentile is six tenths of the way from 19 to 33.
    assert figures["file_lines"] == {"median": 5, "p90": round(19 + 0.6 * 14), "max": 33}


def test_functions_are_measured_without_their_docstrings(tiny):
    figures = measure(tiny)
    # size 3 (a blank line within counts), lazy 6, inner 3, twice 0, late 1.
    assert figures["functions"] == 5 and figures["classes"] == 2
    assert figures["body_lines"] == {"median": 3, "p90": round(3 + 0.6 * 3), "max": 6}


def test_a_decorator_belongs_to_the_body():
    text = (
        'def outer():\n    """Docstring."""\n    @cache\n    def inner(): ...\n    return inner\n'
    )
    assert count_body(ast.parse(text).body[0]) == 3


def test_blank_lines_have_no_length(tiny):
    texts = FIRST + SECOND + LATE + "from .late import late\n"
    lengths = sorted(len(line) for line in texts.splitlines() if line.strip())
    figures = measure(tiny)["line_length"]
    assert figures["max"] == lengths[-1] == len("        # A comment before the body.")
    assert figures["median"] == round(np.median(lengths))


def test_comments_are_counted_against_lines_of_code(tiny):
    figures = measure(tiny)
    # One before the body of size; after code, those of LIMIT and the second Box.
    assert (figures["comments"], figures["notes"]) == (1, 2)
    first, second, late, package = 13, 12, 3, 1
    assert figures["code_lines"] == first + second + late + package
    assert figures["comments_per_100"] == round(100 * 1 / 29, 1)


def test_names_in_two_modules_are_listed(tiny):
    figures = measure(tiny)
    homes = ["tiny.first", "tiny.second"]
    # Not twice and late, which others import, and neither `log` nor `__all__`.
    assert figures["repeated_public"] == {"Box": homes}
    assert figures["repeated_private"] == {"_LOW": homes}


def test_names_in_conditions_and_tuples_count(tmp_path):
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "first.py").write_text("a, (b, *c) = 1, (2, 3)\nd: int = 1\ne.f = g[0] = 1\n")
    (folder / "second.py").write_text(
        "try:\n    a = b = 1\nexcept ValueError:\n    c = 1\nelse:\n    d = 1\nif a:\n    e = f = g = 1\n"
    )
    assert list(measure(folder)["repeated_public"]) == ["a", "b", "c", "d"]


def test_a_name_defined_twice_in_one_module_is_no_repetition(tmp_path):
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "first.py").write_text("if 1:\n    a = 1\nelse:\n    a = 2\n")
    assert not measure(folder)["repeated_public"]


def test_circles_are_found_and_imports_for_types_are_none(tiny):
    figures = measure(tiny)
    # tiny.second imports tiny.first for types alone; tiny.sub does so in a function.
    assert figures["cycles"] == []
    assert figures["lazy_cycles"] == [("tiny.first", "tiny.sub", "tiny.sub.late")]
    (tiny / "second.py").write_text(SECOND.replace("if TYPE_CHECKING:", "if True:"))
    figures = measure(tiny)
    assert figures["cycles"] == [("tiny.first", "tiny.second")]
    assert figures["lazy_cycles"] == [("tiny.first", "tiny.sub", "tiny.sub.late")]
    (tiny / "second.py").write_text("if TYPE_CHECKING:\n    pass\nelse:\n    from . import first\n")
    assert measure(tiny)["cycles"] == [("tiny.first", "tiny.second")]


def test_a_name_that_a_package_binds_is_not_its_module(tiny):
    """`from tiny.sub import late` reads what tiny/sub/__init__.py calls `late`."""
    (tiny / "first.py").write_text("from tiny.sub import late\n")
    assert measure(tiny)["cycles"] == [("tiny.first", "tiny.sub", "tiny.sub.late")]
    (tiny / "sub" / "__init__.py").write_text("")
    assert measure(tiny)["cycles"] == [("tiny.first", "tiny.sub.late")]


def test_modules_that_are_imported_by_a_name_in_the_text_are_found(tiny):
    text = 'from importlib import import_module\nKINDS = {"late": "tiny.sub.late:Late"}\n'
    (tiny / "first.py").write_text(text)
    assert measure(tiny)["lazy_cycles"] == [("tiny.first", "tiny.sub.late")]
    (tiny / "first.py").write_text(
        text.replace("from importlib import", "import importlib #") + "importlib.import_module\n"
    )
    assert measure(tiny)["lazy_cycles"] == [("tiny.first", "tiny.sub.late")]
    (tiny / "first.py").write_text(text.replace("import_module", "resources"))
    assert measure(tiny)["lazy_cycles"] == []


def test_of_overlapping_circles_each_import_is_in_one():
    imports = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "b"), ("c", "d"), ("d", "e")]
    assert find_cycles(imports) == [("b", "c"), ("a", "b", "c")]
    assert find_cycles([("a", "b"), ("b", "c"), ("a", "c")]) == []


def test_percentiles_are_interpolated():
    assert summarize(range(101)) == {"median": 50, "p90": 90, "max": 100}
    assert summarize([2, 3]) == {"median": 3, "p90": 3, "max": 3}
    assert summarize([]) == {"median": 0, "p90": 0, "max": 0}


def test_the_table_names_what_repeats(tiny, capsys):
    main([str(tiny)])
    printed = capsys.readouterr().out
    assert "| modules (and `__init__`) | 3 (2) |" in printed
    assert "| comments per 100 code lines | 3.4 (1 of 29; after code 2 more) |" in printed
    assert "- `Box`: tiny.first, tiny.second" in printed
    assert "- tiny.first → tiny.sub → tiny.sub.late → tiny.first" in printed


def test_real_files_can_be_measured():
    figures = measure(ROOT / "bench")
    assert (figures["modules"], figures["inits"]) == (
        len(list((ROOT / "bench").glob("*.py"))) - 1,
        1,
    )
    assert figures["functions"] > 30 and figures["cycles"] == []
