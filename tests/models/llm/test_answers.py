"""What counts as an answer: letters with blanks, and nothing else; what is none is no probability."""

import json
import math

import numpy as np
import pytest

from stancekit.models.llm.answers import read_answer, tells_probabilities
from stancekit.models.llm.client import count_tokens, is_whole


def reply(content, top=None, **more):
    choice = {"message": {"content": content}}
    if top is not None:
        pairs = [{"token": token, "logprob": math.log(p)} for token, p in top.items()]
        choice["logprobs"] = {"content": [{"token": content, "top_logprobs": pairs}]}
    return json.dumps({"choices": [choice], **more})


def test_probabilities_are_renormalised_over_letters():
    answer = read_answer(
        reply("A", {"A": 0.4, " A": 0.1, "B": 0.25, "The": 0.2}), "ABC", "logprobs"
    )
    assert np.allclose(answer.probabilities, [2 / 3, 1 / 3, 0]) and answer.legal
    assert answer.mass == pytest.approx(0.75)


def test_what_would_have_been_said_decides_what_is_legal_and_letters_what_is_scored():
    answer = read_answer(reply("The", {"The": 0.9, "B": 0.05}), "AB", "logprobs")
    assert answer.probabilities.tolist() == [0, 1] and not answer.legal


@pytest.mark.parametrize("said", ["Sorry", "", "AB", "a", "A.", "E"])
def test_what_is_no_letter_is_no_answer(said):
    for mode, text in (
        ("logprobs", reply(said, {"Sorry": 0.9})),
        ("votes", reply(said)),
        ("logprobs", reply(said)),
    ):
        answer = read_answer(text, "ABCD", mode)
        assert answer.probabilities is None and not answer.legal


def test_a_reply_without_probabilities_is_a_vote():
    for text in (reply(" C\n"), reply("C", {}), reply("C", {"The": 0.1})):
        answer = read_answer(text, "ABCD", "logprobs")
        assert answer.probabilities.tolist() == [0, 0, 1, 0] and answer.legal
    assert tells_probabilities(reply("C", {"C": 1})) and not tells_probabilities(reply("C"))


@pytest.mark.parametrize(
    ("said", "letter"),
    [
        ('{"answer": "B"}', "B"),
        ('{\n "answer": " B "}', "B"),
        ("B", "B"),
        ('{"answer": "b', ""),
        ('{"answer": 2}', ""),
        ('["B"]', ""),
    ],
)
def test_votes_are_read_by_the_schema(said, letter):
    answer = read_answer(reply(said), "AB", "votes")
    assert answer.legal is bool(letter)
    assert answer.probabilities is None or answer.probabilities.tolist() == [0, 1]


def test_odd_replies_are_no_answers_and_no_errors():
    odd = [{}, {"choices": []}, {"choices": [None]}, {"choices": [{"message": None}]}]
    odd += [
        {
            "choices": [
                {
                    "message": {"content": ["A"]},
                    "logprobs": {"content": [{"top_logprobs": [{"token": 1}]}]},
                }
            ]
        }
    ]
    odd += [{"choices": [{"logprobs": {"content": "A"}}]}]
    for plain in odd:
        assert read_answer(json.dumps(plain), "AB", "logprobs").probabilities is None
    for text in ("", "{", "[]", "[" * 100_000, '{"choices": []}', "1"):
        assert not is_whole(text)


def test_exact_likelihoods_are_softmaxed():
    text = json.dumps({"logprobs": {"A": -1000.0, "B": -1001.0}, "first": " A"})
    answer = read_answer(text, "AB", "exact")
    assert (
        np.allclose(answer.probabilities, [1 / (1 + math.exp(-1)), 1 / (1 + math.e)])
        and answer.legal
    )
    assert count_tokens(reply("A", usage={"prompt_tokens": "many"})) == (0, 0)
