"""Report and labelled article in a real browser: what is clicked or chosen is shown, with no error and no request."""

import shutil

import pytest
from conftest import ROWS, padded

from stancekit.commands.report import report
from stancekit.commands.train import train
from stancekit.corpus import GroupedSplit, JsonlCorpus
from stancekit.labelling.labels import block
from stancekit.labelling.page import article_page
from stancekit.models.majority import Majority
from stancekit.text import split_sentences
from stancekit.types import Article

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
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
    for name in ("ensemble_of_three_models", "majority"):
        train(
            corpus=corpus,
            codebook=stance,
            split=GroupedSplit(),
            model=Majority(),
            name=name,
            output=folder / "out",
        )
    return report(folder / "out").path


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


@pytest.mark.parametrize("width", [1100, 1440])
def test_the_leaderboard_is_not_cut_off(browser, html, width):
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(html.as_uri())
    hidden = "one => one.parentElement.scrollWidth - one.parentElement.clientWidth"
    assert page.locator("table.wrapped").first.evaluate(hidden) <= 0
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


def _row(sentence, stance, frames, *, actor=None, code=None, target=None):
    """Return a row of labels; without an actor, one of the sentence alone."""
    start = sentence.text.find(actor) if actor else None
    return {
        "start": sentence.start,
        "actor": actor,
        "actor_start": start,
        "actor_end": start + len(actor) if actor else None,
        "target": target,
        **block(
            "stance", [code], dict.fromkeys(stance.names, 0.1) | {code: 0.7} if code else {}, False
        ),
        **block("diplomacy", frames, dict.fromkeys(frames, 0.8) | {"peace": 0.6}, True),
    }


@pytest.fixture(scope="module")
def article(tmp_path_factory, stance, diplomacy):
    text = f"Peru denounced the levy. Chile backed the levy {EVIL}. Chile and Peru met in Lima. It rained."
    levy = Article("levy", text, topic=f"The levy {EVIL}")
    first, second, third, fourth = split_sentences(levy)
    rows = [
        _row(first, stance, ["economy"], actor="Peru", code="condemn", target="the levy"),
        _row(
            second,
            stance,
            ["economy", "peace"],
            actor="Chile",
            code="support",
            target=f"the levy {EVIL}",
        ),
        _row(third, stance, [], actor="Chile", code="none", target="Peru"),
        _row(third, stance, [], actor="Peru", code="none", target="Chile"),
        _row(fourth, stance, ["morality"]),
    ]
    path = tmp_path_factory.mktemp("labels") / "labels.html"
    path.write_text(article_page(levy, rows, [stance, diplomacy]))
    return path


@pytest.mark.parametrize("width", [390, 1440])
def test_an_article_shows_what_is_chosen(browser, article, width):
    page = browser.new_page(viewport={"width": width, "height": 900})
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(article.as_uri())

    def shown():
        return [
            row.inner_text().split()[:2]
            for row in page.locator(".rows li").all()
            if row.is_visible()
        ]

    every = [["Peru", "condemn"], ["Chile", "support"], ["Chile", "none"], ["Peru", "none"]]
    assert shown() == every
    page.get_by_label("actor").select_option(label="Chile")
    assert shown() == [["Chile", "support"], ["Chile", "none"]]
    page.get_by_label("stance").select_option(label="all but none")
    assert shown() == [["Chile", "support"]]
    page.get_by_label("actor").select_option(label="all")
    page.get_by_label("diplomacy").select_option(label="peace")
    assert shown() == [["Chile", "support"]] and page.locator("tbody tr:visible").count() == 2
    page.get_by_label("stance").select_option(label="all")
    page.get_by_label("diplomacy").select_option(label="morality")
    rained = page.locator(".sentence", has_text="It rained.")
    assert shown() == [] and rained.is_visible() and "morality" in rained.inner_text()
    page.get_by_label("diplomacy").select_option(label="all")
    assert shown() == every and page.locator("mark.low", has_text="Peru").is_visible()
    assert (
        page.title().startswith("The levy <script>") and said == [] and asked == [article.as_uri()]
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
