"""How the site is built: from the pages here, and from what the kit says of itself."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(Path(__file__).parent / "_ext"))

import formats  # noqa: E402

project = "stancekit"
author = "The stancekit developers"
project_copyright = "The stancekit developers. Code: Apache-2.0. Text and corpus: CC BY 4.0"
version = release = formats.version()
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "numpydoc",
    "imported",
    "reference",
    "estimators",
    "gallery",
    "narrow",
]
exclude_patterns = ["_build", "_ext"]
# A single backquote in a docstring is code, as in Markdown.
default_role = "literal"

myst_enable_extensions = ["substitution", "colon_fence", "attrs_inline"]
myst_heading_anchors = 4
myst_substitutions = formats.numbers()
# Pages that come from elsewhere in the repository begin where they like; some show half a line of JSON.
suppress_warnings = ["myst.header", "misc.highlighting_failure"]

autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_class_members_toctree = False
numpydoc_show_class_members = True
numpydoc_show_inherited_class_members = False

html_theme = "furo"
html_title = f"stancekit {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_show_sphinx = False
html_copy_source = False
html_theme_options = {"navigation_with_keys": True}
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
