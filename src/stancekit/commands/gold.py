"""The word `gold=FILE` of `train`: what people annotated, which is the corpus that it learns from."""

from collections.abc import Sequence

from stancekit.errors import KitError


def gold_as_corpus(command: str, words: Sequence[str]) -> list[str]:
    """Return the words of `train` with `corpus=` in the place of `gold=`, as `estimate` calls the same file.

    Raises
    ------
    KitError
        When a corpus is named too, or several files are.

    Examples
    --------
    >>> gold_as_corpus("train", ["gold=study.db", "start=box"])
    ['corpus=study.db', 'start=box']
    """
    given = [word for word in words if word.startswith("gold=")]
    if command != "train" or not given:
        return list(words)
    named = [word for word in words if word.startswith(("gold=", "corpus=", "corpus.path="))]
    value = given[0].partition("=")[2]
    if len(named) > 1 or value.startswith("[") or not value:
        raise KitError(
            f"gold= is another word for corpus=, the one file or folder that train learns from; seen: "
            f"{' '.join(named)}. Give gold=PROJECT.db, or a folder with a sample and what extended it"
        )
    return [f"corpus={value}" if word == given[0] else word for word in words]
