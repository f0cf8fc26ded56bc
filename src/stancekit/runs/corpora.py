"""Corpora as the runs of one process share them: the same files are read once, and split once in each way."""

import json
from collections.abc import Callable
from typing import Any, TypeVar

from stancekit.codebook import Codebook
from stancekit.corpus import Corpus, SampleCorpus, Splits, TableCorpus
from stancekit.corpus.dataset import LabelledSet
from stancekit.corpus.judgements import AnnotatedSet
from stancekit.runs.provenance import describe_object

Value = TypeVar("Value")

# How many corpora, and how many of their splits, are kept in memory: those of a multirun over a few
# codebooks and splits.
_MAX_SHARED = 4
# The corpora that were read and split last, by what was asked for and the state of their files:
# runs of one multirun share them.
_READ_CORPORA: dict[str, tuple[LabelledSet, str, AnnotatedSet | None]] = {}
_SPLIT_CORPORA: dict[str, Splits] = {}


def _shared(known: dict[str, Value], key: Any, make: Callable[[], Value]) -> Value:
    """Return what is known under a key, or make it; the oldest is dropped where there are too many."""
    name = json.dumps(key, sort_keys=True)
    if name not in known:
        while len(known) >= _MAX_SHARED:
            known.pop(next(iter(known)))
        known[name] = make()
    return known[name]


def read_corpus(corpus: Corpus, codebook: Codebook) -> tuple[LabelledSet, str, AnnotatedSet | None]:
    """Return a corpus, its digest and its annotators' codes; the very same files are read once."""

    def read() -> tuple[LabelledSet, str, AnnotatedSet | None]:
        data = corpus.read(codebook)
        return data, data.digest, corpus.annotations(codebook)

    # Which files other kinds of corpora read is not known.
    if type(corpus) not in (TableCorpus, SampleCorpus):
        return read()
    files = []
    for path in corpus.paths():
        # What was judged last in a project that is open is in a file of its own beside it.
        for place in (path, path.with_name(f"{path.name}-wal")):
            if place.exists():
                state = place.stat()
                files.append([str(place), state.st_mtime_ns, state.st_size])
    return _shared(_READ_CORPORA, [describe_object(corpus), describe_object(codebook), files], read)


def split_corpus(
    split: Callable[..., Splits], data: LabelledSet, digest: str, random_state: int
) -> Splits:
    """Return the parts of a corpus, the very same where it was split in that way before."""
    key = [data.name, digest, describe_object(data.codebook), describe_object(split), random_state]
    return _shared(_SPLIT_CORPORA, key, lambda: split(data, random_state=random_state))
