"""From texts to labelled rows, and rows to files: what labelling one article and an archive share."""

import io
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from stancekit.errors import KitError
from stancekit.fileio import json_line
from stancekit.labelling.models import saved_models
from stancekit.labelling.sources import InputText
from stancekit.models import persistence
from stancekit.models.classifier import FittedClassifier
from stancekit.text import ActorFinder
from stancekit.text.clean import clean
from stancekit.text.examples import count_sentences, pair_mentions, split_body
from stancekit.text.nlp import bounded_memory, load_spacy_tokenizer
from stancekit.types import Example, Prediction, Sentence

BACKENDS = ("torch", "onnx")
NO_POSITION = "none"
# In Parquet the scores of all codes are a JSON object in one column, whatever the codebook.
PACKED = ("stance_scores", "frame_scores")


@dataclass(frozen=True, slots=True)
class LabelledRow:
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
            "sentence": self.example.text,
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
class Tally:
    """What was counted while labelling.

    Attributes
    ----------
    sentences
        Sentences read, titles not among them.
    acting
        Those with an actor; the others have no row.
    crowded
        Those with so many actors that these are not read for their stances towards each other.
    labelled
        Those with an actor and a target, which have rows.
    rows, positions
        Rows that are relied on, and those of them with another stance than `none`.
    declined
        Rows that a person should judge.
    """

    sentences: int = 0
    acting: int = 0
    crowded: int = 0
    labelled: int = 0
    rows: int = 0
    positions: int = 0
    declined: int = 0

    def __add__(self, other: Self) -> "Tally":
        mine, others = asdict(self), asdict(other)
        return Tally(**{key: mine[key] + others[key] for key in mine})

    def __str__(self) -> str:
        """Say in one line what became of the sentences.

        Examples
        --------
        >>> print(Tally(sentences=12, acting=8, labelled=7, rows=9, positions=6))
        12 sentences: 8 with an actor, 1 of them without a target; 6 positions, 3 rows with no position on the target
        """
        aimless = self.acting - self.labelled
        parts = (
            f"{self.sentences:,} sentences: {self.acting:,} with an actor",
            f", {aimless:,} of them without a target" if aimless else "",
            f", {self.crowded:,} with so many that they are no targets of each other"
            if self.crowded
            else "",
            f"; {self.positions:,} positions, {self.rows - self.positions:,} rows with no position on the target",
        )
        return "".join(parts)


@dataclass(frozen=True, slots=True)
class Labelled:
    """Rows of some texts in reading order, which of them a person should judge, and what was counted."""

    rows: list[LabelledRow]
    declined: list[bool]
    tally: Tally

    @property
    def sure(self) -> list[LabelledRow]:
        """Return the rows to be relied on."""
        return [row for row, no in zip(self.rows, self.declined, strict=True) if not no]

    @property
    def unsure(self) -> list[LabelledRow]:
        """Return the rows that a person should judge."""
        return [row for row, no in zip(self.rows, self.declined, strict=True) if no]


@dataclass(frozen=True, slots=True)
class Labeller:
    """A stance and a frame model, how actors and targets are found, and the risk that is accepted."""

    stance: FittedClassifier
    frames: FittedClassifier
    finder: ActorFinder
    targets: tuple[str, ...] = ()
    risk: float | None = None

    def __call__(self, texts: Sequence[InputText]) -> Labelled:
        """Label texts together, so that encoders see batches of like length; rows come in reading order."""
        with bounded_memory(load_spacy_tokenizer()):
            bodies = [split_body(text.article) for text in texts]
        actors = self.finder.find_all([[one.text for one in sentences] for sentences in bodies])
        homes, examples = [], []
        for text, sentences, mentions in zip(texts, bodies, actors, strict=True):
            targets = (text.target,) if text.target else self.targets
            found = pair_mentions(text.article, sentences, mentions, targets, speaker=text.actor)
            examples += found
            homes += [text] * len(found)
        needed = {_sentence_key(example) for example in examples}
        of_id = {one.id: one for sentences in bodies for one in sentences if one.id in needed}
        framed = self.frames.predict(
            [Example(one.id, clean(one.text).text, article=one.article) for one in of_id.values()]
        )
        by_sentence = dict(zip(of_id, framed, strict=True))
        codes = (tuple(self.stance.codebook.names), tuple(self.frames.codebook.names))
        rows = []
        for text, example, said in zip(homes, examples, self.stance.predict(examples), strict=True):
            of = _sentence_key(example)
            rows.append(
                LabelledRow(of_id[of], example, said, by_sentence[of], codes, text.group, text.kept)
            )
        declined = [False] * len(rows)
        if self.risk is not None:
            declined = self.stance.declined([row.stance for row in rows], self.risk)
        tally = Tally(
            labelled=len(needed),
            rows=len(rows) - sum(declined),
            positions=sum(
                row.stance.labels != (NO_POSITION,) and not no
                for row, no in zip(rows, declined, strict=True)
            ),
            declined=sum(declined),
        )
        for text, mentions in zip(texts, actors, strict=True):
            read = count_sentences(mentions, speaker=text.actor)
            crowded = 0 if text.target or self.targets else read.crowded
            tally += Tally(read.sentences, read.sentences - read.without_actor, crowded)
        return Labelled(rows, declined, tally)


def _sentence_key(example: Example) -> str:
    """Return the id of an example's sentence."""
    return example.id.rsplit(".", 1)[0]


def load_models(folder: Path, backend: str = "torch") -> tuple[FittedClassifier, FittedClassifier]:
    """Load the stance and the frame model of a folder, of which `saved_models` says whether they are there.

    With `onnx`, encoders run in ONNX Runtime; what that changes is printed.
    """
    if backend not in BACKENDS:
        raise KitError(
            f"unknown backend={backend!r}; there are {', '.join(BACKENDS)}. Set backend=torch"
        )
    places = [one.folder for one in saved_models(folder)]
    stance, frames = (persistence.load(place) for place in places)
    return (stance, frames) if backend == "torch" else _exported(stance, frames, places)


def _exported(
    stance: FittedClassifier, frames: FittedClassifier, places: Sequence[Path]
) -> tuple[FittedClassifier, FittedClassifier]:
    from stancekit.models.encoder.onnx import export, exportable

    if not (exportable(stance.model) or exportable(frames.model)):
        raise KitError(
            f"no model in {places[0].parent} has a fine-tuned encoder; label without backend=onnx"
        )
    found = []
    for trained, place in zip((stance, frames), places, strict=True):
        if not exportable(trained.model):
            found.append(trained)
            continue
        exported = export(trained, place)
        print(f"{place.name}: {exported.change}", file=sys.stderr)
        found.append(exported.trained)
    return found[0], found[1]


def content(kind: str, rows: Iterable[LabelledRow], keep: Sequence[str] = ()) -> bytes:
    """Return what a `jsonl` or `parquet` file of rows holds; in Parquet each field to keep has a column."""
    plain: Iterator[dict[str, Any]] = (row.to_dict() for row in rows)
    if kind == "jsonl":
        return "".join(f"{json_line(row)}\n" for row in plain).encode("utf-8")
    import pyarrow
    import pyarrow.parquet

    packed = [row | {key: json.dumps(row[key]) for key in PACKED} for row in plain]
    texts = [
        row | {key: None if row.get(key) is None else str(row[key]) for key in keep}
        for row in packed
    ]
    columns = _types(pyarrow) | dict.fromkeys(keep, pyarrow.string)
    schema = pyarrow.schema([(key, of()) for key, of in columns.items()])
    file = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(texts, schema=schema), file)
    return file.getvalue()


LABEL_COLUMNS = {
    **dict.fromkeys(
        ("id", "article", "sentence", "actor", "actor_code", "target", "stance", *PACKED), "string"
    ),
    **dict.fromkeys(("start", "end", "actor_start", "actor_end"), "int64"),
    "frames": "list",
}


def _types(pyarrow: Any) -> dict[str, Any]:
    """Return the type of every column, the same in every file."""
    of = {
        "string": pyarrow.string,
        "int64": pyarrow.int64,
        "list": lambda: pyarrow.list_(pyarrow.string()),
    }
    return {key: of[kind] for key, kind in LABEL_COLUMNS.items()}
