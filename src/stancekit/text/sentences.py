"""Split an article into sentences with exact offsets, by rules over spaCy's tokens."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from stancekit.text.clean import clean
from stancekit.text.columns import split_columns
from stancekit.text.nlp import load_spacy_tokenizer
from stancekit.types import Article, Sentence

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

# Start and end in the article, as offsets in characters.
TextSpan = tuple[int, int]

_LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
# What separates two lines of one paragraph: one line break, as any system writes it.
_BREAK = re.compile(r"[^\S\n\r]*(?:\r\n|\n|\r)[^\S\n\r]*")
_MARK = r"[.!?…。！？｡।॥؟۔։።][\"'”’»›)\]}]*(?:\[\d{1,3}\])*\d{0,2}"
_STOP_AT_END = re.compile(rf"{_MARK}(?=\s|$)")
_STOPPED = re.compile(rf"(?:[:;]|{_MARK})$")
_ITEM = re.compile(
    r"[-*•‣▪◦·–—]\s|(?:\d{1,3}|[a-zA-Z]|[ivx]{1,4})[.)]\s|"
    r"\((?:\d{1,3}|[a-z]|[ivx]{1,4})\)\s"
)
# Words with which no sentence, heading or verse ends.
_OPEN_END = re.compile(
    r"\b(?:an?|the|and|or|but|of|to|in|on|at|by|for|from|with|as|that|which|who|its|their|"
    r"his|her|our|this|these|is|are|was|were|be|been|has|have|had|will|would|not|than|into|"
    r"over|between|against|Mr\.?|Mrs\.?|Ms\.?)$"
)
_DIVIDED_WORD = re.compile(r"[^\W\d_][-\u2010\u00ad]$")
# Widths, in characters, at which lines may have been broken. Programs break lines between
# some 60 and 100 characters, newspapers' columns at 25 or more; a line of over 160 is a
# paragraph. A block of 5 lines or less shows its width less clearly, so that a narrow one
# (a poem, a list of names) is not taken for running text.
MAX_WIDTH = 160
MIN_WIDTH = 25
MIN_WIDTH_OF_FEW = 40
FEW_LINES = 5
# Breaks at a width leave lines unequal, since whole words move to the next line: a line
# that fills 80 % of the width is full, and 80 % of a block's lines are.
FULL_LINE = 0.8
MOST_LINES = 0.8
# A line that is a fifth longer than the width was not broken at it.
TOO_LONG = 1.2


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    text: str

    @property
    def is_stopped(self) -> bool:
        """Say whether a sentence, a clause of a list or a heading ends with the line."""
        return bool(_STOPPED.search(self.text[-20:]))

    @property
    def first_word_length(self) -> int:
        """Return the length of the first word, in characters."""
        return len(self.text.split(maxsplit=1)[0])


def find_paragraphs(text: str) -> list[TextSpan]:
    r"""Return the start and end of each paragraph of a text; in most texts each is a line.

    PDF files, mail, scans and wires break lines at a width. Such lines are one paragraph:
    the first word of the next line had no room, and most go on in small letters. Lines
    that are broken for a reason stay as they are: lists, poems, headings, tables, one
    sentence per line.

    Examples
    --------
    >>> text = (
    ...     "Iceland cannot accept the levy on herring,\nand voted against it. "
    ...     "Peru, for its part, wel-\ncomed it."
    ... )
    >>> find_paragraphs(text) == [(0, len(text))]
    True
    >>> find_paragraphs("In favour:\nArgentina\nFinland")
    [(0, 10), (11, 20), (21, 28)]
    """
    blocks = [_split_lines(text, block) for block in _find_blocks(text)]
    widths = [_find_line_width(block) for block in blocks]
    # A block of two lines may not show its width; then the width of the others counts.
    widest = max(widths, default=0)
    spans: list[TextSpan] = []
    for block, width in zip(blocks, widths, strict=True):
        spans += _join_lines(block, width or widest)
    return spans


def _find_blocks(text: str) -> Iterator[list[TextSpan]]:
    """Yield lines that follow each other without a blank line between them."""
    block: list[TextSpan] = []
    for match in _LINE.finditer(text):
        if not match[0].strip():
            continue
        if block and not _BREAK.fullmatch(text, block[-1][1], match.start()):
            yield block
            block = []
        block.append(match.span())
    if block:
        yield block


def _split_lines(text: str, block: Sequence[TextSpan]) -> list[_Line]:
    return [_Line(start, end, text[start:end].strip()) for start, end in block]


def _fills_line(line: _Line, after: _Line, width: int) -> bool:
    """Say whether the next line's first word had no room on this line, or is divided."""
    with_next_word = len(line.text) + 1 + after.first_word_length
    return _divides_word(line, after) or with_next_word > FULL_LINE * width


def _divides_word(line: _Line, after: _Line) -> bool:
    """Say whether a word continues over the end of a line ("wel-", "comed")."""
    return after.text[0].islower() and bool(_DIVIDED_WORD.search(line.text[-2:]))


def _goes_on(line: _Line, after: _Line) -> bool:
    """Say whether a sentence continues over the end of a line.

    The last word says so, the next letter, or an enumeration: more than three commas and
    one at the end.
    """
    if _OPEN_END.search(line.text) or not _starts_with_capital(after):
        return True
    return line.text[-1] == "," and line.text.count(",") > 3


def _divides_list(line: _Line) -> bool:
    """Say whether an enumeration of four and more continues on the next line."""
    is_open = line.text[-1] == "," or _OPEN_END.search(line.text)
    return line.text.count(",") >= 3 and bool(is_open)


def _starts_with_capital(line: _Line) -> bool:
    """Say whether a line's first letter is a capital; so is a line without letters."""
    first = next((character for character in line.text if character.isalpha()), "A")
    return first.isupper() or first.istitle()


def _starts_item(line: _Line, after: _Line) -> bool:
    """Say whether the next line starts an item of a list, or the list itself."""
    if line.text[-1] == ":" and _starts_with_capital(after):
        return True
    marker = _ITEM.match(after.text)
    if not marker:
        return False
    # "a." or "1." may also be the end of a sentence that was broken before it.
    is_bullet = not marker[0][0].isalnum()
    return is_bullet or line.is_stopped or bool(_ITEM.match(line.text))


def _find_line_width(block: Sequence[_Line]) -> int:
    """Return the width at which a block's lines were broken, or 0 if they were not.

    At a width, most lines are full, and most sentences continue after full lines.
    """
    width = max(len(line.text) for line in block)
    narrow = MIN_WIDTH if len(block) > FEW_LINES else MIN_WIDTH_OF_FEW
    if not narrow <= width <= MAX_WIDTH:
        return 0
    if not any(_STOP_AT_END.search(line.text) for line in block):
        return 0
    capitals = all(line.text.isupper() for line in block)
    full = short = inside = continued = 0
    for line, after in pairwise(block):
        if _starts_item(line, after):
            continue
        if _fills_line(line, after, width):
            full += 1
            if not line.is_stopped:
                inside += 1
                continued += capitals or _goes_on(line, after)
        elif not _ITEM.match(after.text):
            # A short line before a capital is a heading. One before a small letter speaks
            # against a width.
            short += not (line.is_stopped or _starts_with_capital(after))
    most_are_full = short <= (1 - MOST_LINES) * (full + short)
    # In half of the full lines without a stop or more, the sentence has to continue.
    return width if most_are_full and 0 < inside <= 2 * continued else 0


def _join_lines(block: Sequence[_Line], width: int) -> Iterator[TextSpan]:
    """Yield the paragraphs of a block broken at a width; with width 0, its lines."""
    start = block[0].start
    for line, after in pairwise(block):
        joined = (
            len(line.text) <= TOO_LONG * width
            and _fills_line(line, after, width)
            and not _starts_item(line, after)
        )
        if not (joined or _divides_word(line, after) or _divides_list(line)):
            yield start, line.end
            start = after.start
    yield start, block[-1].end


_BULLET = re.compile(r"\s*(?:[-*•‣▪◦·–—]\s+)*")
_SENTENCE_WORD = re.compile(r"\w")
_STOP = "[.!?…。！？｡।॥؟۔։።]"
_STOPS = re.compile(f"{_STOP}+")
# A full stop with a footnote's mark after it ("it.[1] Chile", "it.1 Chile"), or without a
# space ("levy.Norway"): spaCy takes it for a part of the word.
_TIED = re.compile(
    r"(?<=[a-z])[.!?][\"”’)]*"
    r"(?:(?:(?:\[\d{1,3}\])+|\d{1,3}(?:,\d{1,3})*|[¹²³⁰-⁹]+)(?=\s+[\"“‘(]?[A-Z])|"
    r"(?=[\"“‘(]?[A-Z][a-z]))"
)
_LAST_WORD = re.compile(r"(?<![\w.@/])\w{2,}$")
_DOMAIN = re.compile(r"(?:Com|Org|Net|Edu|Gov)\b")
_CLOSERS = frozenset("\"'”’»›)]}」』")
_OPENERS = "\"'“‘«‹([{「『-–—"
# Abbreviations before a number.
_NUMBERED = re.compile(
    r"(?:nos?|arts?|paras?|pp?|vol|ch|sec|res|op|fig|cl|reg|doc|ed)", re.IGNORECASE
)
# Abbreviations before a name or a word.
_SHORTENED = re.compile(
    r"(?:amb|approx|dept|govt|hon|min|rt|cf|viz|incl|est|supt|insp|cllrs?|mt|inf|div|brig|bde|"
    r"regt|bn|lt|sgt|capt|maj|cmdr|cpl|pvt|col)",
    re.IGNORECASE,
)
# Abbreviations that spaCy knows, but not without a space after them.
_TITLED = re.compile(
    r"(?:mrs?|ms|drs?|prof|st|sts|vs|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|pres|rep|"
    r"sen|gov|gen|adm)",
    re.IGNORECASE,
)
# Abbreviations that may end a sentence; the next word decides.
_MAY_END = re.compile(r"(?:(?:[A-Za-z]\.){2,}|etc\.|Inc\.|Co\.|Corp\.|Ltd\.|Jr\.|Sr\.|[A-Z]\.)")
_FIRST_WORD = re.compile(
    r"(?:an?|the|th(?:is|at|[eo]se|e[ny]|eir|ere)|s?he|it|its|we|i|you|his|her|our|my|here|"
    r"in|on|at|by|for|from|with|without|under|after|before|during|since|until|while|when|"
    r"where|as|if|although|though|but|and|or|yet|so|nor|however|meanwhile|instead|also|still|"
    r"now|no|not|nobody|none|both|all|some|many|most|few|each|every|one|two|what|who|why|how|"
    r"which|is|are|was|were|do|does|did|has|have|had|will|would|can|could|should|asked)",
    re.IGNORECASE,
)
_NUMERAL = re.compile(r"[a-zA-Z]|[ivx]{1,4}")


def split_sentences(article: Article) -> list[Sentence]:
    r"""Return the sentences of an article, in order.

    The end of a line ends a sentence, so that headings and list items are sentences of
    their own. Lines that were broken at a width (`find_paragraphs`) are joined: such a
    sentence has its line breaks as the article has them, and `clean` removes them. Bullets
    and surrounding white space are left out. For every sentence,
    `article.text[sentence.start:sentence.end] == sentence.text`.

    Examples
    --------
    >>> text = "Vote delayed\n\nThe U.S. delegate met Mr. Osei on Feb. 24. 'No.' Kenya left."
    >>> for sentence in split_sentences(Article("a", text)):
    ...     print(sentence.text)
    Vote delayed
    The U.S. delegate met Mr. Osei on Feb. 24.
    'No.'
    Kenya left.
    """
    spans: list[TextSpan] = []
    for start, end in find_paragraphs(article.text):
        for first, last in split_columns(article.text[start:end]):
            spans += _split_paragraph(article.text[start + first : start + last], start + first)
    return [
        Sentence(f"{article.id}.{index}", article.id, start, article.text[start:end])
        for index, (start, end) in enumerate(spans)
    ]


def _split_paragraph(paragraph: str, offset: int) -> Iterator[TextSpan]:
    cleaned = clean(paragraph)
    line = cleaned.text
    bullet = _BULLET.match(line)
    start = searched = bullet.end() if bullet else 0
    for end in [*_find_ends(line, start), len(line)]:
        # Without a letter or digit it is not a sentence, and stays with the next one.
        if _SENTENCE_WORD.search(line, searched, end):
            text = line[start:end]
            first = start + len(text) - len(text.lstrip())
            last = start + len(text.rstrip())
            raw_start, raw_end = cleaned.to_raw(first, last)
            yield offset + raw_start, offset + raw_end
            start = end
        searched = end


def _find_ends(line: str, start: int) -> list[int]:
    """Return where sentences end within a line."""
    # Most lines are one sentence: without a word after a stop, nothing has to be tokenized.
    stop = _STOPS.search(line, start)
    if not stop or not _SENTENCE_WORD.search(line, stop.end()):
        return []
    ends = {match.end() for match in _TIED.finditer(line, start) if _is_tied_stop(match)}
    doc = load_spacy_tokenizer().tokenizer(line)
    first, last = 0, -1
    for index, token in enumerate(doc):
        if index <= last or token.idx < start:
            continue
        if not (_STOPS.fullmatch(token.text) or _MAY_END.fullmatch(token.text)):
            continue
        while first < index and (doc[first].is_space or doc[first].idx < start):
            first += 1
        last = _absorb_closers(doc, index)
        if last + 1 == len(doc) or _is_list_number(doc, first, index, last):
            continue
        if _ends_sentence(doc, index, last):
            ends.add(doc[last].idx + len(doc[last]))
            first = last + 1
    return sorted(ends)


def _is_tied_stop(match: re.Match[str]) -> bool:
    """Say whether a match of `_TIED` ends a sentence, and no abbreviation or address."""
    line, stop = match.string, match.start()
    # 30 characters hold the last word, and keep the search short in a long line.
    word = _LAST_WORD.search(line, max(0, stop - 30), stop)
    if not word or _DOMAIN.match(line, match.end()):
        return False
    abbreviations = [_SHORTENED, _TITLED]
    if line[match.end() - 1].isdigit():
        abbreviations.append(_NUMBERED)
    return not any(pattern.fullmatch(word[0]) for pattern in abbreviations)


def _is_list_number(doc: "Doc", first: int, stop: int, last: int) -> bool:
    """Say whether a full stop belongs to the number or letter of a list item.

    `first` is the first token of the sentence, `stop` the full stop, `last` the last of
    the stops and quotes after it.
    """
    if last > stop or stop - first > 1 or doc[stop].text[-1] != ".":
        return False
    opening = doc[first].text.removesuffix(".")
    return opening.isdigit() or bool(_NUMERAL.fullmatch(opening))


def _absorb_closers(doc: "Doc", stop: int) -> int:
    """Return the last token of the run of stops and closing quotes that starts at `stop`."""
    last = stop
    while last + 1 < len(doc) and not doc[last].whitespace_:
        text = doc[last + 1].text
        if text not in _CLOSERS and not _STOPS.fullmatch(text):
            break
        last += 1
    return last


def _ends_sentence(doc: "Doc", stop: int, last: int) -> bool:
    """Say whether a sentence ends after token `last`, whose full stop is token `stop`."""
    following = _find_content(doc, last + 1)
    if following is None or not (doc[last].whitespace_ or doc[last + 1].is_space):
        return False
    if following.text[0].islower() and not _is_bracketed_letter(doc, following.i):
        return False
    if _MAY_END.fullmatch(doc[stop].text) and last == stop:
        return bool(_FIRST_WORD.fullmatch(following.text))
    is_abbreviation = _is_abbreviation(doc, stop, following)
    return not (doc[stop].text == "." and last == stop and is_abbreviation)


def _is_abbreviation(doc: "Doc", stop: int, following: "Token") -> bool:
    """Say whether the full stop at token `stop` belongs to an abbreviation."""
    if stop == 0 or doc[stop - 1].whitespace_:
        return False
    before = doc[stop - 1]
    if _NUMBERED.fullmatch(before.text):
        is_roman = following.text[0] in "IVX" and following.is_upper
        return following.text[0].isdigit() or is_roman
    return bool(_SHORTENED.fullmatch(before.text))


def _find_content(doc: "Doc", start: int) -> "Token | None":
    """Return the first token from `start` on that is not space or an opening mark."""
    # After more than a handful of marks no sentence starts.
    for token in doc[start : start + 6]:
        if not token.is_space and token.text not in _OPENERS:
            return token
    return None


def _is_bracketed_letter(doc: "Doc", index: int) -> bool:
    """Say whether a token is the letter of a list in brackets: "(b)"."""
    if not 0 < index < len(doc) - 1:
        return False
    bracketed = doc[index - 1].text == "(" and doc[index + 1].text == ")"
    return bracketed and bool(_NUMERAL.fullmatch(doc[index].text))
