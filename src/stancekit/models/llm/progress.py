"""What asking a model takes: requests, tokens, time and, with prices, cost; told before and while it goes on."""

import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tqdm import tqdm

from stancekit.errors import KitError

# Until a server has said how many tokens a request has: letters per token of English text.
_LETTERS_PER_TOKEN = 4.0
# A model that answers in an instant needs no bar.
_FEW_REQUESTS = 20


@dataclass(frozen=True, slots=True)
class Workload:
    """How much there is to ask.

    Attributes
    ----------
    requests
        How many requests are not answered yet, and `answered` how many are.
    characters
        How long the former are.
    """

    requests: int
    characters: int
    answered: int = 0


def check_prices(prices: Sequence[float] | None) -> tuple[float, float] | None:
    """Return what a million tokens cost, read and written.

    Raises
    ------
    KitError
        When that is not two numbers.

    Examples
    --------
    >>> check_prices([0.15, 0.6])
    (0.15, 0.6)
    """
    if prices is None:
        return None
    fine = isinstance(prices, list | tuple) and len(prices) == 2
    if not fine or not all(isinstance(one, int | float) and one >= 0 for one in prices):
        raise KitError(
            f"model.prices={prices}; give what a million tokens cost, read and written, as model.prices='[0.15, 0.60]'"
        )
    return float(prices[0]), float(prices[1])


def describe_duration(seconds: float) -> str:
    """Return a time in words, as exactly as an estimate is.

    Examples
    --------
    >>> [describe_duration(seconds) for seconds in (0.4, 50, 600, 10_000)]
    ['1 second', '50 seconds', '10 minutes', '2.8 hours']
    """
    if seconds < 90:
        n = max(1, round(seconds))
        return f"{n} second{'s' * (n > 1)}"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"


class Progress:
    """A bar on standard error, and the plan before it.

    Parameters
    ----------
    parallel
        How many requests are under way together.
    prices
        What a million tokens cost, read and written.
    """

    def __init__(
        self, work: Workload, *, parallel: int = 1, prices: tuple[float, float] | None = None
    ) -> None:
        self.work = work
        self.parallel = parallel
        self.prices = prices
        self.read = self.written = self.done = 0
        self._characters = 0
        self._lock = threading.Lock()
        self._start = time.monotonic()
        self._bar = tqdm(
            total=work.requests,
            desc="asking",
            unit="request",
            file=sys.stderr,
            leave=False,
            disable=work.requests < _FEW_REQUESTS,
        )

    def count(self, characters: int, tokens: tuple[int, int]) -> None:
        """Count a reply: how long its request was, and the tokens that the server says."""
        with self._lock:
            self.done += 1
            self._characters += characters
            self.read += tokens[0]
            self.written += tokens[1]
            if self.done % 50 == 0 or self.done == self.work.requests:
                self._bar.set_postfix_str(self._spent(), refresh=False)
            self._bar.update()

    def tell_plan(self) -> None:
        """Write what is to be expected, once the first reply has said how many tokens and seconds it took."""
        if self.work.requests >= _FEW_REQUESTS:
            tqdm.write(self.plan(time.monotonic() - self._start), file=sys.stderr)

    def plan(self, seconds: float) -> str:
        """Return in a line what all requests take, after the first took some seconds."""
        read, written = self._expected()
        left = max(0, self.work.requests - self.done)
        pace = describe_duration(seconds * left / self.parallel)
        kept = (
            f" ({self.work.answered:,} more are answered in the store)"
            if self.work.answered
            else ""
        )
        line = f"{self.work.requests:,} requests{kept}, about {read:,} tokens read and {written:,} written"
        line += f", about {pace} at the pace of the first"
        if self.prices:
            line += f", about {self._cost(read, written):.2f} at the prices given"
        return line

    def close(self) -> None:
        """Take the bar away."""
        self._bar.close()

    def _expected(self) -> tuple[int, int]:
        """Return how many tokens all requests read and write."""
        told = self.read > 0 and self._characters > 0
        per_token = self._characters / self.read if told else _LETTERS_PER_TOKEN
        written = self.written / self.done if told and self.written else 1.0
        return round(self.work.characters / per_token), round(self.work.requests * written)

    def _cost(self, read: int, written: int) -> float:
        price_read, price_written = self.prices or (0.0, 0.0)
        return (read * price_read + written * price_written) / 1e6

    def _spent(self) -> str:
        spent = f"{self.read + self.written:,} tokens"
        if self.prices:
            spent += f", cost {self._cost(self.read, self.written):.2f}"
        return spent
