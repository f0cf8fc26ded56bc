"""Names of persons and organisations that no gazetteer lists."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.tokens import Span

    from stancekit.text.rules import Reader


@dataclass(frozen=True, slots=True)
class Found:
    """A name found in a sentence, by character offsets."""

    start: int
    end: int
    name: str
    code: str | None = None
    person: bool = False


def recognised(reader: "Reader", entity: "Span") -> tuple[int, int] | None:
    """Trim an entity to the words that name an actor; return its tokens, or None if it is none.

    Titles, articles and possessive endings fall away, "the Trump administration" stays whole, and
    organisations that are mere places or modifiers, and texts taken for bodies, are dropped.
    """
    start, end, doc = entity.start, entity.end, reader.doc
    while start < end and (reader.lower[start] in ("the", "a", "an") or doc[start].is_punct):
        start += 1
    while end > start and (reader.possessive(end - 1) or doc[end - 1].is_punct):
        end -= 1
    title = reader.titled(start) if start < end and entity.label_ == "PERSON" else None
    start = title if title and title < end else start
    if start >= end or not doc[start].text[0].isupper() or any(token.is_digit for token in doc[start:end]):
        return None
    staff = entity.label_ == "PERSON" and end < len(doc) and reader.lower[end] in reader.words["staff"]
    if end - start == 1 and not (title or staff or reader.subject(end)):
        return None
    if entity.label_ == "PERSON":
        return None if reader.headline and end - start > 3 else (start, end + staff)
    if reader.lower[end - 1] in reader.words["not_bodies"] | reader.words["things"]:
        return None
    if any(token.is_punct and token.whitespace_ for token in doc[start : end - 1]):
        return None
    return None if reader.placed(start, seat=end - start == 1) or reader.attributive(start, end) else (start, end)


def link_surnames(found: Sequence[Sequence[Found]], texts: Sequence[str]) -> list[list[Found]]:
    """Give surnames the full name met elsewhere, and find the surnames not yet found.

    Examples
    --------
    >>> texts = ["Lidia Karsten abstained.", "Karsten left."]
    >>> linked = link_surnames([[Found(0, 13, "Lidia Karsten", "NAM", True)], []], texts)
    >>> linked[1]
    [Found(start=0, end=7, name='Lidia Karsten', code='NAM', person=True)]
    """
    full = _full_names(name for names in found for name in names)
    pattern = re.compile(r"\b(?:" + "|".join(map(re.escape, full)) + r")\b(?![-‑])") if full else None
    linked = []
    for names, text in zip(found, texts, strict=True):
        known = [_extend(name, full) for name in names]
        for match in pattern.finditer(text) if pattern else ():
            if not any(name.start < match.end() and match.start() < name.end for name in known) and _alone(text, match):
                known.append(replace(full[match.group()], start=match.start(), end=match.end()))
        linked.append(known)
    return linked


def _full_names(names: Iterable[Found]) -> dict[str, Found]:
    """Map each surname that one person bears to that person."""
    full: dict[str, Found] = {}
    shared = set()
    for name in names:
        surname = name.name.rpartition(" ")[2]
        if name.person and " " in name.name and surname[0].isupper():
            held = full.setdefault(surname, name)
            if held.code is None and name.code:
                full[surname] = replace(held, code=name.code)
            if held.name.rpartition(" ")[0] != name.name.rpartition(" ")[0]:
                shared.add(surname)
    return {surname: name for surname, name in full.items() if surname not in shared}


def _extend(name: Found, full: dict[str, Found]) -> Found:
    if not name.person or name.name.rpartition(" ")[2] not in full:
        return name
    whole = full[name.name.rpartition(" ")[2]]
    if " " in name.name and name.name != whole.name:
        return name
    return replace(name, name=whole.name, code=name.code or whole.code)


def _alone(text: str, match: re.Match[str]) -> bool:
    """Say whether no capitalised word stands beside a surname, making it another name."""
    before, after = text[max(0, match.start() - 40) : match.start()], text[match.end() : match.end() + 3]
    return not re.search(r"\b[A-Z][\w'’-]* $", before) and not re.match(r" [A-Z][a-z]", after)
