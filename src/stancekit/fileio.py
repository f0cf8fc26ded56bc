"""Atomic file writes, locks, and names of files."""

import errno
import hashlib
import json
import logging
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from filelock import FileLock, Timeout

from stancekit.errors import KitError

if TYPE_CHECKING:
    import pandas

log = logging.getLogger(__name__)

# Most file systems take 255 bytes; a folder's hash, a suffix and a temporary file's marks are added
# to a name.
LONGEST_NAME = 100
# What only a write can meet, whichever file the error names.
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}
# Half an emoji, which has no UTF-8; and line separators that many readers split a line of JSON at.
_ESCAPED = re.compile("[\ud800-\udfff\u0085\u2028\u2029]")
# What a spreadsheet takes for a formula: a text that begins so, unless it is a number with a sign,
# or the sign alone, as for "no code".
_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?([eE][+-]?\d+)?|[+-]")


def file_name(text: str) -> str:
    """Return a text as the name of one file or folder, of letters, digits, `_`, `.` and `-`.

    It never begins with a dot, and a long one is cut and ends in a hash of the whole.

    Examples
    --------
    >>> file_name("stance-../my model-0")
    'stance-.._my_model-0'
    >>> file_name("../../elsewhere")
    '_._.._elsewhere'
    >>> len(file_name("long" * 100))
    100
    """
    name = re.sub(r"[^\w.-]+", "_", text)
    name = re.sub(r"^\.|^$", "_", name)
    if len(name.encode()) <= LONGEST_NAME:
        return name
    sum_of_all = hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:12]
    return f"{name.encode()[: LONGEST_NAME - 13].decode(errors='ignore')}-{sum_of_all}"


@contextmanager
def writing(path: str | Path) -> Iterator[None]:
    """Tell the system's errors in the block as a user's error about `path`: use it around what only writes there.

    Raises
    ------
    KitError
        When the disk is full, or the place is read-only, or not there, or no folder.
    """
    try:
        yield
    except OSError as error:
        raise _cannot_write(path, error) from None


def make_folder(path: str | Path) -> Path:
    """Make a folder with its parents where it is not there, and return it.

    Raises
    ------
    KitError
        When it cannot be made.
    """
    with writing(path):
        Path(path).mkdir(parents=True, exist_ok=True)
    return Path(path)


@contextmanager
def lock(path: str | Path, doing: str = "the same work") -> Iterator[None]:
    """Hold a lock file during the block, and say so when another process has to be waited for.

    Parameters
    ----------
    path
        The lock file; its folder is made. The file stays, as an empty one.
    doing
        What the other process is about, for the message: "waiting for another process that does the
        same work …".

    Raises
    ------
    KitError
        When the lock file cannot be written, or the file system has no locks.
    """
    make_folder(Path(path).parent)
    held = FileLock(path)
    try:
        try:
            held.acquire(timeout=0)
        except Timeout:
            log.warning("waiting for another process that does %s (it holds %s)", doing, path)
            held.acquire()
    except (OSError, NotImplementedError) as error:
        raise _cannot_write(path, error) from None
    try:
        yield
    finally:
        held.release()


@contextmanager
def replacing_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` that takes its place when the block ends well.

    After a loss of power the file is the old or the new one, never an empty one. Errors of the
    block's own, as of a file that it reads, pass through as they are.

    Raises
    ------
    KitError
        When the disk is full or the folder cannot be written.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            dir=path.parent, prefix=f".{path.name[:LONGEST_NAME]}.", suffix=".tmp"
        )
        os.close(handle)
    temporary = Path(name)
    try:
        try:
            yield temporary
        except OSError as error:
            if error.errno in _FULL or str(error.filename) == name:
                raise _cannot_write(path, error) from None
            raise
        with writing(path):
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            temporary.chmod(0o644)
            temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _cannot_write(path: str | Path, error: Exception) -> KitError:
    reason = getattr(error, "strerror", None) or str(error)
    return KitError(
        f"cannot write {path}: {reason}; free space, or choose a place that can be written"
    )


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    with replacing_file(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write a text file, UTF-8 with the line ends it is given, whole or not at all.

    Raises
    ------
    KitError
        When a character has no UTF-8, or the file cannot be written.
    """
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError as error:
        around = text[max(error.start - 20, 0) : error.start + 20]
        raise KitError(
            f"cannot write {path}: {text[error.start]!a} is half a character and has no UTF-8; "
            f"remove it from the input, where it stands in {around!a}"
        ) from None
    write_bytes(path, data)


def json_line(row: Any) -> str:
    r"""Return a value as JSON on one line, without the line's end; nothing in it is lost, whatever reads it.

    Half characters (lone surrogates) and the line separators of Unicode are escaped, the rest stays
    readable.

    Raises
    ------
    ValueError
        At NaN or infinity, which are no JSON: whoever calls says what stands for them.

    Examples
    --------
    >>> print(json_line({"text": "Perú\u2028left"}))
    {"text": "Perú\u2028left"}
    """
    return _escaped(json.dumps(row, ensure_ascii=False, allow_nan=False))


def _escaped(line: str) -> str:
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", line)


def write_json(path: Path, data: Any) -> None:
    """Write a JSON file whole or not at all; `ValueError` at NaN or infinity, as of `json_line`."""
    write_text(
        path, _escaped(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False)) + "\n"
    )


def write_jsonl(path: Path, rows: Iterable[Any]) -> None:
    """Write one JSON object per line, whole or not at all; `ValueError` at NaN or infinity, as of `json_line`."""
    with (
        replacing_file(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="\n") as file,
    ):
        file.writelines(f"{json_line(row)}\n" for row in rows)


def guard_cell(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula: with an apostrophe before a text that begins like one.

    A number stays as it is, and so does an empty text.

    Examples
    --------
    >>> guard_cell("@press"), guard_cell("-0.5"), guard_cell("'=1"), guard_cell("press")
    ("'@press", '-0.5', "''=1", 'press')
    """
    return f"'{value}" if isinstance(value, str) and _is_formula(value.lstrip("'")) else value


def unguard_cell(text: str) -> str:
    """Return what a text was before `guard_cell`.

    Examples
    --------
    >>> unguard_cell(guard_cell("'=1"))
    "'=1"
    """
    return text[1:] if text.startswith("'") and _is_formula(text.lstrip("'")) else text


def _is_formula(text: str) -> bool:
    return bool(_FORMULA.match(text)) and not _NUMBER.fullmatch(text)


def frame_to_csv(frame: "pandas.DataFrame", *, decimals: int | None = 6) -> str:
    r"""Return a table as CSV: numbers rounded, missing ones empty, texts safe for spreadsheets.

    Parameters
    ----------
    decimals
        Of columns of floating-point numbers; None for as many as there are.

    Examples
    --------
    >>> import pandas
    >>> frame_to_csv(pandas.DataFrame({"name": ["=1+1"], "value": [0.5], "low": [float("nan")]}))
    "name,value,low\n'=1+1,0.500000,\n"
    """
    from pandas.api.types import is_numeric_dtype

    safe = frame.apply(
        lambda column: column if is_numeric_dtype(column) else column.map(guard_cell)
    )
    float_format = None if decimals is None else f"%.{decimals}f"
    return str(safe.to_csv(index=False, float_format=float_format, lineterminator="\n"))


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_yaml(path: Path) -> Any:
    """Read plain YAML as the kit writes it: no objects, and no aliases, a few lines of which expand without bound.

    Raises
    ------
    ValueError
        When it is no such file.
    OSError
        When it cannot be read.
    """
    text = path.read_text(encoding="utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=loader)):
            raise ValueError("it has aliases, which the kit does not write")
        return yaml.load(text, Loader=loader)  # noqa: S506  # a SafeLoader
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(" ".join(str(error).split())) from None
