"""Where parts of an archive are labelled: in this process, or by the workers of a Ray cluster."""

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

from stancekit.errors import KitError, MissingExtra
from stancekit.labelling.input_text import InputText
from stancekit.labelling.label_encoding import encode_rows
from stancekit.labelling.labeller import Labeller, LabellingJob
from stancekit.labelling.tally import Tally

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


def label_part(
    job: LabellingJob, labeller: Labeller, number: int, texts: Sequence[InputText]
) -> LabelledPart:
    """Label the texts of a part."""
    labelled = labeller(texts)
    books = list(job.labelled_codebooks.values())
    sure = [row.to_dict() for row in labelled.sure]
    unsure = [row.to_dict() for row in labelled.unsure]
    # How many pairs it read is in the ledger: all parts are of one schema.
    extent = job.extent()
    encoded = encode_rows(job.format, sure, books, fields=job.further_columns, extent=extent)
    review = encode_rows("jsonl", unsure, books, extent=extent)
    return LabelledPart(number, encoded, review, labelled.tally)


def label_locally(job: LabellingJob, parts: Iterable[Part]) -> Iterator[LabelledPart]:
    """Label part after part in this process."""
    labeller = job.labeller()
    for number, texts in parts:
        yield label_part(job, labeller, number, texts)


def label_with_ray(
    job: LabellingJob, parts: Iterable[Part], workers: int | None = None
) -> Iterator[LabelledPart]:
    """Label parts by Ray, one worker per processor: of this machine, or of the cluster at `RAY_ADDRESS`.

    No more than two parts per worker are in memory at a time, and labels come back in any order.
    What a worker that died was doing is done again by another. The models' folders have to be there
    on every machine.

    Raises
    ------
    MissingExtra
        When Ray is not installed.
    """
    try:
        library: Any = import_module("ray")
    except ImportError:
        raise MissingExtra("ray", "ray") from None
    started = _start(library, workers)
    pool: list[Any] = []
    try:
        size = workers or max(1, int(library.cluster_resources().get("CPU", 1)))
        remote = library.remote(num_cpus=1, max_restarts=RETRIES, max_task_retries=RETRIES)
        start = remote(Worker).remote
        absolute = _with_absolute_folders(job)
        # Workers that can take one more part, and which of them each part runs on.
        free: deque[Any] = deque()
        running: dict[Any, Any] = {}
        for part in parts:
            if len(pool) < size:
                worker = start(absolute)
                pool.append(worker)
                free.extend([worker] * (AHEAD - 1))
            else:
                if not free:
                    yield _first_done(library, running, free)
                worker = free.popleft()
            running[worker.label.remote(*part)] = worker
        while running:
            yield _first_done(library, running, free)
    finally:
        for worker in pool:
            library.kill(worker)
        if started:
            library.shutdown()


def _with_absolute_folders(job: LabellingJob) -> LabellingJob:
    """Return a job for a worker, which may run in another folder."""
    models = [replace(model, folder=model.folder.absolute()) for model in job.models]
    return replace(job, models=tuple(models))


def _start(library: Any, workers: int | None) -> bool:
    """Start or join a cluster where there is none yet, and return whether that was needed."""
    if library.is_initialized():
        return False
    size = {} if os.environ.get("RAY_ADDRESS") else {"num_cpus": workers or os.cpu_count()}
    library.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR", **size)
    return True


def _first_done(library: Any, running: dict[Any, Any], free: deque[Any]) -> LabelledPart:
    """Wait for a part that is done, and free its worker."""
    [reference], _ = library.wait(list(running), num_returns=1)
    free.append(running.pop(reference))
    try:
        part: LabelledPart = library.get(reference)
    except library.exceptions.RayTaskError as error:
        raise error.cause if isinstance(error.cause, KitError) else error from None
    return part


class Worker:
    """A process that has loaded the models."""

    def __init__(self, job: LabellingJob) -> None:
        self.job = job
        self.labeller = job.labeller()

    def label(self, number: int, texts: Sequence[InputText]) -> LabelledPart:
        """Label the texts of a part."""
        return label_part(self.job, self.labeller, number, texts)


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
