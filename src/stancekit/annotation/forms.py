"""What a form of the pages says: read, checked, and as a judgement."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qsl

from stancekit.annotation.records import Finding, Item, Judgement
from stancekit.codebook import Codebook
from stancekit.errors import KitError, printable

# Fields of codes begin so; the rest is the codebook's name.
CODES = "codes "
# With these the pair that was asked about is none, so that no code of it is recorded.
NO_PAIR = frozenset({"no actor", "wrong target"})
# With these the words that should have been found can be marked.
MARKING = frozenset({"actor missing", "wrong target"})
_LONGEST = {"note": 5000, "marked": 500}
_MOST_FIELDS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form as it was sent.

    Attributes
    ----------
    asked
        The codebooks that the page asked; one with no code chosen says "none of them".
    seen
        The number of the last judgement of the item that the page knew, 0 where there was none.
    seconds
        From when the page was made to when the form came, without the time it was out of sight.
    pairs
        All fields as they came.
    """

    action: str = "save"
    asked: tuple[str, ...] = ()
    codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unsure: bool = False
    note: str = ""
    finding: str = ""
    marked: str = ""
    request: str = ""
    seen: int = 0
    seconds: float | None = None
    pairs: tuple[tuple[str, str], ...] = ()


def read_form(body: bytes, now: float | None = None) -> Form:
    """Read the body of a request.

    Parameters
    ----------
    now
        Seconds since 1970; by default those of the clock.

    Raises
    ------
    KitError
        When it is no form of these pages.

    Examples
    --------
    >>> form = read_form(b"asked=tone&codes+tone=warm&unsure=1&shown=1000&away=2", now=1007.5)
    >>> form.codes, form.unsure, form.seconds
    ({'tone': ('warm',)}, True, 5.5)
    """
    try:
        text = body.decode("utf-8")
        pairs = parse_qsl(
            text, keep_blank_values=True, errors="replace", max_num_fields=_MOST_FIELDS
        )
    except ValueError as error:
        raise KitError(f"this form cannot be read: {printable(error)}; reload the page") from None
    clean = tuple((name, _clean_value(value)) for name, value in pairs)
    first = dict(reversed(clean))
    asked = tuple(dict.fromkeys(value for name, value in clean if name == "asked"))
    codes = {
        book: tuple(value for name, value in clean if name == f"{CODES}{book}") for book in asked
    }
    return Form(
        action=first.get("action", "save"),
        asked=asked,
        codes=codes,
        unsure=first.get("unsure") == "1",
        note=first.get("note", "").strip(),
        finding=first.get("finding", ""),
        marked=" ".join(first.get("marked", "").split()),
        request=first.get("request", ""),
        seen=_whole(first.get("seen", "")),
        seconds=_seconds(first, time.time() if now is None else now),
        pairs=clean,
    )


def _clean_value(value: str) -> str:
    return value.replace("\r\n", "\n").replace("\0", "\ufffd")


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else 0


def _seconds(first: Mapping[str, str], now: float) -> float | None:
    shown = _whole(first.get("shown", ""))
    if not shown:
        return None
    return round(max(0.0, now - shown - _whole(first.get("away", ""))), 1)


def find_faults(form: Form, item: Item, books: Sequence[Codebook]) -> list[str]:
    """Return what is to be done before a form can be saved, in the words of the page.

    Parameters
    ----------
    books
        Those that the page asks.
    """
    faults = []
    for book in books:
        n = len(form.codes.get(book.name, ()))
        if book.name in form.asked and not book.multi_label and not _is_dropped(form, book):
            if n == 0:
                faults.append(f"Choose a code of {book.name}.")
            if n > 1:
                faults.append(f"Choose one code of {book.name}, not {n}.")
    if form.finding == "actor missing" and not form.marked:
        faults.append("Say which actor is missing: select it in the text, or type it.")
    elif form.marked and form.finding in MARKING and not _is_in(form.marked, item):
        faults.append(f"“{form.marked}” is not in the text; write it as the text does.")
    for name, most in _LONGEST.items():
        if (n := len(getattr(form, name))) > most:
            faults.append(f"The {name} has {n} characters; shorten it to {most}.")
    return faults


def _is_dropped(form: Form, book: Codebook) -> bool:
    """Say whether codes of a codebook are of a pair that is none."""
    return form.finding in NO_PAIR and book.unit != "sentence"


def _is_in(words: str, item: Item) -> bool:
    text = " ".join(f"{item.before} {item.text} {item.after}".split())
    return words.casefold() in text.casefold()


def to_judgement(form: Form, item: Item, annotator: str, *, books: Sequence[Codebook]) -> Judgement:
    """Return what a form without faults says."""
    codes = {
        book.name: tuple(code for code in book.names if code in form.codes[book.name])
        for book in books
        if book.name in form.asked and not _is_dropped(form, book)
    }
    # Others than the codes are for `save` to refuse.
    for book in books:
        if book.name in codes and (odd := set(form.codes[book.name]) - set(book.names)):
            codes[book.name] += tuple(sorted(odd))
    return Judgement(
        item=item.number,
        annotator=annotator,
        codes=codes,
        unsure=form.unsure,
        note=form.note,
        finding=cast("Finding", form.finding),
        marked=form.marked if form.finding in MARKING else "",
        seconds=form.seconds,
        request=form.request,
    )


def describe_codes(codes: Mapping[str, Sequence[str]], books: Sequence[Codebook]) -> str:
    """Return codes in a line, as `support · peace, legality`."""
    parts = []
    for book in books:
        if book.name in codes:
            given = [code.name for code in book.codes if code.name in codes[book.name]]
            parts.append(", ".join(given) or f"none of {book.name}")
    return " · ".join(parts) or "no code"


def describe(judgement: Judgement, books: Sequence[Codebook]) -> str:
    """Return a judgement in a line: its codes, what was found, and whether it is unsure."""
    parts = [describe_codes(judgement.codes, books)] if judgement.codes else []
    if judgement.finding:
        parts.append(" ".join(filter(None, [judgement.finding, _quoted(judgement.marked)])))
    if judgement.unsure:
        parts.append("unsure")
    return " · ".join(parts) or "no code"


def _quoted(words: str) -> str:
    return f"“{words}”" if words else ""


def as_fields(form: Form, **changes: Any) -> list[tuple[str, str]]:
    """Return the fields of a form to be sent once more, with some of them changed."""
    new = {name: str(value) for name, value in changes.items()}
    kept = [pair for pair in form.pairs if pair[0] not in {*new, "action"}]
    return [*kept, *new.items()]
