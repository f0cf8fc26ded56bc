"""The site is built with warnings as errors, opens from disk, and every link in it leads somewhere."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from conftest import ROOT, needs_chromium

from stancekit.commands import COMMANDS
from stancekit.commands.words import keys_of

# It makes the gallery and looks at a hundred pages: a minute, two where others work too.
pytestmark = pytest.mark.slow


class Page(HTMLParser):
    """The anchors of a page, what it links to, and what it loads."""

    def __init__(self, path):
        super().__init__()
        self.anchors, self.links, self.loads = {""}, set(), set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.anchors |= {given[name] for name in ("id", "name") if given.get(name)}
        if tag == "a" and given.get("href"):
            self.links.add(given["href"])
        if tag in ("script", "img", "iframe", "source") and given.get("src"):
            self.loads.add(given["src"])
        if tag == "link" and "stylesheet" in given.get("rel", ""):
            self.loads.add(given["href"])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    pytest.importorskip("sphinx")
    folder = tmp_path_factory.mktemp("site")
    words = ["-q", "-W", "--keep-going", "-b", "html", "-d", str(folder / "trees")]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *words, str(ROOT / "docs"), str(folder / "html")],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder / "html"


@pytest.fixture(scope="module")
def pages(site):
    return {path: Page(path) for path in site.rglob("*.html") if "_static" not in path.parts}


def test_links_and_anchors_lead_somewhere(pages):
    wrong = []
    for path, page in pages.items():
        for link in page.links | page.loads:
            to = urlsplit(link)
            if to.scheme or to.netloc:
                continue
            file = (path.parent / unquote(to.path)).resolve() if to.path else path
            if not file.exists():
                wrong.append(f"{path.name}: {link}")
            elif file in pages and unquote(to.fragment) not in pages[file].anchors:
                wrong.append(f"{path.name}: no {link}")
    assert not wrong


def test_nothing_is_loaded_from_elsewhere(site, pages):
    for page in pages.values():
        assert not [load for load in page.loads if urlsplit(load).netloc]
    for sheet in site.rglob("*.css"):
        assert "url(http" not in sheet.read_text(encoding="utf-8")


def text_of(path: Path) -> str:
    class Text(HTMLParser):
        found = ""

        def handle_data(self, data):
            self.found += data

    parser = Text()
    parser.feed(path.read_text(encoding="utf-8"))
    return " ".join(parser.found.split())


@pytest.mark.parametrize("command", list(COMMANDS))
def test_every_key_of_a_command_is_in_the_reference(command, site):
    text = text_of(site / "made" / "reference" / "commands" / f"{command}.html")
    keys, groups = keys_of(command)
    assert all(f"{key} (" in text for key in [*keys, *groups])


def test_every_choice_is_in_the_reference(site):
    folder = site / "made" / "reference" / "choices"
    groups = {path.stem for path in folder.glob("*.html")}
    assert {"model", "corpus", "codebook", "split"} <= groups
    for group in groups:
        text = text_of(folder / f"{group}.html")
        for path in (ROOT / "configs" / group).glob("*.yaml"):
            assert f"{group}={path.stem}" in text
        assert "@package" not in text


def test_every_public_name_is_in_the_reference(site):
    import stancekit

    page = Page(site / "made" / "reference" / "python.html")
    assert {f"stancekit.{name}" for name in stancekit.__all__} <= page.anchors


def test_drawings_name_the_colour_of_their_text(site):
    """What names none is black, on a page that may be black too."""
    drawn = list((site / "_images").glob("*.svg"))
    assert drawn
    for path in drawn:
        texts = re.findall(r"<text\b[^>]*>", path.read_text(encoding="utf-8"))
        assert texts and not [text for text in texts if "fill: #" not in text], path.name


# What a reader needs of every page: contrast, names of pictures and links, an outline, reach by keyboard.
RULES = (
    *("color-contrast", "image-alt", "svg-img-alt", "link-name", "heading-order"),
    *("empty-heading", "scrollable-region-focusable"),
)
# What a window cuts off: it is out of it, and in nothing that scrolls.
CUT = """width => [...document.querySelectorAll("article *")].filter(
    one => one.getBoundingClientRect().right > width + 1 && !one.closest(".table-wrapper, pre, svg, .scroll, .wide")
).map(one => one.outerHTML.slice(0, 80))"""
WRAPPED = "pre => pre.querySelector('.rows') === null && pre.scrollWidth > pre.clientWidth"
# A row of a table that wraps is in more than one line of the page.
BROKEN = """rows => new Set([...rows.getClientRects()].map(box => Math.round(box.top))).size
    > rows.textContent.split("\\n").length"""


@needs_chromium
@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1440, "dark")])
def test_pages_fit_can_be_read_and_ask_nobody(width, scheme, site, pages, browser):
    from axe_playwright_python.sync_playwright import Axe

    wrong, asked = [], []
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.on("request", lambda request: asked.append(request.url))
    for number, path in enumerate([*pages, *(site / "_static" / "gallery").glob("*.html")]):
        page.goto(path.as_uri())
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wrong.append(f"{path.name} is wider than the window")
        wrong += [f"{path.name} is cut off: {one}" for one in page.evaluate(CUT, width)]
        # These rules take long, and pages share their colours and parts: each is read in one of both schemes.
        if number % 2 == (scheme == "dark"):
            found = Axe().run(page, options={"runOnly": {"type": "rule", "values": RULES}})
            wrong += [f"{path.name}: {found.generate_report()}"] * (found.violations_count > 0)
    page.close()
    assert not wrong and not [url for url in asked if not url.startswith("file:")]


@needs_chromium
def test_lines_wrap_and_rows_of_tables_do_not(site, browser):
    page = browser.new_page(viewport={"width": 390, "height": 900})
    for name in ("tutorial/claim", "howto/label"):
        page.goto((site / f"{name}.html").as_uri())
        shown = page.locator(".highlight-sh pre, .highlight-text pre").element_handles()
        rows = page.locator(".highlight-text .rows").element_handles()
        assert shown and len(rows) > 3
        assert not [one.inner_text() for one in shown if one.evaluate(WRAPPED)]
        assert not [one.inner_text() for one in rows if one.evaluate(BROKEN)]
        assert any(one.evaluate("pre => pre.scrollWidth > pre.clientWidth") for one in shown)
    page.close()


@needs_chromium
def test_pictures_open_by_themselves(site, browser):
    page = browser.new_page(viewport={"width": 390, "height": 900})
    page.goto((site / "gallery" / "index.html").as_uri())
    pictures = page.locator("article img")
    assert pictures.count() > 3
    for picture in pictures.all():
        assert picture.evaluate("image => image.closest('a')?.href === image.src")
        assert picture.evaluate("image => image.naturalWidth > 0")
    page.close()
