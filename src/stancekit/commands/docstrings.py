"""What numpy-style docstrings say of parameters, read from the source, so that nothing heavy is imported for help."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec, resolve_name
from pathlib import Path

Definition = ast.ClassDef | ast.FunctionDef
# A docstring that leaves a meaning to another: "See `stancekit.models.linear.Linear`." or "As of
# `stancekit label`".
_REFERENCE = re.compile(
    r"(?:See|As of) `(?:stancekit (?P<command>\w+)|(?P<path>\w+(?:\.\w+)+))`[.;]?\s*"
)
_RULE = re.compile(r"-{3,}\s*")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a function or class: its default as it is written, `None` for none, and what it means."""

    name: str
    default: str | None
    meaning: str


def sections(docstring: str) -> dict[str, str]:
    r"""Divide a numpy-style docstring by its headings; what stands before the first is under an empty one.

    Examples
    --------
    >>> sections("Add.\n\nParameters\n----------\na\n    A number.")
    {'': 'Add.', 'Parameters': 'a\n    A number.'}
    """
    parts: dict[str, list[str]] = {"": []}
    name = ""
    lines = docstring.splitlines()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if _RULE.fullmatch(following) and line.strip():
            name = line.strip()
            parts[name] = []
        elif not _RULE.fullmatch(line):
            parts[name].append(line)
    return {name: "\n".join(part).strip() for name, part in parts.items()}


def meanings(docstring: str) -> dict[str, str]:
    r"""Return what a docstring's `Parameters` say of each, on one line.

    Examples
    --------
    >>> meanings("Add.\n\nParameters\n----------\na, b : int\n    Two\n    numbers.\nc\n    Another.")
    {'a': 'Two numbers.', 'b': 'Two numbers.', 'c': 'Another.'}
    """
    found: dict[str, str] = {}
    names: list[str] = []
    for line in sections(docstring).get("Parameters", "").splitlines():
        if line and not line[0].isspace():
            names = [name.strip() for name in line.split(":")[0].split(",")]
            found.update(dict.fromkeys(names, ""))
        elif names and line.strip():
            for name in names:
                found[name] = f"{found[name]} {line.strip()}".strip()
    return found


def docstring_of(path: str) -> str:
    """Return the docstring of a class or function by its dotted path, an empty one if there is none.

    Examples
    --------
    >>> docstring_of("stancekit.corpus.GroupedSplit").splitlines()[0]
    'A random split in which no group, and no two copies of a text, are in two parts.'
    """
    module, _, name = path.rpartition(".")
    located = _locate(module, name)
    return (ast.get_docstring(located[1]) or "") if located else ""


def parameters(path: str) -> list[Parameter]:
    """Return the parameters of a class or function by its dotted path, those of classes above it included."""
    module, _, name = path.rpartition(".")
    located = _locate(module, name)
    if located is None:
        return []
    found: dict[str, Parameter] = {}
    for definition in _with_bases(*located):
        said = meanings(ast.get_docstring(definition) or "")
        for argument, default in _arguments(definition):
            # The class itself comes before those above it, which may know what its argument means.
            known = found.get(argument, Parameter(argument, default, ""))
            found[argument] = replace(known, meaning=known.meaning or said.get(argument, ""))
    return [replace(parameter, meaning=_followed(parameter)) for parameter in found.values()]


def _followed(parameter: Parameter) -> str:
    """Return the meaning of a parameter, taken from where its docstring refers to."""
    if not (reference := _REFERENCE.match(parameter.meaning)):
        return parameter.meaning
    command = reference["command"]
    path = f"stancekit.commands.{command}.{command}" if command else reference["path"]
    meaning = next(
        (other.meaning for other in parameters(path) if other.name == parameter.name), ""
    )
    rest = parameter.meaning[reference.end() :]
    return f"{meaning} {rest[:1].upper()}{rest[1:]}".strip() if meaning else parameter.meaning


def _arguments(definition: Definition) -> Iterator[tuple[str, str | None]]:
    """Yield the arguments of a function, or of a class's `__init__` or dataclass fields, with their defaults."""
    if isinstance(definition, ast.ClassDef):
        methods = [node for node in definition.body if isinstance(node, ast.FunctionDef)]
        init = next((method for method in methods if method.name == "__init__"), None)
        if init is None:
            for node in definition.body:
                if (
                    isinstance(node, ast.AnnAssign)
                    and isinstance(node.target, ast.Name)
                    and node.target.id[0] != "_"
                ):
                    yield node.target.id, ast.unparse(node.value) if node.value else None
            return
        definition = init
    given = definition.args
    positional = [*given.posonlyargs, *given.args]
    defaults = [*[None] * (len(positional) - len(given.defaults)), *given.defaults]
    pairs = [
        *zip(positional, defaults, strict=True),
        *zip(given.kwonlyargs, given.kw_defaults, strict=True),
    ]
    for argument, default in pairs:
        if argument.arg != "self":
            yield argument.arg, ast.unparse(default) if default else None


def _with_bases(module: str, definition: Definition) -> Iterator[Definition]:
    """Yield a class and those above it, as far as they take what is left over."""
    yield definition
    if not isinstance(definition, ast.ClassDef):
        return
    inits = [
        node
        for node in definition.body
        if isinstance(node, ast.FunctionDef) and node.name == "__init__"
    ]
    if inits and inits[0].args.kwarg is None:
        return
    for base in definition.bases:
        if isinstance(base, ast.Name) and (located := _locate(module, base.id)):
            yield from _with_bases(*located)


def _locate(module: str, name: str) -> tuple[str, Definition] | None:
    """Return the module that defines a name, and the definition, followed through imports."""
    tree = _tree(module)
    for node in tree.body if tree else ():
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
            return module, node
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return _locate(_absolute(module, node), alias.name)
    return None


def _absolute(module: str, node: ast.ImportFrom) -> str:
    package = module if _is_package(module) else module.rpartition(".")[0]
    return (
        resolve_name("." * node.level + (node.module or ""), package)
        if node.level
        else str(node.module)
    )


def _file(module: str) -> Path | None:
    try:
        spec = find_spec(module)
    except (ImportError, ValueError):
        return None
    return Path(spec.origin) if spec and spec.origin and spec.origin.endswith(".py") else None


def _is_package(module: str) -> bool:
    return (file := _file(module)) is not None and file.name == "__init__.py"


@cache
def _tree(module: str) -> ast.Module | None:
    file = _file(module) if module else None
    return ast.parse(file.read_text(encoding="utf-8")) if file else None
