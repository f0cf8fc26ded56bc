"""Agreement of a corpus's annotators: in all, on each code, and of every two."""

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from stancekit.corpus.judgements import AnnotatedSet
from stancekit.errors import KitError
from stancekit.evaluation.competence import Competence
from stancekit.evaluation.disagreements import Disagreements, find_disagreements, set_distance
from stancekit.evaluation.krippendorff import alpha, observed_agreement
from stancekit.types import Score
from stancekit.views import DataFrame, TableView

CodeSets = list[frozenset[str] | None]
# What a score of agreement is about, where it is neither all codes nor one of them.
ON_THE_SCALE = "on the scale"
BY_OVERLAP = "by overlap"


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """Agreement of two annotators on the rows that both annotated.

    `agree` is the share of rows with the same codes, `kappa` Cohen's kappa (1960), and NaN
    where neither varies.
    """

    first: str
    second: str
    n: int
    agree: float
    kappa: float
    alpha: Score
    on_scale: Score | None = None


@dataclass(frozen=True, repr=False)
class Agreement(TableView):
    """How far annotators agree.

    Attributes
    ----------
    annotated
        What each annotator gave.
    scores
        Krippendorff's alpha with its 95 % interval by article: `all` compares the codes of a
        row as a whole; `on the scale` those on the codebook's scale, where a larger distance
        counts more; `by overlap`, of a codebook with several codes per row, sets by what they
        share (`set_distance`). Then each code that an annotator gave.
    pairs
        Of every two annotators with rows in common.
    percent
        Percent agreement with its interval, a score for each of `scores`: what agrees by chance
        counts too.
    competence
        How often each annotator is right, where that was asked for.
    """

    annotated: AnnotatedSet
    scores: tuple[Score, ...]
    pairs: tuple[PairAgreement, ...]
    percent: tuple[Score, ...]
    competence: Competence | None = None

    @property
    def caption(self) -> str:
        """Return how many annotators and rows there are, and alpha."""
        data = self.annotated
        unit = "sentences" if data.codebook.unit == "sentence" else "rows"
        return (
            f"Agreement of {len(data.annotators)} annotators on {data.codebook.name} in "
            f"{data.name}: {self.n} of {len(data)} {unit} have two annotations or more; "
            "Krippendorff's alpha with 95 % intervals by article"
        )

    @property
    def n(self) -> int:
        """Return the number of rows that two annotators or more have annotated."""
        return sum(len(_given(codes)) > 1 for codes in self.annotated.codes)

    @property
    def notes(self) -> list[str]:
        """Return what the table does not show: who annotated how much, what is confused."""
        counts = [
            sum(codes[index] is not None for codes in self.annotated.codes)
            for index in range(len(self.annotated.annotators))
        ]
        named = zip(self.annotated.annotators, counts, strict=True)
        notes = ["annotated: " + ", ".join(f"{name} {count}" for name, count in named)]
        if confused := self.confused():
            shown = ", ".join(f"{a} and {b} ({n})" for (a, b), n in confused[:3])
            notes.append(f"most often confused, in rows: {shown}")
        given = {score.slice for score in self.scores}
        unused = [code for code in self.annotated.codebook.names if code not in given]
        if unused and self.scores:
            names = ", ".join(unused)
            notes.append(f"no annotator gave {names}: agreement on these is not defined")
        return notes

    def confused(self) -> list[tuple[tuple[str, str], int]]:
        """Return which two codes annotators gave to one row, and in how many, most first.

        Empty for a codebook with several codes per row.
        """
        if self.annotated.codebook.multi_label:
            return []
        counts: Counter[tuple[str, str]] = Counter()
        for codes in self.annotated.codes:
            given = sorted({each[0] for each in _given(codes)})
            counts.update(combinations(given, 2))
        return counts.most_common()

    def to_frame(self) -> DataFrame:
        """Return alpha and percent agreement, in all and of each code, as a pandas DataFrame."""
        import pandas as pd

        rows = [
            {
                "codes": score.slice,
                "alpha": score.value,
                "low": score.low,
                "high": score.high,
                "n": score.n,
                "agree": agree.value,
            }
            for score, agree in zip(self.scores, self.percent, strict=True)
        ]
        return pd.DataFrame(rows, columns=["codes", "alpha", "low", "high", "n", "agree"])

    def by_annotator(self) -> DataFrame:
        """Return how many rows each annotator judged, and how often with each code, as a DataFrame.

        `seconds` is the median of how long a judgement took, where the data says so.
        """
        import pandas as pd

        data = self.annotated
        rows = []
        for index, name in enumerate(data.annotators):
            given = [codes[index] for codes in data.codes if codes[index] is not None]
            counts = Counter(code for codes in given for code in codes or ())
            row: dict[str, object] = {"annotator": name, "n": len(given)}
            if data.seconds:
                took = [times[index] for times in data.seconds if times[index] is not None]
                row["seconds"] = float(np.median(np.array(took))) if took else np.nan
            rows.append(row | {code: counts[code] for code in data.codebook.names})
        return pd.DataFrame(rows)

    def pairwise(self) -> DataFrame:
        """Return the agreement of every two annotators as a pandas DataFrame.

        `agree` is the share of rows with the same codes, `kappa` Cohen's kappa.
        """
        import pandas as pd

        rows = []
        for pair in self.pairs:
            row: dict[str, object] = {"first": pair.first, "second": pair.second, "n": pair.n}
            row |= {"agree": pair.agree, "kappa": pair.kappa, "alpha": pair.alpha.value}
            row |= {"low": pair.alpha.low, "high": pair.alpha.high}
            if pair.on_scale:
                row["on_scale"] = pair.on_scale.value
            rows.append(row)
        columns = ["first", "second", "n", "agree", "kappa", "alpha", "low", "high"]
        if any(pair.on_scale for pair in self.pairs):
            columns.append("on_scale")
        return pd.DataFrame(rows, columns=columns)

    def find_disagreements(self) -> Disagreements:
        """Return the rows on which annotators differ, the most distant first."""
        return find_disagreements(self.annotated)

    def disagreements(self) -> DataFrame:
        """Return the rows on which annotators differ as a pandas DataFrame, most distant first."""
        return self.find_disagreements().to_frame()


def _given(codes: Sequence[tuple[str, ...] | None]) -> list[tuple[str, ...]]:
    return [each for each in codes if each is not None]


def measure_agreement(annotated: AnnotatedSet) -> Agreement:
    """Return how far the annotators of a corpus agree.

    Raises
    ------
    KitError
        When there are fewer than two annotators, or no row that two have annotated.
    """
    units = annotated.units()
    if len(units.annotators) < 2:
        raise KitError(
            f"{units.where} has one annotator of codebook {units.codebook.name}, "
            f"{units.annotators[0]!r}; agreement takes two or more: corpus.annotators='[a,b]', "
            "where labels stands for the corpus's own label column"
        )
    by_annotator = [
        [None if codes[index] is None else frozenset(codes[index] or ()) for codes in units.codes]
        for index in range(len(units.annotators))
    ]
    articles = [example.article for example in units.examples]
    codebook = units.codebook
    views = _views(
        by_annotator,
        codes=codebook.names,
        scale=codebook.scale,
        multi_label=codebook.multi_label,
    )
    scores = [view.score(alpha, articles) for view in views]
    if scores[0].n == 0:
        raise KitError(
            f"no row of {units.where} has annotations of two of {', '.join(units.annotators)}; "
            "agreement needs rows that several people annotated"
        )
    pairs = []
    for (first, own), (second, other) in combinations(
        zip(units.annotators, by_annotator, strict=True), 2
    ):
        if pair := _compare_two(units, (first, second), (own, other), articles):
            pairs.append(pair)
    percent = tuple(view.score(observed_agreement, articles) for view in views)
    return Agreement(units, tuple(scores), tuple(pairs), percent)


@dataclass(frozen=True, slots=True)
class _View:
    """What agreement is measured of: values of each annotator, and how they differ."""

    name: str
    columns: Sequence[Sequence[Hashable | None]]
    scale: Sequence[Hashable] = ()
    distance: Callable[[Any, Any], float] | None = None

    def score(self, measure: Callable[..., Score], articles: Sequence[str]) -> Score:
        return measure(
            *self.columns,
            clusters=articles,
            scale=self.scale,
            distance=self.distance,
            name=self.name,
        )


def score_alphas(
    by_annotator: Sequence[CodeSets],
    articles: Sequence[str],
    *,
    codes: Sequence[str],
    scale: Sequence[str] = (),
    multi_label: bool = False,
) -> list[Score]:
    """Return alpha in all, on the scale or by overlap, and of each code that was given.

    Parameters
    ----------
    by_annotator
        The sets of codes that each annotator gave, `None` for a gap.
    codes, scale, multi_label
        Of the codebook.
    """
    views = _views(by_annotator, codes=codes, scale=scale, multi_label=multi_label)
    return [view.score(alpha, articles) for view in views]


def _views(
    by_annotator: Sequence[CodeSets],
    *,
    codes: Sequence[str],
    scale: Sequence[str],
    multi_label: bool,
) -> list[_View]:
    views = [_View("all", by_annotator)]
    if multi_label:
        views.append(_View(BY_OVERLAP, by_annotator, distance=set_distance))
    elif scale:
        views.append(_View(ON_THE_SCALE, by_annotator, [frozenset([code]) for code in scale]))
    paired = [sets for sets in zip(*by_annotator, strict=True) if _several(sets)]
    given = {code for sets in paired for each in sets if each is not None for code in each}
    for code in codes:
        if code in given:
            has_code = [
                [None if each is None else code in each for each in column]
                for column in by_annotator
            ]
            views.append(_View(code, has_code))
    return views


def _several(sets: Sequence[frozenset[str] | None]) -> bool:
    return sum(each is not None for each in sets) > 1


def _compare_two(
    units: AnnotatedSet,
    names: tuple[str, str],
    columns: tuple[CodeSets, CodeSets],
    articles: Sequence[str],
) -> PairAgreement | None:
    """Return the agreement of two annotators, `None` where they have no row in common."""
    rows = zip(*columns, strict=True)
    both = [(first, second) for first, second in rows if first is not None and second is not None]
    if not both:
        return None
    agree = sum(first == second for first, second in both) / len(both)
    counts = [Counter(codes) for codes in zip(*both, strict=True)]
    # The chance of meeting in a code when each codes as often as they did, but blindly.
    chance = sum(counts[0][codes] * n for codes, n in counts[1].items()) / len(both) ** 2
    kappa = (agree - chance) / (1 - chance) if chance < 1 else np.nan
    on_scale = None
    if (scale := [frozenset([code]) for code in units.codebook.scale]) and (
        not units.codebook.multi_label
    ):
        on_scale = alpha(*columns, clusters=articles, scale=scale, name=ON_THE_SCALE)
    score = alpha(*columns, clusters=articles)
    return PairAgreement(*names, len(both), agree, float(kappa), score, on_scale)
