"""`stancekit data`: what is in a corpus."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

from stancekit.commands.agreement import agreement_tables
from stancekit.corpus import Corpus
from stancekit.corpus.dataset import LabelledSet
from stancekit.corpus.description import code_shares, count_by, group_rare, read_codebooks
from stancekit.errors import printable
from stancekit.evaluation.agreement import Agreement, measure_agreement
from stancekit.fileio import write_text
from stancekit.formatting import format_score, table
from stancekit.library.objects import as_corpus
from stancekit.views import DataFrame, TableView

# More rows than this cannot be read in a picture; what is rarer is drawn as one.
MAX_SHOWN = 60


@dataclass(frozen=True, repr=False)
class CorpusCounts(TableView, Sequence[LabelledSet]):
    """What is in a corpus: as each codebook reads it, and the agreement of its annotators.

    Attributes
    ----------
    sets
        The corpus as each codebook reads it.
    agreements
        Of each of them, `None` where the corpus names no annotators of it.
    """

    sets: tuple[LabelledSet, ...]
    agreements: tuple[Agreement | None, ...]

    @property
    def caption(self) -> str:
        """Return how many examples and articles there are."""
        first = self.sets[0]
        codebooks = ", ".join(whole.codebook.name for whole in self.sets)
        return (
            f"{len(first)} examples in {len(set(first.articles))} articles of {first.name}, "
            f"labelled with {codebooks}"
        )

    @property
    def notes(self) -> list[str]:
        """Return the agreement of the annotators of each codebook."""
        return [
            f"{found.annotated.codebook.name}: alpha {format_score(found.scores[0])} of "
            f"{len(found.annotated.annotators)} annotators in {found.n} rows"
            for found in self.agreements
            if found
        ]

    def to_frame(self) -> DataFrame:
        """Return how many examples have each code as a pandas DataFrame."""
        import pandas as pd

        rows = [
            {"codebook": whole.codebook.name, "code": code, "n": n, "share": share}
            for whole in self.sets
            for code, n, share in code_shares(whole)
        ]
        return pd.DataFrame(rows)

    @overload
    def __getitem__(self, index: int) -> LabelledSet: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[LabelledSet, ...]: ...
    def __getitem__(self, index: int | slice) -> LabelledSet | tuple[LabelledSet, ...]:
        """Return the corpus as one of the codebooks reads it, or several."""
        return self.sets[index]

    def __len__(self) -> int:
        """Return the number of codebooks."""
        return len(self.sets)


def data(
    corpus: Any,
    *,
    codebooks: str | Sequence[str] | None = None,
    output: str | Path | None = None,
    verbose: bool = False,
) -> CorpusCounts:
    """Count a corpus by label, split, register, topic and phenomenon, and measure its agreement.

    Parameters
    ----------
    corpus
        The labelled data. In Python a `Corpus`, the name of one, a file, or a table.
    codebooks
        Names of codebooks that the corpus is labelled with, or YAML files; by default all known
        ones that it has the columns and the labels of, your own included.
    output
        A folder for pictures (SVG) of the codes by register and by topic; by default none are
        drawn.
    verbose
        Whether the tables are printed.

    Returns
    -------
    CorpusCounts
        A sequence of the corpus as each codebook reads it; `to_frame()` has the counts of
        codes, and `agreements` those of its annotators.

    Examples
    --------
    >>> counts = data("un_votes_outside", codebooks="stance")
    >>> counts.to_frame()[["code", "n"]]
          code   n
    0  abstain  40
    1  condemn  74
    2     none  66
    3  support  79
    """
    source = as_corpus(corpus)
    labelled = read_codebooks(source, codebooks)
    agreements = tuple(_measure(source, whole) for whole in labelled)
    counts = CorpusCounts(tuple(labelled), agreements)
    written = []
    if output is not None:
        for whole in labelled:
            written += _draw(whole, Path(output))
    if verbose:
        _print_tables(counts, source, written)
    return counts


def _measure(corpus: Corpus, whole: LabelledSet) -> Agreement | None:
    annotated = corpus.annotations(whole.codebook)
    # A file of annotations may be of another codebook.
    if annotated is None or len(annotated.annotators) < 2:
        return None
    return measure_agreement(annotated)


def _print_tables(counts: CorpusCounts, corpus: Corpus, written: Sequence[Path]) -> None:
    for whole, found in zip(counts.sets, counts.agreements, strict=True):
        _print_codebook(whole)
        if found:
            print(printable(agreement_tables(found), keep="\n"), "\n")
    first = counts[0]
    _print_counts(first, "topic", "examples", [context.topic for context in first.contexts])
    phenomena = Counter(name for context in first.contexts for name in context.phenomena)
    print(table(["phenomenon", "examples"], phenomena.most_common()))
    for path in written:
        print(f"written: {path}")
    left_out = f"; {first.left_out} rows left out, see above" if first.left_out else ""
    print(printable(f"\n{counts.caption}, read from {corpus.path}{left_out}", keep="\n"))


def _print_codebook(whole: LabelledSet) -> None:
    unit = "sentences" if whole.codebook.unit == "sentence" else "examples"
    articles = len(set(whole.articles))
    print(f"# {whole.name}, {whole.codebook.name}: {len(whole)} {unit} in {articles} articles\n")
    shares = [[code, n, f"{share:.1%}"] for code, n, share in code_shares(whole)]
    print(table(["code", "n", "share"], shares), "\n")
    _print_counts(whole, "split", unit, whole.parts)
    unmarked = whole.parts.count("")
    if 0 < unmarked < len(whole):
        print(f"{unmarked} {unit} have no split marked (–); split=fixed leaves them out\n")
    _print_counts(whole, "register", unit, [context.register for context in whole.contexts])


def _print_counts(whole: LabelledSet, field: str, unit: str, values: Sequence[str]) -> None:
    rows = [[value or "–", n, *counts] for value, n, counts in count_by(whole, values)]
    print(table([field, unit, *whole.codebook.names], rows), "\n")


def _draw(whole: LabelledSet, folder: Path) -> list[Path]:
    """Write pictures of the codes by register and by topic, and return their paths."""
    from stancekit.reporting.figures import heat, stacked, svg

    codes = whole.codebook.names
    paths = []
    for field in ("register", "topic"):
        values = [getattr(context, field) for context in whole.contexts]
        cells = count_by(whole, group_rare(values, MAX_SHOWN))
        names = [value or "–" for value, _, _ in cells]
        if whole.codebook.multi_label:
            shares = [[count / n for count in counts] for _, n, counts in cells]
            drawing = heat(names, codes, shares)
        else:
            drawing = stacked(names, codes, [counts for _, _, counts in cells])
        path = folder / f"{whole.codebook.name}-by-{field}.svg"
        write_text(path, svg(drawing, f"{whole.codebook.name} by {field} in {whole.name}"))
        paths.append(path)
    return paths
