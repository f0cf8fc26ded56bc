"""`stancekit sample`: which labelled rows to annotate by hand, with the probability of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

from stancekit.corpus.judgements import NO_CODE_CELL
from stancekit.corpus.outputs import begins_with, check_output
from stancekit.errors import KitError, printable
from stancekit.fileio import frame_to_csv, write_json, write_jsonl, write_text
from stancekit.labelling.drawing import SHOWN_COLUMNS, DrawRequest, draw_rows
from stancekit.labelling.gold import read_gold
from stancekit.labelling.label_files import RowSource, list_tables
from stancekit.labelling.label_studio import Question, make_interface
from stancekit.labelling.labels import Labels
from stancekit.labelling.population import Population, read_population
from stancekit.labelling.row_format import LabelRow, is_blank
from stancekit.prevalence.units import PERIODS
from stancekit.types import as_list
from stancekit.views import DataFrame, TableView

# What `sample` and Label Studio add to a row; in JSON tasks also `codes`.
ADDED_COLUMNS = ("probability", "batch", "codes", "annotation_id")


@dataclass(frozen=True, repr=False)
class DrawnSample(TableView, Sequence[LabelRow]):
    """Rows to annotate, in random order, and the file they were written to.

    Attributes
    ----------
    rows
        The rows, each with an empty cell to fill in, named as the codebook.
    path
        The file, `None` where nothing was written.
    codebook, codes
        What to annotate, and the codes to choose from.
    n_pool
        From how many rows these were drawn.
    """

    rows: tuple[LabelRow, ...]
    path: Path | None
    codebook: str
    codes: tuple[str, ...]
    n_pool: int

    @property
    def caption(self) -> str:
        """Return in one line what was drawn, where it is, and what to fill in."""
        where = f" in {self.path}" if self.path else ""
        return (
            f"{len(self.rows)} of {self.n_pool} rows to annotate{where}: fill in {self.codebook} "
            f"with one of {', '.join(self.codes)}"
        )

    def to_frame(self) -> DataFrame:
        """Return the rows as a pandas DataFrame, with the columns of the file."""
        import pandas as pd

        # As objects, cells stay as the labels have them: 2019 beside an empty cell is not 2019.0.
        return pd.DataFrame(list(self.rows), dtype=object)

    @overload
    def __getitem__(self, index: int) -> LabelRow: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[LabelRow, ...]: ...
    def __getitem__(self, index: int | slice) -> LabelRow | tuple[LabelRow, ...]:
        """Return a row, or several."""
        return self.rows[index]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.rows)


def sample(  # noqa: PLR0913  # one argument per key of configs/sample.yaml
    labels: str | Path | Sequence[str | Path] | Labels | DataFrame,
    *,
    n: int = 300,
    design: str = "random",
    codebook: str | None = None,
    by: str | Sequence[str] = (),
    extend: str | Path | Sequence[str | Path] | TableView | DataFrame = (),
    date_format: str | None = None,
    output: str | Path | None = "sample.csv",
    random_state: int = 0,
    verbose: bool = False,
) -> DrawnSample:
    """Draw rows to be annotated by hand, and write them without the model's labels, which would bias the annotator.

    Parameters
    ----------
    labels
        What `stancekit label` wrote with `rows=all`: a file, or a folder of files. In
        Python also what `label` returned, or a DataFrame with the columns of labels. For
        `design=disagreement` those of several models, of the same texts.
    n
        How many rows to draw.
    design
        `random`; `stratified`: as many of every value of `by`; `uncertain`: more where
        the model is uncertain; `disagreement`: more where models differ.
    codebook
        The codebook to annotate; by default the only one of the labels.
    by
        Columns of the labels, as `[actor]`; they are written too, for whoever reads the
        sample.
    extend
        Samples that were drawn before, or a project of `stancekit annotate`: n rows are drawn
        from the others, and estimates use all these files together. In Python also DataFrames.
    date_format
        As of `stancekit estimate`.
    output
        A `.csv` or `.jsonl` file to fill in, or `.json` for tasks of Label Studio; in
        Python, `None` writes nothing. Estimates are unbiased by its columns
        `probability` and `batch`: leave them as they are.
    random_state
        The seed of the draw.
    verbose
        Whether it is printed what was drawn, and what to do with it.

    Returns
    -------
    DrawnSample
        The rows drawn, in random order: whoever annotates them from the top and stops
        has annotated a random part. It is a sequence of them; `to_frame()` has them as
        a pandas DataFrame.

    Raises
    ------
    KitError
        When the output has annotated rows, or what is asked for cannot be drawn.

    Examples
    --------
    >>> import pandas as pd
    >>> labels = pd.DataFrame({"id": ["r0", "r1"], "sentence": ["We agree.", "We deny it."]})
    >>> labels["tone"] = ["agree", "deny"]
    >>> labels["tone_scores"] = [{"agree": 0.9, "deny": 0.1}, {"agree": 0.3, "deny": 0.7}]
    >>> drawn = sample(labels, n=1, output=None)
    >>> drawn.to_frame()[["id", "probability"]]
       id probability
    0  r1         0.5
    """
    path, by = Path(output) if output is not None else None, as_list(by)
    earlier = list_tables(extend)
    if path is not None:
        _check_path(path, earlier)
    tables = list_tables(labels)
    if path is not None:
        _check_sample_file(path, [*tables, *earlier])
    population = read_population(tables[0], codebook=codebook, by=by, date_format=date_format)
    if path is not None:
        _check_not_annotated(path, population)
    others = [read_population(each, codebook=codebook) for each in tables[1:]]
    request = DrawRequest(n=n, design=design, by=by, random_state=random_state)
    found = draw_rows(population, request, earlier=earlier, others=others)
    drawn = DrawnSample(
        tuple(found.rows), path, population.codebook.name, tuple(population.codes), found.n_pool
    )
    if path is not None:
        _write_sample(path, drawn, population)
    if verbose:
        _print_summary(drawn, population, labels=tables[0], earlier=earlier, design=design)
    return drawn


def _check_path(path: Path, earlier: Sequence[RowSource]) -> None:
    if path.suffix not in (".csv", ".jsonl", ".json"):
        raise KitError(
            f"cannot write {path}: samples are written to a .csv, a .jsonl or, for Label Studio, a "
            ".json file"
        )
    if any(isinstance(source, str | Path) and Path(source) == path for source in earlier):
        raise KitError(
            f"output={path} is a sample to extend; write the further rows to another file, as more.csv"
        )


def _check_sample_file(path: Path, inputs: Sequence[RowSource]) -> None:
    # What of a sample is filled in is known once its codebook is.
    check_output(path, "a sample", lambda _: True, inputs=inputs)
    if path.suffix == ".json":
        interface = path.with_suffix(".xml")
        check_output(interface, "an interface of Label Studio", begins_with("<View>"))


def _check_not_annotated(path: Path, population: Population) -> None:
    """Refuse to write over a file in which somebody has filled in a column."""
    if not path.exists():
        return
    try:
        rows = read_gold(path, population.codebook)
    except KitError as error:
        raise KitError(
            f"{path} exists and is not a sample ({error}); choose another file with output="
        ) from None
    # A column that is neither of a sample nor of the labels is an annotation too,
    # whatever the codebook.
    codebooks = set(population.labels.codebooks)
    copied = {key for row in population.rows for key in row} - codebooks
    copied |= {*SHOWN_COLUMNS, *ADDED_COLUMNS, *PERIODS}
    n_annotated = sum(
        any(not is_blank(value) for key, value in row.items() if key not in copied) for row in rows
    )
    if n_annotated:
        raise KitError(
            f"{path} has {n_annotated} annotated rows, which would be lost; choose another file "
            f"with output=, and to draw more rows beside these add extend={path}"
        )


def _write_sample(path: Path, drawn: DrawnSample, population: Population) -> None:
    if path.suffix == ".json":
        # An empty answer among the data would overwrite the annotator's in some of
        # Label Studio's exports.
        name, codes = population.codebook.name, population.codes
        tasks = [{key: value for key, value in row.items() if key != name} for row in drawn]
        write_json(path, [{"data": task | {"codes": codes}} for task in tasks])
        write_text(path.with_suffix(".xml"), _make_interface(population))
    elif path.suffix == ".jsonl":
        write_jsonl(path, drawn.rows)
    else:
        write_text(path, frame_to_csv(drawn.to_frame(), decimals=None))


def _make_interface(population: Population) -> str:
    """Return the interface of Label Studio for these codes."""
    codebook = population.codebook
    has_target = codebook.unit == "example" and any(row.get("target") for row in population.rows)
    question = Question(codebook.name, population.codes, several=codebook.multi_label)
    return make_interface([question], has_target=has_target)


def _print_summary(
    drawn: DrawnSample,
    population: Population,
    *,
    labels: str | Path | Labels | DataFrame,
    earlier: Sequence[RowSource],
    design: str,
) -> None:
    name = population.codebook.name
    unit = "sentences" if population.codebook.unit == "sentence" else "rows"
    left = " not drawn before" if drawn.n_pool < len(population.rows) else ""
    several = f", several with ; between them, {NO_CODE_CELL} where there is none"
    more = several if population.codebook.multi_label else ""
    lines = [f"fill in {name} with one of: {', '.join(population.codes)}{more}"]
    files = [source for source in (*earlier, drawn.path) if isinstance(source, str | Path)]
    if earlier and isinstance(labels, str | Path) and len(files) == len(earlier) + 1:
        gold = ",".join(map(str, files))
        lines.append(f"then use all files together: stancekit estimate {labels} gold='[{gold}]'")
    lines += [f"note: {note}" for note in population.labels.notes]
    where = f": {drawn.path}" if drawn.path else ""
    lines.append(
        f"{len(drawn)} of {drawn.n_pool} {unit}{left} drawn ({design}), to be annotated from the "
        f"top{where}"
    )
    print(printable("\n".join(lines), keep="\n"))
