"""Labelled data: readers, checks, splits."""

from stancekit.corpus.base import Corpus
from stancekit.corpus.columns import Columns
from stancekit.corpus.files import CsvCorpus, JsonlCorpus, bundled
from stancekit.corpus.holdout import ForwardSplit, GroupedSplit, InTopicSplit
from stancekit.corpus.hub import HubCorpus
from stancekit.corpus.labelled import LabelledSet
from stancekit.corpus.mentions import MarkedSentence
from stancekit.corpus.parts import Parts
from stancekit.corpus.split import FewShotSplit, FixedSplit

__all__ = ["Columns", "Corpus", "CsvCorpus", "FewShotSplit", "FixedSplit", "GroupedSplit", "HubCorpus", "JsonlCorpus"]
__all__ += ["ForwardSplit", "InTopicSplit", "LabelledSet", "MarkedSentence", "Parts", "bundled"]
