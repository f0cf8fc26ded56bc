"""What is asked: one example, in one wording and one order of answers, as the messages of a chat."""

import hashlib
import json
import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from stancekit.errors import KitError

LETTERS = string.ascii_uppercase
# How a model answers: with the probabilities of letters, with a letter in JSON by a schema, with a
# letter alone, or in this process.
Mode = Literal["logprobs", "votes", "letters", "exact"]
# The most alternatives of a token that servers tell.
TOP_LOGPROBS = 20
# Room for {"answer": "A"} with the blanks that a model may put in.
_VOTE_TOKENS = 32


@dataclass(frozen=True, slots=True)
class Question:
    """One request.

    Attributes
    ----------
    example
        The id of the example.
    prompt
        The hash of the wording.
    letters
        The answers that are allowed, one letter each.
    order
        Which option each letter stands for, by its number.
    messages
        Pairs of a role and what it says.
    """

    example: str
    prompt: str
    letters: str
    order: tuple[int, ...]
    messages: tuple[tuple[str, str], ...]

    @property
    def characters(self) -> int:
        """Return how long the messages are."""
        return sum(len(content) for _, content in self.messages)


def rotations(n: int, orders: int) -> list[tuple[int, ...]]:
    """Return the orders in which options are listed: `orders` rotations, as far from each other as can be.

    Raises
    ------
    KitError
        When there are more orders than options, or none, or more options than letters.

    Examples
    --------
    >>> rotations(4, 2)
    [(0, 1, 2, 3), (2, 3, 0, 1)]
    """
    if n > len(LETTERS):
        raise KitError(
            f"the codebook has {n} codes, and answers are letters: at most {len(LETTERS)}; "
            "leave out or join codes"
        )
    if not 1 <= orders <= n:
        raise KitError(
            f"model.orders={orders}; there are {n} answers to put in order: set it from 1 to {n}"
        )
    starts = [round(number * n / orders) for number in range(orders)]
    return [tuple((start + at) % n for at in range(n)) for start in starts]


def request_body(question: Question, model: str, mode: Mode) -> bytes:
    """Return a request as the JSON that is sent: the same bytes for the same question, in every process.

    Examples
    --------
    >>> question = Question("1", "…", "AB", (0, 1), (("user", "A or B?"),))
    >>> json.loads(request_body(question, "m", "logprobs"))["top_logprobs"]
    20
    """
    messages = [{"role": role, "content": content} for role, content in question.messages]
    body: dict[str, Any] = {"model": model, "messages": messages, "temperature": 0, "seed": 0}
    if mode == "logprobs":
        body |= {"max_tokens": 1, "logprobs": True, "top_logprobs": TOP_LOGPROBS}
    elif mode == "votes":
        body |= {"max_tokens": _VOTE_TOKENS, "response_format": _answer_schema(question.letters)}
    elif mode == "letters":
        body["max_tokens"] = 1
    else:
        body["letters"] = question.letters
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "backslashreplace"
    )


def request_key(body: bytes) -> bytes:
    """Return what a request and its reply are stored under: the SHA-256 of the request."""
    return hashlib.sha256(body).digest()


def _answer_schema(letters: Sequence[str]) -> dict[str, Any]:
    answer = {"type": "string", "enum": list(letters)}
    schema = {
        "type": "object",
        "properties": {"answer": answer},
        "required": ["answer"],
        "additionalProperties": False,
    }
    return {
        "type": "json_schema",
        "json_schema": {"name": "answer", "strict": True, "schema": schema},
    }
