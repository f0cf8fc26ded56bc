"""Model cards of kept models."""

import json

from stancekit.report.leaderboard import Board
from stancekit.report.runs import Run
from stancekit.report.tables import leaderboard, one_line, per_code


def card(board: Board, run: Run, command: str, *, why: str | None = None) -> str:
    """Return the card of a kept model as Markdown; `why` it was kept, by default for its score on validation."""
    entry = next(one for one in board.entries if one.first.model == run.model)
    why = why or f"it was best on validation ({run.validation:.3f} macro-F1, random state {run.random_state})"
    origin = "Trained on composed English sentences about diplomacy: test" if run.corpus == "un_votes" else "Test"
    return f"""---
license: apache-2.0
library_name: stancekit
tags: [stance-detection, framing, {json.dumps(run.codebook)}]
---

# {one_line(run.model)} for {run.codebook}, trained on {one_line(run.corpus)}

Labels {"sentences" if run.multi_label else "a sentence, for an actor and a target,"}
with {one_line(", ".join(run.codes))}.
Kept because {why}; the scores
below are on {len(run.rows)} test examples that took no part in that choice.

{per_code(entry)}

All models of the comparison, means over random states with 95 % intervals:

{leaderboard(board, timed=False)}

Use it with `stancekit label input=ARTICLE saved=FOLDER`, check its files with `stancekit verify FOLDER`.
{origin} it on a sample of your own text before you rely on it,
and do not read its counts as estimates of shares.

Command: `{command}`
"""
