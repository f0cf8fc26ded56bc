r"""A text as a reader sees it, with the way back to the text as it is written.

Files carry signs that no reader sees: accents as characters of their own (NFD), no-break spaces,
soft hyphens, ligatures, non-breaking hyphens, the hyphen and the line break inside a word at the
end of a line.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

# A hyphen at a line's end belongs to the word behind one of these, or before one of those; others
# divide a word.
_FIRST_HALF = re.compile(
    r"(?:non|anti|self|vice|well|half|cross|much|quasi|cease|two|three|four|five|six|seven|eight|nine|ten)"
)
_SECOND = re.compile(
    r"(?:led|backed|based|sponsored|drafted|wide|term|old|years?|day|month|week|in|out|up|off|on|to|the|of|and|or|called|"
    r"like|free|related|made|held|run|owned|known|elect|general|scale|level|range|party|way|time|thirds?|born)"
)
_ODD = re.compile(
    r"(?P<divided>(?<=[^\W\d_])[-\u2010\u00ad]\s*[\n\r\v\f\x85\u2028]\s*(?=[^\W\d_]))"
    r"|(?P<space>[^\S ]\s*| \s+)"
    # Signs without width: soft hyphen, zero-width space, direction marks, word joiner, byte order
    # mark.
    r"|(?P<unseen>[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]+)"
    r"|(?P<hyphen>[\u2010\u2011])"
    r"|(?P<composed>[\ufb00-\ufb06]|[^\W\d_][\u0300-\u036f]+)"
)


@dataclass(frozen=True, slots=True)
class CleanText:
    """A clean text; each of its characters stands for `raw[starts[i]:ends[i]]` of the text as it is written."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def to_raw(self, start: int, end: int) -> tuple[int, int]:
        """Return where a stretch of the clean text, not empty, stands in the raw one."""
        return self.starts[start], self.ends[end - 1]

    def to_clean(self, start: int, end: int) -> tuple[int, int]:
        """Return where a stretch of the raw text stands in the clean one."""
        return bisect_right(self.ends, start), bisect_left(self.starts, end)


def clean(text: str) -> CleanText:
    r"""Return a text as a reader sees it: composed letters, plain hyphens, single spaces, divided words whole.

    Most texts are clean as they are. Offsets lead there and back.

    Examples
    --------
    >>> raw = "Viet\u00a0Nam wel-\ncomed it."
    >>> seen = clean(raw)
    >>> seen.text, seen.to_raw(9, 17), raw[9:19]
    ('Viet Nam welcomed it.', (9, 19), 'wel-\ncomed')
    >>> seen.to_clean(9, 19)
    (9, 17)
    >>> clean("the US-\nled text").text, clean("Co\u0302te d’Ivoire").text
    ('the US-led text', 'Côte d’Ivoire')
    """
    matches = list(_ODD.finditer(text))
    if not matches:
        return CleanText(text, range(len(text)), range(1, len(text) + 1))
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    done = 0
    for match in matches:
        plain, seen = text[done : match.start()], _shown_character(match, text)
        pieces += [plain, seen]
        starts += [*range(done, match.start()), *[match.start()] * len(seen)]
        ends += [*range(done + 1, match.start() + 1), *[match.end()] * len(seen)]
        done = match.end()
    pieces.append(text[done:])
    starts += range(done, len(text))
    ends += range(done + 1, len(text) + 1)
    return CleanText("".join(pieces), starts, ends)


def _shown_character(match: re.Match[str], text: str) -> str:
    """Return what a reader sees of an odd stretch."""
    if match["space"]:
        return " "
    if match["hyphen"]:
        return "-"
    if match["composed"]:
        return unicodedata.normalize("NFKC" if match[0] >= "\ufb00" else "NFC", match[0])
    return "-" if match["divided"] and _compound(match, text) else ""


def _compound(match: re.Match[str], text: str) -> bool:
    """Say whether a hyphen at a line's end would stand in mid-line too ("US-led"), unlike that of "wel-comed"."""
    if match[0][0] == "\u00ad":
        return False
    before = re.split(r"[^\w-]", text[max(0, match.start() - 30) : match.start()])[-1]
    after = re.split(r"\W", text[match.end() : match.end() + 30], maxsplit=1)[0]
    known = _FIRST_HALF.fullmatch(before.lower()) or _SECOND.fullmatch(after)
    return (
        bool(known) or "-" in before or after[0].isupper() or (len(before) > 1 and before.isupper())
    )
