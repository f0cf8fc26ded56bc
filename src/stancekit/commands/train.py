"""`stancekit train`: fit one model on one corpus and codebook, and score it on test."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from stancekit.codebook import Codebook
from stancekit.corpus import AutoSplit, Corpus, Splits
from stancekit.errors import KitError, printable
from stancekit.formatting import format_score
from stancekit.library.model import StanceModel
from stancekit.library.objects import as_codebook, as_corpus, make_objects
from stancekit.library.starts import start_settings, started_model
from stancekit.models.search import Optuna
from stancekit.runs.record import Run
from stancekit.runs.training import fit_run

# What an object of each group has, by which one of another kind is known.
_METHODS = {"model": "get_params", "features": "render", "split": "__call__", "search": "__call__"}


def train(  # noqa: PLR0913  # one argument per key of configs/train.yaml
    corpus: Corpus | str | Path | Any,
    *,
    codebook: Codebook | str | Path | None = None,
    model: str | Any = None,
    start: str | Path | None = None,
    split: str | Callable[..., Splits] | None = None,
    features: str | Any = None,
    settings: Mapping[str, Any] | None = None,
    random_state: int = 0,
    output: str | Path = "experiments/default",
    name: str | None = None,
    search: str | Optuna | None = None,
    folds: int | None = None,
    refit: bool = False,
    logit_adjustment: bool = False,
    config: Mapping[str, Any] | None = None,
    verbose: bool = True,
) -> StanceModel:
    """Fit a model on train, choose thresholds on validation, score it on test, and print its score.

    What is a choice on the command line (`model=svm`) is a name here too, or an object. Names are
    those of the configurations, your own in `./configs` included.

    Parameters
    ----------
    corpus
        The labelled data: what `stancekit.read_table` returns; the name of a corpus; a data file,
        also a sample that `stancekit sample` wrote, filled in; or a table (a DataFrame, a
        `datasets.Dataset`, a list of dicts) whose columns are called `text`, `actor`, `target` and
        like the codebook.
    codebook
        The codes that the model learns: a name, a YAML file, or a `Codebook`. By default `stance`.
    model
        A name, as `svm` or `minilm`, or an estimator over examples; `codebook` and `random_state`
        are set on it where it has them. By default `logreg`.
    start
        The encoder that training starts from: `box`, which comes with the kit; the folder of a
        fine-tuned encoder that was saved, or of its run; another encoder's folder or hub name. By
        default that of the model. Where no model is named, it is `box_tuned`.
    split
        How the data is divided into train, validation and test. By default as the data marks it;
        where it marks nothing, at random by whole articles (`grouped`).
    features
        What the model sees of actor and target; by default `marked`, or what an estimator was made
        with.
    settings
        Other values of the settings of a model that is named, as in `{"classifier.C": 0.5}`; on the
        command line, `model.classifier.C=0.5`.
    random_state
        The seed of everything random. A model whose fit does not depend on it, with a split that
        does not, is trained once, as random state 0.
    output
        The experiment's folder; the run goes into a folder below `output/runs`.
    name
        The model's name in tables; by default the name of its configuration, or its class's.
    search
        Chooses the model's settings on validation before it is trained; `search/trials.csv` in the
        run's folder lists all settings that were tried.
    folds
        In how many folds the articles are divided (5 is usual). For each fold, a model learns from
        the others, and all are saved as one. `label` with it gives the mean of their scores, and for
        articles that were annotated also those of the model that held them out, so that `estimate`
        may use the rows that the model learned from. Scores are those of held-out rows.
    refit
        Whether the model is fitted once more on train and validation together, after everything was
        chosen on validation. It takes twice the time, and helps where there are few examples.
    logit_adjustment
        Whether scores are adjusted to how common each code is in train, as far as macro-F1 on
        validation gains: for data where most examples have the same code. A codebook with several
        codes per example does not need it, since thresholds do the same.
    config
        What to record as the run's configuration; the command line passes the composed one.
    verbose
        Whether the scores and the folder are printed.

    Returns
    -------
    StanceModel
        The trained model; its `run` has the test examples, and its `folder` can be loaded and
        labelled with. A run with the same settings, data and version that is finished is read back
        and not repeated.

    Raises
    ------
    KitError
        When the data, a name, a setting or the output folder is at fault.

    Examples
    --------
    >>> import tempfile
    >>> import stancekit
    >>> model = stancekit.train("un_votes_outside", model="majority", output=tempfile.mkdtemp())
    ... # doctest: +ELLIPSIS
    majority for stance on un_votes_outside: macro-F1 .110 [.071, .145] on 64 test examples (split grouped, ...)
    F1 by code: condemn ..., abstain ..., support ..., none ...
    run: ...
    >>> model.name, model.run.random_state
    ('majority', 0)
    """
    if start is not None:
        model, settings = _start_from(start, model, settings)
    objects, names = _named_objects(
        {"model": model, "features": features, "split": split, "search": search}, settings
    )
    if config is not None:
        names = dict(config.get("choices", {}))
    run = fit_run(
        corpus=as_corpus(corpus),
        codebook=as_codebook(codebook),
        **objects,
        random_state=random_state,
        output=output,
        name=name or names.get("model"),
        refit=refit,
        logit_adjustment=logit_adjustment,
        config=config,
        choices=names,
        folds=folds,
    )
    trained = StanceModel(run.folder / "model", run=run)
    if verbose:
        named = objects["split"] is not None and not isinstance(objects["split"], AutoSplit)
        unmarked = not named and run.split == "grouped"
        print("\n".join(_score_lines(trained, run, unmarked=unmarked)), flush=True)
    return trained


def _start_from(
    start: str | Path, model: Any, settings: Mapping[str, Any] | None
) -> tuple[Any, Mapping[str, Any] | None]:
    """Return the model that starts from an encoder, and its settings where it is named."""
    if model is not None and not isinstance(model, str):
        if not hasattr(model, "get_params"):
            return model, settings
        return started_model(start, model), settings
    name, started = start_settings(start, model)
    if "checkpoint" in (settings or {}):
        raise KitError(
            "start= and settings={'checkpoint': ...} both name what training starts from; give one"
        )
    return name, {**(settings or {}), **started}


def _score_lines(model: StanceModel, run: Run, *, unmarked: bool) -> Iterator[str]:
    """Yield what is printed of a trained model: its scores with intervals, and where it is."""
    scores = {(score.metric, score.slice): score for score in model.main_scores}
    why = ", as the data marks none" if unmarked else ""
    yield (
        f"{run.model} for {run.codebook} on {run.corpus}: "
        f"macro-F1 {format_score(scores['macro_f1', 'all'])} on {len(run.rows)} test examples "
        f"(split {run.split}{why}; random state {run.random_state})"
    )
    by_code = (
        (code.name, scores.get(("f1", f"code={code.name}"))) for code in model.codebook.codes
    )
    codes = ", ".join(f"{name} {format_score(score)}" for name, score in by_code if score)
    yield f"F1 by code: {codes}"
    unread = (
        f"; {run.unread} rows of the data could not be read and are left out" if run.unread else ""
    )
    yield f"run: {run.folder}{unread}"


def _named_objects(
    given: Mapping[str, Any], settings: Mapping[str, Any] | None
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the objects of `fit_run`'s groups and the names of those that were named.

    An object is taken as it is, and so is the absence of one, but for the model: it is chosen, with
    its features, where none is given.
    """
    for group, attribute in _METHODS.items():
        value = given[group]
        if not (value is None or isinstance(value, str) or hasattr(value, attribute)):
            shown = printable(repr(value), most=60)
            raise KitError(f"{group} is {shown}; give a name, or an object with {attribute}()")
    choices: dict[str, str | None] = {
        group: value for group, value in given.items() if isinstance(value, str)
    }
    model = given["model"]
    if settings and not (model is None or isinstance(model, str)):
        shown = printable(repr(model), most=60)
        raise KitError(f"settings= are of a model that is named; set them on {shown} itself")
    if model is None:
        choices["model"] = None
    if "model" in choices and given["features"] is None:
        choices["features"] = None
    if not choices:
        return dict(given), {}
    objects, names = make_objects(choices, settings)
    # What a model's own configuration says of features counts unless others are asked for.
    made = objects.get("model")
    if given["features"] is None and getattr(made, "features", None) is not None:
        objects["features"] = None
        names["features"] = "own"
    return {**given, **objects}, names
