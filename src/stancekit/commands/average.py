"""`stancekit average`: the random states of a model as one."""

import glob
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from stancekit.errors import KitError, listing
from stancekit.fileio import write_text
from stancekit.models import persistence
from stancekit.models.average import average_models as joined
from stancekit.report.card import model_card
from stancekit.report.tables import format_score
from stancekit.runs.leaderboard import averaged_run, leaderboards, scores_to_csv
from stancekit.runs.record import Run, read_run

WHY = "the mean of several runs was asked for"


def average(*, runs: str, keep: str | Path) -> Path:
    """Average finished runs, such as the random states of a model, into one model, and save it.

    It costs their time together, and mostly scores above each of them; the report says by how much
    on test. Its scores are those of calibrated members, averaged; when to decline it has not
    learned, so `label risk=` refuses it.

    Parameters
    ----------
    runs
        Folders of runs of one codebook, corpus and split, with `*` for any characters.
    keep
        The folder of the new model; a model that is there is replaced.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    KitError
        When fewer than two runs are found, or they differ in data or test set, or those of one
        model in their settings, or one is there twice.

    Examples
    --------
    >>> average(runs="gone/minilm-*", keep="models/minilm")
    Traceback (most recent call last):
    ...
    stancekit.errors.KitError: gone/minilm-* has to be two finished runs or more; found: none. Train them first
    """
    folders = [Path(one) for one in sorted(glob.glob(runs)) if (Path(one) / "run.json").is_file()]  # noqa: PTH207
    if len(folders) < 2:
        seen = listing([one.name for one in folders]) if folders else "none"
        raise KitError(
            f"{runs} has to be two finished runs or more; found: {seen}. Train them first"
        )
    found = [read_run(folder) for folder in folders]
    _check_alike(found)
    models = list(dict.fromkeys(run.model for run in found))
    members = [persistence.load(run.folder / "model") for run in found]
    one = averaged_run(found, name=f"{'-'.join(models)}-averaged")
    (board,) = leaderboards([*found, one])
    with persistence.replacing_folder(Path(keep)) as fresh:
        persistence.write_model(joined(members, name=one.model), fresh, data=one.digest)
        write_text(
            fresh / "README.md",
            model_card(board, one, f"stancekit average '{runs}' keep={keep}", why=WHY),
        )
        write_text(
            fresh / "scores.csv",
            scores_to_csv([entry for entry in board.entries if entry.first.model == one.model]),
        )
    print(f"{len(found)} runs averaged as {keep}, on {len(one.rows)} test examples:\n")
    for entry in board.entries:
        print(
            f"  {entry.first.model:<24} macro-F1 {format_score(entry.main)}, random states: {len(entry.runs)}"
        )
    return Path(keep)


def _check_alike(runs: Sequence[Run]) -> None:
    """Raise a `KitError` where runs are not of the same data or test set, or one is there twice."""
    for key in ("codebook", "corpus", "split", "digest"):
        several = sorted({str(getattr(run, key)) for run in runs})
        if len(several) > 1:
            raise KitError(
                f"the runs to average differ in {key}: {listing(several)}. Name those of one"
            )
    tested = [[row.example.id for row in run.rows] for run in runs]
    if any(one != tested[0] for one in tested):
        raise KitError(
            f"the runs to average were tested on different examples (split={runs[0].split}), which others of them "
            "learned from; train them with one test part for all: split=fixed, official or clean, or "
            "split=grouped split.random_state=0"
        )
    if len({bool(run.facts.get("refit")) for run in runs}) > 1:
        refit = [run.folder.name for run in runs if run.facts.get("refit")]
        raise KitError(
            f"some of the runs to average learned from validation too (refit=true): {listing(refit)}; name runs that "
            "did, or runs that did not"
        )
    twice = [
        f"{model} {state}"
        for (model, state), n in Counter((r.model, r.random_state) for r in runs).items()
        if n > 1
    ]
    if twice:
        raise KitError(
            f"of these there are several runs, of other settings or versions: {listing(twice)}. Name one of each"
        )
    settings: dict[str, str] = {}
    if other := [
        run.folder.name
        for run in runs
        if settings.setdefault(run.model, run.settings) != run.settings
    ]:
        raise KitError(
            f"runs of one model that differ in their settings are no random states of it: {listing(other)} against "
            f"{listing([run.folder.name for run in runs if run.folder.name not in other])} (see their config.yaml). "
            "Name those of the same settings, or train models of other settings under a name of their own (name=)"
        )
