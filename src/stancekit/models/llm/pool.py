"""Requests that are under way together, a bounded number of them, each tried again where it may succeed later."""

import heapq
import itertools
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from stancekit.errors import KitError

RequestT = TypeVar("RequestT")
# The wait before a request is tried again: twice as long each time, in seconds.
FIRST_WAIT, LONGEST_WAIT = 0.1, 30.0
# How often a request is tried, and how often where nobody listens at the address.
TRIES, TRIES_WITHOUT_SERVER = 12, 6
# How long the longest wait is that a server may ask for.
_LONGEST_ASKED = 600.0


class TryAgainError(Exception):
    """What a request ends in that may succeed later.

    Parameters
    ----------
    reason
        Why, in words.
    wait
        How many seconds the server asks to wait; `None` where it does not say.
    busy
        Whether the server takes no more requests for now.
    gone
        Whether nobody listens there.
    """

    def __init__(
        self, reason: str, *, wait: float | None = None, busy: bool = False, gone: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait
        self.busy = busy
        self.gone = gone


@dataclass(order=True)
class _Waiting(Generic[RequestT]):
    """A request that is tried again from a moment on."""

    ready: float
    number: int
    request: RequestT = field(compare=False)
    failures: int = field(compare=False)


class RequestPool(Generic[RequestT]):
    """Send requests from several threads.

    A request that fails waits apart, so that others go on meanwhile; only where a server refuses
    one after the other does everything wait.

    Parameters
    ----------
    send
        Sends a request and keeps its reply; raises a `TryAgainError`, or another error that ends
        all.
    parallel
        How many requests are under way at most.
    first_wait
        Seconds until a request is tried again that failed once.
    """

    def __init__(
        self, send: Callable[[RequestT], None], *, parallel: int, first_wait: float = FIRST_WAIT
    ) -> None:
        self._send = send
        self._parallel = parallel
        self._first_wait = first_wait
        self._changed = threading.Condition()
        self._numbers = itertools.count()
        # Spreads requests that failed together; no result depends on it.
        self._spread = random.Random(0)  # noqa: S311
        self._fresh: deque[RequestT] = deque()
        self._waiting: list[_Waiting[RequestT]] = []
        self._refused, self._resume = 0, 0.0
        self._stopped = False
        self._error: BaseException | None = None

    def add(self, request: RequestT) -> None:
        """Have a request sent, when it is its turn."""
        with self._changed:
            self._fresh.append(request)
            self._changed.notify()

    def stop(self, error: BaseException | None = None) -> None:
        """Begin nothing more."""
        with self._changed:
            self._stopped = True
            self._error = self._error or error
            self._changed.notify_all()

    def run(self) -> None:
        """Send what is added until `stop` is called; returns when what is under way is finished.

        Raises
        ------
        KitError
            When one failed for good. Those under way are finished and kept first.
        """
        threads = [threading.Thread(target=self._work) for _ in range(self._parallel)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        while (taken := self._take()) is not None:
            request, failures = taken
            try:
                self._send(request)
            except TryAgainError as again:
                self._put_back(request, failures + 1, again)
            except BaseException as error:
                self.stop(error)
            else:
                self._refused = 0

    def _take(self) -> tuple[RequestT, int] | None:
        """Return the next request with how often it has failed, when it is its time; `None` at the end."""
        with self._changed:
            while not self._stopped:
                now = time.monotonic()
                wait: float | None = self._resume - now
                if self._resume <= now:
                    if self._waiting and self._waiting[0].ready <= now:
                        again = heapq.heappop(self._waiting)
                        return again.request, again.failures
                    if self._fresh:
                        return self._fresh.popleft(), 0
                    wait = self._waiting[0].ready - now if self._waiting else None
                self._changed.wait(None if wait is None else max(wait, 0.001))
            return None

    def _put_back(self, request: RequestT, failures: int, again: TryAgainError) -> None:
        most = TRIES_WITHOUT_SERVER if again.gone else TRIES
        if failures >= most:
            self.stop(KitError(f"{again.reason}, {failures} times in a row"))
            return
        wait = min(self._first_wait * 2 ** (failures - 1), LONGEST_WAIT)
        wait *= self._spread.uniform(0.8, 1.2)
        if again.wait is not None:
            wait = max(wait, min(again.wait, _LONGEST_ASKED))
        with self._changed:
            ready = time.monotonic() + wait
            heapq.heappush(self._waiting, _Waiting(ready, next(self._numbers), request, failures))
            self._refused += again.busy
            # As many refusals in a row as there are threads: the server takes none at all.
            if self._refused >= self._parallel:
                self._refused, self._resume = 0, ready
            self._changed.notify_all()
