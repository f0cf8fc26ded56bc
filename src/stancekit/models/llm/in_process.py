"""A causal language model in this process: the exact likelihood of every answer, the common start read once."""

import copy
import json
import time
from collections.abc import Iterable, Sequence
from itertools import islice, takewhile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer

from stancekit.errors import KitError, printable
from stancekit.models.encoder.inputs import readable
from stancekit.models.llm.backends import Count, Request
from stancekit.models.llm.questions import ChatQuestion, Mode
from stancekit.models.llm.replies import ReplyStore
from stancekit.models.llm.weights import is_gguf, weights_of_causal

_QUESTIONS_TOGETHER = 8
# A common start that is shorter is read again with each text.
_SHORTEST_START = 16
# How much of a common start an earlier one has to be, to be used in its place.
_ENOUGH = 0.7


class CausalModel:
    """A causal model and its tokenizer.

    With a chat template, messages are put as the template has them, and the answer is the letter;
    without one they follow each other as text, and the answer is a blank and the letter.

    Parameters
    ----------
    source
        A folder, or a GGUF file.
    """

    parallel = 1

    def __init__(self, source: str) -> None:
        place = Path(source)
        options: dict[str, Any] = {"trust_remote_code": False, "local_files_only": True}
        if is_gguf(source):
            place, options = place.parent, options | {"gguf_file": place.name}
        with readable(f"the model in {source}"):
            self.tokenizer: Any = AutoTokenizer.from_pretrained(place, **options)
            weights = options if "gguf_file" in options else options | {"use_safetensors": True}
            network: Any = AutoModelForCausalLM.from_pretrained(
                place, dtype=torch.float32, **weights
            )
        self.network = network.to("cuda" if torch.cuda.is_available() else "cpu").eval()
        self.source = source
        self._start: tuple[tuple[int, ...], Any] = ((), None)

    def open(self, store: ReplyStore) -> dict[str, str]:
        """Return the kind of the network and the SHA-256 of its weights."""
        self._store = store
        kind = type(self.network).__name__
        return {"network": kind, "weights": weights_of_causal(self.source)}

    def close(self) -> None:
        """Do nothing: a model stays loaded."""

    def choose_mode(self, question: ChatQuestion) -> Mode:
        """Return `exact`, without asking anything."""
        return "exact"

    def answer(self, requests: Iterable[Request], mode: Mode, count: Count) -> None:
        """Answer requests in batches."""
        left = iter(requests)
        while batch := list(islice(left, _QUESTIONS_TOGETHER)):
            start = time.perf_counter()
            replies = self.replies([question for question, _ in batch])
            seconds = (time.perf_counter() - start) / len(batch)
            for (question, body), (reply, length) in zip(batch, replies, strict=True):
                tokens = (length, 1)
                self._store.keep(question, body, reply, mode=mode, seconds=seconds, tokens=tokens)
                count(question.characters, tokens)

    def prompt_ids(self, messages: Sequence[tuple[str, str]]) -> list[int]:
        """Return the tokens of messages, up to where the answer begins."""
        if self.tokenizer.chat_template:
            plain = [{"role": role, "content": content} for role, content in messages]
            text = self.tokenizer.apply_chat_template(
                plain, add_generation_prompt=True, tokenize=False
            )
            return list(self.tokenizer(text, add_special_tokens=False).input_ids)
        text = ""
        for role, content in messages:
            text += f" {content}\n\n" if role == "assistant" else f"{content}\n\n"
        # The tokens that a tokenizer puts at an end would end the text before the answer.
        ids = list(self.tokenizer(text.rstrip(), add_special_tokens=False).input_ids)
        first = self.tokenizer.bos_token_id
        return ids if first is None else [first, *ids]

    def answer_ids(self, letter: str) -> list[int]:
        """Return the tokens of an answer."""
        text = letter if self.tokenizer.chat_template else f" {letter}"
        return list(self.tokenizer(text, add_special_tokens=False).input_ids)

    def replies(self, questions: Sequence[ChatQuestion]) -> list[tuple[str, int]]:
        """Return for each question the log-likelihoods of its letters and its likeliest token, and its length."""
        prompts = [self.prompt_ids(question.messages) for question in questions]
        answers = [
            {letter: self.answer_ids(letter) for letter in question.letters}
            for question in questions
        ]
        # What is read: a prompt with all of an answer but its last token. Mostly that is the prompt.
        texts: dict[tuple[int, ...], int] = {}
        for prompt, by_letter in zip(prompts, answers, strict=True):
            for ids in by_letter.values():
                texts.setdefault((*prompt, *ids[:-1]), len(texts))
        logprobs = self._logprobs(list(texts), [len(prompt) for prompt in prompts])
        replies = []
        for prompt, by_letter in zip(prompts, answers, strict=True):
            found = {}
            for letter, ids in by_letter.items():
                row = logprobs[texts[(*prompt, *ids[:-1])]]
                start = len(prompt) - 1
                steps = [float(row[start + at, token]) for at, token in enumerate(ids)]
                found[letter] = round(sum(steps), 6)
            any_text = logprobs[texts[(*prompt, *next(iter(by_letter.values()))[:-1])]]
            first = self.tokenizer.decode([int(any_text[len(prompt) - 1].argmax())])
            reply = json.dumps({"logprobs": found, "first": first}, ensure_ascii=False)
            replies.append((reply, len(prompt)))
        return replies

    @torch.inference_mode()
    def _logprobs(self, texts: Sequence[tuple[int, ...]], lengths: Sequence[int]) -> list["_Rows"]:
        """Return for each text the log-probabilities of the token after each of its tokens."""
        self._check_length(max(map(len, texts)))
        # Of the prompts, all but the last token can be a common start.
        past, skipped = self._past(_common_start(texts)[: min(lengths) - 1])
        rests = [text[skipped:] for text in texts]
        # Padding stands behind: what comes before never sees it.
        width = max(map(len, rests))
        device = self.network.device
        ids = torch.tensor([[*rest, *[0] * (width - len(rest))] for rest in rests], device=device)
        mask = torch.tensor(
            [[1] * (skipped + len(rest)) + [0] * (width - len(rest)) for rest in rests],
            device=device,
        )
        if past is not None:
            past.batch_repeat_interleave(len(rests))
        output = self.network(
            input_ids=ids, attention_mask=mask, past_key_values=past, use_cache=past is not None
        )
        # Only from the end of the shortest prompt on is anything asked.
        needed = min(lengths) - 1 - skipped
        values = output.logits[:, needed:].float().log_softmax(dim=-1).cpu()
        return [_Rows(row, needed + skipped) for row in values]

    def _past(self, start: tuple[int, ...]) -> tuple[Any, int]:
        """Return what a network keeps of a common start, or most of it, and its length; nothing of a short one."""
        if len(start) < _SHORTEST_START:
            return None, 0
        # The same opening with another first word of the sentence is no reason to read it again.
        shared = len(_common_start([start, self._start[0]]))
        if shared < _ENOUGH * len(start):
            ids = torch.tensor([start], device=self.network.device)
            self._start = (start, self.network(input_ids=ids, use_cache=True).past_key_values)
            shared = len(start)
        past = copy.deepcopy(self._start[1])
        # A negative number is how many tokens are left out, in every version of transformers.
        if surplus := len(self._start[0]) - shared:
            past.crop(-surplus)
        return past, shared

    def _check_length(self, tokens: int) -> None:
        most = getattr(self.network.config, "max_position_embeddings", None)
        if most is not None and tokens > most:
            raise KitError(
                f"a prompt has {tokens} tokens, and the model in {printable(self.source)} reads {most}; use a "
                "shorter prompt (model.prompts), fewer examples, or another model"
            )


class _Rows:
    """The last rows of a table of log-probabilities, by the numbers they have in all of it."""

    def __init__(self, rows: Tensor, first: int) -> None:
        self._rows, self._first = rows, first

    def __getitem__(self, at: Any) -> Tensor:
        if isinstance(at, tuple):
            return self._rows[at[0] - self._first, at[1]]
        return self._rows[at - self._first]


def _common_start(texts: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """Return the tokens with which all texts start."""
    pairs = zip(min(texts), max(texts), strict=False)
    return tuple(first for first, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
