"""The process that sends requests: it writes every reply to the store, and outlives a run that is killed.

`python -m stancekit.models.llm.sender` reads lines of JSON from standard input: the settings, then a request each. It
tells what comes of them in lines of JSON: facts of the server, then each reply that was kept. When its input ends, it
begins nothing more, finishes what is under way, and ends. It imports little, as each run that asks starts it.
"""

import json
import logging
import os
import sqlite3
import sys
import threading
import time
import traceback
from collections.abc import Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stancekit.errors import KitError, printable
from stancekit.fileio import lock
from stancekit.models.llm.client import ChatServer, RefusedError, count_tokens
from stancekit.models.llm.pool import RequestPool
from stancekit.models.llm.questions import ChatQuestion, Mode, request_body, request_key
from stancekit.models.llm.replies import ReplyStore

log = logging.getLogger(__name__)

# What a server answers to a request with a field that it does not know.
_UNKNOWN_FIELD = (400, 422)


@dataclass(frozen=True, slots=True)
class Errand:
    """A question, and how it is asked.

    Attributes
    ----------
    trial
        Whether the server may refuse it, so that it is found out how it can be asked.
    """

    question: ChatQuestion
    mode: Mode
    trial: bool


class Sender:
    """Sends requests and keeps the replies, from when it has its store to itself.

    Parameters
    ----------
    name
        What the server calls the model.
    parallel
        How many requests are under way at most.
    first_wait
        Seconds until a request is tried again that failed once.
    """

    def __init__(
        self, server: ChatServer, store: ReplyStore, name: str, *, parallel: int, first_wait: float
    ) -> None:
        self.server = server
        self.store = store
        self.name = name
        self.pool = RequestPool(self._send, parallel=parallel, first_wait=first_wait)

    def run(self, lines: Iterable[bytes]) -> None:
        """Send what the lines ask for, until they end.

        Raises
        ------
        KitError
            When a request failed for good. Those under way are finished and kept first.
        """
        threading.Thread(target=self._read, args=(lines,)).start()
        self.pool.run()

    def _read(self, lines: Iterable[bytes]) -> None:
        try:
            for line in lines:
                # A run that is killed may leave half a line.
                if not line.endswith(b"\n"):
                    break
                trial, mode, example, prompt, letters, order, messages = json.loads(line)
                pairs = tuple((role, content) for role, content in messages)
                question = ChatQuestion(example, prompt, letters, tuple(order), pairs)
                self.pool.add(Errand(question, mode, trial))
        finally:
            self.pool.stop()

    def _send(self, errand: Errand) -> None:
        """Send a request unless it is under way or has its reply, keep the reply, and tell of it."""
        body = request_body(errand.question, self.name, errand.mode)
        key = request_key(body)
        if not self.store.begin(key):
            tell(reply=None)
            return
        start = time.perf_counter()
        try:
            reply = self.server.send(body)
        except BaseException as error:
            self.store.give_up(key)
            refused = isinstance(error, RefusedError) and error.status in _UNKNOWN_FIELD
            if not (errand.trial and refused):
                raise
            tell(reply=None)
            return
        seconds, tokens = time.perf_counter() - start, count_tokens(reply)
        self.store.keep(
            errand.question, body, reply, mode=errand.mode, seconds=seconds, tokens=tokens
        )
        tell(reply=[errand.question.characters, *tokens])


def serve(settings: dict[str, Any], lines: Iterable[bytes]) -> None:
    """Send requests for a store as soon as no other process does."""
    place, name = Path(settings["store"]), settings["name"]
    with closing(ChatServer(**settings["server"])) as server, closing(ReplyStore(place)) as store:
        n = store.under_way
        earlier = f"{n} {'reply' if n == 1 else 'replies'} of an earlier run"
        with lock(place.with_name(f".{place.name}.lock"), waiting_for=earlier):
            if lost := store.under_way:
                store.give_up_all()
                log.warning(
                    "%d requests were under way when the process that sent them was killed; they are asked again",
                    lost,
                )
            tell(facts=server.describe(name))
            parallel, first_wait = settings["parallel"], settings["first_wait"]
            Sender(server, store, name, parallel=parallel, first_wait=first_wait).run(lines)


def tell(**said: object) -> None:
    """Write a line to the run; nothing where that is gone."""
    with suppress(OSError):
        os.write(1, json.dumps(said).encode() + b"\n")


class _TellWarnings(logging.Handler):
    """Passes warnings on to the run."""

    def emit(self, record: logging.LogRecord) -> None:
        tell(warning=record.getMessage())


def send_for_run() -> None:
    """Read the settings and serve; what goes wrong is told."""
    lines = sys.stdin.buffer
    first = lines.readline()
    if not first.endswith(b"\n"):
        return
    logging.getLogger().addHandler(_TellWarnings())
    try:
        serve(json.loads(first), lines)
    except KitError as error:
        tell(error=str(error))
    except sqlite3.Error as error:
        tell(error=f"replies cannot be written ({printable(error)}); free space")
    except Exception:
        tell(failure=traceback.format_exc())


if __name__ == "__main__":
    send_for_run()
