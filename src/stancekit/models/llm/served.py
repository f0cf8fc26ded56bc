"""A model behind a server, as a run sees it: the process that sends its requests, and what that tells."""

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

from stancekit.errors import KitError, printable
from stancekit.models.llm import pool
from stancekit.models.llm.answers import keeps_schema, tells_probabilities
from stancekit.models.llm.backends import Count, Request
from stancekit.models.llm.questions import ChatQuestion, Mode, request_body, request_key
from stancekit.models.llm.replies import ReplyStore

log = logging.getLogger(__name__)

# Requests that are handed over and not counted yet, at most: some are under way, some wait to be tried again.
_MOST_AHEAD = 1000


class ServedModel:
    """A model behind a server.

    Its requests are sent by a process of its own (`stancekit.models.llm.sender`), which writes each
    reply to the store before it tells of it. Where this process is killed, that one finishes what is
    under way.

    Parameters
    ----------
    name
        What the server calls the model.
    parallel
        How many requests are under way at most.
    connection
        How the server is reached: further parameters of `ChatServer`.
    """

    def __init__(self, name: str, *, parallel: int, **connection: Any) -> None:
        self.name = name
        self.parallel = parallel
        self._settings = {"name": name, "parallel": parallel, "server": connection}
        self._process: subprocess.Popen[bytes] | None = None

    def open(self, store: ReplyStore) -> dict[str, str]:
        """Start the process; return what the server says of the model, when no other run asks for this store.

        Raises
        ------
        KitError
            When the server may not be asked, does not answer, or has other models.
        """
        self._store = store
        self._ready = False
        self._process = _start_sender()
        self._lines: SimpleQueue[bytes] = SimpleQueue()
        self._listener = threading.Thread(
            target=self._listen, args=(self._process.stdout,), daemon=True
        )
        self._listener.start()
        self._write({**self._settings, "store": str(store.path), "first_wait": pool.FIRST_WAIT})
        facts: dict[str, str] = self._hear()["facts"]
        self._ready = True
        return facts

    def choose_mode(self, question: ChatQuestion) -> Mode:
        """Return how the server answers; the replies that showed it are in the store.

        `logprobs` where it tells probabilities, `votes` where it keeps to a schema, else `letters`.
        """
        reply = self._try(question, "logprobs")
        if reply and tells_probabilities(reply):
            return "logprobs"
        reply = self._try(question, "votes")
        return "votes" if reply and keeps_schema(reply, question.letters) else "letters"

    def _try(self, question: ChatQuestion, mode: Mode) -> str | None:
        """Return the reply to a question, `None` where the server does not take it."""
        self._ask(question, mode, trial=True)
        self._hear()
        return self._store.get(request_key(request_body(question, self.name, mode)))

    def answer(self, requests: Iterable[Request], mode: Mode, count: Count) -> None:
        """Have requests sent, `parallel` at a time."""
        ahead = 0
        for question, _ in requests:
            if ahead == _MOST_AHEAD:
                self._hear_reply(count)
                ahead -= 1
            self._ask(question, mode)
            ahead += 1
        for _ in range(ahead):
            self._hear_reply(count)

    def close(self) -> None:
        """End the process; what is under way is finished and kept first."""
        process, self._process = self._process, None
        if process is None or not (process.stdin and process.stdout and process.stderr):
            return
        if not self._ready:
            # Nothing was sent, and it may be waiting for another run.
            process.kill()
        with suppress(OSError):
            process.stdin.close()
        # With a limit, so that Ctrl-C is heard.
        while self._listener.is_alive():
            self._listener.join(0.2)
        process.wait()
        process.stdout.close()
        process.stderr.close()

    def _ask(self, question: ChatQuestion, mode: Mode, *, trial: bool = False) -> None:
        fields = (question.example, question.prompt, question.letters)
        self._write([trial, mode, *fields, question.order, question.messages])

    def _hear_reply(self, count: Count) -> None:
        if told := self._hear()["reply"]:
            characters, read, written = told
            count(characters, (read, written))

    def _write(self, said: object) -> None:
        """Write a line to the process; one that has ended is found out when it is heard."""
        if self._process and (stdin := self._process.stdin):
            with suppress(OSError):
                stdin.write(json.dumps(said).encode() + b"\n")
                stdin.flush()

    def _listen(self, told: Iterable[bytes]) -> None:
        for line in told:
            self._lines.put(line)
        self._lines.put(b"")

    def _hear(self) -> dict[str, Any]:
        """Return what the process tells next; warnings are passed on, and errors raised."""
        while True:
            try:
                line = self._lines.get(timeout=0.2)
            except Empty:
                # With a limit, so that Ctrl-C is heard.
                continue
            if not line.endswith(b"\n"):
                raise KitError(self._ended())
            said: dict[str, Any] = json.loads(line)
            if "warning" in said:
                log.warning("%s", said["warning"])
            elif "error" in said:
                raise KitError(said["error"])
            elif "failure" in said:
                raise RuntimeError(said["failure"])
            else:
                return said

    def _ended(self) -> str:
        """Return in words how the process ended that should not have."""
        process = self._process
        if process is None or process.stderr is None:
            return "no process sends requests"
        last = process.stderr.read().decode("utf-8", "replace").strip().splitlines()[-1:]
        code = process.wait()
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        why = f": {printable(last[0], most=200)}" if last else ""
        return f"the process that sends the requests {how}{why}"


def _start_sender() -> "subprocess.Popen[bytes]":
    """Start the process apart from this one's terminal, so that neither Ctrl-C nor its end reaches it."""
    apart: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
        apart = {"creationflags": flags}
    return subprocess.Popen(  # this very Python, and no words of others
        [sys.executable, "-P", "-m", "stancekit.models.llm.sender"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # Modules are found where this process finds them.
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        **apart,
    )
