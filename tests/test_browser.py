"""The report in a real browser: a confusion cell is followed to its sentences, with no error and no request."""

import shutil

import pytest
from conftest import ROWS, padded

from stancekit.commands.report import report
from stancekit.commands.train import train
from stancekit.corpus import GroupedSplit, JsonlCorpus
from stancekit.models.majority import Majority

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium; .ci/run installs it, on Debian: apt install chromium"
)
EVIL = "<script>document.title='broken'</script>"


@pytest.fixture(scope="module")
def html(tmp_path_factory, stance):
    import json

    folder = tmp_path_factory.mktemp("browser")
    rows = [
        row | {"article": f"a{at}", "text": padded(f"{row['text']} {EVIL}", at), "register": EVIL}
        for at in range(24)
        for row in ROWS
    ]
    (folder / "mine.jsonl").write_text("\n".join(map(json.dumps, rows)))
    corpus = JsonlCorpus(folder / "mine.jsonl", name=f"mine {EVIL}")
    for state in (0, 1):
        split = GroupedSplit()
        train(corpus=corpus, codebook=stance, split=split, model=Majority(), random_state=state, out=folder / "out")
    return report(out=folder / "out")


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        found = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.mark.parametrize("width", [390, 1440])
def test_a_confusion_cell_opens_its_sentences(browser, html, width):
    page = browser.new_page(viewport={"width": width, "height": 900})
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(html.as_uri())
    link = page.locator("table.matrix a").first
    cell = page.locator(link.get_attribute("href"))
    assert not cell.is_visible()
    link.click()
    assert cell.is_visible() and "* " not in cell.inner_text() and "levy" in cell.inner_text()
    assert EVIL in cell.inner_text() and page.title() != "broken"
    assert said == [] and asked == [html.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_the_page_can_be_used_by_keyboard(browser, html):
    page = browser.new_page()
    page.goto(html.as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the results"
    link = page.locator("table.matrix a").first
    link.focus()
    page.keyboard.press("Enter")
    assert page.locator(link.get_attribute("href")).is_visible()
    assert page.locator("svg:not([role=img][aria-label])").count() == 0
    assert page.locator("th:not([scope])").count() == 0
    page.close()
