"""Where parts of an archive are labelled: in this process, or by the workers of a Ray cluster."""

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from stancekit.errors import KitError, MissingExtra
from stancekit.labelling.labeller import Labeller, Tally, content, load_models
from stancekit.labelling.sources import InputText
from stancekit.text import ActorFinder

ENGINES = ("local", "ray")
# Parts that a worker is given at once, so that it never waits for the next, and how often a part is
# tried again.
AHEAD, RETRIES = 2, 3
Part = tuple[int, list[InputText]]


@dataclass(frozen=True, slots=True)
class LabelledPart:
    """A part's labels, and the rows that a person should judge, as they are to be written."""

    number: int
    labels: bytes
    review: bytes
    tally: Tally


@dataclass(frozen=True, slots=True)
class LabellingJob:
    """What is done with every part, wherever it is done."""

    saved: Path
    finder: ActorFinder = field(default_factory=ActorFinder)
    targets: tuple[str, ...] = ()
    backend: str = "torch"
    risk: float | None = None
    keep: tuple[str, ...] = ("date",)
    kind: str = "jsonl"
    title: bool = True

    def labeller(self) -> Labeller:
        """Load the models, and names of actors as their file has them now."""
        return Labeller(
            *load_models(self.saved, self.backend), replace(self.finder), self.targets, self.risk
        )

    def done(self, labeller: Labeller, number: int, texts: Sequence[InputText]) -> LabelledPart:
        """Label the texts of a part."""
        found = labeller(texts)
        return LabelledPart(
            number,
            content(self.kind, found.sure, self.keep),
            content("jsonl", found.unsure),
            found.tally,
        )


def label_locally(job: LabellingJob, parts: Iterable[Part]) -> Iterator[LabelledPart]:
    """Label part after part in this process."""
    labeller = job.labeller()
    for number, texts in parts:
        yield job.done(labeller, number, texts)


def label_with_ray(
    job: LabellingJob, parts: Iterable[Part], workers: int | None = None
) -> Iterator[LabelledPart]:
    """Label parts by Ray, one worker per processor: of this machine, or of the cluster at `RAY_ADDRESS`.

    No more than two parts per worker are held at a time, and labels come back in any order. What a
    worker that died was doing is done again by another. The models' folder has to be there on every
    machine.

    Raises
    ------
    MissingExtra
        When Ray is not installed.
    """
    try:
        library: Any = import_module("ray")
    except ImportError:
        raise MissingExtra("ray", "ray") from None
    own = _start(library, workers)
    pool: list[Any] = []
    try:
        size = workers or max(1, int(library.cluster_resources().get("CPU", 1)))
        start = library.remote(num_cpus=1, max_restarts=RETRIES, max_task_retries=RETRIES)(
            Worker
        ).remote
        # Workers that can take a part more, and which of them each part runs on.
        free: deque[Any] = deque()
        running: dict[Any, Any] = {}
        for part in parts:
            if len(pool) < size:
                pool.append(start(replace(job, saved=job.saved.absolute())))
                free.extend(pool[-1:] * (AHEAD - 1))
                worker = pool[-1]
            else:
                if not free:
                    yield _first_done(library, running, free)
                worker = free.popleft()
            running[worker.done.remote(*part)] = worker
        while running:
            yield _first_done(library, running, free)
    finally:
        for worker in pool:
            library.kill(worker)
        if own:
            library.shutdown()


def _start(library: Any, workers: int | None) -> bool:
    """Start or join a cluster where there is none yet, and say so."""
    if library.is_initialized():
        return False
    alone = {} if os.environ.get("RAY_ADDRESS") else {"num_cpus": workers or os.cpu_count()}
    library.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR", **alone)
    return True


def _first_done(library: Any, running: dict[Any, Any], free: deque[Any]) -> LabelledPart:
    """Wait for a part that is done, and free its worker."""
    [reference], _ = library.wait(list(running), num_returns=1)
    free.append(running.pop(reference))
    try:
        done: LabelledPart = library.get(reference)
    except library.exceptions.RayTaskError as error:
        raise error.cause if isinstance(error.cause, KitError) else error from None
    return done


class Worker:
    """A process that has loaded the models."""

    def __init__(self, job: LabellingJob) -> None:
        self.job = job
        self.labeller = job.labeller()

    def done(self, number: int, texts: Sequence[InputText]) -> LabelledPart:
        """Label the texts of a part."""
        return self.job.done(self.labeller, number, texts)


def label_parts(
    engine: str, job: LabellingJob, parts: Iterable[Part], workers: int | None
) -> Iterator[LabelledPart]:
    """Label parts by the engine of that name."""
    return label_locally(job, parts) if engine == "local" else label_with_ray(job, parts, workers)


def check_engine(engine: str, workers: int | None) -> None:
    """Raise a `KitError` when there is no engine of that name, or no worker would be at work."""
    if engine not in ENGINES:
        raise KitError(
            f"unknown engine={engine!r}; there are {', '.join(ENGINES)}. Set engine=local"
        )
    if workers is not None and workers < 1:
        raise KitError(
            f"workers={workers}; at least 1 is needed, or leave it out: one per processor"
        )
