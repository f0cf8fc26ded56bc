"""`stancekit label`: an article, sentence by sentence, actor by actor."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from stancekit.errors import KitError
from stancekit.files import replacing, write_jsonl
from stancekit.models import store
from stancekit.models.trained import Trained
from stancekit.text import ActorFinder, make_examples, read_article, split_sentences
from stancekit.types import Article, Example, Prediction, Sentence

COLOURS = {"condemn": "red", "support": "green", "abstain": "yellow"}
WIDTH = 48


@dataclass(frozen=True, slots=True)
class Row:
    """A labelled sentence x actor x target, as it is written to disk."""

    sentence: Sentence
    example: Example
    stance: Prediction
    frames: Prediction
    codes: tuple[tuple[str, ...], tuple[str, ...]]

    def to_dict(self) -> dict[str, Any]:
        """Return the row with the fields of the labels format."""
        actor, target = self.example.actor, self.example.target
        scores = [
            dict(zip(names, (round(score, 4) for score in one.scores), strict=True))
            for names, one in zip(self.codes, (self.stance, self.frames), strict=True)
        ]
        return {
            "id": self.example.id,
            "article": self.sentence.article,
            "sentence": self.sentence.text,
            "start": self.sentence.start,
            "end": self.sentence.end,
            "actor": actor.name if actor else None,
            "actor_start": actor.start if actor else None,
            "actor_end": actor.end if actor else None,
            "actor_code": actor.code if actor else None,
            "target": target.name if target else None,
            "stance": self.stance.labels[0] if self.stance.labels else None,
            "stance_scores": scores[0],
            "frames": list(self.frames.labels),
            "frame_scores": scores[1],
        }


def label(
    *,
    input: str | Path,
    output: str | Path | None = None,
    saved: str | Path = "models/un_votes",
    actors: ActorFinder | None = None,
    targets: Sequence[str] = (),
    risk: float | None = None,
) -> list[Row]:
    """Label an article, print the positions found, and write all rows.

    Parameters
    ----------
    input
        A text file; `-` reads standard input.
    output
        A `.jsonl` or `.parquet` file.
    saved
        A folder of model folders, one per codebook. Without one, the baseline is first trained on
        the bundled corpus.
    targets
        What stances are looked for; by default the article's title and the other actors of a sentence.
    risk
        The share of wrong stances that is accepted, .05 to .5 in steps of .05. Rows that the model is too unsure of go
        to `OUTPUT.review.jsonl` and not to the output, to be judged by a person; they do not become `abstain`.

    Returns
    -------
    list of Row
        One row per sentence, actor and target.
    """
    if output is not None and Path(output).suffix not in (".jsonl", ".parquet"):
        raise KitError(f"cannot write {output}: labels go to a .jsonl or a .parquet file")
    stance, frames = models(Path(saved))
    article = read_article(input)
    rows = _rows(article, stance, frames, actors or ActorFinder(), tuple(targets))
    declined = stance.declined([row.stance for row in rows], risk) if risk is not None else [False] * len(rows)
    sure = [row for row, no in zip(rows, declined, strict=True) if not no]
    _show(article, sure)
    if output is not None:
        _write(Path(output), sure)
        print(f"\n{len(sure)} rows written to {output}")
    if risk is not None:
        _queue([row for row, no in zip(rows, declined, strict=True) if no], risk, output)
    return rows


def _queue(rows: Sequence[Row], risk: float, output: str | Path | None) -> None:
    """Write what a person should judge beside the output."""
    print(f"{len(rows)} rows are too uncertain for a risk of {risk}", end="" if output else "\n")
    if output is not None:
        path = Path(output).with_suffix(".review.jsonl")
        write_jsonl(path, (row.to_dict() for row in rows))
        print(f", for a person to judge in {path}")


def models(folder: Path) -> tuple[Trained, Trained]:
    """Load the stance and the frame model, training the baseline where there is none."""
    places = (folder / "stance", folder / "diplomacy")
    for place in places:
        if not (place / "manifest.json").exists():
            print(f"no trained model in {place}: training the baseline on the bundled corpus first", file=sys.stderr)
            store.save(_baseline(place.name), place)
    stance, frames = (store.load(place) for place in places)
    return stance, frames


def _baseline(codebook: str) -> Trained:
    from sklearn.linear_model import LogisticRegression

    from stancekit.codebook import load_codebook
    from stancekit.corpus import FixedSplit, bundled
    from stancekit.models.features import Marked
    from stancekit.models.linear import Linear
    from stancekit.models.trained import fit

    parts = FixedSplit()(bundled().read(load_codebook(codebook)), random_state=0)
    model = Linear(LogisticRegression(C=1, class_weight="balanced", max_iter=1000), features=Marked())
    return fit(model, parts.train, parts.validation, name="logreg")


def _rows(
    article: Article, stance: Trained, frames: Trained, finder: ActorFinder, targets: tuple[str, ...]
) -> list[Row]:
    sentences = {sentence.id: sentence for sentence in split_sentences(article)}
    framed = frames.predict([Example(one.id, one.text, article=article.id) for one in sentences.values()])
    by_sentence = dict(zip(sentences, framed, strict=True))
    examples = make_examples(article, finder, targets)
    codes = (tuple(stance.codebook.names), tuple(frames.codebook.names))
    rows = []
    for example, prediction in zip(examples, stance.predict(examples), strict=True):
        of = example.id.rsplit(".", 1)[0]
        rows.append(Row(sentences[of], example, prediction, by_sentence[of], codes))
    return rows


def _show(article: Article, rows: Sequence[Row]) -> None:
    """Print each sentence with its frames, and below it who takes which side."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    taken = [row for row in rows if row.stance.labels != ("none",)]
    console.print(Text(article.topic or article.id, style="bold"))
    for sentence, group in groupby(taken, key=lambda row: row.sentence):
        same = list(group)
        console.print(Text(f"\n{sentence.text}"))
        if same[0].frames.labels:
            console.print(Text(f"frames: {', '.join(same[0].frames.labels)}", style="dim"))
        view = Table(box=None, show_header=False, padding=(0, 1))
        for row in same:
            view.add_row(*(Text(cell, style=COLOURS.get(cell, "")) for cell in _cells(row)))
        console.print(view)
    print(f"\n{len(taken)} positions; {len(rows) - len(taken)} rows with no position on the target")


def _cells(row: Row) -> list[str]:
    actor, target = row.example.actor, row.example.target
    shown = target.name if target else ""
    shown = shown if len(shown) <= WIDTH else f"{shown[: WIDTH - 1]}…"
    return [actor.name if actor else "", row.stance.labels[0], f"{max(row.stance.scores):.2f}", shown]


def _write(path: Path, rows: Sequence[Row]) -> None:
    if path.suffix == ".jsonl":
        write_jsonl(path, (row.to_dict() for row in rows))
        return
    import pyarrow
    import pyarrow.parquet

    plain = [
        row.to_dict() | {key: json.dumps(row.to_dict()[key]) for key in ("stance_scores", "frame_scores")}
        for row in rows
    ]
    with replacing(path) as temporary:
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(plain), temporary)
