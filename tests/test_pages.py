"""What the documentation shows is what happens: every block is run in a fresh folder, its output compared."""

import re
import sys

import pytest
from conftest import ROOT
from pages import FENCE, alike, blocks, check, same, zygote

from stancekit.runs.checks import CHECKS

SITE = sorted((ROOT / "docs").rglob("*.md"))
PAGES = [
    page
    for page in [*sorted(ROOT.glob("*.md")), *SITE]
    if not {"made", "_build"} & set(page.relative_to(ROOT).parts)
]
RUN = [page for page in PAGES if any(block.runs for block in blocks(page.read_text("utf-8")))]
posix = pytest.mark.skipif(sys.platform == "win32", reason="pages are typed into bash")


@pytest.fixture(scope="module")
def socket():
    with zygote() as place:
        yield place


@posix
def test_the_readme_shows_what_it_does(tmp_path, socket):
    assert check(ROOT / "README.md", tmp_path, socket) == []


@posix
@pytest.mark.slow
@pytest.mark.parametrize(
    "page",
    [page for page in RUN if page.name != "README.md"],
    ids=lambda page: page.relative_to(ROOT).as_posix(),
)
def test_a_page_shows_what_it_does(page, tmp_path, socket):
    assert check(page, tmp_path, socket) == []


def test_there_are_pages_that_run():
    assert len(RUN) > 20 and ROOT / "README.md" in RUN and ROOT / "METHOD.md" in RUN


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_what_is_not_run_says_why(page):
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.note.startswith("not run:"):
            assert len(block.note) > len("not run: because")
        # Output without a command would be checked by nobody.
        assert block.kind != "text" or block.note, f"{block.text} is the output of nothing"


def test_the_readme_is_one_screen():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").split()) <= 600


def test_every_check_has_its_page():
    sources = (ROOT / "src" / "stancekit").rglob("*.py")
    codes = {code for path in sources for code in re.findall(r"\bC\d\d\b", path.read_text("utf-8"))}
    assert len(codes) > len(CHECKS)
    listed = (ROOT / "docs" / "checks" / "index.md").read_text(encoding="utf-8")
    for code in codes:
        page = (ROOT / "docs" / "checks" / f"{code}.md").read_text(encoding="utf-8")
        shown = [block.expected for block in blocks(page) if block.shown]
        assert any(text.startswith(code) for text in shown), f"{code} is not seen to speak"
        assert f"{code}.md" in listed


@pytest.mark.parametrize(
    ("shown", "printed", "equal"),
    [
        ("a 1.00 b\n", "a  1.01   b", True),
        ("a 1.00 b\n", "a 1.10 b", False),
        ("macro-F1 .700 [.5, .8]\n", "macro-F1 .712 [.51, .79]", True),
        ("157 rows\n", "158 rows", False),
        ("1,100.0 s\n", "1,110.0 s", True),
        ("a\n…\nc\n", "a\nb\nb\nc", True),
        ("a\n…\nc\n", "a\nb", False),
        ("…\nc\n", "c\nd", False),
        ("runs/nb-…\n", "runs/nb-0a1b2c", True),
        ("", "a", False),
        ("[.1, .2]\n", "[.1, .2] ", True),
        ("x.y\n", "xzy", False),
    ],
)
def test_outputs_are_compared(shown, printed, equal):
    assert same(shown, printed) is equal


def test_a_number_is_no_other_word():
    assert alike("C03 few: 3", "C03 few: 3") and not alike("C03 few: 3", "C04 few: 3")
    assert not alike("F1 .5", "F2 .5")


PAGE = """
```sh
one
```
```text
1
```
Then `configs/model/mine.yaml`:
```yaml
a: 1
```
<!-- first:
before
-->
<!-- fails -->
```python
two
```
Some words.
```text
2
```
```text
3
```
<!-- not run: it takes hours -->
```sh
three
```
"""


def test_a_page_is_read():
    one, mine, two, three = blocks(PAGE)
    assert one.runs and one.expected == "1\n" and mine.file == "configs/model/mine.yaml"
    assert two.first == "before\n" and two.note == "fails" and two.expected == "2\n…\n3\n"
    assert not three.runs and three.note == "not run: it takes hours"
    assert len(FENCE.findall(PAGE)) == 7
