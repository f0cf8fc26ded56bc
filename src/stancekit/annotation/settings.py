"""How a project is annotated: who judges what how often, and whether a model's codes are shown."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from stancekit.errors import KitError, listing

Suggest = Literal["never", "after", "before"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectSettings:
    """The settings of a project.

    Attributes
    ----------
    codebooks
        The names of the codebooks, in the order in which they are asked.
    overlap
        How many annotators judge an item that several judge, or `all`.
    share
        The share of items that several judge; the others are judged by one.
    calibration
        How many items all annotators judge first, in the same order.
    repeats
        The share of an annotator's items that come a second time, unannounced.
    suggest
        Whether the model's code is shown: `never`, `after` one's own is saved, or `before`.
    random_state
        What the orders and the items that several judge are drawn with.
    created
        When, in UTC.

    Raises
    ------
    KitError
        When a value is out of its range.

    Examples
    --------
    >>> ProjectSettings(codebooks=("stance",), overlap=2, share=0.3).suggest
    'never'
    """

    codebooks: tuple[str, ...]
    overlap: int | Literal["all"] = 1
    share: float = 1.0
    calibration: int = 0
    repeats: float = 0.0
    suggest: Suggest = "never"
    random_state: int = 0
    created: str = ""

    def __post_init__(self) -> None:
        """Check the values."""
        if faults := list(self._faults()):
            raise KitError(f"{'; '.join(faults)}")

    def _faults(self) -> list[str]:
        faults = []
        if not self.codebooks:
            faults.append("a project needs a codebook; set codebooks='[stance]'")
        if self.overlap != "all" and not (_is_count(self.overlap) and self.overlap >= 1):
            faults.append(f"overlap is {self.overlap!r}; give a number of annotators, or all")
        for name in ("share", "repeats"):
            value = getattr(self, name)
            if not (isinstance(value, int | float) and 0 <= value <= 1):
                faults.append(f"{name} is {value!r}; give a share from 0 to 1")
        if not (_is_count(self.calibration) and self.calibration >= 0):
            faults.append(f"calibration is {self.calibration!r}; give a number of items, or 0")
        if self.suggest not in get_args(Suggest):
            faults.append(f"suggest is {self.suggest!r}; there are: {', '.join(get_args(Suggest))}")
        if not (_is_count(self.random_state) and self.random_state >= 0):
            faults.append(f"random_state is {self.random_state!r}; give a whole number from 0")
        return faults

    def to_dict(self) -> dict[str, Any]:
        """Return plain data that `from_dict` reads back."""
        return asdict(self) | {"codebooks": list(self.codebooks)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "ProjectSettings":
        """Rebuild settings from `to_dict`.

        Raises
        ------
        KitError
            When a setting is unknown or missing.
        """
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(data) - known):
            raise KitError(f"unknown settings {listing(unknown)}; there are: {listing(known, 20)}")
        try:
            return cls(**{**data, "codebooks": tuple(data["codebooks"])})
        except (KeyError, TypeError) as error:
            raise KitError(f"settings of a project cannot be read: {error}") from None


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
