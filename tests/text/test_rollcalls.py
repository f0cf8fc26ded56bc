"""Recorded votes: each form by name, and what must not be read as one."""

import pytest
from conftest import growth

from stancekit.text import ActorFinder, split_sentences
from stancekit.text.clean import clean
from stancekit.text.rollcalls import Vote, read_roll_calls
from stancekit.types import Article, Mention

FINDER = ActorFinder(ner=False)
DRAFT = Mention("draft")


def read(text, given=DRAFT):
    """Return the votes of each sentence of a text, as finder and reader see them together."""
    article = Article("a", text)
    sentences = [clean(one.text).text for one in split_sentences(article)]
    actors = FINDER.find(sentences)
    return read_roll_calls(sentences, actors, [given] * len(sentences))


def sides(text, given=DRAFT):
    """Return who took which side, over all sentences: "no: Chad, Peru"."""
    found = {}
    for votes in read(text, given):
        for vote in votes:
            found.setdefault(vote.side, []).append(vote.actor.name)
    return {side: ", ".join(names) for side, names in found.items()}


def targets(text, given=DRAFT):
    return {vote.actor.name: vote.target.name for votes in read(text, given) for vote in votes}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "The text on outposts was adopted by a recorded vote of 151 in favour to 5 against (Israel, Nauru, "
            "Palau, Micronesia (Federated States of), United States), with 4 abstentions (Cameroon, Guatemala, "
            "Panama, Togo).",
            {
                "no": "Israel, Nauru, Palau, Micronesia, United States",
                "abstain": "Cameroon, Guatemala, Panama, Togo",
            },
        ),
        (
            "By 140 votes to 3 (Bolivia (Plurinational State of), Iran (Islamic Republic of), Trinidad and Tobago), "
            "with 2 abstentions (Côte d’Ivoire, Congo), the Assembly adopted the draft.",
            {
                "no": "Bolivia, Iran, Trinidad and Tobago",
                "abstain": "Côte d’Ivoire, Republic of the Congo",
            },
        ),
        (
            "It was approved by 3 votes (Chad, Oman, Peru) to 1 (Chile), with no abstentions.",
            {"yes": "Chad, Oman, Peru", "no": "Chile"},
        ),
        (
            "The bill failed with two members voting in favour (Mr Aye and Ms Bee) and nine voting against.",
            {"yes": "Aye, Bee"},
        ),
        (
            "The measure passed by 9 votes to 2 against — Chad and Peru — with Oman abstaining.",
            {"no": "Chad, Peru", "abstain": "Oman"},
        ),
        (
            "The paragraph was kept, with abstentions from Chad, Oman and Peru.",
            {"abstain": "Chad, Oman, Peru"},
        ),
        (
            "It was carried, four members having abstained (Chad, Oman, Peru, Togo).",
            {"abstain": "Chad, Oman, Peru, Togo"},
        ),
    ],
)
def test_counts_with_names_in_brackets(text, expected):
    assert sides(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Voting in favour: Chad, Oman, Peru. Against: Chile. Abstaining: Togo and Viet Nam.",
            {"yes": "Chad, Oman, Peru", "no": "Chile", "abstain": "Togo, Vietnam"},
        ),
        (
            "Voting in favour: Chad, Oman; against: Chile; abstaining: Togo; absent: Peru.",
            {"yes": "Chad, Oman", "no": "Chile", "abstain": "Togo", "absent": "Peru"},
        ),
        (
            "Voting in favour:\nArgentina\nFinland\nTrinidad and Tobago\nAgainst:\nBolivia (Plurinational State of)\n"
            "Abstaining:\nBenin\nChad\n",
            {
                "yes": "Argentina, Finland, Trinidad and Tobago",
                "no": "Bolivia",
                "abstain": "Benin, Chad",
            },
        ),
        (
            "In favour (3):\n1. Argentina\n2. Finland\n3. Peru\n\nAgainst (1):\n- Bolivia\n\nNot voting:\n• Benin",
            {"yes": "Argentina, Finland, Peru", "no": "Bolivia", "absent": "Benin"},
        ),
        (
            "Ayes: Councillors Adams, Baker and Carr. Noes: Cllr Dunn. Absent: None.",
            {"yes": "Adams, Baker, Carr", "no": "Dunn"},
        ),
        (
            "AYES (2)\nMs Adams\nMr Baker\nNAYS (1)\nMr Carr\nThe motion was carried.",
            {"yes": "Adams, Baker", "no": "Carr"},
        ),
        (
            "Yes: 3 - Smith, Jones, Lee; No: 1 - Brown; Abstain: 0",
            {"yes": "Smith, Jones, Lee", "no": "Brown"},
        ),
        ("Ayes: 2 (Smith, Jones). Nays: 0.", {"yes": "Smith, Jones"}),
        (
            "In favour: Liberals 22, Greens 7. Against: Harvest Party 10, Harbour List (4).",
            {"yes": "Liberals, Greens", "no": "Harvest Party, Harbour List"},
        ),
        (
            "For: 22 Liberals, 7 Greens. Against: 10 Socialists.",
            {"yes": "Liberals, Greens", "no": "Socialists"},
        ),
        (
            "For the motion: Adams, Baker. Against the motion: Carr.",
            {"yes": "Adams, Baker", "no": "Carr"},
        ),
        (
            "The following members voted in favour: Chad, Peru and Oman.",
            {"yes": "Chad, Peru, Oman"},
        ),
        ("| Argentina | Yes |\n| Peru | No |", {"yes": "Argentina", "no": "Peru"}),
        (
            "AYES\nAdams, Ms J.\nBaker, Mr T.\nNOES\nCarr, Dr P.",
            {"yes": "Adams, Baker", "no": "Carr"},
        ),
        (
            "Ayes, 2: J. Adams, T. Baker\nNoes, 1: L. Dunn",
            {"yes": "J. Adams, T. Baker", "no": "L. Dunn"},
        ),
        ("In favour: Argentina, Peru*, Chad.", {"yes": "Argentina, Peru, Chad"}),
        (
            "IN FAVOUR: ARGENTINA, UNITED STATES\nAGAINST: PERU; VIET NAM",
            {"yes": "Argentina, United States", "no": "Peru, Vietnam"},
        ),
        (
            "In favour:\nChad, Oman, Peru, Antigua and\nBarbuda, Kenya, Togo, United States of\nAmerica",
            {"yes": "Chad, Oman, Peru, Antigua and Barbuda, Kenya, Togo, United States"},
        ),
        (
            "For (Harvest Party 12, Greens 4), against (Liberals 2).",
            {"yes": "Harvest Party, Greens", "no": "Liberals"},
        ),
        ("YES: Adams, Baker NO: Carr", {"yes": "Adams, Baker", "no": "Carr"}),
        ("Yes votes: Adams. No votes: Carr.", {"yes": "Adams", "no": "Carr"}),
        ("Voting against were Chad, Peru and Oman.", {"no": "Chad, Peru, Oman"}),
        ("Among those abstaining were Chad and Peru.", {"abstain": "Chad, Peru"}),
        ("The only vote against came from Peru.", {"no": "Peru"}),
        (
            "Voting in favour:\n\nArgentina\tFinland\tPeru\nChad\tOman\n\nAgainst:\n\nUnited States    Viet Nam\n",
            {"yes": "Argentina, Finland, Peru, Chad, Oman", "no": "United States, Vietnam"},
        ),
        (
            "Argentina: yes\nFinland: no\nPeru – abstained",
            {"yes": "Argentina", "no": "Finland", "abstain": "Peru"},
        ),
        (
            "Argentina\tYes\nFinland\tNo\nPeru\tAbsent",
            {"yes": "Argentina", "no": "Finland", "absent": "Peru"},
        ),
        ("Roll call vote: Smith, aye; Jones, aye; Lee, nay.", {"yes": "Smith, Jones", "no": "Lee"}),
        (
            "Roll call: Ayes, Abel, Lind, Tran; Noes, Finch; Abstain, Ortega.",
            {"yes": "Abel, Lind, Tran", "no": "Finch", "abstain": "Ortega"},
        ),
        (
            "For: Cllrs. Brand, Kyle, Moss and Ní Bhriain. Against: Cllr. Orde. Not voting: Cllr. Pell.",
            {"yes": "Brand, Kyle, Moss, Ní Bhriain", "no": "Orde", "absent": "Pell"},
        ),
    ],
)
def test_lists_with_headings(text, expected):
    assert sides(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Belgium, Chile, Japan and Zambia voted in favour of the draft.",
            {"yes": "Belgium, Chile, Japan, Zambia"},
        ),
        ("Bangladesh, Cuba and Ecuador voted against.", {"no": "Bangladesh, Cuba, Ecuador"}),
        ("Mongolia, Laos and Viet Nam also abstained.", {"abstain": "Mongolia, Laos, Vietnam"}),
        ("North Korea voted no.", {"no": "North Korea"}),
        (
            "On Friday Peru voted yes and Chile abstained in the vote.",
            {"yes": "Peru", "abstain": "Chile"},
        ),
        (
            "Peru voted for the bill, Chile against and Oman abstained.",
            {"yes": "Peru", "no": "Chile", "abstain": "Oman"},
        ),
        (
            "Norway voted against the measure, joined by Chad, Peru and Oman.",
            {"no": "Norway, Chad, Peru, Oman"},
        ),
        ("Peru abstained, as did Chad and Oman.", {"abstain": "Peru, Chad, Oman"}),
        ("Peru joined Chad and Oman in abstaining.", {"abstain": "Peru, Chad, Oman"}),
        ("Peru voted against the bill. Chad and Oman followed suit.", {"no": "Peru, Chad, Oman"}),
        ("Peru cast the only dissenting vote.", {"no": "Peru"}),
        ("Peru was the only country to vote against the draft.", {"no": "Peru"}),
        ("Chad and Peru did not participate in the vote.", {"absent": "Chad, Peru"}),
        ("Peru did not vote.", {"absent": "Peru"}),
        ("Peru voted yes. Chad was absent.", {"yes": "Peru", "absent": "Chad"}),
        ("Chad was absent from the vote.", {"absent": "Chad"}),
        (
            "The text passed, with Chad and Oman abstaining and Peru voting against.",
            {"abstain": "Chad, Oman", "no": "Peru"},
        ),
        ("Peru refrained from voting.", {"abstain": "Peru"}),
        ("The delegates of Peru and Chile voted against.", {"no": "Peru, Chile"}),
        ("Peru, which voted against the draft, called it weak.", {"no": "Peru"}),
        ("Peru, an ally of Cuba, voted against the draft.", {"no": "Peru"}),
        ("Ten countries, including Peru and Chile, voted against it.", {"no": "Peru, Chile"}),
        ("Peru, together with Chile, abstained.", {"abstain": "Peru, Chile"}),
        (
            "Cllr Adams, Mr Aye and the Harvest Party voted against the motion.",
            {"no": "Adams, Aye, Harvest Party"},
        ),
        ("All 12 members of the Harbour List voted against.", {"no": "Harbour List"}),
        (
            "Parliament rejected the motion; the Liberals and the Greens voted for it.",
            {"yes": "Liberals, Greens"},
        ),
        (
            "Cuba's usual supporters such as Laos and Mali voted against the resolution, but Brazil, "
            "on whose vote Cuba had counted, voted for it.",
            {"no": "Laos, Mali", "yes": "Brazil"},
        ),
        (
            "Norway on Friday vetoed a draft resolution that would have deplored the invasion of Sudan, while Chile "
            "abstained in the vote.",
            {"no": "Norway", "abstain": "Chile"},
        ),
        (
            "Peru votes against the levy while Chad and Oman abstain.",
            {"no": "Peru", "abstain": "Chad, Oman"},
        ),
        (
            "Speaking after the vote, the representative of Peru said her delegation had abstained because the text "
            "named nobody.",
            {"abstain": "Peru"},
        ),
        ("The delegate of Oman explained that its Government voted against it.", {"no": "Oman"}),
    ],
)
def test_verbs(text, expected):
    assert sides(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "The representative of Peru said that her delegation would have abstained.",
        "The representative of Peru said that his neighbours had abstained, according to the chair.",
        "Ten members voted in favour, one against and four abstained.",
        "In favour: 22 Against: 7",
        "In favour: 22. Against: 7. Abstentions: 1.",
        "The motion passed 73 to 72, with three members abstaining.",
        "The other ten voted in favour.",
        "The others abstained, and most members voted for it.",
        "Two Liberals and some of the Greens voted against.",
        "Members of the Harbour List voted against.",
        "Peru will vote against the draft.",
        "Peru threatened to abstain.",
        "Peru had not voted.",
        "Peru has not voted against the draft.",
        "Peru did not vote against the draft.",
        "The envoy asked members to vote for the draft.",
        "If Peru abstains, the text will fail.",
        "The text fails if Chad and Peru vote against.",
        "Neither Peru nor Chile voted against.",
        "It is not known whether Peru abstained.",
        "Did Peru vote against?",
        "Peru and Chile voted against, didn't they?",
        "According to the draft's authors, Peru abstained.",
        "Peru reportedly abstained.",
        "Kenya abstained, an observer said.",
        'The envoy said: "Peru voted against us."',
        "Should Peru vote against the draft, it falls.",
        "Peru never voted against the draft.",
        "Peru would have voted against the draft.",
        "Peru plans to vote no.",
        "Supporters of Peru voted against the draft.",
        "Talks between Chad and Peru voted down nothing.",
        "Peru voted for Ms Bee as president of the Council.",
        "Peru voted for the first time.",
        "Peru abstained from alcohol.",
        "Peru spoke in favour (see the annex).",
        "Peru was absent.",
        "In the event that Peru abstains, the text passes.",
        "None of Peru, Chile and Oman voted against.",
        "Few countries, including Peru, voted against the draft.",
        "All but Peru and Chile voted for the draft.",
        "Whoever voted against, Peru did not.",
        "Peruvians voted against the constitution.",
        "Peru voted for and against the draft.",
        "Peru abstained or voted against.",
        "Peru was the only country not to vote against it.",
        "Either Peru or Chile voted against.",
        "Yes: 55 Peru: 12",
        "Present: Mayor Karsten. Absent: Cllr Frost.",
        "Labour MPs voted against the bill.",
        "Peru and its allies voted against the draft.",
        "Peru voted against the government.",
        "Chad thanked Peru for voting against the draft.",
        "In 2014 Peru abstained.",
        "For: reasons unknown.",
        "No: Peru will not go.",
        "Against: Chile said that it was wrong.",
        "Chile said Peru voted against.",
        "The draft would be adopted by 3 votes to 1 (Peru).",
    ],
)
def test_what_is_no_recorded_vote_is_not_read(text):
    assert sides(text) == {}


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("Peru abstained.", "draft"),
        ("Peru voted against it.", "draft"),
        ("Peru voted against the revised motion on herring.", "revised motion"),
        ("Recalling the treaty of 1990, Peru voted against.", "draft"),
        ("Peru voted against the text condemning the invasion of Sudan.", "text"),
        ("On the oral amendment, Peru abstained.", "oral amendment"),
        ("Peru abstained in the vote on the harbour bill.", "harbour bill"),
        (
            "The Council adopted the draft resolution on outposts by 9 votes to 1 (Peru).",
            "draft resolution",
        ),
        ("The levy on herring was rejected, with Peru voting in favour.", "levy"),
        ("Voting against the motion: Peru.", "motion"),
        ("Chad had sponsored the request, and Peru voted for it.", "request"),
        ("Peru voted no to the treaty.", "treaty"),
        ("Peru voted yes on the draft guideline.", "draft guideline"),
        ("The bill, drafted by Chad, was opposed by many, with Peru abstaining.", "bill"),
        ("Peru rejected the treaty in a speech and abstained.", "draft"),
        ("Peru voted in favour, but warned that it read the text as a first step.", "text"),
        ("Peru abstained, and its envoy left before the treaty was read out.", "draft"),
    ],
)
def test_the_target_is_the_text_that_was_voted_on(text, target):
    assert targets(text).get("Peru", target) == target
    assert sides(text) or "speech" in text


def test_votes_of_one_sentence_are_on_one_text():
    text = "Peru voted for the bill, while Chad and Oman abstained."
    assert targets(text) == {"Peru": "bill", "Chad": "bill", "Oman": "bill"}


def test_without_a_text_there_are_no_votes():
    assert sides("Peru abstained.", None) == {}
    assert targets("Peru voted against the bill. Chad followed suit.", None) == {
        "Peru": "bill",
        "Chad": "bill",
    }


def test_spans_are_of_the_sentence():
    text = "Micronesia (Federated States of) and Ms Bee voted against the bill."
    actors = [Mention("Micronesia", 0, 10, "FSM")]
    [votes] = read_roll_calls([text], [actors], [None])
    assert votes[0] == Vote(actors[0], "no", Mention("bill", 62, 66))
    bee = votes[1].actor
    assert (bee.name, text[bee.start : bee.end]) == ("Bee", "Bee")


def test_whoever_is_on_two_sides_has_no_vote():
    assert sides("In favour: Liberals 3, Greens 2; against: Liberals 4.") == {"yes": "Greens"}


def test_a_list_ends_where_other_text_starts():
    text = "Against:\nChad\nOman\nThe meeting rose at noon.\nPeru\nKenya"
    assert sides(text) == {"no": "Chad, Oman"}
    assert sides("Against (2):\nChad\nOman\nPeru") == {"no": "Chad, Oman"}
    assert sides("Against:\nChad\nOman\nPeru\nExplanation of Vote\nKenya") == {
        "no": "Chad, Oman, Peru"
    }


def test_long_lists_take_linear_time():
    kinds = FINDER.names.names.items()
    names = [name for name, entry in kinds if entry.kind == "country" and name == entry.name] * 9

    def prepare(n):
        listed = ", ".join(names[:n])
        text = f"The text was adopted by {n} votes to 1 (Peru). In favour: {listed}. {listed} voted no."
        sentences = [one.text for one in split_sentences(Article("a", text))]

        def work():
            votes = read_roll_calls(sentences, [[]] * len(sentences), [DRAFT] * len(sentences))
            assert sum(map(len, votes)) > min(n, 100)

        return work

    assert growth(prepare, 200, 1600) < 24


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "The resolution drew abstentions from close allies such as Japan and Italy, who had hoped to amend it.",
            {"Japan": "resolution", "Italy": "resolution"},
        ),
        (
            "The draft passed with abstentions by India, China and Brazil.",
            dict.fromkeys(("India", "China", "Brazil"), "draft"),
        ),
        ("There were no abstentions from Peru or Chile on the draft.", {}),
        ("Diplomats feared abstentions by Peru and Chile in the vote on the draft.", {}),
    ],
)
def test_abstentions_of_those_named(text, expected):
    assert targets(text) == expected
    assert set(sides(text)) == ({"abstain"} if expected else set())
