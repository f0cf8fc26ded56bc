"""Labels in the terminal: the codes of each sentence, who stands where, and what contradicts."""

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from stancekit.errors import printable
from stancekit.labelling.labels import Labels
from stancekit.labelling.positions import CodeCounts, Position, position_codes
from stancekit.labelling.row_format import SET_ASIDE, LabelledCodebook, LabelRow, sentence_id

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

# By the place on the codebook's scale.
COLOURS = {"low": "red", "middle": "yellow", "high": "green"}
# Characters of a name that are printed, so that a row stays on one line of most terminals.
WIDTH = 48
# Rows of a table, and pairs whose sentences contradict each other: what a screen has room for.
MOST_ROWS, MOST_PAIRS = 20, 5
# What marks an actor and a target whose sentences contradict each other.
BOTH_ENDS = "≠"


def print_line(text: str) -> None:
    """Print a line or several, with what a terminal would act on escaped."""
    print(printable(text, keep="\n"))


def print_rows(labels: Labels) -> None:
    """Print each sentence in which a code applies: its own codes, and below those of actors and targets."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console, books = Console(), list(labels.codebooks.values())
    article = labels.article
    if article is not None:
        console.print(Text(printable(article.topic or article.id), style="bold"))
    shown = [row for row in labels if not row.get(SET_ASIDE) and _is_shown(row, books)]
    for _, group in groupby(shown, key=sentence_id):
        same = list(group)
        console.print(Text(f"\n{printable(same[0]['sentence'])}"))
        for book in _coded(same[0], books, "sentence"):
            console.print(Text(f"{book.name}: {', '.join(book.codes(same[0]))}", style="dim"))
        view = Table(box=None, show_header=False, padding=(0, 1))
        for row in same:
            if coded := _coded(row, books, "example"):
                view.add_row(*(Text(cell, style=style) for cell, style in _cells(row, coded)))
        console.print(view)


def _coded(
    row: LabelRow, codebooks: Sequence[LabelledCodebook], unit: str
) -> list[LabelledCodebook]:
    """Return the codebooks of a unit that have some code for a row."""
    return [book for book in codebooks if book.unit == unit and book.codes(row)]


def _is_shown(row: LabelRow, codebooks: Sequence[LabelledCodebook]) -> bool:
    """Say whether a code applies to an actor and a target; where none are looked for, to the sentence."""
    # Frames are on most sentences: beside positions they alone are not worth a line.
    unit = "example" if any(book.unit == "example" for book in codebooks) else "sentence"
    return any(book.applied_codes(row) for book in _coded(row, codebooks, unit))


def _cells(row: LabelRow, codebooks: Sequence[LabelledCodebook]) -> list[tuple[str, str]]:
    """Return the actor, codes and scores of each codebook, and the target, each with its style."""
    cells = [(printable(row["actor"] or ""), "")]
    for book in codebooks:
        scores, codes = book.scores(row), book.codes(row)
        cells.append((", ".join(codes), _style(book, codes)))
        cells.append((", ".join(f"{scores[code]:.2f}" for code in codes), ""))
    return [*cells, (printable(row["target"] or "", most=WIDTH), "")]


def _style(codebook: LabelledCodebook, codes: Sequence[str]) -> str:
    """Return a colour where all codes have the same place on the scale."""
    places = {codebook.place(code) for code in codes}
    return COLOURS.get(places.pop(), "") if len(places) == 1 else ""


def print_summary(labels: Labels) -> None:
    """Print who stands where, and how often each code of the other codebooks occurs."""
    from rich.console import Console

    console = Console()
    for counts in labels.summary.counts.values():
        if counts.n:
            _print_code_counts(console, counts)
    for name, positions in labels.summary.positions.items():
        if positions:
            _print_positions(console, positions, labels.codebooks[name])
            _print_contradictory(console, positions, labels.codebooks[name])


def _new_table() -> "Table":
    from rich import box
    from rich.table import Table

    return Table(box=box.SIMPLE_HEAD, pad_edge=False)


def _print_title(console: "Console", title: str, n_left: int, what: str) -> None:
    from rich.text import Text

    more = f" (the first {MOST_ROWS}; {n_left:,} more {what})" if n_left > 0 else ""
    console.print(Text(f"\n{printable(title)}{more}", style="bold"))


def _print_positions(
    console: "Console", positions: Sequence[Position], codebook: LabelledCodebook
) -> None:
    from rich.text import Text

    title = f"Who stands where: {codebook.name}, number of sentences"
    _print_title(console, title, len(positions) - MOST_ROWS, "pairs")
    table = _new_table()
    codes = position_codes(positions, codebook)
    for name in ("actor", "target"):
        table.add_column(name, overflow="fold")
    for code in codes:
        table.add_column(Text(printable(code), style=_style(codebook, [code])), justify="right")
    # Marks what contradicts: the sentences are listed below.
    table.add_column("")
    for position in positions[:MOST_ROWS]:
        names = [printable(name, most=WIDTH) for name in (position.actor, position.target)]
        numbers = [str(len(position.sentences.get(code, ())) or "") for code in codes]
        mark = BOTH_ENDS if position.contradictory else ""
        table.add_row(*map(Text, [*names, *numbers, mark]))
    console.print(table)


def _print_contradictory(
    console: "Console", positions: Sequence[Position], codebook: LabelledCodebook
) -> None:
    from rich.text import Text

    pairs = [position for position in positions if position.contradictory]
    if not pairs:
        return
    ends = (codebook.scale[0], codebook.scale[-1])
    shown = f" (the first {MOST_PAIRS})" if len(pairs) > MOST_PAIRS else ""
    title = f"{BOTH_ENDS} {len(pairs):,} with both {ends[0]} and {ends[1]}{shown}"
    console.print(Text(printable(title), style="bold"))
    for position in pairs[:MOST_PAIRS]:
        console.print(Text(f"{printable(position.actor)}, {printable(position.target)}"))
        for code in ends:
            sentence = position.sentences[code][0]
            line = Text("  ")
            line.append(printable(code), style=_style(codebook, [code]))
            console.print(line.append(f" {sentence.score:.2f} {printable(sentence.text)}"))
    console.print()


def _print_code_counts(console: "Console", counts: CodeCounts) -> None:
    from rich.text import Text

    unit = "sentences" if counts.codebook.unit == "sentence" else "rows"
    listed = counts.list()
    title = f"How often: {counts.codebook.name}, of {counts.n:,} {unit}"
    _print_title(console, title, len(listed) - MOST_ROWS, "codes")
    table = _new_table()
    table.add_column(Text(printable(counts.codebook.name)))
    table.add_column(unit, justify="right")
    table.add_column("share", justify="right")
    for code, n in listed[:MOST_ROWS]:
        table.add_row(Text(printable(code)), Text(f"{n:,}"), Text(f"{100 * n / counts.n:.0f} %"))
    console.print(table)
