"""Which pairs of an actor and a target an article is read for."""

import pytest
from conftest import growth

from stancekit.text import ActorFinder, load_gazetteer
from stancekit.text import pairs as pairs_module
from stancekit.text.examples import add_title, split_body
from stancekit.text.pairs import ask_pairs
from stancekit.text.syntax import parse_sentences
from stancekit.types import Article, Mention

FINDER = ActorFinder(ner=False)


def read(text, targets=(), title=None, **given):
    """Return the pairs that an article is read for, with the actors that the gazetteer has."""
    article = add_title(Article("a", text), title=title or False)
    sentences = split_body(article)
    mentions = FINDER.find([sentence.text for sentence in sentences])
    return ask_pairs(article, sentences, mentions, targets, **given)


def named(pairs):
    return [(pair.example.actor.name, pair.vote, pair.example.target.name) for pair in pairs]


def actors_of(text, persons):
    """Return the actors of a sentence's pairs; it also names some persons."""
    sentences = split_body(Article("a", text))
    mentions = FINDER.find([sentence.text for sentence in sentences])
    mentions = [sorted([*mentions[0], *persons], key=lambda one: one.start)]
    return [pair.example.actor for pair in ask_pairs(Article("a", text), sentences, mentions)]


def of(pairs, actor):
    return [pair.example.target.name for pair in pairs if pair.example.actor.name == actor]


def test_a_roll_call_gives_each_voter_one_pair():
    pairs = read("The draft was adopted by 3 votes (Chad, Oman, Peru) to 1 (Chile).")
    votes = [(*pair[:2],) for pair in named(pairs)]
    assert votes == [("Chad", "yes"), ("Oman", "yes"), ("Peru", "yes"), ("Chile", "no")]
    assert len({pair.example.target.name for pair in pairs}) == 1


def test_the_votes_of_a_sentence_go_before_what_others_in_it_take_sides_on():
    pairs = read("Chile voted against the draft, and Kenya condemned the levy.")
    assert named(pairs)[0] == ("Chile", "no", "draft")
    assert of(pairs, "Chile") == ["draft"] and "levy" in of(pairs, "Kenya")
    assert {pair.vote for pair in pairs if pair.example.actor.name == "Kenya"} == {""}


def test_inside_a_list_nobody_else_takes_a_side():
    text = "Against: Micronesia (Federated States of), Iran (Islamic Republic of), Peru, Oman."
    pairs = read(f"The draft was put to the vote. {text}")
    assert {pair.vote for pair in pairs} == {"no"}
    assert [name for name, _, _ in named(pairs)] == ["Micronesia", "Iran", "Peru", "Oman"]
    assert {pair.example.target.name for pair in pairs} == {"draft"}


def test_states_that_are_only_named_together_are_asked_nothing():
    assert read("Chad and Oman were named together.") == []


def test_the_text_that_was_named_before_is_what_it_means():
    pairs = read("The draft treaty was tabled. Chile opposed it.", title="Fish war")
    assert of(pairs, "Chile") == ["draft treaty"]
    # two sentences back, and no further: then it is the topic
    rain = "It rained. "
    text = "The draft treaty was tabled. {}Chile opposed it."
    assert of(read(text.format(rain), title="Fish war"), "Chile") == ["draft treaty"]
    assert of(read(text.format(rain * 2), title="Fish war"), "Chile") == ["Fish war"]
    # without a title, what the article speaks of most
    assert of(read(text.format(rain * 2)), "Chile") == ["draft treaty"]
    assert read("It rained. Chile opposed it.") == []
    for pair in pairs:
        assert not pair.example.target.located


def test_who_speaks_is_asked_about_the_topic_in_every_sentence():
    text = "Madam President, I thank you. It rained. Every euro sunk here is missing elsewhere."
    pairs = read(text, title="aid to mines", speaker=Mention("Ama Osei"))
    asked = {pair.sentence for pair in pairs if pair.example.target.name == "aid to mines"}
    assert asked == {"a.0", "a.1", "a.2"}
    assert {pair.example.actor.name for pair in pairs} == {"Ama Osei"}
    assert len({pair.example.id for pair in pairs}) == len(pairs)


def test_without_a_topic_a_speaker_is_asked_of_what_is_named():
    assert of(read("Such a levy is wrong.", speaker=Mention("Ama Osei")), "Ama Osei") == ["levy"]


def test_actors_that_no_list_has_are_asked_too():
    pairs = read("Residents of the quay rejected the tram line.")
    assert "tram line" in of(pairs, "Residents")


def test_an_actor_that_is_named_again_is_the_same():
    text = "Chile criticised Peru, Peruvian papers say, and Lima told Chile that the levy is wrong."
    pairs = read(text)
    assert {pair.example.actor.name for pair in pairs} <= {"Chile", "Peru", "Peruvian papers"}
    starts = {(pair.example.actor.name, pair.example.actor.start) for pair in pairs}
    assert len(starts) == len({name for name, _ in starts})
    assert "Lima" not in {pair.example.target.name for pair in pairs}


def test_targets_that_are_given_are_asked_of_every_actor_and_of_no_other():
    pairs = read("Chad and Oman were named by residents.", ["the levy", "Oman"])
    assert named(pairs) == [
        ("Chad", "", "the levy"),
        ("Chad", "", "Oman"),
        ("Oman", "", "the levy"),
        ("residents", "", "the levy"),
        ("residents", "", "Oman"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "The Bakers' Union backed the levy but refused to endorse the mayor.",
        "Residents hung banners against the levy, and Peru's envoy, Ana Ruiz, welcomed it.",
        "Adopted by 3 votes (Chad, Oman, Peru) to 1 (Chile), the levy will be law.",
        "Peru voted against the levy, which shopkeepers and the harbour board had asked for.",
        "It rained.",
    ],
)
def test_targets_that_are_given_change_nobody_who_acts(text):
    """Who acts is found alike; only whom the sentence asks about is another."""
    alone = {name for name, _, _ in named(read(text))}
    for target in ("the levy", "levy", "the levy of 1920"):
        pairs = named(read(text, [target]))
        assert {name for name, _, _ in pairs} == alone
        assert {what for _, _, what in pairs} <= {target}


def test_an_actor_takes_no_side_on_itself_with_an_article_or_without():
    given = named(read("The mayor and Peru clashed.", ["mayor", "the mayor", "a mayor"]))
    assert "mayor" not in {name.removeprefix("The ").removeprefix("the ") for name, _, _ in given}


def test_an_actor_and_a_target_that_are_given_are_exactly_that_pair(monkeypatch):
    # A table may have a million such rows.
    monkeypatch.setattr(pairs_module, "parse_sentences", None)
    for text in (
        "Oman voted against the draft, and Peru welcomed it.",
        "Adopted by 3 votes (Chad, Oman, Peru) to 1 (Chile), the draft will be law.",
        "It rained.",
    ):
        pairs = read(text, "the levy", actor="Kenya", title="Fish war")
        assert named(pairs) == [("Kenya", "", "the levy")]
        assert not pairs[0].example.actor.located


@pytest.mark.parametrize(
    "text", ["It rained.", "...", "?", "12", "大会通过了决议。", "Η συνέλευση ψήφισε κατά."]
)
def test_sentences_without_anything_have_no_pairs(text):
    assert [pair for pair in read(text) if pair.example.actor.code] == []


@pytest.mark.parametrize(
    "text",
    [
        "Côte d’Ivoire rejected Türkiye’s “levy” 🐟 on naïve fishermen — São Tomé welcomed it.",
        "Iceland con-\ndemned the\u00a0her\u00adring levy, as did Co\u0302te d’Ivoire in  Genève.",
        "Peru 反对 the 决议 and Oman backed the draft.",
    ],
)
def test_offsets_are_those_of_the_clean_sentence(text):
    pairs = read(text)
    assert len(pairs) >= 2
    for pair in pairs:
        example = pair.example
        assert example.actor.located
        for one in (example.actor, example.target):
            if one.located:
                assert 0 <= one.start < one.end <= len(example.text)
                assert example.text[one.start : one.end].strip()
        if example.target.located and not example.target.code:
            assert example.text[example.target.start : example.target.end] == example.target.name


def test_lists_of_states_take_linear_time_and_no_pairs_among_themselves():
    states = sorted({e.name for e in load_gazetteer().names.values() if e.kind == "country"})

    def prepare(n):
        # not a vote: everyone is read for what the sentence names
        text = (
            f"{', '.join(states[k % len(states)] + f' of {k}' for k in range(n))} backed the levy."
        )

        def work():
            pairs = read(text)
            names = {name for name, _, _ in named(pairs)}
            assert len(names) > min(n, len(states)) * 0.8
            assert not any(pair.example.target.code for pair in pairs)

        return work

    assert growth(prepare, 45, 180) < 12


def test_who_speaks_for_an_actor_is_no_other_actor():
    text = "The representative of Peru thanked the council of ministers."
    [sentence] = parse_sentences([text])
    representative = next(one for one in sentence.phrases if one.name == "representative")
    assert sentence.speaks_for(representative, Mention("Peru", 22, 26))
    [charity] = parse_sentences(["The charity, Warm Homes Now, thanked the deputies."])
    assert charity.speaks_for(charity.phrases[0], Mention("Warm Homes Now", 13, 27))
    [residents] = parse_sentences(["Residents of Peru rejected the tram line."])
    assert not residents.speaks_for(residents.phrases[0], Mention("Peru", 13, 17))


@pytest.mark.parametrize(
    "text",
    [
        "Peru's envoy, Ana Ruiz, rejected the draft.",
        "Ana Ruiz, Peru's envoy, rejected the draft.",
        "The representative of Peru, Ana Ruiz, rejected the draft.",
        "A Peruvian diplomat, Ana Ruiz, rejected the draft.",
    ],
)
def test_a_name_and_the_state_it_speaks_for_are_one_actor(text):
    found = [Mention("Ana Ruiz", start := text.index("Ana"), start + 8)]
    assert {(one.name, one.code) for one in actors_of(text, found)} == {("Ana Ruiz", "PER")}


@pytest.mark.parametrize(
    "text",
    [
        # Peru does something itself.
        "Peru's envoy, Ana Ruiz, rejected the draft that Peru had signed.",
        "Ana Ruiz rejected the draft, and Peru backed it.",
        # A party has no code that a name could take.
        "A spokesman for the union, Ana Ruiz, rejected the draft.",
    ],
)
def test_who_acts_beside_a_name_stays(text):
    found = [Mention("Ana Ruiz", start := text.index("Ana"), start + 8)]
    names = {one.name for one in actors_of(text, found)}
    assert "Ana Ruiz" in names and len(names) > 1


@pytest.mark.parametrize(
    ("said", "target"),
    [
        ("the Committee declined to grant observer status to the fund", "observer status"),
        ("the Council elected the Norwegian candidate", "Norwegian candidate"),
        # What is decided is the text that was named before.
        ("the Council met", "draft"),
        # Those in favour are for the suspension, and not for the club.
        ("the board decided to suspend the club", "draft"),
        ("the board decided not to grant observer status", "draft"),
    ],
)
def test_a_list_of_votes_is_on_what_its_sentence_decides(said, target):
    votes = "By 3 votes in favour (Chad, Oman, Peru) to 1 against (Chile), with 1 abstention (Mali)"
    pairs = [pair for pair in read(f"A draft was tabled. {votes}, {said}.") if pair.vote]
    assert {pair.example.target.name for pair in pairs} == {target}
    assert len(pairs) == 5


def test_a_dateline_is_no_part_of_a_target():
    pairs = read("ASMARA - A ceasefire that Kenya had praised was in doubt on Tuesday.")
    assert of(pairs, "Kenya") and all("ASMARA" not in name for name in of(pairs, "Kenya"))
    assert "ceasefire" in of(pairs, "Kenya")


def test_ones_own_delegation_is_no_other_actor():
    text = "The representative of Kenya said her delegation rejected the draft."
    assert {pair.example.actor.name for pair in read(text)} == {"Kenya"}


def test_voters_that_are_only_counted_are_nobody():
    text = "The text passed with twelve members in favour and some members absent."
    [sentence] = parse_sentences([text])
    counts = {one.name: sentence.is_count(one) for one in sentence.phrases}
    assert counts["twelve members"] and not counts["members"]


@pytest.mark.parametrize(
    ("text", "actor"),
    [
        ("The tally was close, and 14 delegations abstained on the draft.", "14 delegations"),
        ("Fifty-two senators denounced the levy on salt.", "Fifty-two senators"),
        ("Two of the three mayors have rejected the tram line.", "Two of the three mayors"),
        ("Thirteen backed the motion and five opposed it.", "Thirteen"),
    ],
)
def test_voters_that_do_something_are_actors_however_many(text, actor):
    assert actor in {pair.example.actor.name for pair in read(text)}


def test_a_number_of_voters_is_no_target():
    assert of(read("Kenya rejected the draft, and 12 backed it."), "Kenya") == ["draft"]


@pytest.mark.parametrize("dateline", ["LA PAZ, May 3 - ", "Lima, Tuesday — ", "Oslo, 5 July - "])
def test_who_acts_behind_a_dateline_is_found(dateline):
    pairs = read(f"{dateline}Shopkeepers have rejected the tram line.")
    assert {pair.example.actor.name for pair in pairs} == {"Shopkeepers"}


@pytest.mark.parametrize(
    ("text", "name", "code"),
    [
        ("ANA RUIZ (Peru) rejected the draft.", "ANA RUIZ", "PER"),
        ("ANA RUIZ (Peru), introducing the draft, praised it.", "ANA RUIZ", "PER"),
        ("Ana Ruiz (Peru, Greens) rejected the draft.", "Ana Ruiz", "PER"),
    ],
)
def test_a_name_with_its_state_in_a_bracket_is_one_actor(text, name, code):
    found = {(one.name, one.code) for one in actors_of(text, [])}
    assert found == {(name, code)}


@pytest.mark.parametrize(
    ("text", "name", "code"),
    [
        ("Peru's Senate rejected the tram line.", "Peru's Senate", "PER"),
        ("Chad's farmers have denounced the levy.", "Chad's farmers", "TCD"),
        ("Nine of Peru's senators rejected the tram line.", "Nine of Peru's senators", "PER"),
        # What speaks for its state, or does nothing itself, is the state.
        ("Peru's ambassador rejected the tram line.", "Peru", "PER"),
        ("Peru's rejection of the tram line was swift.", "Peru", "PER"),
    ],
)
def test_what_belongs_to_an_actor_and_acts_is_one_actor_with_it(text, name, code):
    assert {(one.name, one.code) for one in actors_of(text, [])} == {(name, code)}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Ana Ruiz of the Harbour League rejected the draft.", {"Ana Ruiz"}),
        ("Ana Ruiz, from the Harbour League, rejected the draft.", {"Ana Ruiz"}),
        ("Ana Ruiz (Harbour League) rejected the draft.", {"Ana Ruiz"}),
        # They do something themselves, or she is not of them.
        (
            "Ana Ruiz of the Harbour League rejected the draft, and the Harbour League left.",
            {"Ana Ruiz", "Harbour League"},
        ),
        (
            "Ana Ruiz rejected the draft, and the Harbour League backed it.",
            {"Ana Ruiz", "Harbour League"},
        ),
    ],
)
def test_a_name_and_the_body_it_is_of_are_one_actor(text, left):
    found = [Mention(name, text.index(name), text.index(name) + len(name)) for name in left]
    found += [Mention("Harbour League", start := text.index("Harbour"), start + 14)]
    found = list(dict.fromkeys(found))
    asked = ask_pairs(Article("a", text), split_body(Article("a", text)), [found])
    assert {pair.example.actor.name for pair in asked} == left


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("Chile rejected the Kenyan proposal.", ("Kenya", "Kenyan proposal")),
        ("Chile rejected a Kenyan-drafted resolution.", ("Kenya", "Kenyan-drafted resolution")),
        ("Chile rejected Kenya's motion on salt.", ("Kenya", "motion")),
    ],
)
def test_whose_a_text_is_is_asked_about_it(text, pair):
    asked = [(one.example.actor.name, one.example.target.name) for one in read(text)]
    assert asked.count(pair) == 1


@pytest.mark.parametrize(
    "text", ["Chile rejected the anti-Kenyan motion.", "Chile read a Kenyan law."]
)
def test_a_text_about_a_state_is_not_its_own(text):
    assert not of(read(text), "Kenya")


def test_a_clause_that_opens_a_sentence_is_no_target():
    text = "Opening for the union, Ana Ruiz rejected the tram line."
    found = [Mention("Ana Ruiz", start := text.index("Ana"), start + 8)]
    sentences = split_body(Article("a", text))
    asked = of(ask_pairs(Article("a", text), sentences, [found]), "Ana Ruiz")
    assert "tram line" in asked and "Opening for the union" not in asked


@pytest.mark.parametrize(
    "dateline", ["WASHINGTON, June 9 - ", "DAKAR (Agency) - ", "Lima — ", "NEW YORK – "]
)
def test_where_a_report_was_written_takes_no_side(dateline):
    pairs = read(f"{dateline}Kenya voted for the draft treaty.")
    assert {pair.example.actor.name for pair in pairs} == {"Kenya"}


def test_a_dash_after_an_actor_is_no_dateline():
    pairs = read("Kenya and Chad - both poor - rejected the draft treaty.")
    assert {"Kenya", "Chad"} <= {pair.example.actor.name for pair in pairs}


def test_an_actor_that_is_given_is_the_only_one():
    text = (
        "Residents of the quay rejected the tram line. Voting in favour: Peru, Ghana, Togo. "
        "Against: Chile. Chile voted against the draft treaty."
    )
    for name in ("Chile", "Ama Osei"):
        pairs = read(text, title="Tram line", actor=name)
        assert {pair.example.actor.name for pair in pairs} == {name}
    assert [pair.vote for pair in read(text, title="Tram line", actor="Chile") if pair.vote] == [
        "no",
        "no",
    ]


def test_an_actor_that_is_given_and_not_named_is_asked_about_the_topic():
    pairs = read("It rained. We shall see.", title="aid to mines", actor="Ama Osei")
    assert [pair.example.target.name for pair in pairs] == ["aid to mines"] * 2
