"""Keys of corpora and splits on the command line: all that a reader takes can be set, and nothing else."""

import inspect
import re
from collections.abc import Iterator, Sequence

import yaml
from hydra.utils import get_object
from omegaconf import DictConfig

from stancekit.commands.renamed import check_target, renamed_key
from stancekit.commands.words import quoted
from stancekit.errors import KitError
from stancekit.library.configs import names_in
from stancekit.library.objects import names_data

# The groups whose choices are often a YAML file of the user's, which spells out what it needs only.
OPEN = ("corpus", "split")
# Those whose choices are objects, of what `_target_` names.
TARGETED = ("corpus", "codebook", "split", "features", "model")
_TEXT_NODE = re.compile(
    r"(corpus\.(?:path|name|gold|test_rows|separator|encoding|sheet|label_separator|date_format|"
    r"articles)|"
    r"(?:corpus\.)?columns\.\w+)=(.*)",
    re.DOTALL,
)
# What Hydra is to read: nothing, yes and no, a list, what is in quotation marks already.
_MEANT = re.compile(r"null|false|true|\?\?\?|\[.*\]|'.*'|\".*\"|", re.DOTALL)
_LABELS = re.compile(r"corpus\.labels=(\{.*\})", re.DOTALL)
# Labels that Hydra takes for the text that they are.
_PLAIN_LABEL = re.compile(
    r"(?!(?:yes|no|on|off|true|false|null|nan|inf)$)[A-Za-z_][A-Za-z0-9_]*", re.I
)


def opened(words: Sequence[str]) -> list[str]:
    r"""Return a command's words such that keys of corpus and split are set also where the YAML does not list them.

    Hydra refuses `corpus.labels.AGAINST=condemn` unless the file has that key, and signs such as a
    bare `;`. `corpus=FILE` is a table in that file, or an annotated sample.

    Examples
    --------
    >>> opened(["corpus=mine.csv"])
    ['corpus=table', "++corpus.path='mine.csv'"]
    >>> opened(["corpus=table", "corpus.columns.text=sentence", "corpus.separator=;", "split.shared=drop", "out=runs"])
    ['corpus=table', "++corpus.columns.text='sentence'", "++corpus.separator=';'", '++split.shared=drop', 'out=runs']
    """
    # A multirun sweeps over values with commas.
    sweeps = {"-m", "--multirun"} & set(words)
    taken = (
        words if sweeps else [_as_written(part) for word in words for part in _table_words(word)]
    )
    prefixes = tuple(f"{group}." for group in OPEN)
    return [f"++{word}" if word.startswith(prefixes) else word for word in taken]


def _table_words(word: str) -> Iterator[str]:
    """Yield the words for a corpus that is named by its file, or the word itself."""
    key, _, value = word.partition("=")
    if key == "corpus" and value not in names_in("corpus") and names_data(value):
        from stancekit.corpus.samples import is_sample

        kind = "annotated_sample" if is_sample(value) else "table"
        yield from (f"corpus={kind}", f"{key}.path={value}")
    else:
        yield word


def _as_written(word: str) -> str:
    if labels := _LABELS.fullmatch(word):
        return word.partition("=")[0] + "=" + _labels_as_written(labels[1])
    found = _TEXT_NODE.fullmatch(word)
    return word if not found or _MEANT.fullmatch(found[2]) else f"{found[1]}={quoted(found[2])}"


def _labels_as_written(written: str) -> str:
    """Return a map of labels as Hydra reads it: as one text if some label is no plain word."""
    try:
        # Of this loader, yes and no are texts.
        labels = yaml.load(written, yaml.BaseLoader)  # noqa: S506  # it makes nothing but texts
    except yaml.YAMLError:
        return written
    plain = not set("\"'") & set(written) and all(map(_PLAIN_LABEL.fullmatch, labels))
    return written if plain else quoted(written)


def check_keys(config: DictConfig) -> None:
    """Hold the keys of corpus and split against what their classes take.

    Raises
    ------
    KitError
        Naming the keys that nothing reads, and those that there are.
    """
    for group in TARGETED:
        node = config.get(group)
        if isinstance(node, DictConfig) and node and "_target_" not in node:
            example = "stancekit.codebook.make_codebook" if group == "codebook" else "CLASS"
            raise KitError(
                f"the {group} has no line _target_, which says what it is; add to its file: "
                f"_target_: {example}"
            )
    for group in OPEN:
        if isinstance(node := config.get(group), DictConfig):
            _check_node(node, group)


def _check_node(node: DictConfig, path: str) -> None:
    if "_target_" in node:
        check_target(str(node["_target_"]), path)
    if "_target_" in node and (known := _parameters(get_object(node["_target_"]))) is not None:
        given = [key for key in map(str, node) if not key.startswith("_")]
        if unknown := [f"{path}.{key}" for key in given if key not in known]:
            gone = "".join(f"; {told}" for told in map(renamed_key, unknown) if told)
            raise KitError(
                f"unknown key {', '.join(unknown)}; {path} has: {', '.join(known)}{gone}"
            )
    for name, value in node.items():
        if isinstance(value, DictConfig):
            _check_node(value, f"{path}.{name!s}")


def _parameters(target: object) -> list[str] | None:
    """Return what may be given to a class, `None` where that is anything."""
    if not inspect.isclass(target):
        return None
    names: list[str] = []
    for base in target.__mro__:
        if not (init := vars(base).get("__init__")):
            continue
        listed = list(inspect.signature(init).parameters.values())[1:]
        named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        names += [parameter.name for parameter in listed if parameter.kind in named]
        # Whatever is left over goes to the class above.
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in listed):
            return list(dict.fromkeys(names))
    return None
