"""The gallery: pages and figures that the kit makes, made by the build from what the kit ships.

A picture of a page takes Chromium; without it the page itself is shown in a frame. What is there already is kept
(`make clean` removes it), since it is the slowest part of the build.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sphinx.application import Sphinx

import stancekit
from stancekit.annotation.project import Project
from stancekit.annotation.serving import serving
from stancekit.fileio import write_text
from stancekit.resources import shipped

ROOT = Path(__file__).resolve().parents[2]
MADE = ROOT / "docs" / "made" / "gallery"
WIDTH = 1200


@dataclass(frozen=True)
class Picture:
    """A picture of the gallery: how it is made in a folder, with which words below it."""

    name: str
    title: str
    text: str
    make: Callable[[Path], None]
    height: int = 900


def article(folder: Path) -> None:
    """Label the article of the README."""
    stancekit.label(
        ROOT / "seeds" / "articles" / "newswire_border_truce.txt", output=folder / "article.html"
    )


def report(folder: Path) -> None:
    """Report on two quick models of the sample table."""
    columns = {"text": "sentence", "actor": "speaker", "target": "motion", "article": "speech"}
    codes = {"AGAINST": "condemn", "FAVOR": "support", "NEUTRAL": "abstain", "NONE": "none"}
    table = ROOT / "seeds" / "tables" / "speeches.csv"
    speeches = stancekit.read_table(table, **columns, labels="position", map=codes)
    with tempfile.TemporaryDirectory() as place:
        for model in ("box_head", "svm", "lexicon"):
            stancekit.train(speeches, model=model, output=Path(place) / "speeches", verbose=False)
        made = stancekit.report(Path(place) / "speeches")
        shutil.copy(made.path, folder / "report.html")


def shares(folder: Path) -> None:
    """Estimate shares by year in the test part of the bundled corpus, labelled by the box, from 600 annotated rows."""
    labels, gold = predicted()
    with tempfile.TemporaryDirectory() as place:
        sample = stancekit.sample(
            labels, n=600, design="stratified", by=["year"], output=Path(place) / "sample.csv"
        )
        frame = sample.to_frame()
        frame["stance"] = frame["id"].map(gold)
        stancekit.estimate(labels, gold=frame, by=["year"], output=Path(place) / "shares")
        shutil.copy(Path(place) / "shares" / "trends.svg", folder / "shares.svg")
        shutil.copy(Path(place) / "shares" / "shares.html", folder / "shares.html")


def predicted() -> tuple["stancekit.Labels", dict[str, str]]:
    """Return the labels that the box gave to the test part, from 2015 on, and the gold code of each row."""
    import pandas as pd
    import pyarrow.parquet as pq

    file = ROOT / "experiments" / "box" / "predictions.parquet"
    runs = json.loads(pq.read_schema(file).metadata[b"runs"])
    number, run = next(
        (at, run)
        for at, run in enumerate(runs)
        if (run["corpus"], run["codebook"], run["model"]) == ("un_votes", "stance", "box")
    )
    found = pq.read_table(file, filters=[("run", "==", number)]).to_pandas().set_index("id")
    rows = []
    with shipped("data", "un_votes", "examples", "test.jsonl").open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if row["id"] in found.index and row["stance"] and row["date"] >= "2015":
                scores = found.loc[row["id"], "scores"]
                names = ("id", "article", "sentence", "actor", "target")
                rows.append(
                    {name: row[name] for name in names}
                    | {"year": row["date"][:4], "stance": found.loc[row["id"], "labels"][0]}
                    | {
                        f"stance_{code}": score
                        for code, score in zip(run["codes"], scores, strict=True)
                    }
                    | {"gold": row["stance"]}
                )
    frame = pd.DataFrame(rows)
    gold = dict(zip(frame["id"], frame.pop("gold"), strict=True))
    return stancekit.read_labels(frame), gold


def network(folder: Path) -> None:
    """Draw the network of the page on networks, by what that page runs."""
    text = (ROOT / "docs" / "howto" / "network.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, "-c", "\n".join(blocks[:2])]
        subprocess.run(command, cwd=place, check=True, capture_output=True)
        shutil.copy(Path(place) / "chamber" / "network.html", folder / "network.html")


def annotation(folder: Path) -> None:
    """Open the page in which people judge; without a browser, the picture that is committed."""
    if BROWSER is None:
        shutil.copy(
            ROOT / "experiments" / "annotation_loop" / "annotate.png", folder / "annotation.png"
        )
        return
    with annotating() as address:
        photograph(address, folder / "annotation.png", 760)


@contextmanager
def annotating() -> Iterator[str]:
    """Serve a project of the sentences of an article; yield the address of an annotator."""
    rows = stancekit.label(
        ROOT / "seeds" / "articles" / "newswire_border_truce.txt", rows="all"
    ).to_frame()
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "study.db"
        # What annotators are not to see.
        blind = rows.drop(
            columns=[name for name in rows if name.startswith(("stance", "diplomacy"))]
        )
        chosen = blind[blind["target"].notna()].head(12)
        with (
            Project.create(
                file, rows=chosen, codebooks=["stance", "diplomacy"], annotators=["ana", "ben"]
            ) as project,
            serving(project) as address,
        ):
            yield f"{address}/a/{project.annotator('ana').token}"


# One entry per picture; a page `NAME.html` or a figure `NAME.svg` is what `make` leaves behind.
PICTURES = (
    Picture(
        "article",
        "An article",
        "`stancekit label seeds/articles/newswire_border_truce.txt output=labels.html`: who stands where, each "
        "number with its sentences, and the text with actors and codes.",
        article,
        1000,
    ),
    Picture(
        "report",
        "A report",
        "`stancekit report experiments/default`, of three models that learned from a sample table of 157 rows: "
        "what speaks against believing the numbers, the leaderboard, and which differences are significant.",
        report,
        1000,
    ),
    Picture(
        "shares",
        "Shares over time",
        "`stancekit estimate labels gold=sample.csv by='[year]' output=claims`: the test part of the bundled corpus, "
        "labelled by the box, with 600 annotated rows. Years and texts are composed: no claim about the world.",
        shares,
    ),
    Picture(
        "network",
        "A network",
        "`stancekit network labels gold=sample.csv`: who is for or against whom, as [the page on networks]"
        "(../howto/network.md) makes it of a made chamber of six members.",
        network,
        1500,
    ),
    Picture(
        "annotation",
        "The page for annotators",
        "`stancekit annotate study.db rows=sample.csv codebooks='[stance,diplomacy]' annotators='[ana,ben]'`: one "
        "sentence at a time, a key for each code.",
        annotation,
    ),
)
BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


def photograph(address: str, path: Path, height: int, *, width: int = WIDTH) -> None:
    """Write a picture of a page."""
    with tempfile.TemporaryDirectory() as profile:
        words = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        words += ["--disable-background-networking", f"--user-data-dir={profile}"]
        words += [f"--screenshot={path}", f"--window-size={width},{height}", address]
        subprocess.run([str(BROWSER), *words], check=True, capture_output=True, timeout=120)


def entry(picture: Picture) -> str:
    """Return what the gallery shows of a picture."""
    name = picture.name
    page, drawn = MADE / f"{name}.html", MADE / f"{name}.svg"
    link = f"../_static/gallery/{name}.html"
    parts = [f"## {picture.title}", picture.text]
    if drawn.exists():
        parts.append(f"![{picture.title}](../made/gallery/{name}.svg)")
    elif (MADE / f"{name}.png").exists():
        parts.append(f"![{picture.title}](../made/gallery/{name}.png)")
    elif page.exists():
        frame = f'<iframe src="{link}" title="{picture.title}" width="100%" height="600"></iframe>'
        parts.append(f"```{{raw}} html\n{frame}\n```")
    if page.exists():
        parts.append(f'```{{raw}} html\n<p><a href="{link}">The page itself</a></p>\n```')
    return "\n\n".join(parts)


def make(app: Sphinx) -> None:
    """Make what is missing, and write the list of it."""
    MADE.mkdir(parents=True, exist_ok=True)
    for picture in PICTURES:
        if any(MADE.glob(f"{picture.name}.*")):
            continue
        picture.make(MADE)
        page = MADE / f"{picture.name}.html"
        if BROWSER and page.exists() and not (MADE / f"{picture.name}.svg").exists():
            photograph(page.as_uri(), MADE / f"{picture.name}.png", picture.height)
    write_text(MADE / "gallery.txt", "\n\n".join(map(entry, PICTURES)) + "\n")


def copy_made(app: Sphinx, failed: Exception | None) -> None:
    """Put the pages where the gallery links to."""
    place = Path(app.outdir) / "_static" / "gallery"
    if failed is None and app.builder.format == "html":
        place.mkdir(parents=True, exist_ok=True)
        for page in MADE.glob("*.html"):
            shutil.copy(page, place)


def setup(app: Sphinx) -> dict[str, bool]:
    """Join the build."""
    app.connect("builder-inited", make)
    app.connect("build-finished", copy_made)
    return {"parallel_read_safe": True}
