"""A language model as a classifier: what it asks, what it scores, and what it never asks again."""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone

from stancekit.codebook import make_codebook
from stancekit.errors import KitError
from stancekit.models import persistence
from stancekit.models.classifier import FittedClassifier, depends_on_random_state
from stancekit.models.llm.estimator import LLM
from stancekit.models.llm.replies import REPLIES_FILE, ReplyStore
from stancekit.runs.provenance import describe_object, identity
from stancekit.types import Example


def test_scores_are_the_mean_over_orders_and_wordings(serve, make_llm, rows):
    stub = serve()
    model = make_llm(stub.endpoint, prompts=["coder", "plain"], orders=4)
    scores = model.predict_proba(rows(4))
    assert model.classes_.tolist() == ["abstain", "condemn", "none", "support"]
    assert np.allclose(scores.sum(axis=1), 1) and np.allclose(scores.max(axis=1), 0.8)
    assert model.predict(rows(4)).tolist() == ["condemn", "support", "abstain", "none"]
    # One to find out how it answers, which is the first of the 32.
    assert stub.requests == 32
    assert model.views(rows(1)).names[::4] == ("coder, order 1", "plain, order 1")


def test_a_position_that_a_model_likes_is_averaged_out(make_llm, rows, serve, monkeypatch):
    """A model that always says A gives every code the same score under as many orders as codes."""
    stub = serve()
    monkeypatch.setattr("stub_server.likeliest", lambda letters, asked: "A")
    model = make_llm(stub.endpoint, orders=4)
    assert np.allclose(model.predict_proba(rows(2)), 0.25)
    top = model.views(rows(1)).scores[0].argmax(axis=1)
    assert [model.classes_[code] for code in top] == ["condemn", "abstain", "support", "none"]


def test_of_several_codes_each_is_a_question(serve, make_llm, diplomacy):
    stub = serve()
    model = make_llm(stub.endpoint, codebook=diplomacy)
    rows = [Example("1", "The war goes on."), Example("2", "It rained.")]
    scores = model.predict_proba(rows)
    assert stub.requests == 2 * 2 * len(diplomacy.names) and scores.shape == (2, 9)
    assert np.allclose(scores[0], 0.8) and np.allclose(scores[1], 0.2)
    assert model.predict(rows).tolist() == [[1] * 9, [0] * 9]


def test_nothing_is_asked_twice(serve, make_llm, rows):
    stub = serve()
    first = make_llm(stub.endpoint).predict_proba(rows(6))
    # The same example twice, and a model made anew with other settings of speed.
    again = make_llm(stub.endpoint, parallel=1, timeout=9).predict_proba([*rows(6), *rows(6)])
    assert stub.requests == 12 and max(stub.seen.values()) == 1
    assert np.array_equal(np.vstack([first, first]), again)


def test_what_was_announced_is_asked_with_the_next(serve, make_llm, rows):
    stub = serve()
    model = make_llm(stub.endpoint)
    model.announce(rows(10))
    model.predict_proba(rows(2))
    assert stub.requests == 20
    model.predict_proba(rows(10))
    assert stub.requests == 20


FAULTS = [
    {"status": {3: 500}},
    {"status": {3: 429}, "retry_after": "0.05"},
    {"cut": 3},
    {"drop": 3},
    {"status": {4: 503}, "cut": 5, "drop": 7},
]


@pytest.mark.parametrize("faults", FAULTS, ids=str)
def test_rows_are_labelled_whatever_goes_wrong(serve, make_llm, rows, faults, monkeypatch):
    monkeypatch.setattr("stancekit.models.llm.pool.FIRST_WAIT", 0.002)
    stub = serve(**faults)
    scores = make_llm(stub.endpoint, parallel=4).predict_proba(rows(20))
    assert np.allclose(scores.max(axis=1), 0.8) and max(stub.answered.values()) == 1
    assert len(stub.answered) == 40


def test_a_server_that_hangs_is_asked_again(serve, make_llm, rows):
    stub = serve(hang=5)
    make_llm(stub.endpoint, timeout=0.3).predict_proba(rows(5))
    assert len(stub.answered) == 10


@pytest.mark.parametrize("faults", [{"without_logprobs": True}, {"refuse_logprobs": True}], ids=str)
def test_without_probabilities_votes_are_counted(serve, make_llm, rows, faults, caplog):
    stub = serve(**faults)
    model = make_llm(stub.endpoint, orders=4)
    scores = model.predict_proba(rows(4))
    assert scores.max(axis=1).tolist() == [1, 1, 1, 1]
    assert "shares of the votes" in caplog.text
    request = json.loads(list(stub.seen)[-1])
    assert request["response_format"]["json_schema"]["schema"]["properties"]["answer"][
        "enum"
    ] == list("ABCD")
    assert ReplyStore(Path(model.folder) / REPLIES_FILE).facts["mode"] == "votes"


def test_a_server_that_knows_neither_probabilities_nor_schemas_is_asked_for_a_letter(
    serve, make_llm, rows
):
    stub = serve(without_logprobs=True, ignore_schema=True)
    model = make_llm(stub.endpoint)
    assert model.predict_proba(rows(4)).max(axis=1).tolist() == [1, 1, 1, 1]
    request = json.loads(list(stub.seen)[-1])
    assert request["max_tokens"] == 1 and not {"logprobs", "response_format"} & set(request)
    assert stub.requests == 8 + 2


def test_replies_that_are_no_letters_are_counted_and_give_no_code_an_advantage(
    serve, make_llm, rows
):
    model = make_llm(serve(illegal=1).endpoint)
    views = model.views(rows(3))
    assert views.illegal.tolist() == [2, 2, 2] and np.isnan(views.scores).all()
    assert np.allclose(model.predict_proba(rows(3)), 0.25)
    some = make_llm(serve(illegal=5).endpoint, folder=f"{model.folder}-2", parallel=1).views(
        rows(8)
    )
    assert some.illegal.sum() == 3 and np.allclose(some.mean(multi_label=False).max(axis=1), 0.8)


def test_a_server_that_dies_stops_the_run_and_keeps_what_is_done(serve, make_llm, rows):
    stub = serve()
    make_llm(stub.endpoint).predict_proba(rows(5))
    stub.__exit__()
    with pytest.raises(
        KitError, match=r"no server answers at .*start the server, or correct model\.endpoint"
    ):
        make_llm(stub.endpoint).predict_proba(rows(9))
    assert np.allclose(make_llm(stub.endpoint).predict_proba(rows(5)).max(axis=1), 0.8)


def test_a_server_that_dies_on_the_way_is_told_with_what_is_kept(
    serve, make_llm, rows, monkeypatch
):
    monkeypatch.setattr("stancekit.models.llm.pool.FIRST_WAIT", 0.001)
    stub = serve()
    model = make_llm(stub.endpoint, parallel=2)
    answer = stub._answer

    def dying(request, **how):
        if stub.number == 12:
            stub.faults.always = 500
        return answer(request, **how)

    monkeypatch.setattr(stub, "_answer", dying)
    with pytest.raises(
        KitError, match=r"status 500, 12 times in a row\. 12 replies are kept in .*goes on"
    ):
        model.predict_proba(rows(20))


@pytest.mark.parametrize("multi_label", [False, True])
def test_tests_without_gold_are_counted(serve, make_llm, multi_label):
    codes = {name: {"definition": f"It says {name} in favour."} for name in ("support", "none")}
    book = make_codebook("tone", codes, multi_label=multi_label)
    found = make_llm(serve().endpoint, codebook=book, orders=2).behaviour()
    # The stub goes by "in favour", which both definitions have, and so by the name alone.
    right = {False: (2, 2), True: (0, 0)}[multi_label]
    assert found == {
        "repeats definitions": (right[0], 4),
        "obeys exchanged definitions": (right[1], 4),
    }


def test_demonstrations_are_drawn_by_random_state_and_evenly(serve, stance, rows, tmp_path):
    stub = serve()
    X, y = rows(40), np.array(["condemn", "support", "abstain", "none"] * 10)

    def fitted(**settings):
        return LLM(
            endpoint=stub.endpoint, name="stub", codebook=stance, folder=str(tmp_path), **settings
        ).fit(X, y)

    model = fitted(examples=4)
    assert sorted(codes[0] for _, codes in model.demonstrations_) == sorted(stance.names)
    assert fitted(examples=4).demonstrations_ == model.demonstrations_
    assert fitted(examples=4, random_state=1).demonstrations_ != model.demonstrations_
    model.predict_proba(rows(1, start=50))
    messages = json.loads(next(iter(stub.seen)))["messages"]
    assert [one["role"] for one in messages] == ["system", *["user", "assistant"] * 4, "user"]
    assert depends_on_random_state(model) and not depends_on_random_state(fitted())
    with pytest.raises(KitError, match=r"examples=41, and there are 40"):
        fitted(examples=41)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"endpoint": None}, "neither a server nor a checkpoint"),
        ({"checkpoint": "x"}, "both a server and a checkpoint"),
        ({"name": None}, r"no model\.name"),
        ({"prompts": []}, "name one wording"),
        ({"prompts": ["coder", "coder"]}, "several different ones"),
        ({"prompts": ["none"]}, "there is no prompt 'none'"),
        ({"orders": 5}, "set it from 1 to 4"),
        ({"parallel": 0}, "parallel from 1"),
        ({"prices": [1]}, "what a million tokens cost"),
        ({"endpoint": "http://192.0.2.1/v1"}, "not this machine"),
        ({"codebook": None}, "reads the codebook"),
    ],
)
def test_settings_at_fault_are_told_before_anything_is_sent(stance, settings, words):
    given = {"endpoint": "http://127.0.0.1:9/v1", "name": "m", "codebook": stance} | settings
    with pytest.raises(KitError, match=words):
        LLM(**given).fit([], np.array([]))


def test_what_changes_no_score_names_no_other_run(tmp_path):
    model = LLM(endpoint="http://127.0.0.1:1/v1", name="m")
    same = clone(model).set_params(
        endpoint="http://127.0.0.1:2/v1", parallel=9, folder="x", prices=[1, 1]
    )
    assert (
        identity(model=model)
        == identity(model=same)
        != identity(model=clone(model).set_params(name="n"))
    )
    text = "{% block system %}a{% endblock %}{% block user %}b{% endblock %}"
    (tmp_path / "own.jinja").write_text(text)
    own = clone(model).set_params(prompts=[str(tmp_path / "own.jinja")])
    before = describe_object(own)
    # A prompt that is rewritten under its name is another.
    (tmp_path / "own.jinja").write_text(text.replace("a", "c"))
    assert describe_object(own) != before


def saved_model(model, codebook, place):
    return persistence.save(FittedClassifier(model, codebook, name="llm"), place)


def test_a_saved_model_replays_without_the_server_and_without_texts(
    serve, make_llm, rows, stance, tmp_path
):
    stub = serve()
    model = make_llm(stub.endpoint, prompts=["coder", "plain"])
    scores = model.predict_proba(rows(4))
    place = saved_model(model, stance, tmp_path / "kept" / "model")
    stub.__exit__()
    loaded = persistence.load(place)
    assert np.array_equal(loaded.scores(rows(4)), scores)
    assert all(b"the levy 1." not in path.read_bytes() for path in place.iterdir())
    persistence.verify_model(place)
    with pytest.raises(KitError, match="no server answers"):
        loaded.scores(rows(5))


def test_a_saved_model_asks_no_other_machine_unless_its_user_says_so(
    serve, make_llm, rows, stance, tmp_path, monkeypatch
):
    stub, other = serve(), serve()
    model = make_llm(stub.endpoint)
    model.predict_proba(rows(1))
    model.endpoint, model.network = "https://models.example/v1", True
    place = saved_model(model, stance, tmp_path / "m" / "model")
    with pytest.raises(KitError, match=r"not this machine.*STANCEKIT_LLM_ENDPOINT"):
        persistence.load(place).scores(rows(2))
    monkeypatch.setenv("STANCEKIT_LLM_ENDPOINT", other.endpoint)
    persistence.load(place).scores(rows(2))
    assert other.requests == 2
    # What it asked is beside the folder, which stays as it was sealed.
    assert (tmp_path / "m" / REPLIES_FILE).exists()
    persistence.verify_model(place)


def test_a_wording_that_comes_with_a_model_is_not_run(serve, make_llm, rows, stance, tmp_path):
    own = tmp_path / "mine.jinja"
    own.write_text(
        "{% block system %}{{ letters }}{% endblock %}{% block user %}{{ marked }}{% endblock %}"
    )
    model = make_llm(serve().endpoint, prompts=[str(own)])
    model.predict_proba(rows(1))
    place = saved_model(model, stance, tmp_path / "m" / "model")
    with pytest.raises(
        KitError, match=r"'mine' of .*is not one that you have.*configs/prompt/NAME.jinja"
    ):
        persistence.load(place)


def test_a_saved_model_reads_the_key_of_its_user_and_no_other(
    serve, make_llm, rows, stance, tmp_path, monkeypatch
):
    stub = serve()
    monkeypatch.setenv("SOME_SECRET", "not-for-you")
    model = make_llm(stub.endpoint, key_env="SOME_SECRET")
    model.predict_proba(rows(1))
    place = saved_model(model, stance, tmp_path / "m" / "model")
    stub.headers.clear()
    persistence.load(place).scores(rows(2))
    assert stub.headers and not any("not-for-you" in head for head in stub.headers)
    stub.headers.clear()
    monkeypatch.setenv("STANCEKIT_LLM_KEY", "for-this-one")
    persistence.load(place).scores(rows(4))
    assert any("Bearer for-this-one" in head for head in stub.headers)


def test_a_key_is_in_no_file(serve, make_llm, rows, stance, tmp_path, monkeypatch):
    monkeypatch.setenv("MY_KEY", "sk-very-secret")
    stub = serve()
    model = make_llm(stub.endpoint, key_env="MY_KEY")
    model.predict_proba(rows(3))
    saved_model(model, stance, tmp_path / "model")
    assert "sk-very-secret" in stub.headers[0]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 3 and not any(b"sk-very" in path.read_bytes() for path in files)
    assert "sk-very" not in f"{model!r}{vars(model)}{describe_object(model)}"


def test_a_model_that_the_server_replaced_is_told(serve, make_llm, rows, caplog):
    first = serve()
    make_llm(first.endpoint).predict_proba(rows(1))
    second = serve()
    store = ReplyStore(Path(make_llm(first.endpoint).folder) / REPLIES_FILE)
    store.note({"owned_by": "others"})
    store.close()
    make_llm(second.endpoint).predict_proba(rows(2))
    assert (
        "is not the one that gave the replies" in caplog.text and "owned_by changed" in caplog.text
    )
