"""The process that sends requests: what it loads, and what is lost when it, or who started it, is ended."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import pytest

from stancekit.errors import KitError
from stancekit.models.llm.asking import Asker
from stancekit.models.llm.questions import ChatQuestion
from stancekit.models.llm.replies import ReplyStore
from stancekit.models.llm.served import ServedModel

N, PARALLEL = 20, 4


def questions():
    for number in range(N):
        messages = (("system", "A. none: x\nB. support: y"), ("user", f"Sentence: {number}"))
        yield ChatQuestion(str(number), "hash", "AB", (0, 1), messages)


def ask(endpoint, place):
    """Ask for what has no reply yet, as a run does."""
    with closing(ReplyStore(Path(place))) as store:
        model = ServedModel("stub", endpoint=endpoint, parallel=PARALLEL)
        Asker("stub", store).ask(questions, lambda: model)
        return len(store)


def wait_until(true, stub):
    # This file is a program too, which finds no conftest.
    start = time.monotonic()
    while not true():
        if time.monotonic() - start > 600:
            stub.faults.hold = 0
            pytest.fail("it did not come to that")
        time.sleep(0.01)


@contextmanager
def letting_go(stub):
    """Have what is held answered at the end, also of a test that fails: nobody waits for it."""
    try:
        yield
    finally:
        stub.faults.hold = 0


@pytest.fixture
def place(tmp_path):
    return tmp_path / "r.sqlite"


@pytest.fixture
def start(place):
    """Start runs in processes of their own."""
    started = []

    def run(endpoint):
        started.append(
            subprocess.Popen(
                [sys.executable, __file__, endpoint, str(place)],
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        )
        return started[-1]

    yield run
    for one in started:
        one.kill()
        one.wait()


@pytest.mark.parametrize(("hold", "under_way"), [(1, "1 reply"), (3, f"{PARALLEL} replies")])
def test_what_a_killed_run_had_under_way_is_waited_for_and_not_asked_again(
    serve, start, place, caplog, hold, under_way
):
    """Also the first request of all, by which it is found out how the server answers."""
    stub = serve(hold=hold)
    run = start(stub.endpoint)
    wait_until(lambda: stub.requests == hold - 1 + int(under_way[0]), stub)
    run.kill()
    run.wait()
    with ThreadPoolExecutor() as threads, letting_go(stub):
        again = threads.submit(ask, stub.endpoint, place)
        wait_until(lambda: f"waiting for {under_way} of an earlier run" in caplog.text, stub)
        stub.faults.hold = 0
        assert again.result() == N
    assert stub.requests == len(stub.seen) == N
    assert "asked again" not in caplog.text


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no process groups to signal")
def test_ctrl_c_ends_a_run_when_what_is_under_way_is_kept(serve, start, place):
    stub = serve(hold=3)
    run = start(stub.endpoint)
    wait_until(lambda: stub.requests == 2 + PARALLEL, stub)
    # As a terminal does it: to all that belong to it.
    os.killpg(run.pid, signal.SIGINT)
    time.sleep(0.1)
    stub.faults.hold = 0
    assert run.wait(600) != 0
    with closing(ReplyStore(place)) as store:
        assert len(store) == stub.requests == 2 + PARALLEL and store.under_way == 0


def test_a_killed_sender_is_told_with_what_is_kept(serve, place, caplog):
    stub = serve(hold=3)
    with ThreadPoolExecutor() as threads, letting_go(stub):
        run = threads.submit(ask, stub.endpoint, place)
        wait_until(lambda: stub.requests == 2 + PARALLEL, stub)
        # A test before may have left a process of its own.
        (sender,) = [
            child
            for child in psutil.Process().children()
            if child.status() != psutil.STATUS_ZOMBIE
            and "stancekit.models.llm.sender" in child.cmdline()
        ]
        sender.kill()
        with pytest.raises(
            KitError,
            match=r"sends the requests was killed by .*\. 2 replies are kept in .* goes on",
        ):
            run.result()
    assert ask(stub.endpoint, place) == N
    assert f"{PARALLEL} requests were under way when the process that sent them" in caplog.text
    assert stub.requests == N + PARALLEL


def test_runs_at_once_ask_nothing_twice(serve, place):
    stub = serve(seconds=0.02)
    with ThreadPoolExecutor() as threads:
        runs = [threads.submit(ask, stub.endpoint, place) for _ in range(3)]
        assert [run.result() for run in runs] == [N, N, N]
    assert stub.requests == N


def test_a_full_disk_is_told(serve, place):
    with closing(ReplyStore(place)) as store:
        store._database.execute(
            "CREATE TRIGGER full BEFORE INSERT ON replies BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    with pytest.raises(KitError, match=r"replies cannot be written \(full\); free space"):
        ask(serve().endpoint, place)


def test_it_loads_little(serve):
    code = "import sys, stancekit.models.llm.sender as sender\n"
    code += f"sender.ChatServer({serve().endpoint!r})\n"
    code += "assert 'httpx' in sys.modules\n"
    code += "assert not {'numpy', 'torch', 'jinja2', 'tqdm', 'click'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


if __name__ == "__main__":
    # It is ignored where the tests were started in the background.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    ask(*sys.argv[1:])
