"""A corpus as a table, and its messages in the words of whoever reads it: the command line's, or Python's."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from weakref import WeakSet

import yaml
from markupsafe import Markup

from stancekit.corpus.cells import Columns
from stancekit.errors import KitError, listing, printable
from stancekit.views import DataFrame

P = ParamSpec("P")
R = TypeVar("R")
# Different labels that a view lists; a column with more is none of labels.
_MOST_SHOWN = 12


class CorpusView:
    """How a corpus shows itself; the attributes are those of `Corpus`."""

    name: str
    rows: Callable[..., Iterator[tuple[int, Mapping[str, Any]]]]
    column_names: Callable[[], Columns]

    def to_frame(self) -> DataFrame:
        """Return the rows as a pandas DataFrame, with the roles for names of their columns.

        Columns that hold no role keep their names. The labels are as in the data, without the map.

        Returns
        -------
        DataFrame, one row for each row of the data that can be read
            Its index has the numbers of the rows.
        """
        import pandas as pd

        numbered = list(self.rows())
        frame = pd.DataFrame(
            [row for _, row in numbered], index=[int(number) for number, _ in numbered]
        )
        return frame.rename(columns=self._roles(frame.columns))

    def _roles(self, present: Any) -> dict[str, str]:
        """Return the roles of columns that have other names."""
        columns = self.column_names()
        named = {field.name: getattr(columns, field.name) for field in fields(columns)}
        return {
            name: role
            for role, name in named.items()
            if isinstance(name, str) and name in present and role not in present
        }

    def _repr_html_(self) -> str:
        frame = self.to_frame()
        caption = f"{self.name}: {len(frame)} rows"
        if "labels" in frame:
            counts = Counter(map(str, frame["labels"].dropna()))
            shown = [f"{label} {count}" for label, count in counts.most_common(_MOST_SHOWN)]
            caption += f"; labels {listing(shown, _MOST_SHOWN)}"
        first = Markup("<p><strong>{}</strong></p>").format(printable(caption))
        return f"<div>\n{first}\n{frame.to_html(max_rows=20)}\n</div>"

    def __repr__(self) -> str:
        """Return the kind and the name of the corpus; nothing is read."""
        return f"{type(self).__name__}({printable(self.name)!r})"


# Corpora that were made in Python: their messages name parameters of `read_table`. They are
# kept apart from the corpora's attributes, which make up the identity of a run.
_IN_PYTHON: WeakSet[CorpusView] = WeakSet()
_LABELS_MAP = re.compile(r"'corpus\.labels=(\{.*?\})'", re.DOTALL)


def speak_python(corpus: CorpusView) -> None:
    """Let the messages of a corpus name the parameters of `read_table` instead of keys."""
    _IN_PYTHON.add(corpus)


def in_its_words(method: Callable[Concatenate[Any, P], R]) -> Callable[Concatenate[Any, P], R]:
    """Rephrase the errors of a corpus's method for whoever made the corpus."""

    @wraps(method)
    def phrased(corpus: Any, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(corpus, *args, **kwargs)
        except KitError as error:
            if corpus not in _IN_PYTHON:
                raise
            raise KitError(python_words(str(error))) from None

    return phrased  # type: ignore[return-value]  # the first parameter has a name here


def python_words(message: str) -> str:
    """Return a message about keys of a corpus with the parameters of `read_table` instead.

    Examples
    --------
    >>> python_words("set corpus.columns.text=sentence, or 'corpus.labels={PRO: CODE, no: null}'")
    "set text='sentence', or map={'PRO': 'CODE', 'no': None}"
    """
    message = _LABELS_MAP.sub(lambda match: f"map={_python_map(match[1])}", message)
    message = message.replace("corpus.annotators='[a,b]'", "annotators=['a', 'b']")
    message = re.sub(r"corpus\.columns\.(\w+)=(?:false|False)", r"\1=False", message)
    message = re.sub(r"corpus\.columns\.(\w+)=([\w-]+)", r"\1='\2'", message)
    message = message.replace("corpus.columns knows", "columns are").replace(
        "set corpus.path=FILE", "give the path of a file"
    )
    message = re.sub(r"corpus\.(\w+)=(?:true|True)", r"\1=True", message)
    message = re.sub(r"corpus\.(?:columns\.)?(\w+)", r"\1", message)
    return re.sub(r"\blabels drops\b", "map drops", message)


def _python_map(written: str) -> str:
    try:
        labels = yaml.load(written, yaml.BaseLoader)  # noqa: S506  # it makes nothing but texts
    except yaml.YAMLError:
        return written
    if not isinstance(labels, dict):
        return json.dumps(written)
    return repr({label: None if code == "null" else code for label, code in labels.items()})
