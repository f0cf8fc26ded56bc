"""A trained model as Python users have it: texts or a table in, a table of codes and probabilities out."""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stancekit.codebook import Codebook
from stancekit.errors import KitError, listing, printable
from stancekit.fileio import frame_to_csv, make_folder, write_text
from stancekit.formatting import format_score
from stancekit.library.hub import upload_model
from stancekit.models import persistence
from stancekit.models.classifier import FittedClassifier
from stancekit.models.manifest import COMPANIONS, MANIFEST_FILE, read_manifest
from stancekit.runs.scores import SCORE_COLUMNS, SCORES_FILE
from stancekit.text.inputs import COLUMN_ROLES, as_examples
from stancekit.types import Example, Score
from stancekit.views import TableView

if TYPE_CHECKING:
    import pandas

    from stancekit.runs.record import Run

_TABLE_ROLES = ("text", "actor", "target")
CARD_FILE = COMPANIONS[0]


class StanceModel(TableView):
    """A trained model of one codebook, and the folder that it is in.

    `stancekit.train` and `stancekit.load` return it.

    Parameters
    ----------
    folder
        The folder of a saved model. Its files are checked against its manifest before they are
        read, and no code in them is run.
    run
        The run that trained it, where that is known.
    trusted
        Names of types of your own that the model holds, as of `stancekit.load`.

    Attributes
    ----------
    folder
        Where it is.
    name
        The model's name in tables.
    codebook
        What it codes.
    run
        The run that trained it, with its test examples and predictions; `None` where only the model
        was kept.

    Examples
    --------
    >>> import tempfile
    >>> import stancekit
    >>> model = stancekit.train("un_votes_outside", output=tempfile.mkdtemp(), verbose=False)
    >>> rows = model.predict(["Peru voted against the levy."], actor="Peru", target="the levy")
    >>> rows["stance"].tolist(), rows.columns.tolist()
    (['condemn'], ['stance', 'abstain', 'condemn', 'none', 'support'])
    """

    def __init__(
        self, folder: str | Path, *, run: "Run | None" = None, trusted: Sequence[str] = ()
    ) -> None:
        self.folder = Path(folder)
        self.run = run
        self._trusted = tuple(trusted)
        self._manifest = persistence.verify_model(self.folder)
        self.name: str = self._manifest["name"]
        self.codebook = Codebook.from_dict(self._manifest["codebook"])

    @cached_property
    def fitted(self) -> FittedClassifier:
        """Return the model itself, read from its folder when it is first needed."""
        fitted = persistence.load(self.folder, trusted=self._trusted)
        self._check_same(read_manifest(self.folder))
        return fitted

    def _check_same(self, manifest: Mapping[str, Any]) -> None:
        if manifest != self._manifest:
            raise KitError(
                f"{self.folder} holds another model than when this one was made; load it again"
            )

    def predict(
        self,
        X: Any,
        *,
        actor: str | Sequence[str] | None = None,
        target: str | Sequence[str] | None = None,
        columns: Mapping[str, str] | None = None,
    ) -> "pandas.DataFrame":
        """Label texts, a table, or examples.

        Parameters
        ----------
        X
            One text or a sequence of texts; a table (a DataFrame, a `datasets.Dataset`, a list of
            dicts); or a sequence of `stancekit.Example`.
        actor, target
            Whose position it is, and towards what: a name for all rows, or one name per row. Of a
            table they are needed only where it has no such column.
        columns
            Which column of a table holds what, as in `{"text": "sentence", "actor": "speaker"}`. By
            default the columns that the model was trained on, else `text`, `actor` and `target`.

        Returns
        -------
        pandas.DataFrame
            One row per row of `X`, with the index of a DataFrame or Series. The column with the
            codebook's name has the code, or a list of codes where several are allowed; the columns
            with the codes' names have their probabilities. The column of a code that is called like
            the codebook is called CODEBOOK_CODE.

        Raises
        ------
        KitError
            When a column is missing, or a row has no text.
        """
        import pandas as pd

        examples = self._examples(X, actor=actor, target=target, columns=columns)
        predictions = self.fitted.predict(examples)
        frame = self._score_frame([prediction.scores for prediction in predictions], X)
        # A list per row where there may be several codes, or none.
        codes: list[Any] = [list(prediction.labels) for prediction in predictions]
        if not self.codebook.multi_label:
            codes = [code for (code,) in codes]
        # One column of lists, which pandas would take for several columns.
        frame.insert(0, self.codebook.name, pd.Series(codes, index=frame.index, dtype=object))
        return frame

    def predict_proba(
        self,
        X: Any,
        *,
        actor: str | Sequence[str] | None = None,
        target: str | Sequence[str] | None = None,
        columns: Mapping[str, str] | None = None,
    ) -> "pandas.DataFrame":
        """Return the probability of every code, a column each; the parameters are those of `predict`."""
        examples = self._examples(X, actor=actor, target=target, columns=columns)
        scores = self.fitted.scores(examples).tolist() if examples else []
        return self._score_frame(scores, X)

    def _score_frame(self, scores: Sequence[Sequence[float]], X: Any) -> "pandas.DataFrame":
        import pandas as pd

        index = X.index if isinstance(X, pd.DataFrame | pd.Series) else None
        book = self.codebook.name
        names = [f"{book}_{code}" if code == book else code for code in self.codebook.names]
        return pd.DataFrame(scores, columns=names, index=index, dtype=float)

    def _examples(
        self, X: Any, *, actor: Any, target: Any, columns: Mapping[str, str] | None
    ) -> Sequence[Example]:
        given = {"actor": actor, "target": target}
        if isinstance(X, str):
            X = [X]
        table = _column_names(X)
        if table is not None:
            columns = self._columns_of(table, given, columns or {})
        elif not _holds_examples(X):
            # What the model has learned to read is asked for, not left out.
            trained = self._manifest.get("columns", {})
            if missing := [role for role in given if role in trained and given[role] is None]:
                arguments = ", ".join(f"{role}=NAME" for role in missing)
                raise KitError(
                    f"{self.name} was trained on texts with {listing(missing, 3)}; give {arguments} "
                    "(a name for all texts, or one per text)"
                )
        return as_examples(X, actor=actor, target=target, columns=columns)

    def _columns_of(
        self, present: Sequence[str], given: Mapping[str, Any], named: Mapping[str, str]
    ) -> dict[str, str]:
        """Return which column of a table has which role: as named, as in training, or by the role's name."""
        if unknown := [role for role in named if role not in COLUMN_ROLES]:
            raise KitError(f"columns has {listing(unknown)}; there are: {', '.join(COLUMN_ROLES)}")
        trained: Mapping[str, str] = self._manifest.get("columns", {"text": "text"})
        found = {role: name for role, name in named.items() if role not in _TABLE_ROLES}
        faults = []
        # The only column of a table is that of the texts, however it is called.
        if len(present) == 1 and "text" not in named:
            trained = {**trained, "text": present[0]}
        for role in _TABLE_ROLES:
            sought = (
                [named[role]] if role in named else dict.fromkeys([trained.get(role, role), role])
            )
            column = next((name for name in sought if name in present), None)
            if column is not None:
                found[role] = column
            elif role in named or (role in trained and given.get(role) is None):
                faults.append(_missing_column(role, list(sought), present))
        if faults:
            raise KitError(
                f"{'; '.join(faults)}. The table has: {listing(present, 30)}. Name a column, as in "
                "columns={'text': 'sentence'}, or give actor= and target= for all rows"
            )
        return found

    @property
    def scores(self) -> "pandas.DataFrame":
        """Return the scores on test with 95 % intervals, a row per metric and slice; empty where none are known."""
        import pandas as pd

        path = (self.run.folder if self.run else self.folder) / SCORES_FILE
        if not path.is_file():
            return pd.DataFrame(columns=list(SCORE_COLUMNS))
        # A slice may be called NA.
        return pd.read_csv(
            path, keep_default_na=False, na_values={"value": "", "low": "", "high": "", "codes": ""}
        )

    def to_frame(self) -> "pandas.DataFrame":
        """Return the scores on the whole test set and of every code, of all of `scores`."""
        scores = self.scores
        whole = scores["slice"].astype(str)
        return scores[(whole == "all") | whole.str.startswith("code=")].reset_index(drop=True)

    @property
    def main_scores(self) -> list[Score]:
        """Return the scores on the whole test set and of every code."""
        names = ("metric", "slice", "value", "low", "high", "n")
        rows = self.to_frame().to_dict("records")
        return [Score(*(row[name] for name in names)) for row in rows]

    def view_frame(self) -> "pandas.DataFrame":
        """Return what views show: macro-F1 and the F1 of every code, or the codes where no scores are known."""
        import pandas as pd

        shown = ("macro_f1", "micro_f1", "f1")
        scores = [score for score in self.main_scores if score.metric in shown]
        if not scores:
            codes = [(code.name, code.definition) for code in self.codebook.codes]
            return pd.DataFrame(codes, columns=["code", "definition"])
        rows = []
        for score in scores:
            name = f"{score.metric} {score.slice.removeprefix('code=')}".removesuffix(" all")
            rows.append((name, format_score(score), score.n))
        return pd.DataFrame(rows, columns=["score", "value [95 % interval]", "n"])

    @property
    def caption(self) -> str:
        """Return in one line what the model is."""
        what = f"{self.name} for {self.codebook.name}"
        if self.run is None:
            return f"{what} ({', '.join(self.codebook.names)})"
        return f"{what}, trained on {self.run.corpus}, {len(self.run.rows)} test examples"

    @property
    def notes(self) -> list[str]:
        """Return what views show below the table."""
        return [f"the model is in {self.folder}"]

    def card(self) -> str:
        """Return the model's card as Markdown: the one in its folder, else one made of its run and its codebook."""
        if (self.folder / CARD_FILE).is_file():
            return (self.folder / CARD_FILE).read_text(encoding="utf-8")
        from stancekit.reporting.card import bare_card, model_card
        from stancekit.runs.leaderboard import leaderboards

        if self.run is None:
            return bare_card(self.name, self.codebook)
        (board,) = leaderboards([self.run])
        run = self.run
        command = (
            f'stancekit.train(..., model="{run.model}", codebook="{run.codebook}", '
            f'split="{run.split}", random_state={run.random_state})'
        )
        return model_card(board, run, command)

    def save_pretrained(self, folder: str | Path) -> Path:
        """Copy the model into a folder of its own, with its card and scores, and return the folder.

        A saved model that is there is replaced, at once and as a whole. `stancekit.load` reads it,
        and so does `stancekit label models=FOLDER`.

        Raises
        ------
        KitError
            When something else than a saved model is there.
        """
        from stancekit.runs.published import without_names

        place = Path(folder)
        self._check_same(persistence.verify_model(self.folder))
        persistence.check_companions(self.folder)
        if place.resolve() == self.folder.resolve():
            return place
        # Scores by actor or topic would name people of the data to whom it is given.
        scores = without_names(self.scores)
        with persistence.replacing_folder(place) as fresh:
            for name in (MANIFEST_FILE, *self._manifest["files"]):
                make_folder((fresh / name).parent)
                shutil.copyfile(self.folder / name, fresh / name)
            write_text(fresh / CARD_FILE, self.card())
            if len(scores):
                write_text(fresh / SCORES_FILE, frame_to_csv(scores))
        return place

    def push_to_hub(
        self,
        repository: str,
        *,
        private: bool | None = None,
        token: str | None = None,
        message: str | None = None,
    ) -> str:
        """Send the model with its card and scores to the Hugging Face Hub, and return the address.

        What is sent is what `save_pretrained` writes: plain data, no code, none of the training
        texts. `stancekit.load(repository)` reads it on another machine.

        Parameters
        ----------
        repository
            `user/name`; it is made where there is none.
        private
            Whether a new repository is private; by default what the owner's settings say.
        token
            By default that of `hf auth login`.
        message
            What the commit says.

        Raises
        ------
        KitError
            When the Hub cannot be reached, or refuses.
        """
        with tempfile.TemporaryDirectory(prefix="stancekit-") as work:
            folder = self.save_pretrained(Path(work) / "model")
            what = message or f"{self.name} for {self.codebook.name}"
            return upload_model(folder, repository, private=private, token=token, message=what)


def _missing_column(role: str, sought: Sequence[str], present: Sequence[str]) -> str:
    """Return in words which columns were looked for, and the one of the table that is nearest to them."""
    close = [match for name in sought for match in get_close_matches(name, present, 1)]
    meant = f" (is {printable(close[0], most=60)!r} meant?)" if close else ""
    names = " or ".join(repr(printable(name, most=60)) for name in sought)
    return f"no column of the {role}, {names}{meant}"


def _column_names(X: Any) -> list[str] | None:
    """Return the names of a table's columns, `None` of what is no table."""
    if isinstance(X, Mapping):
        return [str(name) for name in X]
    for attribute in ("column_names", "columns"):
        if (names := getattr(X, attribute, None)) is not None:
            return [str(name) for name in names]
    if isinstance(X, Sequence) and X and all(isinstance(row, Mapping) for row in X):
        return list(dict.fromkeys(str(key) for row in X for key in row))
    return None


def _holds_examples(X: Any) -> bool:
    return isinstance(X, Sequence) and all(isinstance(row, Example) for row in X)
