"""`stancekit evaluate`: a saved model on any labelled corpus."""

from pathlib import Path

from stancekit.corpus import Corpus
from stancekit.corpus.labelled import LabelledSet
from stancekit.errors import KitError
from stancekit.evaluation import score, slices_of
from stancekit.files import write_text
from stancekit.models import store
from stancekit.report.runs import judge, write_predictions
from stancekit.report.tables import scores_csv, shown, table
from stancekit.types import Score


def evaluate(
    *, saved: str | Path, corpus: Corpus, part: str | None = None, out: str | Path | None = None
) -> list[Score]:
    """Score a saved model on a corpus, and write `scores.csv` and `predictions.jsonl`.

    Parameters
    ----------
    saved
        A model folder, as in `models/un_votes/stance`.
    part
        `train`, `validation`, `test` or `all`; by default test where the corpus marks a split, else all.
    out
        Where to write; by default `experiments/evaluate/CODEBOOK-MODEL-CORPUS`.
    """
    trained = store.load(saved)
    data = _part(corpus.read(trained.codebook), part)
    predictions = trained.predict(data.examples)
    rows = judge(data, predictions)
    names = trained.codebook.names
    labels = [prediction.labels for prediction in predictions]
    scores = score(data.labels, [labels], names, data.articles, slices=slices_of(data.contexts))
    run = f"{trained.codebook.name}-{trained.name}-{data.name}"
    folder = Path(out or Path("experiments") / "evaluate" / run)
    write_predictions(folder / "predictions.jsonl", rows)
    write_text(folder / "scores.csv", scores_csv((data.name, trained.codebook.name, trained.name), scores, 1))
    print(f"{trained.name} for {trained.codebook.name} on {data.name}: {len(data)} examples\n")
    print(table(["metric", "slice", "value", "n"], [[one.metric, one.slice, shown(one), one.n] for one in scores]))
    print(f"\nwritten: {folder}/scores.csv, {folder}/predictions.jsonl")
    return scores


def _part(data: LabelledSet, part: str | None) -> LabelledSet:
    marked = sorted(set(data.parts) - {""})
    part = part or ("test" if "test" in marked else "all")
    if part == "all":
        return data
    if part not in marked:
        raise KitError(f"corpus {data.name!r} has no part {part!r}; it has: {', '.join([*marked, 'all'])}")
    return data.take(row for row, name in enumerate(data.parts) if name == part)
