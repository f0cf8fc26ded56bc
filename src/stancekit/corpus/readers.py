"""Readers of corpora: files of rows, data sets of the `datasets` library, bundled data."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from stancekit.corpus.base import Corpus
from stancekit.corpus.requests import FileFormat
from stancekit.corpus.rows import RawRow
from stancekit.errors import KitError
from stancekit.resources import shipped


class TableCorpus(Corpus):
    r"""A file of rows, or a folder with several: CSV, TSV, JSON lines, Parquet, Excel, SPSS or Stata.

    The ending of a file's name says what it is; all but the last four may also be packed with
    gzip, bzip2 or xz.

    Parameters
    ----------
    encoding
        How texts are written, as `cp1252`; by default it is recognised, and told where it is
        not UTF-8.
    separator
        The sign between cells, or a word for it; by default the one that the header shows:
        comma, semicolon, tab or pipe.
    quoted
        Whether quotation marks enclose cells, or are letters like others.
    sheet
        The sheet of an Excel file, by name or number from 0; by default the first.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from stancekit.codebook import load_codebook
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "mine.csv"
    >>> _ = file.write_text("sentence;stance\nPeru said no.;condemn\n")
    >>> TableCorpus(file, columns={"text": "sentence"}).read(load_codebook("stance")).labels
    (('condemn',),)
    """

    def __init__(  # one argument per key of a config
        self,
        path: str | Path,
        *,
        encoding: str | None = None,
        separator: str | None = None,
        quoted: bool = True,
        sheet: str | int | None = None,
        **rest: Any,
    ) -> None:
        super().__init__(path, **rest)
        self.written = FileFormat(encoding, separator, quoted, sheet, prefix="corpus.")


def bundled(name: str = "un_votes") -> TableCorpus:
    """Return a corpus that ships with the kit, with the settings of its config.

    Examples
    --------
    >>> bundled().name
    'un_votes'
    """
    settings = yaml.safe_load(
        shipped("configs", "corpus", f"{name}.yaml").read_text(encoding="utf-8")
    )
    settings.pop("_target_")
    return TableCorpus(**settings)


class HubCorpus(Corpus):
    """A data set that the `datasets` library loads: a name on the hub, or a local folder.

    Integer labels of a typed column, single or in lists, become the names that the data set
    gives them. Words like NA in CSV files stay words.

    Parameters
    ----------
    config
        The configuration of the data set, where it has several.
    parts
        From the data set's splits to train, validation and test; by default their own names.
    revision
        A branch, tag or commit of the data set.
    """

    without = ("files", "test_rows", "sha256")

    def __init__(
        self,
        path: str,
        *,
        config: str | None = None,
        parts: Mapping[str, str] | None = None,
        revision: str | None = None,
        **rest: Any,
    ) -> None:
        super().__init__(path, **rest)
        self.config = config
        self.parts = parts or {}
        self.revision = revision

    def raw_rows(self) -> Iterator[tuple[int, RawRow]]:
        """Yield rows with their numbers, counted from 1 over all splits.

        Raises
        ------
        KitError
            When the data set cannot be loaded, or has no split that `parts` names.
        """
        import datasets

        try:
            splits = self._load(datasets)
        except (
            FileNotFoundError,
            ConnectionError,
            ValueError,
            datasets.exceptions.DatasetsError,
        ) as error:
            raise KitError(
                f"cannot load {self.path!r} through datasets: {error}. Give corpus.path a hub name "
                "or a local folder of data files"
            ) from None
        unknown = sorted(set(self.parts) - set(splits))
        if unknown:
            raise KitError(
                f"corpus.parts names {', '.join(map(repr, unknown))}; {self.path!r} has: "
                f"{', '.join(map(str, splits))}"
            )
        yield from enumerate(split_rows(splits, self.parts), 1)

    def _load(self, datasets: Any) -> Any:
        builder = datasets.load_dataset_builder(str(self.path), self.config, revision=self.revision)
        is_csv = "csv" in (builder.dataset_name, builder.name)
        options = {"keep_default_na": False} if is_csv else {}
        return datasets.load_dataset(str(self.path), self.config, revision=self.revision, **options)


def split_rows(
    splits: Mapping[Any, Any], parts: Mapping[str, str] | None = None
) -> Iterator[RawRow]:
    """Yield the rows of the splits of a data set, with the names of their classes.

    Parameters
    ----------
    splits
        Tables of the `datasets` library by split; under an empty name, rows have no split.
    parts
        From splits to train, validation and test; by default their own names.
    """
    for part, table in splits.items():
        features = table.features or {}
        class_names = {key: _class_names(kind) for key, kind in features.items()}
        split = {"split": (parts or {}).get(str(part), str(part))} if part else {}
        for row in table:
            named = {
                key: _name_classes(row[key], names) for key, names in class_names.items() if names
            }
            yield {**split, **row, **named}


def _class_names(kind: Any) -> Sequence[str] | None:
    """Return the names of a column's codes, or of those in its lists; `None` for others."""
    inner = getattr(kind, "feature", None)
    if inner is not None:
        return _class_names(inner)
    names: Sequence[str] | None = getattr(kind, "names", None)
    return names


def _name_classes(value: Any, names: Sequence[str]) -> Any:
    """Return a code, or a list of codes, by name; a missing one is left out or `None`."""
    if isinstance(value, list):
        named = [_name_classes(code, names) for code in value]
        return [name for name in named if name is not None]
    # Data sets write -1 where there is no label.
    return names[value] if value is not None and value >= 0 else None
