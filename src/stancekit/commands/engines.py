"""Where parts of an archive are labelled: in this process, or by the workers of a Ray cluster."""

import json
import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from stancekit.commands.labelling import Labeller, content, load
from stancekit.errors import KitError, MissingExtra
from stancekit.text import ActorFinder
from stancekit.text.sources import Text
from stancekit.types import Article

ENGINES = ("local", "ray")
Part = tuple[int, list[Text]]
# The number of a part, its labels, and the rows that a person should judge, as they are to be written.
Done = tuple[int, bytes, bytes]


@dataclass(frozen=True, slots=True)
class Job:
    """What is done with every part, wherever it is done."""

    saved: Path
    finder: ActorFinder = field(default_factory=ActorFinder)
    targets: tuple[str, ...] = ()
    backend: str = "torch"
    risk: float | None = None
    keep: tuple[str, ...] = ("date",)
    kind: str = "jsonl"

    def labeller(self) -> Labeller:
        """Load the models."""
        return Labeller(*load(self.saved, self.backend), self.finder, self.targets)

    def done(self, labeller: Labeller, number: int, texts: Sequence[Text]) -> Done:
        """Label the texts of a part."""
        sure, unsure = labeller.divided(labeller(texts), self.risk)
        return number, content(self.kind, sure, self.keep), content("jsonl", unsure)


def local(job: Job, parts: Iterable[Part]) -> Iterator[Done]:
    """Label part after part in this process."""
    labeller = job.labeller()
    for number, texts in parts:
        yield job.done(labeller, number, texts)


def ray(job: Job, parts: Iterable[Part], workers: int | None = None) -> Iterator[Done]:
    """Label parts by Ray Data, one worker per processor: of this machine, or of the cluster at `RAY_ADDRESS`.

    Texts go into Ray's object store, which spills to disk, and labels come back in any order. What a worker that died
    was doing is done again by another. The models' folder has to be there on every machine.

    Raises
    ------
    MissingExtra
        When Ray is not installed.
    """
    import pyarrow

    try:
        library: Any = import_module("ray")
        import_module("ray.data")
    except ImportError:
        raise MissingExtra("ray", "ray") from None
    own = not library.is_initialized()
    if own:
        alone = {} if os.environ.get("RAY_ADDRESS") else {"num_cpus": workers or os.cpu_count()}
        library.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR", **alone)
    try:
        size = workers or max(1, int(library.cluster_resources().get("CPU", 1)))
        refs = [library.put(pyarrow.table(_packed(*part))) for part in parts]
        if not refs:
            return
        _quiet(library)
        rows = library.data.from_arrow_refs(refs).map_batches(
            Worker,
            fn_constructor_args=(replace(job, saved=job.saved.absolute()),),
            batch_size=None,
            batch_format="pyarrow",
            num_cpus=1,
            compute=library.data.ActorPoolStrategy(size=min(size, len(refs))),
        )
        for row in rows.iter_rows():
            yield row["number"], row["labels"], row["review"]
    finally:
        if own:
            library.shutdown()


class Worker:
    """A process that has loaded the models."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.labeller = job.labeller()

    def __call__(self, table: Any) -> Any:
        """Label every part in a table."""
        import pyarrow

        done = [
            self.job.done(self.labeller, row["number"], [_unpacked(json.loads(one)) for one in row["texts"]])
            for row in table.to_pylist()
        ]
        return pyarrow.table(dict(zip(("number", "labels", "review"), map(list, zip(*done, strict=True)), strict=True)))


def _packed(number: int, texts: Sequence[Text]) -> dict[str, list[Any]]:
    return {"number": [number], "texts": [[json.dumps(asdict(one)) for one in texts]]}


def _unpacked(row: dict[str, Any]) -> Text:
    return Text(**{**row, "article": Article(**row["article"])})


def _quiet(library: Any) -> None:
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = library.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False


def choose(engine: str, job: Job, parts: Iterable[Part], workers: int | None) -> Iterator[Done]:
    """Label parts by the engine of that name.

    Raises
    ------
    KitError
        When there is none.
    """
    if engine not in ENGINES:
        raise KitError(f"unknown engine={engine!r}; there are {', '.join(ENGINES)}. Set engine=local")
    return local(job, parts) if engine == "local" else ray(job, parts, workers)
