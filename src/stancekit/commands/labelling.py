"""From texts to labelled rows, and rows to files: what labelling one article and an archive share."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stancekit.files import replacing, write_jsonl
from stancekit.models import store
from stancekit.models.trained import Trained
from stancekit.text import ActorFinder
from stancekit.text.examples import body, examples_in
from stancekit.text.sources import Text
from stancekit.types import Example, Prediction, Sentence

CODEBOOKS = ("stance", "diplomacy")
# In Parquet the scores of all codes are a JSON object in one column, whatever the codebook.
PACKED = ("stance_scores", "frame_scores")


@dataclass(frozen=True, slots=True)
class Row:
    """A labelled sentence x actor x target, as it is written to disk."""

    sentence: Sentence
    example: Example
    stance: Prediction
    frames: Prediction
    codes: tuple[tuple[str, ...], tuple[str, ...]]
    group: str = ""
    kept: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the row with the fields of the labels format."""
        actor, target = self.example.actor, self.example.target
        scores = [
            dict(zip(names, (round(score, 4) for score in one.scores), strict=True))
            for names, one in zip(self.codes, (self.stance, self.frames), strict=True)
        ]
        return {
            "id": self.example.id,
            "article": self.group or self.sentence.article,
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
            **self.kept,
        }


@dataclass(frozen=True, slots=True)
class Labeller:
    """A stance and a frame model, and how actors and targets are found."""

    stance: Trained
    frames: Trained
    finder: ActorFinder
    targets: tuple[str, ...] = ()

    def __call__(self, texts: Sequence[Text]) -> list[Row]:
        """Label texts together, so that encoders see batches of like length; rows come in reading order."""
        bodies = [body(text.article) for text in texts]
        actors = self.finder.find_all([[one.text for one in sentences] for sentences in bodies])
        homes, examples = [], []
        for text, sentences, mentions in zip(texts, bodies, actors, strict=True):
            targets = (text.target,) if text.target else self.targets
            found = examples_in(text.article, sentences, mentions, targets, speaker=text.actor)
            examples += found
            homes += [text] * len(found)
        needed = {_home(example) for example in examples}
        of_id = {one.id: one for sentences in bodies for one in sentences if one.id in needed}
        framed = self.frames.predict([Example(one.id, one.text, article=one.article) for one in of_id.values()])
        by_sentence = dict(zip(of_id, framed, strict=True))
        codes = (tuple(self.stance.codebook.names), tuple(self.frames.codebook.names))
        rows = []
        for text, example, said in zip(homes, examples, self.stance.predict(examples), strict=True):
            of = _home(example)
            rows.append(Row(of_id[of], example, said, by_sentence[of], codes, text.group, text.kept))
        return rows

    def divided(self, rows: Sequence[Row], risk: float | None) -> tuple[list[Row], list[Row]]:
        """Divide rows into those to be relied on at a risk, and those that a person should judge."""
        if risk is None:
            return list(rows), []
        declined = self.stance.declined([row.stance for row in rows], risk)
        sure, unsure = ([row for row, no in zip(rows, declined, strict=True) if no is of] for of in (False, True))
        return sure, unsure


def _home(example: Example) -> str:
    """Return the id of an example's sentence."""
    return example.id.rsplit(".", 1)[0]


def load(folder: Path) -> tuple[Trained, Trained]:
    """Load the stance and the frame model, training the baseline where there is none."""
    places = [folder / codebook for codebook in CODEBOOKS]
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


def write(path: Path, rows: Iterable[Row], keep: Sequence[str] = ()) -> None:
    """Write rows as `.jsonl` or `.parquet`, whole or not at all; in Parquet each field to keep has a column."""
    plain: Iterator[dict[str, Any]] = (row.to_dict() for row in rows)
    if path.suffix == ".jsonl":
        write_jsonl(path, plain)
        return
    import pyarrow
    import pyarrow.parquet

    packed = [row | {key: json.dumps(row[key]) for key in PACKED} for row in plain]
    texts = [row | {key: None if row.get(key) is None else str(row[key]) for key in keep} for row in packed]
    columns = _types(pyarrow) | dict.fromkeys(keep, pyarrow.string)
    schema = pyarrow.schema([(key, of()) for key, of in columns.items()])
    with replacing(path) as temporary:
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(texts, schema=schema), temporary)


COLUMNS = {
    **dict.fromkeys(("id", "article", "sentence", "actor", "actor_code", "target", "stance", *PACKED), "string"),
    **dict.fromkeys(("start", "end", "actor_start", "actor_end"), "int64"),
    "frames": "list",
}


def _types(pyarrow: Any) -> dict[str, Any]:
    """Return the type of every column, the same in every file."""
    of = {"string": pyarrow.string, "int64": pyarrow.int64, "list": lambda: pyarrow.list_(pyarrow.string())}
    return {key: of[kind] for key, kind in COLUMNS.items()}
