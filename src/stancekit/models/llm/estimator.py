"""A language model as a classifier: it reads the codebook, and the probabilities of its answers are scores."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from stancekit.codebook import Codebook
from stancekit.errors import KitError
from stancekit.models.base import ExampleClassifier, check_known
from stancekit.models.encoder.cache import cache_folder
from stancekit.models.llm.asking import Asker
from stancekit.models.llm.backends import Backend
from stancekit.models.llm.behaviour import make_trials, wording_of
from stancekit.models.llm.endpoint import check_endpoint
from stancekit.models.llm.progress import check_prices
from stancekit.models.llm.prompts import Opened, Wording, load_prompt, tasks_of
from stancekit.models.llm.questions import ChatQuestion, rotations
from stancekit.models.llm.replies import REPLIES_FILE, ReplyStore
from stancekit.models.llm.saved import read_llm, write_llm
from stancekit.models.llm.served import ServedModel
from stancekit.models.llm.views import Views
from stancekit.types import Example

if TYPE_CHECKING:
    from stancekit.models.folder import ModelFolder

# Examples that are asked about under one wording before the next: what is the same for them stays in
# a server's cache meanwhile.
_ASKED_TOGETHER = 64
_GIVE_ONE = (
    "set model.endpoint=http://127.0.0.1:8080/v1 with model.name=NAME for a server, or model.checkpoint=FOLDER "
    "for a causal model in this process"
)


class LLM(ExampleClassifier):
    """A language model that annotates by the codebook.

    Each example is asked about under each wording and order of the answers. Answers are letters; the
    score of a code is the mean of the renormalised probabilities of its letter. Where a server tells
    none, it is the share of the votes. Of a codebook with several codes per unit, each code is a
    question of its own. `fit` learns nothing; with `examples`, it draws that many demonstrations.

    Every reply is kept in a store and is not asked for again.

    Parameters
    ----------
    endpoint
        The address of an OpenAI-compatible server, up to `/v1`.
    name
        What the server calls the model.
    checkpoint
        In place of both, the folder, hub name or GGUF file of a causal model for this process.
    codebook
        Set by `train`.
    prompts
        The wordings: names of files in `configs/prompt`, or paths of such files.
    orders
        In how many orders the answers are listed.
    examples
        How many training examples are shown with their codes.
    parallel
        How many requests are under way at a time.
    timeout
        Seconds to wait for a reply.
    network
        Whether the server may be another machine than this one.
    key_env
        The environment variable that holds the server's key.
    prices
        What a million tokens cost, read and written, to show what it costs.
    folder
        Where the store is; set by `train`. By default the cache of the kit.
    replies
        A store from which replies are taken over, so that they are not asked for.
    random_state
        Draws the demonstrations.
    """

    needs_examples: ClassVar[bool] = False
    # What changes who answers where and how fast, and not what is asked: no part of what names a run.
    runtime_settings: ClassVar[frozenset[str]] = frozenset(
        {"endpoint", "parallel", "timeout", "network", "key_env", "prices", "folder", "replies"}
    )

    def __init__(  # noqa: PLR0913  # one per setting
        self,
        *,
        endpoint: str | None = None,
        name: str | None = None,
        checkpoint: str | None = None,
        codebook: Codebook | None = None,
        prompts: Sequence[str] = ("coder",),
        orders: int = 2,
        examples: int = 0,
        parallel: int = 4,
        timeout: float = 120.0,
        network: bool = False,
        key_env: str | None = None,
        prices: Sequence[float] | None = None,
        folder: str | None = None,
        replies: str | None = None,
        random_state: int = 0,
    ) -> None:
        self.endpoint = endpoint
        self.name = name
        self.checkpoint = checkpoint
        self.codebook = codebook
        self.prompts = prompts
        self.orders = orders
        self.examples = examples
        self.parallel = parallel
        self.timeout = timeout
        self.network = network
        self.key_env = key_env
        self.prices = prices
        self.folder = folder
        self.replies = replies
        self.random_state = random_state

    def describe_settings(self) -> dict[str, Any]:
        """Return what decides the scores: the settings that do, with the hashes of the prompts."""
        settings = self.get_params(deep=False)
        kept = {key: settings[key] for key in settings if key not in self.runtime_settings}
        prompts = [load_prompt(name) for name in self._prompt_names()]
        return kept | {"prompts": {prompt.name: prompt.hash for prompt in prompts}}

    def fit(self, X: Any, y: NDArray[Any]) -> Self:
        """Check the settings, read the prompts, and draw demonstrations if there are to be any.

        Raises
        ------
        KitError
            When a setting is at fault, or the server may not be asked. Nothing is sent here.
        """
        codebook = self._checked_codebook()
        examples, y = self._read_labelled(X, y)
        check_known(y, codebook.names, "the codebook")
        self._check_settings()
        self.prompts_ = [load_prompt(name) for name in self._prompt_names()]
        self.model_ = self._model_id()
        self.codebook_ = codebook
        names = np.array(codebook.names)
        self.demonstrations_ = self._draw(examples, y)
        self.classes_ = np.arange(len(names)) if self.multi_label_ else names
        # Of a codebook that asks for one code, an order of a few answers; of several, of two.
        rotations(len(tasks_of(codebook)[0].options), self.orders)
        self.saved_replies_: Path | None = None
        return self

    def announce(self, examples: Sequence[Example]) -> None:
        """Say which examples will be scored, so that the next ones are asked about together with them."""
        self._announced = list(examples)

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of each code, shape (examples, codes), the mean over wordings and orders."""
        return self.views(X).mean(multi_label=self.multi_label_)

    def views(self, X: Any) -> Views:
        """Return the scores of the codes under each wording and order, and how many replies were no letter."""
        examples = self._read_fitted(X)
        wanted = [*examples, *getattr(self, "_announced", ())]
        self._announced = []
        views = self._views()
        with self._asker() as asker:
            asker.ask(partial(_questions, wanted, views), self._backend)
            read = [self._read(asker, example, views) for example in examples]
        shape = (len(examples), len(views), len(self.classes_))
        scores = np.array([scores for scores, _ in read]).reshape(shape)
        illegal = np.array([illegal for _, illegal in read], dtype=np.int64)
        return Views(tuple(views), scores, illegal, sum(map(len, views.values())))

    def behaviour(self) -> dict[str, tuple[int, int]]:
        """Return by test without gold how many trials were answered as the definitions say, and of how many.

        The tests are those of `stancekit.models.llm.behaviour`, under every wording and order.
        """
        first = [opened[0].wording for opened in self._views().values()]
        trials = []
        for trial in make_trials(self.codebook_):
            trials += [(trial, Opened(wording_of(trial, wording))) for wording in first]

        def questions() -> Iterator[ChatQuestion]:
            for trial, opened in trials:
                yield opened.question(trial.example)

        found: dict[str, tuple[int, int]] = {}
        with self._asker() as asker:
            asker.ask(questions, self._backend)
            for trial, opened in trials:
                probabilities = asker.read(opened.question(trial.example)).probabilities
                letter = None if probabilities is None else int(probabilities.argmax())
                right = letter is not None and opened.wording.order[letter] == trial.right
                good, n = found.get(trial.test, (0, 0))
                found[trial.test] = (good + right, n + 1)
        return found

    def save_files(self, folder: "ModelFolder") -> None:
        """Write settings, prompts and demonstrations, and the replies without any text of what was asked."""
        with self._asker() as asker:
            asker.store.copy_without_texts(folder / REPLIES_FILE)
        write_llm(self, folder)

    @classmethod
    def load_files(cls, folder: "ModelFolder") -> Self:
        """Read a model back; it asks no other machine than this one, and nothing that has a reply already."""
        model: Self = read_llm(cls, folder)
        return model

    def _checked_codebook(self) -> Codebook:
        if self.codebook is None:
            raise KitError(
                "a language model reads the codebook, and was given none; pass codebook=load_codebook(NAME)"
            )
        return self.codebook

    def _prompt_names(self) -> list[str]:
        names = [self.prompts] if isinstance(self.prompts, str) else list(self.prompts)
        if not names or len(set(names)) < len(names):
            raise KitError(
                f"model.prompts={names}; name one wording or several different ones, as model.prompts='[coder,plain]'"
            )
        return names

    def _check_settings(self) -> None:
        if bool(self.endpoint) == bool(self.checkpoint):
            both = (
                "both a server and a checkpoint"
                if self.endpoint
                else "neither a server nor a checkpoint"
            )
            raise KitError(f"llm has {both}; {_GIVE_ONE}")
        if self.endpoint and not self.name:
            raise KitError(
                "llm has no model.name; set it to what the server calls the model, by which its replies are kept"
            )
        if self.parallel < 1 or self.examples < 0 or not self.timeout > 0:
            raise KitError(
                f"llm has parallel={self.parallel}, examples={self.examples} and timeout={self.timeout}; set "
                "parallel from 1, examples from 0 and timeout above 0"
            )
        check_prices(self.prices)
        # Replies that are there already are read whatever the address: nothing is sent then.
        if self.endpoint and not self.replies:
            check_endpoint(self.endpoint, network=self.network)

    def _model_id(self) -> str:
        """Return what requests call the model: its name at the server, or the sum of its weights."""
        if self.endpoint:
            return str(self.name)
        from stancekit.models.llm.weights import resolve_causal, weights_of_causal

        try:
            self.source_ = resolve_causal(str(self.checkpoint))
        except KitError:
            # Replies that are there already can be read where the weights are not.
            if not self.replies:
                raise
            self.source_ = str(self.checkpoint)
            with closing(ReplyStore(Path(self.replies), read_only=True)) as store:
                return store.facts.get("model", self.source_)
        return f"sha256:{weights_of_causal(self.source_)}"

    def _backend(self) -> Backend:
        """Return what answers; a model in this process is loaded once."""
        if self.endpoint:
            return ServedModel(
                self.model_,
                endpoint=self.endpoint,
                network=self.network,
                key_env=self.key_env,
                parallel=self.parallel,
                timeout=self.timeout,
            )
        made: Backend | None = getattr(self, "_loaded", None)
        if made is None:
            from stancekit.models.llm.in_process import CausalModel

            made = self._loaded = CausalModel(self.source_)
        return made

    def __getstate__(self) -> dict[str, Any]:
        """Return what is copied and pickled: not the weights."""
        state = dict(super().__getstate__())
        state.pop("_loaded", None)
        return state

    @contextmanager
    def _asker(self) -> Iterator[Asker]:
        """Open the store, and those that replies are taken over from."""
        folder = Path(self.folder) if self.folder else cache_folder()
        places = [Path(self.replies)] if self.replies else []
        places += [self.saved_replies_] if self.saved_replies_ else []
        with ExitStack() as stack:
            store = stack.enter_context(closing(ReplyStore(folder / REPLIES_FILE)))
            store.note_prompts({prompt.hash: prompt.source for prompt in self.prompts_})
            earlier = [
                stack.enter_context(closing(ReplyStore(place, read_only=True))) for place in places
            ]
            yield Asker(self.model_, store, earlier, prices=check_prices(self.prices))

    def _views(self) -> dict[str, list[Opened]]:
        """Return by view its wordings, one for each task."""
        tasks = tasks_of(self.codebook_)
        views: dict[str, list[Opened]] = {}
        for prompt in self.prompts_:
            for number, order in enumerate(rotations(len(tasks[0].options), self.orders), start=1):
                views[f"{prompt.name}, order {number}"] = [
                    Opened(Wording(prompt, self.codebook_, task, order, self._demonstrations(at)))
                    for at, task in enumerate(tasks)
                ]
        return views

    def _demonstrations(self, task: int) -> tuple[tuple[Example, int], ...]:
        """Return demonstrations with the option that is right of them in a task."""
        by_name = [code.name for code in self.codebook_.codes]
        pairs = []
        for example, codes in self.demonstrations_:
            option = (
                int(by_name[task] not in codes) if self.multi_label_ else by_name.index(codes[0])
            )
            pairs.append((example, option))
        return tuple(pairs)

    def _draw(
        self, examples: Sequence[Example], y: NDArray[Any]
    ) -> list[tuple[Example, tuple[str, ...]]]:
        """Draw demonstrations, of single codes as evenly over the codes as can be."""
        if not self.examples:
            return []
        if len(examples) < self.examples:
            raise KitError(
                f"model.examples={self.examples}, and there are {len(examples)} training examples; set it lower"
            )
        names = self._checked_codebook().names
        order = np.random.default_rng(self.random_state).permutation(len(examples))
        codes = {
            row: tuple(names[at] for at in np.flatnonzero(y[row]))
            if y.ndim == 2
            else (str(y[row]),)
            for row in order.tolist()
        }
        seen: dict[tuple[str, ...], int] = {}
        turns = {}
        for row, given in codes.items():
            turns[row] = seen[given] = seen.get(given, -1) + 1
        # All firsts of their codes come before all seconds.
        drawn = sorted(codes, key=lambda row: turns[row])[: self.examples]
        return [(examples[row], codes[row]) for row in drawn]

    def _read(
        self, asker: Asker, example: Example, views: Mapping[str, Sequence[Opened]]
    ) -> tuple[NDArray[np.float64], int]:
        """Return the score of every code under every view, and how many replies were no letter."""
        scores = np.full((len(views), len(self.classes_)), np.nan)
        names, illegal = self.codebook_.names, 0
        for view, tasks in enumerate(views.values()):
            for opened in tasks:
                answer = asker.read(opened.question(example))
                illegal += not answer.legal
                if answer.probabilities is None:
                    continue
                wording = opened.wording
                by_option = answer.probabilities[np.argsort(wording.order)]
                if wording.task.code is not None:
                    scores[view, names.index(wording.task.code.name)] = by_option[0]
                else:
                    columns = [names.index(code.name) for code in wording.task.options]
                    scores[view, columns] = by_option
        return scores, illegal


def _questions(
    examples: Sequence[Example], views: Mapping[str, Sequence[Opened]]
) -> Iterator[ChatQuestion]:
    """Yield all questions about examples: some examples under one wording, then under the next."""
    every = [opened for tasks in views.values() for opened in tasks]
    left = iter(examples)
    while some := list(islice(left, _ASKED_TOGETHER)):
        for opened in every:
            for example in some:
                yield opened.question(example)
