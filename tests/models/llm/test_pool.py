"""Bounded requests: nothing lost, nothing twice, no more at once than asked for, and an end where there is none."""

import itertools
import threading
import time
from collections import Counter

import pytest

from stancekit.errors import KitError
from stancekit.models.llm import pool
from stancekit.models.llm.pool import RequestPool, TryAgainError


def send_all(send, requests, parallel):
    """Send requests by a pool, which is stopped when each has its reply."""
    requests = list(requests)
    done = itertools.count(1)

    def counted(request):
        send(request)
        if next(done) == len(requests):
            pool.stop()

    pool = RequestPool(counted, parallel=parallel)
    for request in requests:
        pool.add(request)
    pool.run()


def test_every_request_has_one_reply_however_often_it_fails():
    failed, kept, lock = Counter(), Counter(), threading.Lock()

    def send(request):
        with lock:
            failed[request] += 1
            if failed[request] <= request % 3:
                raise TryAgainError("not now")
            kept[request] += 1

    send_all(send, range(60), parallel=8)
    assert kept == Counter(range(60))


def test_no_more_are_under_way_than_asked_for():
    under_way, most, lock = [0], [0], threading.Lock()

    def send(request):
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        time.sleep(0.005)
        with lock:
            under_way[0] -= 1

    send_all(send, range(30), parallel=3)
    assert most[0] == 3


def test_what_is_under_way_is_finished_when_it_is_stopped():
    begun, kept = [], []

    def send(request):
        begun.append(request)
        if len(begun) == 3:
            pool.stop()
        time.sleep(0.01)
        kept.append(request)

    pool = RequestPool(send, parallel=3)
    for request in range(30):
        pool.add(request)
    pool.run()
    assert len(begun) == 3 and sorted(kept) == sorted(begun)


def test_what_fails_for_good_ends_all_and_keeps_what_is_done():
    kept = []

    def send(request):
        if request == 5:
            raise TryAgainError("still down")
        kept.append(request)

    requests = RequestPool(send, parallel=1, first_wait=0.001)
    for request in range(8):
        requests.add(request)
    with pytest.raises(KitError, match=f"still down, {pool.TRIES} times in a row"):
        requests.run()
    assert sorted(kept) == [0, 1, 2, 3, 4, 6, 7]


def test_others_go_on_while_one_waits():
    order = []

    def send(request):
        if request == 0 and not order:
            order.append("refused")
            raise TryAgainError("busy", wait=0.3, busy=True)
        order.append(request)

    start = time.monotonic()
    send_all(send, range(6), parallel=2)
    assert order[-1] == 0 and time.monotonic() - start >= 0.3


def test_all_wait_where_a_server_takes_nothing():
    sent = []

    def send(request):
        sent.append(time.monotonic())
        if len(sent) <= 2:
            raise TryAgainError("busy", wait=0.4, busy=True)

    send_all(send, range(20), parallel=2)
    # Both were refused: nothing is sent until the wait is over.
    assert sent[2] - sent[1] > 0.35 and len(sent) == 22
