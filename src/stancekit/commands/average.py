"""`stancekit average`: the random states of a model as one."""

from collections.abc import Sequence
from pathlib import Path

from stancekit.errors import printable
from stancekit.fileio import write_text
from stancekit.formatting import format_score
from stancekit.library.model import StanceModel
from stancekit.models import persistence
from stancekit.models.ensemble import average_models
from stancekit.models.learned import read_learned
from stancekit.models.manifest import read_manifest
from stancekit.reporting.card import model_card
from stancekit.runs.averaged import averaged_run
from stancekit.runs.folder import RunSource
from stancekit.runs.leaderboard import leaderboards, scores_to_csv
from stancekit.runs.members import runs_to_average
from stancekit.runs.record import Run

WHY = "the mean of several runs was asked for"


def average(
    runs: str | Path | Sequence[RunSource], *, output: str | Path, verbose: bool = False
) -> StanceModel:
    """Average finished runs, such as the random states of a model, into one model, and save it.

    Inference takes as long as all of them together. The average usually scores above each of them;
    the report says by how much on test. Its scores are the mean of the calibrated members' scores.
    It has no rule for declining, so `label risk=` refuses it.

    Parameters
    ----------
    runs
        Folders of runs of one codebook, corpus and split, with `*` for any characters. In Python also
        a list of runs, or of models that were trained in them.
    output
        The folder of the new model; a model that is there is replaced.
    verbose
        Whether it is printed what was averaged, and what the average scores.

    Returns
    -------
    StanceModel
        The new model, in its folder; `to_frame()` has its scores.

    Raises
    ------
    KitError
        When fewer than two runs are found, or they differ in data or test set, or those of one
        model in their settings, or one is there twice.

    Examples
    --------
    >>> average("gone/minilm-*", output="models/minilm")
    Traceback (most recent call last):
    ...
    stancekit.errors.KitError: gone/minilm-* has to be two finished runs or more; found: none. Train them first
    """
    members = runs_to_average(runs)
    names = list(dict.fromkeys(run.model for run in members))
    averaged = averaged_run(members, name=f"{'-'.join(names)}-averaged")
    (board,) = leaderboards([*members, averaged])
    models = [persistence.load(run.folder / "model") for run in members]
    with persistence.replacing_folder(Path(output)) as fresh:
        model = average_models(models, name=averaged.model)
        learned = {digest for run in members for digest in _learned(run)}
        persistence.write_model(
            model, fresh, data=averaged.digest, learned=" ".join(sorted(learned))
        )
        command = _spell_command(runs, members, output)
        write_text(fresh / "README.md", model_card(board, averaged, command, why=WHY))
        entries = [entry for entry in board.entries if entry.first.model == averaged.model]
        write_text(fresh / "scores.csv", scores_to_csv(entries))
    if verbose:
        lines = [
            f"  {entry.first.model:<24} macro-F1 {format_score(entry.main)}, "
            f"random states: {len(entry.runs)}"
            for entry in board.entries
        ]
        n_examples = len(averaged.rows)
        lines += [
            "",
            f"{averaged.model}, {len(members)} runs averaged, scored on {n_examples} test examples: {output}",
        ]
        print(printable("\n".join(lines), keep="\n"))
    return StanceModel(output)


def _learned(run: Run) -> frozenset[str]:
    return read_learned(read_manifest(run.folder / "model").get("learned"))


def _spell_command(
    runs: str | Path | Sequence[RunSource], members: Sequence[Run], output: object
) -> str:
    """Return the command that makes this average, or the call where the runs were given as a list."""
    if isinstance(runs, str | Path):
        return f"stancekit average '{runs}' output={output}"
    folders = [str(run.folder) for run in members]
    return f"stancekit.average({folders}, output={str(output)!r})"
