"""Questions put to a model: those that have no reply in the store yet, each reply stored as it comes."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice
from typing import get_args

from stancekit.errors import KitError
from stancekit.models.llm.answers import LetterAnswer, read_answer
from stancekit.models.llm.backends import Backend, Request
from stancekit.models.llm.progress import AskingProgress, Workload
from stancekit.models.llm.questions import ChatQuestion, Mode, request_body, request_key
from stancekit.models.llm.replies import ReplyStore

log = logging.getLogger(__name__)

# Makes the same questions each time: they are counted, asked and read, and never all in memory.
Questions = Callable[[], Iterator[ChatQuestion]]
_MODES: dict[str, Mode] = {mode: mode for mode in get_args(Mode)}
# What a store knows besides what a server says of itself.
_OWN_FACTS = frozenset({"format", "mode", "model"})


class Asker:
    """A model, by what requests call it, with the replies that there are.

    Parameters
    ----------
    model
        What requests call the model.
    store
        Where replies are written.
    earlier
        Stores from which replies are taken over.
    prices
        What a million tokens cost, read and written.
    """

    def __init__(
        self,
        model: str,
        store: ReplyStore,
        earlier: Sequence[ReplyStore] = (),
        *,
        prices: tuple[float, float] | None = None,
    ) -> None:
        self.model = model
        self.store = store
        self.earlier = earlier
        self.prices = prices
        self._mode: Mode | None = None
        for other in earlier:
            if self.mode is None:
                store.note({key: value for key, value in other.facts.items() if key != "format"})

    @property
    def mode(self) -> Mode | None:
        """Return how the model answers, `None` where it was never asked."""
        if self._mode is None:
            self._mode = _MODES.get(self.store.facts.get("mode", ""))
        return self._mode

    def ask(self, questions: Questions, backend: Callable[[], Backend]) -> None:
        """Ask what has no reply yet.

        Parameters
        ----------
        backend
            Returns what answers; it is called only where something has to be asked.

        Raises
        ------
        KitError
            When a reply is missing and cannot be had. Those that came before are stored.
        """
        first = next(questions(), None)
        if first is None or (self.mode and next(self._missing(questions), None) is None):
            return
        with closing(backend()) as model:
            self._note_server(model.open(self.store))
            mode = self.mode or self._choose_mode(first, model)
            # Not before: an earlier run may have had requests under way.
            work = self._count(questions)
            if work.requests:
                self._answer(questions, model, mode, work)

    def _answer(self, questions: Questions, model: Backend, mode: Mode, work: Workload) -> None:
        """Have what is missing answered, with a bar."""
        progress = AskingProgress(work, parallel=model.parallel, prices=self.prices)
        requests = self._missing(questions)
        try:
            model.answer(islice(requests, 1), mode, progress.count)
            progress.tell_plan()
            model.answer(requests, mode, progress.count)
        except KitError as error:
            raise KitError(
                f"{error}. {len(self.store):,} replies are kept in {self.store.path}, and the same command goes "
                "on from there"
            ) from None
        finally:
            progress.close()

    def read(self, question: ChatQuestion) -> LetterAnswer:
        """Return what the stored reply to a question says.

        Raises
        ------
        KitError
            When there is none.
        """
        mode = self.mode
        reply = None
        if mode is not None:
            reply = self.store.get(request_key(request_body(question, self.model, mode)))
        if mode is None or reply is None:
            raise KitError(
                f"{self.store.path} has no reply about example {question.example}; start the same command again"
            )
        return read_answer(reply, question.letters, mode)

    def _choose_mode(self, question: ChatQuestion, model: Backend) -> Mode:
        """Find out how the model answers."""
        mode = self._mode = model.choose_mode(question)
        self.store.note({"mode": mode, "model": self.model})
        if mode in ("votes", "letters"):
            log.warning(
                "the server tells no probabilities of tokens: probabilities of codes are shares of the votes "
                "under the orders and wordings, so more of these (model.orders, model.prompts) make them finer"
            )
        return mode

    def _note_server(self, now: Mapping[str, str]) -> None:
        """Store what the server says of itself; warn where it was another that replied before."""
        before = {key: value for key, value in self.store.facts.items() if key not in _OWN_FACTS}
        changed = sorted(key for key in before if key in now and before[key] != now[key])
        if changed:
            log.warning(
                "the model or its server is not the one that gave the replies in %s (%s changed); replies of both "
                "are used together. To ask the present one alone, move the file away",
                self.store.path,
                ", ".join(changed),
            )
        self.store.note({key: value for key, value in now.items() if key not in before})

    def _bodies(self, questions: Questions) -> Iterator[tuple[Request, bytes]]:
        mode = self.mode or "exact"
        for question in questions():
            body = request_body(question, self.model, mode)
            yield (question, body), request_key(body)

    def _has(self, key: bytes, body: bytes) -> bool:
        """Say whether a request has its reply, after taking it over where another store has it."""
        return key in self.store or any(
            self.store.adopt(other, key, body) for other in self.earlier
        )

    def _count(self, questions: Questions) -> Workload:
        """Count what is missing."""
        requests = characters = answered = 0
        for (question, body), key in self._bodies(questions):
            if self._has(key, body):
                answered += 1
            else:
                requests += 1
                characters += question.characters
        return Workload(requests, characters, answered)

    def _missing(self, questions: Questions) -> Iterator[Request]:
        """Yield the requests that have no reply."""
        for request, key in self._bodies(questions):
            if not self._has(key, request[1]):
                yield request
