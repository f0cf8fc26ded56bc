"""`stancekit data`: what is in a corpus."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from stancekit.codebook import load_codebook
from stancekit.corpus import Corpus
from stancekit.corpus.labelled import LabelledSet
from stancekit.evaluation.agreement import alpha
from stancekit.files import write_text
from stancekit.report.tables import shown, table
from stancekit.types import Score

# A picture has so many rows at most; what is rarer is drawn as one.
MOST = 60


def data(
    *, corpus: Corpus, codebooks: Sequence[str] = ("stance", "diplomacy"), plots: str | Path | None = None
) -> list[LabelledSet]:
    """Print the counts of a corpus by label, split, register, topic and phenomenon, and its agreement.

    Parameters
    ----------
    corpus
        Labelled data.
    codebooks
        Names of shipped codebooks that the corpus is labelled with.
    plots
        A folder for pictures (SVG) of the codes by register and by topic.

    Returns
    -------
    list of LabelledSet
        The corpus as each codebook reads it.
    """
    found = []
    for name in codebooks:
        codebook = load_codebook(name)
        whole = corpus.read(codebook)
        unit = "sentences" if codebook.unit == "sentence" else "examples"
        print(f"# {whole.name}, {name}: {len(whole)} {unit} in {len(set(whole.articles))} articles\n")
        print(table(["code", "n", "share"], _shares(whole)), "\n")
        print(table(["split", unit, *codebook.names], _crossed(whole, list(whole.parts))), "\n")
        print(
            table(["register", unit, *codebook.names], _crossed(whole, [one.register for one in whole.contexts])), "\n"
        )
        if agreed := agreement(whole, corpus):
            print(table(["second annotation", "alpha", "n"], [[one.slice, shown(one), one.n] for one in agreed]), "\n")
        if plots is not None:
            _draw(whole, Path(plots))
        found.append(whole)
    first = found[0]
    print(
        table(["topic", "examples", *first.codebook.names], _crossed(first, [one.topic for one in first.contexts])),
        "\n",
    )
    phenomena = Counter(name for one in first.contexts for name in one.phenomena)
    print(table(["phenomenon", "examples"], phenomena.most_common()))
    return found


def _draw(whole: LabelledSet, folder: Path) -> None:
    """Write pictures of the codes by register and by topic."""
    from stancekit.report.plots import heat, stacked, svg

    codes = whole.codebook.names
    for field in ("register", "topic"):
        rows = _crossed(whole, _commonest([getattr(one, field) for one in whole.contexts]))
        names, counts = [str(row[0]) for row in rows], [[int(str(n)) for n in row[2:]] for row in rows]
        if whole.codebook.multi_label:
            totals = [int(str(row[1])) for row in rows]
            shares = [[n / total for n in row] for row, total in zip(counts, totals, strict=True)]
            drawing = heat(names, codes, shares)
        else:
            drawing = stacked(names, codes, counts)
        path = folder / f"{whole.codebook.name}-by-{field}.svg"
        write_text(path, svg(drawing, f"{whole.codebook.name} by {field} in {whole.name}"))
        print(f"written: {path}\n")


def _commonest(values: Sequence[str]) -> list[str]:
    """Return the values, with those too rare for a picture's rows under one name."""
    counts = Counter(values)
    if len(counts) <= MOST:
        return list(values)
    kept = {value for value, _ in counts.most_common(MOST - 1)}
    others = f"… {len(counts) - len(kept)} others"
    return [value if value in kept else others for value in values]


def _shares(whole: LabelledSet) -> list[list[object]]:
    return [[code, n, f"{n / len(whole):.1%}"] for code, n in whole.counts.items()]


def _crossed(whole: LabelledSet, values: Sequence[str]) -> list[list[object]]:
    rows: list[list[object]] = []
    for value in sorted(set(values)):
        part = whole.take(row for row, own in enumerate(values) if own == value)
        rows.append([value or "–", len(part), *part.counts.values()])
    return rows


def agreement(whole: LabelledSet, corpus: Corpus) -> list[Score]:
    """Return Krippendorff's alpha of gold and second annotation, overall and by code."""
    second = corpus.second_labels(whole.codebook)
    rows = [row for row, example in enumerate(whole.examples) if example.id in second]
    if not rows:
        return []
    both = [(frozenset(whole.labels[row]), frozenset(second[whole.examples[row].id])) for row in rows]
    clusters = [whole.examples[row].article for row in rows]
    one, other = ([pair[side] for pair in both] for side in (0, 1))
    found = [alpha(one, other, clusters)]
    for code in whole.codebook.names:
        found.append(
            alpha([code in labels for labels in one], [code in labels for labels in other], clusters, name=code)
        )
    return found
