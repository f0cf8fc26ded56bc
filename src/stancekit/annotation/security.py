"""What a request must bear to be answered, and what every answer bears: the pages are for those who have a link."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
# No script or style but the kit's own files, no other site in the page and the page in no other.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    # Links hold tokens, which no other site is to see. With no-referrer, browsers would send forms
    # without their origin, which is what they are told apart by.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_FORM = "application/x-www-form-urlencoded"
# A form holds a note and a few codes.
_LONGEST_FORM = 200_000


class Guard:
    """Refuses requests for other hosts and forms from other sites, and adds `HEADERS` to answers.

    A page of another site can make a browser ask this machine for things. Such requests bear
    that site's origin, or, where its name has been pointed at this machine, its host name.

    Parameters
    ----------
    hosts
        The names by which this machine may be asked, beside those of the loopback address.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = ()) -> None:
        self.app = app
        self.hosts = LOOPBACK | {host.casefold() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        if refusal := self._refusal(scope["method"], Headers(scope=scope)):
            status, reason = refusal
            answer = PlainTextResponse(f"{reason}\n", status)
            await answer(scope, receive, send_guarded)
            return
        await self.app(scope, receive, send_guarded)

    def _refusal(self, method: str, headers: Headers) -> tuple[int, str] | None:
        """Return the status and the reason with which a request is refused, if it is."""
        host = headers.get("host", "")
        if host_name(f"//{host}") not in self.hosts:
            return 421, "This address is not one that the page is served at; use the printed link."
        if method in ("GET", "HEAD"):
            return None
        if method != "POST":
            return 405, "Only pages and forms are served here."
        return self._refusal_of_form(headers, host)

    def _refusal_of_form(self, headers: Headers, host: str) -> tuple[int, str] | None:
        if not self._is_own(headers, host):
            return (
                403,
                "This form was sent from another site; open your own link, and send it there.",
            )
        if headers.get("content-type", "").partition(";")[0].strip().casefold() != _FORM:
            return 415, "Only forms are taken here."
        length = headers.get("content-length", "")
        if not length.isdecimal() or int(length) > _LONGEST_FORM:
            return 413, "This form is too long; shorten the note."
        return None

    def _is_own(self, headers: Headers, host: str) -> bool:
        """Say whether a form comes from a page that was served here."""
        if headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return False
        source = headers.get("origin") or headers.get("referer") or ""
        parts = urlsplit_or_none(source)
        return parts is not None and parts == urlsplit_or_none(f"http://{host}")


def urlsplit_or_none(address: str) -> tuple[str, str] | None:
    """Return scheme and host with port of an address, `None` where it is none."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    return (parts.scheme, parts.netloc.casefold()) if parts.netloc else None


def host_name(address: str) -> str:
    """Return the name of the host of an address, without its port.

    Examples
    --------
    >>> host_name("//[::1]:8000"), host_name("//LOCALHOST:80"), host_name("//a@evil.example")
    ('::1', 'localhost', '')
    """
    try:
        parts = urlsplit(address)
        # A name before an @ is none of the host's.
        return "" if "@" in parts.netloc or parts.path else parts.hostname or ""
    except ValueError:
        return ""
