"""`stancekit annotate`: several people judge sentences in a page of one's own machine."""

import signal
import threading
import webbrowser
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from stancekit.annotation.order import progress_of
from stancekit.annotation.project import Project
from stancekit.annotation.serving import is_open, serving
from stancekit.codebook import Codebook
from stancekit.errors import KitError, printable
from stancekit.labelling.label_files import list_tables
from stancekit.labelling.labels import Labels
from stancekit.library.objects import as_codebook
from stancekit.types import as_list
from stancekit.views import DataFrame, TableView

# Who leads, and who annotates where nobody is named.
LEAD, _ALONE = "lead", "annotator"
# How often a wait for Ctrl-C looks up, in seconds.
_WAIT = 0.5


@dataclass(frozen=True, repr=False)
class AnnotationSession(TableView):
    """How far annotators were when the pages were closed.

    Attributes
    ----------
    path
        The project.
    progress
        By annotator how many items are judged, and how many there are.
    """

    path: Path
    progress: Mapping[str, tuple[int, int]]

    @property
    def caption(self) -> str:
        """Return how much is judged, and where."""
        judged, total = (sum(each) for each in zip(*self.progress.values(), strict=True))
        return f"{judged} of {total} judged in {self.path}"

    def to_frame(self) -> DataFrame:
        """Return a row per annotator as a pandas DataFrame."""
        import pandas as pd

        rows = [(name, *counts) for name, counts in self.progress.items()]
        return pd.DataFrame(rows, columns=["annotator", "judged", "items"])


def annotate(  # noqa: PLR0913  # one argument per key of configs/annotate.yaml
    project: str | Path,
    *,
    rows: str | Path | DataFrame | TableView | None = None,
    codebooks: str | Path | Sequence[str | Path] | None = None,
    annotators: str | Sequence[str] = (),
    overlap: int | str | None = None,
    share: float | None = None,
    calibration: int | None = None,
    repeats: float | None = None,
    controls: str | Path | DataFrame | None = None,
    suggest: Literal["never", "after", "before"] | None = None,
    labels: str | Path | Sequence[str | Path] | Labels | DataFrame | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    browser: bool = True,
    random_state: int | None = None,
    verbose: bool = True,
) -> AnnotationSession:
    """Open a page in which people annotate the rows of a project, each by a link of their own, until Ctrl-C.

    Parameters
    ----------
    project
        The file of the project, PROJECT.db; it is made where there is none. All that is judged
        is kept in it, and nothing in it is ever overwritten.
    rows
        What is to be judged: a file that `stancekit sample` wrote, or any table with a column
        `sentence` or `text`, and perhaps `actor`, `target`, `article`, `before` and `after`. Rows
        that the project has are not added again. A new project needs them.
    codebooks
        What is asked, by name or file; by default `stance`. For a project that is there, new
        versions of its codebooks.
    annotators
        Who annotates, by name; each gets a link. By default one. Names may be added later.
    overlap
        How many annotators judge an item that several judge, or `all`; by default 1.
    share
        The share of items that several judge, the others are judged by one; by default 1.
    calibration
        How many items all annotators judge first, in the same order; by default 0.
    repeats
        The share of an annotator's items that come a second time, unannounced; by default 0.
    controls
        A table like `rows` whose codes are known, in columns called like the codebooks. Its rows
        come among the others, and the lead sees how many were judged right.
    suggest
        Whether the code of a model is shown: `never`, `after` one's own is saved, or `before`,
        which biases and is marked in every judgement. By default never.
    labels
        What `stancekit label` wrote with `rows=all`: the codes to suggest, and what the lead's page
        draws next rows from. Of several models, which are given as a list, the first suggests, and
        rows can be drawn where they differ.
    host
        The address to serve at; another than this machine's own opens the pages to a network.
    port
        The port to serve at; 0 is any that is free.
    browser
        Whether a browser is opened: on the page of the only annotator, else on the lead's.
    random_state
        The seed of orders and of who judges what; by default 0.
    verbose
        Whether the links are printed.

    Returns
    -------
    AnnotationSession
        How much of what each annotator has to judge is judged; `to_frame()` has it as a pandas
        DataFrame.

    Raises
    ------
    KitError
        When the project or the rows cannot be read, or the address cannot be served at.

    Examples
    --------
    >>> session = annotate("study.db", rows="sample.csv", annotators=["ana", "ben"])  # doctest: +SKIP
    """
    settings = {
        "overlap": _count_or_all(overlap),
        "share": share,
        "calibration": calibration,
        "repeats": repeats,
        "suggest": suggest,
        "random_state": random_state,
    }
    given = {name: value for name, value in settings.items() if value is not None}
    with _open_project(Path(project), rows, as_list(codebooks or ()), given) as found:
        people = _add_people(found, as_list(annotators))
        if controls is not None:
            found.add_items(controls, kind="control")
        if labels is not None and not found.add_suggestions(list_tables(labels)[0]):
            raise KitError(
                "no id of the labels is one of an item; give the labels that were sampled"
            )
        with serving(found, host, port, labels) as address:
            links = {name: f"{address}{path}" for name, path in people.items()}
            if verbose:
                _print_links(found, links, host)
            if browser:
                webbrowser.open(next(iter(links.values())) if len(links) == 2 else links[LEAD])
            _wait()
        names = [name for name in people if name != LEAD]
        session = AnnotationSession(found.path, {name: progress_of(found, name) for name in names})
    if verbose:
        print(f"\n{printable(session.caption)}")
    return session


def _count_or_all(overlap: int | str | None) -> int | str | None:
    return int(overlap) if isinstance(overlap, str) and overlap.isdecimal() else overlap


def _open_project(
    path: Path, rows: Any, codebooks: Sequence[str | Path | Codebook], settings: dict[str, Any]
) -> Project:
    """Open a project, or make it; what is given of one that is there is changed."""
    books = [as_codebook(book) for book in codebooks]
    if not path.exists():
        if rows is None:
            raise KitError(
                f"there is no project {path}; to make it, give what is to be judged: "
                f"stancekit annotate {path} rows=sample.csv"
            )
        if path.suffix != ".db":
            raise KitError(f"a project is called {str(path)!r}; its ending is .db")
        return Project.create(path, rows=rows, codebooks=books or [as_codebook(None)], **settings)
    found = Project.open(path)
    try:
        changed = {
            name: value
            for name, value in settings.items()
            if getattr(found.settings, name) != value
        }
        if changed:
            found.change_settings(**changed)
        for book in books:
            found.update_codebook(book)
        if rows is not None:
            found.add_items(rows)
    except BaseException:
        found.close()
        raise
    return found


def _add_people(project: Project, names: Sequence[str]) -> dict[str, str]:
    """Return the path of each annotator's page, and at the end of the lead's; who is new is added."""
    for name in names:
        project.add_annotator(name)
    if not any(person.role == "annotator" for person in project.annotators):
        project.add_annotator(_ALONE)
    lead = project.add_annotator(LEAD, role="lead")
    paths = {
        person.name: f"/a/{person.token}"
        for person in project.annotators
        if person.role == "annotator"
    }
    return {**paths, LEAD: f"/lead/{lead.token}"}


def _print_links(project: Project, links: Mapping[str, str], host: str) -> None:
    width = max(map(len, links))
    lines = [f"{project.path}: {project.n_items} items. Each link is for one person:", ""]
    lines += [f"  {name:<{width}}  {link}" for name, link in links.items()]
    lines += [
        "",
        f"{LEAD} sees progress and agreement, decides, and draws next rows. Ctrl-C ends it; all is saved.",
    ]
    if is_open(host):
        lines.append(
            "note: others in this network can open these links, and the connection is not "
            "encrypted; leave out host= to stay on this machine"
        )
    print(printable("\n".join(lines), keep="\n"), flush=True)


def _wait() -> None:
    """Wait for Ctrl-C, or to be told to end, also where whoever began this had it ignore Ctrl-C."""
    ended = threading.Event()
    # Signals reach the main thread alone.
    in_main = threading.current_thread() is threading.main_thread()
    signals = (signal.SIGINT, signal.SIGTERM) if in_main else ()
    before = [signal.signal(one, lambda *_: ended.set()) for one in signals]
    try:
        while not ended.wait(_WAIT):
            pass
    finally:
        for one, handler in zip(signals, before, strict=True):
            signal.signal(one, handler)
