"""Agreement of the gold labels with a second annotation of the same corpus."""

from stancekit.corpus import Corpus
from stancekit.corpus.dataset import LabelledSet
from stancekit.errors import KitError, listing
from stancekit.evaluation.agreement import alpha
from stancekit.types import Score


def score_agreement(data: LabelledSet, corpus: Corpus) -> list[Score]:
    """Return Krippendorff's alpha of the gold labels and a second annotation.

    Returns
    -------
    list of Score
        `all` compares the codes of an example as a whole. Where a codebook with one code
        per example has a scale, `on the scale` compares the codes on it, and a larger
        distance counts more. Then each code that either annotator gave. Empty where there
        is no second annotation.

    Raises
    ------
    KitError
        When none of the second annotator's ids is in the corpus.
    """
    second = corpus.second_labels(data.codebook)
    rows = [row for row, example in enumerate(data.examples) if example.id in second]
    if not rows and second:
        ids = listing((example.id for example in data.examples), 3)
        raise KitError(
            f"none of the {len(second)} ids in {corpus.second} ({listing(second, 3)}) is one of "
            f"corpus {data.name!r} ({ids}); name the column with corpus.columns.id=COLUMN"
        )
    if not rows:
        return []
    gold = [frozenset(data.labels[row]) for row in rows]
    other = [frozenset(second[data.examples[row].id]) for row in rows]
    articles = [data.examples[row].article for row in rows]
    scores = [alpha(gold, other, clusters=articles)]
    scale = [frozenset([code]) for code in data.codebook.scale]
    if scale and not data.codebook.multi_label:
        scores.append(alpha(gold, other, clusters=articles, scale=scale, name="on the scale"))
    given = frozenset().union(*gold, *other)
    for code in data.codebook.names:
        if code in given:
            in_gold, in_other = ([code in labels for labels in codes] for codes in (gold, other))
            scores.append(alpha(in_gold, in_other, clusters=articles, name=code))
    return scores
