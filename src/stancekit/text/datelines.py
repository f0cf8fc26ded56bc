"""Datelines: where and when a report was written, before its first sentence."""

import re

_UPPER = "A-ZÀ-ÖØ-Þ"
_CAPITALS = rf"[{_UPPER}][{_UPPER}.'’-]+"
_PLACE = rf"[{_UPPER}][\w.'’]+"
_SHORT_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
_WRITTEN_ON = rf"(?:[A-Z][a-z]+day|{_SHORT_MONTH} \d{{1,2}}|\d{{1,2}}(?:\.\d\d?\.?| {_SHORT_MONTH}))(?:,? \d{{4}})?"
# "WASHINGTON, June 9 - ", "DAKAR (Agency) - ", "Strasbourg — ", "Lima, Tuesday — "
_DATELINE = re.compile(
    rf"(?:{_CAPITALS}(?: {_CAPITALS}){{0,3}}(?:\s?[,(][^–—]{{0,40}}?)?\s[–—-]|"
    rf"{_PLACE}(?: {_PLACE}){{0,2}}(?:\s[–—]|, {_WRITTEN_ON}\s[–—-]))\s"
)


def dateline_end(text: str) -> int:
    """Return where a text begins behind its dateline, 0 without one.

    Examples
    --------
    >>> text = "Lima, Tuesday — Peru voted."
    >>> text[dateline_end(text) :]
    'Peru voted.'
    """
    dateline = _DATELINE.match(text)
    return dateline.end() if dateline else 0
