"""The web application: an address for every page, and what a form does."""

import threading
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from stancekit.annotation.desk import Desk
from stancekit.annotation.forms import Form, find_faults, read_form, to_judgement
from stancekit.annotation.leading import Leading
from stancekit.annotation.next_rows import NextRows
from stancekit.annotation.order import Step
from stancekit.annotation.pages import (
    Sitting,
    codebook_page,
    conflict_page,
    differs,
    done_page,
    item_page,
    message_page,
    suggestion_state,
)
from stancekit.annotation.project import Project
from stancekit.annotation.records import ConflictError
from stancekit.annotation.security import Guard
from stancekit.errors import KitError

_STATIC = Path(__file__).resolve().parents[1] / "templates" / "annotate"
_KINDS = {
    "annotate.css": "text/css",
    "keys.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
Handler = Callable[[Request], Awaitable[Response]]


def make_app(
    project: Project, hosts: Iterable[str] = (), next_rows: NextRows | None = None
) -> Starlette:
    """Return the application that serves a project.

    Parameters
    ----------
    project
        The project, open to be written.
    hosts
        As of `Guard`.
    next_rows
        Those of the project; by default none can be drawn.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "study.db"
    >>> rows = [{"text": "Peru said no."}]
    >>> with Project.create(file, rows=rows, codebooks=["stance"]) as project:
    ...     app = make_app(project)
    >>> [route.path for route in app.routes][:2]
    ['/', '/static/{name}']
    """
    pages = _Pages(project)
    leading = Leading(project, next_rows or NextRows(project))
    routes = [
        Route("/", _show_start),
        Route("/static/{name}", _static),
        Route("/a/{token}", pages.next),
        Route("/a/{token}/codebook", pages.codebook),
        Route("/a/{token}/item/{number:int}", pages.item),
        Route("/a/{token}/item/{number:int}", pages.judge, methods=["POST"]),
        *leading.routes(),
    ]
    app = Starlette(
        routes=routes, exception_handlers={KitError: _fault, HTTPException: _show_status}
    )
    app.add_middleware(Guard, hosts=hosts)
    return app


def _show_start(request: Request) -> Response:
    return HTMLResponse(
        message_page(
            "Use your own link",
            "Each annotator has a link, and whoever leads the project has one. They are printed "
            "where the project was started.",
        )
    )


def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _KINDS:
        raise HTTPException(404)
    return Response((_STATIC / name).read_bytes(), media_type=_KINDS[name])


def _fault(request: Request, error: Exception) -> Response:
    """Show an error that a user can fix."""
    return HTMLResponse(message_page("That did not work", str(error)), status_code=400)


def _show_status(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 404:
        page = message_page(
            "There is no such page",
            "Check the link; each annotator has one of their own. It is printed where the project "
            "was started.",
        )
    else:
        page = message_page("That did not work", str(getattr(error, "detail", error)))
    return HTMLResponse(page, status_code=status)


class _Pages:
    """The pages of annotators. One request at a time reads and writes: each takes a few milliseconds."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.desks: dict[str, Desk] = {}
        self.lock = threading.Lock()

    def _sit(self, request: Request) -> Sitting:
        person = self.project.by_token(request.path_params["token"])
        if person is None or person.role != "annotator":
            raise HTTPException(404)
        desk = self.desks.setdefault(person.name, Desk(self.project, person.name))
        return Sitting(
            desk=desk,
            person=person,
            books=self.project.codebooks,
            suggest=self.project.settings.suggest,
        )

    def _step(self, request: Request, sitting: Sitting) -> Step:
        step = (request.path_params["number"], int(request.query_params.get("repeat") == "1"))
        # SQLite has no larger numbers.
        if step[0] >= 2**63 or not sitting.desk.has(step):
            raise HTTPException(404)
        return step

    def next(self, request: Request) -> Response:
        """Show what is judged next."""
        with self.lock:
            sitting = self._sit(request)
            step = sitting.desk.next()
            page = done_page(sitting) if step is None else item_page(sitting, step)
            return HTMLResponse(page)

    def codebook(self, request: Request) -> Response:
        """Show the codebooks."""
        with self.lock:
            sitting = self._sit(request)
            return HTMLResponse(codebook_page(sitting.project, sitting.books, back=sitting.home))

    def item(self, request: Request) -> Response:
        """Show an item that is this annotator's."""
        with self.lock:
            sitting = self._sit(request)
            step = self._step(request, sitting)
            last = sitting.desk.last_of(step)
            look = request.query_params.get("look") == "1"
            is_judged = last is not None and last.action == "judge"
            is_second_look = look and is_judged and sitting.suggest == "after"
            return HTMLResponse(item_page(sitting, step, is_second_look=is_second_look))

    async def judge(self, request: Request) -> Response:
        """Save a judgement, or take it back."""
        form = read_form(await request.body())
        return await run_in_threadpool(self._judge, request, form)

    def _judge(self, request: Request, form: Form) -> Response:
        with self.lock:
            sitting = self._sit(request)
            step = self._step(request, sitting)
            try:
                if form.action == "take back":
                    return self._take_back(sitting, step, form)
                return self._save(sitting, step, form)
            except ConflictError as conflict:
                page = conflict_page(sitting, step, form=form, saved=conflict.saved)
                return HTMLResponse(page, status_code=409)

    def _take_back(self, sitting: Sitting, step: Step, form: Form) -> Response:
        number, repeat = step
        self.project.take_back(
            number, sitting.person.name, repeat=repeat, shown=form.seen, request=form.request
        )
        return _go_to(sitting.address(step))

    def _save(self, sitting: Sitting, step: Step, form: Form) -> Response:
        item = self.project.item(step[0])
        if faults := find_faults(form, item, sitting.books):
            page = item_page(sitting, step, sent=form, problems=faults)
            return HTMLResponse(page, status_code=422)
        suggestion = suggestion_state(sitting, item, sitting.desk.last_of(step))
        judgement = replace(
            to_judgement(form, item, sitting.person.name, books=sitting.books),
            repeat=step[1],
            suggestion=suggestion,
        )
        self.project.save(judgement, shown=form.seen)
        is_first = sitting.suggest == "after" and not suggestion
        if is_first and item.suggested and differs(judgement, item):
            mark = "&" if step[1] else "?"
            return _go_to(f"{sitting.address(step)}{mark}look=1")
        return _go_to(sitting.home)


def _go_to(address: str) -> Response:
    return RedirectResponse(address, status_code=303)
