"""`stancekit train`: fit one model on one corpus and codebook, and score it on test."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from stancekit.codebook import Codebook
from stancekit.corpus import Corpus, Splits
from stancekit.formatting import format_score
from stancekit.models.search import Optuna
from stancekit.runs.record import Run
from stancekit.runs.scores import main_score
from stancekit.runs.training import fit_run


def train(  # noqa: PLR0913  # one argument per key of configs/train.yaml
    *,
    corpus: Corpus,
    codebook: Codebook,
    split: Callable[..., Splits],
    model: Any,
    features: Any = None,
    random_state: int = 0,
    output: str | Path = "experiments/default",
    name: str | None = None,
    search: Optuna | None = None,
    refit: bool = False,
    logit_adjustment: bool = False,
    config: Mapping[str, Any] | None = None,
) -> Run:
    """Fit a model on train, choose thresholds on validation, score it on test, and print its score.

    Parameters
    ----------
    corpus
        The labelled data.
    codebook
        The codes that the model learns.
    split
        How the data is divided into train, validation and test.
    model
        An estimator over examples; `codebook` and `random_state` are set on it where it has them.
    features
        What the model sees of actor and target; by default what the estimator was made with.
    random_state
        The seed of everything random. A model whose fit does not depend on it, with a split that
        does not, is trained once, as random state 0.
    output
        The experiment's folder; the run goes into a folder below `output/runs`.
    name
        The model's name in tables; on the command line, the name of its configuration.
    search
        Chooses the model's settings on validation before it is trained; `search/trials.csv` in the
        run's folder lists all settings that were tried.
    refit
        Whether the model is fitted once more on train and validation together, after everything was
        chosen on validation. It takes twice the time, and helps where there are few examples.
    logit_adjustment
        Whether scores are adjusted to how common each code is in train, as far as macro-F1 on
        validation gains: for data where most examples have the same code. A codebook with several
        codes per example does not need it, since thresholds do the same.
    config
        What to record as the run's configuration; the command line passes the composed one.

    Returns
    -------
    Run
        The finished run. A run with the same settings, data and version that is finished is read
        back and not repeated.

    Raises
    ------
    KitError
        When the data, a setting or the output folder is at fault.

    Examples
    --------
    >>> import tempfile
    >>> from stancekit.codebook import load_codebook
    >>> from stancekit.corpus import FixedSplit, bundled
    >>> from stancekit.models.majority import Majority
    >>> stance, folder = load_codebook("stance"), tempfile.mkdtemp()
    >>> run = train(
    ...     corpus=bundled(), codebook=stance, split=FixedSplit(), model=Majority(), output=folder
    ... )  # doctest: +ELLIPSIS
    Majority for stance on un_votes, random state 0: macro-F1 .100 [.090, .110] on 865 test examples
    run: ...
    >>> run.model
    'Majority'
    """
    run = fit_run(
        corpus=corpus,
        codebook=codebook,
        split=split,
        model=model,
        features=features,
        random_state=random_state,
        output=output,
        name=name,
        search=search,
        refit=refit,
        logit_adjustment=logit_adjustment,
        config=config,
    )
    print(
        f"{run.model} for {run.codebook} on {run.corpus}, random state {run.random_state}: "
        f"macro-F1 {format_score(main_score(run.folder))} on {len(run.rows)} test examples\n"
        f"run: {run.folder}",
        flush=True,
    )
    return run
