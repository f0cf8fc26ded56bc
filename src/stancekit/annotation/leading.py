"""The pages of whoever leads: how it goes, and what is to be decided."""

import threading
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from stancekit.annotation.deciding import Dispute, find_disputes
from stancekit.annotation.forms import Form, find_faults, read_form, to_judgement
from stancekit.annotation.lead_pages import Lead, decide_page, decided_page, progress_page
from stancekit.annotation.next_page import next_page
from stancekit.annotation.next_rows import NextForm, NextRows
from stancekit.annotation.overview import Overview
from stancekit.annotation.pages import codebook_page
from stancekit.annotation.project import Project
from stancekit.annotation.records import ConflictError
from stancekit.codebook import Codebook
from stancekit.errors import KitError


class Leading:
    """The pages of a lead. What is shown is reckoned anew when something was judged since."""

    def __init__(self, project: Project, next_rows: NextRows) -> None:
        self.project = project
        self.next_rows = next_rows
        self.overview = Overview(project)
        self.lock = threading.Lock()
        self.kept: dict[str, tuple[Any, Any]] = {}

    def routes(self) -> list[Route]:
        """Return the addresses of these pages."""
        decide = "/lead/{token}/adjudicate/{number:int}"
        return [
            Route("/lead/{token}", self.progress),
            Route("/lead/{token}/codebook", self.codebook),
            Route("/lead/{token}/adjudicate", self.next),
            Route(decide, self.item),
            Route(decide, self.decide, methods=["POST"]),
            Route("/lead/{token}/next", self.ahead),
            Route("/lead/{token}/next", self.draw, methods=["POST"]),
        ]

    def _lead(self, request: Request) -> Lead:
        person = self.project.by_token(request.path_params["token"])
        if person is None or person.role != "lead":
            raise HTTPException(404)
        self.overview.update()
        return Lead(overview=self.overview, person=person, books=self.project.codebooks)

    def _state(self) -> tuple[object, ...]:
        people = tuple(person.name for person in self.project.annotators)
        return (
            self.overview.read,
            self.project.last_item,
            people,
            tuple(self.project.hashes.items()),
        )

    def progress(self, request: Request) -> Response:
        """Show what was judged, and how far annotators agree."""
        with self.lock:
            lead = self._lead(request)
            state = self._state()
            kept = self.kept.get("progress")
            if kept is None or kept[0] != state:
                self.kept["progress"] = kept = (state, progress_page(lead, self._disputes()))
            return HTMLResponse(kept[1])

    def codebook(self, request: Request) -> Response:
        """Show the codebooks."""
        with self.lock:
            lead = self._lead(request)
            return HTMLResponse(codebook_page(lead.project, lead.books, back=lead.home))

    def _disputes(self) -> list[Dispute]:
        state = self._state()
        kept = self.kept.get("disputes")
        if kept is None or kept[0] != state:
            self.kept["disputes"] = kept = (state, find_disputes(self.overview))
        disputes: list[Dispute] = kept[1]
        return disputes

    def next(self, request: Request) -> Response:
        """Show what is decided next; after `?after=NUMBER`, what comes behind that item."""
        with self.lock:
            lead, disputes = self._lead(request), self._disputes()
            numbers = [dispute.number for dispute in disputes]
            after = request.query_params.get("after", "")
            place = numbers.index(int(after)) + 1 if after in map(str, numbers) else 0
            if not disputes:
                return HTMLResponse(decided_page(lead, disputes))
            number = numbers[place % len(numbers)]
            return HTMLResponse(decide_page(lead, number, disputes))

    def item(self, request: Request) -> Response:
        """Show an item that several have judged."""
        with self.lock:
            lead = self._lead(request)
            return HTMLResponse(decide_page(lead, self._number(request), self._disputes()))

    def _number(self, request: Request) -> int:
        number: int = request.path_params["number"]
        if number not in self.overview.items:
            raise HTTPException(404)
        return number

    async def decide(self, request: Request) -> Response:
        """Save a decision, or take it back."""
        form = read_form(await request.body())
        return await run_in_threadpool(self._decide, request, form)

    def _decide(self, request: Request, form: Form) -> Response:
        with self.lock:
            lead = self._lead(request)
            number = self._number(request)
            try:
                if form.action == "take back":
                    self.project.take_back(
                        number, lead.person.name, shown=form.seen, request=form.request
                    )
                    return RedirectResponse(f"{lead.deciding}/{number}", status_code=303)
                return self._save_decision(lead, number, form)
            except ConflictError:
                told = "This item was decided in another window meanwhile. What stands is shown."
                page = decide_page(lead, number, self._disputes(), problems=[told])
                return HTMLResponse(page, status_code=409)

    def _save_decision(self, lead: Lead, number: int, form: Form) -> Response:
        item = self.project.item(number)
        if faults := find_faults(form, item, lead.books):
            page = decide_page(lead, number, self._disputes(), sent=form, problems=faults)
            return HTMLResponse(page, status_code=422)
        said = to_judgement(form, item, lead.person.name, books=lead.books)
        before = self.overview.decisions.get(number)
        # Codebooks that are not on the page stay as they were decided.
        codes = {**(before.codes if before else {}), **said.codes}
        self.project.save(replace(said, action="adjudicate", codes=codes), shown=form.seen)
        return RedirectResponse(lead.deciding, status_code=303)

    def _asked(self, lead: Lead, name: str) -> Codebook:
        """Return the codebook of that name, the first where none is named."""
        books = {book.name: book for book in lead.books}
        if name and name not in books:
            raise HTTPException(404)
        return books[name] if name else lead.books[0]

    def ahead(self, request: Request) -> Response:
        """Show what more rows are expected to bring."""
        with self.lock:
            lead = self._lead(request)
            book = self._asked(lead, request.query_params.get("codebook", ""))
            return HTMLResponse(next_page(lead, self.next_rows, book))

    async def draw(self, request: Request) -> Response:
        """Begin to draw more rows."""
        form = NextForm.read(await request.body())
        return await run_in_threadpool(self._draw, request, form)

    def _draw(self, request: Request, form: NextForm) -> Response:
        with self.lock:
            lead = self._lead(request)
            book = self._asked(lead, form.codebook)
            faults = form.faults(self.next_rows.designs)
            if not faults:
                try:
                    self.next_rows.draw(form, book)
                except KitError as error:
                    faults = [str(error)]
            if faults:
                page = next_page(lead, self.next_rows, book, form=form, problems=faults)
                return HTMLResponse(page, status_code=422)
            return RedirectResponse(
                f"{lead.next_rows}?codebook={quote(book.name)}", status_code=303
            )
