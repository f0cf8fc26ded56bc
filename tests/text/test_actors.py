"""Actors: which phrase names one, what it is called, and what is none."""

import pickle
from itertools import groupby

import pytest
from conftest import ROOT, corpus_of

from stancekit.errors import KitError
from stancekit.resources import shipped
from stancekit.text import ActorFinder, load_gazetteer, nlp, read_article, split_sentences
from stancekit.text.actors.rules import SentenceTokens
from stancekit.text.nlp import has_ner

ARTICLE = ROOT.parent / "shared" / "seed" / "article.txt"
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
        ("Cllr. Moira Devane presided.", ["Moira Devane"]),
        ("Councilmember Tran and Alderman Osei left.", ["Tran", "Osei"]),
        # sentences in capitals
        ("GHANA CONDEMNED THE LEVY.", ["GHANA"]),
        ("THE UNITED STATES AND CHILE'S DELEGATE REFUSED.", ["UNITED STATES", "CHILE"]),
        ("THE US VETOED IT, SAID THE GHANAIAN AMBASSADOR.", ["US", "GHANAIAN AMBASSADOR"]),
        ("US ABSTAINS.", ["US"]),
        ("THEY TOLD US WHO LEFT.", []),
        # offices and people of a country
        (
            "The Kenyan ambassador and Ukrainian officials left.",
            ["Kenyan ambassador", "Ukrainian officials"],
        ),
        ("The French foreign ministry regretted it.", ["French foreign ministry"]),
        (
            "The Egyptian water minister and US officials met.",
            ["Egyptian water minister", "US officials"],
        ),
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
    assert [(mention.name, mention.start) for mention in found] == [
        ("Jordan", text.rindex("Jordan"))
    ]


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
        ("Dahomey left.", "Benin", "BEN"),
        ("The Northern Rhodesian delegate left.", "Zambia", "ZMB"),
        ("Congo (Brazzaville) left.", "Republic of the Congo", "COG"),
        # however a file spells them
        ("Co\u0302te d’Ivoire left.", "Côte d’Ivoire", "CIV"),
        ("Tu\u0308rkiye left.", "Türkiye", "TUR"),
        ("Sa\u0303o Tome\u0301 and Pri\u0301ncipe left.", "São Tomé and Príncipe", "STP"),
        ("The United\u00a0States left.", "United States", "USA"),
        ("The United  States left.", "United States", "USA"),
        ("The United\nStates left.", "United States", "USA"),
        ("Viet\u00a0Nam left.", "Vietnam", "VNM"),
        ("Timor\u2011Leste left.", "Timor-Leste", "TLS"),
        ("Ken\u00adya left.", "Kenya", "KEN"),
        ("Ken-\nya left.", "Kenya", "KEN"),
        ("The Paci\ufb01c Islands Forum left.", "Pacific Islands Forum", None),
    ],
)
def test_names_and_codes(text, name, code):
    ((mention,),) = PLAIN.find([text])
    assert (mention.name, mention.code) == (name, code)


def test_offsets_are_those_of_the_text_as_given():
    text = "\ufeffThe  Co\u0302te d’Ivoire, Guinea\u2011Bissau and the Ken-\nyan ambas\u00adsador left."
    ((ivory, bissau, kenya),) = PLAIN.find([text])
    assert text[ivory.start : ivory.end] == "Co\u0302te d’Ivoire"
    assert text[bissau.start : bissau.end] == "Guinea\u2011Bissau"
    assert text[kenya.start : kenya.end] == "Ken-\nyan ambas\u00adsador"


def test_a_surname_takes_the_full_name():
    texts = [
        "Kenyan Ambassador Lidia Karsten left.",
        "Karsten said no.",
        "Ms. Karsten was cross, and Karsten-Hill too.",
    ]
    found = PLAIN.find(texts)
    assert [[(m.name, m.code) for m in mentions] for mentions in found] == [
        [("Lidia Karsten", "KEN")]
    ] * 3


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
    found = [
        [text[m.start : m.end] for m in ms]
        for text, ms in zip(texts, PLAIN.find(texts), strict=True)
    ]
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
@pytest.mark.skipif(
    not ARTICLE.exists(), reason="the news article the kit starts from is not beside this checkout"
)
def test_the_article_the_kit_starts_from():
    sentences = split_sentences(read_article(ARTICLE))
    found = FULL.find([sentence.text for sentence in sentences])
    expected = "United States, Russia, North Korea, Belarus, United Kingdom, France, "
    expected += "Mariana Betsa, John Curtis, Nancy Pelosi"
    assert set(expected.split(", ")) <= {mention.name for mentions in found for mention in mentions}
    assert not [m for m in found[1] if m.name == "Ukraine"]


def test_the_seed_article_of_the_same_vote():
    article = read_article(shipped("seeds", "articles") / "un_votes_2025.txt")
    found = PLAIN.find([sentence.text for sentence in split_sentences(article)])
    names = {mention.name for mentions in found for mention in mentions}
    assert {
        "United States",
        "Russia",
        "North Korea",
        "Belarus",
        "France",
        "United Kingdom",
    } <= names
    assert "Ukraine" not in names  # where the war is


def test_how_many_actors_of_the_bundled_corpus_are_found(vote_rows, tmp_path):
    # In the first round every actor that a sentence names is marked; its articles end in a number below 50.
    rows = [
        row
        for row in vote_rows
        if row["split"] == "test" and int(row["article"].rpartition("-")[2]) < 50
    ]
    sentences = corpus_of(rows, tmp_path / "test.jsonl").marked_sentences()
    right = wrong = missed = 0
    for _, group in groupby(sentences, key=lambda one: one.article):
        same = list(group)
        for one, mentions in zip(same, PLAIN.find([one.text for one in same]), strict=True):
            spans = {(mention.start, mention.end) for mention in mentions}
            right += len(spans & one.actors)
            wrong += len(spans - one.actors)
            missed += len(one.actors - spans)
    assert right + missed > 600
    assert 2 * right / (2 * right + wrong + missed) > 0.86


def test_a_missing_recogniser_is_told_with_the_ways_out(monkeypatch):
    monkeypatch.setattr(nlp, "NER_PACKAGE", "en_core_web_none")
    nlp.load_ner.cache_clear()
    try:
        with pytest.raises(KitError, match=r"pip install en-core-web-none, or .*actors=gazetteer"):
            nlp.load_ner()
    finally:
        monkeypatch.undo()
        nlp.load_ner.cache_clear()


def test_new_words_are_forgotten_once_many_are_known():
    from stancekit.text.nlp import bounded_memory, load_ner

    nlp, finder = load_ner(), ActorFinder()
    texts = [f"Minister Abcd{at}efg told Peru about item {at}xq." for at in range(600)]
    before = finder.find(texts[:5])
    with bounded_memory(nlp, max_words=0):
        found = finder.find(texts)
        inside = len(nlp.vocab.strings)
    assert len(nlp.vocab.strings) < inside - 900
    assert found[:5] == before == finder.find(texts[:5]) and "Peru" in [
        one.name for one in found[599]
    ]


def test_a_part_of_a_sentence_has_all_that_the_recogniser_reads():
    doc = nlp.load_spacy_tokenizer().tokenizer(
        "They can't say it; y'all don't, said the U.S. envoy."
    )
    read = ["ORTH", "NORM", "PREFIX", "SUFFIX", "SHAPE", "SPACY"]
    part = SentenceTokens(doc, load_gazetteer()).cut(1, 9)
    assert part.to_array(read).tolist() == doc.to_array(read)[1:9].tolist()
    assert [token.norm_ for token in part][:2] == ["can", "not"]
