"""Labels of an archive: text after text in constant memory, in parts that are whole, going on where it stopped."""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TextIO

from tqdm import tqdm

from stancekit.commands.engines import Job, Part, choose
from stancekit.commands.labelling import CODEBOOKS, COLUMNS, prepare
from stancekit.errors import KitError, listing
from stancekit.files import replacing, sha256, write_bytes, write_json
from stancekit.text.sources import Rejected, Source, Text

KINDS = ("jsonl", "parquet")
# Characters and texts of one part: so many are held in memory, labelled together and written at once.
CHARACTERS, TEXTS = 1_000_000, 10_000
SETTINGS, REJECTED = "labelling.json", "rejected.jsonl"


@dataclass(frozen=True, slots=True)
class Archive:
    """What labelling an archive came to: its folder, how many texts were labelled, and how many could not be read."""

    folder: Path
    texts: int
    rejected: int


def label_archive(
    source: str | Path,
    folder: Path,
    job: Job,
    *,
    engine: str = "local",
    workers: int | None = None,
    strict: bool = False,
) -> Archive:
    """Label all texts of a source into `folder/part-*.jsonl` or `.parquet`.

    Parts hold the same texts whenever the same source is read, so one that is there is not done again. What could not
    be read is named in `rejected.jsonl`; with a `risk`, rows to be judged by a person are in `review/`.

    Raises
    ------
    KitError
        When a field to keep has the name of a label's own; when the folder holds labels of another source, of other
        models or settings; and with `strict`, at the first text that cannot be read.
    """
    if job.kind not in KINDS:
        raise KitError(f"unknown kind={job.kind!r}; there are {', '.join(KINDS)}. Set kind=jsonl")
    if own := sorted(set(job.keep) & set(COLUMNS)):
        raise KitError(f"keep={own} are columns that labels have of their own; give the fields of the rows other names")
    texts = Source(source, keep=job.keep)
    prepare(job.saved)
    if not texts.files and any(folder.glob("part-*")):
        raise KitError(
            f"{folder} holds labels, and of standard input nobody knows whether they are its; choose another"
        )
    _same(folder, _settings(texts, job))
    with replacing(folder / REJECTED) as temporary, temporary.open("w", encoding="utf-8") as file:
        rejected = Rejections(file, strict=strict)
        progress = Progress(texts, rejected)
        places = Places(folder, job.kind)
        pending = (part for part in progress.read() if not progress.known(part, places.of(part[0])))
        for number, labels, review in choose(engine, job, pending, workers):
            if job.risk is not None:
                write_bytes(places.review(number), review)
            # Last, for a part that is there is done.
            write_bytes(places.of(number), labels)
            progress.done(number)
        progress.end()
    found = rejected.count
    told = f"; {found:,} could not be read: {folder / REJECTED} says which and why" if found else ""
    print(f"{progress.texts:,} texts labelled into {folder}{told}")
    return Archive(folder, progress.texts, found)


@dataclass(frozen=True, slots=True)
class Places:
    """Where parts lie."""

    folder: Path
    kind: str

    def of(self, number: int) -> Path:
        """Return the file of a part's labels."""
        return self.folder / f"part-{number:05}.{self.kind}"

    def review(self, number: int) -> Path:
        """Return the file of a part's rows that a person should judge."""
        return self.folder / "review" / f"part-{number:05}.jsonl"


class Progress:
    """Parts as they are read, and a bar of how much of the source is labelled."""

    def __init__(self, source: Source, rejected: "Rejections") -> None:
        self.source = source
        self.rejected = rejected
        self.texts = 0
        self.held: dict[int, tuple[int, int]] = {}
        self.bar = tqdm(total=source.size or None, desc="labelling", unit="B", unit_scale=True, file=sys.stderr)

    def read(self) -> Iterator[Part]:
        """Yield number and texts of every part."""
        before = 0
        for number, part in enumerate(_parts(self.source, self.rejected)):
            self.held[number] = (self.source.done - before, len(part))
            before = self.source.done
            yield number, part

    def known(self, part: Part, path: Path) -> bool:
        """Say whether a part was labelled before."""
        if path.exists():
            self.done(part[0])
            return True
        return False

    def done(self, number: int) -> None:
        """Count a part as labelled."""
        size, texts = self.held.pop(number)
        self.texts += texts
        self.bar.update(size)
        self.bar.set_postfix(texts=self.texts, rejected=self.rejected.count)

    def end(self) -> None:
        """Fill the bar: the source may end in what cannot be read."""
        self.bar.update(max(0, self.source.size - self.bar.n))
        self.bar.close()


class Rejections:
    """What could not be read, written as it is met."""

    def __init__(self, file: TextIO, *, strict: bool) -> None:
        self.file = file
        self.strict = strict
        self.count = 0

    def add(self, one: Rejected) -> None:
        """Write what could not be read; with `strict`, stop there."""
        if self.strict:
            at = f", line {one.line}" if one.line else ""
            raise KitError(f"{one.file}{at}: {one.reason}. Correct it, or go on without it: strict=false")
        self.file.write(json.dumps(asdict(one), ensure_ascii=False) + "\n")
        self.count += 1


def _parts(source: Source, rejected: Rejections) -> Iterator[list[Text]]:
    part: list[Text] = []
    held = 0
    for one in source:
        if isinstance(one, Rejected):
            rejected.add(one)
            continue
        part.append(one)
        held += len(one.article.text)
        if held >= CHARACTERS or len(part) >= TEXTS:
            yield part
            part, held = [], 0
    if part:
        yield part


def _settings(texts: Source, job: Job) -> dict[str, object]:
    """Return all that labels depend on."""
    files = [[file.relative_to(texts.root).as_posix(), file.stat().st_size] for file in texts.files]
    return {
        "input": files,
        "models": {name: sha256(job.saved / name / "manifest.json") for name in CODEBOOKS},
        "actors": {"ner": job.finder.ner, "gazetteer": str(job.finder.gazetteer or "")},
        "targets": list(job.targets),
        "keep": list(job.keep),
        "risk": job.risk,
        "kind": job.kind,
        "backend": job.backend,
        "part": [CHARACTERS, TEXTS],
        "stancekit": version("stancekit"),
    }


def _same(folder: Path, settings: dict[str, object]) -> None:
    """See to it that a folder holds parts of this very labelling, or none."""
    file = folder / SETTINGS
    # What a process that was killed left half-written.
    for path in (*folder.glob(".*.tmp"), *folder.glob("review/.*.tmp")):
        path.unlink(missing_ok=True)
    if not file.exists():
        if parts := sorted(one.name for one in folder.glob("part-*")):
            raise KitError(f"{folder} holds {listing(parts)} without {SETTINGS}; choose another folder with output=")
        write_json(file, settings)
        return
    try:
        before = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        raise KitError(f"{file} cannot be read; choose another folder with output=, or remove this one") from None
    if other := [key for key in settings if before.get(key) != settings[key]]:
        raise KitError(
            f"{folder} holds labels with other {listing(other)}; choose another folder with output=, or remove this one"
        )
