"""Measure the source of a package: sizes, names, comments and circles of imports.

`python -m bench.house [PACKAGE_FOLDER]` prints a Markdown table, of `src/stancekit` by
default. Nothing is imported: files are read with `ast` and `tokenize`.
"""

import ast
import io
import math
import sys
import tokenize
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

# `type X = ...`, from Python 3.12 on.
TYPE_ALIAS: Any = getattr(ast, "TypeAlias", ())
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# What imports and definitions can be in; expressions have none, and are most of a tree.
HOLDERS = (ast.stmt, ast.ExceptHandler, ast.match_case)
# Every package has these names, and every module that logs has a `log`.
COMMON = {"__all__", "log"}
# Tokens of a line that hold no code.
LAYOUT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}
# The module that imports, the one that is imported, whether inside a function.
Import = tuple[str, str, bool]


@dataclass(frozen=True)
class Module:
    """A file of the package: its dotted name, its text and its parsed tree."""

    name: str
    is_package: bool
    text: str
    tree: ast.Module


def read_modules(folder: Path) -> list[Module]:
    """Return all modules below a package's folder, which gives the package its name."""
    modules = []
    for path in sorted(folder.rglob("*.py")):
        parts = (folder.name, *path.relative_to(folder).with_suffix("").parts)
        is_package = parts[-1] == "__init__"
        text = path.read_text(encoding="utf-8")
        name = ".".join(parts[:-1] if is_package else parts)
        modules.append(Module(name, is_package, text, ast.parse(text, str(path))))
    return modules


def summarize(values: Sequence[float]) -> dict[str, float]:
    """Return median, 90th percentile and maximum, rounded; zeros where there are none.

    A percentile between two values is interpolated, as `numpy.quantile` does.
    """
    if not values:
        return {"median": 0, "p90": 0, "max": 0}
    median, p90 = np.quantile(values, [0.5, 0.9])
    return {
        "median": math.floor(median + 0.5),
        "p90": math.floor(p90 + 0.5),
        "max": max(values),
    }


def has_docstring(node: ast.AST) -> bool:
    """Say whether a module, class or function starts with a docstring."""
    body: list[ast.stmt] = getattr(node, "body", [])
    first = body[0] if body else None
    return (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )


def count_body(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function's body, from after its docstring to its end."""
    body = function.body[1:] if has_docstring(function) else function.body
    if not body:
        return 0
    decorators: list[ast.expr] = getattr(body[0], "decorator_list", [])
    first = min([body[0].lineno, *(node.lineno for node in decorators)])
    return (body[-1].end_lineno or first) - first + 1


def docstring_lines(tree: ast.Module) -> set[int]:
    """Return the numbers of the lines that docstrings take up."""
    documented = (ast.Module, ast.ClassDef, *FUNCTIONS)
    lines: set[int] = set()
    left: list[Any] = [tree]
    while left:
        node = left.pop()
        left += [child for child in ast.iter_child_nodes(node) if isinstance(child, HOLDERS)]
        if isinstance(node, documented) and has_docstring(node):
            first = node.body[0]
            lines.update(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    return lines


def count_comments(text: str, tree: ast.Module) -> tuple[int, int, int]:
    """Return the lines that are a comment, those that end in one, and those of code.

    What follows code is mostly a note to a tool (`noqa`), so it is counted apart. Lines
    of a docstring and blank ones hold no code; all lines of another string do.
    """
    comments = notes = 0
    code: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            alone = token.line.lstrip().startswith("#")
            comments += alone
            notes += not alone
        elif token.type not in LAYOUT:
            code.update(range(token.start[0], token.end[0] + 1))
    return comments, notes, len(code - docstring_lines(tree))


def bound_names(target: ast.expr) -> Iterator[str]:
    """Yield the names that an assignment binds; not attributes and items."""
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Starred):
        yield from bound_names(target.value)
    elif isinstance(target, ast.Tuple | ast.List):
        for part in target.elts:
            yield from bound_names(part)


def top_level_names(body: Sequence[ast.stmt]) -> set[str]:
    """Return the names that top-level statements define, in `if`, `try`, `with` too.

    Imported names are defined elsewhere, and loops bind no names for others to use.
    """
    names: set[str] = set()
    for node in body:
        if isinstance(node, (ast.ClassDef, *FUNCTIONS)):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                names.update(bound_names(target))
        elif isinstance(node, ast.AnnAssign):
            names.update(bound_names(node.target))
        elif isinstance(node, TYPE_ALIAS):
            names.update(bound_names(node.name))
        elif isinstance(node, ast.If | ast.Try | ast.With):
            for part in ("body", "orelse", "finalbody"):
                names |= top_level_names(getattr(node, part, []))
            for handler in getattr(node, "handlers", []):
                names |= top_level_names(handler.body)
    return names


def repeated_names(modules: Sequence[Module]) -> dict[str, list[str]]:
    """Return the names that more than one module defines, each with its modules."""
    homes: dict[str, list[str]] = defaultdict(list)
    for module in modules:
        for name in sorted(top_level_names(module.tree.body) - COMMON):
            homes[name].append(module.name)
    return {name: homes[name] for name in sorted(homes) if len(homes[name]) > 1}


def _is_type_checking(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
    return name == "TYPE_CHECKING"


def _import_nodes(
    node: ast.AST, *, inside: bool = False
) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    """Yield imports, and whether each is in a function; not those for types alone."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, inside
        elif isinstance(child, ast.If) and _is_type_checking(child.test):
            for other in child.orelse:
                yield from _import_nodes(ast.Module([other], []), inside=inside)
        elif isinstance(child, HOLDERS):
            yield from _import_nodes(child, inside=inside or isinstance(child, FUNCTIONS))


def _absolute(module: Module, node: ast.ImportFrom) -> str:
    """Return the dotted name that a `from` import reads from, relative ones resolved."""
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    up = node.level - 1 if module.is_package else node.level
    base = parts[: len(parts) - up]
    return ".".join([*base, node.module] if node.module else base)


def _imported_names(module: Module) -> set[str]:
    """Return the names that a module's imports bind at its top level."""
    return {
        alias.asname or alias.name
        for node in module.tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def _named_modules(module: Module) -> set[str]:
    """Return the strings by which `import_module` may import in a module that uses it.

    Such a string reads "package.module" or "package.module:Class".
    """
    if "import_module" not in module.text:
        return set()
    nodes = list(ast.walk(module.tree))
    names = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    if "import_module" not in names | _imported_names(module):
        return set()
    constants = [node.value for node in nodes if isinstance(node, ast.Constant)]
    strings = [value for value in constants if isinstance(value, str)]
    return {text.partition(":")[0] for text in strings}


def find_imports(modules: Sequence[Module]) -> list[Import]:
    """Return which modules of the package import which, at the top and in functions.

    `from package import name` imports the module `package.name` if there is one, unless
    the package's own file binds that name to something else; otherwise the package.
    That Python also runs the files of the packages around a module is left out. What
    `import_module` may import, by a name in the text, counts as inside a function.
    """
    known = {module.name: module for module in modules}
    edges: set[Import] = set()
    for module in modules:
        for node, inside in _import_nodes(module.tree):
            if isinstance(node, ast.Import):
                targets = [alias.name for alias in node.names]
            else:
                source = _absolute(module, node)
                own = set()
                if source in known and source != module.name:
                    package = known[source]
                    own = top_level_names(package.tree.body) | _imported_names(package)
                targets = []
                for alias in node.names:
                    part = f"{source}.{alias.name}"
                    is_module = part in known and alias.name not in own
                    targets.append(part if is_module else source)
            edges.update((module.name, target, inside) for target in targets)
        edges.update((module.name, name, True) for name in _named_modules(module))
    return sorted(edge for edge in edges if edge[1] in known and edge[0] != edge[1])


def _shortest_path(graph: dict[str, list[str]], start: str, end: str) -> list[str] | None:
    paths = {start: [start]}
    queue = deque([start])
    while queue:
        name = queue.popleft()
        if name == end:
            return paths[name]
        for following in graph.get(name, []):
            if following not in paths:
                paths[following] = [*paths[name], following]
                queue.append(following)
    return None


def find_cycles(imports: Sequence[tuple[str, str]]) -> list[tuple[str, ...]]:
    """Return circles of imports: of each import that is in any, the shortest.

    Each is listed once, from its alphabetically first module; the last one imports the
    first. All circles together could be too many to list.

    Examples
    --------
    >>> find_cycles([("b", "a"), ("a", "b"), ("b", "c")])
    [('a', 'b')]
    """
    graph: dict[str, list[str]] = defaultdict(list)
    for importer, imported in sorted(set(imports)):
        graph[importer].append(imported)
    cycles = set()
    for importer, imported in set(imports):
        path = _shortest_path(graph, imported, importer)
        if path is not None:
            first = path.index(min(path))
            cycles.add(tuple(path[first:] + path[:first]))
    return sorted(cycles, key=lambda cycle: (len(cycle), cycle))


def measure(folder: Path) -> dict[str, Any]:
    """Return every figure of a package.

    Parameters
    ----------
    folder
        The package's own folder, such as `src/stancekit`.

    Returns
    -------
    dict
        `modules` and `inits` (numbers of files), `lines`; `file_lines`, `body_lines`,
        `line_length` (see `summarize`; a line that is blank has no length, a function
        that has only a docstring has no body lines); `functions` (methods and nested
        ones too), `classes`; `comments` (lines of their own), `notes` (after
        code), `code_lines`, `comments_per_100` (without notes);
        `repeated_public`, `repeated_private` (names to modules); `cycles` (at module
        level) and `lazy_cycles` (those that imports inside functions add).
    """
    modules = read_modules(folder)
    nodes = [node for module in modules for node in ast.walk(module.tree)]
    functions = [node for node in nodes if isinstance(node, FUNCTIONS)]
    texts = [module.text.splitlines() for module in modules]
    counts = [count_comments(module.text, module.tree) for module in modules]
    comments = sum(count[0] for count in counts)
    notes = sum(count[1] for count in counts)
    code_lines = sum(count[2] for count in counts)
    repeated = repeated_names(modules)
    private = {name: homes for name, homes in repeated.items() if name.startswith("_")}
    imports = find_imports(modules)
    cycles = find_cycles([edge[:2] for edge in imports if not edge[2]])
    all_cycles = find_cycles([edge[:2] for edge in imports])
    inits = sum(module.is_package for module in modules)
    return {
        "modules": len(modules) - inits,
        "inits": inits,
        "lines": sum(map(len, texts)),
        "file_lines": summarize([len(lines) for lines in texts]),
        "body_lines": summarize([count_body(function) for function in functions]),
        "functions": len(functions),
        "classes": sum(isinstance(node, ast.ClassDef) for node in nodes),
        "line_length": summarize([len(line) for lines in texts for line in lines if line.strip()]),
        "comments": comments,
        "notes": notes,
        "code_lines": code_lines,
        "comments_per_100": round(100 * comments / max(code_lines, 1), 1),
        "repeated_public": {name: homes for name, homes in repeated.items() if name not in private},
        "repeated_private": private,
        "cycles": cycles,
        "lazy_cycles": [cycle for cycle in all_cycles if cycle not in cycles],
    }


def _spread(figures: dict[str, float]) -> str:
    return " / ".join(f"{value:,}" for value in figures.values())


def render(figures: dict[str, Any]) -> str:
    """Return the figures of `measure` as Markdown: a table, then names and circles."""
    rows = {
        "modules (and `__init__`)": f"{figures['modules']} ({figures['inits']})",
        "lines": f"{figures['lines']:,}",
        "lines per file: median / p90 / max": _spread(figures["file_lines"]),
        "function body: median / p90 / max": _spread(figures["body_lines"]),
        "functions / classes": f"{figures['functions']:,} / {figures['classes']:,}",
        "line length: median / p90 / max": _spread(figures["line_length"]),
        "comments per 100 code lines": (
            f"{figures['comments_per_100']} ({figures['comments']:,} of "
            f"{figures['code_lines']:,}; after code {figures['notes']:,} more)"
        ),
        "public names in several modules": len(figures["repeated_public"]),
        "private names in several modules": len(figures["repeated_private"]),
        "circles of imports": len(figures["cycles"]),
        "more with imports in functions": len(figures["lazy_cycles"]),
    }
    lines = ["| figure | value |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in rows.items()]
    for title, key in (
        ("Public names in several modules", "repeated_public"),
        ("Private names in several modules", "repeated_private"),
    ):
        if figures[key]:
            lines += ["", f"{title}:", ""]
            for name, homes in figures[key].items():
                lines.append(f"- `{name}`: {', '.join(homes)}")
    for title, key in (
        ("Circles of imports", "cycles"),
        ("With imports in functions", "lazy_cycles"),
    ):
        if figures[key]:
            lines += ["", f"{title}:", ""]
            lines += [f"- {' → '.join((*cycle, cycle[0]))}" for cycle in figures[key]]
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> None:
    """Print the figures of a package."""
    print(render(measure(Path(arguments[0] if arguments else "src/stancekit"))))


if __name__ == "__main__":
    main(sys.argv[1:])
