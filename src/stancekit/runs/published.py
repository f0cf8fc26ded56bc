"""Predictions that are committed beside an experiment's results, without any text: written and read."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow
import pyarrow.parquet

from stancekit.corpus.dataset import numbered
from stancekit.errors import KitError
from stancekit.evaluation.names import NameTest
from stancekit.fileio import replacing_file
from stancekit.resources import PUBLISHED_FILE
from stancekit.runs.example_tests import answer_test
from stancekit.runs.leaderboard import tested_on
from stancekit.runs.record import PredictionRecord, Run, RunRecord, make_run
from stancekit.types import Context, Example, Mention, Prediction

if TYPE_CHECKING:
    import pandas

# Slices that would need text, names or dates, which are not published.
_LEFT_OUT = ("actor", "target", "topic", "year", "length")
_SCHEMA = pyarrow.schema(
    {
        "run": pyarrow.int32(),
        "id": pyarrow.string(),
        "article": pyarrow.int32(),
        "target": pyarrow.int32(),
        "setting": pyarrow.string(),
        "register": pyarrow.string(),
        "source": pyarrow.string(),
        "phenomena": pyarrow.list_(pyarrow.string()),
        "gold": pyarrow.list_(pyarrow.string()),
        "labels": pyarrow.list_(pyarrow.string()),
        "scores": pyarrow.list_(pyarrow.float32()),
        "audit": pyarrow.string(),
        "names": pyarrow.string(),
        "answers": pyarrow.string(),
    }
)


def _published_rows(number: int, run: Run) -> list[dict[str, Any]]:
    """Return the rows of a run, with numbers in place of the names of articles and targets."""
    articles = numbered(run.articles).tolist()
    # Numbers of targets are enough for the mean over targets, of articles for the bootstrap.
    targets = [row.example.target.name if row.example.target else "" for row in run.rows]
    target_numbers = numbered(targets).tolist()
    audit = run.audit
    published = []
    for index, row in enumerate(run.rows):
        variants = {name: labels[index] for name, labels in audit.items()}
        published.append(
            {
                "run": number,
                "id": row.example.id,
                "article": articles[index],
                "target": target_numbers[index] if row.example.target else None,
                "setting": row.context.setting,
                "register": row.context.register,
                "source": row.context.source,
                "phenomena": row.context.phenomena,
                "gold": row.gold,
                "labels": row.prediction.labels,
                # Reports show three digits.
                "scores": [round(score, 4) for score in row.prediction.scores],
                "audit": json.dumps(variants) if variants else None,
                "names": _published_names(run, index),
                "answers": json.dumps(asdict(run.answers[index])) if run.answers else None,
            }
        )
    return published


def _published_names(run: Run, index: int) -> str | None:
    """Return a model's codes for an example under other names, without saying whose these are."""
    if not run.names:
        return None
    test = run.names[index]
    return json.dumps(test.labels if test else [])


def _read_names(rows: Sequence[Mapping[str, Any]]) -> tuple[NameTest | None, ...]:
    tested = [json.loads(row["names"]) for row in rows if row.get("names")]
    return tuple(NameTest(tuple(map(tuple, codes))) if codes else None for codes in tested)


def write_published(runs: Sequence[Run], folder: Path, command: str) -> None:
    """Write the predictions of runs to `folder/predictions.parquet`: ids, codes and scores, no text and no names.

    Runs that were published before stay, so that a small model can be added where the runs of a
    large one are not at hand, unless one of `runs` takes their place or the corpus has changed
    since. `command` is what results show as theirs.
    """
    runs = [*runs, *_earlier(runs, folder)]
    records = [run.public_dict() | {"settings": run.settings} for run in runs]
    rows = [row for number, run in enumerate(runs) for row in _published_rows(number, run)]
    schema = _SCHEMA.with_metadata(
        {"runs": json.dumps(records, allow_nan=False), "command": command}
    )
    table = pyarrow.Table.from_pylist(rows, schema=schema)
    with replacing_file(folder / PUBLISHED_FILE) as temporary:
        pyarrow.parquet.write_table(table, temporary, compression="zstd", compression_level=15)


def _earlier(runs: Sequence[Run], folder: Path) -> list[Run]:
    """Return the published runs that new ones neither replace nor outdate, by other data or settings."""
    if not (folder / PUBLISHED_FILE).exists():
        return []
    keys = {run.key for run in runs}
    digests = {(run.corpus, run.codebook): run.digest for run in runs}
    settings = {run.key[:-1]: run.settings for run in runs}
    kept = []
    for run in read_published(folder):
        same_data = run.digest == digests.get((run.corpus, run.codebook), run.digest)
        same_settings = run.settings in ("", settings.get(run.key[:-1], run.settings))
        if run.key not in keys and same_data and same_settings:
            kept.append(run)
    return kept


def _record_of_row(row: Mapping[str, Any]) -> PredictionRecord:
    target = None if row["target"] is None else Mention(str(row["target"]))
    kept = {key: row[key] for key in ("setting", "register", "source")}
    context = Context(**kept, phenomena=tuple(row["phenomena"]))
    scores = tuple(round(score, 4) for score in row["scores"])
    prediction = Prediction(row["id"], tuple(row["labels"]), scores)
    return PredictionRecord(
        Example(row["id"], "", None, target, str(row["article"])),
        context,
        tuple(row["gold"]),
        prediction,
    )


def read_published(folder: Path) -> list[Run]:
    """Read the runs back from `folder/predictions.parquet`.

    Raises
    ------
    KitError
        When there is no such file, or it is another.
    """
    try:
        table = pyarrow.parquet.read_table(folder / PUBLISHED_FILE)
        records = json.loads((table.schema.metadata or {})[b"runs"])
        rows = table.to_pylist()
    except (OSError, KeyError, ValueError, pyarrow.ArrowException) as error:
        raise KitError(
            f"{folder / PUBLISHED_FILE} holds no predictions ({error}); write it with publish=true"
        ) from None
    try:
        by_run: dict[int, list[dict[str, Any]]] = {index: [] for index in range(len(records))}
        for row in rows:
            by_run[row["run"]].append(row)
        return [
            _published_run(folder, record, by_run[index]) for index, record in enumerate(records)
        ]
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise KitError(
            f"{folder / PUBLISHED_FILE} is damaged ({error!r}); write it again with publish=true"
        ) from None


def read_beside(folder: Path, runs: Sequence[Run]) -> list[Run]:
    """Read the published runs that were tested on just what some of `runs` were, to stand beside these.

    Their rows have the texts of these runs' rows, as those that are published have none. A model
    that is among `runs` by its name is left out.
    """
    own = {run.board: run for run in runs}
    models = {(*run.board, run.model) for run in runs}
    beside = []
    for run in read_published(folder):
        other = own.get(run.board)
        new = (*run.board, run.model) not in models
        if new and other is not None and tested_on(run) == tested_on(other):
            rows = zip(other.rows, run.rows, strict=True)
            with_texts = [replace(row, prediction=read.prediction) for row, read in rows]
            beside.append(replace(run, rows=tuple(with_texts), beside=True))
    return beside


def _published_run(
    folder: Path, record: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]
) -> Run:
    audited = [json.loads(row["audit"]) for row in rows if row["audit"]]
    audit = {}
    for variant in audited[0] if audited else ():
        audit[variant] = [_optional_codes(row[variant]) for row in audited]
    source = folder / PUBLISHED_FILE
    run = make_run(
        RunRecord.from_dict(record, source),
        [_record_of_row(row) for row in rows],
        folder=folder,
        audit=audit,
        # Where a file of an earlier version does not say them, the settings are not known.
        settings=record.get("settings", ""),
        source=source,
    )
    answers = tuple(answer_test(json.loads(row["answers"])) for row in rows if row.get("answers"))
    return replace(run, names=_read_names(rows), answers=answers)


def command_of(folder: Path) -> str | None:
    """Return the command that was published with the predictions, if any was."""
    try:
        schema = pyarrow.parquet.read_schema(folder / PUBLISHED_FILE)
    except (OSError, pyarrow.ArrowException):
        # `read_published` says what is wrong with the file.
        return None
    command = (schema.metadata or {}).get(b"command")
    return command.decode() if command else None


def _optional_codes(codes: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if codes is None else tuple(codes)


def without_names(frame: "pandas.DataFrame") -> "pandas.DataFrame":
    """Return the scores of a table less those of slices that would need text, names or dates."""
    return frame[~frame["slice"].map(_names_people)]


def _names_people(where: str) -> bool:
    field, equals, _ = where.partition("=")
    return bool(equals) and field in _LEFT_OUT
