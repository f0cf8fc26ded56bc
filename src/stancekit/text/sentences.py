"""Cut an article into sentences with exact offsets, by rules over spaCy's tokens."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from stancekit.text.clean import clean
from stancekit.text.nlp import load_spacy_tokenizer
from stancekit.types import Article, Sentence

LineSpan = tuple[int, int]

_LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
# What parts two lines of one paragraph: one line break, as any system writes it.
_BREAK = re.compile(r"[^\S\n\r]*(?:\r\n|\n|\r)[^\S\n\r]*")
_MARK = r"[.!?…。！？｡।॥؟۔։።][\"'”’»›)\]}]*(?:\[\d{1,3}\])*\d{0,2}"
_STOP_AT_END, _STOPPED = re.compile(rf"{_MARK}(?=\s|$)"), re.compile(rf"(?:[:;]|{_MARK})$")
_ITEM = re.compile(
    r"[-*•‣▪◦·–—]\s|(?:\d{1,3}|[a-zA-Z]|[ivx]{1,4})[.)]\s|\((?:\d{1,3}|[a-z]|[ivx]{1,4})\)\s"
)
# What no sentence, heading or verse ends with.
_OPEN_END = re.compile(
    r"\b(?:an?|the|and|or|but|of|to|in|on|at|by|for|from|with|as|that|which|who|its|their|his|her|our|this|"
    r"these|is|are|was|were|be|been|has|have|had|will|would|not|than|into|over|between|against|Mr\.?|Mrs\.?|Ms\.?)$"
)
_DIVIDED_WORD = re.compile(r"[^\W\d_][-\u2010\u00ad]$")
# Characters of the widest line that is taken for a full one, and of the narrowest, in many lines
# and in few.
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


def paragraphs(text: str) -> list[LineSpan]:
    r"""Return where the paragraphs of a text start and end; in most texts each is a line.

    PDF files, mail, scans and wires break lines at a width. Such lines are of one paragraph: the
    next line's first word would not have fitted in, and most go on in small letters. Whatever
    breaks its lines for a reason stays as it is: lists, poems, headings, tables, one sentence per
    line.

    Examples
    --------
    >>> text = "Iceland cannot accept the levy on herring,\nand voted against it. Peru, for its part, wel-\ncomed it."
    >>> paragraphs(text) == [(0, len(text))]
    True
    >>> paragraphs("In favour:\nArgentina\nFinland")
    [(0, 10), (11, 20), (21, 28)]
    """
    blocks = [_lines(text, block) for block in _blocks(text)]
    widths = [_line_width(block) for block in blocks]
    # A block of two lines may say little of its width; the other blocks know it.
    known = max(widths, default=0)
    return [
        span
        for block, own in zip(blocks, widths, strict=True)
        for span in _joined(block, own or known)
    ]


def _blocks(text: str) -> Iterator[list[LineSpan]]:
    """Yield the lines that one line break parts, without a blank line between them."""
    block: list[LineSpan] = []
    for match in _LINE.finditer(text):
        if not match[0].strip():
            continue
        if block and not _BREAK.fullmatch(text, block[-1][1], match.start()):
            yield block
            block = []
        block.append(match.span())
    if block:
        yield block


def _lines(text: str, block: Sequence[LineSpan]) -> list[_Line]:
    return [_Line(start, end, text[start:end].strip()) for start, end in block]


def _fills_line(line: _Line, after: _Line, width: int) -> bool:
    """Say whether the next line's first word would not have fitted in, or is divided."""
    return _divided(line, after) or len(line.text) + 1 + after.word > FULL * width


def _divided(line: _Line, after: _Line) -> bool:
    """Say whether a word goes on over a line's end ("wel-", "comed")."""
    return after.text[0].islower() and bool(_DIVIDED_WORD.search(line.text[-2:]))


def _goes_on(line: _Line, after: _Line) -> bool:
    """Say whether a sentence goes on over a line's end, by the last word, the next letter, or an enumeration."""
    return (
        bool(_OPEN_END.search(line.text))
        or not _capital(after)
        or (line.text[-1] == "," and line.text.count(",") > 3)
    )


def _capital(line: _Line) -> bool:
    """Say whether a line's first letter is a capital; a line without letters goes on with nothing."""
    first = next((sign for sign in line.text if sign.isalpha()), "A")
    return first.isupper() or first.istitle()


def _item(line: _Line, after: _Line) -> bool:
    """Say whether the next line opens an item of a list, or the list itself."""
    sign = _ITEM.match(after.text)
    listed = sign and (not sign[0][0].isalnum() or line.stopped or _ITEM.match(line.text))
    return bool(listed) or (line.text[-1] == ":" and _capital(after))


def _line_width(block: Sequence[_Line]) -> int:
    """Return the width at which a block's lines were broken: most are full, and sentences go on behind them. Or 0."""
    width = max(len(line.text) for line in block)
    narrow = NARROW if len(block) > FEW else NARROW_OF_FEW
    if not narrow <= width <= WIDE or not any(_STOP_AT_END.search(line.text) for line in block):
        return 0
    pairs = [pair for pair in pairwise(block) if not _item(*pair)]
    full = [pair for pair in pairs if _fills_line(*pair, width)]
    # A short line that a capital follows is a heading; one that goes on in small letters speaks
    # against a width.
    ragged = [
        pair for pair in pairs if not (_fills_line(*pair, width) or _ITEM.match(pair[1].text))
    ]
    short = [pair for pair in ragged if not (pair[0].stopped or _capital(pair[1]))]
    inside = [pair for pair in full if not pair[0].stopped]
    capitals = all(line.text.isupper() for line in block)
    on = sum(capitals or _goes_on(*pair) for pair in inside)
    most = len(short) <= (1 - MOST) * (len(full) + len(short))
    return width if most and 0 < len(inside) <= 2 * on else 0


def _joined(block: Sequence[_Line], width: int) -> Iterator[LineSpan]:
    """Yield a block's paragraphs, for lines broken at a width; with width 0, its lines."""
    start = block[0].start
    for line, after in pairwise(block):
        within = (
            len(line.text) <= 1.2 * width
            and _fills_line(line, after, width)
            and not _item(line, after)
        )
        if not (within or _divided(line, after)):
            yield start, line.end
            start = after.start
    yield start, block[-1].end


if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

_BULLET = re.compile(r"\s*(?:[-*•‣▪◦·–—]\s+)*")
_SENTENCE_WORD = re.compile(r"\w")
_STOP = "[.!?…。！？｡।॥؟۔։።]"
_STOPS = re.compile(f"{_STOP}+")
# Behind a word's full stop a footnote's mark ("it.[1] Chile", "it.1 Chile"), or no space
# ("levy.Norway").
_TIED = re.compile(
    r"(?<=[a-z])[.!?][\"”’)]*"
    r"(?:(?:(?:\[\d{1,3}\])+|\d{1,3}(?:,\d{1,3})*|[¹²³⁰-⁹]+)(?=\s+[\"“‘(]?[A-Z])|(?=[\"“‘(]?[A-Z][a-z]))"
)
_LAST_WORD = re.compile(r"(?<![\w.@/])\w{2,}$")
_DOMAIN = re.compile(r"(?:Com|Org|Net|Edu|Gov)\b")
_CLOSERS = frozenset("\"'”’»›)]}」』")
_OPENERS = "\"'“‘«‹([{「『-–—"
# Abbreviations that a number follows, those that a name follows, and those that may end a sentence.
_NUMBERED = re.compile(
    r"(?:nos?|arts?|paras?|pp?|vol|ch|sec|res|op|fig|cl|reg|doc|ed)", re.IGNORECASE
)
_SHORTENED = re.compile(
    r"(?:amb|approx|dept|govt|hon|min|rt|cf|viz|incl|est|supt|insp|cllr|mt|inf|div|brig|bde|regt|bn|lt|sgt|capt|maj|"
    r"cmdr|cpl|pvt|col)",
    re.IGNORECASE,
)
# Abbreviations that spaCy knows, where no space is behind them.
_TITLED = re.compile(
    r"(?:mrs?|ms|drs?|prof|st|sts|vs|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|pres|rep|sen|gov|gen|adm)",
    re.IGNORECASE,
)
_MAY_END = re.compile(r"(?:(?:[A-Za-z]\.){2,}|etc\.|Inc\.|Co\.|Corp\.|Ltd\.|Jr\.|Sr\.|[A-Z]\.)")
_FIRST_WORD = re.compile(
    r"(?:an?|the|th(?:is|at|[eo]se|e[ny]|eir|ere)|s?he|it|its|we|i|you|his|her|our|my|here|in|on|at|by|for|from|with|without|"
    r"under|after|before|during|since|until|while|when|where|as|if|although|though|but|and|or|yet|so|nor|however|"
    r"meanwhile|instead|also|still|now|no|not|nobody|none|both|all|some|many|most|few|each|every|one|two|what|who|why|"
    r"how|which|is|are|was|were|do|does|did|has|have|had|will|would|can|could|should|asked)",
    re.IGNORECASE,
)
_NUMERAL = re.compile(r"[a-zA-Z]|[ivx]{1,4}")


def split_sentences(article: Article) -> list[Sentence]:
    r"""Return the sentences of an article, in order.

    A line ends a sentence, so headings and list items stand alone. Lines that were broken at a
    width (`lines`) are joined: such a sentence holds its line breaks as the article does, and
    `clean` shows it without. Bullets and surrounding white space are left out.
    `article.text[s.start:s.end] == s.text` holds for every sentence.

    Examples
    --------
    >>> text = "Vote delayed\n\nThe U.S. delegate met Mr. Osei on Feb. 24. 'No deal.' Kenya left."
    >>> [sentence.text for sentence in split_sentences(Article("a", text))]
    ['Vote delayed', 'The U.S. delegate met Mr. Osei on Feb. 24.', "'No deal.'", 'Kenya left.']
    """
    spans = [
        span
        for start, end in paragraphs(article.text)
        for span in _split(article.text[start:end], start)
    ]
    return [
        Sentence(f"{article.id}.{i}", article.id, start, article.text[start:end])
        for i, (start, end) in enumerate(spans)
    ]


def _split(paragraph: str, offset: int) -> Iterator[tuple[int, int]]:
    seen = clean(paragraph)
    line = seen.text
    bullet = _BULLET.match(line)
    start = read = bullet.end() if bullet else 0
    for end in [*_ends(line, start), len(line)]:
        if _SENTENCE_WORD.search(line, read, end):
            text = line[start:end]
            left, right = seen.to_raw(
                start + len(text) - len(text.lstrip()), start + len(text.rstrip())
            )
            yield offset + left, offset + right
            start = end
        read = end


def _ends(line: str, start: int) -> list[int]:
    """Return where sentences end within a line; without a word behind a full stop there is nothing to cut."""
    stop = _STOPS.search(line, start)
    if not stop or not _SENTENCE_WORD.search(line, stop.end()):
        return []
    ends = [match.end() for match in _TIED.finditer(line, start) if _is_tied(match)]
    doc = load_spacy_tokenizer().tokenizer(line)
    first, read = 0, -1
    for i, token in enumerate(doc):
        stop = _STOPS.fullmatch(token.text) or _MAY_END.fullmatch(token.text)
        if i <= read or token.idx < start or not stop:
            continue
        while first < i and (doc[first].is_space or doc[first].idx < start):
            first += 1
        read = _absorb(doc, i)
        if read + 1 < len(doc) and not _is_numbered(doc, first, i, read) and _breaks(doc, i, read):
            ends.append(doc[read].idx + len(doc[read]))
            first = read + 1
    return sorted({*ends})


def _is_tied(match: re.Match[str]) -> bool:
    """Say whether a sentence ends with the word before, which is no abbreviation and no part of an address."""
    line, at = match.string, match.start()
    word = _LAST_WORD.search(line, max(0, at - 30), at)
    if not word or _DOMAIN.match(line, match.end()):
        return False
    tied = (
        (_SHORTENED, _TITLED, _NUMBERED)
        if line[match.end() - 1].isdigit()
        else (_SHORTENED, _TITLED)
    )
    return not any(known.fullmatch(word[0]) for known in tied)


def _is_numbered(doc: "Doc", first: int, i: int, last: int) -> bool:
    """Say whether the full stop at token `i` belongs to the number or letter that opens a sentence of a list."""
    if last > i or i - first > 1 or doc[i].text[-1] != ".":
        return False
    opening = doc[first].text.removesuffix(".")
    return opening.isdigit() or bool(_NUMERAL.fullmatch(opening))


def _absorb(doc: "Doc", i: int) -> int:
    """Return the last token of the run of stops and closing quotes that starts at token `i`."""
    while i + 1 < len(doc) and not doc[i].whitespace_:
        text = doc[i + 1].text
        if text not in _CLOSERS and not _STOPS.fullmatch(text):
            break
        i += 1
    return i


def _breaks(doc: "Doc", i: int, last: int) -> bool:
    """Say whether a sentence ends behind token `last`, its full stop being token `i`."""
    at = _content(doc, last + 1)
    if at is None or not (doc[last].whitespace_ or doc[last + 1].is_space):
        return False
    following = doc[at]
    if following.text[0].islower() and not _is_item(doc, at):
        return False
    if _MAY_END.fullmatch(doc[i].text) and last == i:
        return bool(_FIRST_WORD.fullmatch(following.text))
    return not (doc[i].text == "." and last == i and _abbreviates(doc, i, following))


def _abbreviates(doc: "Doc", i: int, following: "Token") -> bool:
    """Say whether the full stop at token `i` belongs to an abbreviation."""
    if i == 0 or doc[i - 1].whitespace_:
        return False
    before = doc[i - 1]
    if _NUMBERED.fullmatch(before.text):
        return following.text[0].isdigit() or (following.text[0] in "IVX" and following.is_upper)
    return bool(_SHORTENED.fullmatch(before.text))


def _content(doc: "Doc", i: int) -> int | None:
    """Return the first token from `i` on that is neither white space nor an opening mark."""
    known = (
        token.i for token in doc[i : i + 6] if not token.is_space and token.text not in _OPENERS
    )
    return next(known, None)


def _is_item(doc: "Doc", at: int) -> bool:
    """Say whether the token at `at` is the letter of a list in brackets: "(b)"."""
    bracketed = 0 < at < len(doc) - 1 and doc[at - 1].text == "(" and doc[at + 1].text == ")"
    return bracketed and bool(_NUMERAL.fullmatch(doc[at].text))
