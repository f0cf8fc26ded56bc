import json

import pytest
from conftest import ROOT

from stancekit.codebook import Code, Codebook, load_codebook, make_codebook
from stancekit.corpus.cells import parse_labels
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
    stance = load_codebook("stance")
    assert stance.scale == ("condemn", "abstain", "support")
    assert (stance.towards, stance.absent) == ("target", "none")


TONE = {name: {"definition": f"{name}."} for name in ("cold", "cool", "warm", "flat")}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"scale": ["cold", "hot"]}, "scale has hot, which are not codes; there are: cold, cool"),
        ({"scale": ["cold", "cold"]}, "scale has a code more than once"),
        ({"absent": "none"}, "absent is 'none', which is not a code; there are: cold, cool"),
        ({"unit": "word"}, "unit is 'word'; there are: example, sentence"),
        ({"towards": "actor"}, "towards is 'actor'; set it to target"),
        ({"towards": "target", "unit": "sentence"}, "not towards a target"),
        (
            {"votes": {"yes": "hot", "maybe": "cold"}, "towards": "target"},
            "votes has maybe; there are: yes, no, abstain, absent, as in votes: {'yes': cold}; "
            "votes has the codes hot, which are not codes; there are: cold, cool",
        ),
        ({"votes": {"yes": "warm"}}, "votes are on a target; set towards: target"),
        ({"votes": ["yes"]}, r"votes is \['yes'\]; give codes for yes, no, abstain, absent"),
        ({"multilabel": True}, "unknown field multilabel; there are: name, codes, multi_label"),
        ({"codes": {**TONE, True: {"definition": "Yes."}}}, "codes True are not text"),
        ({"codes": {**TONE, "warm": {}}}, "code 'warm' of codebook 'tone' has no definition"),
        ({"codes": {}}, "codes is {}; write each code with its definition"),
        ({"codes": {**TONE, "hot": "Hot."}}, "code 'hot' is 'Hot.'; write hot: {definition:"),
        ({"codes": {"warm": TONE["warm"]}}, "it has one code, 'warm', and every row would have it"),
        ({"codes": {**TONE, "Warm": TONE["warm"]}}, "codes 'warm', 'Warm' differ only in"),
        ({"codes": {**TONE, "hot ": TONE["warm"]}}, "code 'hot ' begins or ends with a blank"),
        ({"codes": {**TONE, "hot": {"definition": " "}}}, "code 'hot' has an empty definition"),
        ({"codes": {**TONE, "hot": {"definition": True}}}, "definition of code 'hot' is True"),
        (
            {"codes": {**TONE, "hot": {"definition": "H.", "positive": "We back it."}}},
            "positive of code 'hot' is 'We back it.'; it is a list of sentences",
        ),
        (
            {"codes": {**TONE, "hot": {"definition": "H.", "positive": [True]}}},
            "positive of code 'hot' has True, which is no text",
        ),
        ({"multi_label": "no"}, "multi_label is 'no'; set it to true or false"),
        ({"scale": "warm"}, "scale is 'warm'; it is a list of codes"),
        ({"absent": False}, "absent is False, which is no text"),
        ({"name": 2021}, "a codebook's name is 2021, which is no text"),
    ],
)
def test_fields_that_contradict_the_codes_are_refused(fields, message):
    with pytest.raises(KitError, match=message):
        make_codebook(**{"name": "tone", "codes": TONE, **fields})


def test_a_codebook_of_one_s_own_says_what_its_codes_are_towards(tmp_path):
    path = tmp_path / "tone.yaml"
    codes = "\n".join(f"  {name}: {{definition: {name}.}}" for name in TONE)
    head = "name: tone\ntowards: target\nabsent: flat\nscale: [cold, cool, warm]"
    path.write_text(f"{head}\ncodes:\n{codes}\n")
    book = load_codebook(str(path))
    assert (book.towards, book.absent, book.scale) == ("target", "flat", ("cold", "cool", "warm"))
    path.write_text(f"{head}\nabsnt: flat\ncodes:\n{codes}\n")
    with pytest.raises(KitError, match=r"tone.yaml is not a codebook: .*unknown field absnt"):
        load_codebook(str(path))


def test_a_code_is_written_once(tmp_path):
    path = tmp_path / "tone.yaml"
    path.write_text("name: tone\ncodes:\n  a: {definition: A.}\n  b: {definition: B.}\n")
    assert load_codebook(str(path)).names == ["a", "b"]
    path.write_text(f"{path.read_text()}  a: {{definition: C.}}\n")
    with pytest.raises(KitError, match=r"line 5 has 'a' once more, which is on line 3 already"):
        load_codebook(str(path))
    with pytest.raises(KitError, match=r"it has the codes a more than once"):
        Codebook("tone", (Code("a", "A."), Code("a", "C.")))
    with pytest.raises(KitError, match=r"line 1 has 'No' once more"):
        parse_labels("{No: condemn, No: support}")
    # Of several codes there may be one, which a row has or has not.
    one = {"a": {"definition": "A."}}
    assert make_codebook("tone", one, multi_label=True).names == ["a"]


def test_a_codebook_has_no_other_one_s_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "configs" / "codebook"
    folder.mkdir(parents=True)
    text = "name: position\ncodes:\n  a: {definition: A.}\n  b: {definition: B.}\n"
    for file in (folder / "position.yaml", folder / "other.yaml", tmp_path / "copy.yaml"):
        file.write_text(text)
    assert load_codebook("position").names == ["a", "b"]
    for asked in ("other", "copy.yaml"):
        with pytest.raises(KitError, match=r"is asked for, and says name: position, which is"):
            load_codebook(asked)
    # Where nothing else has that name, nothing can be mistaken for it.
    (tmp_path / "copy.yaml").write_text(text.replace("position", "tone"))
    assert load_codebook("copy.yaml").name == "tone"


def test_a_codebook_says_what_votes_mean(tmp_path):
    assert load_codebook("stance").votes == {
        "yes": "support",
        "no": "condemn",
        "abstain": "abstain",
        "absent": "abstain",
    }
    path = tmp_path / "tone.yaml"
    codes = "\n".join(f"  {name}: {{definition: {name}.}}" for name in TONE)
    # YAML reads yes and no without quotation marks as truth values.
    path.write_text(
        f"name: tone\ntowards: target\nvotes: {{yes: warm, no: cold}}\ncodes:\n{codes}\n"
    )
    book = load_codebook(str(path))
    assert book.votes == {"yes": "warm", "no": "cold"}
    assert Codebook.from_dict(json.loads(json.dumps(book.to_dict()))) == book
    assert hash(book) == hash(load_codebook(str(path)))


def test_codebooks_written_before_there_were_votes_stay_readable():
    old = load_codebook("stance").to_dict()
    del old["votes"]
    assert Codebook.from_dict(old).votes == {}


def test_check_names_every_unknown_label():
    with pytest.raises(
        KitError,
        match=r"'peac' \(is peace meant\?\) in mine, 1 time \(rows 2\).*has: alliance, domestic_politics, economy",
    ):
        load_codebook("diplomacy").check([("peace",), ("peac",)], "mine")
