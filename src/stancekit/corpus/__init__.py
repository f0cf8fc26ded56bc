"""Labelled data: readers, checks, splits."""

from stancekit.corpus.base import Corpus
from stancekit.corpus.cells import Columns
from stancekit.corpus.dataset import LabelledSet, Splits
from stancekit.corpus.readers import CsvCorpus, HubCorpus, JsonlCorpus, bundled
from stancekit.corpus.rows import MarkedSentence
from stancekit.corpus.splits import (
    FewShotSplit,
    FixedSplit,
    ForwardSplit,
    GroupedSplit,
    InTopicSplit,
)

__all__ = [
    "Columns",
    "Corpus",
    "CsvCorpus",
    "FewShotSplit",
    "FixedSplit",
    "GroupedSplit",
    "HubCorpus",
    "JsonlCorpus",
]
__all__ += ["ForwardSplit", "InTopicSplit", "LabelledSet", "MarkedSentence", "Splits", "bundled"]
