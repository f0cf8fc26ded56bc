"""What answers requests: a model behind a server, or one in this process."""

from collections.abc import Callable, Iterable
from typing import Protocol

from stancekit.models.llm.questions import ChatQuestion, Mode
from stancekit.models.llm.replies import ReplyStore

# A question with the request that it is sent as.
Request = tuple[ChatQuestion, bytes]
# What is told of each reply: how long its question is, and the tokens read and written.
Count = Callable[[int, tuple[int, int]], None]


class Backend(Protocol):
    """What answers requests, and writes the replies to a store."""

    parallel: int

    def open(self, store: ReplyStore) -> dict[str, str]:
        """Make ready to write to a store; return what the model and its server say of themselves."""
        ...

    def choose_mode(self, question: ChatQuestion) -> Mode:
        """Return how the model answers, found out with a question."""
        ...

    def answer(self, requests: Iterable[Request], mode: Mode, count: Count) -> None:
        """Answer requests; each reply is in the store before it is counted."""
        ...

    def close(self) -> None:
        """End the work for the store."""
        ...
