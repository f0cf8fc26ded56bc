"""Questions put to a model: those that have no reply in the store yet, each reply stored as it comes."""

import logging
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import get_args

from stancekit.errors import KitError
from stancekit.models.llm.answers import Answer, count_tokens, read_answer
from stancekit.models.llm.backends import Backend, Request
from stancekit.models.llm.progress import Progress, Workload
from stancekit.models.llm.questions import Mode, Question, request_body, request_key
from stancekit.models.llm.replies import ReplyStore

log = logging.getLogger(__name__)

# Makes the same questions each time: they are counted, asked and read, and never all in memory.
Questions = Callable[[], Iterator[Question]]
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
        if store.interrupted:
            log.warning(
                "%d requests were under way when an earlier run ended, and their replies did not arrive; "
                "these are asked again",
                store.interrupted,
            )

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
        if self.mode is None:
            first = next(questions(), None)
            if first is None:
                return
            self._choose_mode(first, backend())
        work = self._count(questions)
        if not work.requests:
            return
        model = backend()
        self._note_server(model)
        progress = Progress(work, parallel=model.parallel, prices=self.prices)

        def keep(request: Request, reply: str, *, seconds: float, tokens: tuple[int, int]) -> None:
            self._keep(request, reply, seconds, tokens)
            progress.count(request[0].characters, tokens)

        requests = self._missing(questions)
        try:
            model.answer(islice(requests, 1), keep)
            progress.tell_plan()
            model.answer(requests, keep)
        except KitError as error:
            raise KitError(
                f"{error}. {len(self.store):,} replies are kept in {self.store.path}, and the same command goes "
                "on from there"
            ) from None
        finally:
            progress.close()

    def read(self, question: Question) -> Answer:
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

    def _choose_mode(self, question: Question, backend: Backend) -> None:
        """Find out how the model answers, and store the reply that showed it."""
        self._note_server(backend)
        mode, reply = backend.choose_mode(question)
        self.store.note({"mode": mode, "model": self.model})
        if mode in ("votes", "letters"):
            log.warning(
                "the server tells no probabilities of tokens: probabilities of codes are shares of the votes "
                "under the orders and wordings, so more of these (model.orders, model.prompts) make them finer"
            )
        if reply:
            request = (question, request_body(question, self.model, mode))
            self._keep(request, reply, 0.0, count_tokens(reply))

    def _keep(self, request: Request, reply: str, seconds: float, tokens: tuple[int, int]) -> None:
        question, body = request
        mode = self.mode or "exact"
        self.store.keep(question, body, reply, mode=mode, seconds=seconds, tokens=tokens)

    def _note_server(self, backend: Backend) -> None:
        """Store what the server says of itself; warn where it was another that replied before."""
        now = backend.describe()
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

    def _count(self, questions: Questions) -> Workload:
        """Count what is missing, after taking over what other stores have."""
        requests = characters = answered = 0
        for (question, body), key in self._bodies(questions):
            if key in self.store or any(
                self.store.adopt(other, key, body) for other in self.earlier
            ):
                answered += 1
            else:
                requests += 1
                characters += question.characters
        return Workload(requests, characters, answered)

    def _missing(self, questions: Questions) -> Iterator[Request]:
        """Yield the requests that have no reply and are not under way, each written down before it is sent."""
        for request, key in self._bodies(questions):
            if self.store.begin(key):
                yield request
