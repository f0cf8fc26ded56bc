"""The names that `import stancekit` offers: to Python, to type checkers, and to whoever presses Tab."""

import ast
import inspect
import os
import subprocess
import sys

import pytest
from conftest import ROOT

import stancekit

SOURCE = ROOT / "src" / "stancekit" / "__init__.py"
ORDERS = {
    "the package first": "import stancekit.runs.record; from stancekit import report",
    "after another command": "import stancekit; stancekit.sample; stancekit.compare; report = stancekit.report",
}


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_report_is_the_function_in_every_order(order):
    code = f"{ORDERS[order]}\nimport stancekit\nfrom stancekit.runs.record import Run\n"
    code += "assert stancekit.report is report and report.__module__ == 'stancekit.commands.report', report"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_public_names_are_shown_and_are_there():
    assert dir(stancekit) == stancekit.__all__ == sorted(stancekit.__all__)
    assert {"label", "train", "load", "report"} <= set(dir(stancekit))
    assert all(callable(getattr(stancekit, name)) for name in dir(stancekit))
    with pytest.raises(AttributeError, match=r"has no attribute 'lable'; is 'label' meant\?"):
        _ = stancekit.lable


def test_importing_costs_nothing():
    code = (
        "import sys, stancekit; heavy = {'torch', 'sklearn', 'pandas', 'hydra'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", f"{code}; assert not heavy, heavy"], check=True)


def typed_imports():
    """Return the names that type checkers and editors see, with where they come from."""
    block = next(node for node in ast.parse(SOURCE.read_text()).body if isinstance(node, ast.If))
    names = {}
    for node in block.body:
        for alias in node.names:
            names[alias.asname or alias.name] = f"{node.module}:{alias.name}"
    return names


def test_type_checkers_see_the_names_that_there_are():
    """Both lists of `__init__` name the same objects."""
    places = {}
    for name, place in stancekit._PLACES.items():
        module, _, original = place.partition(":")
        places[name] = f"stancekit.{module}:{original or name}"
    assert typed_imports() == places and list(places) == stancekit.__all__


def test_editors_complete_the_names_without_running_anything():
    jedi = pytest.importorskip("jedi")
    names = {found.name for found in jedi.Script("import stancekit\nstancekit.").complete(2, 10)}
    assert set(stancekit.__all__) <= names
    (signature,) = jedi.Script("import stancekit\nstancekit.train(").get_signatures(2, 16)
    assert [parameter.name for parameter in signature.params][:3] == ["corpus", "codebook", "model"]


def test_the_types_are_marked_as_such():
    assert (ROOT / "src" / "stancekit" / "py.typed").is_file()


@pytest.mark.slow
def test_mypy_sees_the_types(tmp_path):
    (tmp_path / "user.py").write_text(
        "import stancekit as sk\n"
        "model = sk.train('un_votes', model='svm')\n"
        "reveal_type(model)\n"
        "reveal_type(sk.load('models/mine').save_pretrained('other'))\n"
        "sk.train('un_votes', random_state='zero')\n"
        "sk.lable\n"
    )
    # With the settings and the cache that the kit itself is checked with: minutes without.
    words = ["--config-file", str(ROOT / "pyproject.toml")]
    words += [str(tmp_path / "user.py")]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *words],
        cwd=ROOT,
        env=os.environ | {"MYPYPATH": "src"},
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout
    assert 'user.py:3: note: Revealed type is "stancekit.library.model.StanceModel"' in said, said
    assert 'user.py:4: note: Revealed type is "pathlib.Path"' in said
    assert 'user.py:5: error: Argument "random_state" to "train" has incompatible type' in said
    assert 'user.py:6: error: Module has no attribute "lable"' in said


@pytest.mark.parametrize("name", stancekit.__all__)
def test_every_public_name_is_explained_by_an_example(name):
    documented = inspect.getdoc(getattr(stancekit, name))
    if name != "KitError":
        assert "Examples" in documented and ">>> " in documented
