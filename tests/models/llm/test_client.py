"""What goes wrong between the kit and a server, over real sockets."""

import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from stancekit.errors import KitError
from stancekit.models.llm.client import ChatServer, RefusedError, seconds_to_wait
from stancekit.models.llm.pool import TryAgainError


@pytest.fixture
def connect():
    """Make clients whose connections are closed with the test."""
    made = []

    def client(endpoint, **settings):
        made.append(ChatServer(endpoint, **settings))
        return made[-1]

    yield client
    for one in made:
        one.close()


BODY = json.dumps(
    {"model": "stub", "messages": [{"role": "user", "content": "A. none: x"}]}
).encode()


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(connect, serve, status):
    server = connect(serve(always=status, retry_after="7").endpoint)
    with pytest.raises(TryAgainError, match=f"status {status}") as raised:
        server.send(BODY)
    assert raised.value.wait == 7 and raised.value.busy is (status in (429, 503))


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        ({"cut": 1}, "no JSON"),
        ({"drop": 1}, "broke off"),
        ({"hang": 1}, "did not answer in time"),
    ],
)
def test_a_reply_that_is_not_whole_is_tried_again(connect, serve, faults, words):
    with pytest.raises(TryAgainError, match=words):
        connect(serve(**faults).endpoint, timeout=0.3).send(BODY)


def test_nobody_there_is_told(connect, serve):
    with pytest.raises(TryAgainError, match="no server answers at") as raised:
        connect("http://127.0.0.1:9/v1").send(BODY)
    assert raised.value.gone


def test_a_redirect_is_not_followed(connect, serve):
    elsewhere = serve()
    stub = serve(always=307, location=f"{elsewhere.endpoint}/chat/completions")
    with pytest.raises(KitError, match="is not followed"):
        connect(stub.endpoint).send(BODY)
    assert elsewhere.requests == 0


def test_proxies_of_the_environment_are_not_used_for_this_machine(connect, serve, monkeypatch):
    proxy, stub = serve(), serve()
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.endpoint.removesuffix("/v1"))
    connect(stub.endpoint).send(BODY)
    assert (stub.requests, proxy.requests) == (1, 0)


def test_an_error_of_the_server_is_told_without_the_key(connect, serve, monkeypatch, capfd):
    monkeypatch.setenv("MY_KEY", "sk-very-secret")
    stub = serve(always=401, body='{"error": "wrong key sk-very-secret"}')
    with pytest.raises(RefusedError, match="wrong key") as raised:
        connect(stub.endpoint, key_env="MY_KEY").send(BODY)
    assert (
        "sk-very-secret" not in f"{raised.value!r} {raised.value.__cause__!r} {capfd.readouterr()}"
    )
    assert "authorization: bearer sk-very-secret" in stub.headers[0].lower()


def test_connections_are_kept(connect, serve):
    stub = serve()
    server = connect(stub.endpoint)
    for _ in range(3):
        server.send(BODY)
    assert (len(stub.connections), stub.requests) == (1, 3)
    # One of each thread.
    with ThreadPoolExecutor(1) as other:
        for _ in range(2):
            other.submit(server.send, BODY).result()
    assert (len(stub.connections), stub.requests) == (2, 5)


def test_where_another_machine_may_be_asked_the_proxy_of_the_environment_is_used(
    connect, serve, monkeypatch
):
    proxy, stub = serve(), serve()
    monkeypatch.setenv("http_proxy", proxy.endpoint.removeprefix("http://").removesuffix("/v1"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    connect("http://models.example/v1", network=True).send(BODY)
    assert proxy.headers[0].startswith("POST http://models.example/v1/chat/completions")
    connect(stub.endpoint, network=True).send(BODY)
    assert (stub.requests, proxy.requests) == (1, 1)


def test_a_model_that_the_server_has_not_is_told_with_those_that_it_has(connect, serve):
    server = connect(serve().endpoint)
    with pytest.raises(KitError, match=r"has no model 'other'; it has: stub\. Set model\.name"):
        server.describe("other")
    assert server.describe("stub") == {
        "id": "stub",
        "object": "model",
        "owned_by": "tests",
        "server": "stub/1",
    }


@pytest.mark.parametrize("faults", [{"models": 500}, {"models": 404}], ids=str)
def test_a_server_that_cannot_list_its_models_is_used_all_the_same(connect, serve, faults):
    assert connect(serve(**faults).endpoint).describe("any") == {}


def test_a_date_to_wait_for_is_read():
    assert seconds_to_wait({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0
    assert seconds_to_wait(httpx.Headers({"Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"})) > 1e9
