"""Cut an article into sentences with exact offsets, by rules over spaCy's tokens."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from stancekit.text.nlp import load_tokenizer
from stancekit.types import Article, Sentence

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

_LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_BULLET = re.compile(r"\s*(?:[-*•‣▪◦·–—]\s+)*")
_WORD = re.compile(r"\w")
_STOP = "[.!?…。！？｡।॥؟۔։።]"
_STOPS = re.compile(f"{_STOP}+")
# A stop with a letter somewhere behind it; without one there is nothing to cut.
_INNER = re.compile(rf"{_STOP}[^\w]*\w")
_CLOSERS = frozenset("\"'”’»›)]}」』")
_OPENERS = "\"'“‘«‹([{「『-–—"
# Abbreviations that a number follows, those that a name follows, and those that may end a sentence.
_NUMBERED = re.compile(r"(?:nos?|arts?|paras?|pp?|vol|ch|sec|res|op|fig|cl|reg|doc|col|ed)", re.IGNORECASE)
_SHORTENED = re.compile(r"(?:amb|approx|dept|govt|hon|min|rt|cf|viz|incl|est|supt|insp|cllr|mt)", re.IGNORECASE)
_MAY_END = re.compile(r"(?:(?:[A-Za-z]\.){2,}|etc\.|Inc\.|Co\.|Corp\.|Ltd\.|Jr\.|Sr\.|[A-Z]\.)")
_FIRST_WORD = re.compile(
    r"(?:an?|the|th(?:is|at|[eo]se|e[ny]|eir|ere)|s?he|it|its|we|i|you|his|her|our|my|here|in|on|at|by|for|from|with|without|"
    r"under|after|before|during|since|until|while|when|where|as|if|although|though|but|and|or|yet|so|nor|however|"
    r"meanwhile|instead|also|still|now|no|not|nobody|none|both|all|some|many|most|few|each|every|one|two|what|who|why|"
    r"how|which|is|are|was|were|do|does|did|has|have|had|will|would|can|could|should|asked)",
    re.IGNORECASE,
)


def split_sentences(article: Article) -> list[Sentence]:
    r"""Return the sentences of an article, in order.

    A line ends a sentence, so headings and list items stand alone. Bullets and surrounding white
    space are left out. `article.text[s.start:s.end] == s.text` holds for every sentence.

    Examples
    --------
    >>> text = "Vote delayed\n\nThe U.S. delegate met Mr. Osei on Feb. 24. 'No deal.' Kenya left."
    >>> [sentence.text for sentence in split_sentences(Article("a", text))]
    ['Vote delayed', 'The U.S. delegate met Mr. Osei on Feb. 24.', "'No deal.'", 'Kenya left.']
    """
    spans = [span for line in _LINE.finditer(article.text) for span in _split_line(line.group(), line.start())]
    return [
        Sentence(f"{article.id}.{i}", article.id, start, article.text[start:end])
        for i, (start, end) in enumerate(spans)
    ]


def _split_line(line: str, offset: int) -> Iterator[tuple[int, int]]:
    bullet = _BULLET.match(line)
    start = bullet.end() if bullet else 0
    for end in [*_ends(line, start), len(line)]:
        text = line[start:end]
        left, right = start + len(text) - len(text.lstrip()), start + len(text.rstrip())
        if _WORD.search(text):
            yield offset + left, offset + right
            start = end


def _ends(line: str, start: int) -> Iterator[int]:
    if not _INNER.search(line, start):
        return
    doc = load_tokenizer().tokenizer(line)
    for i, token in enumerate(doc):
        text = token.text
        if token.idx < start or not (_STOPS.fullmatch(text) or (text[-1] == "." and _MAY_END.fullmatch(text))):
            continue
        last = _absorb(doc, i)
        if last + 1 < len(doc) and _breaks(doc, i, last):
            yield doc[last].idx + len(doc[last])


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
    following = _content(doc, last + 1)
    if following is None or not (doc[last].whitespace_ or doc[last + 1].is_space):
        return False
    if following.text[0].islower():
        return False
    if _MAY_END.fullmatch(doc[i].text) and last == i:
        return bool(_FIRST_WORD.fullmatch(following.text))
    return not (doc[i].text == "." and last == i and _abbreviates(doc, i, following))


def _abbreviates(doc: "Doc", i: int, following: "Token") -> bool:
    """Say whether the full stop at token `i` belongs to an abbreviation or a list number."""
    if i == 0 or doc[i - 1].whitespace_:
        return False
    before = doc[i - 1]
    if _NUMBERED.fullmatch(before.text):
        return following.text[0].isdigit() or (following.text[0] in "IVX" and following.is_upper)
    return bool(_SHORTENED.fullmatch(before.text)) or (i == 1 and (before.is_digit or len(before) == 1))


def _content(doc: "Doc", i: int) -> "Token | None":
    """Return the first token from `i` on that is neither white space nor an opening mark."""
    return next((token for token in doc[i : i + 6] if not token.is_space and token.text not in _OPENERS), None)
