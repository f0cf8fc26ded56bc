"""Labelled data: readers of files, checks of their rows, and splits."""

from stancekit.corpus.auto import AutoSplit
from stancekit.corpus.base import Corpus
from stancekit.corpus.build import MarkedSentence
from stancekit.corpus.cells import Columns
from stancekit.corpus.dataset import LabelledSet, Splits
from stancekit.corpus.readers import HubCorpus, TableCorpus, bundled
from stancekit.corpus.sampled import SampledSplit
from stancekit.corpus.samples import SampleCorpus
from stancekit.corpus.splits import (
    FewShotSplit,
    FixedSplit,
    ForwardSplit,
    GroupedSplit,
    InTopicSplit,
)

__all__ = [
    "AutoSplit",
    "Columns",
    "Corpus",
    "FewShotSplit",
    "FixedSplit",
    "ForwardSplit",
    "GroupedSplit",
    "HubCorpus",
    "InTopicSplit",
    "LabelledSet",
    "MarkedSentence",
    "SampleCorpus",
    "SampledSplit",
    "Splits",
    "TableCorpus",
    "bundled",
]
