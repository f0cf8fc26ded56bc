"""Prompts of a codebook: what is in them, what is refused, and that texts stay texts."""

import pytest

from stancekit.codebook import make_codebook
from stancekit.errors import KitError
from stancekit.models.llm.prompts import (
    Opened,
    Prompt,
    Wording,
    load_prompt,
    prompt_names,
    tasks_of,
)
from stancekit.models.llm.questions import request_body, request_key, rotations
from stancekit.types import Example, Mention

OWN = """{% block system %}{% for option in options %}{{ option.letter }}={{ option.name }} {% endfor %}{% endblock %}
{% block user %}{{ marked }}|{{ actor }}|{{ target }}{% endblock %}"""
EXAMPLE = Example("1", "Peru shunned {{ 7 * 7 }}.", Mention("Peru", 0, 4), Mention("the levy"))


@pytest.mark.parametrize("name", prompt_names())
def test_shipped_prompts_say_all_of_the_codebook(name, stance, diplomacy):
    for codebook in (stance, diplomacy):
        for task in tasks_of(codebook):
            order = rotations(len(task.options), 1)[0]
            (_, system), (_, user) = (
                Opened(Wording(load_prompt(name), codebook, task, order)).question(EXAMPLE).messages
            )
            for code in [task.code] if task.code else codebook.codes:
                assert (
                    code.name in system and code.definition in system and code.near_miss in system
                )
                assert all(sentence in system for sentence in code.positive)
            assert "[Peru] shunned {{ 7 * 7 }}." in user and "the levy" in user
            # As a person would write it: no gaps.
            assert "\n\n\n" not in system and system == system.strip()


def test_letters_follow_the_order(stance):
    task = tasks_of(stance)[0]
    texts = []
    for order in rotations(4, 2):
        wording = Wording(Prompt("own", OWN), stance, task, order)
        texts.append(wording.opening()[0][1])
    assert texts[0].split() == ["A=condemn", "B=abstain", "C=support", "D=none"]
    assert texts[1].split() == ["A=support", "B=none", "C=condemn", "D=abstain"]


def test_demonstrations_are_answered_with_the_letter_of_their_code(stance):
    task, order = tasks_of(stance)[0], rotations(4, 2)[1]
    wording = Wording(Prompt("own", OWN), stance, task, order, ((EXAMPLE, 0),))
    messages = Opened(wording).question(Example("2", "It rained.")).messages
    assert [role for role, _ in messages] == ["system", "user", "assistant", "user"]
    assert messages[2][1] == "C" and messages[3][1] == "It rained.||"


def test_the_same_question_has_the_same_key_and_another_text_another():
    book = make_codebook(
        "tone", {"warm": {"definition": "Kind."}, "cold": {"definition": "Unkind."}}
    )
    opened = Opened(Wording(Prompt("own", OWN), book, tasks_of(book)[0], (0, 1)))

    def key(text, model="m", mode="logprobs"):
        return request_key(request_body(opened.question(Example("1", text)), model, mode))

    assert key("a") == key("a")
    assert len({key("a"), key("b"), key("a", "n"), key("a", mode="votes")}) == 4


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{% block system %}{% endblock %}", "no block user"),
        ("{% block system %}", "Unexpected end"),
        ("{% include 'x' %}" + OWN, None),
        (OWN.replace("marked", "sentence"), "'sentence' is undefined"),
        (OWN.replace("marked", "''.__class__.__mro__"), "unsafe"),
        (OWN.replace("{{ marked }}", "{% for n in range(10**9) %}{% endfor %}"), "Range too big"),
    ],
)
def test_a_prompt_that_cannot_be_used_is_told(source, words, stance):
    if words is None:
        # What is outside the blocks is not rendered, so that no other file is read.
        wording = Wording(Prompt("own", source), stance, tasks_of(stance)[0], (0, 1, 2, 3))
        assert wording.asked(EXAMPLE)
        return
    with pytest.raises(KitError, match=f"(?s)prompt own cannot be used.*{words}"):
        Wording(Prompt("own", source), stance, tasks_of(stance)[0], (0, 1, 2, 3)).asked(EXAMPLE)
        Prompt("own", source)


def test_prompts_of_one_s_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(KitError, match=r"no prompt 'mine'; there are: coder, plain\. Your own is"):
        load_prompt("mine")
    (tmp_path / "configs" / "prompt").mkdir(parents=True)
    (tmp_path / "configs" / "prompt" / "mine.jinja").write_text(OWN)
    assert load_prompt("mine") == load_prompt("configs/prompt/mine.jinja") == Prompt("mine", OWN)
    assert prompt_names() == ["coder", "mine", "plain"]


def test_orders_and_letters_have_limits():
    assert rotations(3, 3) == [(0, 1, 2), (1, 2, 0), (2, 0, 1)]
    assert [order[0] for order in rotations(9, 4)] == [0, 2, 4, 7]
    for n, orders, words in ((27, 1, "at most 26"), (4, 5, "from 1 to 4"), (4, 0, "from 1 to 4")):
        with pytest.raises(KitError, match=words):
            rotations(n, orders)
