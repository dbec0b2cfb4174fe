"""Refuse requests that other sites or other computers make in a visitor's name.

- The host must be one of this page's own names, so that a name of another site that points to this computer
  (DNS rebinding) gets nothing.
- A request that changes something must come from a page of this server: it has the header `X-Partita`, which
  a form of another site can't send, and no foreign origin.
- If other computers can open the page, they need the key that the printed address carries. A link for a
  listener of a blind test has its own.
- A body may be only so long.

This file does not know the pages.

Source: OWASP, "Cross-Site Request Forgery Prevention", custom request headers and checks of the origin.
"""

import hmac
import secrets
from collections.abc import Sequence
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "x-partita"
KEY, COOKIE = "key", "partita-key"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MOST_BYTES = 512 << 20
"""The longest file: three quarters of an hour of CD sound."""
MOST_OTHER_BYTES = 4 << 20
"""The longest body that is no file of sound."""


class TooLargeError(Exception):
    """A body is longer than it may be."""


class Guard:
    """ASGI middleware that checks each request and adds headers to each response.

    Args:
        app: the application behind it.
        hosts: the names of this server, without ports.
        key: what other computers must know; None where only this computer can open the page.
        open_paths: beginnings of paths that need no key.
        file_paths: beginnings of paths that take files.
        most_bytes: the longest file.
        most_other_bytes: the longest body elsewhere, which is read before anything of it is checked.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Sequence[str],
        key: str | None = None,
        open_paths: tuple[str, ...] = (),
        file_paths: tuple[str, ...] = (),
        most_bytes: int = MOST_BYTES,
        most_other_bytes: int = MOST_OTHER_BYTES,
    ) -> None:
        self._app, self._hosts, self._key = app, frozenset(map(str.lower, hosts)), key
        self._open, self._files = open_paths, file_paths
        self._most_bytes, self._most_other_bytes = most_bytes, most_other_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        headers, nonce = Headers(scope=scope), secrets.token_urlsafe(16)
        scope.setdefault("state", {})["nonce"] = nonce
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await refusal(scope, receive, _with_headers(send, nonce))
            return
        try:
            limited = self._limited(receive, self._most(scope))
            await self._app(scope, limited, _with_headers(send, nonce))
        except TooLargeError:
            await self._too_large(scope)(scope, receive, _with_headers(send, nonce))

    def _most(self, scope: Scope) -> int:
        """Return the longest body that a path takes."""
        return self._most_bytes if scope["path"].startswith(self._files) else self._most_other_bytes

    def _too_large(self, scope: Scope) -> Response:
        words = f"This is more than {self._most(scope) / (1 << 20):g} MB: give less at once."
        return JSONResponse({"error": words}, status_code=413)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        """Return the answer to a request that is refused, or None."""
        if host_name(headers.get("host", "")) not in self._hosts:
            return PlainTextResponse("This page is not served under this name.", status_code=421)
        if (key := self._missing_key(scope, headers)) is not None:
            return key
        if scope["method"] not in SAFE_METHODS and not _same_origin(headers):
            return PlainTextResponse("This request does not come from this page.", status_code=403)
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdecimal() or int(length) > self._most(scope):
            return self._too_large(scope)
        return None

    def _missing_key(self, scope: Scope, headers: Headers) -> Response | None:
        """Return the answer to a visitor of another computer who has not proved to know the key."""
        if self._key is None or scope["path"].startswith(self._open):
            return None
        known = cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
        if hmac.compare_digest(known.encode(), self._key.encode()):
            return None
        query = parse_qs(scope["query_string"].decode("latin-1"))
        if hmac.compare_digest(query.pop(KEY, [""])[0].encode(), self._key.encode()):
            rest = urlencode(query, doseq=True)
            answer = RedirectResponse(scope["path"] + (f"?{rest}" if rest else ""), status_code=303)
            answer.set_cookie(COOKIE, self._key, httponly=True, samesite="strict")
            return answer
        return PlainTextResponse(
            "Open this page with the whole address that `partita serve` printed.", status_code=403
        )

    def _limited(self, receive: Receive, most: int) -> Receive:
        """Return a function that receives a body and stops one that is too long."""
        received = 0

        async def limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:
                raise TooLargeError
            return message

        return limited


def host_name(host: str) -> str:
    """Return the name in the header `Host`, without the port.

    Args:
        host: the header.

    >>> host_name("127.0.0.1:8420"), host_name("[::1]:8420"), host_name("LocalHost")
    ('127.0.0.1', '::1', 'localhost')
    """
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _same_origin(headers: Headers) -> bool:
    """Return whether a page of this server makes a request."""
    origin, site = headers.get("origin"), headers.get("sec-fetch-site", "same-origin")
    own = origin is None or urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
    return HEADER in headers and own and site in ("same-origin", "none")


def _with_headers(send: Send, nonce: str) -> Send:
    """Return a function that sends a response with the headers that keep other sites out."""
    policy = (
        "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self' blob:;"
        f" style-src 'self' 'nonce-{nonce}'; script-src 'self'; object-src 'none'; base-uri 'none';"
        " form-action 'self'; frame-ancestors 'none'"
    )
    added = {
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-resource-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "microphone=(self), camera=(), geolocation=()",
    }

    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start":
            pairs = [(name.encode(), value.encode()) for name, value in added.items()]
            message = {**message, "headers": [*message.get("headers", []), *pairs]}
        await send(message)

    return sender
