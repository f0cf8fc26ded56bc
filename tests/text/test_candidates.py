"""Which noun phrases are actors, and what an actor is asked about."""

import json

import pytest
from conftest import growth

from stancekit.resources import shipped
from stancekit.text.candidates import (
    LEAST_LIKELY,
    MOST_TARGETS,
    LogLinear,
    TargetRanker,
    find_unlisted_actors,
    load_weights,
)
from stancekit.text.syntax import parse_sentences
from stancekit.types import Mention


def mention(words, text):
    start = text.index(words)
    return Mention(words, start, start + len(words))


def ask(text, actor, *others, **given):
    """Return the names of the targets that an actor is asked about, the likeliest first."""
    [sentence] = parse_sentences([text])
    named = [mention(one, text) for one in (actor, *others)]
    ranker = TargetRanker(sentence, [*sentence.phrases, *named[1:]], named)
    chosen = ranker.choose(named[0], **given)
    ranked = [target for _, target in ranker.rank(named[0], **given)]
    assert {one.name for one in chosen} <= {one.name for one in ranked}
    return [one.name for one in ranked if one in chosen]


# Positions in sentences of which the corpus has none: the actor, and the word that names the target.
POSITIONS = [
    ("Norway condemned the herring treaty on Monday.", "Norway", "treaty"),
    ("The toll was welcomed by Ghana, its neighbours said.", "Ghana", "toll"),
    ("Fiji has refused to sign the seabed convention.", "Fiji", "convention"),
    ("Mali said it would back the motion on wells.", "Mali", "motion"),
    ("Chile criticised Oman over the strait.", "Chile", "Oman"),
    ("In a letter, Kenya urged members to drop the quota.", "Kenya", "quota"),
    ("Togo stayed away when the charter was put to the vote.", "Togo", "charter"),
    ("The plan, which Nepal has long opposed, was shelved.", "Nepal", "plan"),
    ("Peru called the ruling a disgrace.", "Peru", "ruling"),
    ("Opposition from Cuba sank the port bill.", "Cuba", "port bill"),
]


def test_the_shipped_weights_find_positions():
    found = [any(target in name for name in ask(text, actor)) for text, actor, target in POSITIONS]
    assert sum(found) >= 9, [row for row, ok in zip(POSITIONS, found, strict=True) if not ok]
    first = [target in ask(text, actor)[0] for text, actor, target in POSITIONS if ask(text, actor)]
    assert sum(first) >= 7


def test_the_shipped_file_is_small_sorted_and_plain():
    path = shipped("seeds", "candidates.json")
    assert path.stat().st_size < 500_000
    stored = json.loads(path.read_text(encoding="utf-8"))
    assert list(stored) == ["actors", "pairs"] == list(load_weights())
    for model in stored.values():
        assert set(model) == {"intercept", "weights"}
        assert list(model["weights"]) == sorted(model["weights"])
        assert all(abs(weight) >= 0.05 for weight in model["weights"].values())


def test_a_feature_counts_once_and_an_unknown_one_not():
    model = LogLinear(0.0, {"a": 2.0})
    assert model.probability(["a", "a", "b"]) == model.probability(["a"]) > 0.88
    assert model.probability([]) == 0.5


def test_no_more_targets_than_are_likely():
    text = (
        "Peru condemned the levy, the toll, the ban, the quota, the tariff, the fine and the tax."
    )
    assert len(ask(text, "Peru")) == MOST_TARGETS
    [sentence] = parse_sentences([text])
    peru = sentence.phrases[0]
    ranked = TargetRanker(sentence, sentence.phrases, [peru]).rank(peru)
    assert [score for score, _ in ranked] == sorted((score for score, _ in ranked), reverse=True)
    assert len(ranked) == 7 and all(0 < score < 1 for score, _ in ranked)
    assert ranked[0][0] > LEAST_LIKELY


def test_an_actor_is_no_target_of_itself_nor_is_what_stands_apart():
    text = "Peru blamed Oman and the envoys of Peru for the levy."
    names = ask(text, "Peru", "Oman")
    assert "Oman" in names and "Peru" not in names
    assert "Oman" not in ask(text, "Peru", "Oman", apart=["Oman"])


def test_what_the_sentence_does_not_name_may_be_meant():
    draft = Mention("draft")
    assert "draft" in ask("Chile opposed it.", "Chile", unnamed=draft)
    assert ask("Chile opposed it.", "Chile") == []


def test_a_speaker_that_the_sentence_does_not_name_is_asked_of_what_it_names():
    [sentence] = parse_sentences(["Such a levy is an insult to every fisherman."])
    ranker = TargetRanker(sentence, sentence.phrases, [])
    speaker = Mention("Ama Osei")
    assert "levy" in [target.name for target in ranker.choose(speaker)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Residents of the quay rejected the tram line.", ["Residents"]),
        (
            "The opposition walked out, and the mayor called the vote a farce.",
            ["opposition", "mayor"],
        ),
        ("The levy was raised on Monday.", []),
        ("", []),
    ],
)
def test_actors_that_no_list_has(text, expected):
    [sentence] = parse_sentences([text])
    assert [actor.name for actor in find_unlisted_actors(sentence, [])] == expected
    known = [mention(name, text) for name in expected]
    assert find_unlisted_actors(sentence, known) == []


def test_a_long_list_takes_linear_time():
    def prepare(n):
        text = ", ".join(f"State{k} and the levy" for k in range(n)) + " were named."
        [sentence] = parse_sentences([text])
        actors = [mention(f"State{k} ", text) for k in range(n)]

        def work():
            ranker = TargetRanker(sentence, sentence.phrases, actors)
            for actor in actors:
                assert len(ranker.choose(actor, unnamed=Mention("draft"))) <= MOST_TARGETS

        return work

    assert growth(prepare, 100, 400) < 10


def test_what_somebody_does_is_no_actor():
    text = (
        "Criticism came from both sides; the ministry's outright rejection shocked the shopkeepers."
    )
    [sentence] = parse_sentences([text])
    names = [actor.name for actor in find_unlisted_actors(sentence, [])]
    assert not any("rejection" in name or "Criticism" in name for name in names)
