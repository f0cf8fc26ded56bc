"""Who speaks is an actor of every sentence, and the first person stands for it."""

import pytest

from stancekit.text import ActorFinder, load_gazetteer, make_examples
from stancekit.text.speaker import add_speaker, find_first_person, make_speaker
from stancekit.types import Article, Mention

FINDER = ActorFinder(ner=False)


def words(text):
    span = find_first_person(text)
    return span and text[slice(*span)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We cannot accept the levy.", "We"),
        ("Today I welcome the levy.", "I"),
        ("The levy was forced on us.", "us"),
        ("In this matter, my own Government is firm.", "my own Government"),
        ("The levy harms our people, and we say so.", "our people"),
        ("This House condemns the levy.", "This House"),
        # a mere possessive, where there is nothing better
        ("Our vote is not for sale.", "Our"),
        ("Our vote is known; I shall not repeat it.", "I"),
        ("I've no doubt about the levy.", "I"),
        # others
        ("The US voted against US interests.", None),
        ("Since World War I, Chile has refused.", None),
        ("Under Article I of the charter, it may.", None),
        ("M. I. Osei spoke.", None),
        ("The west is weak; iPods are not.", None),
        ("Chile said: “We refuse, and so should our friends.”", None),
        ('Chile said "we refuse", which I regret.', "I"),
        ("Chile said: “We refuse, and for long.", None),
    ],
)
def test_the_first_person(text, expected):
    assert words(text) == expected


@pytest.mark.parametrize(
    ("given", "name", "code"),
    [
        ("KEN", "Kenya", "KEN"),
        ("GBR", "United Kingdom", "GBR"),
        ("Türkiye", "Türkiye", "TUR"),
        ("Turkey", "Türkiye", "TUR"),
        ("CSK", "Czechoslovakia", None),
        ("EU", "European Union", None),
        ("Osei, Ama", "Osei, Ama", None),
        # a part of a name, and no code in small letters, is no state
        ("ken", "ken", None),
        ("Moscow", "Moscow", None),
    ],
)
def test_codes_and_names_of_states(given, name, code):
    assert make_speaker(given, load_gazetteer()) == Mention(name, code=code)


def pairs(text, targets=(), speaker="KEN", **rest):
    examples = make_examples(Article("a", text), FINDER, targets, speaker=speaker, **rest)
    return [
        (
            example.actor.name,
            example.actor.located and example.text[example.actor.start : example.actor.end],
            example.target.name,
        )
        for example in examples
    ]


def test_the_speaker_is_an_actor_beside_the_others():
    assert pairs("We thank Oman, which stood by us.") == [
        ("Kenya", "We", "Oman"),
        ("Oman", "Oman", "Kenya"),
    ]
    # as subject alone, the speaker is no target of those it speaks of
    found = pairs("I know that Chad blames Oman.")
    assert {("Kenya", "I", "Chad"), ("Kenya", "I", "Oman"), ("Chad", "Chad", "Oman")} <= set(found)
    assert "Kenya" not in {target for _, _, target in found}


def test_without_the_first_person_the_speaker_is_where_it_is_named_or_nowhere():
    assert pairs("The Kenyan delegation rejects the levy.") == [
        ("Kenya", "Kenyan delegation", "levy")
    ]
    assert pairs("The levy is unjust.", "the levy") == [("Kenya", False, "the levy")]
    assert pairs("The levy by Chad is unjust.") == [
        ("Kenya", False, "levy"),
        ("Chad", "Chad", "levy"),
    ]


def test_a_speaker_is_no_target_of_itself_by_any_name():
    assert pairs("My delegation, that of Kenya, rejects the levy.") == [
        ("Kenya", "My delegation", "levy")
    ]
    assert pairs("We are one.", ["Kenya", "the levy"]) == [("Kenya", "We", "the levy")]


def test_a_proposition_is_a_target():
    said = "The levy should be dropped."
    assert pairs("Chad agrees.", said) == [("Kenya", False, said), ("Chad", "Chad", said)]


def test_a_person_speaks_for_a_house():
    assert pairs("This House rejects the levy.", speaker="Osei, Ama") == [
        ("Osei, Ama", "This House", "levy")
    ]


def test_the_only_actor_goes_before_the_speaker():
    assert pairs("We blame Chad.", "the levy", actor="Oman") == [("Oman", False, "the levy")]


def test_what_others_are_quoted_with_is_theirs():
    spoken = add_speaker(Mention("Kenya"), [Mention("Chad", 0, 4)], "Chad said “we know”.")
    assert [actor.located for actor in spoken.actors] == [False, True]
    assert [target.name for target in spoken.targets] == ["Chad"]


def test_the_object_of_an_act_is_no_target_of_who_speaks_of_the_act():
    said = "We condemn Chad's invasion of Oman and the sanctions against Peru."
    assert [target for actor, _, target in pairs(said) if actor == "Kenya"] == [
        "Chad's invasion",
        "Chad",
        "sanctions",
    ]
    # it was asked for
    assert pairs(said, ["Oman"])[0] == ("Kenya", "We", "Oman")
    # who decides is no object
    assert ("Kenya", "We", "Peru") in pairs("We welcome the decision of Peru.")


def test_what_is_not_at_issue_is_no_target():
    assert pairs("Since the Second World War, we respect international law.") == []


def test_the_people_of_a_state_are_actors_and_no_targets_of_it():
    assert pairs("We know that Kenyan farmers reject the levy.") == [
        ("Kenya", "We", "levy"),
        ("Kenyan farmers", "Kenyan farmers", "levy"),
    ]
