"""A labelled article as a page to read: who takes which side of what, sentence by sentence."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from stancekit.text import split_sentences
from stancekit.text.clean import clean
from stancekit.types import Article

LabelMapping = Mapping[str, Any]
NEUTRAL = "none"
# What the reader chooses from, and the field of a row behind each.
FIELDS = {"stance": "stance", "actor": "actor", "target": "target", "frame": "frames"}


def article_page(article: Article, rows: Sequence[LabelMapping]) -> str:
    """Return an article and its labels as one HTML file without scripts; everything from data is escaped.

    Parameters
    ----------
    rows
        Rows of the labels format, all of this article.
    """
    environment = Environment(
        loader=PackageLoader("stancekit.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    by_start: dict[int, list[LabelMapping]] = {}
    for row in rows:
        by_start.setdefault(int(row["start"]), []).append(row)
    choices = {name: _field_values(rows, key) for name, key in FIELDS.items()}
    numbers = {
        name: {value: at for at, value in enumerate(values)} for name, values in choices.items()
    }
    sentences = [
        (
            _marked(clean(one.text).text, by_start.get(one.start, [])),
            by_start.get(one.start, []),
            _marks(by_start, one.start, numbers),
        )
        for one in split_sentences(article)
    ]
    return environment.get_template("labels.html").render(
        title=article.topic or article.id,
        sentences=sentences,
        choices=choices,
        numbers=numbers,
        pairs=_pairs(rows),
        neither=NEUTRAL,
        marks=lambda row: _of([row], numbers),
        score=lambda row: f"{100 * max(row['stance_scores'].values()):.0f} %",
    )


def _row_values(row: LabelMapping, key: str) -> list[str]:
    value = row[key]
    return list(value) if isinstance(value, list) else [str(value)] if value is not None else []


def _field_values(rows: Sequence[LabelMapping], key: str) -> list[str]:
    """Return the values of a field, the commonest first."""
    found = Counter(value for row in rows for value in _row_values(row, key))
    return sorted(found, key=lambda value: (-found[value], value))


def _of(rows: Sequence[LabelMapping], numbers: Mapping[str, Mapping[str, int]]) -> dict[str, str]:
    """Return, by what the reader chooses from, the numbers of the values that rows have."""
    return {
        name: " ".join(
            str(at)
            for at in sorted({numbers[name][one] for row in rows for one in _row_values(row, key)})
        )
        for name, key in FIELDS.items()
    }


def _marks(
    by_start: Mapping[int, Sequence[LabelMapping]],
    start: int,
    numbers: Mapping[str, Mapping[str, int]],
) -> dict[str, str]:
    return _of(by_start.get(start, []), numbers)


def _marked(text: str, rows: Sequence[LabelMapping]) -> Markup:
    """Return a sentence with its actors marked by the surest of their stances that is one."""
    spans: dict[tuple[int, int], tuple[float, str]] = {}
    for row in rows:
        if row["actor_start"] is not None:
            sure = max(row["stance_scores"].values()) if row["stance"] != NEUTRAL else 0.0
            at = (int(row["actor_start"]), int(row["actor_end"]))
            spans[at] = max(spans.get(at, (-1.0, NEUTRAL)), (sure, str(row["stance"])))
    apart = [
        one
        for one in sorted(spans)
        if not any(one != other and _covers(other, one) for other in spans)
    ]
    apart = apart[:1] + [later for first, later in pairwise(apart) if first[1] <= later[0]]
    html, done = Markup(), 0
    for start, end in apart:
        html += escape(text[done:start])
        html += Markup('<mark class="{}">{}</mark>').format(spans[start, end][1], text[start:end])
        done = end
    return html + escape(text[done:])


def _covers(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] <= other[0] and other[1] <= one[1]


def _pairs(
    rows: Sequence[LabelMapping],
) -> list[tuple[str, list[tuple[str, list[tuple[str, int]]]]]]:
    """Return per actor and target how often each stance was found, where one was."""
    found: dict[str, dict[str, Counter[str]]] = {}
    for row in rows:
        if row["stance"] != NEUTRAL:
            per = found.setdefault(str(row["actor"]), {}).setdefault(str(row["target"]), Counter())
            per[str(row["stance"])] += 1
    return [
        (actor, [(target, of.most_common()) for target, of in per.items()])
        for actor, per in sorted(found.items())
    ]
