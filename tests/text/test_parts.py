"""Parts of speech and noun phrases, against what spaCy's own pipeline says of whole texts."""

import pytest

from stancekit.resources import shipped
from stancekit.text import split_sentences
from stancekit.text.clean import clean
from stancekit.text.datelines import dateline_end
from stancekit.text.examples import read_article
from stancekit.text.nlp import _take_pipes
from stancekit.text.syntax import parse_sentences
from stancekit.text.targets import target_words

ODD = (
    "There's a plan, and there was none before; there are those that say so.",
    "I can't say what it does, but have they done nothing? Let's not; y'all ai n't here.",
    " Peru, Chile and a few others of the union did back what that draft had in it .",
    "Being there once, he got ta do it himself, whereas she has what is hers.",
)


@pytest.fixture(scope="module")
def sentences():
    names = ("newswire_border_truce", "speech_small_islands", "summary_record_mercenaries")
    articles = [read_article(shipped("seeds", "articles", f"{name}.txt")) for name in names]
    texts = [clean(one.text).text for each in articles for one in split_sentences(each)]
    # Datelines are not parsed.
    return [*ODD, *(text[dateline_end(text) :] for text in texts)]


def test_words_and_phrases_are_those_of_the_whole_pipeline(sentences):
    pipeline = _take_pipes(["tok2vec", "tagger", "parser", "attribute_ruler"])
    parts = set()
    for parsed, doc in zip(parse_sentences(sentences), pipeline.pipe(sentences), strict=True):
        assert [(word.text, word.tag, word.part, word.role) for word in parsed.words] == [
            (token.lower_, token.tag_, token.pos_, token.dep_) for token in doc
        ]
        parts |= {word.part for word in parsed.words}
        ends = {one.end for one in parsed.phrases}
        for chunk in doc.noun_chunks:
            named = target_words()["determiners"] | target_words()["pronouns"]
            if chunk[-1].lower_ not in named and not chunk[-1].is_punct:
                assert chunk.end_char in ends
    assert {"SCONJ", "AUX", "SPACE", "PART", "PRON", "PROPN"} <= parts
