"""Label sentences by actor stance and framing, train classifiers, report what the numbers are worth."""

from importlib import import_module
from typing import Any

_PLACES = {
    "Article": "types",
    "Example": "types",
    "Mention": "types",
    "Prediction": "types",
    "Score": "types",
    "Sentence": "types",
    "Codebook": "codebook",
    "load_codebook": "codebook",
    "KitError": "errors",
    "train": "commands.train",
    "evaluate": "commands.evaluate",
    "label": "commands.label",
    "sample": "commands.sample",
    "estimate": "commands.estimate",
    "plan": "commands.plan",
    "average": "commands.average",
    "compare": "commands.compare",
    "report": "commands.report",
}
__all__ = sorted(_PLACES)  # noqa: PLE0605  # one list of names, so that none is forgotten


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that importing the kit costs nothing."""
    if name not in _PLACES:
        raise AttributeError(
            f"module 'stancekit' has no attribute {name!r}; it has: {', '.join(__all__)}"
        )
    return getattr(import_module(f"stancekit.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
    """List the public names, also those that are not imported yet."""
    return __all__
