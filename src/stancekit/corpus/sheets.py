"""Tables that are not text: Parquet, Excel, SPSS and Stata."""

import math
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, time
from typing import Any, BinaryIO

from stancekit.corpus.requests import ReadRow, RowFault, TableRequest, header_fault, warn_once
from stancekit.errors import KitError, MissingExtra, listing, nearest, printable

# Rows of a Parquet file in memory at once: of the longest texts that are read, 320 MB.
_BATCH = 32
# Rows of an SPSS or Stata file in memory at once. SPSS files are read from their beginning for
# every batch, so that these are larger.
_STATA_BATCH, _SPSS_BATCH = 1_000, 20_000
# Bytes of an unpacked workbook: a sheet of a million rows has some hundred million. More is
# what a file has that was made to fill the memory.
_MOST_UNPACKED = 4_000_000_000
# What Excel shows in a cell whose formula has no value.
_FORMULA_ERRORS = frozenset(
    ["#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"]
)


def read_parquet(stream: BinaryIO, request: TableRequest) -> ReadRow:
    """Read the columns that are asked for; a value that Python cannot hold loses its row, not the file."""
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.ParquetFile(stream)
        names = table.schema_arrow.names
        if fault := header_fault(names, request, "it has"):
            yield 0, fault
            return
        wanted = {*request.columns, *request.required}
        columns = [name for name in names if name in wanted] if request.columns else None
        batches = table.iter_batches(batch_size=_BATCH, columns=columns)
        rows = (row for batch in batches for row in _batch_rows(batch))
        yield from enumerate(rows, 1)
    except pyarrow.ArrowException as error:
        yield 0, RowFault(f"not Parquet: {error}", rest=True)


def _batch_rows(batch: Any) -> list[Mapping[str, Any] | RowFault]:
    """Return a batch as plain rows; where a value cannot be read, row by row."""
    try:
        rows: list[Mapping[str, Any] | RowFault] = batch.to_pylist()
    except (ArithmeticError, TypeError, ValueError) as error:
        if batch.num_rows == 1:
            return [RowFault(f"a value that cannot be read: {error}"[:200])]
        single = [batch.slice(index, 1) for index in range(batch.num_rows)]
        return [row for one_row in single for row in _batch_rows(one_row)]
    return rows


def read_excel(stream: BinaryIO, request: TableRequest) -> ReadRow:
    """Yield the rows of a sheet with a header, numbered from 1 below it; formulas by their last values.

    Raises
    ------
    MissingExtra
        Without openpyxl.
    KitError
        When there is no such sheet.
    """
    try:
        import openpyxl
    except ImportError:
        raise MissingExtra("openpyxl", "excel") from None

    try:
        with zipfile.ZipFile(stream) as packed:
            size = sum(member.file_size for member in packed.infolist())
        if size > _MOST_UNPACKED:
            raise ValueError(f"unpacked, it has {size:,} bytes")
        stream.seek(0)
        with warnings.catch_warnings():
            # About styles and extensions, which hold no cells.
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
    except KitError:
        raise
    except Exception as error:  # openpyxl raises whatever a damaged part causes
        why = "it has a password, is of old Excel, or is damaged" if _is_no_zip(error) else error
        yield 0, RowFault(f"not a workbook (.xlsx): {why}; save it as .xlsx again", rest=True)
        return
    try:
        sheet = _choose_sheet(book, request)
        # What the file says of its size is often wrong.
        sheet.reset_dimensions()
        yield from _sheet_rows(_without_warnings(sheet.iter_rows(values_only=True)), request)
    finally:
        book.close()


def _is_no_zip(error: Exception) -> bool:
    return isinstance(error, zipfile.BadZipFile)


def _choose_sheet(book: Any, request: TableRequest) -> Any:
    names = [sheet.title for sheet in book.worksheets]
    wanted, key = request.written.sheet, f"{request.written.prefix}sheet"
    if not names:
        raise KitError(f"{request.name} has no sheet with cells")
    if wanted is None:
        if len(names) > 1:
            warn_once(
                "%s has the sheets %s; the first is read, another with %s=NAME",
                printable(request.name),
                listing(names),
                key,
            )
        return book.worksheets[0]
    if str(wanted) in names:
        return book.worksheets[names.index(str(wanted))]
    if str(wanted).isdecimal() and int(wanted) < len(names):
        return book.worksheets[int(wanted)]
    raise KitError(
        f"{request.name} has no sheet {wanted!r}{nearest(str(wanted), names)}; {key} is one of: "
        f"{listing(names, 30)}, or a number from 0"
    )


def _sheet_rows(rows: Iterator[Sequence[Any]], request: TableRequest) -> ReadRow:
    header: list[str] = []
    number = 0
    for values in rows:
        cells = [plain_value(value) for value in values]
        if header:
            number += 1
        if all(cell is None or cell == "" for cell in cells):
            continue
        if not header:
            header = ["" if cell is None else str(cell).strip() for cell in cells]
            if fault := header_fault(header, request, "its first row has"):
                yield 0, fault
                return
            continue
        cells += [None] * (len(header) - len(cells))
        if any(cell is not None for cell in cells[len(header) :]):
            yield number, RowFault(f"{len(cells)} cells where the header has {len(header)}")
            continue
        row = dict(zip(header, cells, strict=False))
        wrong = [name for name, cell in row.items() if _is_formula_error(cell)]
        if wrong:
            seen = str(row[wrong[0]])
            reason = f"column {wrong[0]!r} has {seen}, a formula without a value"
            yield number, RowFault(reason, column=wrong[0], seen=seen)
        else:
            yield number, row


def _is_formula_error(cell: object) -> bool:
    return isinstance(cell, str) and cell in _FORMULA_ERRORS


def read_spss(stream: BinaryIO, request: TableRequest) -> ReadRow:
    """Yield the rows of an SPSS file, with the labels of values that have some.

    Raises
    ------
    MissingExtra
        Without pyreadstat.
    """
    try:
        import pyreadstat
    except ImportError:
        raise MissingExtra("pyreadstat", "spss") from None

    # The library opens files by name only.
    path = getattr(stream, "name", None)
    if not isinstance(path, str):
        yield 0, RowFault("an SPSS file can be read from a file only, not packed", rest=True)
        return
    number = 0
    try:
        while True:
            frame, facts = pyreadstat.read_sav(
                path,
                apply_value_formats=True,
                formats_as_category=False,
                encoding=request.written.encoding,
                row_offset=number,
                row_limit=_SPSS_BATCH,
            )
            if not number and (fault := header_fault(facts.column_names, request, "it has")):
                yield 0, fault
                return
            for row in _frame_rows(frame):
                number += 1
                yield number, row
            if len(frame) < _SPSS_BATCH:
                return
    except (pyreadstat.PyreadstatError, pyreadstat.ReadstatError, UnicodeError) as error:
        key = f"{request.written.prefix}encoding"
        reason = f"not readable as an SPSS file: {error}; {key}=NAME says how its texts are written"
        yield 0, RowFault(reason, rest=True)


def read_stata(stream: BinaryIO, request: TableRequest) -> ReadRow:
    """Yield the rows of a Stata file, with the labels of values that have some."""
    import pandas

    number = 0
    try:
        with pandas.read_stata(stream, chunksize=_STATA_BATCH, order_categoricals=False) as chunks:
            # Values without a label stay numbers among those with one, as is meant.
            for frame in _without_warnings(chunks):
                if not number and (fault := header_fault(list(frame.columns), request, "it has")):
                    yield 0, fault
                    return
                for row in _frame_rows(frame):
                    number += 1
                    yield number, row
    except Exception as error:  # pandas raises whatever a damaged part causes
        yield 0, RowFault(f"not readable as a Stata file: {error}"[:300], rest=True)


def _without_warnings(items: Iterable[Any]) -> Iterator[Any]:
    """Yield items that a library reads, without what it warns about on the way."""
    iterator = iter(items)
    while True:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                item = next(iterator)
            except StopIteration:
                return
        yield item


def _frame_rows(frame: Any) -> Iterator[dict[str, Any]]:
    names = list(map(str, frame.columns))
    columns = [frame[name].tolist() for name in frame.columns]
    for values in zip(*columns, strict=True):
        yield dict(zip(names, map(plain_value, values), strict=True))


def plain_value(value: Any) -> Any:
    """Return a cell as Python holds it: no value as `None`, whole numbers and days without a fraction.

    Statistics programs write all numbers as fractions, and spreadsheets all days with a time.

    Examples
    --------
    >>> plain_value(3.0), plain_value(2.5), plain_value(float("nan")), plain_value("a")
    (3, 2.5, None, 'a')
    """
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return int(value) if value.is_integer() else value
    if isinstance(value, datetime):
        # A missing time of pandas' is no time itself.
        if value != value:  # noqa: PLR0124
            return None
        moment = value.to_pydatetime() if hasattr(value, "to_pydatetime") else value
        return moment.date() if moment.time() == time() else moment
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    return value
