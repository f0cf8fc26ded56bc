"""A labelled article as a page to read: which codes models gave, sentence by sentence, actor by actor."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from markupsafe import Markup, escape

from stancekit.codebook import Codebook
from stancekit.html import render_page
from stancekit.text import split_sentences
from stancekit.text.clean import clean
from stancekit.types import Article

LabelMapping = Mapping[str, Any]
# The classes of marks and codes of the page by the place on the codebook's scale, and those not on
# it.
OFF_SCALE = "plain"


@dataclass(frozen=True, slots=True)
class Filter:
    """What the reader of a page chooses from: the values of a column, the most frequent first.

    `key` is the filter's name in the page: a codebook's own name may be no name in HTML. `absent`
    is the number of the value that means no code, `None` where there is none.
    """

    key: str
    column: str
    values: tuple[str, ...]
    absent: int | None = None

    def numbers(self, rows: Sequence[LabelMapping]) -> str:
        """Return the numbers of the values that some rows have, as an attribute of the page."""
        values = {value for row in rows for value in _values(row, self.column)}
        return " ".join(str(self.values.index(value)) for value in self.values if value in values)


def article_page(
    article: Article, rows: Sequence[LabelMapping], codebooks: Sequence[Codebook]
) -> str:
    """Return an article and its labels as one HTML file without scripts; everything from data is escaped.

    Parameters
    ----------
    rows
        Rows of the labels format, all of this article.
    codebooks
        The codebooks that the rows are labelled by.
    """
    # Rows name their sentence by its place in the article.
    by_start: dict[int, list[LabelMapping]] = {}
    for row in rows:
        by_start.setdefault(int(row["start"]), []).append(row)
    of_examples = [book for book in codebooks if book.unit == "example"]
    of_sentences = [book for book in codebooks if book.unit == "sentence"]
    # Marks and the table show one codebook: the first whose codes are positions.
    main = next((book for book in codebooks if book.towards), None)
    sentences = []
    for sentence in split_sentences(article):
        same = by_start.get(sentence.start, [])
        text = _mark_actors(clean(sentence.text).text, same, main)
        tags = [
            f"{book.name}: {code}" if len(of_sentences) > 1 else code
            for book in of_sentences
            for row in same[:1]
            for code in _values(row, book.name)
        ]
        sentences.append((text, same, tags))
    return render_page(
        "labels.html",
        title=article.topic or article.id,
        sentences=sentences,
        filters=_filters(rows, codebooks),
        of_examples=of_examples,
        shown=_shown_codes,
        main=main,
        legend=[(code, style_of(main, code)) for code in _ordered_codes(main)] if main else [],
        style_of=style_of,
        pairs=_pairs(rows, main) if main else [],
    )


def style_of(codebook: Codebook, code: str) -> str:
    """Return the class of a code in the page."""
    return codebook.place(code) or OFF_SCALE


def _values(row: LabelMapping, column: str) -> list[str]:
    value = row[column]
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _filters(rows: Sequence[LabelMapping], codebooks: Sequence[Codebook]) -> list[Filter]:
    """Return a filter per codebook, and for actor and target, where rows have any value."""
    absent = {book.name: book.absent for book in codebooks}
    filters = []
    for number, column in enumerate([*absent, "actor", "target"]):
        counts = Counter(value for row in rows for value in _values(row, column))
        values = sorted(counts, key=lambda value: (-counts[value], value))
        code = absent.get(column, "")
        index = values.index(code) if code in values else None
        if values:
            filters.append(Filter(f"filter{number}", column, tuple(values), index))
    return filters


def _ordered_codes(codebook: Codebook) -> list[str]:
    """Return the codes of a codebook: along the scale, then the others."""
    return [*codebook.scale, *(code for code in codebook.names if code not in codebook.scale)]


def _shown_codes(row: LabelMapping, codebook: Codebook) -> list[tuple[str, str]]:
    """Return the codes of a row with their scores, as they are shown."""
    scores = row[f"{codebook.name}_scores"]
    return [(code, f"{100 * scores[code]:.0f} %") for code in _values(row, codebook.name)]


def _mark_actors(text: str, rows: Sequence[LabelMapping], codebook: Codebook | None) -> Markup:
    """Return a sentence with its actors marked by the most certain of their positions."""
    spans: dict[tuple[int, int], tuple[float, str]] = {}
    for row in rows:
        if row["actor_start"] is None:
            continue
        span = (int(row["actor_start"]), int(row["actor_end"]))
        # An actor may have several rows: a position goes before none, whatever its score.
        styles = [(0.0, OFF_SCALE)]
        if codebook:
            scores = row[f"{codebook.name}_scores"]
            codes = [code for code in _values(row, codebook.name) if code != codebook.absent]
            styles += [(scores[code], style_of(codebook, code)) for code in codes]
        spans[span] = max([*styles, spans.get(span, styles[0])])
    # Of spans within each other the longest is marked, of those that overlap the first.
    outer = [
        span
        for span in sorted(spans)
        if not any(span != other and _covers(other, span) for other in spans)
    ]
    marked = outer[:1] + [later for first, later in pairwise(outer) if first[1] <= later[0]]
    html, end_before = Markup(), 0
    for start, end in marked:
        html += escape(text[end_before:start])
        mark = Markup('<mark class="{}">{}</mark>')
        html += mark.format(spans[start, end][1], text[start:end])
        end_before = end
    return html + escape(text[end_before:])


def _covers(outer: tuple[int, int], inner: tuple[int, int]) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def _pairs(
    rows: Sequence[LabelMapping], codebook: Codebook
) -> list[tuple[str, str, list[tuple[str, int]]]]:
    """Return per actor and target how often each position was found, where one was."""
    counts: dict[str, dict[str, Counter[str]]] = {}
    for row in rows:
        codes = [code for code in _values(row, codebook.name) if code != codebook.absent]
        if codes:
            of_actor = counts.setdefault(str(row["actor"]), {})
            of_actor.setdefault(str(row["target"]), Counter()).update(codes)
    return [
        (actor, target, codes.most_common())
        for actor, of_actor in sorted(counts.items())
        for target, codes in of_actor.items()
    ]
