"""Work that takes long, done in a process of its own while pages go on: one piece at a time."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any, Self

Task = Mapping[str, Any]
Answer = dict[str, Any]


class Errands:
    """Runs tasks of `stancekit.annotation.outlook`; use it in a `with` block, whose end stops them.

    Examples
    --------
    >>> with Errands() as errands:
    ...     errands.running
    """

    def __init__(self) -> None:
        self.running: Task | None = None
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Return the errands themselves."""
        return self

    def __exit__(self, *error: object) -> None:
        """Stop what is running."""
        self.stop()

    def start(self, task: Task, done: Callable[[Answer], None]) -> None:
        """Begin a task in the place of one that is running; its answer is given to `done`, in a thread.

        What fails is told as `told`.
        """
        self.stop()
        with self._lock:
            self.running = task
            self._process = subprocess.Popen(  # this very Python, and no words of others
                [sys.executable, "-m", "stancekit.annotation.outlook"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                # Cores are left to whoever judges; modules are found where this process finds them.
                env=os.environ
                | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
                | {"OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"},
            )
            self._thread = threading.Thread(
                target=self._wait, args=(self._process, task, done), daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """End what is running; nobody is told an answer."""
        with self._lock:
            process, thread = self._process, self._thread
            self._process = self.running = None
        if process is not None:
            process.kill()
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _wait(
        self, process: "subprocess.Popen[str]", task: Task, done: Callable[[Answer], None]
    ) -> None:
        output, errors = process.communicate(json.dumps(task))
        with self._lock:
            if self._process is not process:
                return
        try:
            found: Answer = json.loads(output)
        except ValueError:
            lines = errors.strip().splitlines() or [f"ended with {process.returncode}"]
            found = {"told": f"this failed: {lines[-1]}"}
        try:
            done(found)
        finally:
            with self._lock:
                if self._process is process:
                    self._process = self.running = None
