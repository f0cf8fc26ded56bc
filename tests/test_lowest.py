"""The lowest versions that are tested are the lowest that are allowed."""

import re
import tomllib

from conftest import ROOT


def test_constraints_are_the_lower_bounds():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {}
    for line in [*project["dependencies"], *project["optional-dependencies"]["sweep"]]:
        name, bound = re.match(r"([\w.-]+)[>=]=([\d.]+)", line).groups()
        wanted[name] = bound
    lines = (ROOT / "constraints-lowest.txt").read_text(encoding="utf-8").splitlines()
    pinned = dict(line.split("==") for line in lines if "==" in line)
    assert {name: version_of(pinned[name], bound) for name, bound in wanted.items()} == wanted


def version_of(pinned, bound):
    """Return the pinned version as far as the bound spells one: 1.10.0 is the lowest of 1.10 and up."""
    zeros = pinned.removeprefix(bound).replace(".", "").strip("0")
    return bound if pinned.startswith(bound) and not zeros else pinned
