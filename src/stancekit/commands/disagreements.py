"""`stancekit disagreements`: the rows on which annotators differ, to be decided."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from stancekit.codebook import Codebook
from stancekit.commands.agreement import corpus_agreement
from stancekit.corpus import Corpus
from stancekit.corpus.judgements import NO_CODE_CELL, is_gap, read_annotation_file
from stancekit.corpus.outputs import check_output, has_columns
from stancekit.corpus.viewing import in_its_words
from stancekit.errors import KitError, printable
from stancekit.evaluation.disagreements import Disagreements
from stancekit.evaluation.suspected import find_suspected
from stancekit.fileio import frame_to_csv, write_jsonl, write_text
from stancekit.library.objects import as_codebook, as_corpus, make_object

# Rows that are printed where they are not written: a screen of them.
_SHOWN = 10


def disagreements(
    corpus: Any,
    *,
    codebook: Codebook | str | Path | None = None,
    suspected: bool = False,
    output: str | Path | None = None,
    verbose: bool = False,
) -> Disagreements:
    """List the rows on which annotators differ, most distant first, to be decided by a person.

    The file has a blank column, called like the codebook. With the decided codes filled in, it
    is what `corpus.gold=FILE` takes; rows left blank, and all others, have the majority's codes.

    Parameters
    ----------
    corpus
        The labelled data, with its annotators, as of `stancekit agreement`. Rows that its
        `corpus.gold=FILE` decides already are left out.
    codebook
        The codebook that they annotated; by default `stance`.
    suspected
        Whether to list the rows whose gold code is probably wrong instead, one annotator being
        enough: those to which logistic regression, trained on the other articles, confidently gives
        another code (Northcutt, Jiang and Chuang 2021). They show no code, so that they are judged
        again blind; with the file as `corpus.gold=FILE`, how many codes changed is told.
    output
        A `.csv` or `.jsonl` file; by default they are only shown. A file with decisions is
        never written over.
    verbose
        Whether it is printed what there is to decide.

    Returns
    -------
    Disagreements
        A sequence of rows; `to_frame()` has them as a pandas DataFrame.

    Raises
    ------
    KitError
        When the corpus names no annotators, they have no row in common, or `output` is
        another file.

    Examples
    --------
    >>> rows = disagreements("un_votes_outside")
    >>> len(rows), rows[0]["distance"]
    (2, 1.0)
    """
    book = as_codebook(codebook)
    source = as_corpus(corpus)
    if output is not None:
        _check_decisions_file(Path(output), book.name, corpus)
    found = (
        suspected_errors(source, book)
        if suspected
        else corpus_agreement(source, book).find_disagreements()
    )
    if output is not None:
        found = replace(found, path=Path(output))
        _write_rows(found, Path(output))
    if verbose:
        _print_rows(found)
    return found


@in_its_words
def suspected_errors(corpus: Corpus, codebook: Codebook) -> Disagreements:
    """Return the rows of a corpus whose gold code is probably wrong, by logistic regression."""
    return find_suspected(
        corpus.read(codebook),
        make_object("model", "logreg"),
        annotated=corpus.annotations(codebook),
        text_column=corpus.column_names().text,
        separator=corpus.label_separator,
    )


def _check_decisions_file(path: Path, codebook: str, corpus: Any) -> None:
    if path.suffix not in (".csv", ".jsonl"):
        raise KitError(f"output is {str(path)!r}; it is a .csv or a .jsonl file")
    is_own = has_columns(("id", "distance", codebook))
    check_output(path, "a table of rows to decide", is_own, inputs=[corpus])


def _write_rows(found: Disagreements, path: Path) -> None:
    if path.exists():
        _check_free(found, path)
    frame = found.to_frame()
    if path.suffix == ".csv":
        write_text(path, frame_to_csv(frame, decimals=None))
    else:
        write_jsonl(path, frame.to_dict("records"))


def _check_free(found: Disagreements, path: Path) -> None:
    """Raise a `KitError` where a file has decisions, or is another one."""
    name = found.annotated.codebook.name
    rows = read_annotation_file(path, "output")
    if decided := sum(not is_gap(row.get(name)) for row in rows):
        raise KitError(
            f"{path} has {decided} rows decided, which would be lost. Use it with "
            f"corpus.gold={path}, and write what is left to decide to another file"
        )


def _print_rows(found: Disagreements) -> None:
    name, codes = found.annotated.codebook.name, found.annotated.codebook.names
    lines = [f"note: {note}" for note in found.notes]
    if found.path is None:
        lines = [repr(found)]
    if found.path and len(found):
        several = (
            f", several with {found.annotated.separator} between them, {NO_CODE_CELL} where there "
            "is none"
            if found.annotated.codebook.multi_label
            else ""
        )
        lines += [
            f"fill in {name} with one of: {', '.join(codes)}{several}",
            f"then use it as gold: corpus.gold={found.path}",
        ]
    where = f": {found.path}" if found.path else "; write them with output=FILE.csv"
    if found.suspected:
        lines.append(
            f"{len(found)} of {found.n_compared} rows have a gold code that is probably wrong, the "
            f"least probable first{where}"
        )
        print(printable("\n".join(lines), keep="\n"))
        return
    lines.append(
        f"{len(found)} of {found.n_compared} rows with two annotations or more to decide, the most "
        f"distant first{where}"
    )
    print(printable("\n".join(lines), keep="\n"))
