"""An OpenAI-compatible server over HTTP/1.1: one request at a time, its failures in words, its key in none of them."""

import json
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib import import_module
from typing import Any
from urllib.request import getproxies, proxy_bypass

from stancekit.errors import KitError, MissingExtra, listing, printable
from stancekit.models.llm.endpoint import check_endpoint, reachable, read_key
from stancekit.models.llm.pool import TryAgainError
from stancekit.models.llm.replies import describe_server
from stancekit.resources import hidden

# What a server answers that may be otherwise in a moment: time-outs, too many requests, overload.
_PASSING = {408, 409, 425, 429, 500, 502, 503, 504, 529}
_BUSY = {429, 503, 529}
_CONNECT_SECONDS = 10.0


class RefusedError(KitError):
    """A request that a server does not take as it is; `status` is HTTP's."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class ChatServer:
    """A server of chat completions, with a connection of each thread that asks.

    Parameters
    ----------
    endpoint
        Its address, up to `/v1`.
    network
        Whether it may be another machine than this one.
    key_env
        The environment variable that holds its key.
    timeout
        Seconds to wait for a reply.

    Raises
    ------
    KitError
        When it may not be asked, or the key is missing. Nothing was sent then.
    MissingExtra
        When httpx is not installed.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        network: bool = False,
        key_env: str | None = None,
        timeout: float = 120.0,
    ) -> None:
        self.endpoint = check_endpoint(endpoint, network=network)
        self._key = read_key(key_env)
        try:
            # It would load a command of its own, which takes longer than all else of it.
            with hidden("click"):
                self._httpx: Any = import_module("httpx")
        except ImportError:
            raise MissingExtra("httpx", "llm") from None
        place = reachable(self.endpoint)
        urls = (f"{place}/chat/completions", f"{place}/models")
        self._chat, self._models = map(self._httpx.URL, urls)
        self._headers = {"User-Agent": "stancekit", "Content-Type": "application/json"}
        if self._key:
            self._headers["Authorization"] = f"Bearer {self._key}"
        waits = {"read": timeout, "write": timeout, "pool": timeout, "connect": _CONNECT_SECONDS}
        self._extensions = {"timeout": waits}
        # To load certificates takes longer than all else, and plain HTTP has none.
        secure = self.endpoint.startswith("https:")
        self._made: list[Any] = []
        self._transport = _TransportOfThread(
            self._httpx,
            self._made,
            verify=secure and self._httpx.create_ssl_context(trust_env=network),
            # A proxy of the environment would take texts off this machine.
            trust_env=network,
            proxy=_proxy(self._chat) if network else None,
        )

    def close(self) -> None:
        """Close the connections."""
        for transport in self._made:
            transport.close()

    def send(self, body: bytes) -> str:
        """Send a request and return the reply, JSON with a choice in it.

        Raises
        ------
        TryAgainError
            When it failed in a way that may pass.
        RefusedError
            When the server does not take it.
        """
        response = self._ask("POST", self._chat, body)
        reply = self._text(response)
        if not is_whole(reply):
            raise TryAgainError(
                f"{self.endpoint} sends replies that are no JSON, or have no choices"
            )
        return reply

    def describe(self, name: str) -> dict[str, str]:
        """Return what the server says of a model and of itself, after making sure that it has the model.

        Raises
        ------
        KitError
            When it does not answer, or has other models.
        """
        try:
            response = self._ask("GET", self._models)
        except RefusedError as refused:
            if refused.status in (404, 405, 501):
                return {}
            raise
        except TryAgainError as again:
            if again.gone:
                raise KitError(
                    f"{again.reason}; start the server, or correct model.endpoint"
                ) from None
            # Not every server can list its models.
            return {}
        try:
            listed = json.loads(response.content)["data"]
            models = {str(model["id"]): dict(model) for model in listed}
        except (ValueError, KeyError, TypeError):
            return {}
        if models and name not in models:
            raise KitError(
                f"the server at {self.endpoint} has no model {printable(name, most=80)!r}; it has: "
                f"{listing(models)}. Set model.name to one of them"
            )
        facts: dict[str, Any] = dict(models.get(name, {}))
        if software := response.headers.get("server"):
            facts["server"] = software
        return describe_server({key: value for key, value in facts.items() if key != "created"})

    def _ask(self, method: str, place: Any, body: bytes | None = None) -> Any:
        """Return a response that says that all is well."""
        httpx = self._httpx
        request = httpx.Request(
            method, place, headers=self._headers, content=body, extensions=self._extensions
        )
        try:
            response = self._transport.own.handle_request(request)
            response.read()
        except httpx.ConnectError:
            raise TryAgainError(f"no server answers at {self.endpoint}", gone=True) from None
        except httpx.TimeoutException:
            raise TryAgainError(f"{self.endpoint} did not answer in time") from None
        except httpx.HTTPError as error:
            # The kind alone: a message may quote what was sent.
            raise TryAgainError(
                f"the connection to {self.endpoint} broke off ({type(error).__name__})"
            ) from None
        status = response.status_code
        if status == 200:
            return response
        seen = f"{self.endpoint} answers with status {status}"
        if status in _PASSING:
            wait = seconds_to_wait(response.headers)
            raise TryAgainError(seen, wait=wait, busy=status in _BUSY)
        if 300 <= status < 400:
            raise KitError(
                f"{seen}, which sends requests elsewhere and is not followed; set model.endpoint to the place itself"
            )
        raise RefusedError(f"{seen}: {self._said(response)}{_advice(status)}", status)

    def _said(self, response: Any) -> str:
        """Return what a server says of an error, in a line, without the key that some of them repeat."""
        text = self._text(response)
        if self._key:
            text = text.replace(self._key, "(key)")
        return printable(" ".join(text.split()), most=200) or "it says no more"

    @staticmethod
    def _text(response: Any) -> str:
        content: bytes = response.content
        return content.decode("utf-8", "replace")


class _TransportOfThread(threading.local):
    """What sends the requests of a thread, over a connection that it keeps open.

    One for all threads would look through all their connections for every request; and a client around
    it would add redirects and cookies, which are not wanted.
    """

    def __init__(self, httpx: Any, made: list[Any], **how: Any) -> None:
        self.own = httpx.HTTPTransport(**how)
        made.append(self.own)


def _proxy(place: Any) -> str | None:
    """Return what the environment names to reach a server through, `None` where it names nothing."""
    found = getproxies()
    proxy = found.get(place.scheme) or found.get("all")
    if not proxy or proxy_bypass(place.host):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _advice(status: int) -> str:
    if status in (401, 403):
        return ". Name the environment variable that holds the key: model.key_env=NAME"
    if status == 404:
        return ". Set model.endpoint to the address up to /v1, and model.name to a model that the server has"
    return ". Change the settings of the model or of the server"


def seconds_to_wait(headers: Mapping[str, str]) -> float | None:
    """Return how long a server asks to wait (RFC 9110, section 10.2.3); `None` where it does not say.

    Examples
    --------
    >>> seconds_to_wait({"retry-after": "2"}), seconds_to_wait({}), seconds_to_wait({"retry-after": "soon"})
    (2.0, None, None)
    """
    value = headers.get("retry-after", "").strip()
    if value.replace(".", "", 1).isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def is_whole(reply: str) -> bool:
    """Say whether a server's reply is JSON with a choice in it, as one that was cut is not.

    Examples
    --------
    >>> is_whole('{"choices": [{"message": {"content": "A"}}]}'), is_whole('{"choices": [{"mess')
    (True, False)
    """
    try:
        plain = json.loads(reply)
    except (ValueError, RecursionError):
        return False
    choices = plain.get("choices") if isinstance(plain, dict) else None
    return (
        isinstance(choices, list)
        and bool(choices)
        and isinstance(choices[0], dict)
        and bool(choices[0])
    )


def count_tokens(reply: str) -> tuple[int, int]:
    """Return how many tokens a server says that it read and wrote; zeros where it does not say.

    Examples
    --------
    >>> count_tokens('{"usage": {"prompt_tokens": 80, "completion_tokens": 1}}')
    (80, 1)
    """
    usage = json.loads(reply).get("usage")
    if not isinstance(usage, Mapping):
        return 0, 0
    read, written = (usage.get(key) for key in ("prompt_tokens", "completion_tokens"))
    return (read if isinstance(read, int) else 0), (written if isinstance(written, int) else 0)
