"""Language models as users meet them: trained, labelled with, reproduced and reported by commands."""

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from conftest import ROOT
from stub_server import Faults, Stub

import stancekit
from stancekit.__main__ import main
from stancekit.commands.reproduce import reproduce
from stancekit.commands.verify import verify
from stancekit.errors import KitError
from stancekit.models import persistence
from stancekit.models.llm.replies import REPLIES_FILE, ReplyStore
from stancekit.runs.analysis import analyse
from stancekit.runs.folder import read_run, read_runs

VERBS = {"condemn": "condemned", "support": "supported", "abstain": "abstained on", "none": "left"}
ACTORS = ["Peru", "Chile", "Oman", "Ghana", "Kenya", "Laos"]


def made_rows(n=72):
    rows = []
    for at in range(n):
        code, actor = list(VERBS)[at % 4], ACTORS[at % 6]
        part = ("train", "validation", "test")[at // 4 % 3]
        text = f"{actor} {VERBS[code]} the levy {at}."
        rows.append(
            {"id": str(at), "text": text, "actor": actor, "target": "the levy", "stance": code}
        )
        rows[-1] |= {"article": f"a{at // 2}", "split": part}
    return rows


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    path = tmp_path_factory.mktemp("corpus") / "made.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in made_rows()), encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def trained(corpus, tmp_path_factory):
    """Return an experiment of a model behind a stub that has ended since, and what the stub saw."""
    output = tmp_path_factory.mktemp("experiment")
    with Stub(Faults(illegal=37)) as stub:
        # One at a time, so that it is the same replies that are no letters.
        settings = {
            "endpoint": stub.endpoint,
            "name": "stub",
            "prompts": ["coder", "plain"],
            "parallel": 1,
        }
        model = stancekit.train(
            corpus, model="llm", settings=settings, output=output, verbose=False
        )
    return model.run, stub


def test_a_run_has_its_replies_and_asks_for_each_once(trained):
    run, stub = trained
    assert max(stub.seen.values()) == 1 and stub.headers
    store = ReplyStore(run.folder / REPLIES_FILE)
    assert len(store) == stub.requests and store.facts["owned_by"] == "tests"
    rows = store.to_frame()
    assert set(rows["mode"]) == {"logprobs"} and rows["request"].str.contains("levy").any()
    shared = ReplyStore(run.folder / "model" / REPLIES_FILE, read_only=True)
    # All but the tests without gold, which are asked about once the model is saved.
    assert len(shared) == len(store) - 2 * 4 * 4 and not any(
        row["request"] for row in shared.rows()
    )
    config = (run.folder / "config.yaml").read_text()
    assert "coder" in config and run.views[0] == "coder, order 1"


def test_a_run_says_how_its_labels_are_answers(trained):
    run, _ = trained
    assert read_run(run.folder).answers == run.answers and len(run.answers) == len(run.rows)
    board = analyse([run]).boards[0]
    use = board.board.best.answers
    assert use.turned.value == 0 and 0 < use.illegal.value < 0.1 and use.unanswered == 0
    checks = {check.code for check in board.checks}
    assert {"C18", "C19"} <= checks and "C17" not in checks
    ranges = board.share_ranges["llm"]
    assert [each.code for each in ranges] == ["abstain", "condemn", "none", "support"]
    # A view without an answer has no code, so a share may be lower there.
    assert all(each.counted[0] <= each.gold == 0.25 == each.counted[1] for each in ranges)
    assert all(each.corrected is None for each in ranges)


def test_reproduce_replays_without_the_server(corpus, tmp_path, capsys):
    with Stub() as stub:
        words = [
            f"corpus={corpus}",
            "model=llm",
            f"model.endpoint={stub.endpoint}",
            "model.name=stub",
        ]
        assert main(["train", *words, f"output={tmp_path}"]) in (0, None)
    (run,) = read_runs(tmp_path)
    again = reproduce(run.folder, output=tmp_path / "again")
    assert again.scores.tolist() == run.scores.tolist() and again.answers == run.answers
    assert len(ReplyStore(again.folder / REPLIES_FILE)) == stub.requests
    verify(run.folder / "model")
    # Without its replies it would have to ask.
    (run.folder / REPLIES_FILE).unlink()
    with pytest.raises(KitError, match="no server answers"):
        reproduce(run.folder, output=tmp_path / "third")


def test_label_replays_and_keeps_what_it_asks_beside_the_run(corpus, tmp_path):
    text = "Levy\n\nPeru condemned the levy.\nChile supported the levy.\n"
    with Stub() as stub:
        settings = {"endpoint": stub.endpoint, "name": "stub"}
        model = stancekit.train(
            corpus, model="llm", settings=settings, output=tmp_path, verbose=False
        )
        before = stub.requests
        labels = stancekit.label(text, models=model.folder, rows="all", targets=["levy"])
        asked = stub.requests - before
    assert asked > 0 and max(stub.seen.values()) == 1
    frame = labels.to_frame()
    assert dict(zip(frame["actor"], frame["stance"], strict=True)) == {
        "Peru": "condemn",
        "Chile": "support",
    }
    again = stancekit.label(text, models=model.folder, rows="all", targets=["levy"]).to_frame()
    assert again.equals(frame)
    assert len(ReplyStore(Path(model.folder).parent / REPLIES_FILE)) == stub.requests
    persistence.verify_model(model.folder)


@pytest.mark.slow
def test_a_leaderboard_with_other_models_is_one_command(corpus, tmp_path, capsys):
    with Stub() as stub:
        for model in ("lexicon", "llm"):
            words = [f"corpus={corpus}", f"model={model}", f"output={tmp_path}"]
            if model == "llm":
                words += [f"model.endpoint={stub.endpoint}", "model.name=stub", "model.orders=4"]
            main(["train", *words])
    main(["report", str(tmp_path)])
    page = (tmp_path / "report" / "report.html").read_text()
    text = (tmp_path / "report" / "README.md").read_text()
    for shown in ("Answers of language models", "repeats definitions"):
        assert shown in page
    assert "Answers of llm: .000 [.000, .000] of 96 replies are none of the letters" in text
    assert "| lexicon |" in text and "| llm |" in text
    main(["report", str(tmp_path), "publish=true"])
    main(["report", str(tmp_path), "check=true"])
    assert "Answers of llm" in (tmp_path / "results.md").read_text()


def test_a_host_elsewhere_ends_with_2_and_sends_nothing(corpus, tmp_path):
    words = [f"corpus={corpus}", "model=llm", "model.endpoint=http://192.0.2.7/v1", "model.name=x"]
    ended = subprocess.run(
        [sys.executable, "-m", "stancekit", "train", *words, f"output={tmp_path}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2 and "not this machine: texts would leave it" in ended.stderr
    assert not list(tmp_path.rglob(REPLIES_FILE))


def test_help_does_not_load_what_asks(tmp_path):
    code = "import sys\nfrom stancekit.__main__ import main\n"
    code += "try:\n    main(['train', '--help'])\nexcept SystemExit:\n    pass\n"
    code += "assert not {'httpx', 'jinja2', 'torch', 'transformers'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_a_student_learns_from_stored_probabilities(corpus, tmp_path, stance):
    """Distilling asks for what the teacher was not asked yet, once, and then never again."""
    from stancekit.corpus import TableCorpus
    from stancekit.models.encoder.teachers import soft_labels

    data = TableCorpus(corpus).read(stance)
    with Stub() as stub:
        settings = {"endpoint": stub.endpoint, "name": "stub"}
        model = stancekit.train(
            corpus, model="llm", settings=settings, output=tmp_path, verbose=False
        )
        import numpy as np

        gold = np.array([stance.names.index(codes[0]) for codes in data.labels])

        def teach(keep):
            return soft_labels(
                [str(model.folder)],
                data.examples,
                {"stance": gold},
                {"stance": stance.names},
                share=1.0,
                keep=keep,
            )

        taught = teach(tmp_path / "first")["stance"]
        asked = stub.requests
    assert np.array_equal(teach(tmp_path / "second")["stance"], taught) and stub.requests == asked
    assert (taught.argmax(axis=1) == gold).mean() > 0.9


def test_checks_of_a_model_that_goes_by_position(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr("stub_server.likeliest", lambda letters, asked: "A")
    with Stub() as stub:
        settings = {"endpoint": stub.endpoint, "name": "stub"}
        run = stancekit.train(
            corpus, model="llm", settings=settings, output=tmp_path, verbose=False
        ).run
    board = analyse([run]).boards[0]
    assert board.board.best.answers.turned.value == 1
    (turned,) = [check for check in board.checks if check.code == "C17"]
    assert turned.level == "stop" and "order or wording decides for llm" in turned.title


@pytest.mark.slow
def test_killed_ten_times_it_asks_nothing_twice(tmp_path):
    """kill -9 at random moments: the same predictions, and each request comes in once."""
    import random
    import time

    corpus, kills, parallel = tmp_path / "made.jsonl", 10, 8
    corpus.write_text("\n".join(json.dumps(row) for row in made_rows(96)), encoding="utf-8")
    log = tmp_path / "log"
    # It answers slowly enough that requests are under way at every moment.
    server = subprocess.Popen(
        [sys.executable, str(ROOT / "tests/models/llm/stub_server.py"), str(log), "0.04"],
        stdout=subprocess.PIPE,
        text=True,
    )

    def came_in():
        return log.read_text().split() if log.exists() else []

    try:
        port = server.stdout.readline().strip()
        words = [f"corpus={corpus}", "model=llm", f"model.endpoint=http://127.0.0.1:{port}/v1"]
        words += ["model.name=stub", f"model.parallel={parallel}"]
        words += ["model.orders=4", "model.prompts=[coder,plain]"]

        def start(output):
            command = [sys.executable, "-m", "stancekit", "train", *words, f"output={output}"]
            return subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
            )

        whole = start(tmp_path / "whole")
        whole.communicate()
        assert whole.returncode == 0
        n = len(came_in())
        assert n == len(set(came_in())) >= 2000
        log.write_text("")
        chance, under_way = random.Random(0), []
        for _ in range(kills):
            run = start(tmp_path / "killed")
            # Somewhere within the next tenth of the requests.
            most = len(came_in()) + chance.randrange(1, n // kills)
            while len(came_in()) < most and run.poll() is None:
                time.sleep(0.002)
            assert run.poll() is None
            run.kill()
            (place,) = (tmp_path / "killed").rglob(REPLIES_FILE)
            with closing(ReplyStore(place)) as store:
                under_way.append(store.under_way)
            run.communicate()
        last = start(tmp_path / "killed")
        _, said = last.communicate()
        assert last.returncode == 0
        (one,), (other,) = read_runs(tmp_path / "whole"), read_runs(tmp_path / "killed")
        assert one.scores.tolist() == other.scores.tolist() and one.answers == other.answers
        again = len(came_in()) - len(set(came_in()))
        print(f"{n} requests, {kills} kills with {under_way} under way: {again} came in again")
        assert sum(under_way) > 0 and len(came_in()) == len(set(came_in())) == n
        assert "asked again" not in said
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()


@pytest.mark.slow
def test_a_third_of_failures_loses_no_row(make_llm, rows, serve):
    stub = serve(seconds=0.01, status={4: 429, 9: 500}, retry_after="0.1")
    scores = make_llm(stub.endpoint, parallel=8).predict_proba(rows(500))
    assert (scores.max(axis=1) > 0.79).all()
    assert len(stub.answered) == 1000 and stub.requests > 1350
