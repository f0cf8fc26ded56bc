"""`stancekit label`: an article, sentence by sentence, actor by actor; or an archive of them."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from stancekit.errors import KitError, printable
from stancekit.fileio import write_bytes, write_text
from stancekit.labelling.archive import Archive, label_archive
from stancekit.labelling.formats import ROWS
from stancekit.labelling.labeller import NO_POSITION, Labelled, LabelledRow, content
from stancekit.labelling.models import saved_models
from stancekit.labelling.sources import InputText, check_kind, kind_of
from stancekit.labelling.workers import LabellingJob
from stancekit.report.labels import article_page
from stancekit.text import ActorFinder, read_article
from stancekit.types import Article, as_list

COLOURS = {"condemn": "red", "support": "green", "abstain": "yellow"}
WIDTH = 48
ONE = (".jsonl", ".parquet", ".html")
# Endings that say a file: a folder of that name would be taken for one.
_FILES = (
    *ONE,
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
    saved: str | Path = "models/un_votes",
    actors: ActorFinder | None = None,
    title: bool = True,
    targets: Sequence[str] = (),
    risk: float | None = None,
    keep: Sequence[str] = ("date",),
    kind: str = "jsonl",
    strict: bool = False,
    backend: str = "torch",
    engine: str = "local",
    workers: int | None = None,
) -> list[LabelledRow] | Archive:
    """Label an article, print the positions found, and write all rows; or label an archive into a folder.

    Parameters
    ----------
    input
        A text file (`.txt`, `.md`, or no ending), or `-` for standard input: one article; so is a
        string with a line break in it. A folder, a glob, or a file of rows (`.jsonl`, `.csv`,
        `.tsv`, `.parquet`, all but the last also as `.gz`, `.bz2` or `.xz`): an archive; so is `-`
        into a new folder, as JSON lines. Rows have a field `text`, and may have `id`, `article`,
        `title`, `date`, and `actor` and `target` where these are known.
    output
        Of an article a `.jsonl`, `.parquet` or `.html` file, the last a page to read; of an archive
        a folder. A labelling that was interrupted goes on with the same command; a second one into
        the same folder waits.
    saved
        A folder with two saved models: of stances in `stance`, of frames in `diplomacy`.
    actors
        How actors are found in a sentence.
    title
        Whether a text's first line is its title where it reads like one; it is then a target and is
        not labelled. Rows with a field `title` have that.
    targets
        What stances are looked for; by default what a sentence names, or else the title, and its
        other actors.
    risk
        The share of wrong stances that is accepted, .05 to .5 in steps of .05. Rows that the model
        is too unsure of go to `OUTPUT.review.jsonl`, of an archive to its folder `review`, and not
        to the output, to be judged by a person; they do not become `abstain`.
    keep
        Fields of an archive's rows that go into the labels.
    kind
        What an archive's labels are written as, `jsonl` or `parquet`.
    strict
        Whether to stop at the first text of an archive that cannot be read, rather than go on
        without it.
    backend
        `torch`, or `onnx`: fine-tuned encoders run in ONNX Runtime, in 8-bit integers where the
        processor has products for them, faster and with a few other labels; how many is printed,
        and above 5 % the export is refused.
    engine
        `local`, or of an archive `ray`: parts are labelled by a Ray cluster, or by processes on
        this machine.
    workers
        How many processes; by default as many as there are processors.

    Returns
    -------
    list of Row, or Archive
        One row per sentence, actor and target; of an archive what was written.

    Raises
    ------
    KitError
        When one of the models is missing, when the input is not of a kind that is read, or the
        output cannot be what it has to be.
    """
    source = input if isinstance(input, Path) else str(input)
    many = _many(source) or (source == "-" and output is not None and not _names_a_file(output))
    _check_output(output, many=many)
    job = LabellingJob(
        Path(saved),
        actors or ActorFinder(),
        as_list(targets),
        backend,
        risk,
        as_list(keep),
        kind,
        title,
    )
    if many:
        return label_archive(
            source, Path(str(output)), job, engine=engine, workers=workers, strict=strict
        )
    if lost := sorted(set(job.keep) - {"date"}):
        raise KitError(
            f"keep={lost} are fields of rows, and an article has none; leave keep out, or label rows"
        )
    article = read_article(source, title=title)
    models = saved_models(job.saved)
    found = job.labeller()([InputText(article, article.id)])
    # Written first: whoever reads what is printed may stop reading.
    told = _write_labels(article, found, risk, output)
    _show(article, found.sure)
    print(f"\n{found.tally}\nlabelled by {models[0]} and {models[1]}")
    for line in told:
        print(line)
    return found.rows


def _many(source: str | Path) -> bool:
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
    kind, packing = kind_of(place)
    return bool(packing) or kind in ROWS


def _names_a_file(output: str | Path) -> bool:
    return Path(output).suffix.lower() in _FILES or Path(output).is_file()


def _check_output(output: str | Path | None, *, many: bool) -> None:
    """See to it that labels of an article go to a file of a known kind, and those of an archive to a folder."""
    if many and (output is None or _names_a_file(output)):
        raise KitError(f"labels of an archive go to a folder, {output} is none; add output=labels")
    if output is not None and not many and Path(output).suffix not in ONE:
        raise KitError(
            f"cannot write {output}: labels of one article go to a .jsonl, a .parquet or a .html file"
        )


def _write_labels(
    article: Article, found: Labelled, risk: float | None, output: str | Path | None
) -> list[str]:
    """Write labels, and beside them what a person should judge; return what there is to tell.

    Raises
    ------
    KitError
        When rows to judge lie there already, of another labelling: a person may have judged them,
        and without `risk` they would not belong to the labels beside them.
    """
    unsure = f"{found.tally.declined} rows are too uncertain for a risk of {risk}"
    if output is None:
        return [] if risk is None else [unsure]
    path, review = Path(output), Path(output).with_suffix(".review.jsonl")
    queue = None if risk is None else content("jsonl", found.unsure)
    if review.exists() and review.read_bytes() != queue:
        raise KitError(
            f"{review} holds rows of another labelling, which a person may have judged; move it, or name another output"
        )
    if path.suffix == ".html":
        write_text(path, article_page(article, [row.to_dict() for row in found.sure]))
    else:
        write_bytes(path, content(path.suffix[1:], found.sure))
    told = [f"{found.tally.rows} rows written to {path}"]
    if queue is not None:
        write_bytes(review, queue)
        told.append(f"{unsure}, for a person to judge in {review}")
    return told


def _show(article: Article, rows: Sequence[LabelledRow]) -> None:
    """Print each sentence with its frames, and below it who takes which side."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text as Shown

    console = Console()
    taken = [row for row in rows if row.stance.labels != (NO_POSITION,)]
    console.print(Shown(printable(article.topic or article.id), style="bold"))
    for _, group in groupby(taken, key=lambda row: row.sentence):
        same = list(group)
        console.print(Shown(f"\n{printable(same[0].example.text)}"))
        if same[0].frames.labels:
            console.print(Shown(f"frames: {', '.join(same[0].frames.labels)}", style="dim"))
        view = Table(box=None, show_header=False, padding=(0, 1))
        for row in same:
            view.add_row(*(Shown(cell, style=COLOURS.get(cell, "")) for cell in _cells(row)))
        console.print(view)


def _cells(row: LabelledRow) -> list[str]:
    actor, target = row.example.actor, row.example.target
    shown = printable(target.name, most=WIDTH) if target else ""
    score = f"{max(row.stance.scores):.2f}"
    return [printable(actor.name) if actor else "", row.stance.labels[0], score, shown]
