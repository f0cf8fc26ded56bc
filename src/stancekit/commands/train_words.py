"""Words of `train` that stand for others: `gold=FILE` for its corpus, `start=ENCODER` for a model and checkpoint."""

from collections.abc import Sequence

from stancekit.commands.words import quoted, unquoted_word
from stancekit.errors import KitError
from stancekit.library.starts import start_settings


def spelled_out(command: str, words: Sequence[str]) -> list[str]:
    """Return a command's words, of `train` with what they stand for.

    Raises
    ------
    KitError
        When they say one thing twice, or the model has no encoder.
    """
    return started(gold_as_corpus(words)) if command == "train" else list(words)


def gold_as_corpus(words: Sequence[str]) -> list[str]:
    """Return words with `corpus=` in the place of `gold=`, as `estimate` calls the same file.

    Raises
    ------
    KitError
        When a corpus is named too, or several files are.

    Examples
    --------
    >>> gold_as_corpus(["gold=study.db", "start=box"])
    ['corpus=study.db', 'start=box']
    """
    given = [word for word in words if word.startswith("gold=")]
    if not given:
        return list(words)
    named = [word for word in words if word.startswith(("gold=", "corpus=", "corpus.path="))]
    value = given[0].partition("=")[2]
    if len(named) > 1 or value.startswith("[") or not value:
        raise KitError(
            f"gold= is another word for corpus=, the one file or folder that train learns from; seen: "
            f"{' '.join(named)}. Give gold=PROJECT.db, or a folder with a sample and what extended it"
        )
    return [f"corpus={value}" if word == given[0] else word for word in words]


def started(words: Sequence[str]) -> list[str]:
    """Return words with the model and the checkpoint that `start=` stands for in its place.

    Raises
    ------
    KitError
        When it is given twice or with several models, or the model has no encoder.

    Examples
    --------
    >>> started(["corpus=sample.csv", "start=box"])
    ['corpus=sample.csv', 'model=box_tuned', "model.checkpoint='box'"]
    """
    starts = [word.partition("=")[2] for word in words if word.startswith("start=")]
    if not starts or starts == ["null"]:
        return list(words)
    rest = [word for word in words if not word.startswith(("start=", "model="))]
    models = [word.partition("=")[2] for word in words if word.startswith("model=")]
    again = [word for word in words if word.startswith(("model.checkpoint=", "experiment="))]
    if len(starts) > 1 or len(models) > 1 or "," in "".join(models) or again or not starts[0]:
        seen = " ".join(word for word in words if word.startswith(("start=", "model=", *again)))
        raise KitError(
            f"start= is the one encoder that one model starts from; seen: {seen}. Give start=box or "
            "start=FOLDER, and at most model=NAME beside it"
        )
    name, settings = start_settings(unquoted_word(starts[0]), models[0] if models else None)
    return [*rest, f"model={name}", *(f"model.{key}={quoted(to)}" for key, to in settings.items())]
