"""Model cards of kept models, with the metadata that the Hugging Face Hub reads."""

import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from stancekit.codebook import Codebook
from stancekit.fileio import file_name, read_yaml
from stancekit.formatting import inline_code, markdown_text
from stancekit.reporting.tables import averaged_over, code_table, leaderboard_table
from stancekit.resources import shipped
from stancekit.runs.frames import METRIC_NAMES
from stancekit.runs.leaderboard import Leaderboard, LeaderboardRow
from stancekit.runs.record import Run

if TYPE_CHECKING:
    from huggingface_hub import DatasetCardData, EvalResult, ModelCardData

# The Hub's names of metrics; those that it does not know keep the kit's.
_HUB_METRICS = {"macro_f1": "f1", "f_avg": "f1", "micro_f1": "f1", "both_f1": "f1"}
_HUB_METRICS |= {"brier": "brier_score"}
# An id on the Hub, OWNER/NAME.
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")

_USE = """\
Use it with `stancekit label input=ARTICLE models=FOLDER`, or in Python with
`stancekit.load("FOLDER or user/name").predict(texts)`. Check its files with `stancekit verify FOLDER`."""


def model_card(board: Leaderboard, run: Run, command: str, *, why: str | None = None) -> str:
    """Return the card of a model as Markdown.

    Under which licence a model may be shared, and for which language it is, follows from the data
    it was trained on, so a card says so only where that is known: of corpora that ship with the
    kit.

    Parameters
    ----------
    why
        Why the model was kept, by default for its score on validation.
    """
    # An evaluation has only a test part: what the model was trained on is not known from it.
    entry = next(entry for entry in board.entries if entry.first.model == run.model)
    trained = bool(run.examples["train"])
    model, corpus = markdown_text(run.model), markdown_text(run.corpus)
    unit = "a sentence, for an actor and a target," if run.unit == "example" else "sentences"
    averaged = markdown_text(averaged_over(board))
    return f"""---
{_metadata(entry, run, trained=trained).to_yaml()}
---

# {model} for {markdown_text(run.codebook)}, {"trained" if trained else "tested"} on {corpus}

Labels {unit} with {markdown_text(", ".join(run.codes))}.
{_why_kept(run, why)}

{averaged[0].upper()}{averaged[1:]}; codes of {model}:

{code_table(entry)}

All models of the comparison, means over random states with 95 % intervals:

{leaderboard_table(board, timed=False)}

{_USE}
{_origin(run, trained=trained)} it on a sample of your own text before you rely on it,
and do not read its counts as estimates of shares.

Command: {inline_code(command)}
"""


def bare_card(model: str, codebook: Codebook) -> str:
    """Return the card of a model of which only the files are known: what it codes, and how it is used."""
    from huggingface_hub import ModelCardData

    stance = ["stance-detection"] if codebook.towards else []
    metadata = ModelCardData(
        model_name=markdown_text(model),
        library_name="stancekit",
        pipeline_tag="text-classification",
        tags=["content-analysis", *stance, markdown_text(codebook.name)],
    )
    codes = "\n".join(
        f"- {markdown_text(code.name)}: {markdown_text(code.definition)}" for code in codebook.codes
    )
    return f"""---
{metadata.to_yaml()}
---

# {markdown_text(model)} for {markdown_text(codebook.name)}

Codes:

{codes}

{_USE}
On which data it was trained, and what it scores, is not known. Test it on a sample of your own text
before you rely on it, and do not read its counts as estimates of shares.
"""


def _metadata(entry: LeaderboardRow, run: Run, *, trained: bool) -> "ModelCardData":
    """Return the front of a card; names are on one line and without markup, as in its text."""
    from huggingface_hub import ModelCardData

    corpus = _corpus_card(run.corpus) if trained else None
    # A code towards a target is a stance, whatever the codebook calls it.
    stance = ["stance-detection"] if run.towards else []
    return ModelCardData(
        model_name=markdown_text(run.model),
        library_name="stancekit",
        pipeline_tag="text-classification",
        tags=["content-analysis", *stance, markdown_text(run.codebook)],
        language=corpus.language if corpus else None,
        license=str(corpus.license) if corpus and corpus.license else None,
        datasets=[markdown_text(run.corpus)] if trained else None,
        base_model=sorted(set(_base_models(run))) or None,
        eval_results=list(_eval_results(entry, run)),
    )


def _corpus_card(name: str) -> "DatasetCardData | None":
    """Return the metadata of a corpus that ships with the kit, `None` of any other."""
    from huggingface_hub import DatasetCard, DatasetCardData

    if not name or file_name(name) != name:
        return None
    try:
        path = shipped("data", name, "README.md")
    except FileNotFoundError:
        return None
    # Parsed from its text: given a path, the library may ask the network.
    data = DatasetCard(path.read_text(encoding="utf-8")).data
    return data if isinstance(data, DatasetCardData) else None


def _base_models(run: Run) -> Iterator[str]:
    """Yield the encoders that a run's configuration names by their ids on the Hub."""
    path = run.folder / "config.yaml"
    if not path.exists():
        return
    yield from _checkpoints(read_yaml(path))


def _checkpoints(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "checkpoint" and isinstance(value, str) and _HUB_ID.fullmatch(value):
                yield value
            yield from _checkpoints(value)
    elif isinstance(node, list):
        for item in node:
            yield from _checkpoints(item)


def _eval_results(entry: LeaderboardRow, run: Run) -> "Iterator[EvalResult]":
    """Yield the model's scores on the whole test set, means over its random states."""
    from huggingface_hub import EvalResult

    corpus = markdown_text(run.corpus)
    for metric, name in METRIC_NAMES.items():
        score = entry.value(metric)
        if score is not None and not math.isnan(score.value):
            yield EvalResult(
                task_type="text-classification",
                dataset_type=corpus,
                dataset_name=corpus,
                dataset_config=markdown_text(run.codebook),
                dataset_split=markdown_text(run.part),
                metric_type=_HUB_METRICS.get(metric, metric),
                metric_name=name,
                # Four digits: the interval is wider than any further one.
                metric_value=round(score.value, 4),
            )


def _why_kept(run: Run, why: str | None) -> str:
    tested = f"The scores below are on {len(run.rows)} {markdown_text(run.part)} examples"
    if why:
        return f"Kept because {why}. {tested}."
    if math.isnan(run.validation):
        return f"{tested}; no model was chosen by a score on validation."
    return (
        f"Best on validation ({run.validation:.3f} macro-F1, random state {run.random_state}). {tested} that took no "
        "part in that choice."
    )


def _origin(run: Run, *, trained: bool) -> str:
    """Return the beginning of the advice to test a model, with a warning where no person wrote its training texts."""
    corpus = _corpus_card(run.corpus) if trained else None
    creators = corpus.get("language_creators") if corpus else None
    if creators and "machine-generated" in creators:
        return f"Trained on text that was written with a language model ({markdown_text(run.corpus)}): test"
    return "Test"
