"""Labels of an archive: text after text in constant memory, in parts that are whole, going on where it stopped."""

import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from tqdm import tqdm

from stancekit.errors import KitError, listing
from stancekit.fileio import (
    json_line,
    lock,
    replacing_file,
    sha256,
    write_bytes,
    write_json,
    write_text,
    writing,
)
from stancekit.labelling.labeller import BACKENDS, LABEL_COLUMNS, Tally
from stancekit.labelling.models import SavedModel, saved_models
from stancekit.labelling.sources import InputText, RejectedRow, TextSource
from stancekit.labelling.workers import LabelledPart, LabellingJob, Part, check_engine, label_parts
from stancekit.text.gazetteer import load_gazetteer


class Ledger:
    """A file with a line of JSON per part that is done, which grows as parts are done.

    Parameters
    ----------
    path
        The file; parts lie beside it. A last line that a killed process left half-written does not
        count.

    Raises
    ------
    KitError
        When the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.parts: dict[int, dict[str, Any]] = {}
        if not path.exists():
            return
        try:
            for line in path.read_text(encoding="utf-8").split("\n")[:-1]:
                row = json.loads(line)
                self.parts[row["part"]] = row
        except (ValueError, KeyError, TypeError):
            raise KitError(
                f"{path} is damaged; remove it, and the same command labels all parts again"
            ) from None
        self._write()

    def done(self, number: int, texts: str) -> bool:
        """Say whether a part is labelled: of the texts with that digest, and its files are as they were written.

        Raises
        ------
        KitError
            When it was labelled of other texts, or a file of it was altered.
        """
        row = self.parts.get(number)
        if row is None:
            return False
        if row["texts"] != texts:
            raise KitError(
                f"{self.path.parent} holds labels of other texts: part {number} was labelled before the input changed; "
                "choose another folder with output=, or remove this one"
            )
        for name, sum_ in row["files"].items():
            file = self.path.parent / name
            if not file.exists():
                return False
            if sha256(file) != sum_:
                raise KitError(
                    f"{file} is not as it was written; remove it, and the same command labels it again"
                )
        return True

    def add(self, number: int, texts: str, files: Mapping[Path, bytes], tally: Tally) -> None:
        """Note that a part is done."""
        sums = {
            path.relative_to(self.path.parent).as_posix(): hashlib.sha256(data)
            for path, data in files.items()
        }
        row = {
            "part": number,
            "texts": texts,
            "files": {name: one.hexdigest() for name, one in sums.items()},
        }
        self.parts[number] = row | asdict(tally)
        with writing(self.path), self.path.open("a", encoding="utf-8") as file:
            file.write(json_line(self.parts[number]) + "\n")
            file.flush()
            os.fsync(file.fileno())

    @property
    def tally(self) -> Tally:
        """Return what was counted in all parts."""
        whole = Tally()
        for row in self.parts.values():
            whole += Tally(**{key: row[key] for key in asdict(whole)})
        return whole

    def close(self) -> None:
        """Bring the lines into the order of parts, whichever was done first."""
        self.parts = {number: self.parts[number] for number in sorted(self.parts)}
        self._write()

    def _write(self) -> None:
        write_text(self.path, "".join(f"{json_line(row)}\n" for row in self.parts.values()))


OUTPUT_FORMATS = ("jsonl", "parquet")
# Characters and texts of one part: so many are held in memory, labelled together and written at
# once.
CHARACTERS, TEXTS = 1_000_000, 10_000
SETTINGS, REJECTED, LEDGER = "labelling.json", "rejected.jsonl", "parts.log"
# Files of a labelling, as the names of their temporary files begin.
_OWN = ("part-", SETTINGS, REJECTED, LEDGER)


@dataclass(frozen=True, slots=True)
class Archive:
    """What labelling an archive came to: its folder, texts that were labelled or could not be read, and counts."""

    folder: Path
    texts: int
    rejected: int
    tally: Tally


def label_archive(
    source: str | Path,
    folder: Path,
    job: LabellingJob,
    *,
    engine: str = "local",
    workers: int | None = None,
    strict: bool = False,
) -> Archive:
    """Label all texts of a source into `folder/part-*.jsonl` or `.parquet`.

    Parts hold the same texts whenever the same source is read, so one that is there, whole and of
    the same texts, is not done again. What could not be read is named in `rejected.jsonl`; with a
    `risk`, rows to be judged by a person are in `review/`, and `labelling.json` says at the end how
    many (`declined`).

    Raises
    ------
    KitError
        When a field to keep has the name of a label's own; when the folder holds labels of another
        source, of other models or settings, or parts that were altered; and with `strict`, at the
        first text that cannot be read.
    """
    _check_job(job, engine, workers)
    models = saved_models(job.saved)
    texts = TextSource(source, keep=job.keep, title=job.title, without=folder)
    settings = _job_settings(texts, job, models)
    with lock(folder / ".lock", doing=f"label into {folder}"):
        if not texts.files and any(folder.glob("part-*")):
            raise KitError(
                f"{folder} holds labels, and of standard input nobody knows whether they are its; choose another"
            )
        _check_same_job(folder, settings)
        # It has no name, so nothing is left of it if the process dies.
        with tempfile.TemporaryFile("w+", encoding="utf-8", dir=folder) as file:
            rejected = Rejections(file, strict=strict)
            progress = Progress(texts, rejected, Ledger(folder / LEDGER))
            places = Places(folder, job.kind, judged=job.risk is not None)
            for done in label_parts(engine, job, progress.pending(), workers):
                progress.write(done, places)
            progress.end()
            file.seek(0)
            with (
                replacing_file(folder / REJECTED) as temporary,
                temporary.open("w", encoding="utf-8") as kept,
            ):
                shutil.copyfileobj(file, kept)
        tally = progress.ledger.tally
        counts = {"texts": progress.texts, "rejected": rejected.count, **asdict(tally)}
        write_json(folder / SETTINGS, settings | counts)
    print(tally)
    print(f"labelled by {models[0]} and {models[1]}")
    if job.risk is not None:
        print(
            f"{tally.declined:,} rows are too uncertain for a risk of {job.risk}, to be judged in {folder / 'review'}"
        )
    if unseen := progress.unseen:
        print(f"no text has the field {listing(unseen)} of keep=")
    print(f"{progress.texts:,} texts labelled into {folder}{rejected.told(folder / REJECTED)}")
    return Archive(folder, progress.texts, rejected.count, tally)


def _check_job(job: LabellingJob, engine: str, workers: int | None) -> None:
    if job.kind not in OUTPUT_FORMATS:
        raise KitError(
            f"unknown kind={job.kind!r}; there are {', '.join(OUTPUT_FORMATS)}. Set kind=jsonl"
        )
    if job.backend not in BACKENDS:
        raise KitError(
            f"unknown backend={job.backend!r}; there are {', '.join(BACKENDS)}. Set backend=torch"
        )
    if own := sorted(set(job.keep) & set(LABEL_COLUMNS)):
        raise KitError(
            f"keep={own} are columns that labels have of their own; give the fields of the rows other names"
        )
    check_engine(engine, workers)


@dataclass(frozen=True, slots=True)
class Places:
    """Where parts lie."""

    folder: Path
    kind: str
    judged: bool = False

    def of(self, number: int) -> Path:
        """Return the file of a part's labels."""
        return self.folder / f"part-{number:05}.{self.kind}"

    def review(self, number: int) -> Path:
        """Return the file of a part's rows that a person should judge."""
        return self.folder / "review" / f"part-{number:05}.jsonl"


class Progress:
    """Parts as they are read and written, and a bar of how much of the source is labelled."""

    def __init__(self, source: TextSource, rejected: "Rejections", ledger: Ledger) -> None:
        self.source = source
        self.rejected = rejected
        self.ledger = ledger
        self.texts = 0
        self.unseen = set(source.keep) - {"date"}
        self.held: dict[int, tuple[int, int, str]] = {}
        self.bar = tqdm(
            total=source.size or None, desc="labelling", unit="B", unit_scale=True, file=sys.stderr
        )

    def pending(self) -> Iterator[Part]:
        """Yield number and texts of every part that is not labelled yet."""
        before = 0
        for number, part in enumerate(_cut_parts(self.source, self.rejected)):
            digest = _digest(part)
            self.unseen -= {key for text in part for key in text.kept}
            self.held[number] = (self.source.done - before, len(part), digest)
            before = self.source.done
            if self.ledger.done(number, digest):
                self._count(number)
            else:
                yield number, part

    def write(self, done: LabelledPart, places: Places) -> None:
        """Write a part that was labelled."""
        files = {places.of(done.number): done.labels}
        if places.judged:
            files[places.review(done.number)] = done.review
        for path, data in files.items():
            write_bytes(path, data)
        # Last, for a part that the ledger has is done.
        self.ledger.add(done.number, self.held[done.number][2], files, done.tally)
        self._count(done.number)

    def _count(self, number: int) -> None:
        size, texts, _ = self.held.pop(number)
        self.texts += texts
        self.bar.update(size)
        self.bar.set_postfix(texts=self.texts, rejected=self.rejected.count)

    def end(self) -> None:
        """Fill the bar: the source may end in what cannot be read."""
        self.ledger.close()
        self.bar.update(max(0, self.source.size - self.bar.n))
        self.bar.close()


class Rejections:
    """What could not be read, written as it is met."""

    def __init__(self, file: IO[str], *, strict: bool) -> None:
        self.file = file
        self.strict = strict
        self.count = self.rests = 0

    def add(self, one: RejectedRow) -> None:
        """Write what could not be read; with `strict`, stop there."""
        if self.strict:
            at = f", line {one.line}" if one.line else ""
            raise KitError(
                f"{one.file}{at}: {one.reason}. Correct it, or go on without it: strict=false"
            )
        with writing(REJECTED):
            self.file.write(
                json_line({"file": one.file, "line": one.line, "reason": one.reason}) + "\n"
            )
        self.count += 1
        self.rests += one.rest

    def told(self, path: Path) -> str:
        """Return the end of a sentence that says how much could not be read."""
        if not self.count:
            return ""
        whole = f", of which {self.rests:,} files or rests of files" if self.rests else ""
        return f"; {self.count:,} could not be read{whole}: {path} says which and why"


def _cut_parts(source: TextSource, rejected: Rejections) -> Iterator[list[InputText]]:
    part: list[InputText] = []
    held = 0
    for one in source:
        if isinstance(one, RejectedRow):
            rejected.add(one)
            continue
        part.append(one)
        held += len(one.article.text)
        if held >= CHARACTERS or len(part) >= TEXTS:
            yield part
            part, held = [], 0
    if part:
        yield part


def _digest(part: list[InputText]) -> str:
    """Return what tells the texts of a part from others, with all that is known of them."""
    whole = hashlib.sha256()
    for text in part:
        whole.update(json.dumps(asdict(text)).encode())
    return whole.hexdigest()


def _job_settings(
    texts: TextSource, job: LabellingJob, models: Sequence[SavedModel]
) -> dict[str, object]:
    """Return all that labels depend on, but for what the files hold: of that each part keeps a sum."""
    names = job.finder.gazetteer
    if names:
        # A fault in it is told before anything is written.
        load_gazetteer(names)
    return {
        "input": [list(one) for one in texts.files],
        "models": {one.folder.name: sha256(one.folder / "manifest.json") for one in models},
        "actors": {"ner": job.finder.ner, "gazetteer": sha256(Path(names)) if names else ""},
        "title": job.title,
        "targets": list(job.targets),
        "keep": list(job.keep),
        "risk": job.risk,
        "kind": job.kind,
        "backend": job.backend,
        "part": [CHARACTERS, TEXTS],
        "stancekit": version("stancekit"),
    }


def _check_same_job(folder: Path, settings: dict[str, object]) -> None:
    """See to it that a folder holds parts of this very labelling, or none."""
    file = folder / SETTINGS
    # What a process that was killed left half-written: the lock says that no other is writing.
    with writing(folder):
        for place in (*folder.glob(".*.tmp"), *folder.glob("review/.*.tmp")):
            if place.name.startswith(tuple(f".{own}" for own in _OWN)):
                place.unlink(missing_ok=True)
    if not file.exists():
        if parts := sorted(one.name for one in folder.glob("part-*")):
            raise KitError(
                f"{folder} holds {listing(parts)} without {SETTINGS}; choose another folder with output="
            )
        write_json(file, settings)
        return
    try:
        before = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        raise KitError(
            f"{file} cannot be read; choose another folder with output=, or remove this one"
        ) from None
    if other := [key for key in settings if before.get(key) != settings[key]]:
        raise KitError(
            f"{folder} holds labels with other {listing(other)}; choose another folder with output=, or remove this one"
        )
