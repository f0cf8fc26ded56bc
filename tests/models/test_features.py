import pytest

from stancekit.models.features import Marked, Pair, Plain
from stancekit.models.vectorizer import mask_roles
from stancekit.types import Example, Mention

ONE = Example(
    "1", "Then Peru shunned the levy.", Mention("Peru", 5, 9), Mention("the levy", 18, 26)
)


def test_plain_shows_neither_actor_nor_target():
    assert Plain().render(ONE) == ("Then Peru shunned the levy.", "")


def test_pair_names_both_beside_the_sentence():
    assert Pair().render(ONE) == ("Then Peru shunned the levy.", "Peru # the levy")


def test_an_actor_that_is_not_named_is_the_speaker_whoever_it_is():
    levy = Mention("the levy", 18, 26)
    shown = {
        features().render(Example("1", ONE.text, Mention(name, code=code), levy))
        for features in (Pair, Marked)
        for name, code in (("Ama Osei", None), ("Kenya", "KEN"), ("the speaker", None))
    }
    assert {one.pair for one in shown} == {"the speaker # the levy"} and len(shown) == 2
    assert {one.text for one in shown} == {ONE.text, "Then Peru shunned # the levy #."}


def test_both_are_shown_in_the_words_of_the_sentence():
    one = Example("1", "Lima shunned the levy.", Mention("Peru", 0, 4, "PER"), Mention("the dues"))
    assert Pair().render(one).pair == "Lima # the dues"


def test_marked_sets_both_where_they_stand():
    assert Marked().render(ONE).text == "Then * Peru * shunned # the levy #."


@pytest.mark.parametrize("target", [Mention("Peru shunned", 5, 17), Mention("the dues"), None])
def test_a_target_that_overlaps_the_actor_or_has_no_span_is_left_bare(target):
    one = Example("1", ONE.text, ONE.actor, target)
    assert Marked().render(one).text == "Then * Peru * shunned the levy."
    assert "@target" not in mask_roles(one)


def test_without_an_actor_the_sentence_stays_as_it_is():
    assert Marked().render(Example("1", "It rained.")) == ("It rained.", "")


def test_words_count_by_target_where_targets_are_few_and_often_named():
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    from stancekit.models.linear import Linear

    # "cheap" speaks for the levy and against the treaty: without the target nothing can be learned.
    sides = {("cheap", "levy"): "for", ("cheap", "treaty"): "against", ("dear", "levy"): "against"}
    sides["dear", "treaty"] = "for"
    some = [
        (
            Example(
                f"{word}{target}{at}", f"It is {word}, they say.", target=Mention(f"the {target}")
            ),
            code,
        )
        for at in range(50)
        for (word, target), code in sides.items()
    ]
    X, y = [example for example, _ in some], np.array([code for _, code in some])
    model = Linear(LogisticRegression(), features=Marked()).fit(X, y)
    assert len(model.targets_) == 2 and (model.predict(X[:4]) == y[:4]).all()
    few = Linear(LogisticRegression(), features=Marked()).fit(X[:100], y[:100])
    assert not few.targets_ and (few.predict(X[:4]) == y[:4]).mean() <= 0.5
