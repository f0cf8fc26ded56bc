"""Pages of one HTML file each, which need no network and run no script."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from stancekit.formatting import format_number, format_score
from stancekit.types import Example

ENVIRONMENT = Environment(
    loader=PackageLoader("stancekit"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def highlight(example: Example) -> Markup:
    """Return a sentence with its actor and target in `mark` elements, all text escaped.

    Examples
    --------
    >>> from stancekit.types import Mention
    >>> print(highlight(Example("1", "<b> Peru agreed.", Mention("Peru", 4, 8))))
    &lt;b&gt; <mark>Peru</mark> agreed.
    """
    parts, position = Markup(""), 0
    for start, end, role in example.spans():
        opening = Markup("<mark>") if role == "actor" else Markup('<mark class="target">')
        before, name = escape(example.text[position:start]), escape(example.text[start:end])
        parts += before + opening + name + Markup("</mark>")
        position = end
    return parts + escape(example.text[position:])


ENVIRONMENT.globals.update(
    format_score=format_score, format_number=format_number, highlight=highlight
)


def render_page(template: str, **values: Any) -> str:
    """Return a page from a template of the folder `templates`; every text among `values` is escaped."""
    return ENVIRONMENT.get_template(template).render(**values)
