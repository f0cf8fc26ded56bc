"""Codebooks: what can be said about an example. Stance and frame schemes are one type."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from stancekit.codebook_spelling import check_spelling, read_unique_yaml
from stancekit.errors import KitError, listing, nearest
from stancekit.resources import config_folders, find_config

Unit = Literal["example", "sentence"]
# How a vote that is recorded by name can be cast.
Side = Literal["yes", "no", "abstain", "absent"]
# YAML reads these words as truth values unless they stand in quotation marks.
_BARE_SIDES = {True: "yes", False: "no"}
# Words that YAML takes for something else than a text.
_YAML_WORDS = frozenset(["yes", "no", "on", "off", "true", "false", "null", "y", "n"])
# Different labels that a message lists for a map. A column with more is one of texts or names.
_MOST_LABELS = 40


@dataclass(frozen=True, slots=True)
class Code:
    """A code with its definition, two sentences that have it and one that only seems to.

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

    Attributes
    ----------
    multi_label
        Whether a unit may have several codes or none.
    scale
        The codes that are ordered, lowest first; the others are not on the scale.
    unit
        What is coded: an `example` (sentence x actor x target), or the `sentence` whoever acts in
        it.
    column
        Where data files keep the codes, if not in a column called like the codebook.
    towards
        `target` where a code is the actor's position towards the target, else empty.
    absent
        The code that says that none of the others applies, such as "no position"; empty where there
        is none.
    votes
        What a recorded vote says: the code of some or all of `yes`, `no`, `abstain` and `absent`.
        Empty where votes say nothing.

    Raises
    ------
    KitError
        When `scale`, `absent` or `votes` names what is not a code, or a field has another kind of
        value.

    Examples
    --------
    >>> tone = Codebook("tone", (Code("warm", "Kind words."), Code("cold", "Unkind words.")))
    >>> tone.names
    ['cold', 'warm']
    """

    name: str
    codes: tuple[Code, ...]
    multi_label: bool = False
    scale: tuple[str, ...] = ()
    unit: Unit = "example"
    column: str = ""
    towards: str = ""
    absent: str = ""
    votes: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        """Check the fields against each other."""
        if faults := self._faults():
            raise KitError(f"codebook {self.name!r}: {'; '.join(faults)}")

    def _faults(self) -> list[str]:
        named = [code.name for code in self.codes]
        # YAML reads a bare `yes` or `2021` as no text.
        if odd := [name for name in named if not isinstance(name, str) or not name]:
            return [f"its codes {listing(odd)} are not text; write them in quotation marks"]
        known = ", ".join(named)
        faults = []
        if twice := [code for code, n in Counter(named).items() if n > 1]:
            faults.append(f"it has the codes {listing(twice)} more than once; keep one of each")
        # A file may say anything, whatever the type is declared to be.
        said: object = self.multi_label
        if not isinstance(said, bool):
            faults.append(f"multi_label is {self.multi_label!r}; set it to true or false")
        if unknown := [code for code in self.scale if code not in named]:
            faults.append(f"scale has {listing(unknown)}, which are not codes; there are: {known}")
        if len(set(self.scale)) < len(self.scale):
            faults.append("scale has a code more than once; name each once, lowest first")
        if self.absent and self.absent not in named:
            faults.append(f"absent is {self.absent!r}, which is not a code; there are: {known}")
        if self.unit not in get_args(Unit):
            faults.append(f"unit is {self.unit!r}; there are: {', '.join(get_args(Unit))}")
        if self.towards not in ("", "target"):
            faults.append(f"towards is {self.towards!r}; set it to target, or leave it out")
        if self.towards and self.unit == "sentence":
            faults.append("a code of a whole sentence is not towards a target; leave towards out")
        return faults + self._faults_of_votes(named)

    def _faults_of_votes(self, named: Sequence[str]) -> list[str]:
        sides = get_args(Side)
        given: object = self.votes
        example = f"as in votes: {{{sides[0]!r}: {named[0] if named else 'CODE'}}}"
        if not isinstance(given, Mapping):
            return [f"votes is {given!r}; give codes for {', '.join(sides)}, {example}"]
        faults = []
        if odd := [side for side in self.votes if side not in sides]:
            faults.append(f"votes has {listing(odd)}; there are: {', '.join(sides)}, {example}")
        if unknown := [code for code in self.votes.values() if code not in named]:
            faults.append(
                f"votes has the codes {listing(unknown)}, which are not codes; there are: "
                f"{', '.join(named)}"
            )
        if self.votes and self.towards != "target":
            faults.append("votes are on a target; set towards: target, or leave votes out")
        return faults

    # scikit-learn sorts its classes too, so that columns need no other order.
    @property
    def names(self) -> list[str]:
        """List the codes in alphabetical order, the order of every score vector."""
        return sorted(code.name for code in self.codes)

    def place(self, code: str) -> str:
        """Return where a code is on the scale: `low`, `middle` or `high`; empty where it is not on it.

        Examples
        --------
        >>> stance = load_codebook("stance")
        >>> [stance.place(code) for code in ("condemn", "abstain", "support", "none")]
        ['low', 'middle', 'high', '']
        """
        return place_on_scale(code, self.scale)

    def applies(self, codes: Iterable[str]) -> bool:
        """Say whether some code applies: one that does not mean none of the others."""
        return any(code != self.absent for code in codes)

    def check(
        self, labels: Sequence[tuple[str, ...]], where: str, rows: Sequence[int] | None = None
    ) -> None:
        """Raise one `KitError` naming every label that is not a code, with its rows."""
        known = set(self.names)
        unknown: dict[str, list[int]] = {}
        for row, given in zip(rows or range(1, len(labels) + 1), labels, strict=True):
            for label in given:
                if label not in known:
                    unknown.setdefault(label, []).append(row)
        if not unknown:
            return
        seen = [
            f"unknown label {label[:60]!r}{nearest(label, self.names)} in {where}, "
            f"{len(numbers)} time{'s' * (len(numbers) > 1)} (rows {listing(numbers)})"
            for label, numbers in unknown.items()
        ]
        if len(seen) > 8:
            seen = [*seen[:8], f"and {len(seen) - 8} more unknown labels"]
        raise KitError(
            f"{'; '.join(seen)}; codebook {self.name!r} has: {', '.join(self.names)}. "
            f"Correct the rows, or map the labels, {self._map_to_copy(unknown)}"
            f"{self._separator_hint(unknown)}"
        )

    def _map_to_copy(self, unknown: Mapping[str, Sequence[int]]) -> str:
        """Return a map of labels to copy, the most frequent first, with the nearest code where there is one."""
        if len(unknown) > _MOST_LABELS:
            return (
                "as in 'corpus.labels={LABEL: code}'. With so many, this is perhaps not the column "
                "of labels: set corpus.columns.labels=COLUMN"
            )
        pairs = []
        for label in sorted(unknown, key=lambda label: -len(unknown[label])):
            close = get_close_matches(label.casefold(), self.names, 1)
            plain = re.fullmatch(r"[A-Za-z_]\w*|-?\d+", label) and label.lower() not in _YAML_WORDS
            shown = label if plain else json.dumps(label, ensure_ascii=False)
            pairs.append(f"{shown}: {close[0] if close else 'CODE'}")
        return (
            "with a code for each CODE, or null to leave its rows out: "
            "'corpus.labels={" + ", ".join(pairs) + "}'"
        )

    def _separator_hint(self, labels: Iterable[str]) -> str:
        """Return what to do where an unknown label is several codes with another separator."""
        if not self.multi_label:
            return ""
        # The words are those that `corpus.label_separator` takes for signs the shell would read.
        for word, sign in {"comma": ",", "pipe": "|", "/": "/", "#": "#", "+": "+"}.items():
            for label in labels:
                parts = [part.strip() for part in label.split(sign)]
                if len(parts) > 1 and set(parts) <= set(self.names):
                    return (
                        f"; {label[:60]!r} seems to hold several: set corpus.label_separator={word}"
                    )
        return ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain data that `from_dict` reads back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Codebook":
        """Rebuild a codebook from `to_dict`.

        Raises
        ------
        KitError
            When a field is unknown, or names what is not a code.
        """
        _check_fields(cls, data, f"codebook {data['name']!r}")
        for code in data["codes"]:
            _check_fields(Code, code, f"code {code['name']!r} of codebook {data['name']!r}")
        codes = tuple(
            Code(**{**code, "positive": tuple(code.get("positive", ()))}) for code in data["codes"]
        )
        rest = {key: value for key, value in data.items() if key not in ("codes", "scale")}
        if isinstance(votes := data.get("votes"), Mapping):
            rest["votes"] = {_BARE_SIDES.get(side, side): code for side, code in votes.items()}
        return cls(codes=codes, scale=tuple(data.get("scale", ())), **rest)


def _check_fields(kind: type[Code] | type[Codebook], given: Mapping[str, Any], where: str) -> None:
    """Refuse a field that would be ignored, as `multilabel: true` would be, and a missing one."""
    known = {
        one.name: one.default is MISSING and one.default_factory is MISSING for one in fields(kind)
    }
    if unknown := [key for key in given if key not in known]:
        raise KitError(
            f"{where} has the unknown field {listing(unknown)}; there are: {', '.join(known)}"
        )
    if missing := [name for name, required in known.items() if required and name not in given]:
        raise KitError(f"{where} has no {listing(missing)}; add it")


def make_codebook(name: str, codes: Mapping[str, Mapping[str, Any]], **rest: Any) -> Codebook:
    """Build a codebook as the YAML files under `configs/codebook` spell it.

    Raises
    ------
    KitError
        When a value is of another kind than it has to be, or codes are too few or too alike.

    Examples
    --------
    >>> book = make_codebook("tone", {"warm": {"definition": "Kind words."}, "cold": {"definition": "Unkind."}})
    >>> book.names
    ['cold', 'warm']
    """
    check_spelling(name, codes, rest)
    return Codebook.from_dict(
        {"name": name, "codes": [{"name": key, **code} for key, code in codes.items()], **rest}
    )


def load_codebook(name: str) -> Codebook:
    """Load a codebook by its name, or from a YAML file by its path.

    The user's own codebooks, in the folder `codebook` of their configs, come before the kit's.

    Raises
    ------
    KitError
        When there is no such codebook, or the file is not one.

    Examples
    --------
    >>> load_codebook("stance").names
    ['abstain', 'condemn', 'none', 'support']
    """
    # A name has no ending: what has one is a file, wherever it is.
    named_by_file = name.endswith((".yaml", ".yml"))
    path = Path(name) if named_by_file else _codebook_file(name)
    try:
        data = read_unique_yaml(path.read_text(encoding="utf-8"))
        if not isinstance(data, dict):
            raise ValueError("it has no keys name and codes")
        # For Hydra; nothing that a file names is called here.
        data.pop("_target_", None)
        book = make_codebook(**data)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, yaml.YAMLError) as error:
        raise KitError(
            f"{path} is not a codebook: {error}; write it like those in configs/codebook"
        ) from None
    check_called(book.name, path)
    return book


def check_called(name: str, file: Path) -> None:
    """Raise a `KitError` where a codebook has the name of another one.

    Results, models and labels go by the name: a copy would be taken for what it was copied from.
    """
    if name != file.stem and name in codebook_names():
        raise KitError(
            f"{file} is asked for, and says name: {name}, which is another codebook; set name: "
            f"{file.stem} in it, or ask for codebook={name}"
        )


def _codebook_file(name: str) -> Path:
    try:
        return find_config("codebook", f"{name}.yaml")
    except FileNotFoundError:
        known = ", ".join(codebook_names())
        raise KitError(
            f"there is no codebook {name!r}; there are: {known}. Your own is configs/codebook/{name}.yaml in "
            "the working directory, or is named by its file, as in my.yaml"
        ) from None


def codebook_names() -> list[str]:
    """Return the names of the codebooks that can be loaded, the user's own included, in alphabetical order."""
    files = [
        path for folder in config_folders() for path in (folder / "codebook").glob("[!.]*.yaml")
    ]
    return sorted({path.stem for path in files})


def place_on_scale(code: str, scale: Sequence[str]) -> str:
    """Return where a code is on a scale of at least two: `low`, `middle` or `high`; else an empty text.

    Examples
    --------
    >>> [place_on_scale(code, ["against", "for"]) for code in ("against", "for", "unclear")]
    ['low', 'high', '']
    """
    if code not in scale or len(scale) < 2:
        return ""
    return {scale[0]: "low", scale[-1]: "high"}.get(code, "middle")


def plain_text(value: object) -> str:
    """Return a cell as text without blanks around it; what pandas has as 2019.0 beside empty cells is 2019.

    Examples
    --------
    >>> plain_text(2019.0), plain_text(0.5), plain_text(" r1 "), plain_text("007")
    ('2019', '0.5', 'r1', '007')
    """
    # Beyond, a float does not say which whole number it was.
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value).strip()


def split_labels(value: object, separator: str = ";") -> tuple[str, ...]:
    """Read a cell of a data file as codes: a list, or a string joined by `separator`.

    Examples
    --------
    >>> split_labels("peace; legality"), split_labels(["peace"]), split_labels(None)
    (('peace', 'legality'), ('peace',), ())
    """
    if value is None:
        return ()
    parts: Iterable[Any]
    if isinstance(value, str):
        parts = value.split(separator)
    elif isinstance(value, Iterable):
        parts = value
    else:
        parts = [value]
    texts = [plain_text(part) for part in parts]
    return tuple(text for text in texts if text)
