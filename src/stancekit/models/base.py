"""What every classifier offers: scikit-learn's contract over texts, and its files on disk."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d

from stancekit.errors import KitError, listing
from stancekit.models.folder import SKOPS_FILE
from stancekit.text.inputs import as_examples, is_missing, is_sparse
from stancekit.types import Example

if TYPE_CHECKING:
    from stancekit.models.folder import ModelFolder


class ExampleClassifier(ClassifierMixin, BaseEstimator):
    """What all classifiers of the kit share: how they read X and y, labels from scores, and files.

    X is a list of examples, or whatever `stancekit.text.inputs.as_examples` reads: texts, dicts, a
    DataFrame with the columns `text`, `actor` and `target`. `y` has a code for each, as a text or a
    number, or is an indicator of shape (examples, codes) where there may be several.

    A subclass has `predict_proba`, which reads X with `_read_fitted`, and a `fit`, which reads X and
    y with `_read_labelled` and sets the attributes below.

    Attributes
    ----------
    classes_
        The codes of the columns of `predict_proba`: names in alphabetical order, or, of an
        indicator `y`, the numbers of its columns, as in scikit-learn.
    multi_label_
        Whether `y` was an indicator of shape (examples, codes).
    """

    classes_: NDArray[Any]
    multi_label_: bool
    # A random state is only passed on to parts, and is not used by the model itself.
    passes_on_random_state: ClassVar[bool] = False
    # Whether `fit` learns from examples; otherwise it may be given none.
    needs_examples: ClassVar[bool] = True

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn what X and y may be."""
        tags = tag_texts(super().__sklearn_tags__())
        tags.classifier_tags.multi_label = True
        tags.classifier_tags.poor_score = not self.needs_examples
        return tags

    def _read_labelled(self, X: Any, y: Any) -> tuple[Sequence[Example], NDArray[Any]]:
        """Return what a model learns from, checked; sets whether there may be several codes."""
        examples = as_examples(X)
        name = type(self).__name__
        if self.needs_examples and not len(examples):
            raise KitError(f"{name} was given no examples; give some of each code")
        y = check_labels(y, len(examples), name)
        self.multi_label_ = y.ndim == 2
        return examples, y

    def _read_fitted(self, X: Any) -> Sequence[Example]:
        """Return what a fitted model scores; one that is not fitted raises a `NotFittedError`."""
        check_is_fitted(self)
        return as_examples(X)

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the score of each code, shape (examples, codes)."""
        raise NotImplementedError

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the code with the highest score, or the indicator of codes at or above one half."""
        scores = self.predict_proba(X)
        if self.multi_label_:
            return (scores >= 0.5).astype(int)
        return np.asarray(self.classes_[scores.argmax(axis=1)])

    def save_files(self, folder: "ModelFolder") -> None:
        """Write the fitted model into an empty folder."""
        folder.write_estimator(SKOPS_FILE, self)

    @classmethod
    def load_files(cls, folder: "ModelFolder") -> Self:
        """Read a fitted model back from the files that `save_files` wrote."""
        model: Self = folder.read_estimator(SKOPS_FILE, cls)
        return model


def weights_of(sample_weight: Any, y: NDArray[Any], *names: str) -> dict[str, Any]:
    """Return the arguments that hand weights of examples on to scikit-learn; none where there are none.

    Parameters
    ----------
    names
        What the weights are called there.

    Raises
    ------
    KitError
        When `y` is an indicator: scikit-learn's one classifier per code takes no weights.
    """
    if sample_weight is None:
        return {}
    if y.ndim == 2:
        raise KitError(
            "sample_weight is for one code per example, and y is an indicator; leave it out"
        )
    return dict.fromkeys(names, sample_weight)


def check_known(y: NDArray[Any], names: Sequence[str], source: str) -> None:
    """Raise a `KitError` where labels are none of the codes that a model can give.

    Parameters
    ----------
    y
        Checked labels, one per example or an indicator.
    names
        The codes, in the order of the columns of an indicator.
    source
        Where the codes are from, for the message.
    """
    if y.ndim == 2:
        if y.shape[1] != len(names):
            raise KitError(
                f"y is an indicator of {y.shape[1]} codes, and {source} has {len(names)}: "
                f"{listing(names)}; give a column for each, in this order"
            )
    elif unknown := sorted(map(str, set(y.tolist()) - set(names))):
        raise KitError(
            f"y has the codes {listing(unknown)}, and {source} has: {listing(names, 30)}; "
            "map the labels to these codes"
        )


def tag_texts(tags: Any) -> Any:
    """Return scikit-learn's tags of an estimator whose X is texts, dicts or a table, and no array of numbers."""
    tags.input_tags.one_d_array = tags.input_tags.string = tags.input_tags.dict = True
    tags.input_tags.two_d_array = False
    return tags


def check_labels(y: Any, size: int, name: str = "fit") -> NDArray[Any]:
    """Return gold codes as an array: one code per example, or an indicator of shape (examples, codes).

    Parameters
    ----------
    size
        The number of examples.
    name
        What the labels are for, in messages.

    Raises
    ------
    KitError
        When there are more or fewer labels than examples, when labels are missing, or when those of
        an example are neither a code nor a row of 0 and 1.

    Examples
    --------
    >>> check_labels(["for", "against"], 2).tolist()
    ['for', 'against']
    >>> check_labels([[True, False], [True, True]], 2).tolist()
    [[1, 0], [1, 1]]
    """
    if y is None:
        raise KitError(f"{name} requires y to be passed, but the target y is None")
    try:
        labels = np.asarray(y.toarray() if is_sparse(y) else y)
    except ValueError:  # rows of several lengths
        raise KitError(_INDICATOR_ADVICE) from None
    if not labels.ndim or len(labels) != size:
        rows = len(labels) if labels.ndim else "no"
        raise KitError(f"X has {size} rows and y {rows}; give one label per row, in the same order")
    if labels.dtype.kind in "Of":
        missing = [row for row, label in enumerate(labels.ravel()) if is_missing(label)]
        if missing:
            rows = listing(index // (labels.size // size) for index in missing)
            raise KitError(f"y has no label in rows {rows}, counted from 0; leave these out")
    if labels.ndim == 2 and labels.dtype.kind in "biuf" and np.isin(labels, (0, 1)).all():
        return np.asarray(labels.astype(int))
    if labels.ndim > 1 and labels.shape[1:] != (1,):
        raise KitError(_INDICATOR_ADVICE)
    labels = np.asarray(column_or_1d(labels, warn=True))
    if size:
        check_classification_targets(labels)
    return labels


_INDICATOR_ADVICE = (
    "y has several labels per row and is no indicator of 0 and 1, of shape (examples, codes); "
    "sklearn.preprocessing.MultiLabelBinarizer().fit_transform(y) makes one of lists of codes"
)
