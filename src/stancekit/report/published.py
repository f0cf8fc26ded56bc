"""Predictions that are committed beside an experiment's results, without any text, and the results that follow."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from stancekit.errors import KitError
from stancekit.fileio import replacing_file
from stancekit.report.leaderboard import leaderboards
from stancekit.report.tables import markdown, scores_to_csv
from stancekit.runs.record import PredictionRecord, Run, make_run
from stancekit.types import Context, Example, Mention, Prediction

PREDICTIONS_FILE = "predictions.parquet"
# Fields of a run that say what it is; the others of `run.json` tell of the machine.
_PUBLISHED_FACTS = (
    *(
        "corpus",
        "codebook",
        "codes",
        "multi_label",
        "model",
        "split",
        "part",
        "random_state",
        "validation",
        "seconds",
    ),
    *(
        "digest",
        "thresholds",
        "temperature",
        "caution",
        "examples",
        "gold",
        "shared",
        "refit",
        "priors",
    ),
    *("deterministic", "stancekit", "versions"),
)
# Slices that would need text, names or dates.
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
    }
)


def _numbered_names(names: Sequence[str]) -> list[int]:
    order = {name: at for at, name in enumerate(dict.fromkeys(names))}
    return [order[name] for name in names]


def _published_rows(at: int, run: Run) -> list[dict[str, Any]]:
    articles = _numbered_names(run.articles)
    targets = _numbered_names(
        [row.example.target.name if row.example.target else "" for row in run.rows]
    )
    audit = run.audit
    said = [{name: of[row] for name, of in audit.items()} for row in range(len(run.rows))]
    return [
        {
            "run": at,
            "id": row.example.id,
            "article": article,
            "target": target if row.example.target else None,
            "setting": row.context.setting,
            "register": row.context.register,
            "source": row.context.source,
            "phenomena": row.context.phenomena,
            "gold": row.gold,
            "labels": row.prediction.labels,
            "scores": [round(score, 4) for score in row.prediction.scores],
            "audit": json.dumps(variants) if variants else None,
        }
        for row, article, target, variants in zip(run.rows, articles, targets, said, strict=True)
    ]


def write_published(runs: Sequence[Run], out: Path, command: str) -> None:
    """Write the predictions of runs to `out/predictions.parquet`: ids, codes and scores, no text and no names.

    Runs that were published before stay, so that a large model's need not lie there for a small
    one's to be added, unless one of `runs` takes their place or the corpus has changed since.
    `command` is what results show as theirs.
    """
    runs = [*runs, *_earlier(runs, out)]
    facts = [
        {key: run.facts[key] for key in _PUBLISHED_FACTS if key in run.facts} | _told(run)
        for run in runs
    ]
    rows = [row for at, run in enumerate(runs) for row in _published_rows(at, run)]
    schema = _SCHEMA.with_metadata({"runs": json.dumps(facts, allow_nan=False), "command": command})
    table = pyarrow.Table.from_pylist(rows, schema=schema)
    with replacing_file(out / PREDICTIONS_FILE) as temporary:
        pyarrow.parquet.write_table(table, temporary, compression="zstd", compression_level=15)


def _told(run: Run) -> dict[str, Any]:
    """Return what a run says of itself otherwise than its facts."""
    settings = {"settings": run.settings} if run.settings else {}
    return settings | {"validation": None if math.isnan(run.validation) else run.validation}


def _earlier(runs: Sequence[Run], out: Path) -> list[Run]:
    """Return the published runs that new ones neither replace nor outdate, by other data or settings."""
    if not (out / PREDICTIONS_FILE).exists():
        return []
    new, digests = (
        {run.key for run in runs},
        {(run.corpus, run.codebook): run.digest for run in runs},
    )
    settings = {run.key[:-1]: run.settings for run in runs}
    return [
        run
        for run in read_published(out)
        if run.key not in new
        and run.digest == digests.get((run.corpus, run.codebook), run.digest)
        and (not run.settings or run.settings == settings.get(run.key[:-1], run.settings))
    ]


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


def read_published(out: Path) -> list[Run]:
    """Read the runs back from `out/predictions.parquet`.

    Raises
    ------
    KitError
        When there is no such file, or it is another.
    """
    try:
        table = pyarrow.parquet.read_table(out / PREDICTIONS_FILE)
        facts = json.loads((table.schema.metadata or {})[b"runs"])
        rows = table.to_pylist()
    except (OSError, KeyError, ValueError, pyarrow.ArrowException) as error:
        raise KitError(
            f"{out / PREDICTIONS_FILE} holds no predictions ({error}); write it with publish=true"
        ) from None
    try:
        by_run: dict[int, list[dict[str, Any]]] = {at: [] for at in range(len(facts))}
        for row in rows:
            by_run[row["run"]].append(row)
        return [_run(out, one, by_run[at]) for at, one in enumerate(facts)]
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise KitError(
            f"{out / PREDICTIONS_FILE} is damaged ({error!r}); write it again with publish=true"
        ) from None


def _run(out: Path, facts: dict[str, Any], rows: Sequence[dict[str, Any]]) -> Run:
    heard = [json.loads(row["audit"]) for row in rows if row["audit"]]
    said = {
        name: [_optional_codes(row[name]) for row in heard] for name in (heard[0] if heard else ())
    }
    # Where a file does not say it, the settings are not known, and nothing is told from there being
    # no configuration.
    run = make_run(
        out,
        facts | {"settings": facts.get("settings", "unknown")},
        map(_record_of_row, rows),
        out / PREDICTIONS_FILE,
    )
    settings = "" if run.settings == "unknown" else run.settings
    return replace(run, facts=facts | {"audit": said}, settings=settings)


def command_of(out: Path) -> str | None:
    """Return the command that was published with the predictions, if any was."""
    try:
        found = (pyarrow.parquet.read_schema(out / PREDICTIONS_FILE).metadata or {}).get(b"command")
    except (OSError, pyarrow.ArrowException):
        # `read` says what is wrong with the file.
        return None
    return found.decode() if found else None


def _optional_codes(of: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if of is None else tuple(of)


def results(out: Path, command: str) -> dict[Path, str]:
    """Return the files `results.md` and `scores.csv` as they follow from the committed predictions."""
    found = leaderboards(read_published(out))
    entries = (entry for board in found for entry in board.entries)
    kept = [
        replace(one, scores=tuple(score for score in one.scores if not _names_people(score.slice)))
        for one in entries
    ]
    return {out / "results.md": markdown(found, command), out / "scores.csv": scores_to_csv(kept)}


def _names_people(where: str) -> bool:
    field, equals, _ = where.partition("=")
    return bool(equals) and field in _LEFT_OUT
