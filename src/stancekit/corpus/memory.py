"""Tables in memory as corpora: DataFrames, data sets of the `datasets` library, lists of dicts."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stancekit.corpus.base import Corpus
from stancekit.corpus.readers import TableCorpus, split_rows
from stancekit.corpus.rows import RawRow
from stancekit.corpus.sheets import plain_value
from stancekit.corpus.viewing import python_words, speak_python
from stancekit.errors import KitError, listing
from stancekit.resources import named_path


@dataclass(frozen=True)
class _Content:
    """What makes rows in memory the same in two runs: a run records this, and not the rows."""

    rows: int
    sha256: str


class RowsCorpus(Corpus):
    """Rows in memory, each a mapping from columns to cells.

    Parameters
    ----------
    rows
        The rows, in order.

    Examples
    --------
    >>> from stancekit.codebook import load_codebook
    >>> rows = [{"text": "Peru said no.", "stance": "condemn"}]
    >>> RowsCorpus(rows, name="mine").read(load_codebook("stance")).labels
    (('condemn',),)
    """

    without = ("files", "test_rows", "sha256")

    def __init__(self, rows: Sequence[RawRow], *, name: str = "table", **rest: Any) -> None:
        super().__init__(name, name=name, **rest)
        digest = hashlib.sha256()
        for row in rows:
            digest.update(json.dumps(row, default=str, sort_keys=True).encode())
        self.content = _Content(len(rows), digest.hexdigest())
        # No field: what has its own digest is not described again.
        object.__setattr__(self.content, "held", tuple(rows))

    def raw_rows(self) -> Iterator[tuple[int, RawRow]]:
        """Yield rows with their numbers, from 1."""
        yield from enumerate(self.content.held, 1)  # type: ignore[attr-defined]  # no field, see above

    def paths(self) -> list[Path]:
        """Return no file."""
        return []


def read_table(  # noqa: PLR0913  # one argument per role of a column
    data: Any,
    *,
    text: str | None = None,
    labels: str | Sequence[str] | None = None,
    actor: str | bool | None = None,
    target: str | bool | None = None,
    id: str | bool | None = None,
    article: str | bool | None = None,
    date: str | bool | None = None,
    split: str | bool | None = None,
    topic: str | bool | None = None,
    source: str | bool | None = None,
    annotator: str | None = None,
    annotators: str | Path | Sequence[str | Path] | None = None,
    gold: str | Path | None = None,
    columns: Mapping[str, Any] | None = None,
    map: Mapping[Any, str | None] | None = None,
    name: str | None = None,
    strict: bool = False,
    **settings: Any,
) -> Corpus:
    r"""Return a table of labelled sentences as a corpus: which column holds what, and what its labels mean.

    Parameters
    ----------
    data
        A file or a folder of files (CSV, TSV, JSON lines, Parquet, Excel, SPSS or Stata), a pandas
        DataFrame, a `datasets.Dataset` or `DatasetDict`, or a list of dicts.
    text, actor, target
        The names of the columns with the sentence, who takes a position in it, and on what. By
        default each is named like its role; `False` for none.
    labels
        The column of labels, or several columns that each hold one code, yes or no. By default the
        codebook's own, as `stance`.
    id, article, date, split, topic, source
        Further columns: of the example's id, the article that it is from, its date, the part
        (train, validation, test) that it belongs to, its topic and its source.
    annotator
        Where each row is one annotator's judgement: the column of their names.
    annotators
        Where several people annotated: the columns with a label of each, or files with labels by
        id; `labels` is the label column.
    gold
        What is gold: `labels`, the label column, the default where there is one; `majority`, else
        the default; `first`; `posterior`, the most probable code, whose probability is learned; or
        a file of decided codes, as `disagreements` writes it.
    columns
        Columns of other roles, as `{"actor_start": "from"}`.
    map
        From labels in the data to codes of the codebook, `None` for rows to leave out, as in
        `{"AGAINST": "condemn", "unclear": None}`.
    name
        The name of the corpus in tables; by default the file's.
    strict
        Whether a row that cannot be read is an error. By default it is left out, with a warning.
    settings
        Further parameters of `stancekit.corpus.TableCorpus`, as `encoding`, `separator` and `sheet`
        of files, `label_separator` and `date_format`.

    Returns
    -------
    Corpus
        It has `to_frame()`, and shows itself in a notebook.

    Raises
    ------
    KitError
        When a column is missing, or the data cannot be read.

    Examples
    --------
    >>> rows = [{"sentence": "Peru rejected the levy.", "who": "Peru", "position": "AGAINST"}]
    >>> corpus = read_table(rows, text="sentence", actor="who", labels="position", map={"AGAINST": "condemn"})
    >>> corpus.to_frame()
                          text actor   labels
    1  Peru rejected the levy.  Peru  AGAINST
    >>> read_table(rows, text="sentense")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    stancekit.errors.KitError: table has no column 'sentense' (is sentence meant?); it has: ...
    """
    named = {
        "text": text,
        "labels": labels,
        "actor": actor,
        "target": target,
        "id": id,
        "article": article,
        "date": date,
        "split": split,
        "topic": topic,
        "source": source,
        "annotator": annotator,
    }
    roles = {role: column for role, column in named.items() if column is not None}
    shared = {
        "columns": {**roles, **(columns or {})},
        "labels": map,
        "annotators": annotators,
        "gold": gold,
        "strict": strict,
        **settings,
    }
    try:
        corpus = _make_corpus(data, name, shared)
        _check_columns(corpus)
    except KitError as error:
        raise KitError(python_words(str(error))) from None
    except TypeError as error:
        # An unknown setting.
        raise KitError(f"read_table: {str(error).rpartition('() ')[2]}") from None
    speak_python(corpus)
    return corpus


def _make_corpus(data: Any, name: str | None, settings: dict[str, Any]) -> Corpus:
    if isinstance(data, str | Path):
        return TableCorpus(named_path(data, "the table"), name=name, **settings)
    of_files = [key for key in ("encoding", "separator", "quoted", "sheet") if key in settings]
    if of_files:
        raise KitError(f"{listing(of_files)} is a setting of files, and this is a table in memory")
    return RowsCorpus(list(memory_rows(data)), name=name or "table", **settings)


def memory_rows(data: Any) -> Iterator[RawRow]:
    """Yield the rows of a table in memory.

    Raises
    ------
    KitError
        When it is none.
    """
    if hasattr(data, "columns") and hasattr(data, "iloc"):
        yield from _data_frame_rows(data)
    elif hasattr(data, "features") and hasattr(data, "column_names"):
        yield from split_rows({"": data})
    elif isinstance(data, Mapping) and data and all(hasattr(x, "features") for x in data.values()):
        yield from split_rows(data)
    elif hasattr(data, "to_dicts"):
        yield from data.to_dicts()
    elif hasattr(data, "to_pylist"):
        yield from data.to_pylist()
    elif isinstance(data, Iterable) and not isinstance(data, str | bytes | Mapping):
        yield from _listed_rows(data)
    else:
        raise KitError(
            f"a {type(data).__name__} is no table; give a file's path, a DataFrame, a "
            "datasets.Dataset, or a list of dicts"
        )


def _data_frame_rows(frame: Any) -> Iterator[RawRow]:
    names = [str(name) for name in frame.columns]
    if repeated := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise KitError(f"the DataFrame has columns of the same name: {listing(repeated)}")
    cells = [frame.iloc[:, index].tolist() for index in range(len(names))]
    for values in zip(*cells, strict=True):
        yield {name: _plain_cell(value) for name, value in zip(names, values, strict=True)}


def _listed_rows(rows: Iterable[Any]) -> Iterator[RawRow]:
    for number, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            raise KitError(
                f"row {number} is a {type(row).__name__}; rows are dicts from columns to cells, as "
                "{'text': 'Peru said no.', 'stance': 'condemn'}"
            )
        yield {str(key): _plain_cell(value) for key, value in row.items()}


def _plain_cell(value: Any) -> Any:
    if type(value).__module__ == "numpy":
        value = value.tolist()
    return plain_value(value)


def _check_columns(corpus: Corpus) -> None:
    """Read all rows, and make sure that the columns that the user names are there."""
    present: set[str] = set()
    for _, row in corpus.rows():
        present.update(map(str, row))
    if not present:
        raise KitError(f"{corpus.path} has no rows; a table needs a text and a label on each")
    columns = corpus.column_names()
    if corpus.annotators and columns.annotator not in present:
        # The column of names may be in an annotators' file.
        columns = replace(columns, annotator=None)
    named = (columns.labels,) if isinstance(columns.labels, str) else columns.labels or ()
    columns.require(present, named, str(corpus.path))
