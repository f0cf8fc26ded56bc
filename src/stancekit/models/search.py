"""Settings of a model chosen on validation, by Optuna: ask and tell, median pruning, kept in SQLite."""

import csv
import io
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn.base import clone
from sklearn.metrics import f1_score
from tqdm import tqdm

from stancekit.corpus.dataset import LabelledSet, indicator
from stancekit.errors import KitError, MissingExtra
from stancekit.fileio import make_folder, write_text
from stancekit.models.classifier import fit

if TYPE_CHECKING:
    import optuna

Space = Mapping[str, Mapping[str, Any]]
# The usual settings, each searched where a model has it.
USUAL: Space = {
    "rate": {"low": 5e-5, "high": 5e-4, "log": True},
    "epochs": {"low": 3, "high": 10},
    "smoothing": {"choices": [0.0, 0.1, 0.2]},
    "classifier__C": {"low": 0.01, "high": 100.0, "log": True},
    "classifier__alpha": {"low": 0.01, "high": 10.0, "log": True},
    "C": {"low": 0.001, "high": 10.0, "log": True},
}
_KEYS = ({"low", "high"}, {"low", "high", "log"}, {"choices"})


class Optuna:
    """A search for the settings that score best on validation (Akiba et al. 2019, "Optuna").

    Parameters
    ----------
    trials
        How many settings to try, those cut short included.
    space
        By setting, as `set_params` names it: `low` and `high`, with `log` for a logarithmic scale,
        or `choices`.
    startup
        Trials before the search follows what it has seen, and before a training below the median is
        cut short.
    """

    def __init__(self, *, trials: int = 20, space: Space | None = None, startup: int = 5) -> None:
        if trials < 1:
            raise KitError(f"search.trials is {trials}; it must be 1 or more")
        self.trials = trials
        self.space = space
        self.startup = startup

    def __call__(
        self,
        model: Any,
        train: LabelledSet,
        validation: LabelledSet,
        *,
        folder: Path,
        random_state: int = 0,
    ) -> Any:
        """Return the model with the best settings; `trials.csv` in the folder names every one that was tried.

        The test part is not among what this sees. A search that was killed goes on with the trial
        it was at.

        Raises
        ------
        KitError
            When the space names settings that the model lacks, or there is nothing to choose.
        """
        space = self._space(model)
        study = self._study(folder)
        for trial in study.get_trials(deepcopy=False):
            if not trial.state.is_finished():
                study.tell(trial.number, state=_trial_state("FAIL"))
                study.enqueue_trial(trial.params)
        done = _done(study)
        for number in tqdm(
            range(done, self.trials), "settings", self.trials, initial=done, file=sys.stderr
        ):
            # A sampler of its own for each trial: an interrupted search ends like one that was not.
            study.sampler = _sampler(random_state * 100_003 + number, self.startup)
            trial = study.ask()
            settings = {key: _suggested(trial, key, of) for key, of in space.items()}
            tried = clone(model).set_params(**settings)
            # Of its own, so that no trial goes on from the checkpoints of one that was pruned.
            own = folder / f"trial-{number}"
            if "folder" in tried.get_params(deep=False):
                tried.set_params(folder=str(own))
            _tell(study, trial, tried, (train, validation))
            shutil.rmtree(own, ignore_errors=True)
            write_text(folder / "trials.csv", _trial_table(study))
        return clone(model).set_params(**study.best_params)

    def _space(self, model: Any) -> dict[str, Mapping[str, Any]]:
        known = model.get_params()
        if self.space is None:
            space = {key: of for key, of in USUAL.items() if key in known}
            if not space:
                raise KitError(
                    f"{type(model).__name__} has none of the usual settings; name some with search.space"
                )
            return space
        if unknown := sorted(set(self.space) - set(known)):
            raise KitError(
                f"search.space names {', '.join(unknown)}; this model has: {', '.join(sorted(known))}"
            )
        for key, of in self.space.items():
            if set(of) not in _KEYS:
                raise KitError(
                    f"search.space.{key} is {dict(of)}; write {{low: , high: , log: }} or {{choices: []}}"
                )
        return dict(self.space)

    def _study(self, folder: Path) -> Any:
        try:
            import optuna
        except ImportError:
            raise MissingExtra("optuna", "sweep") from None
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        make_folder(folder)
        return optuna.create_study(
            study_name="sweep",
            storage=f"sqlite:///{(folder / 'trials.db').resolve()}",
            direction="maximize",
            pruner=optuna.pruners.MedianPruner(n_startup_trials=self.startup),
            load_if_exists=True,
        )


def _tell(study: Any, trial: Any, model: Any, parts: tuple[LabelledSet, LabelledSet]) -> None:
    """Train with a trial's settings, and tell the study the macro-F1 on validation."""
    import optuna

    train, validation = parts
    model.watch = _watch(trial)
    try:
        trained = fit(model, train, validation)
    except optuna.TrialPruned:
        study.tell(trial, state=_trial_state("PRUNED"))
        return
    said = trained.read(trained.scores(validation.examples))
    truth, guess = (indicator(of, train.codebook.names) for of in (validation.labels, said))
    # Over the codes that gold bears, as every score of the kit.
    borne = truth.any(axis=0)
    study.tell(
        trial, float(f1_score(truth[:, borne], guess[:, borne], average="macro", zero_division=0))
    )


def _trial_state(name: str) -> "optuna.trial.TrialState":
    import optuna

    return optuna.trial.TrialState[name]


def _sampler(seed: int, startup: int) -> Any:
    import optuna

    return optuna.samplers.TPESampler(seed=seed, n_startup_trials=startup)


def _done(study: Any) -> int:
    states = (_trial_state("COMPLETE"), _trial_state("PRUNED"))
    return sum(trial.state in states for trial in study.get_trials(deepcopy=False))


def _suggested(trial: Any, key: str, of: Mapping[str, Any]) -> Any:
    if "choices" in of:
        return trial.suggest_categorical(key, list(of["choices"]))
    whole = isinstance(of["low"], int) and isinstance(of["high"], int)
    suggest = trial.suggest_int if whole else trial.suggest_float
    return suggest(key, of["low"], of["high"], log=of.get("log", False))


def _watch(trial: Any) -> Callable[[int, float], None]:
    def look(step: int, score: float) -> None:
        import optuna

        trial.report(score, step)
        if trial.should_prune():
            raise optuna.TrialPruned

    return look


def _trial_table(study: Any) -> str:
    """Return every finished trial as CSV: settings, validation score, how it ended."""
    trials = [trial for trial in study.get_trials(deepcopy=False) if trial.state.is_finished()]
    names = sorted({name for trial in trials for name in trial.params})
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["trial", *names, "validation_macro_f1", "state"])
    for trial in trials:
        value = "" if trial.value is None else f"{trial.value:.6f}"
        writer.writerow(
            [
                trial.number,
                *(trial.params.get(name) for name in names),
                value,
                trial.state.name.lower(),
            ]
        )
    return text.getvalue()
