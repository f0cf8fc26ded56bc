"""Which lines of a text belong together: those that were broken only because the line was full."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

Span = tuple[int, int]

_LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
# What parts two lines of one paragraph: one line break, as any system writes it.
_BREAK = re.compile(r"[^\S\n\r]*(?:\r\n|\n|\r)[^\S\n\r]*")
_MARK = r"[.!?…。！？｡।॥؟۔։።][\"'”’»›)\]}]*(?:\[\d{1,3}\])*\d{0,2}"
_STOP, _STOPPED = re.compile(rf"{_MARK}(?=\s|$)"), re.compile(rf"(?:[:;]|{_MARK})$")
_ITEM = re.compile(r"[-*•‣▪◦·–—]\s|(?:\d{1,3}|[a-zA-Z]|[ivx]{1,4})[.)]\s|\((?:\d{1,3}|[a-z]|[ivx]{1,4})\)\s")
# What no sentence, heading or verse ends with.
_OPEN = re.compile(
    r"\b(?:an?|the|and|or|but|of|to|in|on|at|by|for|from|with|as|that|which|who|its|their|his|her|our|this|"
    r"these|is|are|was|were|be|been|has|have|had|will|would|not|than|into|over|between|against|Mr\.?|Mrs\.?|Ms\.?)$"
)
_DIVIDED = re.compile(r"[^\W\d_][-\u2010\u00ad]$")
# Characters of the widest line that is taken for a full one, and of the narrowest, in many lines and in few.
WIDE, NARROW, NARROW_OF_FEW, FEW = 160, 25, 40, 5
# How full lines are, and what share of them is.
FULL, MOST = 0.8, 0.8


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    text: str

    @property
    def stopped(self) -> bool:
        """Say whether a sentence, a clause of a list or a heading ends with the line."""
        return bool(_STOPPED.search(self.text[-20:]))

    @property
    def word(self) -> int:
        """Return the length of its first word."""
        return len(self.text.split(maxsplit=1)[0])


def paragraphs(text: str) -> list[Span]:
    r"""Return where the paragraphs of a text start and end; in most texts each is a line.

    PDF files, mail, scans and wires break lines at a width. Such lines are of one paragraph: the next line's first word
    would not have fitted in, and most go on in small letters. Whatever breaks its lines for a reason stays as it
    is: lists, poems, headings, tables, one sentence per line.

    Examples
    --------
    >>> text = "Iceland cannot accept the levy on herring,\nand voted against it. Peru, for its part, wel-\ncomed it."
    >>> paragraphs(text) == [(0, len(text))]
    True
    >>> paragraphs("In favour:\nArgentina\nFinland")
    [(0, 10), (11, 20), (21, 28)]
    """
    blocks = [_lines(text, block) for block in _blocks(text)]
    widths = [_width(block) for block in blocks]
    # A block of two lines may say little of its width; the other blocks know it.
    known = max(widths, default=0)
    return [span for block, own in zip(blocks, widths, strict=True) for span in _joined(block, own or known)]


def _blocks(text: str) -> Iterator[list[Span]]:
    """Yield the lines that one line break parts, without a blank line between them."""
    block: list[Span] = []
    for match in _LINE.finditer(text):
        if not match[0].strip():
            continue
        if block and not _BREAK.fullmatch(text, block[-1][1], match.start()):
            yield block
            block = []
        block.append(match.span())
    if block:
        yield block


def _lines(text: str, block: Sequence[Span]) -> list[_Line]:
    return [_Line(start, end, text[start:end].strip()) for start, end in block]


def _full(line: _Line, after: _Line, width: int) -> bool:
    """Say whether the next line's first word would not have fitted in, or is divided."""
    return _divided(line, after) or len(line.text) + 1 + after.word > FULL * width


def _divided(line: _Line, after: _Line) -> bool:
    """Say whether a word goes on over a line's end ("wel-", "comed")."""
    return after.text[0].islower() and bool(_DIVIDED.search(line.text[-2:]))


def _goes_on(line: _Line, after: _Line) -> bool:
    """Say whether a sentence goes on over a line's end, by the last word, the next letter, or an enumeration."""
    return bool(_OPEN.search(line.text)) or not _capital(after) or (line.text[-1] == "," and line.text.count(",") > 3)


def _capital(line: _Line) -> bool:
    """Say whether a line's first letter is a capital; a line without letters goes on with nothing."""
    first = next((sign for sign in line.text if sign.isalpha()), "A")
    return first.isupper() or first.istitle()


def _item(line: _Line, after: _Line) -> bool:
    """Say whether the next line opens an item of a list, or the list itself."""
    sign = _ITEM.match(after.text)
    listed = sign and (not sign[0][0].isalnum() or line.stopped or _ITEM.match(line.text))
    return bool(listed) or (line.text[-1] == ":" and _capital(after))


def _width(block: Sequence[_Line]) -> int:
    """Return the width at which a block's lines were broken: most are full, and sentences go on behind them. Or 0."""
    width = max(len(line.text) for line in block)
    narrow = NARROW if len(block) > FEW else NARROW_OF_FEW
    if not narrow <= width <= WIDE or not any(_STOP.search(line.text) for line in block):
        return 0
    pairs = [pair for pair in pairwise(block) if not _item(*pair)]
    full = [pair for pair in pairs if _full(*pair, width)]
    # A short line that a capital follows is a heading; one that goes on in small letters speaks against a width.
    ragged = [pair for pair in pairs if not (_full(*pair, width) or _ITEM.match(pair[1].text))]
    short = [pair for pair in ragged if not (pair[0].stopped or _capital(pair[1]))]
    inside = [pair for pair in full if not pair[0].stopped]
    capitals = all(line.text.isupper() for line in block)
    on = sum(capitals or _goes_on(*pair) for pair in inside)
    most = len(short) <= (1 - MOST) * (len(full) + len(short))
    return width if most and 0 < len(inside) <= 2 * on else 0


def _joined(block: Sequence[_Line], width: int) -> Iterator[Span]:
    """Yield a block's paragraphs, for lines broken at a width; with width 0, its lines."""
    start = block[0].start
    for line, after in pairwise(block):
        within = len(line.text) <= 1.2 * width and _full(line, after, width) and not _item(line, after)
        if not (within or _divided(line, after)):
            yield start, line.end
            start = after.start
    yield start, block[-1].end
