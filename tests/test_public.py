"""The names that `import stancekit` offers."""

import subprocess
import sys

import pytest

ORDERS = {
    "the function first": "from stancekit import report; import stancekit.runs.record",
    "the package first": "import stancekit.runs.record; from stancekit import report",
    "after another command": "import stancekit; stancekit.sample; stancekit.compare; report = stancekit.report",
}


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_report_is_the_function_in_every_order(order):
    code = f"{ORDERS[order]}\nimport stancekit\nfrom stancekit.runs.record import Run\n"
    code += "assert stancekit.report is report and report.__module__ == 'stancekit.commands.report', report"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_public_names_are_shown_and_are_there():
    import stancekit

    assert dir(stancekit) == stancekit.__all__ and {"label", "train", "report"} <= set(
        dir(stancekit)
    )
    assert all(callable(getattr(stancekit, name)) for name in dir(stancekit))
    with pytest.raises(AttributeError, match=r"has no attribute 'lable'; it has: .*label"):
        _ = stancekit.lable
