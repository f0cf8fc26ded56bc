"""Divide lines in which names stand in columns, as lists of voters do."""

import re

_BETWEEN = re.compile(r"\s*(?:\t|[^\S\n\r\t]{2,})\s*")
# A number or bullet, and up to eight words of which the first has a capital; no sentence.
_CELL = re.compile(r"(?:\(?\d{1,3}[.)]?\s|[-*•·–—]\s)?\s*[^\W\d_][^\t\n:;?!]{0,70}")
_LONGEST_CELL = 8
# The other column of a table of votes: it says something of the first.
_ANSWER = re.compile(
    r"(?:yes|no|ayes?|nays?|yea|for|against|in favou?r|abstain(?:ed|s|ing)?|abstention|absent|"
    r"present|not voting|did not vote|excused|[yna])\.?",
    re.IGNORECASE,
)


def split_columns(line: str) -> list[tuple[int, int]]:
    r"""Return the spans of the names in a line of several, or the line where it is none.

    Columns are divided by a tab or by two blanks and more. A line stays whole where a part of it
    starts with a small letter, or says how somebody voted.

    Examples
    --------
    >>> line = "Peru\tViet Nam   Chad"
    >>> [line[start:end] for start, end in split_columns(line)]
    ['Peru', 'Viet Nam', 'Chad']
    >>> split_columns("Peru\tabstained"), split_columns("Peru  rejected it.")
    ([(0, 14)], [(0, 18)])
    """
    whole = [(0, len(line))]
    content = line.rstrip()
    first = len(line) - len(line.lstrip())
    gaps = [match.span() for match in _BETWEEN.finditer(content, first)]
    if not gaps:
        return whole
    starts = [first, *(end for _, end in gaps)]
    ends = [*(start for start, _ in gaps), len(content)]
    cells = list(zip(starts, ends, strict=True))
    return cells if all(_is_name_cell(line[start:end]) for start, end in cells) else whole


def _is_name_cell(cell: str) -> bool:
    if not _CELL.fullmatch(cell) or _ANSWER.fullmatch(cell):
        return False
    letters = cell.lstrip("0123456789().-*•·–— ")
    return letters[:1].isupper() and len(cell.split()) <= _LONGEST_CELL and not cell.isupper()
