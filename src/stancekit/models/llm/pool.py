"""Requests that are under way together, a bounded number of them, each tried again where it may succeed later."""

import heapq
import itertools
import random
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from stancekit.errors import KitError

Request = TypeVar("Request")
Reply = TypeVar("Reply")
# The wait before a request is tried again: twice as long each time, in seconds.
FIRST_WAIT, LONGEST_WAIT = 0.1, 30.0
# How often a request is tried, and how often where nobody listens at the address.
TRIES, TRIES_WITHOUT_SERVER = 10, 6
# Requests that wait to be tried again; with more, none is begun.
_MOST_WAITING = 1000
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
class _Waiting(Generic[Request]):
    """A request that is tried again from a moment on."""

    ready: float
    number: int
    request: Request = field(compare=False)
    failures: int = field(compare=False)


class RequestPool(Generic[Request, Reply]):
    """Send requests from several threads.

    A request that fails waits apart, so that others go on meanwhile; only where a server refuses
    one after the other does everything wait. Requests are taken from their iterator when there is
    room for them, and replies are handed over and not kept: memory does not grow with their number.

    Parameters
    ----------
    send
        Sends a request and returns its reply; raises a `TryAgainError`, or another error that ends
        all.
    keep
        Is called with each request and its reply, in the thread that sent it.
    parallel
        How many requests are under way at most.
    """

    def __init__(
        self,
        send: Callable[[Request], Reply],
        keep: Callable[[Request, Reply], None],
        *,
        parallel: int,
    ) -> None:
        self._send = send
        self._keep = keep
        self._parallel = parallel
        self._changed = threading.Condition()
        self._numbers = itertools.count()
        # Spreads requests that failed together; no result depends on it.
        self._spread = random.Random(0)  # noqa: S311

    def run(self, requests: Iterable[Request]) -> None:
        """Send all requests; returns when every one has its reply.

        Raises
        ------
        KitError
            When one failed for good. Those under way are finished and kept first.
        """
        self._requests = iter(requests)
        self._exhausted = False
        self._waiting: list[_Waiting[Request]] = []
        self._under_way = self._refused = 0
        self._resume = 0.0
        self._error: BaseException | None = None
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(self._parallel)]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                # With a limit, so that Ctrl-C is heard.
                while thread.is_alive():
                    thread.join(0.2)
        except BaseException as error:
            self._stop(error)
            for thread in threads:
                thread.join()
            raise
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        while (taken := self._take()) is not None:
            request, failures = taken
            try:
                self._keep(request, self._send(request))
            except TryAgainError as again:
                self._put_back(request, failures + 1, again)
            except BaseException as error:
                self._stop(error)
            else:
                self._refused = 0
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def _take(self) -> tuple[Request, int] | None:
        """Return the next request with how often it has failed, when it is its time; `None` at the end."""
        with self._changed:
            while self._error is None:
                now = time.monotonic()
                wait = self._resume - now
                if wait <= 0:
                    if self._waiting and self._waiting[0].ready <= now:
                        again = heapq.heappop(self._waiting)
                        self._under_way += 1
                        return again.request, again.failures
                    fresh = self._fresh()
                    if fresh is not None:
                        self._under_way += 1
                        return fresh, 0
                    if not self._waiting and not self._under_way:
                        return None
                    wait = self._waiting[0].ready - now if self._waiting else 1.0
                self._changed.wait(max(wait, 0.001))
            return None

    def _fresh(self) -> Request | None:
        """Return a request that was not sent yet, unless there is none or too many wait."""
        if self._exhausted or len(self._waiting) >= _MOST_WAITING:
            return None
        try:
            return next(self._requests)
        except StopIteration:
            self._exhausted = True
        except BaseException as error:
            self._error = error
        self._changed.notify_all()
        return None

    def _put_back(self, request: Request, failures: int, again: TryAgainError) -> None:
        most = TRIES_WITHOUT_SERVER if again.gone else TRIES
        if failures >= most:
            self._stop(KitError(f"{again.reason}, {failures} times in a row"))
            return
        wait = min(FIRST_WAIT * 2 ** (failures - 1), LONGEST_WAIT) * self._spread.uniform(0.8, 1.2)
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

    def _stop(self, error: BaseException) -> None:
        with self._changed:
            self._error = self._error or error
            self._changed.notify_all()
