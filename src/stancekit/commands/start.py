"""The word `start=ENCODER` of `train`, which stands for a model and its checkpoint."""

from collections.abc import Sequence

from stancekit.commands.words import quoted, unquoted_word
from stancekit.errors import KitError
from stancekit.library.starts import start_settings


def started(command: str, words: Sequence[str]) -> list[str]:
    """Return a command's words with the model and the checkpoint that `start=` stands for in its place.

    Raises
    ------
    KitError
        When it is given twice or with several models, or the model has no encoder.

    Examples
    --------
    >>> started("train", ["corpus=sample.csv", "start=box"])
    ['corpus=sample.csv', 'model=box_tuned', "model.checkpoint='box'"]
    """
    starts = [word.partition("=")[2] for word in words if word.startswith("start=")]
    if command != "train" or not starts or starts == ["null"]:
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
