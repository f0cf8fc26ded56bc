"""Who judges which items in which order: drawn from the settings, and the same whenever it is asked."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stancekit.annotation.project import Project
from stancekit.annotation.settings import ProjectSettings
from stancekit.types import BoolArray

# An item and whether it is the second time.
Step = tuple[int, int]
# A second time comes at least so many items after the first, and at most so many.
REPEAT_AFTER = 20
_REPEAT_BEFORE = 60


@dataclass(slots=True)
class _Queue:
    """An annotator's steps, and how far they are, as of the last judgement that was read."""

    steps: list[Step]
    done: set[Step] = field(default_factory=set)
    first: int = 0
    last: int = 0


def order_of(project: Project, annotator: str) -> list[Step]:
    """Return what an annotator is to judge, in order: numbers of items, with 1 where it is the second time.

    The calibration block comes first, in the same order for all. Then, addition by addition, come
    the items that are this annotator's, in an order of their own, with hidden second times and
    controls among them. Who is added later takes over the last items of those before, so that as
    little as possible of what was judged is judged again. A lead has none.

    Raises
    ------
    KitError
        When there is no such annotator.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "study.db"
    >>> rows = [{"text": f"Peru said no {n} times."} for n in range(4)]
    >>> with Project.create(file, rows=rows, codebooks=["stance"], annotators=["ana", "ben"]) as project:
    ...     orders = [order_of(project, name) for name in ("ana", "ben")]
    >>> sorted(orders[0] + orders[1])
    [(1, 0), (2, 0), (3, 0), (4, 0)]
    """
    return list(_queue(project, annotator).steps)


def next_item(project: Project, annotator: str) -> Step | None:
    """Return what an annotator judges next, `None` where all is judged.

    What was taken back comes again. Only judgements since the last call are read.

    Raises
    ------
    KitError
        When there is no such annotator.
    """
    queue = _queue(project, annotator)
    _read_progress(project, annotator, queue)
    for place in range(queue.first, len(queue.steps)):
        if queue.steps[place] not in queue.done:
            queue.first = place
            return queue.steps[place]
    queue.first = len(queue.steps)
    return None


def progress_of(project: Project, annotator: str) -> tuple[int, int]:
    """Return how many of an annotator's items are judged, and how many there are.

    Raises
    ------
    KitError
        When there is no such annotator.
    """
    queue = _queue(project, annotator)
    _read_progress(project, annotator, queue)
    return sum(step in queue.done for step in queue.steps), len(queue.steps)


def _queue(project: Project, annotator: str) -> _Queue:
    project.annotator(annotator)
    people = tuple(person.name for person in project.annotators if person.role == "annotator")
    state = (project.settings, people, project.last_item)
    if project.memo.get("orders of") != state:
        steps = _make_steps(project, people)
        project.memo["orders of"] = state
        project.memo["orders"] = {name: _Queue(its) for name, its in steps.items()}
    queues: dict[str, _Queue] = project.memo["orders"]
    return queues.setdefault(annotator, _Queue([]))


def _read_progress(project: Project, annotator: str, queue: _Queue) -> None:
    """Read the judgements since the last one that was read."""
    for number, step, stands in project.steps_since(annotator, queue.last):
        queue.last = number
        if stands:
            queue.done.add(step)
        else:
            queue.done.discard(step)
            queue.first = 0


def _make_steps(project: Project, people: Sequence[str]) -> dict[str, list[Step]]:
    calibration: list[Step] = []
    rounds: dict[int, tuple[list[int], list[int]]] = {}
    for number, of_round, kind in project.kinds():
        if kind == "calibration":
            calibration.append((number, 0))
        else:
            sampled, controls = rounds.setdefault(of_round, ([], []))
            (controls if kind == "control" else sampled).append(number)
    steps = {name: list(calibration) for name in people}
    for of_round, (sampled, controls) in sorted(rounds.items()):
        for name, its in _round_steps(project.settings, people, of_round, sampled, controls):
            steps[name] += its
    return steps


def _round_steps(
    settings: ProjectSettings,
    people: Sequence[str],
    of_round: int,
    sampled: Sequence[int],
    controls: Sequence[int],
) -> Iterator[tuple[str, list[Step]]]:
    """Yield each annotator's steps of the items that were added together."""
    numbers = np.array(sampled, dtype=np.int64)
    randoms = [_random(settings.random_state, of_round, f"annotator {name}") for name in people]
    places = np.array([random.permutation(len(numbers)) for random in randoms])
    several = _random(settings.random_state, of_round, "several").permutation(len(numbers))
    n_several = round(settings.share * len(numbers))
    copies = len(people) if settings.overlap == "all" else settings.overlap
    owned = np.zeros((len(people), len(numbers)), dtype=bool)
    for chosen, times in ((several[:n_several], copies), (several[n_several:], 1)):
        if len(people):
            owned[:, chosen] = divide(places[:, chosen], times)
    for index, (name, random) in enumerate(zip(people, randoms, strict=True)):
        own = np.flatnonzero(owned[index])
        ordered = numbers[own[np.argsort(places[index, own])]].tolist()
        yield name, _mix(ordered, controls, settings.repeats, random)


def divide(places: NDArray[np.int64], copies: int) -> BoolArray:
    """Return which items are whose, shape (people, items): each item `copies` people's, all with equally many.

    The first people have all items; each one after them takes from those before their last ones,
    so that one more person changes nothing of what comes early.

    Parameters
    ----------
    places
        Where each item comes in each person's order, shape (people, items).

    Examples
    --------
    >>> divide(np.array([[0, 1, 2, 3], [3, 2, 1, 0]]), 1).tolist()
    [[True, True, False, False], [False, False, True, True]]
    """
    people, items = places.shape
    owned = np.zeros((people, items), dtype=bool)
    owned[:copies] = True
    for new in range(copies, people):
        each, more = divmod(copies * items, new + 1)
        for old in range(new):
            surplus = int(owned[old].sum()) - each - (old < more)
            free = np.flatnonzero(owned[old] & ~owned[new])
            # A surplus of nothing must not take all.
            taken = free[np.argsort(places[old, free])][len(free) - max(surplus, 0) :]
            owned[old, taken], owned[new, taken] = False, True
    return owned


def _mix(
    own: Sequence[int], controls: Sequence[int], repeats: float, random: np.random.Generator
) -> list[Step]:
    """Return items in their order, with second times and controls among them."""
    n = len(own)
    placed = [(float(place), (number, 0)) for place, number in enumerate(own)]
    # Evenly spaced in a random order is at random, and gives the share itself.
    begin = random.random()
    gaps = random.integers(REPEAT_AFTER, _REPEAT_BEFORE, size=n).tolist()
    for place, number in enumerate(own):
        again = int((place + 1) * repeats + begin) > int(place * repeats + begin)
        if again and place + REPEAT_AFTER < n:
            placed.append((min(place + gaps[place], n - 1) + 0.5, (number, 1)))
    spots = (random.random(len(controls)) * n - 0.75).tolist()
    chosen = random.permutation(np.array(controls, dtype=np.int64)).tolist()
    placed += [(spot, (number, 0)) for spot, number in zip(spots, chosen, strict=True)]
    placed.sort(key=lambda each: each[0])
    return [step for _, step in placed]


def _random(random_state: int, of_round: int, use: str) -> np.random.Generator:
    """Return a stream of random numbers of its own for each use."""
    digest = hashlib.sha256(use.encode("utf-8", "backslashreplace")).digest()
    return np.random.default_rng([random_state, of_round, int.from_bytes(digest[:8], "big")])
