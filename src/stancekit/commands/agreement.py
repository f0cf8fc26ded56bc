"""`stancekit agreement`: how far the annotators of a corpus agree."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from stancekit.codebook import Codebook
from stancekit.corpus import Corpus
from stancekit.corpus.outputs import check_output, has_columns
from stancekit.corpus.viewing import in_its_words
from stancekit.errors import KitError, printable
from stancekit.evaluation.agreement import Agreement, measure_agreement
from stancekit.evaluation.competence import measure_competence
from stancekit.fileio import frame_to_csv, write_text
from stancekit.formatting import format_number, format_score, frame_table, table
from stancekit.library.objects import as_codebook, as_corpus


def agreement(
    corpus: Any,
    *,
    codebook: Codebook | str | Path | None = None,
    competence: bool = False,
    output: str | Path | None = None,
    verbose: bool = False,
) -> Agreement:
    """Measure how far the annotators of a corpus agree, in all, on each code, and every two of them.

    Agreement is Krippendorff's alpha, for any number of annotators and with gaps, with a 95 %
    interval by article.

    Parameters
    ----------
    corpus
        The labelled data, with its annotators: `corpus.annotators`, or
        `corpus.columns.annotator` where rows hold one judgement each. In Python a
        `Corpus`, the name of one, a file, or a table.
    codebook
        The codebook that they annotated; by default `stance`.
    competence
        Whether it is also estimated how often each annotator is right, and which codes each
        mistakes (Dawid and Skene 1979), from rows that three or more judged; a minute where there
        are many annotators.
    output
        A `.csv` file for the table of alpha in all and by code; by default none. Another
        file is never written over.
    verbose
        Whether the tables are printed.

    Returns
    -------
    Agreement
        `to_frame()` has alpha in all and by code, `pairwise()` every two annotators,
        `disagreements()` the rows on which they differ, `by_annotator()` how often each gave each
        code; `competence` is what was estimated of each annotator.

    Raises
    ------
    KitError
        When the corpus names no annotators, they have no row in common, or cannot be read; when
        competence is asked for and no row has three judgements.

    Examples
    --------
    >>> found = agreement("un_votes_outside")
    >>> found.to_frame().head(2).round(2)
              codes  alpha   low  high    n  agree
    0           all   0.99  0.97   1.0  259   0.99
    1  on the scale   1.00  1.00   1.0  192   1.00
    """
    if output is not None:
        _check_output(Path(output), corpus)
    found = corpus_agreement(as_corpus(corpus), as_codebook(codebook))
    if competence:
        found = replace(found, competence=measure_competence(found.annotated))
    if output is not None:
        write_text(Path(output), frame_to_csv(found.to_frame()))
    if verbose:
        _print_agreement(found, output)
    return found


def _check_output(path: Path, corpus: Any) -> None:
    if path.suffix != ".csv":
        raise KitError(f"output is {str(path)!r}; the table of alpha is a .csv file, as alpha.csv")
    columns = ("codes", "alpha", "low", "high", "n", "agree")
    check_output(path, "a table of alpha", has_columns(columns, only=True), inputs=[corpus])


@in_its_words
def corpus_agreement(corpus: Corpus, codebook: Codebook) -> Agreement:
    """Return how far the annotators of a corpus agree.

    Raises
    ------
    KitError
        When it names none or one, or they have no row in common.
    """
    annotated = corpus.annotations(codebook)
    if annotated is None:
        raise KitError(
            f"corpus {corpus.name!r} names no annotators; set their columns or files with "
            "corpus.annotators='[a,b]' (labels: the corpus's own label column), or, where rows "
            "hold one judgement each, the column of their names with "
            "corpus.columns.annotator=COLUMN"
        )
    return measure_agreement(annotated)


def agreement_tables(found: Agreement) -> str:
    """Return alpha in all and by code, and every two annotators, as tables to print."""
    scores = [
        [score.slice, format_score(score), format_number(agree.value), score.n]
        for score, agree in zip(found.scores, found.percent, strict=True)
    ]
    parts = [table(["codes", "alpha", "agree", "n"], scores)]
    # Two annotators are the only pair, but for what is not alpha.
    has_scale = any(pair.on_scale for pair in found.pairs)
    head = ["annotators", "agree", "kappa", "alpha", *(["on the scale"] if has_scale else []), "n"]
    rows = []
    for pair in found.pairs:
        row = [f"{pair.first} - {pair.second}", format_number(pair.agree)]
        row += [format_number(pair.kappa), format_score(pair.alpha)]
        if has_scale:
            row.append(format_score(pair.on_scale))
        rows.append([*row, pair.n])
    parts += [table(head, rows), frame_table(found.by_annotator())]
    if found.competence:
        shown = found.competence.table_rows()
        parts += [found.competence.caption, table(["annotator", "right", "n", "mistakes"], shown)]
        parts += ["\n".join(f"note: {note}" for note in found.competence.notes)]
    return "\n\n".join([*parts, "\n".join(found.notes)])


def _print_agreement(found: Agreement, output: str | Path | None) -> None:
    annotated = found.annotated
    unit = "sentences" if annotated.codebook.unit == "sentence" else "rows"
    where = f"; written: {output}" if output else ""
    lines = [
        agreement_tables(found),
        "",
        f"agreement of {len(annotated.annotators)} annotators on {annotated.codebook.name} in "
        f"{annotated.name}: alpha {format_score(found.scores[0])}, {found.n} of {len(annotated)} "
        f"{unit} with two annotations or more{where}",
    ]
    print(printable("\n".join(lines), keep="\n"))
