"""Check what the README's first command left in a fresh clone: kept models, a report that opens, labels from them."""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from stancekit.models import persistence

EXPERIMENT, MODELS = Path("experiments/un_votes"), Path("models/un_votes")
ARTICLE = "seeds/articles/newswire_border_truce.txt"


def check(fact: bool, what: str) -> None:
    """Print what holds, or end here."""
    if not fact:
        raise SystemExit(f"not so: {what}")
    print(f"so: {what}")


def opened(page: Path) -> str:
    """Return what a browser without a network makes of a page."""
    browser = shutil.which("chromium")
    check(browser is not None, "a browser is here")
    with tempfile.TemporaryDirectory() as profile:
        words = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--dump-dom",
        ]
        command = [str(browser), *words, f"--user-data-dir={profile}", page.resolve().as_uri()]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=1200, check=True
        ).stdout


def labelled(models: list[str]) -> tuple[str, list[dict[str, object]]]:
    """Return what labelling the article prints, and its rows."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "labels.jsonl"
        command = [".venv/bin/stancekit", "label", ARTICLE, f"output={output}", *models]
        said = subprocess.run(
            command, capture_output=True, text=True, timeout=1200, check=True
        ).stdout
        rows = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    return " ".join(said.split()), rows


def main() -> None:
    """Check everything."""
    kept = sorted(path.parent for path in MODELS.glob("*/manifest.json"))
    check(
        [place.name for place in kept] == ["diplomacy", "stance"],
        f"{MODELS} has a model for each codebook",
    )
    trained = {place.name: persistence.load(place) for place in kept}
    for place in kept:
        name = trained[place.name].name
        card = (place / "README.md").read_text(encoding="utf-8")
        check(f"# {name} for {place.name}" in card, f"the card in {place} is that of {name}")
        runs = [
            json.loads(path.read_text())
            for path in EXPERIMENT.glob(f"runs/{place.name}-{name}-*/run.json")
        ]
        check(len(runs) == 1, f"{name} for {place.name} was trained here")
    page = EXPERIMENT / "report" / "report.html"
    text = opened(page)
    check("Differences" in text and trained["stance"].name in text, f"{page} opens in a browser")
    check("box was not run here" in text, "the box is a row of its leaderboard")
    for models in ([f"models={MODELS}"], []):
        names = {codebook: model.name if models else "box" for codebook, model in trained.items()}
        said, rows = labelled(models)
        check(len(rows) > 5, f"{ARTICLE} is labelled, in {len(rows)} rows")
        for codebook, name in names.items():
            check(f"{name} ({codebook}, " in said, f"the labels name {name} for {codebook}")
    status = subprocess.run(
        ["git", "status", "--porcelain"], capture_output=True, text=True, check=True
    ).stdout
    check(status == "", f"the checkout is as it was cloned{status}")


if __name__ == "__main__":
    main()
