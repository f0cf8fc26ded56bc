"""Offline by default: another machine is refused before a packet leaves, and keys are in nothing that is written."""

import socket

import pytest

from stancekit.errors import KitError
from stancekit.models.llm.client import ChatServer
from stancekit.models.llm.endpoint import check_endpoint, is_loopback, reachable, read_key


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.9.9.9", "localhost", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_this_machine_is_allowed(host):
    assert check_endpoint(f"http://{host}:8080/v1/", network=False) == f"http://{host}:8080/v1"


@pytest.mark.parametrize(
    "host",
    [
        "192.0.2.1",
        "models.example",
        "127.0.0.1.example",
        "0.0.0.0",
        "2130706433",
        "127.1",
        "localhost.",
        "[2001:db8::1]",
    ],
)
def test_any_other_machine_is_refused_unless_allowed(host):
    with pytest.raises(KitError, match="not this machine: texts would leave it"):
        check_endpoint(f"https://{host}/v1", network=False)
    assert check_endpoint(f"https://{host}/v1", network=True)


@pytest.mark.parametrize(
    "given",
    [
        "127.0.0.1:8080",
        "ftp://127.0.0.1",
        "http://",
        "http://[::1",
        "http://127.0.0.1:x/v1",
        "http://127.0.0.1\n/v1",
    ],
)
def test_what_is_no_address_is_told(given):
    with pytest.raises(KitError, match="no address of a server; give one as"):
        check_endpoint(given, network=True)


def test_a_key_in_the_address_is_refused_and_not_repeated():
    for given in ("http://me:sk-secret@127.0.0.1/v1", "http://127.0.0.1/v1?key=sk-secret"):
        with pytest.raises(KitError, match=r"model\.key_env=NAME") as raised:
            check_endpoint(given, network=True)
        assert "me:" not in str(raised.value)


def test_no_name_is_looked_up_and_no_socket_opened(monkeypatch):
    def never(*_, **__):
        raise AssertionError("a packet would leave")

    for name in ("getaddrinfo", "gethostbyname", "create_connection", "socket"):
        monkeypatch.setattr(socket, name, never)
    with pytest.raises(KitError, match="not this machine"):
        ChatServer("http://models.example/v1")
    assert is_loopback("localhost") and reachable("http://localhost/v1") == "http://127.0.0.1/v1"


def test_a_listening_socket_on_another_address_of_this_machine_hears_nothing(make_llm, rows):
    """The address of the network card is not loopback, though it is this machine."""
    with socket.socket() as listening:
        listening.bind(("0.0.0.0", 0))
        listening.listen()
        listening.settimeout(0.3)
        port = listening.getsockname()[1]
        with pytest.raises(KitError, match="not this machine"):
            make_llm(f"http://0.0.0.0:{port}/v1").predict_proba(rows(2))
        with pytest.raises(TimeoutError):
            listening.accept()


def test_keys_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("MY_KEY", " sk-1 ")
    assert read_key("MY_KEY") == "sk-1" and read_key(None) == ""
    with pytest.raises(KitError, match="OTHER_KEY, which is not set"):
        read_key("OTHER_KEY")
    monkeypatch.setenv("MY_KEY", "sk-\n1")
    with pytest.raises(KitError, match="what no key has") as raised:
        read_key("MY_KEY")
    assert "sk-" not in str(raised.value)
