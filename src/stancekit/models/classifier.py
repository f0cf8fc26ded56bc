"""A fitted model with what is needed to read its scores as codes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from inspect import signature
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stancekit.codebook import Codebook
from stancekit.corpus.dataset import LabelledSet, indicator
from stancekit.errors import KitError
from stancekit.models.decision import (
    best_offsets,
    best_temperature,
    best_thresholds,
    scaled,
    shifted,
)
from stancekit.models.scorer import Classifier, Scorer
from stancekit.models.selective import SelectivePolicy, confidence, fit_policy
from stancekit.models.soft import fit_on
from stancekit.types import Example, Prediction


def encode_labels(data: LabelledSet) -> NDArray[Any]:
    """Return gold codes as `y`: names of shape (examples,), or an indicator (examples, codes)."""
    if data.codebook.multi_label:
        return indicator(data.labels, data.codebook.names).astype(int)
    return np.array([label for (label,) in data.labels])


@dataclass(frozen=True, slots=True)
class FittedClassifier:
    """A fitted classifier, its codebook, and what turns its scores into codes.

    Parameters
    ----------
    model
        The fitted model.
    codebook
        What its columns mean.
    thresholds
        Of a multi-label codebook, the score from which each code is given; none is one half each.
    name
        What reports call it.
    temperature, offsets
        Of a single-label codebook, see `stancekit.models.decision`.
    policy
        When to leave an example to a person, see `stancekit.models.selective`.
    """

    model: Scorer
    codebook: Codebook
    thresholds: tuple[float, ...] = ()
    name: str = "model"
    temperature: float = 1.0
    policy: SelectivePolicy = field(default_factory=SelectivePolicy)
    offsets: tuple[float, ...] = ()

    def scores(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return the score of every code of the codebook, shape (examples, codes).

        A code the model never saw in training scores 0.
        """
        return self.calibrated(self.model.predict_proba(examples))

    def calibrated(self, raw: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the scores of every code, shape (examples, codes), that the model's own are read as."""
        raw = self.by_code(raw)
        if self.codebook.multi_label:
            return raw
        return scaled(shifted(raw, self.offsets), self.temperature, known=self.known)

    @property
    def classes_(self) -> NDArray[Any]:
        """Return the names of the codes, in the order of the columns of `scores`."""
        return np.array(self.codebook.names)

    @property
    def known(self) -> NDArray[np.bool_]:
        """Say which codes of the codebook the model can give, shape (codes,)."""
        return np.isin(self.codebook.names, self.model.classes_)

    def by_code(self, raw: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the model's scores with a column for every code, shape (examples, codes), not yet calibrated."""
        if self.codebook.multi_label:
            return raw
        full = np.zeros((len(raw), len(self.codebook.names)))
        full[:, [self.codebook.names.index(str(code)) for code in self.model.classes_]] = raw
        return full

    def predict(self, examples: Sequence[Example]) -> list[Prediction]:
        """Label examples."""
        if not examples:
            return []
        scores = self.scores(examples)
        rows = zip(examples, self.read(scores), scores.tolist(), strict=True)
        return [Prediction(example.id, labels, tuple(row)) for example, labels, row in rows]

    def read(self, scores: NDArray[np.float64]) -> list[tuple[str, ...]]:
        """Return the codes that scores mean, shape (examples, codes) to one tuple per example."""
        return codes_from_scores(
            scores, self.codebook.names, self.thresholds, multi_label=self.codebook.multi_label
        )

    def declined(self, predictions: Sequence[Prediction], risk: float) -> list[bool]:
        """Say which predictions a person should annotate, if no more than the share `risk` may be wrong."""
        shape = (len(predictions), len(self.codebook.names))
        scores = np.array([prediction.scores for prediction in predictions]).reshape(shape)
        unsure = confidence(scores, self.thresholds) < self.policy.cut(risk)
        return [bool(value) for value in unsure]


def codes_from_scores(
    scores: NDArray[np.float64],
    names: Sequence[str],
    thresholds: Sequence[float] = (),
    *,
    multi_label: bool,
) -> list[tuple[str, ...]]:
    """Return the codes that scores of shape (examples, codes) mean: the highest, or all at their threshold.

    Examples
    --------
    >>> codes_from_scores(np.array([[0.6, 0.4]]), ["a", "b"], multi_label=False)
    [('a',)]
    >>> codes_from_scores(np.array([[0.6, 0.4]]), ["a", "b"], [0.5, 0.3], multi_label=True)
    [('a', 'b')]
    """
    if not multi_label:
        return [(names[index],) for index in scores.argmax(axis=1)]
    passed = scores >= np.array(thresholds or [0.5] * len(names))
    return [tuple(name for name, yes in zip(names, row, strict=True) if yes) for row in passed]


def fit(
    model: Classifier,
    train: LabelledSet,
    validation: LabelledSet,
    *,
    name: str = "model",
    logit_adjustment: bool = False,
) -> FittedClassifier:
    """Fit a model on the train part; when to stop and how to read its scores come from the validation part.

    Parameters
    ----------
    logit_adjustment
        Whether the codes' shares of train shift the scores of a single-label model, as far as
        macro-F1 on validation asks for: see `stancekit.models.decision.best_offsets`.

    Raises
    ------
    KitError
        When train is empty, or has one code only and the model cannot learn from that.
    """
    if not len(train):
        raise KitError(f"the train part of {train.name} is empty; use another split, or more data")
    extra = {}
    if takes_validation(model):
        extra["validation"] = (validation.examples, encode_labels(validation))
    y = encode_labels(train)
    try:
        fit_on(model, train, y, **extra)
    except ValueError as error:
        codes = np.unique(y)
        if isinstance(error, KitError) or y.ndim == 2 or len(codes) > 1:
            raise
        raise KitError(
            f"all {len(y)} training examples of {train.name} have the code {str(codes[0])!r}, and {name} learns from "
            "two codes or more; add examples of others, use another split, or model=majority, which needs none"
        ) from error
    counts = list(train.counts.values()) if logit_adjustment else ()
    return calibrate(model, validation, name=name, counts=counts)


def calibrate(
    model: Scorer, validation: LabelledSet, *, name: str = "model", counts: Sequence[int] = ()
) -> FittedClassifier:
    """Choose on validation how a fitted model's scores are read: thresholds, or offsets and a temperature.

    When to decline is chosen too. A model that has calibrated itself on validation (`temperature_`)
    is not calibrated again.

    Parameters
    ----------
    counts
        How many training examples have each code, where offsets are asked for.
    """
    bare = FittedClassifier(model, validation.codebook, name=name)
    names, scores = bare.codebook.names, _validation_scores(bare, validation)
    truth = indicator(validation.labels, names)
    if validation.codebook.multi_label:
        ready = replace(bare, thresholds=tuple(best_thresholds(scores, truth)))
    else:
        offsets = best_offsets(scores, truth.argmax(axis=1), counts) if len(counts) else ()
        scores = shifted(scores, offsets)
        calibrated = hasattr(model, "temperature_") and not any(offsets)
        best = 1.0 if calibrated else best_temperature(scores, truth, known=bare.known)
        ready = replace(bare, offsets=offsets, temperature=best)
        scores = scaled(scores, best, known=bare.known)
    wrong = (indicator(ready.read(scores), names) != truth).any(axis=1)
    return replace(
        ready, policy=fit_policy(scores, truth, wrong, validation.articles, ready.thresholds)
    )


def _validation_scores(bare: FittedClassifier, validation: LabelledSet) -> NDArray[np.float64]:
    """Return scores of validation by code; of a model that learned from it, those made before it had."""
    ids, unseen_scores = getattr(bare.model, "validation_scores_", None) or (None, None)
    if unseen_scores is not None and ids == [example.id for example in validation.examples]:
        return bare.by_code(unseen_scores)
    return bare.scores(validation.examples)


def refit_on_all(
    fitted: FittedClassifier, train: LabelledSet, validation: LabelledSet
) -> FittedClassifier:
    """Fit the same model again, on the train and the validation part, after all was chosen on the latter.

    Thresholds, temperature and when to decline stay as they were found on text that the model had
    not seen. An encoder goes through all its steps: there is nothing left to stop early on.
    """
    from sklearn.base import clone

    joined = train.joined(validation)
    model = clone(fitted.model)
    if folder := model.get_params(deep=False).get("folder"):
        model.set_params(folder=f"{folder}/refit")
    fit_on(model, joined, encode_labels(joined))
    if hasattr(fitted.model, "temperature_"):
        model.temperature_ = fitted.model.temperature_
    return replace(fitted, model=model)


# scikit-learn's estimators that take a random state and use it with some settings only.
_RANDOM_ONLY_IF: dict[str, Callable[[Mapping[str, Any]], bool]] = {
    "LogisticRegression": lambda settings: settings["solver"] in ("sag", "saga", "liblinear"),
    "RidgeClassifier": lambda settings: settings["solver"] in ("sag", "saga"),
    "LinearSVC": lambda settings: settings["dual"] is not False,
    "SVC": lambda settings: bool(settings["probability"]),
    "NuSVC": lambda settings: bool(settings["probability"]),
    # And the kit's language model, which draws demonstrations if it is to have some.
    "LLM": lambda settings: bool(settings["examples"]),
}


def depends_on_random_state(model: Any) -> bool:
    """Say whether `fit` can give another model for another random state, from the settings alone.

    A model does that has a parameter `random_state` which it uses, or a part of which does. One
    that only passes it on to its parts says so with a class attribute `passes_on_random_state`.
    What draws the training part or searches for settings (`split`, `search`) may depend on the
    random state too.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.svm import LinearSVC
    >>> from stancekit.models.linear import Linear
    >>> [depends_on_random_state(Linear(part)) for part in (LogisticRegression(), LinearSVC())]
    [False, True]
    """
    from sklearn.frozen import FrozenEstimator

    if isinstance(model, str | FrozenEstimator):  # fitted before, and used as it is
        return False
    settings = model.get_params(deep=False)
    draws = "random_state" in settings and not getattr(model, "passes_on_random_state", False)
    only_if = _RANDOM_ONLY_IF.get(type(model).__name__)
    if draws and only_if:
        draws = only_if(settings)
    return draws or any(map(depends_on_random_state, _sub_estimators(settings)))


def _sub_estimators(settings: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the estimators among settings, and an ensemble's members."""
    yield from (settings.get("members") or {}).values()
    for value in settings.values():
        if hasattr(value, "get_params"):
            yield value
        elif isinstance(value, list):  # of a pipeline or a vote: pairs of a name and an estimator
            pairs = [item for item in value if isinstance(item, tuple)]
            yield from (pair[1] for pair in pairs if hasattr(pair[1], "get_params"))


def takes_validation(model: Any) -> bool:
    """Say whether a model's `fit` looks at a validation part."""
    return "validation" in signature(model.fit).parameters
