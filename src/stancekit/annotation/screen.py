"""What the page of an item shows: the text, the choices with their keys, and the codebook beside it."""

import re
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from stancekit.annotation.forms import CODES, MARKING, NO_PAIR, Form
from stancekit.annotation.keys import FINDING_KEYS, assign_keys, finding_keys
from stancekit.annotation.records import Item, Judgement
from stancekit.codebook import Codebook
from stancekit.types import Example, Mention

# Sentences of more characters are set smaller, so that they stay on the screen.
_LONG_TEXT, _HUGE_TEXT = 260, 700
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
# Marks that turn the direction of writing of all that follows, and half characters.
_UNSEEN = re.compile("[\x80-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
AS_FOUND = "as found"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeView:
    """A code as a button and as an entry of the codebook; `about` is the id of the entry."""

    name: str
    value: str
    key: str
    about: str
    chosen: bool = False
    suggested: str = ""
    definition: str = ""
    positive: tuple[str, ...] = ()
    near_miss: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A codebook as buttons, or as a part of the codebook page."""

    name: str
    title: str
    codes: tuple[CodeView, ...]
    field: str = ""
    how: str = ""
    several: bool = False
    of_pair: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """What may be wrong with the pair, as a button."""

    value: str
    name: str
    key: str
    chosen: bool
    is_usual: bool = False
    takes_words: bool = False
    drops_codes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FormView:
    """What a form is filled with, and its hidden fields."""

    request: str
    seen: int
    shown: int
    unsure: bool = False
    note: str = ""
    finding: str = ""
    marked: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A text as it is shown, with the names of its actor and target."""

    example: Example
    before: str
    after: str
    actor: str
    target: str
    size: str


def visible(text: str) -> str:
    r"""Return a text of the same length in which characters that act instead of being shown are seen.

    Examples
    --------
    >>> visible("a\x1b[31mb\u202ec")
    'a␛[31mb�c'
    """
    shown = _CONTROL.sub(
        lambda match: "\u2421" if match[0] == "\x7f" else chr(0x2400 + ord(match[0])), text
    )
    return _UNSEEN.sub("\ufffd", shown)


def shown_name(name: str) -> str:
    """Return the name of a code or a codebook as it is shown.

    Examples
    --------
    >>> shown_name("domestic_politics")
    'domestic politics'
    """
    return visible(name).replace("_", " ")


def show_text(item: Item) -> Reading:
    """Return the text of an item as it is shown."""
    n = len(item.text)
    return Reading(
        example=Example(item.id, visible(item.text), _seen(item.actor), _seen(item.target)),
        before=visible(item.before),
        after=visible(item.after),
        actor=visible(item.actor.name) if item.actor else "",
        target=visible(item.target.name) if item.target else "",
        size="huge" if n > _HUGE_TEXT else "long" if n > _LONG_TEXT else "",
    )


def _seen(mention: Mention | None) -> Mention | None:
    return mention and Mention(visible(mention.name), mention.start, mention.end)


def show_codebooks(books: Sequence[Codebook]) -> tuple[Group, ...]:
    """Return codebooks with definitions, examples, near misses and keys."""
    groups = []
    for book, codes in zip(books, _show_codes(books), strict=True):
        entries = [
            replace(
                shown,
                definition=visible(code.definition),
                positive=tuple(map(visible, code.positive)),
                near_miss=visible(code.near_miss),
            )
            for code, shown in zip(book.codes, codes, strict=True)
        ]
        groups.append(Group(name=book.name, title=_title(book.name), codes=tuple(entries)))
    return tuple(groups)


def show_choices(
    books: Sequence[Codebook],
    *,
    asked: Sequence[str],
    chosen: Mapping[str, Sequence[str]],
    suggested: Mapping[str, Mapping[str, str]],
) -> tuple[Group, ...]:
    """Return the buttons of the codebooks that are asked.

    Parameters
    ----------
    books
        All of the project: the keys of one do not depend on what else is asked.
    chosen
        By codebook the codes that are chosen already.
    suggested
        By codebook and code what is shown of a model's score.
    """
    groups = []
    for book, codes in zip(books, _show_codes(books), strict=True):
        if book.name not in asked:
            continue
        buttons = [
            replace(
                shown,
                chosen=shown.value in chosen.get(book.name, ()),
                suggested=suggested.get(book.name, {}).get(shown.value, ""),
            )
            for shown in codes
        ]
        group = Group(
            name=book.name,
            title=_title(book.name),
            codes=tuple(buttons),
            field=f"{CODES}{book.name}",
            how=_how(book),
            several=book.multi_label,
            of_pair=book.unit != "sentence",
        )
        groups.append(group)
    return tuple(groups)


def _show_codes(books: Sequence[Codebook]) -> list[list[CodeView]]:
    """Return the codes of each codebook with their keys."""
    keys = assign_keys(books)
    return [
        [
            CodeView(
                name=shown_name(code.name),
                value=code.name,
                key=keys.get((book.name, code.name), ""),
                about=f"about-{at}-{place}",
            )
            for place, code in enumerate(book.codes)
        ]
        for at, book in enumerate(books)
    ]


def _title(name: str) -> str:
    plain = shown_name(name)
    return plain[:1].upper() + plain[1:]


def _how(book: Codebook) -> str:
    several = "any number, or none" if book.multi_label else "one"
    if book.unit == "sentence":
        return f"of the sentence: {several}"
    of_pair = "of the actor towards the target" if book.towards else "of the pair"
    return f"{of_pair}: {several}"


def show_findings(books: Sequence[Codebook], chosen: str) -> tuple[FindingView, ...]:
    """Return the buttons for what may be wrong with an actor or a target."""
    keys = finding_keys(assign_keys(books).values())
    usual = FindingView(value="", name=AS_FOUND, key="", chosen=not chosen, is_usual=True)
    others = [
        FindingView(
            value=finding,
            name=finding,
            key=keys.get(finding, ""),
            chosen=finding == chosen,
            takes_words=finding in MARKING,
            drops_codes=finding in NO_PAIR,
        )
        for finding in FINDING_KEYS
    ]
    return (usual, *others)


def new_request() -> str:
    """Return the random text by which a form that is sent twice is one judgement."""
    return secrets.token_urlsafe(12)


def fill_form(filled: Judgement | Form | None, *, seen: int, request: str = "") -> FormView:
    """Return a form, filled in with what was judged or sent before."""
    return FormView(
        request=request or new_request(),
        seen=seen,
        shown=int(time.time()),
        unsure=filled.unsure if filled else False,
        note=filled.note if filled else "",
        finding=filled.finding if filled else "",
        marked=filled.marked if filled else "",
    )


def show_pace(seconds: Sequence[float], left: int) -> str:
    """Return how long what is left takes at one's own pace, in words.

    Parameters
    ----------
    seconds
        What the last items took.

    Examples
    --------
    >>> show_pace([6.0, 8.0, 30.0], 90), show_pace([40.0], 300), show_pace([6.0], 5), show_pace([], 9)
    ('about 12 minutes left', 'about 3.3 hours left', 'about a minute left', '')
    """
    if not seconds or not left:
        return ""
    ordered = sorted(seconds)
    minutes = ordered[len(ordered) // 2] * left / 60
    if minutes < 1.5:
        return "about a minute left"
    if minutes < 90:
        return f"about {round(minutes)} minutes left"
    return f"about {minutes / 60:.1f} hours left"
