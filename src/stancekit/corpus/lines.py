"""Lines of a text file of any size: how it is written is recognised, and every line is UTF-8 from here on."""

import codecs
import io
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple, Protocol

from stancekit.corpus.requests import FileFormat, RowFault, warn_once
from stancekit.errors import KitError, printable

# Bytes of the longest text, line or record that is read; a longer one is skipped, and never in
# memory as a whole: 10 MB are far more than an article, and a line of that size is mostly damage.
MAX_TEXT_BYTES = 10_000_000
LONG_REASON = f"longer than {MAX_TEXT_BYTES:,} bytes"
# Bytes that are not UTF-8, as "surrogateescape" hands them on.
FOREIGN = re.compile("[\udc80-\udcff]")
# Bytes that are looked at together: enough for speed, little in memory.
_CHUNK = 1 << 20
_SEQUENCE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_ASCII = bytes(range(128))
# What CP-1252 has no character for, and Latin-1 has.
_NOT_CP1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
# UTF-32 comes first, since its mark begins like that of UTF-16.
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# The first bytes of files that are often taken for text.
_OTHER_KINDS = {
    b"PK\x03\x04": "a zip archive or a workbook",
    b"\xd0\xcf\x11\xe0": "a workbook of old Excel, or one with a password",
    b"\x1f\x8b": "compressed with gzip",
    b"PAR1": "Parquet",
    b"$FL2": "an SPSS file",
}
_ENCODING_NAMES = {"utf-8": "UTF-8", "cp1252": "CP-1252", "iso8859-1": "Latin-1"}


class Line(NamedTuple):
    """A line of a file; one that is `long` has no data, but says whether it had quotation marks."""

    number: int
    data: bytes
    long: bool = False
    quotes: bool = False


class Readable(Protocol):
    """What lines are read from."""

    def readline(self, size: int, /) -> bytes: ...  # noqa: D102
    def read(self, size: int, /) -> bytes: ...  # noqa: D102


def open_text(stream: BinaryIO, name: str, written: FileFormat) -> Readable:
    """Return a stream of the same text in UTF-8, with the bytes that cannot be decoded as they are.

    The encoding is recognised by the whole of the stream where it can be read twice; standard
    input is UTF-8, unless `written` says otherwise.

    Parameters
    ----------
    name
        The file in messages.

    Raises
    ------
    KitError
        When there is no such encoding.
    ValueError
        When the file is no text.
    """
    if written.encoding is not None:
        encoding = check_encoding(written.encoding, f"{written.prefix}encoding")
    elif stream.seekable():
        encoding = _recognise(stream)
        stream.seek(0)
        _tell(name, encoding, written)
    else:
        encoding = "utf-8"
    return stream if encoding == "utf-8" else io.BufferedReader(_Recoded(stream, encoding), _CHUNK)


def check_encoding(name: str, key: str = "encoding") -> str:
    """Return the name that Python gives an encoding.

    Parameters
    ----------
    key
        The setting, for the message.

    Raises
    ------
    KitError
        When there is no such encoding.

    Examples
    --------
    >>> check_encoding("UTF8"), check_encoding("windows-1252")
    ('utf-8', 'cp1252')
    """
    try:
        codec = codecs.lookup(name)
        # Codecs that are no encodings of text, such as zip, are listed too.
        if not getattr(codec, "_is_text_encoding", True):
            raise LookupError(name)
        found = codec.name
    except (LookupError, ValueError):
        raise KitError(
            f"{key} is {name!r}, which is no encoding; it is one such as utf-8, utf-16, cp1252, "
            "latin-1, cp1250 or gb18030"
        ) from None
    return "utf-8" if found == "utf-8-sig" else found


def _recognise(stream: BinaryIO) -> str:
    """Return the encoding that the bytes of a file show."""
    known = _encoding_at_start(stream.read(4096))
    stream.seek(0)
    return known or _guess_encoding(stream)


def _encoding_at_start(start: bytes) -> str | None:
    for mark, name in _MARKS.items():
        if start.startswith(mark):
            return name
    for mark, kind in _OTHER_KINDS.items():
        if start.startswith(mark):
            raise ValueError(f"it is {kind}, not text")
    # Every other byte of UTF-16 is zero in texts of Latin letters; in other texts, none is.
    for name, zeros in (("utf-16-le", start[1::2]), ("utf-16-be", start[::2])):
        if len(zeros) > 1 and zeros.count(0) > len(zeros) / 2:
            return name
    return None


def _guess_encoding(stream: BinaryIO) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    sequences = single = 0
    latin = damaged = False
    rest = b""
    try:
        while chunk := stream.read(_CHUNK):
            if not damaged and not _decodes(decoder, chunk):
                damaged = True
            if chunk.isascii():
                continue
            chunk = rest + chunk
            # A sequence may go on in the next chunk.
            rest = chunk[-3:] if not chunk[-3:].isascii() else b""
            found = sum(map(len, _SEQUENCE.findall(chunk)))
            sequences += found
            single += len(chunk.translate(None, _ASCII)) - found
            latin = latin or bool(_NOT_CP1252.search(chunk))
    except (OSError, EOFError, ValueError):
        # Whoever reads it next comes upon the same fault, and names it.
        pass
    # A file of UTF-8 in which some bytes are damaged stays one: only its rows with them are lost.
    if not damaged or sequences > single:
        return "utf-8"
    return "iso8859-1" if latin else "cp1252"


def _decodes(decoder: Any, chunk: bytes) -> bool:
    try:
        decoder.decode(chunk)
    except UnicodeDecodeError:
        return False
    return True


def _tell(name: str, encoding: str, written: FileFormat) -> None:
    if encoding in ("utf-8", "utf-16", "utf-32"):
        return
    warn_once(
        "%s is not UTF-8 and is read as %s; if letters with accents look wrong, say how it is "
        "written, as in %s=cp1250",
        printable(name),
        _ENCODING_NAMES.get(encoding, encoding.upper()),
        f"{written.prefix}encoding",
    )


class _Recoded(io.RawIOBase):
    """The text of a stream in UTF-8."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self.stream = stream
        self.encoding = encoding
        self.decoder = codecs.getincrementaldecoder(encoding)("surrogateescape")
        self.pending = memoryview(b"")
        self.ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while not self.pending and not self.ended:
            data = self.stream.read(_CHUNK)
            self.ended = not data
            try:
                text = self.decoder.decode(data, final=self.ended)
            except UnicodeError as error:
                raise ValueError(f"not {self.encoding.upper()}: {error}"[:200]) from None
            self.pending = memoryview(text.encode("utf-8", "surrogateescape"))
        size = min(len(buffer), len(self.pending))
        buffer[:size] = self.pending[:size]
        self.pending = self.pending[size:]
        return size


def read_lines(stream: Readable) -> Iterator[Line]:
    """Yield every line; one that is too long is skipped piece by piece."""
    number = 0
    while data := stream.readline(MAX_TEXT_BYTES):
        number += 1
        if number == 1:
            data = data.removeprefix(codecs.BOM_UTF8) or b"\n"
        if len(data) < MAX_TEXT_BYTES or data.endswith(b"\n"):
            yield Line(number, data)
            continue
        quotes = b'"' in data
        while (rest := stream.readline(MAX_TEXT_BYTES)) and not rest.endswith(b"\n"):
            quotes = quotes or b'"' in rest
        yield Line(number, b"", long=True, quotes=quotes or b'"' in rest)


def decode_line(data: bytes, encoding: str | None = None) -> str | RowFault:
    """Return a line as text, or say which byte is not in the file's encoding."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        return foreign_fault(data[error.start], encoding)


def foreign_fault(byte: int, encoding: str | None) -> RowFault:
    """Return the fault of a byte that an encoding does not have."""
    name = (encoding or "utf-8").upper()
    return RowFault(f"not {name}: byte 0x{byte:02x}", seen=f"byte 0x{byte:02x}")
