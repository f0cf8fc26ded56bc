"""What keys and choices were called before: whoever types an old name is told the new one."""

from collections.abc import Iterator, Sequence

from stancekit.commands import COMMANDS
from stancekit.errors import KitError
from stancekit.library.configs import names_in
from stancekit.models import RENAMED_SETTINGS

# By command: what a key was called, and what it is called now.
KEYS: dict[str, dict[str, str]] = {
    "train": {"out": "output", "sweep": "search", "priors": "logit_adjustment"},
    "evaluate": {"saved": "models", "out": "output"},
    "label": {"saved": "models", "keep": "fields", "kind": "format"},
    "sample": {"how": "design", "what": "codebook"},
    "estimate": {"what": "codebook", "about": "inference"},
    "plan": {"what": "codebook", "about": "inference", "most": "max_rows"},
    "compare": {"out": "runs"},
    "average": {"keep": "output"},
    "report": {"out": "runs"},
    "reproduce": {"run": "runs", "out": "output"},
    "data": {"plots": "output"},
    "verify": {"path": "models"},
}
# Corpora that have other names now.
CORPORA = {"csv": "table", "jsonl": "table"}
# Classes that configs of one's own may name.
TARGETS = {
    "stancekit.corpus.CsvCorpus": "stancekit.corpus.TableCorpus",
    "stancekit.corpus.JsonlCorpus": "stancekit.corpus.TableCorpus",
}
CORPUS_KEYS = {"corpus.held": "corpus.test_rows", "corpus.second": "corpus.annotators"}
# What has gone, and what to do now.
REMOVED = {
    "split.random_state": "split.random_state is gone: a split is the same for every random state "
    "now, and split.per_state=true draws one for each"
}


def check_renamed(command: str, words: Sequence[str]) -> None:
    """Make sure that no word has an old key.

    Raises
    ------
    KitError
        Naming every old key, and what it is called now.
    """
    if told := list(_renamed(command, words)):
        raise KitError(f"some keys have other names now: {'; '.join(told)}")


def renamed_key(path: str) -> str:
    """Return what became of a key of a corpus or a split in a user's own YAML file, empty if nothing did.

    Examples
    --------
    >>> renamed_key("corpus.sources.mine.corpus.second")
    'second is annotators'
    """
    last = path.rpartition(".")[2]
    if path.startswith("split.") and f"split.{last}" in REMOVED:
        return REMOVED[f"split.{last}"]
    new = CORPUS_KEYS.get(f"corpus.{last}") if path.startswith("corpus.") else None
    return f"{last} is {new.removeprefix('corpus.')}" if new else ""


def check_target(target: str, path: str) -> None:
    """Make sure that a config names no class by an old name.

    Raises
    ------
    KitError
        Naming the new one.
    """
    if target in TARGETS:
        raise KitError(
            f"{path} is of {target}, which is {TARGETS[target]} now; change its _target_"
        )


def _renamed(command: str, words: Sequence[str]) -> Iterator[str]:
    known = KEYS.get(command, {})
    for word in words:
        key, equals, _ = word.lstrip("+~").partition("=")
        first, dot, rest = key.partition(".")
        *path, last = key.split(".")
        group, choice = (
            (key, word[len(key) + 1 :]) if equals else (COMMANDS[command].positional, word)
        )
        if group == "corpus" and choice in CORPORA and choice not in names_in(group):
            yield f"{group}={choice} is {group}={CORPORA[choice]}; or name the file, corpus=FILE"
        elif equals and key in CORPUS_KEYS:
            yield f"{key} is {CORPUS_KEYS[key]}"
        elif equals and key in REMOVED:
            yield REMOVED[key]
        elif equals and path and path[0] == "model" and last in RENAMED_SETTINGS:
            yield f"{key} is {'.'.join([*path, RENAMED_SETTINGS[last]])}"
        elif equals and first in known:
            yield f"{first} is {known[first]}" + (f", as in {known[first]}.{rest}" if dot else "")
