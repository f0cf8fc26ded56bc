"""Pages of the repository that are pages of the site too: METHOD.md, results of experiments, data cards.

They are copied to `made/repository/` at the start of a build. Links are written for the repository, also
those of the site's own pages; here each is turned to where its file is in the site.
"""

import os
import re
import shutil
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
MADE = DOCS / "made" / "repository"
PATTERNS = (
    "METHOD.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "RELEASING.md",
    "bench/README.md",
    "SECURITY.md",
    "CODE_OF_CONDUCT.md",
    "configs/README.md",
    "data/*/README.md",
    "experiments/README.md",
    "experiments/*/README.md",
    "models/box/README.md",
    "seeds/README.md",
    "seeds/tables/README.md",
    "tests/README.md",
)
LINK = re.compile(r"(!?\[[^\]]*\]\()(?!\w+:|#)([^)#\s]+)((?:#[^)\s]*)?\))")
FENCED = re.compile(r"(^```.*?^```)", re.MULTILINE | re.DOTALL)
FRONT = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)


def pages() -> dict[Path, Path]:
    """Return where each page of the repository is in the site."""
    files = [path for pattern in PATTERNS for path in sorted(ROOT.glob(pattern))]
    return {path: MADE / path.relative_to(ROOT) for path in files}


def turned(text: str, written: Path, place: Path, known: dict[Path, Path]) -> str:
    """Return a page with its links as they are from its place in the site.

    Parameters
    ----------
    written
        The file that the links are relative to.
    place
        Where the page is in the site.
    known
        Where other pages of the repository are.
    """

    def turn(match: re.Match[str]) -> str:
        target = (written.parent / match[2]).resolve()
        if target.is_dir():
            target = target / "README.md"
        if not target.exists():
            return match[0]
        if target == ROOT / "README.md":
            target = DOCS / "index.md"
        if target not in known and target.suffix == ".md" and not target.is_relative_to(DOCS):
            # A page that is not part of the site: its name.
            return match[1].lstrip("!")[1:-2]
        inside = known.get(target, target)
        return f"{match[1]}{Path(os.path.relpath(inside, place.parent)).as_posix()}{match[3]}"

    parts = FENCED.split(text)
    return "".join(part if at % 2 else LINK.sub(turn, part) for at, part in enumerate(parts))


def copy_pages(app: Sphinx) -> None:
    """Write the pages of the repository into the site's source."""
    shutil.rmtree(MADE, ignore_errors=True)
    known = pages()
    for file, place in known.items():
        text = FRONT.sub("", file.read_text(encoding="utf-8"))
        if file.parent.parent == ROOT / "experiments":
            text += "\n[All experiments](../README.md)\n"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(
            f"---\norphan: true\n---\n\n{turned(text, file, place, known)}", encoding="utf-8"
        )


def turn_source(app: Sphinx, docname: str, source: list[str]) -> None:
    """Turn the links of the site's own pages."""
    if docname.startswith("made/"):
        return
    file = DOCS / f"{docname}.md"
    if file.exists():
        source[0] = turned(source[0], file, file, pages())


def setup(app: Sphinx) -> dict[str, bool]:
    """Join the build."""
    app.connect("builder-inited", copy_pages)
    app.connect("source-read", turn_source)
    return {"parallel_read_safe": True}
