"""Several models as one: fitted together and calibrated (`Ensemble`), or fitted before and averaged (`Average`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.multiclass import OneVsRestClassifier

from stancekit.errors import KitError, listing
from stancekit.fileio import file_name
from stancekit.models.base import ExampleClassifier
from stancekit.models.classifier import FittedClassifier, takes_validation
from stancekit.models.decision import best_temperature, scaled
from stancekit.text.inputs import as_examples
from stancekit.types import Example, FloatArray, ValidationPart

if TYPE_CHECKING:
    from stancekit.models.folder import ModelFolder

ENSEMBLE_FILE, STACK_FILE, AVERAGE_FILE = "ensemble.json", "stack.skops", "average.json"
ENSEMBLE_METHODS = ("average", "stack")
# Probabilities are kept this far from 0 and 1 where log-odds are taken, so that these are finite.
MIN_PROBABILITY = 1e-6
# Stacking is checked by five-fold cross-validation, as is usual; by fewer where a code is rarer.
STACK_FOLDS = 5


class Ensemble(ExampleClassifier):
    """Several models as one, calibrated on validation.

    Parameters
    ----------
    members
        Estimators over examples by name; each is fitted on all of train, but one in a
        `sklearn.frozen.FrozenEstimator` is used as it is. `train` also takes a finished run's
        folder, whose model it fills in.
    method
        `average` takes the mean of the members' probabilities; `stack` learns a logistic regression
        on them from the validation part.
    features
        Set on every member that can take some and has none.
    codebook
        Set on every member that reads one and has none.
    random_state, folder
        Set on every member that has such a parameter.

    Attributes
    ----------
    temperature_
        What log-probabilities are divided by, fitted on validation (Guo et al. 2017); 1 without
        one.
    validation_scores_
        Of method=stack, the ids of the validation examples and their probabilities, shape
        (examples, codes), each from a regression that has not seen the example; otherwise `None`.
        What is chosen on validation is chosen on these.

    Examples
    --------
    >>> from stancekit.models.majority import Majority
    >>> some = [Example("1", "yes"), Example("2", "yes"), Example("3", "no")]
    >>> model = Ensemble({"one": Majority(), "other": Majority()}).fit(some, np.array(["a", "a", "b"]))
    >>> model.predict_proba(some[:1]).round(2).tolist()
    [[0.67, 0.33]]
    """

    passes_on_random_state: ClassVar[bool] = True

    def __init__(
        self,
        members: Mapping[str, Any] | None = None,
        *,
        method: str = "average",
        features: Any = None,
        codebook: Any = None,
        random_state: int | None = 0,
        folder: str | None = None,
    ) -> None:
        self.members = members
        self.method = method
        self.features = features
        self.codebook = codebook
        self.random_state = random_state
        self.folder = folder

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the settings; `deep` ones with the members, and theirs as `MEMBER__SETTING`."""
        settings: dict[str, Any] = super().get_params(deep=deep)
        if deep and isinstance(self.members, Mapping):
            for name, member in self.members.items():
                if name not in settings and hasattr(member, "get_params"):
                    nested = member.get_params().items()
                    settings |= {name: member, **{f"{name}__{key}": value for key, value in nested}}
        return settings

    def set_params(self, **settings: Any) -> Self:
        """Change settings, also of members (`MEMBER__SETTING`), and members themselves."""
        if "members" in settings:
            self.members = settings.pop("members")
        own = self.get_params(deep=False)
        members = self.members if isinstance(self.members, Mapping) else {}
        replaced = {name: settings.pop(name) for name in members if name in {*settings} - {*own}}
        if replaced:
            self.members = {**members, **replaced}
        super().set_params(**settings)
        return self

    def fit(self, X: Any, y: NDArray[Any], validation: ValidationPart | None = None) -> Self:
        """Fit every member, then what joins them; `y` has shape (examples,) or (examples, codes)."""
        if self.method not in ENSEMBLE_METHODS or not self.members:
            names = ", ".join(self.members or {}) or "none"
            raise KitError(
                f"an ensemble takes members and method=average or method=stack; seen: {names}, method={self.method}"
            )
        if self.method == "stack" and validation is None:
            raise KitError(
                "method=stack learns from a validation part, and there is none; use method=average"
            )
        X, y = self._read_labelled(X, y)
        self.classes_ = np.arange(y.shape[1]) if self.multi_label_ else np.unique(y)
        self.members_: dict[str, Any] = {}
        for name, model in self.members.items():
            self.members_[name] = self._fit_member(name, model, X, y, validation)
            self._check_codes(name)
        self.model_: Any = None
        self.temperature_ = 1.0
        self.validation_scores_: tuple[list[str], FloatArray] | None = None
        if validation is not None:
            self._join(as_examples(validation[0]), np.asarray(validation[1]))
        return self

    def predict_proba(self, X: Any) -> FloatArray:
        """Return the probability of each code, shape (examples, codes)."""
        X = self._read_fitted(X)
        joined = self._joined(self._member_scores(X))
        return scaled(joined, self.temperature_, multi_label=self.multi_label_)

    def _fit_member(
        self,
        name: str,
        model: Any,
        X: Sequence[Example],
        y: NDArray[Any],
        validation: ValidationPart | None,
    ) -> Any:
        if isinstance(model, str):
            raise KitError(
                f"member {name!r} is a text, {model!r}; finished runs are loaded by stancekit train"
            )
        if isinstance(model, FrozenEstimator):
            return model.estimator
        model = clone(model)
        settings = {
            "features": self.features,
            "codebook": self.codebook,
            "random_state": self.random_state,
        }
        if self.folder is not None:
            settings["folder"] = f"{self.folder}/{file_name(name)}"
        known = model.get_params(deep=False)
        for key in ("features", "codebook"):
            if known.get(key) is not None:
                del settings[key]
        model.set_params(**{key: value for key, value in settings.items() if key in known})
        if validation is not None and takes_validation(model):
            return model.fit(X, y, validation=validation)
        return model.fit(X, y)

    def _check_codes(self, name: str) -> None:
        """Raise a `KitError` where a member, fitted before, scores other codes than this ensemble."""
        seen = [str(code) for code in self.members_[name].classes_]
        codes = [str(code) for code in self.classes_]
        fits = len(seen) == len(codes) if self.multi_label_ else bool(set(seen) & set(codes))
        if not fits:
            raise KitError(
                f"member {name} scores {listing(seen)}, the examples of this ensemble have {listing(codes)}; "
                "use members of one codebook"
            )

    def _member_scores(self, X: Sequence[Example]) -> FloatArray:
        """Return the members' probabilities, shape (members, examples, codes)."""
        scores = [
            self._aligned(model, np.asarray(model.predict_proba(X)))
            for model in self.members_.values()
        ]
        return np.stack(scores)

    def _aligned(self, model: Any, scores: FloatArray) -> FloatArray:
        """Return a member's columns in the order of `classes_`; one that reads the codebook may know more codes."""
        if self.multi_label_:
            return np.asarray(scores, dtype=float)
        full = np.zeros((len(scores), len(self.classes_)))
        for column, code in enumerate(model.classes_):
            full[:, self.classes_ == code] = scores[:, [column]]
        return np.asarray(full / full.sum(axis=1, keepdims=True).clip(MIN_PROBABILITY))

    def _joined(self, scores: FloatArray) -> FloatArray:
        if self.model_ is None:
            return mean_scores(scores)
        return np.asarray(self.model_.predict_proba(_log_odds_table(scores)))

    def _join(self, X: Sequence[Example], truth: NDArray[Any]) -> None:
        # A code that training lacks cannot be given: its examples say nothing here.
        rows = np.arange(len(truth))
        if not self.multi_label_:
            rows = np.flatnonzero(np.isin(truth, self.classes_))
        scores, truth = self._member_scores([X[row] for row in rows.tolist()]), truth[rows]
        joined = self._stack(scores, truth) if self.method == "stack" else self._joined(scores)
        table = truth.astype(bool) if self.multi_label_ else truth[:, None] == self.classes_[None]
        self.temperature_ = best_temperature(joined, table, multi_label=self.multi_label_)
        if self.model_ is not None:
            unseen_scores = self.predict_proba(X)
            unseen_scores[rows] = scaled(joined, self.temperature_, multi_label=self.multi_label_)
            self.validation_scores_ = ([example.id for example in X], unseen_scores)

    def _stack(self, scores: FloatArray, truth: NDArray[Any]) -> FloatArray:
        """Learn to stack, and return what it says of each validation example when it has not seen it."""
        counts = (
            truth.sum(axis=0)
            if self.multi_label_
            else np.array([(truth == code).sum() for code in self.classes_])
        )
        folds = int(min(STACK_FOLDS, counts.min(), len(truth)))
        # A code that validation hardly has cannot be stacked; then the average is used.
        if folds < 2:
            return self._joined(scores)
        logistic = LogisticRegression(max_iter=2000, random_state=self.random_state)
        stack = OneVsRestClassifier(logistic) if self.multi_label_ else logistic
        table = _log_odds_table(scores)
        unseen_scores = cross_val_predict(stack, table, truth, cv=folds, method="predict_proba")
        self.model_ = stack.fit(table, truth)
        return np.asarray(unseen_scores)

    def save_files(self, folder: "ModelFolder") -> None:
        """Write every member into a folder of its own, and what joins them."""
        members = []
        for index, (name, member) in enumerate(self.members_.items()):
            kind = folder.subfolder(f"member-{index}").write_model(member)
            members.append({"name": name, "kind": kind})
        if self.model_ is not None:
            folder.write_estimator(STACK_FILE, self.model_)
        settings = {
            "members": members,
            "method": self.method,
            "stacked": self.model_ is not None,
            "temperature": self.temperature_,
            "classes": self.classes_.tolist(),
            "multi_label": bool(self.multi_label_),
        }
        folder.write_settings(ENSEMBLE_FILE, settings)

    @classmethod
    def load_files(cls, folder: "ModelFolder") -> Self:
        """Read an ensemble back."""
        required: dict[str, type | tuple[type, ...]] = {
            "members": list,
            "method": str,
            "stacked": bool,
            "temperature": (int, float),
            "classes": list,
            "multi_label": bool,
        }
        settings = folder.read_settings(ENSEMBLE_FILE, required=required)
        with folder.refusing(ENSEMBLE_FILE):
            kinds = {str(member["name"]): str(member["kind"]) for member in settings["members"]}
            if len(kinds) != len(settings["members"]) or not kinds:
                raise ValueError("it has no members, or several of one name")
            model = cls(method=settings["method"])
            model.temperature_ = float(settings["temperature"])
            if not 0 < model.temperature_ < np.inf:
                raise ValueError(f"its temperature is {model.temperature_}")
            model.classes_ = np.array(settings["classes"])
            model.multi_label_ = settings["multi_label"]
        model.members_ = {
            name: folder.subfolder(f"member-{index}").read_model(kind)
            for index, (name, kind) in enumerate(kinds.items())
        }
        model.model_ = folder.read_estimator(STACK_FILE) if settings["stacked"] else None
        return model


def _log_odds_table(scores: FloatArray) -> FloatArray:
    """Return log-odds of all members side by side, shape (examples, members x codes)."""
    clipped = scores.clip(MIN_PROBABILITY, 1 - MIN_PROBABILITY)
    return np.asarray(np.concatenate(logit(clipped), axis=1))


@dataclass(frozen=True, slots=True)
class Average:
    """Several fitted models of one codebook as one: the mean of their probabilities, each as calibrated before.

    Lakshminarayanan et al. (2017), "Simple and Scalable Predictive Uncertainty Estimation using
    Deep Ensembles", section 2.4. Nothing is fitted: members that drew other validation parts have
    seen each other's, so no unseen data remain for calibration.
    """

    members: tuple[FittedClassifier, ...]

    @property
    def classes_(self) -> NDArray[Any]:
        """Return the codes, in the order of the columns."""
        names = self.members[0].codebook.names
        return np.arange(len(names)) if self.members[0].codebook.multi_label else np.array(names)

    def predict_proba(self, X: Any) -> FloatArray:
        """Return the mean of the members' probabilities, shape (examples, codes)."""
        examples = as_examples(X)
        return mean_scores([member.scores(examples) for member in self.members])

    def save_files(self, folder: "ModelFolder") -> None:
        """Write every member into a folder of its own, with a manifest of its own."""
        names = [f"member-{index}" for index in range(len(self.members))]
        for name, member in zip(names, self.members, strict=True):
            folder.subfolder(name).write_fitted(member)
        folder.write_settings(AVERAGE_FILE, {"members": names})

    @classmethod
    def load_files(cls, folder: "ModelFolder") -> Self:
        """Read an average back: the members that were written, and no other folders."""
        names = folder.read_settings(AVERAGE_FILE, required={"members": list})["members"]
        with folder.refusing(AVERAGE_FILE):
            if not names or names != [f"member-{index}" for index in range(len(names))]:
                raise ValueError("it has no members, or members of other names")
        members = tuple(folder.subfolder(name).read_fitted() for name in names)
        with folder.refusing(AVERAGE_FILE):
            if any(member.codebook != members[0].codebook for member in members):
                raise ValueError("its members have several codebooks")
        return cls(members)


def mean_scores(scores: Sequence[FloatArray] | FloatArray) -> FloatArray:
    """Return the mean over models of scores of shape (examples, codes), or of thresholds of shape (codes,)."""
    return np.asarray(np.mean(scores, axis=0))


def average_models(
    members: Sequence[FittedClassifier], *, name: str = "average"
) -> FittedClassifier:
    """Make one model of several of the same codebook; a threshold becomes the mean of theirs.

    Raises
    ------
    KitError
        When there are fewer than two, or their codebooks differ.

    Examples
    --------
    >>> from stancekit.codebook import make_codebook
    >>> from stancekit.models.majority import Majority
    >>> tone = make_codebook("tone", {"warm": {"definition": "Kind."}, "cold": {"definition": "Unkind."}})
    >>> some = [Example("1", "x"), Example("2", "y")]
    >>> first = FittedClassifier(Majority().fit(some, np.array(["cold", "warm"])), tone)
    >>> second = FittedClassifier(Majority().fit(some, np.array(["warm", "warm"])), tone)
    >>> average_models([first, second]).scores(some[:1]).round(2).tolist()
    [[0.25, 0.75]]
    """
    names = sorted({member.codebook.name for member in members})
    if len(members) < 2:
        raise KitError(
            f"an average takes two models or more; seen: {len(members)}. Train with random_state=0,1,2"
        )
    if any(member.codebook != members[0].codebook for member in members):
        raise KitError(
            f"models of one codebook can be averaged, not of several: {listing(names)}. Choose one codebook"
        )
    thresholds = mean_scores([np.array(member.thresholds) for member in members])
    return FittedClassifier(
        Average(tuple(members)), members[0].codebook, tuple(thresholds.tolist()), name=name
    )
