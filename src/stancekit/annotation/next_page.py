"""The page of next rows: what more rows are expected to bring, as words, a table and a drawing, and a form."""

from collections.abc import Mapping, Sequence
from typing import Any

from stancekit.annotation.lead_pages import Lead
from stancekit.annotation.next_rows import NextForm, NextRows, Outlook
from stancekit.annotation.outlook import MORE
from stancekit.annotation.screen import shown_name, visible
from stancekit.codebook import Codebook
from stancekit.html import render_page

# The drawing of a learning curve, in its own units.
_WIDTH, _HEIGHT, _CURVE_LEFT, _BOTTOM, _TOP = 640, 290, 46, 54, 26
_DESIGNS = {
    "random": "all with the same chance",
    "stratified": "as many of each value of a column",
    "uncertain": "more where the model is unsure",
    "disagreement": "more where the models differ",
}


def next_page(
    lead: Lead,
    rows: NextRows,
    book: Codebook,
    *,
    form: NextForm | None = None,
    problems: Sequence[str] = (),
) -> str:
    """Return the page.

    Parameters
    ----------
    book
        The codebook that rows are drawn for.
    form
        What was asked for and could not be done, to be corrected.
    """
    told, is_wrong = rows.told
    known, is_running = (None, False)
    if rows.labels and not rows.drawing:
        judged = len(lead.overview.standing) + len(lead.overview.decisions)
        state = (lead.overview.read, lead.overview.project.last_item)
        known, is_running = rows.outlook(book, judged, state)
    shown = form or NextForm(codebook=book.name)
    view = {
        "has_labels": bool(rows.labels),
        "file": visible(str(lead.overview.project.path)),
        "address": lead.next_rows,
        "here": f"{lead.next_rows}?codebook={book.name}",
        "books": [
            {"name": each.name, "title": shown_name(each.name), "is_shown": each.name == book.name}
            for each in lead.books
        ],
        "title": shown_name(book.name),
        "told": told,
        "told_wrong": is_wrong,
        "is_drawing": rows.drawing,
        "is_running": is_running,
        "known": _show_outlook(known) if known else None,
        "is_old": known is not None and is_running,
        "form": shown,
        "seen": lead.overview.project.last_item,
        "designs": [
            {"name": name, "about": _DESIGNS[name], "is_chosen": name == shown.design}
            for name in rows.designs
        ],
        "problems": problems,
    }
    return render_page("annotate/next.html", **lead.head("Next rows"), view=view)


def _show_outlook(known: Outlook) -> dict[str, Any]:
    claim, model = known.answer.get("claim", known.answer), known.answer.get("model", {})
    return {
        "n_judged": known.n_judged,
        "claim": claim if "told" in claim else _show_claim(claim),
        "model": model if "told" in model or not model else _show_model(model),
    }


def _show_claim(claim: Mapping[str, Any]) -> dict[str, Any]:
    steps = [
        {
            "rows": step["rows"],
            "more": step["rows"] - claim["n"],
            "hours": f"{step['hours']:.1f}",
            "estimate": _points(step["half_width"]),
            "gold_only": _points(step["gold_only"]),
        }
        for step in claim["steps"]
    ]
    notes = list(map(visible, claim["notes"]))
    return {"told": "", "n": claim["n"], "steps": steps, "notes": notes}


def _points(share: float) -> str:
    return f"± {100 * share:.1f}"


def _show_model(model: Mapping[str, Any]) -> dict[str, Any]:
    then = [(more, point) for more, point in zip(MORE, model["then"], strict=True)]
    gain = model["gain"]
    return {
        "told": "",
        "n": model["n"],
        "now": _shown_f1(model["now"]),
        "then": _shown_f1(model["then"][0]),
        "gain": f"{gain['value']:+.3f}",
        "gain_low": f"{gain['low']:+.3f}",
        "gain_high": f"{gain['high']:+.3f}",
        "rows": [
            *(
                {"rows": point["rows"], "how": "measured", **_shown_f1(point)}
                for point in model["points"]
            ),
            {"rows": model["n"], "how": "expected, all that there are", **_shown_f1(model["now"])},
            *(
                {"rows": point["rows"], "how": f"expected, {more} more", **_shown_f1(point)}
                for more, point in then
            ),
        ],
        "drawing": draw_curve(model),
    }


def _shown_f1(point: Mapping[str, float]) -> dict[str, str]:
    return {name: f"{point[name]:.2f}" for name in ("value", "low", "high")}


def draw_curve(model: Mapping[str, Any]) -> dict[str, Any]:
    """Return the places of a learning curve in its drawing: the law, its band, the points and the axes."""
    law, points = model["law"], model["points"]
    last = law[-1]["rows"]
    values = [each[name] for each in (*law, *points) for name in ("low", "high")]
    least, most = max(0.0, min(values) - 0.03), min(1.0, max(values) + 0.03)

    def x(rows: float) -> float:
        return round(float(_CURVE_LEFT + (_WIDTH - _CURVE_LEFT - 12) * rows / last), 1)

    def y(value: float) -> float:
        share = (value - least) / (most - least)
        return round(float(_HEIGHT - _BOTTOM - (_HEIGHT - _BOTTOM - _TOP) * share), 1)

    def line(name: str) -> list[str]:
        return [f"{x(each['rows'])},{y(each[name])}" for each in law]

    step = next(each for each in (0.02, 0.05, 0.1, 0.2) if (most - least) / each <= 6)
    ticks = [round(step * at, 2) for at in range(round(1 / step) + 1)]
    spacing = next(each for each in (50, 100, 200, 500, 1000, 5000, 10**9) if last / each <= 8)
    return {
        "width": _WIDTH,
        "height": _HEIGHT,
        "left": _CURVE_LEFT,
        "right": _WIDTH - 12,
        "bottom": _HEIGHT - _BOTTOM,
        "top": _TOP,
        "law": " ".join(line("value")),
        "band": " ".join([*line("low"), *reversed(line("high"))]),
        "points": [
            {
                "x": x(each["rows"]),
                "y": y(each["value"]),
                "low": y(each["low"]),
                "high": y(each["high"]),
            }
            for each in points
        ],
        "now": x(model["n"]),
        "y_ticks": [
            {"at": y(tick), "text": f"{tick:g}"} for tick in ticks if least <= tick <= most
        ],
        "x_ticks": [
            {"at": x(rows), "text": f"{rows:,}"} for rows in range(0, int(last) + 1, spacing)
        ],
    }
