"""More rows for a project: what they are expected to bring, and drawing them, while pages go on."""

import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, cast
from urllib.parse import parse_qsl

from stancekit.annotation.errands import Answer, Errands, Task
from stancekit.annotation.project import Project
from stancekit.codebook import Codebook
from stancekit.errors import KitError
from stancekit.fileio import write_jsonl
from stancekit.labelling.label_files import RowSource, list_tables
from stancekit.labelling.labels import Labels, read_labels
from stancekit.prevalence.sampling import DESIGNS
from stancekit.views import DataFrame

MOST_DRAWN = 100_000
_MOST_ASKED = 50


@dataclass(frozen=True, slots=True)
class NextForm:
    """What is asked for: how many rows of which codebook, how they are drawn, and the last item that the page knew."""

    n: str = "100"
    design: str = "uncertain"
    by: str = ""
    codebook: str = ""
    seen: str = ""

    @classmethod
    def read(cls, body: bytes) -> "NextForm":
        """Read the body of a request; what is no field of this form is not looked at."""
        written = body.decode("utf-8", "replace")
        try:
            pairs = parse_qsl(written, keep_blank_values=True, max_num_fields=_MOST_ASKED)
        except ValueError:
            raise KitError(f"a form has more than {_MOST_ASKED} fields") from None
        known = {name: value.strip() for name, value in pairs if name in cls.__dataclass_fields__}
        return cls(**known)

    def faults(self, designs: Sequence[str]) -> list[str]:
        """Return what is wrong with it, for whoever filled it in."""
        told = []
        if not (self.n.isascii() and self.n.isdigit() and 1 <= int(self.n[:9]) <= MOST_DRAWN):
            told.append(f"How many rows? Give a number from 1 to {MOST_DRAWN:,}.")
        if self.design not in designs:
            told.append(f"Choose how rows are drawn: {', '.join(designs)}.")
        if self.design == "stratified" and not self.fields:
            told.append("To draw as many of each value, name the column of the labels, as actor.")
        return told

    @property
    def fields(self) -> list[str]:
        """Return the columns of the labels that rows are stratified by."""
        return [part for part in (each.strip() for each in self.by.split(",")) if part]


@dataclass(frozen=True, slots=True)
class Outlook:
    """What more rows are expected to bring, from what was judged at a moment."""

    state: object
    n_judged: int
    answer: Answer


@dataclass(slots=True)
class NextRows:
    """Draws rows for a project from labels, and looks ahead; use it in a `with` block.

    Attributes
    ----------
    project
        Open to be written.
    labels
        What `stancekit label` wrote, or labels in Python; several for `design=disagreement`. Without
        any, nothing is drawn.
    told
        What came of the last draw, and whether it went wrong.
    """

    project: Project
    labels: Sequence[RowSource] = ()
    told: tuple[str, bool] = ("", False)
    errands: Errands = field(default_factory=Errands)
    _outlooks: dict[str, Outlook] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _folder: "tempfile.TemporaryDirectory[str] | None" = None
    _files: tuple[str, ...] = ()

    @classmethod
    def of(cls, project: Project, labels: Any = None) -> Self:
        """Return those of a project, from one table of labels, several, or none."""
        return cls(project, () if labels is None else list_tables(labels))

    def __enter__(self) -> Self:
        """Return the next rows themselves."""
        return self

    def __exit__(self, *error: object) -> None:
        """Stop what is running."""
        self.errands.stop()
        if self._folder is not None:
            self._folder.cleanup()

    @property
    def designs(self) -> list[str]:
        """Return how rows can be drawn from these labels."""
        several = len(self.labels) > 1
        return [name for name in DESIGNS if (name == "disagreement") <= several]

    @property
    def drawing(self) -> bool:
        """Say whether rows are being drawn."""
        task = self.errands.running
        return task is not None and task["kind"] == "draw"

    def outlook(self, book: Codebook, judged: int, state: object) -> tuple[Outlook | None, bool]:
        """Return what is known of a codebook, and whether it is being computed, which this begins.

        Parameters
        ----------
        judged
            How many judgements there are.
        state
            What it depends on in the project.
        """
        with self._lock:
            now = (state, self._state_of_files())
            kept = self._outlooks.get(book.name)
            running = self.errands.running
            if running is None and (kept is None or kept.state != now):

                def keep(answer: Answer) -> None:
                    self._outlooks[book.name] = Outlook(now, judged, answer)

                running = {"kind": "look", "labels": self._paths()[0], "codebook": book.name}
                self._begin(running, keep)
            doing = (running["kind"], running["codebook"]) if running else None
            return kept, doing == ("look", book.name)

    def draw(self, form: NextForm, book: Codebook) -> None:
        """Begin to draw rows, which are then items of the project, as a batch of its own.

        Raises
        ------
        KitError
            When rows are being drawn, or were added after the form was shown.
        """
        with self._lock:
            if self.drawing:
                raise KitError("rows are being drawn already; wait until they are there")
            if form.seen != str(self.project.last_item):
                raise KitError(
                    "items were added since this page was made; look at them, and draw again if more "
                    "are wanted"
                )
            request = {"n": int(form.n), "design": form.design, "by": form.fields}
            # Each batch is drawn with numbers of its own.
            state = self.project.settings.random_state + self.project.last_item
            self.told = ("", False)
            task = {"kind": "draw", "labels": self._paths(), "codebook": book.name}
            self._begin(task | {"request": request | {"random_state": state}}, self._add)

    def _begin(self, task: Task, done: Callable[[Answer], None]) -> None:
        self.errands.start({"project": str(self.project.path.absolute()), **task}, done)

    def _add(self, answer: Answer) -> None:
        if "told" in answer:
            self.told = (answer["told"], True)
            return
        try:
            added = self.project.add_items(answer["rows"])
        except KitError as error:
            self.told = (str(error), True)
            return
        self.told = (f"{added} of {answer['n_pool']} rows were drawn and added.", False)

    def _paths(self) -> tuple[str, ...]:
        """Return the files of the labels; those in Python are written into a folder for the time being."""
        if not self._files:
            files = []
            for number, table in enumerate(self.labels):
                if isinstance(table, str | Path):
                    files.append(str(Path(table).absolute()))
                    continue
                self._folder = self._folder or tempfile.TemporaryDirectory()
                path = Path(self._folder.name) / f"labels{number}.jsonl"
                write_jsonl(path, read_labels(cast("Labels | DataFrame", table)).rows)
                files.append(str(path))
            self._files = tuple(files)
        return self._files

    def _state_of_files(self) -> tuple[object, ...]:
        """Return what changes when texts are labelled again."""
        found: list[object] = []
        for name in self._paths():
            path = Path(name)
            parts = sorted(path.iterdir()) if path.is_dir() else [path]
            found += [(str(part), part.stat().st_mtime_ns) for part in parts if part.exists()]
        return tuple(found)
