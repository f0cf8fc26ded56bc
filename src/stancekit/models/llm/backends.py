"""Who answers: a server, several requests at a time; the same form as a model in this process has."""

import time
from collections.abc import Iterable
from typing import Protocol

from stancekit.models.llm.answers import count_tokens, keeps_schema, tells_probabilities
from stancekit.models.llm.client import ChatServer, RefusedError
from stancekit.models.llm.pool import RequestPool
from stancekit.models.llm.questions import Mode, Question, request_body

# A question with the request that it is sent as.
Request = tuple[Question, bytes]


class Keep(Protocol):
    """What takes a reply: the request, the reply, the seconds it took, and the tokens read and written."""

    def __call__(
        self, request: Request, reply: str, *, seconds: float, tokens: tuple[int, int]
    ) -> None:
        """Take a reply."""
        ...


class Backend(Protocol):
    """What answers requests."""

    parallel: int

    def choose_mode(self, question: Question) -> tuple[Mode, str]:
        """Return how the model answers, found out with a question, and the reply if it can be kept."""
        ...

    def describe(self) -> dict[str, str]:
        """Return what the model and its server say of themselves."""
        ...

    def answer(self, requests: Iterable[Request], keep: Keep) -> None:
        """Answer requests and hand every reply over."""
        ...


class ServedModel:
    """A model behind a server.

    Parameters
    ----------
    name
        What the server calls the model.
    """

    def __init__(self, server: ChatServer, name: str, *, parallel: int) -> None:
        self.server = server
        self.name = name
        self.parallel = parallel

    def describe(self) -> dict[str, str]:
        """Return what the server says of the model; an error where it has others."""
        return self.server.describe(self.name)

    def choose_mode(self, question: Question) -> tuple[Mode, str]:
        """Return how the server answers, with the reply that showed it.

        `logprobs` where it tells probabilities, `votes` where it keeps to a schema, else `letters`.
        """
        reply = self._try(question, "logprobs")
        if reply and tells_probabilities(reply):
            return "logprobs", reply
        reply = self._try(question, "votes")
        if reply and keeps_schema(reply, question.letters):
            return "votes", reply
        return "letters", ""

    def _try(self, question: Question, mode: Mode) -> str:
        """Return the reply to a question, empty where the server does not take it."""
        replies: list[str] = []
        body = request_body(question, self.name, mode)
        pool = RequestPool(self.server.send, lambda _, reply: replies.append(reply), parallel=1)
        try:
            pool.run([body])
        except RefusedError as refused:
            if refused.status not in (400, 422):
                raise
        return replies[0] if replies else ""

    def answer(self, requests: Iterable[Request], keep: Keep) -> None:
        """Send requests, `parallel` at a time."""

        def kept(request: Request, got: tuple[str, float, tuple[int, int]]) -> None:
            reply, seconds, tokens = got
            keep(request, reply, seconds=seconds, tokens=tokens)

        pool = RequestPool(self._send, kept, parallel=self.parallel)
        pool.run(requests)

    def _send(self, request: Request) -> tuple[str, float, tuple[int, int]]:
        start = time.perf_counter()
        reply = self.server.send(request[1])
        return reply, time.perf_counter() - start, count_tokens(reply)
