"""The page of a network in a real browser: slider and nodes by keyboard, as a table, on phones, in the dark."""

import pandas as pd
import pytest
from conftest import needs_chromium
from made_networks import annotate, made_network

from stancekit.commands.network import network

pytestmark = [
    needs_chromium,
    pytest.mark.slow,  # a browser, and a network with all of its files
]


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    rows, gold = made_network()
    folder = tmp_path_factory.mktemp("network")
    sample = pd.DataFrame(annotate(rows, gold, 250))
    network(pd.DataFrame(rows), gold=sample, slices="year", output=folder)
    return folder / "network.html"


def test_the_slider_is_moved_by_arrow_keys(browser, page_file):
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page_file.as_uri())
    captions = page.locator("table.edges caption")

    def shown():
        drawn = [page.locator(f"svg.net g[data-period='{at}']").is_visible() for at in range(4)]
        [caption] = [one.inner_text() for one in captions.all() if one.is_visible()]
        return drawn.index(True), sum(drawn), caption

    assert shown() == (0, 1, "all periods")
    page.get_by_label("all", exact=True).focus()
    for number, year in enumerate(("2019", "2020", "2021"), 1):
        page.keyboard.press("ArrowRight")
        assert shown() == (number, 1, year)
    page.keyboard.press("ArrowLeft")
    assert shown()[2] == "2020"
    assert said == [] and asked == [page_file.as_uri()]
    page.close()


def test_a_node_shows_its_own_edges_and_leads_to_its_row(browser, page_file):
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(page_file.as_uri())
    node = page.locator("svg.net a").first
    assert node.get_attribute("aria-label").startswith("Avaria, community")
    # Reached as whoever has no mouse does.
    page.locator("#t0").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.classList[0]") == "g1"

    def faint(own):
        edges = page.locator(
            f"svg.net g[data-period='0'] .edge{'' if own else ':not'}{'.e1' if own else '(.e1)'}"
        )
        return {edge.evaluate("one => getComputedStyle(one).opacity") for edge in edges.all()}

    assert faint(own=True) == {"1"} and faint(own=False) == {"0.1"}
    page.keyboard.press("Enter")
    row = page.locator("#nodes tr:target")
    assert row.locator("th").inner_text() == "Avaria"
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_the_page_has_no_fault_that_axe_finds(browser, page_file, scheme, width):
    from axe_playwright_python.sync_playwright import Axe

    look = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    page = browser.new_page(bypass_csp=True, **look)
    page.goto(page_file.as_uri())
    page.get_by_role("radio", name="2020").check()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert len(found.response["passes"]) > 10
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
