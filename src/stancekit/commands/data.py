"""`stancekit data`: what is in a corpus."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from stancekit.corpus import Corpus
from stancekit.corpus.dataset import LabelledSet
from stancekit.corpus.description import code_shares, count_by, group_rare, read_codebooks
from stancekit.evaluation.agreement import score_agreement
from stancekit.fileio import write_text
from stancekit.formatting import format_score, table

# More rows than this cannot be read in a picture; what is rarer is drawn as one.
MAX_SHOWN = 60


def data(
    *,
    corpus: Corpus,
    codebooks: str | Sequence[str] | None = None,
    output: str | Path | None = None,
) -> list[LabelledSet]:
    """Print the counts of a corpus by label, split, register, topic and phenomenon, and its agreement.

    Parameters
    ----------
    corpus
        The labelled data.
    codebooks
        Names of codebooks that the corpus is labelled with, or YAML files; by default all known
        ones that it has the columns and the labels of, your own included.
    output
        A folder for pictures (SVG) of the codes by register and by topic; by default none are
        drawn.

    Returns
    -------
    list of LabelledSet
        The corpus as each codebook reads it.
    """
    labelled = read_codebooks(corpus, codebooks)
    for whole in labelled:
        _print_codebook(whole)
        _print_agreement(whole, corpus)
        if output is not None:
            _draw(whole, Path(output))
    first = labelled[0]
    _print_counts(first, "topic", "examples", [context.topic for context in first.contexts])
    phenomena = Counter(name for context in first.contexts for name in context.phenomena)
    print(table(["phenomenon", "examples"], phenomena.most_common()))
    return labelled


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


def _print_agreement(whole: LabelledSet, corpus: Corpus) -> None:
    scores = score_agreement(whole, corpus)
    if not scores:
        return
    rows = [[score.slice, format_score(score), score.n] for score in scores]
    print(table(["second annotation", "alpha", "n"], rows), "\n")
    if unused := sorted(set(whole.codebook.names) - {score.slice for score in scores}):
        names = ", ".join(unused)
        print(f"neither annotator gave {names}: agreement on these is not defined\n")


def _draw(whole: LabelledSet, folder: Path) -> None:
    """Write pictures of the codes by register and by topic."""
    from stancekit.reporting.figures import heat, stacked, svg

    codes = whole.codebook.names
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
        print(f"written: {path}\n")
