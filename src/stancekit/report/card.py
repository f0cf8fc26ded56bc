"""Model cards of kept models."""

import json
import math

from stancekit.report.leaderboard import Leaderboard
from stancekit.report.tables import (
    averaged_over,
    inline_code,
    leaderboard_table,
    one_line,
    per_code,
)
from stancekit.runs.record import Run

# What the bundled corpus is licensed under, and so what is made of it may be shared as.
_LICENSES = {"un_votes": "cc-by-4.0"}


def card(board: Leaderboard, run: Run, command: str, *, why: str | None = None) -> str:
    """Return the card of a model as Markdown.

    Under which licence a model may be shared follows from the data it was trained on, so a card
    names one only where that is known: for the bundled corpus.

    Parameters
    ----------
    why
        Why the model was kept, by default for its score on validation.
    """
    entry = next(one for one in board.entries if one.first.model == run.model)
    license = f"license: {_LICENSES[run.corpus]}\n" if run.corpus in _LICENSES else ""
    origin = (
        "Trained on composed English sentences about diplomacy: test"
        if run.corpus == "un_votes"
        else "Test"
    )
    return f"""---
{license}library_name: stancekit
tags: [stance-detection, framing, {json.dumps(run.codebook)}]
---

# {one_line(run.model)} for {one_line(run.codebook)}, trained on {one_line(run.corpus)}

Labels {"sentences" if run.multi_label else "a sentence, for an actor and a target,"}
with {one_line(", ".join(run.codes))}.
{_why_chosen(run, why)}

{one_line(averaged_over(board).capitalize())}; codes of {one_line(run.model)}:

{per_code(entry)}

All models of the comparison, means over random states with 95 % intervals:

{leaderboard_table(board, timed=False)}

Use it with `stancekit label input=ARTICLE saved=FOLDER`, check its files with `stancekit verify FOLDER`.
{origin} it on a sample of your own text before you rely on it,
and do not read its counts as estimates of shares.

Command: {inline_code(command)}
"""


def _why_chosen(run: Run, why: str | None) -> str:
    tested = f"The scores\nbelow are on {len(run.rows)} {one_line(run.part)} examples"
    if why:
        return f"Kept because {why}. {tested}."
    if math.isnan(run.validation):
        return f"{tested}; no model was chosen by a score on validation."
    return (
        f"Best on validation ({run.validation:.3f} macro-F1, random state {run.random_state}). {tested} that took no "
        "part in that choice."
    )
