"""The pages of an annotator: the item, what was saved twice, and the end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stancekit.annotation.desk import Desk
from stancekit.annotation.forms import Form, as_fields, describe, to_judgement
from stancekit.annotation.order import Step
from stancekit.annotation.records import Annotator, Item, Judgement, Suggestion
from stancekit.annotation.screen import (
    fill_form,
    new_request,
    show_choices,
    show_codebooks,
    show_findings,
    show_pace,
    show_text,
    shown_name,
    visible,
)
from stancekit.codebook import Codebook
from stancekit.html import render_page


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """An annotator with a project open: what every page of theirs needs."""

    desk: Desk
    person: Annotator
    books: tuple[Codebook, ...]
    suggest: str

    @property
    def home(self) -> str:
        """Return the address of the next item."""
        return f"/a/{self.person.token}"

    @property
    def project(self) -> str:
        """Return what the project is called."""
        return visible(self.desk.project.path.stem)

    def address(self, step: Step) -> str:
        """Return the address of an item."""
        return f"{self.home}/item/{step[0]}" + ("?repeat=1" if step[1] else "")


def item_page(
    sitting: Sitting,
    step: Step,
    *,
    sent: Form | None = None,
    problems: Sequence[str] = (),
    is_second_look: bool = False,
) -> str:
    """Return the page of an item.

    Parameters
    ----------
    sent
        The form that could not be saved, to be corrected.
    is_second_look
        Whether the item was judged, and the model's codes are shown now.
    """
    desk, books = sitting.desk, sitting.books
    item = desk.project.item(step[0])
    before = desk.last_of(step)
    judged = before if before is not None and before.action == "judge" else None
    taken = _taken_back(desk, step) if before is not None and judged is None else None
    filled: Judgement | Form | None = sent or judged or taken
    done, total = desk.progress()
    is_model_shown = bool(suggestion_state(sitting, item, before))
    choices = show_choices(
        books,
        asked=sent.asked if sent else desk.asked(step, books),
        chosen=filled.codes if filled else {},
        suggested=show_suggested(item) if is_model_shown else {},
    )
    has_pair = item.actor is not None or item.target is not None
    view = {
        **_head(sitting),
        **_reading(item),
        "token": sitting.person.token,
        "place": "Look again" if is_second_look else _say_place(done, total, judged),
        "done": done,
        "total": total,
        "left": show_pace(desk.pace(), total - done),
        "action": sitting.address(step),
        "form": fill_form(
            filled,
            seen=sent.seen if sent else before.number if before else 0,
            request=sent.request if sent else "",
        ),
        "groups": choices,
        "findings": show_findings(books, filled.finding if filled else "") if has_pair else (),
        "books": show_codebooks(books),
        "problems": problems,
        "notice": _notice(judged, taken, is_second_look=is_second_look),
        "save": "Keep and go on" if is_second_look else "Save and go on",
        "last": None if is_second_look else show_last(sitting),
    }
    return render_page("annotate/item.html", view=view)


def _head(sitting: Sitting) -> dict[str, str]:
    return {
        "project": sitting.project,
        "annotator": visible(sitting.person.name),
        "home": sitting.home,
    }


def _reading(item: Item) -> dict[str, Any]:
    shown = show_text(item)
    names = ("example", "before", "after", "actor", "target", "size")
    return {name: getattr(shown, name) for name in names}


def _say_place(done: int, total: int, judged: Judgement | None) -> str:
    return "Judged before" if judged else f"Item {min(done + 1, total)} of {total}"


def _taken_back(desk: Desk, step: Step) -> Judgement | None:
    """Return what was taken back of an item: who takes it back mostly corrects it."""
    made = [
        judgement
        for judgement in desk.project.judgements(step[0])
        if judgement.annotator == desk.annotator and judgement.repeat == step[1]
    ]
    return next((each for each in reversed(made) if each.action == "judge"), None)


def _notice(judged: Judgement | None, taken: Judgement | None, *, is_second_look: bool) -> str:
    if is_second_look:
        return "Saved. The model says something else: keep your codes, or change them."
    if judged is not None:
        return "You have judged this item. What you save now takes the place of that."
    return "Taken back. Correct it, and save it again." if taken is not None else ""


def suggestion_state(sitting: Sitting, item: Item, before: Judgement | None) -> Suggestion:
    """Return what a judgement that is made now is to bear, by what was seen of the model."""
    if not item.suggested or sitting.suggest == "never":
        return ""
    # Who comes back to an item has seen what the model says of it; and where the codes given before
    # were taken back, there are none without it.
    if sitting.suggest == "before" or (before is not None and before.action == "take back"):
        return "before"
    return "after" if before is not None else ""


def differs(judgement: Judgement, item: Item) -> bool:
    """Say whether the model says something else of what was asked."""
    return any(
        set(codes) != set(item.suggested[book].get("codes", ()))
        for book, codes in judgement.codes.items()
        if book in item.suggested
    )


def show_suggested(item: Item) -> dict[str, dict[str, str]]:
    """Return by codebook and code what is shown of a model's codes: the score, where there is one."""
    shown: dict[str, dict[str, str]] = {}
    for book, given in item.suggested.items():
        scores = given.get("scores")
        by_code = scores if isinstance(scores, Mapping) else {}
        shown[book] = {code: _percent(by_code.get(code)) for code in given.get("codes", ())}
    return shown


def _percent(score: object) -> str:
    return f"{100 * score:.0f} %" if isinstance(score, int | float) else "says so"


def show_last(sitting: Sitting) -> dict[str, Any] | None:
    """Return what can be taken back, `None` where nothing can."""
    step = sitting.desk.last_step()
    judgement = sitting.desk.last_of(step) if step else None
    if step is None or judgement is None:
        return None
    said = shown_name(describe(judgement, sitting.books))
    if sitting.suggest == "after":
        item = sitting.desk.project.item(step[0])
        if item.suggested and not differs(judgement, item):
            said += " (the model says so too)"
    return {
        "said": said,
        "action": sitting.address(step),
        "request": new_request(),
        "seen": judgement.number,
    }


def conflict_page(sitting: Sitting, step: Step, *, form: Form, saved: Judgement) -> str:
    """Return the page of an item that was saved elsewhere while it was open."""
    item = sitting.desk.project.item(step[0])
    own = to_judgement(form, item, sitting.person.name, books=sitting.books)
    is_taken = saved.action == "take back"
    view = {
        **_head(sitting),
        **_reading(item),
        "saved": {
            "said": "taken back" if is_taken else shown_name(describe(saved, sitting.books)),
            "note": visible(saved.note),
            "at": saved.at[:19].replace("T", " ") + " UTC",
        },
        "own": {"said": shown_name(describe(own, sitting.books)), "note": visible(form.note)},
        "action": sitting.address(step),
        "fields": as_fields(form, seen=saved.number, request=new_request(), shown="", away=""),
    }
    return render_page("annotate/conflict.html", view=view)


def done_page(sitting: Sitting) -> str:
    """Return the page that is shown when all is judged."""
    done, total = sitting.desk.progress()
    view = {
        **_head(sitting),
        "done": done,
        "total": total,
        "token": sitting.person.token,
        "last": show_last(sitting),
    }
    return render_page("annotate/done.html", view=view)


def codebook_page(project: str, books: Sequence[Codebook], *, back: str) -> str:
    """Return the codebooks as a page."""
    return render_page(
        "annotate/codebook.html", project=project, books=show_codebooks(books), back=back
    )


def message_page(title: str, *lines: str, links: Sequence[tuple[str, str]] = ()) -> str:
    """Return a page that says something."""
    return render_page("annotate/message.html", title=title, lines=lines, links=links)
