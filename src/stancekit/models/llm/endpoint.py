"""Where a language model may be asked: on this machine, elsewhere only if allowed, with keys from the environment."""

import os
from ipaddress import ip_address
from urllib.parse import urlsplit

from stancekit.errors import KitError, printable

# The names that stand for this machine, whatever a name server says (RFC 6761, section 6.3).
_LOCAL_NAME = "localhost"


def check_endpoint(endpoint: str, *, network: bool) -> str:
    """Return the address of a server without a slash at its end; nothing is resolved and no socket is opened.

    Parameters
    ----------
    network
        Whether it may be another machine than this one.

    Raises
    ------
    KitError
        When it is no address of a server, holds a password or a query, or is of another machine and
        that is not allowed.

    Examples
    --------
    >>> check_endpoint("http://127.0.0.1:8080/v1/", network=False)
    'http://127.0.0.1:8080/v1'
    >>> check_endpoint("https://models.example/v1", network=False)
    Traceback (most recent call last):
    ...
    stancekit.errors.KitError: model.endpoint is on models.example, which is not this machine: texts would \
leave it. Use a server on 127.0.0.1, or allow it with model.network=true; of a saved model, by naming the \
address in the environment variable STANCEKIT_LLM_ENDPOINT
    """
    shown = printable(endpoint.rpartition("@")[2], most=80)
    advice = "give one as http://127.0.0.1:8080/v1"
    try:
        parts = urlsplit(endpoint)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise KitError(f"model.endpoint={shown} is no address of a server; {advice}") from None
    if parts.scheme not in ("http", "https") or not host or not endpoint.isprintable():
        raise KitError(f"model.endpoint={shown} is no address of a server; {advice}")
    if parts.username is not None or parts.query or parts.fragment:
        raise KitError(
            f"model.endpoint has more than the address of a server ({shown}); a key is read from the "
            f"environment, as with model.key_env=NAME: {advice}"
        )
    if not network and not is_loopback(host):
        raise KitError(
            f"model.endpoint is on {printable(host, most=80)}, which is not this machine: texts would leave it. "
            "Use a server on 127.0.0.1, or allow it with model.network=true; of a saved model, by naming the address "
            "in the environment variable STANCEKIT_LLM_ENDPOINT"
        )
    return endpoint.rstrip("/")


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine: an address of the loopback interface, or `localhost`.

    Other names are not looked up: that would send a packet, and a name may stand for another
    address when it is used.

    Examples
    --------
    >>> [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "127.0.0.1.example", "0.0.0.0")]
    [True, True, True, False, False]
    """
    if host == _LOCAL_NAME:
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def reachable(endpoint: str) -> str:
    """Return an address with `localhost` as 127.0.0.1, so that no name server decides where it is.

    Examples
    --------
    >>> reachable("http://localhost:8080/v1")
    'http://127.0.0.1:8080/v1'
    """
    parts = urlsplit(endpoint)
    if parts.hostname != _LOCAL_NAME:
        return endpoint
    port = f":{parts.port}" if parts.port else ""
    return parts._replace(netloc=f"127.0.0.1{port}").geturl()


def read_key(name: str | None) -> str:
    """Return the key in an environment variable; empty where no variable is named.

    Raises
    ------
    KitError
        When the variable is not set, or its value cannot be sent. The value is in no message.
    """
    if not name:
        return ""
    key = os.environ.get(name, "").strip()
    if not key:
        raise KitError(
            f"model.key_env names the environment variable {printable(name, most=60)}, which is not set; "
            "set it to the key, or leave model.key_env out where the server needs none"
        )
    if not key.isascii() or not key.isprintable():
        raise KitError(
            f"the environment variable {printable(name, most=60)} holds what no key has (a line break, or a letter "
            "outside ASCII); set it to the key alone"
        )
    return key
