"""What reads like English, and what is told of text that does not."""

import importlib
import pkgutil

import pytest
import spacy.lang
from conftest import ROOT

from stancekit.codebook import load_codebook
from stancekit.corpus import bundled
from stancekit.text.language import MOST_WITHOUT, reads_like_english


def sentences_of(language):
    """Return the sentences that spaCy has to try a language with."""
    try:
        return importlib.import_module(f"spacy.lang.{language}.examples").sentences
    except ModuleNotFoundError:
        return []


def test_english_does_and_no_other_language():
    examples = bundled().read(load_codebook("diplomacy")).examples
    english = list({example.text for example in examples})
    strange = [not reads_like_english(text) for text in english]
    assert len(strange) > 3_000 and sum(strange) < 0.03 * len(strange)
    others = {module.name for module in pkgutil.iter_modules(spacy.lang.__path__)} - {"en"}
    long = [text for name in others for text in sentences_of(name) if len(text.split()) > 9]
    assert len(long) > 150
    assert sum(map(reads_like_english, long)) < 0.05 * len(long)


@pytest.mark.parametrize("topic", ["abortion", "atheism", "climate", "feminist", "hillary"])
def test_tweets_are_english(topic):
    folder = ROOT.parent / "shared" / "benchmarks" / "semeval2016_stance" / topic
    if not folder.is_dir():
        pytest.skip("the tweets are not beside the checkout")
    tweets = (folder / "train_text.txt").read_text(encoding="utf-8").splitlines()
    assert sum(not reads_like_english(text) for text in tweets) < MOST_WITHOUT * len(tweets) / 1.5


@pytest.mark.parametrize(
    "text",
    [
        "DON’T ASK THEM, SAID THE MINISTER OF THE INTERIOR, TWICE",
        "Peru, Chile, Mali.",
        "",
        "7 7 7 7 7 7 7 7 7 7 7",
    ],
)
def test_capitals_and_what_is_too_short_to_say(text):
    assert reads_like_english(text)
