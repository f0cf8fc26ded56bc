"""What is in a corpus: the codebooks it is labelled with, and counts of codes by any field."""

import logging
from collections import Counter
from collections.abc import Sequence

from stancekit.codebook import Codebook, codebook_names, load_codebook
from stancekit.corpus.base import Corpus
from stancekit.corpus.dataset import LabelledSet
from stancekit.errors import KitError, listing
from stancekit.types import as_list

log = logging.getLogger(__name__)


def read_codebooks(
    corpus: Corpus, codebooks: str | Sequence[str] | None = None
) -> list[LabelledSet]:
    """Read a corpus with each of several codebooks.

    Parameters
    ----------
    codebooks
        Names of codebooks, or YAML files; by default all known ones that the corpus has the columns
        and the labels of, those that code examples first.

    Raises
    ------
    KitError
        When a codebook is not known or cannot read the corpus, or no known codebook can.
    """
    if codebooks is not None:
        return [corpus.read(load_codebook(name)) for name in as_list(codebooks)]
    columns = {str(key) for _, row in corpus.rows() for key in row}
    known = [load_codebook(name) for name in codebook_names()]
    likely = [codebook for codebook in known if corpus.may_have(codebook, columns)]
    if not likely:
        raise KitError(
            f"corpus {corpus.name!r} has no column of a known codebook; it has: "
            f"{listing(sorted(columns), 30)}. Say which column holds the labels with "
            "corpus.columns.labels=COLUMN, and which codebook they are of with codebooks=NAME, or "
            "codebooks=FILE.yaml for your own"
        )
    likely.sort(key=lambda codebook: codebook.unit != "example")
    by_column: dict[tuple[str, ...], list[Codebook]] = {}
    for codebook in likely:
        names = corpus.label_columns(codebook)
        if not set(names) <= columns:
            names = corpus.annotator_columns()
        by_column.setdefault(names, []).append(codebook)
    data: list[LabelledSet] = []
    for candidates in by_column.values():
        data += _read_candidates(corpus, candidates)
    return data


def _read_candidates(corpus: Corpus, codebooks: Sequence[Codebook]) -> list[LabelledSet]:
    """Read a column with those codebooks that have all of its labels."""
    if len(codebooks) == 1:
        return [corpus.read(codebooks[0])]
    readable: list[LabelledSet] = []
    for codebook in codebooks:
        try:
            readable.append(corpus.read(codebook))
        except KitError as error:
            log.debug("%s", error)
    if not readable:
        names = ", ".join(codebook.name for codebook in codebooks)
        columns = ", ".join(map(repr, corpus.label_columns(codebooks[0])))
        raise KitError(
            f"corpus {corpus.name!r}: none of the codebooks {names} can read {columns}. Name the one "
            f"that is meant, as in codebooks=[{codebooks[0].name}], to see what is wrong"
        )
    return readable


def code_shares(data: LabelledSet) -> list[tuple[str, int, float]]:
    """Return every code with the number and the share of examples that have it."""
    return [(code, n, n / len(data)) for code, n in data.counts.items()]


def count_by(data: LabelledSet, values: Sequence[str]) -> list[tuple[str, int, list[int]]]:
    """Return for every value the number of examples, and how many of them have each code.

    Parameters
    ----------
    values
        A value of some field for every example, shape (examples,).
    """
    rows_by_value: dict[str, list[int]] = {}
    for row, value in enumerate(values):
        rows_by_value.setdefault(value, []).append(row)
    return [
        (value, len(rows), list(data.take(rows).counts.values()))
        for value, rows in sorted(rows_by_value.items())
    ]


def group_rare(values: Sequence[str], most: int) -> list[str]:
    """Return the values, with the rarest under one name where there are more than `most`.

    Examples
    --------
    >>> group_rare(["a", "a", "b", "c"], most=2)
    ['a', 'a', '… 2 others', '… 2 others']
    """
    counts = Counter(values)
    if len(counts) <= most:
        return list(values)
    common = {value for value, _ in counts.most_common(most - 1)}
    others = f"… {len(counts) - len(common)} others"
    return [value if value in common else others for value in values]
