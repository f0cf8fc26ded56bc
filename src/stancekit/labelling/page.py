"""Labels as a page to read: who stands where, and the codes of each sentence, actor by actor."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from stancekit.html import render_page
from stancekit.labelling.positions import CodedSentence, Position, position_codes
from stancekit.labelling.row_format import (
    SCHEMA,
    SET_ASIDE,
    LabelledCodebook,
    LabelRow,
    codes_only_positions,
    has_position,
    sentence_id,
)
from stancekit.text import split_sentences
from stancekit.text.clean import clean

if TYPE_CHECKING:
    from stancekit.labelling.labels import Labels

# The class of marks and codes of the page that are not on the codebook's scale.
OFF_SCALE = "plain"
# Rows of a table of positions that are shown; the others are one click away. A screen has room
# for about twenty.
TOP_POSITIONS = 20


@dataclass(frozen=True, slots=True)
class Filter:
    """What the reader of a page chooses from: the values of a column, the most frequent first.

    `key` is the filter's name in the page: a codebook's own name may be no name in HTML. `absent`
    is the number of the value that means no code, `None` where there is none; `some` is what the
    page calls all values but this one, empty where it does not offer them.
    """

    key: str
    column: str
    values: tuple[str, ...]
    absent: int | None = None
    some: str = ""

    def numbers(self, rows: Sequence[Mapping[str, Any]]) -> str:
        """Return the numbers of the values that some rows have, as an attribute of the page."""
        values = {value for row in rows for value in _values(row, self.column)}
        return " ".join(str(self.values.index(value)) for value in self.values if value in values)


@dataclass(frozen=True, slots=True)
class PageSentence:
    """A sentence of the page: its name there, its text with actors marked, its rows, and its own codes.

    Of its rows with an actor some are `shown`, and those without a position are `folded` away.
    """

    key: str
    text: Markup
    rows: list[LabelRow]
    tags: list[str]
    shown: list[LabelRow]
    folded: list[LabelRow]


@dataclass(frozen=True, slots=True)
class PositionTable:
    """Positions of a codebook as the page shows them: its codes make columns, and a number opens its sentences."""

    codebook: LabelledCodebook
    codes: list[str]
    positions: list[Position]
    keys: dict[tuple[str, int | None], str]

    @property
    def tables(self) -> Iterator[tuple[str, list[tuple[int, Position]]]]:
        """Yield the first positions, and the others with what opens them; each position with its number."""
        numbered = list(enumerate(self.positions))
        yield "", numbered[:TOP_POSITIONS]
        if rest := numbered[TOP_POSITIONS:]:
            yield f"{len(rest):,} more", rest

    @property
    def contradictory(self) -> list[Position]:
        """Return the positions of which codes of both ends of the scale occur."""
        return [position for position in self.positions if position.contradictory]

    def place_of(self, sentence: CodedSentence) -> str:
        """Return the name of a sentence in the page."""
        return self.keys.get((sentence.article, sentence.start), "")


def labels_page(labels: "Labels") -> str:
    """Return labels as one HTML file without scripts; everything from data is escaped.

    It has the whole text where the labels are those of one article, else the sentences of the rows.
    """
    # Tables of users may lack some columns.
    rows = [dict.fromkeys(SCHEMA) | row for row in labels if not row.get(SET_ASIDE)]
    books = list(labels.codebooks.values())
    # Marks show one codebook: the first whose codes are positions.
    main = next((book for book in books if book.towards), None)
    texts = list(_page_texts(labels, rows, books, main))
    keys = {
        (str(row.get("article") or ""), row.get("start")): sentence.key
        for _, sentences in texts
        for sentence in sentences
        for row in sentence.rows
    }
    summary = labels.summary
    tables = [
        PositionTable(book, position_codes(summary.positions[book.name], book), positions, keys)
        for book in books
        if book.towards
        for positions in [summary.positions[book.name]]
    ]
    codes = {code for row in rows if main for code in main.scores(row)}
    if main and labels.extent.left_out:
        codes.discard(main.absent)
    return render_page(
        "labels.html",
        title=_page_title(labels),
        one_text=labels.article is not None,
        texts=texts,
        filters=_filters(rows, books),
        of_examples=[book for book in books if book.unit == "example"],
        shown=_shown_codes,
        main=main,
        legend=[(code, style_of(main, code)) for code in main.order(codes)] if main else [],
        style_of=style_of,
        tables=tables,
        counts=[counts for counts in summary.counts.values() if counts.n],
        set_aside=labels.set_aside,
        pairs=labels.extent.pairs if labels.extent.left_out else None,
        too_low=labels.extent.too_low,
    )


def _page_title(labels: "Labels") -> str:
    if labels.article is not None:
        return labels.article.topic or labels.article.id
    return f"{len(labels):,} labelled rows"


def _page_texts(
    labels: "Labels",
    rows: Sequence[LabelRow],
    books: Sequence[LabelledCodebook],
    main: LabelledCodebook | None,
) -> Iterator[tuple[str, list[PageSentence]]]:
    """Yield the name of each text and its sentences."""
    of_sentences = [book for book in books if book.unit == "sentence"]
    folds = codes_only_positions(books)

    def sentence_of(key: str, text: str, same: Sequence[LabelRow]) -> PageSentence:
        tags = [
            f"{book.name}: {code}" if len(of_sentences) > 1 else code
            for book in of_sentences
            for row in same[:1]
            for code in book.codes(row)
        ]
        acting = [row for row in same if row.get("actor") is not None]
        shown = [row for row in acting if not folds or has_position(row, books)]
        folded = [row for row in acting if folds and not has_position(row, books)]
        return PageSentence(key, _mark_actors(text, same, main), list(same), tags, shown, folded)

    if labels.article is not None:
        # Rows name their sentence by its place in the article.
        by_start: dict[int, list[LabelRow]] = {}
        for row in rows:
            by_start.setdefault(int(row["start"]), []).append(row)
        yield (
            "",
            [
                sentence_of(f"s{number}", clean(each.text).text, by_start.get(each.start, []))
                for number, each in enumerate(split_sentences(labels.article))
            ],
        )
        return
    number = 0
    for article, in_article in groupby(rows, key=lambda row: str(row.get("article") or "")):
        sentences = []
        for _, group in groupby(in_article, key=sentence_id):
            same = list(group)
            sentences.append(sentence_of(f"s{number}", str(same[0].get("sentence") or ""), same))
            number += 1
        yield article, sentences


def style_of(codebook: LabelledCodebook, code: str) -> str:
    """Return the class of a code in the page."""
    return codebook.place(code) or OFF_SCALE


def _values(row: Mapping[str, Any], column: str) -> list[str]:
    value = row.get(column)
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _filters(rows: Sequence[LabelRow], codebooks: Sequence[LabelledCodebook]) -> list[Filter]:
    """Return a filter per codebook, and for actor and target, where rows have any value."""
    absent = {book.name: book.absent for book in codebooks}
    filters = []
    for number, column in enumerate([*absent, "actor", "target"]):
        counts = Counter(value for row in rows for value in _values(row, column))
        values = sorted(counts, key=lambda value: (-counts[value], value))
        code = absent.get(column, "")
        index = values.index(code) if code in values else None
        some = f"all but {code}" if index is not None else "any" if column in absent else ""
        if values:
            filters.append(Filter(f"filter{number}", column, tuple(values), index, some))
    return filters


def _shown_codes(row: LabelRow, codebook: LabelledCodebook) -> list[tuple[str, str]]:
    """Return the codes of a row with their scores, as they are shown; a vote that was read has none."""
    if codebook.towards and row.get("read_by") == "roll call":
        return [(code, "roll call") for code in codebook.codes(row)]
    scores = codebook.scores(row)
    return [(code, f"{100 * scores.get(code, 0):.0f} %") for code in codebook.codes(row)]


def _mark_actors(text: str, rows: Sequence[LabelRow], codebook: LabelledCodebook | None) -> Markup:
    """Return a sentence with its actors marked by the most certain of their positions."""
    spans: dict[tuple[int, int], tuple[float, str]] = {}
    for row in rows:
        if row.get("actor_start") is None or row.get("actor_end") is None:
            continue
        span = (int(row["actor_start"]), int(row["actor_end"]))
        # An actor may have several rows: a position goes before none, whatever its score.
        styles = [(0.0, OFF_SCALE)]
        if codebook:
            scores = codebook.scores(row)
            codes = codebook.applied_codes(row)
            styles += [(scores.get(code, 0.0), style_of(codebook, code)) for code in codes]
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
