"""Report and labelled article in a real browser: what is clicked or chosen is shown, with no error and no request."""

import pytest
from conftest import ROWS, needs_chromium, padded

from stancekit.commands.report import report
from stancekit.commands.train import train
from stancekit.corpus import GroupedSplit, TableCorpus
from stancekit.labelling.labels import Labels
from stancekit.labelling.models import labelled_codebook
from stancekit.labelling.row_format import block
from stancekit.models.majority import Majority
from stancekit.text import split_sentences
from stancekit.types import Article

pytestmark = needs_chromium
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
    corpus = TableCorpus(folder / "mine.jsonl", name=f"mine {EVIL}")
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


@pytest.mark.parametrize("width", [1440, pytest.param(390, marks=pytest.mark.slow)])
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
        "id": f"{sentence.id}.0" if actor else sentence.id,
        "article": sentence.article,
        "sentence": sentence.text,
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
    books = {book.name: labelled_codebook(book) for book in (stance, diplomacy)}
    Labels(rows, books, article=levy).to_html(path)
    return path


@pytest.mark.parametrize("width", [1440, pytest.param(390, marks=pytest.mark.slow)])
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

    some = [["Peru", "condemn"], ["Chile", "support"]]
    every = [*some, ["Chile", "none"], ["Peru", "none"]]
    # Pairs without a position are one click away.
    assert shown() == some
    page.get_by_label("stance").select_option(label="none")
    assert shown() == every[2:]
    page.get_by_label("stance").select_option(label="all")
    assert shown() == some
    page.get_by_text("2 pairs without a position").click()
    assert shown() == every
    page.get_by_label("actor").select_option(label="Chile")
    assert shown() == [["Chile", "support"], ["Chile", "none"]]
    page.get_by_label("stance").select_option(label="all but none")
    assert shown() == [["Chile", "support"]] and not page.locator(".folded").is_visible()
    page.get_by_label("actor").select_option(label="all")
    page.get_by_label("diplomacy").select_option(label="peace")
    assert shown() == [["Chile", "support"]]
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


@pytest.mark.parametrize("width", [1440, pytest.param(390, marks=pytest.mark.slow)])
def test_a_number_of_who_stands_where_opens_its_sentences(browser, article, width):
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(article.as_uri())
    # It is what the page begins with.
    assert page.locator("h2").first.inner_text() == "Who stands where: stance"
    assert [row.inner_text().split()[0] for row in page.locator("tbody th").all()[:2]] == [
        "Chile",
        "Peru",
    ]
    opened = page.locator("tr.opened:visible")
    assert opened.count() == 0
    link = page.locator("table.positions").get_by_label("1 support: show the sentences")
    link.focus()
    page.keyboard.press("Enter")
    assert opened.count() == 1 and f"Chile backed the levy {EVIL}." in opened.inner_text()
    assert "support 70 %" in opened.inner_text() and "Peru" not in opened.inner_text()
    opened.get_by_text("in the text").click()
    [target] = page.locator(".sentence:target").all()
    assert "Chile backed the levy" in target.inner_text() and opened.count() == 0
    page.locator("table.positions").get_by_label("1 sentences: show all").last.click()
    assert "Peru denounced the levy." in opened.inner_text()
    opened.get_by_text("close").click()
    assert opened.count() == 0 and page.title() != "broken"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_positions_of_many_pairs_are_one_click_away(browser, tmp_path, stance):
    """The most frequent are shown, both ends of the scale are marked, and an archive has its sentences too."""
    book = labelled_codebook(stance)
    rows = [
        {
            "id": f"a{number}.0.{at}",
            "article": f"a{number}",
            "sentence": f"State {number % 25} spoke {at}.",
            "start": at,
            "actor": f"State {number % 25}",
            "target": "the levy",
        }
        | block("stance", [code], dict.fromkeys(book.scale, 0.1) | {code: 0.8}, multi_label=False)
        for number in range(26)
        for at, code in enumerate(("condemn", "support") if number % 25 == 0 else ("abstain",))
    ]
    Labels(rows, {"stance": book}).to_html(tmp_path / "labels.html")
    page = browser.new_page()
    page.goto((tmp_path / "labels.html").as_uri())
    visible = page.locator("table.positions tbody th:visible")
    assert visible.count() == 20 and "State 0" in visible.first.inner_text()
    assert page.locator("td .both").count() == 1 and page.get_by_text("marks pairs").count() == 1
    page.get_by_text("5 more").click()
    assert visible.count() == 25
    page.locator("table.positions").get_by_label("2 condemn: show").click()
    opened = page.locator("tr.opened:visible")
    assert opened.locator("li").count() == 2
    opened.get_by_text("in the text").last.click()
    assert page.locator(".sentence:target").count() == 1
    page.close()
