"""Codebooks: what can be said about an example. Stance and frame schemes are one type."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from stancekit.errors import KitError, listing
from stancekit.resources import config_folders, find_config

Unit = Literal["example", "sentence"]


@dataclass(frozen=True, slots=True)
class Code:
    """A code with its definition, two sentences that bear it and one that seems to.

    `hypothesis` says of an `{actor}` and a `{target}` what a sentence with this code entails;
    zero-shot models read it, and the definition where there is none.
    """

    name: str
    definition: str
    positive: tuple[str, ...] = ()
    near_miss: str = ""
    hypothesis: str = ""


@dataclass(frozen=True, slots=True)
class Codebook:
    """A named set of codes.

    `multi_label` codebooks allow several codes or none per unit. `scale` names the codes that are
    ordered, lowest first. `unit` says what is coded: an `example` (sentence x actor x target) or
    the `sentence` whoever acts in it. `column` is where data files keep the codes.
    """

    name: str
    codes: tuple[Code, ...]
    multi_label: bool = False
    scale: tuple[str, ...] = ()
    unit: Unit = "example"
    column: str = ""

    @property
    def names(self) -> list[str]:
        """List the codes in alphabetical order, the order of every score vector."""
        return sorted(code.name for code in self.codes)

    def check(
        self, labels: Sequence[tuple[str, ...]], where: str, rows: Sequence[int] | None = None
    ) -> None:
        """Raise one `KitError` naming every label that is not a code, with its rows."""
        known, bad = set(self.names), {}  # type: set[str], dict[str, list[int]]
        for row, given in zip(rows or range(1, len(labels) + 1), labels, strict=True):
            for label in given:
                if label not in known:
                    bad.setdefault(label, []).append(row)
        if bad:
            told = [
                f"unknown label {label[:60]!r} in {where} (rows {listing(at)})"
                for label, at in bad.items()
            ]
            seen = "; ".join(
                [
                    *told[:8],
                    *([f"and {len(told) - 8} more unknown labels"] if len(told) > 8 else []),
                ]
            )
            raise KitError(
                f"{seen}; codebook {self.name!r} has: {', '.join(self.names)}. Correct the rows, or map the labels "
                f"with 'corpus.labels={{seen: code}}'{self._divided(bad)}"
            )

    def _divided(self, labels: Iterable[str]) -> str:
        """Return what to do where an unknown label is several codes with another sign between them."""
        for word, sign in {"comma": ",", "pipe": "|", "/": "/", "#": "#", "+": "+"}.items():
            for label in labels:
                parts = [part.strip() for part in label.split(sign)]
                if self.multi_label and len(parts) > 1 and set(parts) <= set(self.names):
                    return (
                        f"; {label[:60]!r} seems to hold several: set corpus.label_separator={word}"
                    )
        return ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain data that `from_dict` reads back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Codebook":
        """Rebuild a codebook from `to_dict`."""
        codes = tuple(
            Code(**{**code, "positive": tuple(code.get("positive", ()))}) for code in data["codes"]
        )
        rest = {key: data[key] for key in ("multi_label", "unit", "column") if key in data}
        return cls(data["name"], codes, scale=tuple(data.get("scale", ())), **rest)


def make_codebook(name: str, codes: Mapping[str, Mapping[str, Any]], **rest: Any) -> Codebook:
    """Build a codebook as the YAML files under `configs/codebook` spell it.

    Examples
    --------
    >>> book = make_codebook("tone", {"warm": {"definition": "Kind words."}, "cold": {"definition": "Unkind."}})
    >>> book.names
    ['cold', 'warm']
    """
    return Codebook.from_dict(
        {"name": name, "codes": [{"name": key, **code} for key, code in codes.items()], **rest}
    )


def load_codebook(name: str) -> Codebook:
    """Load a codebook by name, of the user's own or of the kit's, or a YAML file by its path.

    Codebooks of the user's own are those in the folder `codebook` of their configs, and come first.

    Raises
    ------
    KitError
        When there is none, or the file is none.

    Examples
    --------
    >>> load_codebook("stance").names
    ['abstain', 'condemn', 'none', 'support']
    """
    path = Path(name) if name.endswith((".yaml", ".yml")) else _file(name)
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        data.pop("_target_", None)
        return make_codebook(**data)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, yaml.YAMLError) as error:
        raise KitError(
            f"{path} is no codebook: {error}; write it like configs/codebook/stance.yaml"
        ) from None


def _file(name: str) -> Path:
    try:
        return find_config("codebook", f"{name}.yaml")
    except FileNotFoundError:
        known = ", ".join(codebook_names())
        raise KitError(
            f"there is no codebook {name!r}; there are: {known}. One of your own is configs/codebook/{name}.yaml in "
            "the working directory, or is named by its file, as in my.yaml"
        ) from None


def codebook_names() -> list[str]:
    """Return the names of the codebooks that can be loaded, the user's own included, in alphabetical order."""
    files = [
        path for folder in config_folders() for path in (folder / "codebook").glob("[!.]*.yaml")
    ]
    return sorted({path.stem for path in files})


def split_labels(value: object, separator: str = ";") -> tuple[str, ...]:
    """Read a cell of a data file as codes: a list, or a string joined by `separator`.

    Examples
    --------
    >>> split_labels("peace; legality"), split_labels(["peace"]), split_labels(None)
    (('peace', 'legality'), ('peace',), ())
    """
    if value is None:
        return ()
    parts: Iterable[Any] = (
        value.split(separator)
        if isinstance(value, str)
        else value
        if isinstance(value, Iterable)
        else [value]
    )
    return tuple(text for part in parts if (text := str(part).strip()))
