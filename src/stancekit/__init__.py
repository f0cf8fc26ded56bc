"""Label sentences by actor stance and framing, train classifiers, report what the numbers are worth."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stancekit.codebook import Codebook, load_codebook
    from stancekit.commands.agreement import agreement
    from stancekit.commands.average import average
    from stancekit.commands.compare import compare
    from stancekit.commands.estimate import estimate
    from stancekit.commands.evaluate import evaluate
    from stancekit.commands.label import label
    from stancekit.commands.network import network
    from stancekit.commands.plan import plan
    from stancekit.commands.regress import regress
    from stancekit.commands.report import report
    from stancekit.commands.sample import sample
    from stancekit.commands.train import train
    from stancekit.corpus.memory import read_table
    from stancekit.errors import KitError
    from stancekit.labelling.labels import Labels, read_labels
    from stancekit.library.load import load_model as load
    from stancekit.library.model import StanceModel
    from stancekit.types import Example, Mention

# Where each name is, as `module` or `module:name`. They are imported when they are first used, so
# that importing the kit costs nothing; type checkers and editors read the imports above.
_PLACES = {
    "Codebook": "codebook",
    "Example": "types",
    "KitError": "errors",
    "Labels": "labelling.labels",
    "Mention": "types",
    "StanceModel": "library.model",
    "agreement": "commands.agreement",
    "average": "commands.average",
    "compare": "commands.compare",
    "estimate": "commands.estimate",
    "evaluate": "commands.evaluate",
    "label": "commands.label",
    "load": "library.load:load_model",
    "load_codebook": "codebook",
    "network": "commands.network",
    "plan": "commands.plan",
    "read_labels": "labelling.labels",
    "read_table": "corpus.memory",
    "regress": "commands.regress",
    "report": "commands.report",
    "sample": "commands.sample",
    "train": "commands.train",
}
__all__ = [
    "Codebook",
    "Example",
    "KitError",
    "Labels",
    "Mention",
    "StanceModel",
    "agreement",
    "average",
    "compare",
    "estimate",
    "evaluate",
    "label",
    "load",
    "load_codebook",
    "network",
    "plan",
    "read_labels",
    "read_table",
    "regress",
    "report",
    "sample",
    "train",
]


if not TYPE_CHECKING:  # else a type checker would take every name for one that there is

    def __getattr__(name: str) -> Any:
        """Import a public name when it is first used."""
        if name not in _PLACES:
            from difflib import get_close_matches

            close = get_close_matches(name, __all__, 1)
            meant = f"is {close[0]!r} meant? It" if close else "it"
            raise AttributeError(
                f"module 'stancekit' has no attribute {name!r}; {meant} has: {', '.join(__all__)}"
            )
        module, _, original = _PLACES[name].partition(":")
        value = getattr(import_module(f"stancekit.{module}"), original or name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """List the public names, also those that are not imported yet."""
    return __all__
