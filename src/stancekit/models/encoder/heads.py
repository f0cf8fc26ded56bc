"""Linear heads on what an encoder makes of examples. Without torch."""

from typing import Any

from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def logistic_head(
    *, C: float, class_weight: str | None, random_state: int | None, multi_label: bool
) -> Any:
    """Return logistic regression on standardized numbers, one per code where there may be several codes."""
    logistic = LogisticRegression(
        C=C, class_weight=class_weight, max_iter=2000, random_state=random_state
    )
    return make_pipeline(
        StandardScaler(), OneVsRestClassifier(logistic) if multi_label else logistic
    )
