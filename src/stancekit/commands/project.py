"""The files of a project of the user's own, written from what the columns of a table were taken for."""

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined

from stancekit.codebook import Codebook
from stancekit.corpus.guess import TableGuess
from stancekit.errors import listing, printable
from stancekit.text.language import MOST_WITHOUT, reads_like_english

# YAML and Markdown, which escape in other ways than HTML: every value goes through a filter below.
_ENVIRONMENT = Environment(
    loader=PackageLoader("stancekit", "templates/project"),
    autoescape=False,  # noqa: S701
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
# A value that is yours to fill in; commands refuse to run as long as it is there.
MISSING = "???"
# Headers of codes that someone has towards something.
_POSITION_HEADER = re.compile("position|stance|opinion|attitude")
# What is compared, and up to how many rows the encoder of the box is among it: it reads a thousand in
# a minute or two, and again for each audit.
_WORD_COUNTS = ("majority", "logreg", "svm")
_MOST_READ = 1_000
# Of a longer sentence, an example in a codebook would not be read.
_LONGEST_EXAMPLE = 200


@dataclass(frozen=True, slots=True)
class StarterProject:
    """What the files of a project are written from.

    Attributes
    ----------
    name
        Of corpus and experiment.
    path
        The table, as it is named in the project's folder; `new_rows` the table that is labelled.
    source
        The table's own name.
    rows
        Its rows.
    guess
        What its columns were taken for.
    codebook
        One of the kit's or the user's, or `None` for one of the table's own values.
    codebook_name
        The codebook's name.
    """

    name: str
    path: str
    new_rows: str
    source: str
    rows: Sequence[Mapping[str, Any]]
    guess: TableGuess
    codebook: Codebook | None
    codebook_name: str

    def files(self) -> dict[str, str]:
        """Return the texts of the files by their paths in the project's folder."""
        english = self._is_english()
        # Those that take minutes at most.
        quick = english and len(self.rows) <= _MOST_READ
        models = (*_WORD_COUNTS, "box_head") if quick else _WORD_COUNTS
        files = {
            f"configs/corpus/{self.name}.yaml": self._corpus(),
            f"configs/experiment/{self.name}.yaml": self._experiment(models, english=english),
            "README.md": self._readme(models),
        }
        if self.codebook is None:
            files[f"configs/codebook/{self.codebook_name}.yaml"] = self._codebook()
        return files

    def commands(self) -> list[str]:
        """Return the commands that come next, as they are typed in the project's folder."""
        label = ["stancekit", "label", self.new_rows, f"models=models/{self.name}", "unit=row"]
        for role in ("text", "actor", "target", "article", "date"):
            column = self.guess.column(role)
            if column and column != role:
                label.append(f"columns.{role}={column}")
        if fields := self._fields():
            label.append(f"fields=[{','.join(fields)}]")
        # Samples and estimates come after it, and are of all rows.
        count = ["stancekit", "data", self.name, f"codebooks={self.codebook_name}"]
        train = ["stancekit", "train", f"experiment={self.name}"]
        return [
            shlex.join(words) for words in (count, train, [*label, "rows=all", "output=labels"])
        ]

    def unfinished(self) -> list[str]:
        """Return the labels whose codes the user has to name."""
        return [value for value, code, _ in self._mapping() if code == MISSING]

    def _fields(self) -> list[str]:
        """Return what labelled rows keep for estimates: dates that are read as they are, and groups."""
        dated = self.guess.column("date") and not self.guess.date_formats
        # A name with signs would need quotation marks inside those of the shell.
        plain = [name for name in self.guess.groups if re.fullmatch(r"\w+", name)]
        return [*(["date"] if dated else []), *plain]

    def _corpus(self) -> str:
        # Codes of an own codebook are found by the codebook's name or column.
        hidden = {"annotators"} | ({"labels"} if self.codebook is None else set())
        annotators = [guess for guess in self.guess.guesses if guess.role == "annotators"]
        return _render(
            "corpus.yaml",
            name=self.name,
            path=self.path,
            source=self.source,
            rows=len(self.rows),
            separator=self.guess.separator,
            date_formats=self.guess.date_formats,
            columns=[guess for guess in self.guess.guesses if guess.role not in hidden],
            annotators=annotators[0] if annotators else None,
            has_gold=self.guess.column("labels") is not None,
            mapping=self._mapping(),
            codebook=self.codebook_name,
        )

    def _mapping(self) -> list[tuple[str, str, str]]:
        """Return each label that is no code itself, the code for it, and a note."""
        mapping: list[tuple[str, str, str]] = []
        empty = self.guess.values.get("", 0)
        if self.codebook is None:
            # Where there may be several codes, none of them is an answer too.
            if empty and not self.guess.separator:
                mapping.append(("", "null", f"{empty} rows without a label are left out"))
            return mapping
        names = self.codebook.names
        for value, count in self.guess.values.items():
            same = [name for name in names if name.lower() == value.lower()]
            if not value:
                choices = (
                    f"{count} rows without a label are left out; or one of {listing(names, 30)}"
                )
                mapping.append((value, "null", choices))
            elif same and same[0] != value:
                mapping.append((value, _scalar(same[0]), f"{count} rows; the same word"))
            elif not same:
                choices = f"{count} rows; one of {listing(names, 30)}, or null"
                mapping.append((value, MISSING, choices))
        return mapping

    def _codebook(self) -> str:
        labels = self.guess.column("labels")
        column = labels or self.guess.column("annotators") or ""
        example = self.guess.column("actor") and self.guess.column("target")
        word = _POSITION_HEADER.search(column.lower())
        codes = []
        for code, count in self.guess.values.items():
            if code:
                codes.append((code, count, self._examples(column, code)))
        return _render(
            "codebook.yaml",
            codebook=self.codebook_name,
            column=column,
            named=bool(labels) and labels != self.codebook_name,
            source=self.source,
            multi_label=bool(self.guess.separator),
            unit="example" if example else "sentence",
            position_word=word[0] if word and example else "",
            codes=codes,
        )

    def _examples(self, column: str, code: str) -> list[str]:
        """Return two sentences that have a code and no other."""
        text = self.guess.column("text") or ""
        texts = [str(row.get(text) or "") for row in self.rows if str(row.get(column)) == code]
        # A text with ${…} would be a reference for Hydra.
        plain = [text for text in texts if 0 < len(text) <= _LONGEST_EXAMPLE and "${" not in text]
        return plain[:2]

    def _experiment(self, models: Sequence[str], *, english: bool) -> str:
        split = "fixed" if self.guess.column("split") else "grouped"
        return _render(
            "experiment.yaml",
            name=self.name,
            codebook=self.codebook_name,
            split=split,
            models=models,
            english=english,
        )

    def _is_english(self) -> bool:
        """Say whether the texts read like English."""
        column = self.guess.column("text") or ""
        foreign = sum(not reads_like_english(str(row.get(column) or "")) for row in self.rows)
        return foreign <= MOST_WITHOUT * len(self.rows)

    def _readme(self, models: Sequence[str]) -> str:
        return _render(
            "README.md",
            name=self.name,
            source=self.source,
            codebook=self.codebook_name,
            own=self.codebook is None,
            models=models,
            commands=self.commands(),
            unfinished=self.unfinished(),
            same_columns=self.new_rows == self.path,
        )


def plain_name(text: str) -> str:
    """Return a text as a name of configs and folders: small letters, digits and underscores.

    Examples
    --------
    >>> plain_name("Hansard (2019-21) final"), plain_name("演説")
    ('hansard_2019_21_final', '演説')
    """
    return re.sub(r"\W+", "_", text.lower()).strip("_")


def _render(template: str, **values: Any) -> str:
    text = _ENVIRONMENT.get_template(template).render(**values)
    return re.sub(r"\n{3,}", "\n\n", text)


class _ConfigDumper(yaml.SafeDumper):
    """Writes YAML for Hydra, which takes more texts for numbers: 1e3 is one, as in newer YAML."""


_ConfigDumper.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[\d_.]+([eE][-+]?\d+)?$"), list("-+.0123456789")
)


def _scalar(value: object, style: str | None = None) -> str:
    """Return a value as YAML in one line."""
    text: str = yaml.dump(
        value,
        Dumper=_ConfigDumper,
        allow_unicode=True,
        default_flow_style=True,
        default_style=style,
        width=10**6,
    )
    return text.removesuffix("\n").removesuffix("\n...")


def _quoted_key(value: str) -> str:
    """Return a label as a key of YAML: always in quotation marks, so that it is a text whatever it says."""
    return _scalar(value, '"')


def _comment(value: object) -> str:
    """Return a value as part of a comment: in one line, lists cut after some items."""
    if isinstance(value, Iterable) and not isinstance(value, str):
        return listing(value, 20)
    return printable(value)


_ENVIRONMENT.filters.update(scalar=_scalar, key=_quoted_key, comment=_comment)
