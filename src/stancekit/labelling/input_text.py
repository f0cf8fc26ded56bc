"""A text to be labelled, with what its fields say of it."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from stancekit.corpus.formats import MAX_TEXT_BYTES, TEXT_FIELD
from stancekit.errors import listing
from stancekit.labelling.layout import TEXT_ROLES, TextLayout, split_front_matter
from stancekit.text.examples import add_title
from stancekit.types import Article

# The line end of old Macintosh files.
_LONE_RETURN = re.compile(r"\r(?!\n)")


@dataclass(frozen=True, slots=True)
class InputText:
    """A text to be labelled.

    Attributes
    ----------
    article
        The text under a unique id: its file, and its line where a file holds many.
    group
        What labels name as the article: the row's `article` or `id`, or else that id.
    actor, target
        The only actor, and the only target, where the row says so.
    speaker
        Who speaks: a name, or the alpha-3 code of a state.
    kept
        Further fields of the text, which go into the labels.
    """

    article: Article
    group: str
    actor: str = ""
    target: str = ""
    speaker: str = ""
    kept: Mapping[str, Any] = field(default_factory=dict)


def make_text(
    name: str, number: int, row: Mapping[str, Any], layout: TextLayout, *, title: bool
) -> InputText:
    """Return a text with all that its fields say of it.

    Parameters
    ----------
    number
        The line of the file, 0 where the file is the text: it may have front matter then.

    Raises
    ------
    ValueError
        When there is no text or no speaker, or a field is not what it has to be.
    """
    column = layout.named.get("text", TEXT_FIELD)
    if not number and isinstance(row.get(TEXT_FIELD), str):
        head, body = split_front_matter(row[TEXT_FIELD])
        row, column = {**row, **head, TEXT_FIELD: body}, TEXT_FIELD
    if column not in row:
        raise ValueError(f"no field {column}; seen: {listing(row)}")
    if layout.speaker and layout.speaker not in row:
        raise ValueError(f"no field {layout.speaker}, which speaker= names; seen: {listing(row)}")
    fields = {**layout.find_roles(row), TEXT_FIELD: row[column]}
    given = {key: _string(fields, key) for key in TEXT_ROLES}
    speaker = _string(fields, layout.speaker) if layout.speaker else ""
    unique_id = f"{name}:{number}" if number else str(Path(name).with_suffix(""))
    # As long as before, so that offsets are those of the row's own text.
    text = _LONE_RETURN.sub("\n", given[TEXT_FIELD])
    if not isinstance(fields[TEXT_FIELD], str) or not text.strip():
        raise ValueError("no text")
    if "\0" in text:
        raise ValueError("its text has NUL characters")
    if len(text) > MAX_TEXT_BYTES:
        raise ValueError(f"longer than {MAX_TEXT_BYTES:,} characters")
    article = Article(unique_id, text, source=name, date=given["date"], topic=given["title"])
    # Rows of one article are one cluster of an estimate.
    group = given["article"] or given["id"] or unique_id
    kept = {
        key: _plain_value(fields[key], key)
        for key in layout.fields
        if not _missing(fields.get(key))
    }
    article = add_title(article, title=title)
    return InputText(article, group, given["actor"], given["target"], speaker, kept)


def _missing(value: Any) -> bool:
    """Say whether a field is empty: NaN is what pandas writes for nothing, and 0 is a value."""
    return value is None or value == "" or bool(value != value)  # noqa: PLR0124  # NaN alone is not itself


def _string(row: Mapping[str, Any], key: str) -> str:
    """Return a field as a string, empty where the row has none."""
    value = row.get(key)
    if _missing(value):
        return ""
    if isinstance(value, list | tuple | dict) and key != TEXT_FIELD:
        raise ValueError(f"its field {key} is a list or an object, not a text")
    return str(_plain_value(value, key))


def _plain_value(value: Any, key: str) -> Any:
    """Return a value that JSON can hold: dates of a Parquet file become ISO dates, decimals text."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, dict):
        return {
            _plain_value(str(name), key): _plain_value(item, key) for name, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_plain_value(item, key) for item in value]
    # JSON has no infinity, and a labels file with one could not be read by others.
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"its field {key} holds {value}, which JSON has no number for")
    if isinstance(value, bool | int | float) or value is None:
        return value
    try:
        text = value.decode("utf-8") if isinstance(value, bytes) else str(value)
        text.encode("utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"its field {key} holds bytes that are not UTF-8") from None
    except UnicodeEncodeError as error:
        raise ValueError(
            f"its field {key} holds half a character: {value[error.start]!a}"
        ) from None
    return text
