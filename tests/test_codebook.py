import json

import pytest
from conftest import ROOT

from stancekit.codebook import Codebook, load_codebook
from stancekit.errors import KitError

SHIPPED = sorted(path.stem for path in (ROOT / "configs" / "codebook").glob("*.yaml"))


OWN = ("diplomacy", "generic_frames", "policy_frames", "stance")


@pytest.mark.parametrize("name", sorted(set(SHIPPED) - set(OWN)))
def test_codes_of_benchmarks_have_a_definition(name):
    book = load_codebook(name)
    assert book.name == name and all(code.definition.endswith(".") for code in book.codes)


@pytest.mark.parametrize("name", OWN)
def test_every_code_has_a_definition_two_examples_and_a_near_miss(name):
    book = load_codebook(name)
    assert book.name == name
    for code in book.codes:
        assert code.definition.endswith(".") and len(code.positive) == 2 and code.near_miss, (
            code.name
        )


@pytest.mark.parametrize("name", SHIPPED)
def test_codebooks_survive_the_way_through_plain_data(name):
    book = load_codebook(name)
    assert Codebook.from_dict(json.loads(json.dumps(book.to_dict()))) == book


def test_the_schemes_have_the_codes_of_their_sources():
    assert {name: len(load_codebook(name).codes) for name in OWN} == {
        "diplomacy": 9,
        "generic_frames": 5,
        "policy_frames": 15,
        "stance": 4,
    }
    assert load_codebook("stance").scale == ("condemn", "abstain", "support")


def test_check_names_every_unknown_label():
    with pytest.raises(
        KitError, match=r"'peac' in mine \(rows 2\).*has: alliance, domestic_politics, economy"
    ):
        load_codebook("diplomacy").check([("peace",), ("peac",)], "mine")
