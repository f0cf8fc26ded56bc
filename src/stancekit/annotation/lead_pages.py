"""What the pages of a lead show: tables of annotators, agreement, confusions, and items to decide."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from stancekit.annotation.deciding import (
    Dispute,
    books_of,
    count_outcomes,
    in_hidden_order,
)
from stancekit.annotation.forms import Form, describe
from stancekit.annotation.keys import FINDING_KEYS
from stancekit.annotation.order import progress_of
from stancekit.annotation.overview import Overview
from stancekit.annotation.records import Annotator, Judgement
from stancekit.annotation.screen import (
    fill_form,
    new_request,
    show_choices,
    show_codebooks,
    show_findings,
    show_text,
    shown_name,
    visible,
)
from stancekit.annotation.tallies import PersonTally, find_confusions, find_missed, tally
from stancekit.codebook import Codebook
from stancekit.errors import KitError
from stancekit.evaluation.agreement import (
    BY_OVERLAP,
    ON_THE_SCALE,
    Agreement,
    PairAgreement,
    measure_agreement,
)
from stancekit.formatting import format_number, format_score
from stancekit.html import render_page
from stancekit.types import Score

# Confusions, and sentences of each, that a page shows; there may be thousands.
_MOST_CONFUSIONS, _MOST_SENTENCES = 8, 10
# The drawing of an interval: from left to right in its own units.
_LEFT, _RIGHT = 8.0, 232.0
# Where it ends on the left, though intervals of a few items may go on.
_LEFT_END = -0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """A lead with what everybody said: what every page of theirs needs."""

    overview: Overview
    person: Annotator
    books: tuple[Codebook, ...]

    @property
    def home(self) -> str:
        """Return the address of the first page."""
        return f"/lead/{self.person.token}"

    @property
    def deciding(self) -> str:
        """Return the address of the next item to decide."""
        return f"{self.home}/adjudicate"

    @property
    def next_rows(self) -> str:
        """Return the address of the page of next rows."""
        return f"{self.home}/next"

    @property
    def project(self) -> str:
        """Return what the project is called."""
        return visible(self.overview.project.path.stem)

    def head(self, here: str) -> dict[str, Any]:
        """Return what the bar of every page shows."""
        pages = [
            (self.home, "Progress"),
            (self.deciding, "Decide"),
            (self.next_rows, "Next rows"),
            (f"{self.home}/codebook", "Codebook"),
        ]
        name = visible(self.person.name)
        return {"project": self.project, "lead": name, "pages": pages, "here": here}


def progress_page(lead: Lead, disputes: Sequence[Dispute]) -> str:
    """Return the page of what was judged, by whom, and how far they agree."""
    overview = lead.overview
    project = overview.project
    people = [tally(overview, name, progress_of(project, name)) for name in overview.people()]
    suggested = sum(bool(each.suggestion) for each in overview.standing.values())
    view = {
        "people": people,
        "n_items": project.n_items,
        "n_judged": len({number for _, number, repeat in overview.standing if not repeat}),
        "n_judgements": len(overview.standing),
        "outcome": count_outcomes(overview, disputes),
        "deciding": lead.deciding,
        "books": [_show_book(lead, book, people) for book in lead.books],
        "missed": _show_missed(overview) if any(i.actor for i in overview.items.values()) else [],
        "suggested": suggested,
        "seen_before": project.settings.suggest == "before",
    }
    return render_page("annotate/progress.html", **lead.head("Progress"), view=view)


def _show_book(lead: Lead, book: Codebook, people: Sequence[PersonTally]) -> dict[str, Any]:
    overview = lead.overview
    annotated = overview.annotated_set(book)
    agreement: Agreement | None = None
    told = ""
    several = sum(sum(each is not None for each in codes) > 1 for codes in annotated.codes)
    if several:
        try:
            agreement = measure_agreement(annotated)
        except KitError as error:
            told = str(error)
    else:
        told = "No item has been judged by two annotators yet."
    scores = _show_scores(agreement.scores) if agreement else []
    outdated = overview.project.outdated(book.name)
    return {
        "name": book.name,
        "title": shown_name(book.name).capitalize(),
        "unit": "sentences" if book.unit == "sentence" else "items",
        "n": several,
        "kinds": _explain_kinds(book),
        "told": told,
        "scores": scores,
        "rows": _show_codes_of(book, people, scores),
        "pairs": list(map(_show_pair, agreement.pairs)) if agreement else [],
        "confusions": list(_show_confusions(lead, annotated)) if agreement else [],
        "has_repeats": any(person.same[book.name].n for person in people),
        "has_controls": any(person.right[book.name].n for person in people),
        "outdated": [_quote(lead, each.item) for each in outdated[:_MOST_SENTENCES]],
        "n_outdated": len(outdated),
    }


def _explain_kinds(book: Codebook) -> str:
    """Return what sets the first rows of agreement apart."""
    first = "“all” compares whole answers"
    if book.multi_label:
        return f"{first}; “{BY_OVERLAP}” counts sets that share codes as closer (MASI)."
    if book.scale:
        return f"{first}; “{ON_THE_SCALE}” counts codes as farther apart the more steps are between them."
    return f"{first}."


def _show_codes_of(
    book: Codebook, people: Sequence[PersonTally], scores: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return a row for the codes as a whole, and one for each of them."""
    names = [code.name for code in book.codes]
    by_slice = {score["slice"]: score for score in scores}
    whole = [
        {"name": score["slice"], "counts": [""] * len(people), "score": score, "is_whole": True}
        for score in scores
        if score["slice"] not in names
    ]
    rows = [
        {
            "name": shown_name(name),
            "counts": [person.codes[book.name][name] for person in people],
            "score": by_slice.get(name),
            "is_whole": False,
        }
        for name in names
    ]
    if any("" in person.codes[book.name] for person in people):
        counts = [person.codes[book.name][""] for person in people]
        rows.append({"name": "none of them", "counts": counts, "score": None, "is_whole": False})
    return whole + rows


def _show_scores(scores: Sequence[Score]) -> list[dict[str, Any]]:
    """Return scores with the places of their intervals in a drawing."""
    shown = [each for score in scores for each in (score.value, score.low) if not math.isnan(each)]
    least = max(_LEFT_END, min(0.0, *shown, 0.0))

    def place(value: float) -> float | None:
        if math.isnan(value):
            return None
        share = (max(least, value) - least) / (1 - least)
        return round(_LEFT + share * (_RIGHT - _LEFT), 1)

    return [
        {
            "slice": score.slice,
            "text": format_score(score),
            "n": score.n,
            "value": place(score.value),
            "low": place(score.low),
            "high": place(score.high),
            "zero": place(0.0),
        }
        for score in scores
    ]


def _show_pair(pair: PairAgreement) -> dict[str, Any]:
    return {
        "names": f"{visible(pair.first)} and {visible(pair.second)}",
        "agree": f"{100 * pair.agree:.0f} %",
        "kappa": format_number(pair.kappa),
        "alpha": format_score(pair.alpha),
        "n": pair.n,
    }


def _show_confusions(lead: Lead, annotated: Any) -> Iterator[dict[str, Any]]:
    for confusion in find_confusions(annotated)[:_MOST_CONFUSIONS]:
        yield {
            "codes": (shown_name(confusion.first), shown_name(confusion.second)),
            "n": len(confusion.items),
            "quotes": [_quote(lead, number) for number in confusion.items[:_MOST_SENTENCES]],
            "more": max(0, len(confusion.items) - _MOST_SENTENCES),
        }


def _quote(lead: Lead, number: int) -> dict[str, Any]:
    shown = show_text(lead.overview.items[number])
    return {
        "example": shown.example,
        "actor": shown.actor,
        "target": shown.target,
        "address": f"{lead.deciding}/{number}",
    }


def _show_missed(overview: Overview) -> list[dict[str, Any]]:
    return [
        {
            "finding": missed.finding,
            "share": missed.share,
            "quotes": [
                {"example": show_text(overview.items[number]).example, "words": visible(words)}
                for number, words in missed.cases[:_MOST_SENTENCES]
            ],
        }
        for missed in find_missed(overview, list(FINDING_KEYS))
    ]


def decide_page(
    lead: Lead,
    number: int,
    disputes: Sequence[Dispute],
    *,
    sent: Form | None = None,
    problems: Sequence[str] = (),
) -> str:
    """Return the page of an item to decide.

    Parameters
    ----------
    sent
        The form that could not be saved, to be corrected.
    """
    overview = lead.overview
    item = overview.items[number]
    before = overview.project.last(number, lead.person.name)
    decision = overview.decisions.get(number)
    dispute = next((each for each in disputes if each.number == number), None)
    filled: Judgement | Form | None = sent or decision
    asked = sent.asked if sent else books_of(dispute, decision, lead.books)
    shown = show_text(item)
    is_pair_in_doubt = bool(dispute and dispute.is_of_finding) or bool(filled and filled.finding)
    view = {
        **{name: getattr(shown, name) for name in ("example", "before", "after")},
        **{name: getattr(shown, name) for name in ("actor", "target", "size")},
        "place": f"{len(disputes)} to decide" if dispute else "Not in dispute",
        "distance": _show_distance(dispute, lead.books),
        "voices": [
            _show_voice(letter, voice, lead.books)
            for letter, voice in in_hidden_order(list(overview.voices(number, lead.books)), number)
        ],
        "action": f"{lead.deciding}/{number}",
        "form": fill_form(
            filled,
            seen=before.number if before else 0,
            request=sent.request if sent else "",
        ),
        "groups": show_choices(
            lead.books, asked=asked, chosen=filled.codes if filled else {}, suggested={}
        ),
        "findings": (
            show_findings(lead.books, filled.finding if filled else "") if is_pair_in_doubt else ()
        ),
        "books": show_codebooks(lead.books),
        "problems": problems,
        "notice": "This item is decided. What you save now takes the place of that."
        if decision and not dispute
        else "",
        "later": f"{lead.deciding}?after={number}" if dispute and len(disputes) > 1 else "",
        "last": _show_last_decision(lead),
    }
    return render_page("annotate/adjudicate.html", **lead.head("Decide"), view=view)


def _show_distance(dispute: Dispute | None, books: Sequence[Codebook]) -> str:
    if dispute is None:
        return ""
    parts = []
    for book in books:
        if (distance := dispute.distances.get(book.name)) is None:
            continue
        if book.multi_label:
            parts.append(f"{shown_name(book.name)}: {distance:.2f} apart")
        else:
            steps = "1 step" if distance == 1 else f"{distance:.0f} steps"
            parts.append(f"{shown_name(book.name)}: {steps} apart")
    if dispute.is_of_finding:
        parts.append("not agreed on what was found")
    return " · ".join(parts)


def _show_voice(letter: str, voice: Judgement, books: Sequence[Codebook]) -> dict[str, Any]:
    return {
        "letter": letter,
        "codes": [
            (shown_name(book.name), shown_name(", ".join(voice.codes[book.name])) or "none of them")
            for book in books
            if book.name in voice.codes
        ],
        "unsure": voice.unsure,
        "finding": voice.finding + (f": “{visible(voice.marked)}”" if voice.marked else ""),
        "note": visible(voice.note),
    }


def _show_last_decision(lead: Lead) -> dict[str, Any] | None:
    mine = [each for each in lead.overview.decisions.values() if each.annotator == lead.person.name]
    last = max(mine, key=lambda each: each.number, default=None)
    if last is None:
        return None
    return {
        "said": shown_name(describe(last, lead.books)),
        "action": f"{lead.deciding}/{last.item}",
        "request": new_request(),
        "seen": last.number,
    }


def decided_page(lead: Lead, disputes: Sequence[Dispute]) -> str:
    """Return the page that is shown when nothing is left to decide."""
    view = {
        "outcome": count_outcomes(lead.overview, disputes),
        "last": _show_last_decision(lead),
        "home": lead.home,
    }
    return render_page("annotate/decided.html", **lead.head("Decide"), view=view)
