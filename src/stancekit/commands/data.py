"""`stancekit data`: what is in a corpus."""

import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from stancekit.codebook import Codebook, codebook_names, load_codebook
from stancekit.corpus import Corpus
from stancekit.corpus.dataset import LabelledSet
from stancekit.errors import KitError, listing
from stancekit.evaluation.agreement import alpha
from stancekit.fileio import write_text
from stancekit.report.tables import format_score, table
from stancekit.types import Score, as_list

# A picture has so many rows at most; what is rarer is drawn as one.
MAX_SHOWN = 60
log = logging.getLogger(__name__)


def data(
    *, corpus: Corpus, codebooks: str | Sequence[str] | None = None, plots: str | Path | None = None
) -> list[LabelledSet]:
    """Print the counts of a corpus by label, split, register, topic and phenomenon, and its agreement.

    Parameters
    ----------
    corpus
        Labelled data.
    codebooks
        Names of codebooks that the corpus is labelled with, or YAML files of one's own; by default
        all known ones that it has the columns and the labels of.
    plots
        A folder for pictures (SVG) of the codes by register and by topic.

    Returns
    -------
    list of LabelledSet
        The corpus as each codebook reads it.
    """
    found = []
    for whole in _read_codebooks(corpus, codebooks):
        codebook = whole.codebook
        unit = "sentences" if codebook.unit == "sentence" else "examples"
        print(
            f"# {whole.name}, {codebook.name}: {len(whole)} {unit} in {len(set(whole.articles))} articles\n"
        )
        print(table(["code", "n", "share"], _code_shares(whole)), "\n")
        print(table(["split", unit, *codebook.names], _crossed(whole, list(whole.parts))), "\n")
        if 0 < (unmarked := whole.parts.count("")) < len(whole):
            print(f"{unmarked} {unit} have no split marked (–); split=fixed leaves them out\n")
        print(
            table(
                ["register", unit, *codebook.names],
                _crossed(whole, [one.register for one in whole.contexts]),
            ),
            "\n",
        )
        if agreed := agreement(whole, corpus):
            print(
                table(
                    ["second annotation", "alpha", "n"],
                    [[one.slice, format_score(one), one.n] for one in agreed],
                ),
                "\n",
            )
            if unused := sorted(set(codebook.names) - {one.slice for one in agreed}):
                print(
                    f"neither annotator gave {', '.join(unused)}: agreement on these is not defined\n"
                )
        if plots is not None:
            _draw(whole, Path(plots))
        found.append(whole)
    first = found[0]
    print(
        table(
            ["topic", "examples", *first.codebook.names],
            _crossed(first, [one.topic for one in first.contexts]),
        ),
        "\n",
    )
    phenomena = Counter(name for one in first.contexts for name in one.phenomena)
    print(table(["phenomenon", "examples"], phenomena.most_common()))
    return found


def _read_codebooks(corpus: Corpus, names: Sequence[str] | None) -> list[LabelledSet]:
    """Return the corpus as each codebook reads it: those named, or those that it is labelled with."""
    if names is not None:
        return [corpus.read(load_codebook(name)) for name in as_list(names)]
    present = {str(key) for _, row in corpus.rows() for key in row}
    likely = [
        book for name in codebook_names() if corpus.may_have(book := load_codebook(name), present)
    ]
    if not likely:
        raise KitError(
            f"corpus {corpus.name!r} has no column of a known codebook; it has: {listing(sorted(present), 30)}. Say "
            "which column holds the labels with corpus.columns.labels=COLUMN, and which codes they are with "
            "codebooks=[stance]"
        )
    likely.sort(key=lambda book: book.unit != "example")
    by_column: dict[tuple[str, ...], list[Codebook]] = {}
    for book in likely:
        by_column.setdefault(corpus.label_columns(book), []).append(book)
    return [whole for books in by_column.values() for whole in _of_column(corpus, books)]


def _of_column(corpus: Corpus, books: Sequence[Codebook]) -> list[LabelledSet]:
    """Read a column with those codebooks that have its labels; that none of them has is a fault."""
    if len(books) == 1:
        return [corpus.read(books[0])]
    found: list[LabelledSet] = []
    for book in books:
        try:
            found.append(corpus.read(book))
        except KitError as error:
            log.debug("%s", error)
    if not found:
        raise KitError(
            f"corpus {corpus.name!r}: none of the codebooks {', '.join(book.name for book in books)} can read "
            f"{', '.join(map(repr, corpus.label_columns(books[0])))}. Name the one that is meant, as in "
            f"codebooks=[{books[0].name}], to see what is wrong"
        )
    return found


def _draw(whole: LabelledSet, folder: Path) -> None:
    """Write pictures of the codes by register and by topic."""
    from stancekit.report.figures import heat, stacked, svg

    codes = whole.codebook.names
    for field in ("register", "topic"):
        rows = _crossed(whole, _commonest([getattr(one, field) for one in whole.contexts]))
        names, counts = (
            [str(row[0]) for row in rows],
            [[int(str(n)) for n in row[2:]] for row in rows],
        )
        if whole.codebook.multi_label:
            totals = [int(str(row[1])) for row in rows]
            shares = [[n / total for n in row] for row, total in zip(counts, totals, strict=True)]
            drawing = heat(names, codes, shares)
        else:
            drawing = stacked(names, codes, counts)
        path = folder / f"{whole.codebook.name}-by-{field}.svg"
        write_text(path, svg(drawing, f"{whole.codebook.name} by {field} in {whole.name}"))
        print(f"written: {path}\n")


def _commonest(values: Sequence[str]) -> list[str]:
    """Return the values, with those too rare for a picture's rows under one name."""
    counts = Counter(values)
    if len(counts) <= MAX_SHOWN:
        return list(values)
    kept = {value for value, _ in counts.most_common(MAX_SHOWN - 1)}
    others = f"… {len(counts) - len(kept)} others"
    return [value if value in kept else others for value in values]


def _code_shares(whole: LabelledSet) -> list[list[object]]:
    return [[code, n, f"{n / len(whole):.1%}"] for code, n in whole.counts.items()]


def _crossed(whole: LabelledSet, values: Sequence[str]) -> list[list[object]]:
    rows: list[list[object]] = []
    for value in sorted(set(values)):
        part = whole.take(row for row, own in enumerate(values) if own == value)
        rows.append([value or "–", len(part), *part.counts.values()])
    return rows


def agreement(whole: LabelledSet, corpus: Corpus) -> list[Score]:
    """Return Krippendorff's alpha of gold and second annotation, overall and by code that one of them gave.

    Raises
    ------
    KitError
        When none of the second annotator's ids is in the corpus.
    """
    second = corpus.second_labels(whole.codebook)
    rows = [row for row, example in enumerate(whole.examples) if example.id in second]
    if not rows and second:
        raise KitError(
            f"none of the {len(second)} ids in {corpus.second} ({listing(second, 3)}) is one of corpus {whole.name!r} "
            f"({listing((one.id for one in whole.examples), 3)}); name the column with corpus.columns.id=COLUMN"
        )
    if not rows:
        return []
    both = [
        (frozenset(whole.labels[row]), frozenset(second[whole.examples[row].id])) for row in rows
    ]
    clusters = [whole.examples[row].article for row in rows]
    one, other = ([pair[side] for pair in both] for side in (0, 1))
    found = [alpha(one, other, clusters=clusters)]
    given = frozenset().union(*one, *other)
    for code in (code for code in whole.codebook.names if code in given):
        found.append(
            alpha(
                [code in labels for labels in one],
                [code in labels for labels in other],
                clusters=clusters,
                name=code,
            )
        )
    return found
