"""`stancekit label`: an article, sentence by sentence, actor by actor; or an archive of them."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from stancekit.codebook import Codebook
from stancekit.corpus.formats import ROWS, file_kind
from stancekit.errors import KitError, listing, printable
from stancekit.fileio import write_bytes, write_text
from stancekit.labelling.archive import REJECTED_FILE, Archive, label_archive
from stancekit.labelling.labeller import (
    Labelled,
    LabelledRow,
    LabellingJob,
    encode_rows,
    label_article,
)
from stancekit.labelling.models import check_columns, find_models
from stancekit.labelling.page import article_page
from stancekit.labelling.sources import check_kind
from stancekit.runs.folder import read_runs
from stancekit.runs.leaderboard import best_on_validation
from stancekit.text import ActorFinder, read_article
from stancekit.types import Article, as_list

# By the place on the codebook's scale.
COLOURS = {"low": "red", "middle": "yellow", "high": "green"}
# Characters of a target that are printed, so that a row stays on one line of most terminals.
WIDTH = 48
ARTICLE_FORMATS = (".jsonl", ".parquet", ".html")
# Endings of files: a folder of such a name would be taken for one.
_FILES = (
    *ARTICLE_FORMATS,
    ".csv",
    ".tsv",
    ".json",
    ".txt",
    ".md",
    ".htm",
    ".xlsx",
    ".gz",
    ".bz2",
    ".xz",
    ".zip",
)


def label(  # noqa: PLR0913  # one argument per key of configs/label.yaml
    *,
    input: str | Path,
    output: str | Path | None = None,
    models: str | Path | Sequence[str | Path] = "models/un_votes",
    actors: ActorFinder | None = None,
    title: bool = True,
    targets: Sequence[str] = (),
    risk: float | None = None,
    fields: Sequence[str] = ("date",),
    format: str = "jsonl",
    strict: bool = False,
    backend: str = "torch",
    engine: str = "local",
    workers: int | None = None,
) -> list[LabelledRow] | Archive:
    """Label an article, print the codes found, and write all rows; or label an archive into a folder.

    Parameters
    ----------
    input
        A text file (`.txt`, `.md`, or no ending), or `-` for standard input: one article; so is a
        string with a line break in it. A folder, a glob, or a file of rows (`.jsonl`, `.csv`,
        `.tsv`, `.parquet`, all but the last also as `.gz`, `.bz2` or `.xz`): an archive; so is `-`
        into a new folder, as JSON lines. Rows have a field `text`, and may have `id`, `article`,
        `title`, `date`, and `actor` and `target` where these are known.
    output
        For one article: a `.jsonl`, `.parquet` or `.html` file (the last is a page to read). For an
        archive: a folder. An interrupted labelling continues with the same command; a second one
        into the same folder waits.
    models
        One folder or several: a saved model, a run, an experiment (for each codebook the run that
        is best on validation), or a folder with saved models in its subfolders. There may be one
        model per codebook. If all of them code whole sentences, no actors are looked for.
    actors
        How actors are found in a sentence.
    title
        Whether the first line of a text is its title if it reads like one. A title is a target and
        is not labelled. Rows with a field `title` have that.
    targets
        The targets to look for; by default those that a sentence names, or else the title, and its
        other actors.
    risk
        The accepted share of wrong codes, .05 to .5 in steps of .05. Rows that a model is too
        unsure of go to `OUTPUT.review.jsonl` (for an archive, to its folder `review`) instead of
        the output, for a person to annotate. The models that code actors and targets decide;
        without any, those that code sentences.
    fields
        Fields of an archive's rows to copy into the labels.
    format
        The format of an archive's labels: `jsonl` or `parquet`.
    strict
        Whether to stop at the first text of an archive that cannot be read, instead of continuing
        without it.
    backend
        `torch` or `onnx`. With `onnx`, fine-tuned encoders run in ONNX Runtime, in 8-bit integers
        if the processor supports them: faster, with a few other labels. How many is printed; above
        5 % the export is refused.
    engine
        `local` or, for an archive, `ray`: parts are labelled by a Ray cluster, or by processes on
        this machine.
    workers
        The number of processes; by default one per processor.

    Returns
    -------
    list of LabelledRow, or Archive
        One row per sentence, actor and target; if a model codes sentences, also one per sentence
        without these. For an archive, what was written.

    Raises
    ------
    KitError
        When a model is missing, the input is not of a kind that is read, or the output cannot be
        what it has to be.
    """
    source = input if isinstance(input, Path) else str(input)
    many = _is_archive(source) or (
        source == "-" and output is not None and not _names_a_file(output)
    )
    # Before any work: models and texts may take their time.
    _check_output(output, many=many)
    job = LabellingJob(
        find_models(resolve_models(as_list(models))),
        actors or ActorFinder(),
        as_list(targets),
        backend,
        risk,
        as_list(fields),
        format,
        title,
    )
    if not many:
        return _label_one(source, job, output)
    archive = label_archive(
        source, Path(str(output)), job, engine=engine, workers=workers, strict=strict
    )
    _print_archive(archive, job)
    return archive


def resolve_models(folders: Sequence[str | Path]) -> list[Path]:
    """Return folders of models, an experiment's replaced by its runs that were best on validation."""
    resolved: list[Path] = []
    for folder in map(Path, folders):
        if any(folder.glob("runs/*/run.json")):
            resolved += [run.folder for run in best_on_validation(read_runs(folder))]
        else:
            resolved.append(folder)
    return resolved


def _is_archive(source: str | Path) -> bool:
    """Say whether an input is an archive: a folder, a glob or a file of rows, not one text.

    Raises
    ------
    KitError
        When it is a file that is neither text nor rows.
    """
    if isinstance(source, str) and (source == "-" or "\n" in source):
        return False
    place = Path(source)
    try:
        folder, file = place.is_dir(), place.is_file()
    except OSError as error:
        shown = printable(source, most=60)
        raise KitError(
            f"cannot read {shown}: {error.strerror}; give the path of a file, or a text with a line break in it"
        ) from None
    if folder or (not file and any(sign in str(source) for sign in "*?[")):
        return True
    check_kind(place)
    kind, packing = file_kind(place)
    return bool(packing) or kind in ROWS


def _names_a_file(output: str | Path) -> bool:
    return Path(output).suffix.lower() in _FILES or Path(output).is_file()


def _check_output(output: str | Path | None, *, many: bool) -> None:
    """Make sure that an article's labels go to a file of a known format, and an archive's to a folder."""
    if many and (output is None or _names_a_file(output)):
        raise KitError(
            f"labels of an archive go to a folder, and {output} is not one; add output=labels"
        )
    if output is not None and not many and Path(output).suffix not in ARTICLE_FORMATS:
        raise KitError(
            f"cannot write {output}: labels of one article go to a .jsonl, a .parquet or a .html file"
        )


def _label_one(
    source: str | Path, job: LabellingJob, output: str | Path | None
) -> list[LabelledRow]:
    """Label one article, write its labels and print the codes found."""
    if others := sorted(set(job.fields) - {"date"}):
        raise KitError(
            f"fields={others} are fields of rows, and an article has none; leave fields out, or label rows"
        )
    check_columns(job.codebooks, job.fields)
    article = read_article(source, title=job.title)
    labelled = label_article(article, job)
    # Written first: whoever reads what is printed may stop reading.
    written = _write_labels(article, labelled, job, output)
    _print_rows(article, labelled.sure)
    print(f"\n{labelled.tally.describe(job.codebooks)}\n{_labelled_by(job)}")
    for line in written:
        print(line)
    return labelled.rows


def _labelled_by(job: LabellingJob) -> str:
    return f"labelled by {', '.join(map(str, job.models))}"


def _print_archive(archive: Archive, job: LabellingJob) -> None:
    print(archive.tally.describe(job.codebooks))
    print(_labelled_by(job))
    if job.risk is not None:
        print(
            f"{archive.tally.declined:,} rows are too uncertain for a risk of {job.risk}; "
            f"a person can judge them in {archive.folder / 'review'}"
        )
    if archive.unseen:
        print(f"no text has the field {listing(archive.unseen)} of fields=")
    # Last, as what is missing from the labels matters most.
    last = f"{archive.texts:,} texts labelled into {archive.folder}"
    if archive.rejected:
        rests = f", of which {archive.rests:,} files or rests of files" if archive.rests else ""
        last += (
            f"; {archive.rejected:,} could not be read{rests}: "
            f"{archive.folder / REJECTED_FILE} says which and why"
        )
    print(last)


def _write_labels(
    article: Article, labelled: Labelled, job: LabellingJob, output: str | Path | None
) -> list[str]:
    """Write labels, and beside them what a person should judge; return what there is to say.

    Raises
    ------
    KitError
        When there are rows to judge of another labelling: a person may have judged them, and
        without `risk` they would not belong to the labels beside them.
    """
    unsure = f"{labelled.tally.declined} rows are too uncertain for a risk of {job.risk}"
    if output is None:
        return [] if job.risk is None else [unsure]
    path, review = Path(output), Path(output).with_suffix(".review.jsonl")
    queue = None
    if job.risk is not None:
        queue = encode_rows("jsonl", labelled.unsure, job.codebooks)
    # The same labelling once more is no harm.
    if review.exists() and review.read_bytes() != queue:
        raise KitError(
            f"{review} holds rows of another labelling, which a person may have judged; "
            "move it, or name another output"
        )
    if path.suffix == ".html":
        rows = [row.to_dict() for row in labelled.sure]
        write_text(path, article_page(article, rows, job.codebooks))
    else:
        write_bytes(path, encode_rows(path.suffix[1:], labelled.sure, job.codebooks))
    written = [f"{labelled.tally.rows} rows written to {path}"]
    if queue is not None:
        write_bytes(review, queue)
        written.append(f"{unsure}; a person can judge them in {review}")
    return written


def _print_rows(article: Article, rows: Sequence[LabelledRow]) -> None:
    """Print each sentence in which a code applies: its own codes, and below those of actors and targets."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    console.print(Text(printable(article.topic or article.id), style="bold"))
    shown = [row for row in rows if _is_shown(row)]
    for _, group in groupby(shown, key=lambda row: row.sentence):
        same = list(group)
        console.print(Text(f"\n{printable(same[0].example.text)}"))
        for name in _coded(same[0], "sentence"):
            console.print(Text(f"{name}: {', '.join(same[0].codes(name))}", style="dim"))
        view = Table(box=None, show_header=False, padding=(0, 1))
        for row in same:
            if coded := _coded(row, "example"):
                view.add_row(*(Text(cell, style=style) for cell, style in _cells(row, coded)))
        console.print(view)


def _coded(row: LabelledRow, unit: str) -> list[str]:
    """Return the codebooks of a unit that have some code for a row."""
    return [name for name, book in row.codebooks.items() if book.unit == unit and row.codes(name)]


def _is_shown(row: LabelledRow) -> bool:
    """Say whether a code applies to an actor and a target; where none are looked for, to the sentence."""
    # Frames are on most sentences: beside positions they alone are not worth a line.
    units = {codebook.unit for codebook in row.codebooks.values()}
    unit = "example" if "example" in units else "sentence"
    return any(row.codebooks[name].applies(row.codes(name)) for name in _coded(row, unit))


def _cells(row: LabelledRow, names: Sequence[str]) -> list[tuple[str, str]]:
    """Return the actor, codes and scores of each codebook, and the target, each with its style."""
    actor, target = row.example.actor, row.example.target
    cells = [(printable(actor.name) if actor else "", "")]
    for name in names:
        codebook = row.codebooks[name]
        scores = dict(zip(codebook.names, row.predictions[name].scores, strict=True))
        codes = row.codes(name)
        cells.append((", ".join(codes), _style(codebook, codes)))
        cells.append((", ".join(f"{scores[code]:.2f}" for code in codes), ""))
    return [*cells, (printable(target.name, most=WIDTH) if target else "", "")]


def _style(codebook: Codebook, codes: Sequence[str]) -> str:
    """Return a colour where all codes have the same place on the scale."""
    places = {codebook.place(code) for code in codes}
    return COLOURS.get(places.pop(), "") if len(places) == 1 else ""
