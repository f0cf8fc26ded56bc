"""Text read in one encoding, atomic file writes, locks, and names of files."""

import codecs
import errno
import hashlib
import json
import logging
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import yaml
from filelock import FileLock, Timeout

from stancekit.errors import KitError

if TYPE_CHECKING:
    import pandas

log = logging.getLogger(__name__)

# Most file systems allow 255 bytes. A hash, a suffix and the marks of a temporary file
# are added to a name, and a name of 100 bytes leaves room for all of them.
LONGEST_NAME = 100
# Errors that only a write can cause, whichever file the error names.
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}
# Half an emoji, which has no UTF-8; and line separators at which many readers split
# a line of JSON.
_ESCAPED = re.compile("[\ud800-\udfff\u0085\u2028\u2029]")
# What a spreadsheet takes for a formula: a text that begins so, unless it is a number with a sign,
# or the sign alone, as for "no code".
_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?([eE][+-]?\d+)?|[+-]")


def file_name(text: str) -> str:
    """Return a text as the name of one file or folder, of letters, digits, `_`, `.` and `-`.

    It never begins with a dot. A long name is cut and ends in a hash of the whole text.

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
    # Two long names that are equal up to the cut still differ by 48 bits of their hash.
    digest = hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:12]
    start = name.encode()[: LONGEST_NAME - len(digest) - 1].decode(errors="ignore")
    return f"{start}-{digest}"


# The first bytes of files that are often taken for text.
_BINARY = {
    b"PK": "a zip archive or a workbook",
    b"\x1f\x8b": "compressed with gzip",
    b"PAR1": "Parquet",
}


def decode_text(data: bytes) -> str:
    """Return bytes as text: UTF-8, or UTF-16 where they begin with its byte order mark.

    Raises
    ------
    ValueError
        Saying what the bytes are instead, in words that follow the name of a file.

    Examples
    --------
    >>> decode_text("Perú".encode("utf-16"))
    'Perú'
    >>> decode_text("Perú".encode("cp1252"))
    Traceback (most recent call last):
    ValueError: not UTF-8: byte 0xfa at offset 3
    """
    marks = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    wide = data.startswith(marks) and not data.startswith(codecs.BOM_UTF32_LE)
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        if wide:
            raise ValueError(f"not the UTF-16 that it begins as: {error.reason}") from None
        # Line ends tell where to look; in a single line the offset does.
        line = data[: error.start].count(b"\n") + 1
        place = f"at offset {error.start}" if line == 1 else f"on line {line}"
        raise ValueError(f"not UTF-8: byte 0x{data[error.start]:02x} {place}") from None


def read_text(source: Path | BinaryIO) -> str:
    """Read a text file, or standard input, with `decode_text`; line ends stay as they are.

    Raises
    ------
    KitError
        When it cannot be read, or is not text.
    """
    name = str(source) if isinstance(source, Path) else "standard input"
    try:
        data = source.read_bytes() if isinstance(source, Path) else source.read()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise KitError(f"cannot read {name}: {reason}; give the path of a text file") from None
    for start, kind in _BINARY.items():
        if data.startswith(start):
            raise KitError(f"{name} is {kind}, not text; unpack it, or save it as text in UTF-8")
    try:
        return decode_text(data)
    except ValueError as error:
        raise KitError(
            f"{name} is {error}. If it was written on Windows, convert it, as in: "
            "iconv -f CP1252 -t UTF-8 FILE > NEW"
        ) from None


@contextmanager
def writing(path: str | Path) -> Iterator[None]:
    """Turn the system's errors in the block into a `KitError` about `path`.

    Use it around code that only writes there.

    Raises
    ------
    KitError
        When the disk is full, or `path` is read-only, missing or not in a folder.
    """
    try:
        yield
    except OSError as error:
        raise _cannot_write(path, error) from None


def make_folder(path: str | Path) -> Path:
    """Create a folder and its parents, unless they exist, and return its path.

    Raises
    ------
    KitError
        When it cannot be created.
    """
    with writing(path):
        Path(path).mkdir(parents=True, exist_ok=True)
    return Path(path)


@contextmanager
def lock(
    path: str | Path, doing: str = "the same work", *, waiting_for: str | None = None
) -> Iterator[None]:
    """Hold a lock file during the block; log a warning while another process holds it.

    Parameters
    ----------
    path
        The lock file; its folder is created. The file stays, empty.
    doing
        What the other process does, for the message: "waiting for another process that
        does the same work …".
    waiting_for
        What is waited for, in place of those words.

    Raises
    ------
    KitError
        When the lock file cannot be written, or the file system has no locks.
    """
    make_folder(Path(path).parent)
    file_lock = FileLock(path)
    try:
        try:
            file_lock.acquire(timeout=0)
        except Timeout:
            other = waiting_for or f"another process that does {doing}"
            log.warning("waiting for %s (it holds %s)", other, path)
            file_lock.acquire()
    except (OSError, NotImplementedError) as error:
        raise _cannot_write(path, error) from None
    try:
        yield
    finally:
        file_lock.release()


@contextmanager
def replacing_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path that replaces `path` when the block ends without an error.

    After a loss of power the file is the old or the new one, never an empty one. Errors
    of the block itself, such as those of a file that it reads, pass through unchanged.

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
    """Write a file completely or not at all."""
    with replacing_file(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write a text file completely or not at all: UTF-8, with the line ends of `text`.

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
            f"remove it from the input, where it is part of {around!a}"
        ) from None
    write_bytes(path, data)


def json_line(row: Any) -> str:
    r"""Return a value as JSON on one line, without a line end.

    Half characters (lone surrogates) and the line separators of Unicode are escaped, so
    that every reader gets the same text; all other characters stay as they are.

    Raises
    ------
    ValueError
        At NaN or infinity, which JSON does not have: the caller decides what to write.

    Examples
    --------
    >>> print(json_line({"text": "Perú\u2028left"}))
    {"text": "Perú\u2028left"}
    """
    return _escape(json.dumps(row, ensure_ascii=False, allow_nan=False))


def _escape(line: str) -> str:
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", line)


def write_json(path: Path, data: Any) -> None:
    """Write a JSON file completely or not at all; escapes and errors as in `json_line`."""
    text = json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False)
    write_text(path, _escape(text) + "\n")


def write_jsonl(path: Path, rows: Iterable[Any]) -> None:
    """Write one value per line, all or none; escapes and errors as in `json_line`."""
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


def sha256_once(path: Path) -> str:
    """Return the SHA-256 of a large file, which is read once in a process while it does not change."""
    return _sha256_as_of(path, path.stat().st_mtime_ns)


@cache
def _sha256_as_of(path: Path, changed: int) -> str:
    return sha256(path)


def read_yaml(path: Path) -> Any:
    """Read plain YAML as the kit writes it: without objects and without aliases.

    A few lines of aliases can expand to more than the memory holds.

    Raises
    ------
    ValueError
        When the file is not plain YAML.
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
