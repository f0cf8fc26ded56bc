"""Turn an article into examples: its sentences, their actors and targets."""

from stancekit.text.actors.finder import ActorFinder
from stancekit.text.examples import make_examples, read_article
from stancekit.text.gazetteer import load_gazetteer
from stancekit.text.sentences import split_sentences

__all__ = [
    "ActorFinder",
    "load_gazetteer",
    "make_examples",
    "read_article",
    "split_sentences",
]
