"""`stancekit label`: an article, sentence by sentence, actor by actor; or an archive of them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from stancekit.commands.label_view import print_line, print_rows, print_summary
from stancekit.commands.layouts import choose_layout
from stancekit.corpus.formats import ROWS, FileFormat, file_kind
from stancekit.errors import KitError, listing, printable
from stancekit.labelling.archive import REJECTED_FILE, Archive, label_archive
from stancekit.labelling.in_memory import check_size, label_in_memory
from stancekit.labelling.input_text import InputText
from stancekit.labelling.label_encoding import check_labels_file, names_a_file
from stancekit.labelling.label_files import REVIEW_SUFFIX, WrittenRows
from stancekit.labelling.labeller import LabellingJob
from stancekit.labelling.labels import MOST_SUMMARISED, Labels
from stancekit.labelling.layout import TextLayout
from stancekit.labelling.models import find_models
from stancekit.labelling.row_format import LIKELY_POSITION, RowChoice
from stancekit.labelling.sources import (
    RejectedRow,
    TextSource,
    check_kind,
    read_one,
    read_rows_in_memory,
    read_standard_input,
)
from stancekit.labelling.tally import Tally
from stancekit.library.objects import HasFolder, folders_of
from stancekit.resources import BOX, model_folder, named_path, seed_path, shipped
from stancekit.text import ActorFinder
from stancekit.types import as_list
from stancekit.views import DataFrame

# The page of an archive, and how many rows it may have: with more, browsers get slow.
PAGE_FILE, MOST_ON_PAGE = "labels.html", 5_000


def label(  # noqa: PLR0913  # one argument per key of configs/label.yaml
    input: str | Path | DataFrame | Iterable[Any],
    *,
    output: str | Path | None = None,
    models: str | Path | HasFolder | Sequence[str | Path] | None = None,
    actors: ActorFinder | None = None,
    title: bool = True,
    targets: Sequence[str] = (),
    speaker: str | None = None,
    unit: Literal["sentence", "row"] = "sentence",
    rows: RowChoice = "positions",
    min_score: float = LIKELY_POSITION,
    columns: Mapping[str, str | bool | None] | None = None,
    filename: str | None = None,
    layout: TextLayout | str = "plain",
    fields: Sequence[str] | None = None,
    encoding: str | None = None,
    separator: str | None = None,
    sheet: str | int | None = None,
    risk: float | None = None,
    format: str = "jsonl",
    strict: bool = False,
    backend: str = "torch",
    engine: str = "local",
    workers: int | None = None,
    verbose: bool = False,
) -> Labels:
    r"""Label an article, a table, or an archive.

    Parameters
    ----------
    input
        A text file (`.txt`, `.md`, or no ending), or `-` for standard input: one article; so is a
        string with a line break in it. A folder, a glob, or a file of rows (`.csv`, `.tsv`,
        `.jsonl`, `.parquet`, `.xlsx`, `.sav`, `.dta`; the first three also as `.gz`, `.bz2` or
        `.xz`): many texts; so is `-` where it is JSON lines. Rows have a field `text`,
        and may have `id`, `article`, `title`, `date`, and `actor` and `target` where these are
        known. A path below `seeds/` that is not here is one of the texts that come with the kit. In
        Python also a table in memory (a DataFrame, a `datasets.Dataset`) or a list of texts or dicts.
    output
        A file: `.jsonl` or `.parquet`, a flat table `.csv` or `.xlsx`, or `.html`, a page to read.
        Or, for many texts, a folder: they are labelled in parts, in constant memory, and an
        interrupted labelling continues with the same command. It gets the page too, `labels.html`,
        of up to 5,000 rows. By default nothing is written. A file that is not of labels is never
        written over.
    models
        By default those of stance and frames that come with the kit; `box` has one of policy frames
        beside these. Or one folder or several: a saved model, a run, an experiment (for each
        codebook the run that is best on validation), or a folder with saved models in its
        subfolders. There may be one model per codebook. If all of them code whole sentences, no
        actors are looked for. In Python, also a model that `stancekit.train` or `stancekit.load`
        returned.
    actors
        How actors are found in a sentence.
    title
        Whether the first line of a text is its title if it reads like one. A title is a target and
        is not labelled. Rows with a field `title` have that.
    targets
        The targets to look for, which may be whole sentences ("Coal mining should end"); by default
        those that a sentence names, or else the title, and its other actors.
    speaker
        The field with the name of who speaks, or with the alpha-3 code of a state: a column, a key
        of the front matter (lines `key: value` between two lines `---` at the head of a text), or a
        field in the file's name. The speaker is an actor of every sentence, and what "we", "I", "my
        delegation" or "this House" stand for; the other actors stay, and it is no target of itself.
        (A row's `actor` is its only actor.)
    unit
        `sentence`, or `row`: texts are labelled as they are, and not divided.
    rows
        `positions`: pairs of actor and target without a position, or with one that scores less than
        `min_score`, are counted and have no row; a sentence that has codes of its own keeps one.
        `all`: every pair has one, which `sample`, `estimate` and `plan` need. What a model is too
        unsure of (`risk`) is kept in both, and where a model codes anything else of actors and
        targets, all rows are.
    min_score
        With rows=positions, the score of its code from which a position is written, where an
        example has one code; scores are calibrated probabilities. The higher, the fewer positions
        and the more of them right: `evaluate task=positions` shows both. A position
        towards a text that is named before the sentence needs a higher score than what its actor takes
        a side on in the sentence itself. 0 writes every position.
    columns
        The column or field of a role where it has another name: `columns.text=sentence`; `false`
        where there is none: `columns.actor=false`. Roles are text, id, article, title, date, actor,
        target.
    filename
        Fields in the names of files: `'{country}_{session}_{year}'`. A file of another name is left
        out. Where a field is in several places, a row comes before front matter, and this before
        the file's name.
    layout
        A whole layout of such settings by its name: `plain`, `ungdc` (UN General Debate Corpus), or
        `parlamint` (its plain text). What is set beside it goes before it.
    risk
        The accepted share of wrong codes, .05 to .5 in steps of .05. Rows that a model is too
        unsure of go to `OUTPUT.review.jsonl` (for an archive, to its folder `review`) instead of
        the output, for a person to annotate. The models that code actors and targets decide;
        without any, those that code sentences.
    fields
        Fields of the texts to copy into the labels; by default those of the layout: the date.
    encoding, separator, sheet
        How the files are written, where that is not recognised: as in `cp1250`, `;`, and the name
        or number of an Excel sheet.
    format
        The format of an archive's labels: `jsonl` or `parquet`.
    strict
        Whether to stop at the first text that cannot be read, instead of continuing without it.
    backend
        `torch` or `onnx`. With `onnx`, fine-tuned encoders run in ONNX Runtime, in 8-bit integers
        if the processor supports them: faster, with a few other labels. How many is printed; above
        5 % the export is refused.
    engine
        `local` or, for an archive, `ray`: parts are labelled by a Ray cluster, or by processes on
        this machine.
    workers
        The number of processes; by default one per processor.
    verbose
        Whether to print the codes that were found, who stands where, and what was written.

    Returns
    -------
    Labels
        One row per sentence, actor and target, with `rows` those with a position or all; if a model
        codes sentences, also one per sentence without these. Those of an archive are read from its
        folder when they are used.

    Raises
    ------
    KitError
        When a model is missing, the input is not of a kind that is read, or the output cannot be
        what it has to be.

    Examples
    --------
    >>> import stancekit
    >>> text = "Fish war\n\nIceland rejected the treaty. Norway welcomed it."
    >>> stancekit.label(text).to_frame()[["actor", "target", "stance"]]
         actor  target   stance
    0  Iceland  treaty  condemn
    1   Norway  treaty  support
    """
    chosen = choose_layout(
        layout, columns=columns, speaker=speaker, filename=filename, fields=fields
    )
    if isinstance(input, str | Path):
        input = seed_path(input)
    # Before any work: models and texts may take their time.
    into_folder = output is not None and not names_a_file(output)
    several = isinstance(input, str | Path) and (
        _is_archive(input, chosen) or (input == "-" and into_folder)
    )
    if not (several and into_folder):
        if output is not None:
            check_labels_file(output, [input])
        if engine != "local" or workers is not None:
            raise KitError("engine and workers label many texts into a folder; add output=labels")
    job = LabellingJob(
        find_models(resolve_models(folders_of(default_models() if models is None else models))),
        actors or ActorFinder(),
        as_list(targets),
        backend,
        risk,
        format,
        title,
        chosen,
        FileFormat(encoding, separator, sheet=sheet),
        unit,
        rows,
        min_score,
    )
    if not (several and into_folder):
        labels = label_in_memory(
            _texts(input, job, several=several),
            job,
            name=_input_name(input),
            strict=strict,
            verbose=verbose,
        )
        # Written first: whoever reads what is printed may stop reading.
        if output is not None:
            labels.save(output)
        if verbose:
            _print_labels(labels, job, output)
        return labels
    archive = label_archive(
        input if isinstance(input, Path) else str(input),
        named_path(str(output), "output"),
        job,
        engine=engine,
        workers=workers,
        strict=strict,
        verbose=verbose,
    )
    labels = _read_archive(archive, job)
    if 0 < len(labels) <= MOST_ON_PAGE:
        labels.to_html(archive.folder / PAGE_FILE)
    if verbose:
        _print_archive(labels, archive, job)
    return labels


def default_models() -> list[Path]:
    """Return the models of the box that label where none is named, by `models/box/default.json`."""
    # The kit's own, also where the working directory has a folder of that name.
    box = shipped("models", BOX)
    return [box / name for name in json.loads((box / "default.json").read_text(encoding="utf-8"))]


def resolve_models(folders: Sequence[str | Path]) -> list[Path]:
    """Return folders of models, an experiment's replaced by its runs that were best on validation."""
    resolved: list[Path] = []
    for folder in map(model_folder, folders):
        if any(folder.glob("runs/*/run.json")):
            from stancekit.runs.folder import read_runs
            from stancekit.runs.leaderboard import best_on_validation

            resolved += [run.folder for run in best_on_validation(read_runs(folder))]
        else:
            resolved.append(folder)
    return resolved


def _texts(source: Any, job: LabellingJob, *, several: bool) -> Iterable[InputText | RejectedRow]:
    """Return the texts that an input means: of a table in memory, of files, or one article."""
    if not isinstance(source, str | Path):
        return read_rows_in_memory(source, job.layout, title=job.title)
    if source == "-":
        piped = read_standard_input(job.layout, written=job.written, title=job.title)
        if isinstance(piped, TextSource):
            check_size(piped)
        return piped
    if not several:
        return [read_one(source, job.layout, written=job.written, title=job.title)]
    texts = TextSource(source, layout=job.layout, written=job.written, title=job.title)
    texts.check()
    check_size(texts)
    return texts


def _input_name(source: Any) -> str:
    """Return how messages name an input."""
    if not isinstance(source, str | Path):
        return "the table"
    if source == "-":
        return "standard input"
    return "the article" if "\n" in str(source) else printable(Path(source).name or source, most=60)


def _is_archive(source: str | Path, layout: TextLayout) -> bool:
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
    return bool(packing or layout.tables) or kind in ROWS


def _read_archive(archive: Archive, job: LabellingJob) -> Labels:
    """Return the labels of an archive, whose rows are read when they are used."""
    n = archive.tally.n_rows + archive.tally.declined
    return Labels(
        WrittenRows(archive.folder, n) if n else [],
        job.labelled_codebooks,
        folder=archive.folder,
        texts=archive.texts,
        rejected=archive.rejected,
        tally=archive.tally,
        extent=job.extent(archive.tally.pairs),
    )


def _labelled_by(job: LabellingJob) -> str:
    scores = [model.score for model in job.models]
    return "\n".join([f"labelled by {', '.join(map(str, job.models))}", *filter(None, scores)])


def _print_doubt(tally: Tally) -> None:
    """Print that the text is unlike what the model learned from, where it is."""
    if tally.unlike:
        print_line(tally.unlike)


def _print_labels(labels: Labels, job: LabellingJob, output: str | Path | None) -> None:
    # The sentences of many texts would fill the screen; who stands where does not.
    if labels.texts == 1:
        print_rows(labels)
    if labels.tally is not None:
        counted = labels.tally.describe(job.codebooks, job.rows_written)
        print_line(f"\n{counted}\n{_labelled_by(job)}")
        _print_doubt(labels.tally)
    print_summary(labels)
    if job.risk is not None:
        unsure = f"{labels.set_aside:,} rows are too uncertain for a risk of {job.risk}"
        review = "" if output is None else Path(output).with_suffix(REVIEW_SUFFIX)
        print_line(f"{unsure}; a person can judge them in {review}" if review else unsure)
    n = len(labels) - labels.set_aside
    left_out = f"; {labels.rejected:,} could not be read" if labels.rejected else ""
    if output is None:
        last = f"{n:,} rows labelled, and not written; to write them add output=labels.html"
    else:
        last = f"{n:,} rows written to {output}"
    print_line(last + left_out)


def _print_archive(labels: Labels, archive: Archive, job: LabellingJob) -> None:
    folder = archive.folder
    print_line(f"{archive.tally.describe(job.codebooks, job.rows_written)}\n{_labelled_by(job)}")
    _print_doubt(archive.tally)
    if len(labels) <= MOST_SUMMARISED:
        print_summary(labels)
    if job.risk is not None:
        print_line(
            f"{archive.tally.declined:,} rows are too uncertain for a risk of {job.risk}; "
            f"a person can judge them in {folder / 'review'}"
        )
    if archive.unseen:
        print_line(f"no text has the field {listing(archive.unseen)} of fields=")
    if 0 < len(labels) <= MOST_ON_PAGE:
        print_line(f"who stands where, with all sentences, is in {folder / PAGE_FILE}")
    elif labels:
        print_line(
            f"{len(labels):,} rows are too many for a page; for one of a part, in Python: frame = "
            f"stancekit.read_labels({str(folder)!r}).to_frame(); stancekit.read_labels("
            "frame[frame['actor'] == NAME]).to_html('part.html')"
        )
    # Last, as what is missing from the labels matters most.
    last = f"{archive.texts:,} texts labelled into {folder}"
    if archive.rejected:
        rests = f", of which {archive.rests:,} files or rests of files" if archive.rests else ""
        last += (
            f"; {archive.rejected:,} could not be read{rests}: "
            f"{folder / REJECTED_FILE} says which and why"
        )
    print_line(last)
