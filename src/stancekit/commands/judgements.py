"""`stancekit judgements`: the judgements of an annotation project as files, and files into a project."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stancekit.annotation.exchange.inward import TakenIn, take_in
from stancekit.annotation.exchange.known_formats import check_records_file, write_records
from stancekit.annotation.exchange.outward import project_records
from stancekit.annotation.exchange.record import Record, codes_cell
from stancekit.annotation.methods import LATEX_MARK, MARKDOWN_MARK, report_methods
from stancekit.annotation.project import Project
from stancekit.codebook import Codebook
from stancekit.corpus.outputs import begins_with, check_output
from stancekit.errors import KitError, printable
from stancekit.fileio import write_text
from stancekit.formatting import frame_table
from stancekit.views import DataFrame, TableView


@dataclass(frozen=True, repr=False)
class ProjectJudgements(TableView):
    """The judgements of a project that stand, and what was done with them.

    Attributes
    ----------
    records
        Each judgement with its item, in the order in which they were made.
    codebooks
        What was asked.
    name
        The project's file.
    written
        The file that they were written to, and its format.
    taken_in
        What became of the file that was read in.
    report
        The file of the report.
    """

    records: tuple[Record, ...]
    codebooks: tuple[Codebook, ...]
    name: str
    written: tuple[Path, str] | None = None
    taken_in: TakenIn | None = None
    report: Path | None = None

    @property
    def caption(self) -> str:
        """Return how many judgements there are, of how many items."""
        items = len({record.id for record in self.records})
        people = len({record.judgement.annotator for record in self.records})
        return f"{len(self.records)} judgements of {items} items by {people} people in {self.name}"

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what to know of the file that was read in."""
        return self.taken_in.notes if self.taken_in else ()

    def to_frame(self) -> DataFrame:
        """Return the judgements as a pandas DataFrame: codes as in CSV, `-` for none of them."""
        import pandas as pd

        names = [book.name for book in self.codebooks]
        rows = []
        for record in self.records:
            judgement = record.judgement
            row: dict[str, object] = {"id": record.id, "text": record.text}
            row |= {"actor": record.actor, "target": record.target}
            row |= {"annotator": judgement.annotator, "action": judgement.action}
            row |= {name: codes_cell(judgement.codes.get(name)) for name in names}
            row |= {"seconds": judgement.seconds, "at": judgement.at}
            rows.append(row)
        head = ["id", "text", "actor", "target", "annotator", "action", *names, "seconds", "at"]
        return pd.DataFrame(rows, columns=head)


def judgements(  # one argument per key of configs/judgements.yaml
    project: str | Path,
    *,
    output: str | Path | None = None,
    format: str | None = None,
    input: str | Path | None = None,
    annotator: str | None = None,
    report: str | Path | None = None,
    names: bool = False,
    verbose: bool = False,
) -> ProjectJudgements:
    r"""Write the judgements of an annotation project to a file, read others in, or report on them for a paper.

    Each row is what one person said of one item, with time, seconds, the version of the
    codebook and whether a model's code was seen. `-` says that none of the codes applies;
    what is empty was not asked.

    Parameters
    ----------
    project
        The `.db` file of `stancekit annotate`.
    output
        The file to write; its ending says the format, unless `format` does: `.csv`,
        `.jsonl`, `.parquet`, or `.json` for Label Studio. What would be lost is never
        written over.
    format
        The format of `output`, or else of `input`: `csv`, `jsonl`, `parquet`,
        `label_studio`, `label_studio_min`, `label_studio_csv`, `doccano`, `potato` or
        `prodigy`. That of a file to be read is recognised by what it has.
    input
        A file of judgements to add, all or none: of rows with the ids of the project's
        items, or else with their text, actor and target. What is there already is not
        added again, and nothing is replaced.
    annotator
        Who judged, where the file of `input` does not say.
    report
        A `.md` or `.tex` file for the paragraph on methods and the tables that a paper
        needs: who, how many, how drawn, agreement before adjudication, time.
    names
        Whether the report names the annotators; by default they are A, B and so on.
    verbose
        Whether it is printed what was done.

    Returns
    -------
    ProjectJudgements
        All judgements that stand; `to_frame()` has them as a pandas DataFrame.

    Raises
    ------
    KitError
        When a file cannot be read or written, or some judgement cannot be added; then none
        is.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from stancekit.annotation.project import Project
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> rows = [{"id": "r1", "text": "Peru said no.", "actor": "Peru", "target": "whaling"}]
    >>> Project.create(folder / "study.db", rows=rows, codebooks=["stance"]).close()
    >>> _ = (folder / "ana.csv").write_text("id,annotator,stance\nr1,ana,condemn\n")
    >>> judgements(folder / "study.db", input=folder / "ana.csv").to_frame()["stance"].tolist()
    ['condemn']
    """
    given = {"output": output, "input": input}
    if format is not None and not any(given.values()):
        raise KitError(f"format={format} is of a file; give it with output=FILE or input=FILE")
    # What cannot be written is told before anything is added.
    read = [source for source in (project, input) if source is not None]
    if output is not None:
        with Project.open(project, read_only=True) as opened:
            check_records_file(
                Path(output),
                project_records(opened),
                opened.codebooks,
                format=format,
                inputs=read,
            )
    if report is not None:
        _check_report_file(Path(report), [*read, *([] if output is None else [output])])
    taken_in = None
    if input is not None:
        with Project.open(project) as writable:
            taken_in = take_in(
                writable,
                Path(input),
                format=None if output is not None else format,
                annotator=annotator or "",
            )
    with Project.open(project, read_only=True) as opened:
        records = project_records(opened)
        books = opened.codebooks
        written = None
        if output is not None:
            written = Path(output), write_records(Path(output), records, books, format=format)
        if report is not None:
            _write_report(Path(report), opened, names=names)
    told = None if report is None else Path(report)
    found = ProjectJudgements(tuple(records), books, str(project), written, taken_in, told)
    if verbose:
        _print_judgements(found)
    return found


def _check_report_file(path: Path, inputs: Sequence[str | Path]) -> None:
    if path.suffix not in (".md", ".tex"):
        raise KitError(f"cannot write the report to {path}: it is a .md or a .tex file")
    is_own = begins_with(MARKDOWN_MARK if path.suffix == ".md" else LATEX_MARK)
    check_output(path, "a report that judgements wrote", is_own, inputs=inputs, key="report")


def _write_report(path: Path, project: Project, *, names: bool) -> None:
    methods = report_methods(project, names=names)
    write_text(path, methods.latex() if path.suffix == ".tex" else methods.markdown())


def _print_judgements(found: ProjectJudgements) -> None:
    lines = [frame_table(_people_frame(found))] if found.records else []
    if found.taken_in:
        people = ", ".join(found.taken_in.annotators)
        lines.append(
            f"{found.taken_in.added} judgements added, {found.taken_in.known} were there already"
            f"{f' (of {people})' if people else ''}"
        )
    lines += [f"note: {note}" for note in found.notes]
    files = [f"{found.written[0]} ({found.written[1]})"] if found.written else []
    files += [str(found.report)] if found.report else []
    where = f": {' and '.join(files)}" if files else ""
    lines.append(f"{found.caption}{where}")
    print(printable("\n\n".join(lines), keep="\n"))


def _people_frame(found: ProjectJudgements) -> DataFrame:
    """Return how much each person judged, and when first and last."""
    import pandas as pd

    by_person: dict[tuple[str, str], list[Record]] = {}
    for record in found.records:
        key = (record.judgement.annotator, record.judgement.action)
        by_person.setdefault(key, []).append(record)
    rows = []
    for (name, action), records in by_person.items():
        times = sorted(record.judgement.at for record in records)
        seconds = [record.judgement.seconds for record in records]
        rows.append(
            {
                "annotator": name,
                "action": action,
                "judgements": len(records),
                "unsure": sum(record.judgement.unsure for record in records),
                "hours": f"{sum(filter(None, seconds)) / 3600:.1f}",
                "first": times[0][:16],
                "last": times[-1][:16],
            }
        )
    return pd.DataFrame(rows)
