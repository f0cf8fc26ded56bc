"""Actors: which phrase names one, what it is called, and what is none."""

import pickle
from pathlib import Path

import pytest

from stancekit.text import ActorFinder, read_article, split_sentences
from stancekit.text.nlp import has_ner

ARTICLE = Path(__file__).parents[1] / ".." / "shared" / "seed" / "article.txt"
PLAIN = ActorFinder(ner=False)
FULL = ActorFinder()
needs_ner = pytest.mark.skipif(not has_ner(), reason="the entity recogniser is not installed")


def spans(text, finder=PLAIN):
    return [text[mention.start : mention.end] for mention in finder.find([text])[0]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # names of states, seats and bodies, without article and possessive ending
        ("The United States vetoed the text.", ["United States"]),
        ("Russia's actions and the US’s silence.", ["Russia", "US"]),
        ("The Kremlin shrugged; Downing Street did not.", ["Kremlin", "Downing Street"]),
        ("Talks between Moscow and Kyiv collapsed.", ["Moscow", "Kyiv"]),
        ("The African Group thanked the General Assembly.", ["African Group", "General Assembly"]),
        ("Equatorial Guinea and Guinea-Bissau left.", ["Equatorial Guinea", "Guinea-Bissau"]),
        ("The General Assembly (UNGA) met.", ["General Assembly"]),
        ("Mr. Osei (Ghana) agreed.", ["Osei", "Ghana"]),
        ("No word came from Riyadh.", ["Riyadh"]),
        ("RUSSIA VETOES TEXT AS CHINA ABSTAINS", ["RUSSIA", "CHINA"]),
        ("Does Brazil sign?", ["Brazil"]),
        # offices and people of a country
        ("The Kenyan ambassador and Ukrainian officials left.", ["Kenyan ambassador", "Ukrainian officials"]),
        ("The French foreign ministry regretted it.", ["French foreign ministry"]),
        ("The Egyptian water minister and US officials met.", ["Egyptian water minister", "US officials"]),
        ("The Greek and French members agreed.", ["Greek and French members"]),
        ("The French abstained, the Danes did not.", ["French", "Danes"]),
        ("Ghana's ambassador and the ambassador of Togo agreed.", ["Ghana", "Togo"]),
        ("The foreign ministry in Ankara declined to comment.", ["Ankara"]),
        ("The foreign ministry declined to comment.", ["foreign ministry"]),
        # persons
        ("British Prime Minister Anne Farrow smiled.", ["Anne Farrow"]),
        ("Ambassador Lidia Karsten and Ms. O'Hara left.", ["Lidia Karsten", "O'Hara"]),
        # speakers
        ("My delegation thanks the co-sponsors.", ["My delegation", "co-sponsors"]),
        ("The sponsors gave up.", ["sponsors"]),
        # what is none
        ("The Russian invasion spoiled the French wine.", []),
        ("A question of US foreign policy.", []),
        ("The Ukraine conflict, the Gaza war and the Iran deal.", []),
        ("A text on the war in Ukraine was read in New York.", []),
        ("A meeting was held in Mali, Niger and Chad.", []),
        ("He flew to Moscow.", []),
        ("The EU-led, pro-Russia and US-backed texts.", []),
        ("The Paris Agreement and the South China Sea.", []),
        ("They asked us for turkey.", []),
        ("NEW YORK - It rained.", []),
        ("DAKAR - It did not rain.", []),
        ("Its government fell.", []),
        ("", []),
    ],
)
def test_spans(text, expected):
    assert spans(text) == expected


def test_first_names_are_no_states():
    text = "Michael Jordan played, Jordan Peters sang, and Jordan abstained."
    (found,) = PLAIN.find([text])
    assert [(mention.name, mention.start) for mention in found] == [("Jordan", text.rindex("Jordan"))]


@pytest.mark.parametrize(
    ("text", "name", "code"),
    [
        ("The Kremlin shrugged.", "Russia", "RUS"),
        ("Kenyan envoys left.", "Kenya", "KEN"),
        ("Kenyan farmers left.", "Kenyan farmers", "KEN"),
        ("British Prime Minister Anne Farrow smiled.", "Anne Farrow", "GBR"),
        ("The UNGA met.", "General Assembly", None),
        ("My delegation left.", "my delegation", None),
        ("The Soviet delegate left.", "Soviet Union", None),
    ],
)
def test_names_and_codes(text, name, code):
    ((mention,),) = PLAIN.find([text])
    assert (mention.name, mention.code) == (name, code)


def test_a_surname_takes_the_full_name():
    texts = [
        "Kenyan Ambassador Lidia Karsten left.",
        "Karsten said no.",
        "Ms. Karsten was cross, and Karsten-Hill too.",
    ]
    found = PLAIN.find(texts)
    assert [[(m.name, m.code) for m in mentions] for mentions in found] == [[("Lidia Karsten", "KEN")]] * 3


def test_a_shared_surname_stays():
    found = PLAIN.find(["Ms. Ana Ruiz met Mr. Leo Ruiz.", "Ruiz left, said Mr. Ruiz."])
    assert [mention.name for mention in found[1]] == ["Ruiz"]


def test_only_the_first_mention_in_the_same_words():
    assert spans("Kenya spoke, Kenya voted, and Nairobi paid.") == ["Kenya", "Nairobi"]


def test_offsets_on_hard_text():
    texts = [
        "👩🏽‍⚖️ 🎉 Kenya 🇰🇪’s vote; كينيا and Togo's.",
        "\tCôte d’Ivoire\u00a0and  Peru\n",
        "(" * 300 + " Fiji voted no.",
    ]
    found = [[text[m.start : m.end] for m in ms] for text, ms in zip(texts, PLAIN.find(texts), strict=True)]
    assert found == [["Kenya", "Togo"], ["Côte d’Ivoire", "Peru"], ["Fiji"]]


def test_a_very_long_sentence():
    text = "and then " * 5_000 + "Kenya voted."
    assert spans(text, FULL if has_ner() else PLAIN) == ["Kenya"]


def test_a_finder_travels_to_other_processes():
    FULL.find(["Kenya voted."])
    assert pickle.loads(pickle.dumps(FULL)) == FULL == ActorFinder(ner=True)


def test_the_users_names(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("bodies: {River Council: [RC]}\n", "utf-8")
    ((mention,),) = ActorFinder(ner=False, gazetteer=path).find(["The RC said no."])
    assert mention.name == "River Council"


@needs_ner
def test_recognised_persons_and_organisations():
    text = "Yesterday Maria Keller thanked the Bluewater Foundation, and the Trump administration did not."
    assert spans(text, FULL) == ["Maria Keller", "Bluewater Foundation", "Trump administration"]


@needs_ner
@pytest.mark.skipif(not ARTICLE.exists(), reason="the news article the kit starts from is not beside this checkout")
def test_the_article_the_kit_starts_from():
    sentences = split_sentences(read_article(ARTICLE))
    found = FULL.find([sentence.text for sentence in sentences])
    expected = (
        "United States, Russia, North Korea, Belarus, United Kingdom, France, Mariana Betsa, John Curtis, Nancy Pelosi"
    )
    assert set(expected.split(", ")) <= {mention.name for mentions in found for mention in mentions}
    assert not [m for m in found[1] if m.name == "Ukraine"]


def test_new_words_are_forgotten_once_many_are_known():
    from stancekit.text.nlp import forgetting, load_ner

    nlp, finder = load_ner(), ActorFinder()
    texts = [f"Minister Abcd{at}efg told Peru about item {at}xq." for at in range(2000)]
    before = finder.find(texts[:5])
    with forgetting(nlp, known=0):
        found = finder.find(texts)
        inside = len(nlp.vocab.strings)
    assert len(nlp.vocab.strings) < inside - 3000
    assert found[:5] == before == finder.find(texts[:5]) and "Peru" in [one.name for one in found[1999]]
