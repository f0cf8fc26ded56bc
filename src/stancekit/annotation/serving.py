"""Serve the pages from a process of one's own, at an address that is free."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from stancekit.annotation.next_rows import NextRows
from stancekit.annotation.project import Project
from stancekit.annotation.security import LOOPBACK
from stancekit.annotation.server import make_app
from stancekit.errors import KitError

# Addresses that stand for all of a machine.
_ANYWHERE = frozenset({"0.0.0.0", "::", ""})  # noqa: S104  # compared, not listened at


def is_open(host: str) -> bool:
    """Say whether other machines can ask at an address.

    Examples
    --------
    >>> is_open("127.0.0.1"), is_open("0.0.0.0")
    (False, True)
    """
    return host.casefold() not in LOOPBACK


def own_names(host: str) -> list[str]:
    """Return the names by which this machine is asked at an address: the address, or all it has."""
    if host not in _ANYWHERE:
        return [host]
    import psutil  # type: ignore[import-untyped]  # it has no stubs of its own

    names = [
        address.address.partition("%")[0]
        for addresses in psutil.net_if_addrs().values()
        for address in addresses
        if address.family in (socket.AF_INET, socket.AF_INET6)
    ]
    reached = [name for name in names if name not in LOOPBACK and not name.startswith("fe80:")]
    return [*reached, socket.gethostname()]


@contextmanager
def serving(
    project: Project, host: str = "127.0.0.1", port: int = 0, labels: Any = None
) -> Iterator[str]:
    """Serve a project during the block, in a thread; the value is the address, without a path.

    Parameters
    ----------
    port
        0 for one that is free.
    labels
        As of `NextRows.of`.

    Raises
    ------
    KitError
        When the address cannot be served at.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from urllib.request import urlopen
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "study.db"
    >>> rows = [{"text": "Peru said no."}]
    >>> with Project.create(file, rows=rows, codebooks=["stance"]) as project:
    ...     with serving(project) as address:
    ...         urlopen(address).status
    200
    """
    import uvicorn

    listener = _listen(host, port)
    names = own_names(host)
    next_rows = NextRows.of(project, labels)
    config = uvicorn.Config(
        make_app(project, names, next_rows),
        log_level="warning",
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        with next_rows:
            yield f"http://{_written(names[0])}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


def _listen(host: str, port: int) -> socket.socket:
    """Return a socket that takes connections already, so that the address can be told."""
    try:
        found = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        # With the protocol by name, asyncio sends answers at once; else each waits for 40 ms.
        listener = socket.socket(found[0][0], socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            if os.name == "posix":
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(found[0][4])
            listener.listen()
        except BaseException:
            listener.close()
            raise
        return listener
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise KitError(
            f"cannot serve at host {host!r}, port {port}: {reason}; leave both out for a free port "
            "of this machine, or choose others"
        ) from None


def _written(name: str) -> str:
    return f"[{name}]" if ":" in name else name
