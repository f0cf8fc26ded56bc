"""What makes a page legible at every width: output that wraps its sentences and not its tables, pictures that open."""

import re

from docutils import nodes
from sphinx.application import Sphinx

PRINTED = re.compile(
    r'(<div class="highlight-text notranslate"><div class="highlight"><pre>)(.*?)(</pre>)',
    re.DOTALL,
)
# A row of a table: cells between bars, columns with blanks between them, a rule.
ROW = re.compile(r"\||─+$|[^#]*\S {2,}[^\s#]")


def in_rows(printed: str) -> str:
    """Return what a command printed with each run of rows of a table in a span, which does not wrap."""
    found: list[tuple[bool, list[str]]] = []
    for line in printed.split("\n"):
        row = ROW.match(line.removeprefix("<span></span>").strip()) is not None
        if found and found[-1][0] == row:
            found[-1][1].append(line)
        else:
            found.append((row, [line]))
    return "\n".join(
        f'<span class="rows">{text}</span>' if row else text
        for row, text in ((row, "\n".join(lines)) for row, lines in found)
    )


def mark_rows(app: Sphinx, page: str, template: str, context: dict[str, str], tree: object) -> None:
    """Mark the rows of tables in what commands print."""
    context["body"] = PRINTED.sub(
        lambda match: f"{match[1]}{in_rows(match[2])}{match[3]}", context.get("body", "")
    )


def open_pictures(app: Sphinx, tree: nodes.document) -> None:
    """Have each picture open by itself: Sphinx links those that have a width."""
    for image in tree.findall(nodes.image):
        image.setdefault("width", "100%")


def setup(app: Sphinx) -> dict[str, bool]:
    """Join the build."""
    app.connect("doctree-read", open_pictures)
    app.connect("html-page-context", mark_rows)
    return {"parallel_read_safe": True}
