r"""Clean text for reading, with a map of offsets between the clean and the raw text.

Files carry characters that a reader does not see: accents as separate characters (NFD),
no-break spaces, soft hyphens, ligatures, non-breaking hyphens, and the hyphen and line break
inside a word that is divided at the end of a line.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

# A hyphen at the end of a line is part of the word after one of the first list or before
# one of the second ("self-", "-led"). Any other hyphen there only divides a word.
_FIRST_HALF = re.compile(
    r"(?:non|anti|self|vice|well|half|cross|much|quasi|cease|"
    r"two|three|four|five|six|seven|eight|nine|ten)"
)
_SECOND_HALF = re.compile(
    r"(?:led|backed|based|sponsored|drafted|wide|term|old|years?|day|month|week|in|out|up|off|"
    r"on|to|the|of|and|or|called|like|free|related|made|held|run|owned|known|elect|general|"
    r"scale|level|range|party|way|time|thirds?|born)"
)
# Everything that a reader sees in another way than it is written, by the kind of change.
_ODD = re.compile(
    r"(?P<divided>(?<=[^\W\d_])[-\u2010\u00ad]\s*[\n\r\v\f\x85\u2028]\s*(?=[^\W\d_]))"
    r"|(?P<space>[^\S ]\s*| \s+)"
    # Characters without width: soft hyphen, zero-width space, direction marks, word joiner,
    # byte order mark.
    r"|(?P<unseen>[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]+)"
    r"|(?P<hyphen>[\u2010\u2011])"
    r"|(?P<composed>[\ufb00-\ufb06]|[^\W\d_][\u0300-\u036f]+)"
)
# What of that is printable, beside a second space.
_ODD_LETTERS = re.compile(r"[\u2010\u2011\ufb00-\ufb06\u0300-\u036f]")


@dataclass(frozen=True, slots=True)
class CleanText:
    """A clean text with its offsets: character `i` stands for `raw[starts[i]:ends[i]]`."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def to_raw(self, start: int, end: int) -> tuple[int, int]:
        """Return the span in the raw text of a non-empty span of the clean text."""
        return self.starts[start], self.ends[end - 1]

    def to_clean(self, start: int, end: int) -> tuple[int, int]:
        """Return the span in the clean text of a span of the raw text."""
        return bisect_right(self.ends, start), bisect_left(self.starts, end)


def clean(text: str) -> CleanText:
    r"""Return a text as a reader sees it, with the offsets of its characters.

    Letters are composed, hyphens plain, spaces single, and divided words joined.

    Examples
    --------
    >>> raw = "Viet\u00a0Nam wel-\ncomed it."
    >>> cleaned = clean(raw)
    >>> cleaned.text, cleaned.to_raw(9, 17), raw[9:19]
    ('Viet Nam welcomed it.', (9, 19), 'wel-\ncomed')
    >>> cleaned.to_clean(9, 19)
    (9, 17)
    >>> clean("the US-\nled text").text, clean("Co\u0302te d’Ivoire").text
    ('the US-led text', 'Côte d’Ivoire')
    """
    # Most sentences are clean already, which is quickly seen; ranges cost nothing to store.
    if text.isprintable() and "  " not in text and not _ODD_LETTERS.search(text):
        return CleanText(text, range(len(text)), range(1, len(text) + 1))
    matches = list(_ODD.finditer(text))
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    position = 0
    for match in matches:
        replacement = _replace_odd(match, text)
        pieces += [text[position : match.start()], replacement]
        starts += range(position, match.start())
        ends += range(position + 1, match.start() + 1)
        # Every character of the replacement stands for the whole match.
        starts += [match.start()] * len(replacement)
        ends += [match.end()] * len(replacement)
        position = match.end()
    pieces.append(text[position:])
    starts += range(position, len(text))
    ends += range(position + 1, len(text) + 1)
    return CleanText("".join(pieces), starts, ends)


def _replace_odd(match: re.Match[str], text: str) -> str:
    """Return what a reader sees in place of a match of `_ODD`."""
    if match["space"]:
        return " "
    if match["hyphen"]:
        return "-"
    if match["composed"]:
        # Ligatures need the compatibility form, letters with accents only the composed one.
        form: Literal["NFC", "NFKC"] = "NFKC" if match[0] >= "\ufb00" else "NFC"
        return unicodedata.normalize(form, match[0])
    return "-" if match["divided"] and _is_compound(match, text) else ""


def _is_compound(match: re.Match[str], text: str) -> bool:
    """Say whether a hyphen at a line end is part of the word: "US-led", not "wel-comed"."""
    if match[0][0] == "\u00ad":
        return False
    # 30 characters reach over any word that matters here.
    before = text[max(0, match.start() - 30) : match.start()]
    after = text[match.end() : match.end() + 30]
    first_half = re.split(r"[^\w-]", before)[-1]
    second_half = re.split(r"\W", after, maxsplit=1)[0]
    if _FIRST_HALF.fullmatch(first_half.lower()) or _SECOND_HALF.fullmatch(second_half):
        return True
    if "-" in first_half or second_half[0].isupper():
        return True
    return len(first_half) > 1 and first_half.isupper()
