"""The gazetteer: every state is in it, and the user's names go on top."""

import csv
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from stancekit.errors import KitError
from stancekit.text import load_gazetteer


def members():
    """Return code and short name of the members of the United Nations, from an independent list."""
    data = Path(find_spec("country_converter").origin).with_name("country_data.tsv")
    with data.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return [(row["ISO3"], row["name_short"]) for row in rows if row["UNmember"]]


def test_all_members_and_observers():
    found = load_gazetteer()
    short = {"FSM": "Micronesia"}
    states = [*members(), ("PSE", "Palestine"), ("VAT", "Holy See")]
    assert len(states) == 195
    missing = [
        (code, name)
        for code, name in states
        if getattr(found.look_up(short.get(code, name)), "code", None) != code
    ]
    assert missing == []


@pytest.mark.parametrize(
    ("alias", "name", "code"),
    [
        ("US", "United States", "USA"),
        ("U.S.", "United States", "USA"),
        ("UK", "United Kingdom", "GBR"),
        ("DPRK", "North Korea", "PRK"),
        ("Russian Federation", "Russia", "RUS"),
        ("Turkey", "Türkiye", "TUR"),
        ("Turkiye", "Türkiye", "TUR"),
        ("Ivory Coast", "Côte d’Ivoire", "CIV"),
        ("Cote d'Ivoire", "Côte d’Ivoire", "CIV"),
        ("St. Lucia", "Saint Lucia", "LCA"),
        ("DRC", "Democratic Republic of the Congo", "COD"),
        ("Burma", "Myanmar", "MMR"),
        ("Kremlin", "Russia", "RUS"),
        ("Downing Street", "United Kingdom", "GBR"),
        ("Elysee", "France", "FRA"),
        ("Brussels", "European Union", None),
        ("USSR", "Soviet Union", None),
        ("G-77", "Group of 77", None),
        ("UNGA", "General Assembly", None),
        ("Russians", "Russia", "RUS"),
    ],
)
def test_aliases(alias, name, code):
    entry = load_gazetteer().look_up(alias)
    assert (entry.name, entry.code) == (name, code)


@pytest.mark.parametrize(
    "word", ["us", "turkey", "who", "chad", "guinea", "Jersey", "Frenchs", "Male"]
)
def test_words_that_are_no_names(word):
    assert load_gazetteer().look_up(word) is None


def test_every_country_of_the_file_has_a_name():
    codes = {entry.code for entry in load_gazetteer().names.values() if entry.kind == "country"}
    assert not [
        entry
        for entry in load_gazetteer().names.values()
        if entry.code and entry.name == entry.code
    ]
    assert {code for code, _ in members()} <= codes


def test_the_user_adds_and_overrides(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "bodies: {River Council: [RC]}\ncountries: {ABK: {name: Abkhazia, demonyms: [Abkhaz]}}\n",
        "utf-8",
    )
    mine = load_gazetteer(path)
    assert mine.look_up("RC").name == "River Council"
    assert mine.look_up("Abkhaz").code == "ABK"
    assert mine.look_up("Kenya").code == "KEN"
    assert load_gazetteer().look_up("RC") is None


def test_names_of_the_user_in_any_spelling_and_alone(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "bodies: {River Council: RC, Comite\u0301 Bleu: }\n"
        "countries: {ABK: {name: Abkhazia, demonyms: Abkhaz}, KEN: }\n"
        "titles: Oba\nhistoric:\n",
        "utf-8",
    )
    mine = load_gazetteer(path)
    assert (mine.look_up("RC").name, mine.look_up("Comité Bleu").kind) == ("River Council", "body")
    assert (
        mine.look_up("R") is None
        and mine.look_up("Abkhaz").code == "ABK"
        and mine.look_up("Kenya").code == "KEN"
    )
    assert "Oba" in mine.words["titles"] and "O" not in mine.words["titles"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("countries: {NOR: {demonym: [Norse]}}\n", "countries: NOR has 'demonym'"),
        ("bodies: [River Council]\n", "bodies is no mapping"),
        ("countries: [NOR]\n", "countries is no mapping"),
        ("bodies: {River Council: {RC: 1}}\n", "bodies: River Council is no list of names"),
        ("bodies: {No: [RC]}\n", "bodies has a name False"),
        ("titles: [Oba, yes]\n", "titles is no list of names"),
        ("offices: {countries: [king]}\n", "offices has 'countries', not"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path, text, told):
    path = tmp_path / "bad.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(KitError, match=re.escape(told)):
        load_gazetteer(path)


@pytest.mark.parametrize("text", ["bodys: {}\n", "- a\n- b\n", "bodies: [\n"])
def test_a_bad_file_is_named(tmp_path, text):
    path = tmp_path / "bad.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(KitError, match=r"bad\.yaml"):
        load_gazetteer(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(KitError, match=r"none\.yaml"):
        load_gazetteer(tmp_path / "none.yaml")


def test_a_file_that_was_edited_is_read_again(tmp_path):
    names = tmp_path / "names.yaml"
    for name in ("Levy Club", "The Levy Board"):
        names.write_text(f"bodies: {{{name}: [LVYC]}}")
        assert load_gazetteer(names).look_up("LVYC").name == name
