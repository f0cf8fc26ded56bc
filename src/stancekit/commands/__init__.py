"""The commands: each a function whose parameters are the top-level keys of its config.

A new command is a line in `COMMANDS`, a module of its name with a function of that name, and
`configs/NAME.yaml`.
"""

from typing import NamedTuple


class Command(NamedTuple):
    """What the program itself knows of a command, without importing it."""

    summary: str
    # The key that a word without a key gives a value to, as in `stancekit label article.txt`.
    positional: str | None = None


COMMANDS = {
    "train": Command("train one model, or all of an experiment"),
    "evaluate": Command("score a saved model on a corpus"),
    "label": Command("label an article by actor stance and framing", "input"),
    "sample": Command("draw labelled rows for annotation", "labels"),
    "annotate": Command("judge rows in a web page of one's own, alone or with others", "project"),
    "estimate": Command("estimate shares of codes from labels and annotated rows", "labels"),
    "regress": Command("estimate a regression in which a label is a variable", "formula"),
    "network": Command(
        "estimate who is for and against whom, with communities and balance", "labels"
    ),
    "plan": Command("predict how narrow intervals get with more annotated rows", "labels"),
    "compare": Command("compare the finished runs of an experiment", "runs"),
    "average": Command("average finished runs into one model", "runs"),
    "report": Command("write the report of an experiment as HTML, Markdown, CSV and LaTeX", "runs"),
    "reproduce": Command("repeat a run and check that every score is the same", "runs"),
    "data": Command("count what is in a corpus", "corpus"),
    "agreement": Command("measure the agreement of a corpus's annotators", "corpus"),
    "disagreements": Command("list the rows on which annotators differ, to decide them", "corpus"),
    "judgements": Command(
        "write the judgements of a project to a file, read others in, or report on them", "project"
    ),
    "split": Command("write a corpus with its parts marked, the same for all runs", "corpus"),
    "new": Command("write a project of your own into a folder, from a table of yours", "folder"),
    "verify": Command("check a saved model against its manifest", "models"),
}
