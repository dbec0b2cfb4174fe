"""Run the local page on a port, print its address, and open it in a browser. This file knows no page."""

import contextlib
import socket
import threading
import webbrowser
from collections.abc import Callable, Iterator

import uvicorn

from partita.app.server import create_app, new_key
from partita.app.settings import ServeConfig
from partita.errors import PartitaError

EVERY_ADDRESS = {"0.0.0.0": socket.AF_INET, "::": socket.AF_INET6}


def serve(config: ServeConfig, *, ready: Callable[[str], None], open_page: bool) -> None:
    """Serve until Ctrl-C.

    Args:
        config: what to serve, and where.
        ready: called with the address when it can be opened.
        open_page: open the address in a browser.

    Raises:
        PartitaError: the port is taken, or the host is not an address of this computer.
    """
    key = None if config.is_local else new_key()
    with _listening(config) as listener:
        names = [] if config.is_local else names_of_host(config.host)
        app = create_app(config, key=key, hosts=names)
        address = _address(config, listener.getsockname()[1], key, names)
        server = uvicorn.Server(
            uvicorn.Config(
                app, log_level="error", access_log=False, server_header=False, timeout_graceful_shutdown=2
            )
        )

        def announce() -> None:
            ready(address)
            if open_page:
                webbrowser.open(address)

        timer = threading.Timer(0.2, announce)  # the socket takes visitors already; they wait for the loop
        timer.daemon = True
        timer.start()
        try:
            server.run(sockets=[listener])
        finally:
            timer.cancel()


def names_of_host(host: str) -> list[str]:
    """Return the names under which other computers can reach this one.

    Args:
        host: the address to listen on.

    >>> names_of_host("192.0.2.7")
    ['192.0.2.7']
    """
    if host not in EVERY_ADDRESS:
        return [host]
    own = socket.gethostname()
    names = {own, f"{own}.local"}
    with contextlib.suppress(OSError):
        names |= {str(found[4][0]) for found in socket.getaddrinfo(own, None)}
    with contextlib.suppress(OSError), socket.socket(EVERY_ADDRESS[host], socket.SOCK_DGRAM) as probe:
        target = "192.0.2.1" if host == "0.0.0.0" else "2001:db8::1"
        probe.connect(
            (target, 9)
        )  # a datagram socket sends nothing yet, but takes the address of the way out
        names.add(probe.getsockname()[0])
    return sorted(names)


@contextlib.contextmanager
def _listening(config: ServeConfig) -> Iterator[socket.socket]:
    """Yield a socket that listens."""
    try:
        found = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise PartitaError(
            f"`host` is {config.host!r}, which is no address ({error.strerror}): give another"
        ) from None
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(128)
        except OSError as error:
            raise PartitaError(
                f"port {config.port} of {config.host} can't be used ({error.strerror}): give another with"
                " `--port`, or 0 for a free one"
            ) from None
        yield listener


def _address(config: ServeConfig, port: int, key: str | None, names: list[str]) -> str:
    """Return the address of the page, with the key that other computers need."""
    host = config.host
    if host in EVERY_ADDRESS:
        host = next(
            (name for name in names if name[0].isdigit() and not name.startswith("127.")), "localhost"
        )
    host = f"[{host}]" if ":" in host else host
    return f"http://{host}:{port}/" + (f"?key={key}" if key else "")
