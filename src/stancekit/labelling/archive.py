"""Labels of an archive: text after text in constant memory, in parts, resumed where it stopped."""

import hashlib
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO

from tqdm import tqdm

from stancekit.errors import KitError, listing
from stancekit.fileio import (
    json_line,
    lock,
    replacing_file,
    sha256,
    write_bytes,
    write_json,
    writing,
)
from stancekit.labelling import sources
from stancekit.labelling.input_text import InputText
from stancekit.labelling.labeller import LabellingJob
from stancekit.labelling.ledger import Ledger
from stancekit.labelling.models import check_backend, check_columns
from stancekit.labelling.row_format import Extent, closing
from stancekit.labelling.sources import RejectedRow, TextSource, cut_parts
from stancekit.labelling.tally import Tally
from stancekit.labelling.workers import LabelledPart, Part, check_engine, label_parts
from stancekit.text.gazetteer import load_gazetteer

OUTPUT_FORMATS = ("jsonl", "parquet")
LABELLING_FILE, REJECTED_FILE, LEDGER_FILE = "labelling.json", "rejected.jsonl", "parts.log"
# How the names of the files of a labelling begin, and those of their temporary files after a dot.
_PREFIXES = ("part-", LABELLING_FILE, REJECTED_FILE, LEDGER_FILE)


@dataclass(frozen=True, slots=True)
class Archive:
    """What labelling an archive came to.

    Attributes
    ----------
    folder
        Where the labels are.
    texts, rejected
        How many texts were labelled, and how many could not be read.
    rests
        How many of these are files, or rests of files, so that more texts may be missing.
    tally
        What was counted.
    unseen
        Fields to keep that no text has.
    """

    folder: Path
    texts: int
    rejected: int
    rests: int
    tally: Tally
    unseen: tuple[str, ...] = ()


def label_archive(
    source: str | Path,
    folder: Path,
    job: LabellingJob,
    *,
    engine: str = "local",
    workers: int | None = None,
    strict: bool = False,
    verbose: bool = True,
) -> Archive:
    """Label all texts of a source into `folder/part-*.jsonl` or `.parquet`.

    Parts hold the same texts whenever the same source is read, so one that is there, whole and of
    the same texts, is not labelled again. What could not be read is named in `rejected.jsonl`; with
    a `risk`, rows for a person to judge are in `review/`, and `labelling.json` says at the end how
    many (`declined`).

    Raises
    ------
    KitError
        When a field to keep has the name of a label's own column; when the folder holds labels of
        another source, of other models or settings, or of an older version, or parts that were
        altered; and with `strict`, at the first text that cannot be read.
    """
    _check_job(job, engine, workers)
    texts = TextSource(
        source, layout=job.layout, written=job.written, title=job.title, without=folder
    )
    texts.check()
    settings = _job_settings(texts, job)
    with lock(folder / ".lock", doing=f"label into {folder}"):
        if not texts.files and any(folder.glob("part-*")):
            raise KitError(
                f"{folder} already contains labels, and with standard input there is no way to tell "
                "whether they belong to it; choose another"
            )
        _check_same_job(folder, settings)
        # It has no name, so nothing is left of it if the process dies.
        with tempfile.TemporaryFile("w+", encoding="utf-8", dir=folder) as file:
            rejected = Rejections(file, strict=strict)
            ledger = Ledger(folder / LEDGER_FILE)
            progress = Progress(texts, rejected, ledger, verbose=verbose)
            places = PartFiles(folder, job.format, judged=job.risk is not None)
            for part in label_parts(engine, job, progress.pending(), workers):
                progress.write(part, places)
            progress.end()
            file.seek(0)
            with (
                replacing_file(folder / REJECTED_FILE) as temporary,
                temporary.open("w", encoding="utf-8") as kept,
            ):
                shutil.copyfileobj(file, kept)
        tally = progress.ledger.tally
        counts = {"texts": progress.texts, "rejected": rejected.count, **asdict(tally)}
        write_json(folder / LABELLING_FILE, settings | counts)
    unseen = tuple(sorted(progress.unseen))
    return Archive(folder, progress.texts, rejected.count, rejected.rests, tally, unseen)


def _check_job(job: LabellingJob, engine: str, workers: int | None) -> None:
    if job.format not in OUTPUT_FORMATS:
        raise KitError(
            f"unknown format={job.format!r}; there are {', '.join(OUTPUT_FORMATS)}. Set format=jsonl"
        )
    check_backend(job.backend)
    check_columns(job.codebooks, job.fields)
    check_engine(engine, workers)


@dataclass(frozen=True, slots=True)
class PartFiles:
    """The names of the files of parts; with `judged`, each part has one of rows for a person to judge."""

    folder: Path
    format: str
    judged: bool = False

    def labels(self, number: int) -> Path:
        """Return the file of a part's labels."""
        return self.folder / f"part-{number:05}.{self.format}"

    def review(self, number: int) -> Path:
        """Return the file of a part's rows for a person to judge."""
        return self.folder / "review" / f"part-{number:05}.jsonl"


class Progress:
    """Parts as they are read and written, and a bar of how much of the source is labelled."""

    def __init__(
        self, source: TextSource, rejected: "Rejections", ledger: Ledger, *, verbose: bool
    ) -> None:
        self.source = source
        self.rejected = rejected
        self.ledger = ledger
        self.texts = 0
        self.unseen = set(source.layout.fields) - {"date"}
        # Of parts that were read and are not written: bytes of the source, texts, and digest.
        self.open: dict[int, tuple[int, int, str]] = {}
        self.bar = tqdm(
            total=source.size or None,
            desc="labelling",
            unit="B",
            unit_scale=True,
            file=sys.stderr,
            disable=not verbose,
        )

    def pending(self) -> Iterator[Part]:
        """Yield number and texts of every part that is not labelled yet."""
        before = 0
        for number, part in enumerate(cut_parts(self.source, self.rejected.add)):
            digest = _digest(part)
            self.unseen -= {key for text in part for key in text.kept}
            self.open[number] = (self.source.done - before, len(part), digest)
            before = self.source.done
            if self.ledger.done(number, digest):
                self._count(number)
            else:
                yield number, part

    def write(self, part: LabelledPart, places: PartFiles) -> None:
        """Write a part that was labelled."""
        files = {places.labels(part.number): part.labels}
        if places.judged:
            files[places.review(part.number)] = part.review
        for path, data in files.items():
            write_bytes(path, data)
        # Last, for a part that is in the ledger is done.
        self.ledger.add(part.number, self.open[part.number][2], files, part.tally)
        self._count(part.number)

    def _count(self, number: int) -> None:
        size, texts, _ = self.open.pop(number)
        self.texts += texts
        self.bar.update(size)
        self.bar.set_postfix(texts=self.texts, rejected=self.rejected.count)

    def end(self) -> None:
        """Fill the bar: the source may end in what cannot be read."""
        self.ledger.close()
        self.bar.update(max(0, self.source.size - self.bar.n))
        self.bar.close()


class Rejections:
    """What could not be read, written as it comes."""

    def __init__(self, file: IO[str], *, strict: bool) -> None:
        self.file = file
        self.strict = strict
        self.count = self.rests = 0

    def add(self, row: RejectedRow) -> None:
        """Write what could not be read; with `strict`, stop there."""
        if self.strict:
            row.refuse()
        with writing(REJECTED_FILE):
            self.file.write(
                json_line({"file": row.file, "line": row.line, "reason": row.reason}) + "\n"
            )
        self.count += 1
        self.rests += row.rest


def _digest(part: list[InputText]) -> str:
    """Return a digest of the texts of a part, with all that is known of them."""
    digest = hashlib.sha256()
    for text in part:
        digest.update(json.dumps(asdict(text)).encode())
    return digest.hexdigest()


def _job_settings(texts: TextSource, job: LabellingJob) -> dict[str, object]:
    """Return all that labels depend on but the files' contents, of which each part has a digest."""
    names = job.finder.gazetteer
    if names:
        # An error in it is reported before anything is written.
        load_gazetteer(names)
    return {
        "input": [list(one) for one in texts.files],
        "models": {model.codebook.name: model.digest for model in job.models},
        "actors": {"ner": job.finder.ner, "gazetteer": sha256(Path(names)) if names else ""},
        "title": job.title,
        "targets": list(job.targets),
        "fields": list(job.fields),
        **job.layout.settings,
        "unit": job.unit,
        "rows": job.rows_written,
        "min_score": job.extent().min_score,
        "encoding": job.written.encoding,
        "separator": job.written.separator,
        "sheet": job.written.sheet,
        "risk": job.risk,
        "file_format": job.format,
        "backend": job.backend,
        "part": [sources.PART_CHARACTERS, sources.PART_TEXTS],
        "stancekit": version("stancekit"),
        **closing(job.labelled_codebooks.values(), Extent(None)),
    }


def _check_same_job(folder: Path, settings: dict[str, object]) -> None:
    """Make sure that a folder holds parts of this very labelling, or none."""
    file = folder / LABELLING_FILE
    # What a process that was killed left half-written: the lock says that no other is writing.
    with writing(folder):
        for path in (*folder.glob(".*.tmp"), *folder.glob("review/.*.tmp")):
            if path.name.startswith(tuple(f".{prefix}" for prefix in _PREFIXES)):
                path.unlink(missing_ok=True)
    if not file.exists():
        if parts := sorted(path.name for path in folder.glob("part-*")):
            raise KitError(
                f"{folder} holds {listing(parts)} without {LABELLING_FILE}; choose another folder with output="
            )
        write_json(file, settings)
        return
    way_out = "choose another folder with output=, or remove this one"
    try:
        before = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        before = None
    if not isinstance(before, dict):
        raise KitError(f"{file} cannot be read; {way_out}")
    if before.get("format") != settings["format"]:
        raise KitError(f"{folder} holds labels that were written by another version; {way_out}")
    # The command calls the format of the files `format`.
    other = [key.removeprefix("file_") for key in settings if before.get(key) != settings[key]]
    if other:
        raise KitError(f"{folder} holds labels with other {listing(other)}; {way_out}")
