"""What a saved model has learned from: digests of its training texts, never the texts."""

import hashlib
from collections.abc import Iterable

from stancekit.text.clean import clean

# Of SHA-256: among a million texts, two share these digits with a chance of one in 500.
_DIGEST_DIGITS = 12


def text_digest(text: str) -> str:
    r"""Return the digest of a text, the same for texts that differ only in what a reader does not see.

    Examples
    --------
    >>> text_digest("Peru said no.") == text_digest(" Peru  said no.\n") != text_digest("Peru said yes.")
    True
    """
    plain = " ".join(clean(text).text.split())
    return hashlib.sha256(plain.encode()).hexdigest()[:_DIGEST_DIGITS]


def article_digest(article: str) -> str:
    """Return the digest of an article's id."""
    return hashlib.sha256(f"article {article}".encode()).hexdigest()[:_DIGEST_DIGITS]


def describe_learned(texts: Iterable[str]) -> str:
    """Return what a manifest says of the texts that a model learned from: their digests, in one text.

    Examples
    --------
    >>> read_learned(describe_learned(["Peru said no."])) == {text_digest("Peru said no.")}
    True
    """
    return " ".join(sorted({text_digest(text) for text in texts}))


def read_learned(described: object) -> frozenset[str]:
    """Return the digests that a manifest has; none where it has nothing, as of older models."""
    return frozenset(described.split()) if isinstance(described, str) else frozenset()
