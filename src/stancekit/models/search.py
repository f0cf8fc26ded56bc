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
# The usual settings, each searched where a model has it: ranges around the defaults, set by hand.
USUAL: Space = {
    "learning_rate": {"low": 5e-5, "high": 5e-4, "log": True},
    "epochs": {"low": 3, "high": 10},
    "label_smoothing": {"choices": [0.0, 0.1, 0.2]},
    "classifier__C": {"low": 0.01, "high": 100.0, "log": True},
    "classifier__alpha": {"low": 0.01, "high": 10.0, "log": True},
    "C": {"low": 0.001, "high": 10.0, "log": True},
}
_CHOICE_KEYS = ({"low", "high"}, {"low", "high", "log"}, {"choices"})


class Optuna:
    """A search for the settings that score best on validation (Akiba et al. 2019, "Optuna").

    Parameters
    ----------
    trials
        How many settings to try, those cut short included.
    space
        What to try, by setting as `set_params` names it: `low` and `high`, with `log` for a
        logarithmic scale, or `choices`.
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
        """Return the model with the best settings; `trials.csv` in the folder lists every one that was tried.

        The test part is not seen. A search that was killed goes on with the trial that was
        interrupted.

        Raises
        ------
        KitError
            When the space names settings that the model lacks, or there is nothing to choose.
        """
        space = self._space(model)
        study = self._study(folder)
        for interrupted in study.get_trials(deepcopy=False):
            if not interrupted.state.is_finished():
                study.tell(interrupted.number, state=_trial_state("FAIL"))
                study.enqueue_trial(interrupted.params)
        done = _count_done(study)
        for number in tqdm(
            range(done, self.trials), "settings", self.trials, initial=done, file=sys.stderr
        ):
            # A sampler of its own for each trial: an interrupted search ends like one that was not.
            # The factor is a prime above any number of trials, so that no two seeds are the same.
            study.sampler = _make_sampler(random_state * 100_003 + number, self.startup)
            trial = study.ask()
            settings = {key: _suggest(trial, key, choice) for key, choice in space.items()}
            candidate = clone(model).set_params(**settings)
            # Of its own, so that no trial goes on from the checkpoints of one that was pruned.
            trial_folder = folder / f"trial-{number}"
            if "folder" in candidate.get_params(deep=False):
                candidate.set_params(folder=str(trial_folder))
            _evaluate(study, trial, candidate, (train, validation))
            shutil.rmtree(trial_folder, ignore_errors=True)
            write_text(folder / "trials.csv", _trial_table(study))
        return clone(model).set_params(**study.best_params)

    def _space(self, model: Any) -> dict[str, Mapping[str, Any]]:
        known = model.get_params()
        if self.space is None:
            space = {key: choice for key, choice in USUAL.items() if key in known}
            if not space:
                raise KitError(
                    f"{type(model).__name__} has none of the usual settings; name some with search.space"
                )
            return space
        if unknown := sorted(set(self.space) - set(known)):
            raise KitError(
                f"search.space names {', '.join(unknown)}; this model has: {', '.join(sorted(known))}"
            )
        for key, choice in self.space.items():
            if set(choice) not in _CHOICE_KEYS:
                raise KitError(
                    f"search.space.{key} is {dict(choice)}; write {{low: , high: , log: }} or {{choices: []}}"
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
            study_name="search",
            storage=f"sqlite:///{(folder / 'trials.db').resolve()}",
            direction="maximize",
            pruner=optuna.pruners.MedianPruner(n_startup_trials=self.startup),
            load_if_exists=True,
        )


def _evaluate(study: Any, trial: Any, model: Any, parts: tuple[LabelledSet, LabelledSet]) -> None:
    """Train with a trial's settings, and tell the study the macro-F1 on validation."""
    import optuna

    train, validation = parts
    model.watch = _make_watch(trial)
    try:
        fitted = fit(model, train, validation)
    except optuna.TrialPruned:
        study.tell(trial, state=_trial_state("PRUNED"))
        return
    names = train.codebook.names
    truth = indicator(validation.labels, names)
    predicted = indicator(fitted.read(fitted.scores(validation.examples)), names)
    # Over the codes that gold has, as every score of the kit.
    present = truth.any(axis=0)
    score = f1_score(truth[:, present], predicted[:, present], average="macro", zero_division=0)
    study.tell(trial, float(score))


def _trial_state(name: str) -> "optuna.trial.TrialState":
    import optuna

    return optuna.trial.TrialState[name]


def _make_sampler(seed: int, startup: int) -> Any:
    import optuna

    return optuna.samplers.TPESampler(seed=seed, n_startup_trials=startup)


def _count_done(study: Any) -> int:
    states = (_trial_state("COMPLETE"), _trial_state("PRUNED"))
    return sum(trial.state in states for trial in study.get_trials(deepcopy=False))


def _suggest(trial: Any, key: str, choice: Mapping[str, Any]) -> Any:
    if "choices" in choice:
        return trial.suggest_categorical(key, list(choice["choices"]))
    low, high = choice["low"], choice["high"]
    whole = isinstance(low, int) and isinstance(high, int)
    suggest = trial.suggest_int if whole else trial.suggest_float
    return suggest(key, low, high, log=choice.get("log", False))


def _make_watch(trial: Any) -> Callable[[int, float], None]:
    """Return what a training calls after each measurement: it ends a trial that is below the median."""

    def watch(step: int, score: float) -> None:
        import optuna

        trial.report(score, step)
        if trial.should_prune():
            raise optuna.TrialPruned

    return watch


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
