"""The notebook runs from a table to a claim, in few lines, and what it shows is from such a run."""

import re
import shutil

import nbformat
import pytest
from conftest import ROOT

NOTEBOOK = ROOT / "experiments" / "notebook" / "speeches.ipynb"
# What is asked of the kit: that a user's code fits on a screen.
MOST_LINES = 15


@pytest.fixture
def notebook():
    return nbformat.read(NOTEBOOK, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_the_code_is_short_and_was_run(notebook):
    cells = code_cells(notebook)
    lines = [line for cell in cells for line in cell.source.splitlines() if line.strip()]
    assert 5 <= len(lines) <= MOST_LINES and max(map(len, lines)) <= 120
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert all(output.output_type != "error" for cell in cells for output in cell.outputs)


def shown(notebook):
    """Return the words and the numbers of every output, without paths and white space."""
    texts = []
    for cell in code_cells(notebook):
        for output in cell.outputs:
            data = output.get("data", {})
            texts.append(data.get("text/plain", output.get("text", "")))
    text = re.sub(r"\S*/\S*", "PATH", "\n".join(texts))
    numbers = [float(number) for number in re.findall(r"\d*\.\d+", text)]
    return re.sub(r"\d*\.\d+", "NUMBER", text).split(), numbers


@pytest.mark.slow
def test_the_notebook_runs_and_shows_the_same(notebook, tmp_path, monkeypatch):
    from nbclient import NotebookClient

    folder = tmp_path / "experiments" / "notebook"
    shutil.copytree(NOTEBOOK.parent, folder, ignore=shutil.ignore_patterns("output"))
    (tmp_path / "seeds").symlink_to(ROOT / "seeds")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    words, numbers = shown(notebook)
    client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(folder)}})
    client.execute()
    words_now, numbers_now = shown(notebook)
    assert words_now == words
    # Processors differ in the last digits: in shares by thousandths, in percentages by tenths.
    assert numbers_now == pytest.approx(numbers, rel=0.02, abs=0.02)
