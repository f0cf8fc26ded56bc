"""`stancekit label`: an article, sentence by sentence, actor by actor; or an archive of them."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from stancekit.commands.archive import Archive, label_archive
from stancekit.commands.engines import Job
from stancekit.commands.labelling import Row, content
from stancekit.errors import KitError
from stancekit.files import write_bytes, write_jsonl, write_text
from stancekit.report.labels import page
from stancekit.text import ActorFinder, read_article
from stancekit.text.sources import Text
from stancekit.types import Article

COLOURS = {"condemn": "red", "support": "green", "abstain": "yellow"}
WIDTH = 48
ONE = (".jsonl", ".parquet", ".html")


def label(  # noqa: PLR0913  # one argument per key of configs/label.yaml
    *,
    input: str | Path,
    output: str | Path | None = None,
    saved: str | Path = "models/un_votes",
    actors: ActorFinder | None = None,
    targets: Sequence[str] = (),
    risk: float | None = None,
    keep: Sequence[str] = ("date",),
    kind: str = "jsonl",
    strict: bool = False,
    backend: str = "torch",
    engine: str = "local",
    workers: int | None = None,
) -> list[Row] | Archive:
    """Label an article, print the positions found, and write all rows; or label an archive into a folder.

    Parameters
    ----------
    input
        A text file, or `-` for standard input: one article. A folder, a glob, or a file of rows (`.jsonl`, `.csv`,
        `.tsv`, `.parquet`, all but the last also as `.gz`, `.bz2` or `.xz`): an archive; so is `-` into a new folder,
        as JSON lines. Rows have a field `text`, and may have `id`, `article`, `title`, `date`, and `actor` and `target`
        where these are known.
    output
        Of an article a `.jsonl`, `.parquet` or `.html` file, the last a page to read; of an archive a folder. A
        labelling that was interrupted goes on with the same command.
    saved
        A folder of model folders, one per codebook. Without one, the baseline is first trained on
        the bundled corpus.
    targets
        What stances are looked for; by default what a sentence names, or else the title, and its other actors.
    risk
        The share of wrong stances that is accepted, .05 to .5 in steps of .05. Rows that the model is too unsure of go
        to `OUTPUT.review.jsonl`, of an archive to its folder `review`, and not to the output, to be judged by a person;
        they do not become `abstain`.
    keep
        Fields of an archive's rows that go into the labels.
    kind
        What an archive's labels are written as, `jsonl` or `parquet`.
    strict
        Whether to stop at the first text of an archive that cannot be read, rather than go on without it.
    backend
        `torch`, or `onnx`: fine-tuned encoders run in ONNX Runtime, in 8-bit integers where the processor has products
        for them, faster and with a few other labels; how many is printed, and above 5 % the export is refused.
    engine
        `local`, or of an archive `ray`: parts are labelled by a Ray cluster, or by processes on this machine.
    workers
        How many processes; by default as many as there are processors.

    Returns
    -------
    list of Row, or Archive
        One row per sentence, actor and target; of an archive what was written.
    """
    many = _many(str(input)) or (str(input) == "-" and output is not None and Path(output).suffix not in ONE)
    if output is not None and not many and Path(output).suffix not in ONE:
        raise KitError(f"cannot write {output}: labels of one article go to a .jsonl, a .parquet or a .html file")
    if many and (output is None or Path(output).suffix in ONE):
        raise KitError(f"labels of an archive go to a folder, {output} is none; add output=labels")
    job = Job(Path(saved), actors or ActorFinder(), tuple(targets), backend, risk, tuple(keep), kind)
    if many:
        return label_archive(input, Path(str(output)), job, engine=engine, workers=workers, strict=strict)
    labeller = job.labeller()
    article = read_article(input)
    rows = labeller([Text(article, article.id)])
    sure, unsure = labeller.divided(rows, risk)
    _show(article, sure)
    if output is not None:
        if Path(output).suffix == ".html":
            write_text(Path(output), page(article, [row.to_dict() for row in sure]))
        else:
            write_bytes(Path(output), content(Path(output).suffix[1:], sure))
        print(f"\n{len(sure)} rows written to {output}")
    if risk is not None:
        _queue(unsure, risk, output)
    return rows


def _many(source: str) -> bool:
    """Say whether an input is an archive: a folder, a glob or a file of rows, not one text."""
    if source == "-" or "\n" in source:
        return False
    place = Path(source)
    glob = not place.exists() and any(sign in source for sign in "*?[")
    return place.is_dir() or glob or place.suffix in (*_ROWS, *_PACKED)


_ROWS, _PACKED = (".jsonl", ".csv", ".tsv", ".parquet"), (".gz", ".bz2", ".xz")


def _queue(rows: Sequence[Row], risk: float, output: str | Path | None) -> None:
    """Write what a person should judge beside the output."""
    print(f"{len(rows)} rows are too uncertain for a risk of {risk}", end="" if output else "\n")
    if output is not None:
        path = Path(output).with_suffix(".review.jsonl")
        write_jsonl(path, (row.to_dict() for row in rows))
        print(f", for a person to judge in {path}")


def _show(article: Article, rows: Sequence[Row]) -> None:
    """Print each sentence with its frames, and below it who takes which side."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text as Shown

    console = Console()
    taken = [row for row in rows if row.stance.labels != ("none",)]
    console.print(Shown(article.topic or article.id, style="bold"))
    for sentence, group in groupby(taken, key=lambda row: row.sentence):
        same = list(group)
        console.print(Shown(f"\n{sentence.text}"))
        if same[0].frames.labels:
            console.print(Shown(f"frames: {', '.join(same[0].frames.labels)}", style="dim"))
        view = Table(box=None, show_header=False, padding=(0, 1))
        for row in same:
            view.add_row(*(Shown(cell, style=COLOURS.get(cell, "")) for cell in _cells(row)))
        console.print(view)
    print(f"\n{len(taken)} positions; {len(rows) - len(taken)} rows with no position on the target")


def _cells(row: Row) -> list[str]:
    actor, target = row.example.actor, row.example.target
    shown = target.name if target else ""
    shown = shown if len(shown) <= WIDTH else f"{shown[: WIDTH - 1]}…"
    return [actor.name if actor else "", row.stance.labels[0], f"{max(row.stance.scores):.2f}", shown]
