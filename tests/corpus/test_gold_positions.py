"""Articles with positions: what is read of them, and what is refused, all at once."""

import pytest

from stancekit.corpus import TableCorpus
from stancekit.corpus.memory import read_table
from stancekit.corpus.positions import read_articles
from stancekit.errors import KitError
from stancekit.text import load_gazetteer

TEXT = "Lima rejected the levy. The pilots kept quiet. We thank Oman, and my party likes it."


def position(sentence, actor, code, **rest):
    return {
        "sentence": sentence,
        "actor": actor,
        "target": "the levy on salt",
        "stance": code,
    } | rest


ARTICLE = {
    "id": "salt",
    "title": "Salt",
    "text": TEXT,
    "speaker": "PER",
    "register": "speech",
    "split": "test",
    "positions": [
        position("Lima rejected the levy.", "Lima", "condemn", targets=["the levy"]),
        position("The pilots kept quiet.", "pilots", "abstain", actor_start=4),
        position(TEXT[47:], "PER", "support", actor_start=None),
        position(TEXT[47:], "my party", "support", targets=["it"]),
        position("The pilots kept quiet.", "pilots", "none", targets=["quiet"]),
    ],
}


def read(corpus, codebook):
    return read_articles(corpus, codebook, load_gazetteer())


def test_places_are_those_of_the_article(jsonl, stance):
    [article], unread = read(TableCorpus(jsonl(ARTICLE, {"text": "Nobody read this."})), stance)
    assert unread == 1
    assert (article.article.topic, article.register, article.part) == ("Salt", "speech", "test")
    seen = [
        (
            one.actor.place and TEXT[slice(*one.actor.place)],
            one.actor.code,
            one.actor.speaks,
            [TEXT[slice(*place)] for place in one.target_places],
            one.code,
        )
        for one in article.positions
    ]
    # Where a state speaks, its capital is the speaker too; a position that is none is left out, and a
    # pronoun means a target and does not name it.
    assert seen == [
        ("Lima", "PER", True, ["the levy"], "condemn"),
        ("pilots", None, False, [], "abstain"),
        (None, "PER", True, [], "support"),
        ("my party", None, False, [], "support"),
    ]


def test_the_first_person_is_who_speaks(jsonl, stance):
    given = position(TEXT[47:], "We", "support", targets=["Oman"])
    [article], _ = read(TableCorpus(jsonl(ARTICLE | {"positions": [given]})), stance)
    [found] = article.positions
    assert (found.actor.name, found.actor.speaks, found.actor.place) == ("Peru", True, (47, 49))


def test_a_pronoun_names_a_target_only_where_it_is_who_speaks(jsonl, stance):
    text = "Lima thanked us, and Oman backed it."
    for phrase, named in (("us", ["us"]), ("it", [])):
        given = position(text, "Oman", "support", targets=[phrase])
        row = ARTICLE | {"text": text, "title": "", "positions": [given]}
        [article], _ = read(TableCorpus(jsonl(row)), stance)
        [found] = article.positions
        assert [text[slice(*place)] for place in found.target_places] == named


def test_the_main_matter_stands_before_the_title_which_is_no_sentence(jsonl, stance):
    text = f"Salt again\n\n{TEXT}"
    rows = [
        ARTICLE | {"text": text, "matters": ["the salt levy"]},
        ARTICLE | {"id": "b", "text": text, "title": ""},
    ]
    [first, second], _ = read(TableCorpus(jsonl(*rows)), stance)
    assert first.article.topic == "the salt levy" and second.article.topic == "Salt again"
    assert first.article.text == " " * 10 + text[10:] and second.article.text == text


def test_all_faults_are_told_at_once(jsonl, stance):
    twice = "Oman left. Oman left."
    rows = [
        ARTICLE
        | {
            "positions": [
                position("Gone.", "Lima", "condemn"),
                position("Lima rejected the levy.", "Kenya", "condemn"),
                position("Lima rejected the levy.", "Lima", "condem", targets=["the draft"]),
                position("Lima rejected the levy.", "Lima", "condemn", actor_start=3),
                position("Lima rejected the levy.", "Lima", "condemn", start=3),
            ]
        },
        ARTICLE | {"id": "other", "text": " "},
        ARTICLE,
        ARTICLE | {"id": "x", "positions": "none"},
        {"text": twice, "positions": [position("Oman left.", "Oman", "condemn")]},
        {"text": "Oman left.", "positions": [{"sentence": "Oman left."}]},
    ]
    with pytest.raises(KitError) as told:
        read(TableCorpus(jsonl(*rows), strict=True), stance)
    for part in (
        "sentence that is not in the text (rows 1: 'Gone.')",
        "actor that is neither in the sentence nor its speaker (rows 1: 'Kenya')",
        "unknown stance 'condem' (is condemn meant?), which has: abstain, condemn, none, support (rows 1)",
        "phrase of targets that is not in the sentence (rows 1: 'the draft')",
        "actor_start at which the actor does not stand (rows 1: '3')",
        "start at which the sentence does not stand (rows 1: '3')",
        "article without text (rows 2)",
        "id of an earlier article (rows 3: 'salt')",
        "and 5 more kinds of faults",
    ):
        assert part in str(told.value)


def test_a_corpus_without_such_articles_says_what_they_are(jsonl, stance):
    with pytest.raises(KitError, match=r"no articles with positions; .* corpus\.articles=FILE"):
        read(TableCorpus(jsonl({"text": "Lima left.", "stance": "condemn"})), stance)
    with pytest.raises(KitError, match="with articles=FILE"):
        read(read_table([{"text": "Lima left.", "stance": "condemn"}]), stance)


def test_a_corpus_of_sentences_names_the_file_of_its_articles(jsonl, stance):
    corpus = TableCorpus(jsonl({"text": "Lima left."}), articles=jsonl(ARTICLE, name="whole.jsonl"))
    [article], _ = read(corpus, stance)
    assert article.article.id == "salt"
