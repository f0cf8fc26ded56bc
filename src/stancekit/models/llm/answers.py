"""What a reply says: the probability of each letter, and whether the model answered with one."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stancekit.models.llm.questions import Mode
from stancekit.types import FloatArray


@dataclass(frozen=True, slots=True)
class LetterAnswer:
    """What a model answers to one question.

    Attributes
    ----------
    probabilities
        Of each letter, summing to 1, shape (letters,); `None` where the reply has no letter at all.
    legal
        Whether the answer itself is one of the letters.
    mass
        The probability of all letters before they were made to sum to 1; NaN where it is not told.
    """

    probabilities: FloatArray | None
    legal: bool
    mass: float = math.nan


def read_answer(reply: str, letters: str, mode: Mode) -> LetterAnswer:
    """Return what a stored reply says.

    A letter counts with the blanks around it. Of a reply without the probabilities that were asked
    for, its letter counts as all of the probability.

    Parameters
    ----------
    reply
        The reply as it came: JSON.
    letters
        The answers that were allowed.

    Examples
    --------
    >>> logprobs = [{"token": "B", "logprob": math.log(0.3)}, {"token": " A", "logprob": math.log(0.1)}]
    >>> choice = {"message": {"content": "B"}, "logprobs": {"content": [{"top_logprobs": logprobs}]}}
    >>> answer = read_answer(json.dumps({"choices": [choice]}), "AB", "logprobs")
    >>> answer.probabilities.round(2).tolist(), answer.legal, round(answer.mass, 2)
    ([0.25, 0.75], True, 0.4)
    """
    plain = json.loads(reply)
    if mode == "exact":
        return _read_exact(plain, letters)
    choice = _first(plain.get("choices"))
    said = _content_of(choice)
    if mode == "votes":
        return _vote(_read_schema(said), letters)
    alternatives = first_alternatives(choice)
    if mode == "letters" or not alternatives:
        return _vote(said.strip(), letters)
    weights = np.zeros(len(letters))
    for one in alternatives:
        token, logprob = one.get("token"), one.get("logprob")
        letter = token.strip() if isinstance(token, str) else ""
        if len(letter) == 1 and letter in letters and isinstance(logprob, int | float):
            weights[letters.index(letter)] += math.exp(min(float(logprob), 0.0))
    legal = len(said.strip()) == 1 and said.strip() in letters
    mass = float(weights.sum())
    if not mass > 0:
        return _vote(said.strip(), letters)
    return LetterAnswer(weights / mass, legal, min(mass, 1.0))


def first_alternatives(choice: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return the alternatives that a reply tells for its first token; none where it tells no probabilities."""
    logprobs = choice.get("logprobs")
    content = logprobs.get("content") if isinstance(logprobs, Mapping) else None
    alternatives = _first(content).get("top_logprobs")
    if not isinstance(alternatives, list):
        return ()
    return [one for one in alternatives if isinstance(one, Mapping)]


def keeps_schema(reply: str, letters: str) -> bool:
    """Say whether a server's reply is a letter in JSON, as the schema has it.

    Examples
    --------
    >>> content = json.dumps({"answer": "B"})
    >>> keeps_schema(json.dumps({"choices": [{"message": {"content": content}}]}), "AB")
    True
    """
    said = _content_of(_first(json.loads(reply).get("choices")))
    return said.strip().startswith("{") and _vote(_read_schema(said), letters).legal


def tells_probabilities(reply: str) -> bool:
    """Say whether a server's reply has probabilities of tokens."""
    return bool(first_alternatives(_first(json.loads(reply).get("choices"))))


def _first(values: Any) -> Mapping[str, Any]:
    found = values[0] if isinstance(values, list) and values else None
    return found if isinstance(found, Mapping) else {}


def _content_of(choice: Mapping[str, Any]) -> str:
    message = choice.get("message")
    content = message.get("content") if isinstance(message, Mapping) else None
    return content if isinstance(content, str) else ""


def _read_schema(said: str) -> str:
    """Return the answer in a reply by the schema; the reply itself where the server did not keep to it."""
    try:
        plain = json.loads(said)
    except (ValueError, RecursionError):
        return said.strip()
    answer = plain.get("answer") if isinstance(plain, dict) else None
    return answer.strip() if isinstance(answer, str) else ""


def _vote(letter: str, letters: str) -> LetterAnswer:
    if len(letter) != 1 or letter not in letters:
        return LetterAnswer(None, legal=False)
    return LetterAnswer(np.eye(len(letters))[letters.index(letter)], legal=True)


def _read_exact(plain: Mapping[str, Any], letters: str) -> LetterAnswer:
    logprobs = np.array([float(plain["logprobs"][letter]) for letter in letters])
    probabilities = np.exp(logprobs - logprobs.max())
    mass = float(np.exp(logprobs).sum())
    return LetterAnswer(
        probabilities / probabilities.sum(), str(plain["first"]).strip() in list(letters), mass
    )
