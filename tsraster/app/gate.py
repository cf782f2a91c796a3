"""The gate of the server: who may ask for the page, and what a browser may do with it. Imports Tornado.

Each request for anything but scripts and styles must hold the token; it stands in the address of the page, and Bokeh repeats
it in that of the websocket. There is no cookie: browsers send one to every port of a computer, and so to servers of others.
"""

from __future__ import annotations

import hmac
import re
import secrets
from typing import Any

from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.routing import Matcher, Rule
from tornado.web import Application, OutputTransform, RequestHandler

REFUSAL = "This page opens only by the whole address that tsraster view has printed, with its token.\n"

_HOST = re.compile(r"(127\.0\.0\.1|localhost)(:\d{1,5})?", re.IGNORECASE)
_FREE = ("/static/", "/panel/", "/favicon.ico")
"""Scripts, styles and pictures of Bokeh and Panel, which anybody has who has installed them."""


def install_gate(application: Application, token: str) -> None:
    """Let an application answer only requests that hold the token, and add headers to all its answers."""
    application.default_router.rules.insert(0, Rule(Stranger(token), Refusal))
    application.add_transform(Headers)


def is_welcome(request: HTTPServerRequest, token: str) -> bool:
    """Whether a request comes by an address of this computer, from its own page, and with the token.

    Any port will do, so that the page can be reached through a tunnel that ends at another one: the name of the host
    cannot be one that leads here by a trick of its owner, and a page of another port does not know the token.
    """
    host, origin = request.headers.get("Host", ""), request.headers.get("Origin")
    if not _HOST.fullmatch(host):
        return False
    if origin is not None and origin.lower() != f"http://{host.lower()}":
        return False
    return request.path.startswith(_FREE) or _holds(request, token)


def _holds(request: HTTPServerRequest, token: str) -> bool:
    given = request.query_arguments.get("token", [])
    return len(given) == 1 and hmac.compare_digest(given[0], token.encode())


class Stranger(Matcher):
    """Matches every request that is not welcome."""

    def __init__(self, token: str) -> None:
        self._token = token

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """Return None for a request that is welcome, and an empty dict for one that is not."""
        return None if is_welcome(request, self._token) else {}


class Refusal(RequestHandler):
    """Answers 403 and one sentence, whatever is asked."""

    def prepare(self) -> None:
        """Answer before any method is called."""
        self.set_status(403)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(REFUSAL)


class Headers(OutputTransform):
    """Adds to each answer what a browser may load and run.

    A page gets a nonce for the scripts it came with. None that is put into it later runs: not by a handler in an attribute,
    and not by an element with a script of its own. Bokeh needs ``unsafe-eval`` for callbacks in JavaScript.
    """

    def __init__(self, request: HTTPServerRequest) -> None:
        self._host = request.headers.get("Host", "")
        self._host = self._host if _HOST.fullmatch(self._host) else "127.0.0.1"

    def transform_first_chunk(
        self,
        status_code: int,
        headers: HTTPHeaders,
        chunk: bytes,
        finishing: bool,  # noqa: ARG002
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Add the headers, and the nonce to a page."""
        nonce = secrets.token_urlsafe(16)
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "no-referrer"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers["Content-Security-Policy"] = _list_rules(nonce, self._host)
        if headers.get("Content-Type", "").startswith("text/html"):
            headers["Cache-Control"] = "no-store"
            chunk = chunk.replace(b"<script", f'<script nonce="{nonce}"'.encode())
            if "Content-Length" in headers:
                headers["Content-Length"] = str(len(chunk))
        return status_code, headers, chunk


def _list_rules(nonce: str, host: str) -> str:
    rules = {
        "default-src": "'self'",
        "script-src": f"'self' 'nonce-{nonce}' 'unsafe-eval'",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": f"'self' ws://{host}",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())
