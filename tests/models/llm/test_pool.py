"""Bounded requests: nothing lost, nothing twice, no more at once than asked for, and an end where there is none."""

import threading
import time
from collections import Counter

import pytest

from stancekit.errors import KitError
from stancekit.models.llm import pool
from stancekit.models.llm.pool import RequestPool, TryAgainError


def test_every_request_has_one_reply_however_often_it_fails():
    failed, kept, lock = Counter(), Counter(), threading.Lock()

    def send(request):
        with lock:
            failed[request] += 1
            if failed[request] <= request % 3:
                raise TryAgainError("not now")
        return request * 2

    RequestPool(send, lambda request, reply: kept.update([(request, reply)]), parallel=8).run(
        range(60)
    )
    assert kept == Counter({(number, number * 2): 1 for number in range(60)})


def test_no_more_are_under_way_than_asked_for():
    under_way, most, lock = [0], [0], threading.Lock()

    def send(request):
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        time.sleep(0.005)
        with lock:
            under_way[0] -= 1

    RequestPool(send, lambda *_: None, parallel=3).run(range(30))
    assert most[0] == 3


def test_requests_are_taken_as_there_is_room():
    taken = []

    def requests():
        for number in range(10_000):
            taken.append(number)
            yield number

    def send(request):
        if request == 20:
            raise KitError("no more")

    with pytest.raises(KitError, match="no more"):
        RequestPool(send, lambda *_: None, parallel=2).run(requests())
    assert len(taken) < 100


def test_what_fails_for_good_ends_all_and_keeps_what_is_done(monkeypatch):
    monkeypatch.setattr(pool, "FIRST_WAIT", 0.001)
    kept = []

    def send(request):
        if request == 5:
            raise TryAgainError("still down")
        return request

    with pytest.raises(KitError, match=f"still down, {pool.TRIES} times in a row"):
        RequestPool(send, lambda request, _: kept.append(request), parallel=1).run(range(8))
    assert sorted(kept) == [0, 1, 2, 3, 4, 6, 7]


def test_an_error_of_the_questions_themselves_is_raised():
    def requests():
        yield 1
        raise KitError("no such prompt")

    with pytest.raises(KitError, match="no such prompt"):
        RequestPool(lambda request: request, lambda *_: None, parallel=2).run(requests())


def test_others_go_on_while_one_waits():
    order = []

    def send(request):
        if request == 0 and not order:
            order.append("refused")
            raise TryAgainError("busy", wait=0.3, busy=True)
        order.append(request)

    start = time.monotonic()
    RequestPool(send, lambda *_: None, parallel=2).run(range(6))
    assert order[-1] == 0 and time.monotonic() - start >= 0.3


def test_all_wait_where_a_server_takes_nothing():
    sent = []

    def send(request):
        sent.append(time.monotonic())
        if len(sent) <= 2:
            raise TryAgainError("busy", wait=0.4, busy=True)

    RequestPool(send, lambda *_: None, parallel=2).run(range(20))
    # Both were refused: nothing is sent until the wait is over.
    assert sent[2] - sent[1] > 0.35 and len(sent) == 22
