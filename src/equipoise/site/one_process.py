"""One process that serves on loopback, by waitress: what is far too long is refused unread, with a page that says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import waitress
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import create_server
from waitress.utilities import RequestEntityTooLarge

from equipoise.site.settings import READ_AWAY

_THREADS = 8


class TooLong(RequestEntityTooLarge):  # type: ignore[misc]
    """413 with the app's page."""

    page = b""
    headers: tuple[tuple[str, str], ...] = ()

    def to_response(self, ident: object = None) -> tuple[str, list[tuple[str, str]], bytes]:
        """Status, headers and page."""
        return "413 Request Entity Too Large", list(self.headers), self.page


class _Parser(HTTPRequestParser):  # type: ignore[misc]
    error: Any

    def received(self, data: bytes) -> int:
        """As waitress does; a request that it refuses for its length is answered by our page."""
        consumed: int = super().received(data)
        error: Any = getattr(self, "error", None)
        if type(error) is RequestEntityTooLarge:
            self.error = TooLong(error.body)
        return consumed


class _Channel(HTTPChannel):  # type: ignore[misc]
    parser_class = _Parser


def serve(application: Any, port: int, page: bytes, headers: Mapping[str, str], *, behind_proxy: bool = False) -> None:
    """Serve until interrupted. ``page``, ``headers``: the answer to what is longer than ``READ_AWAY``, of which nothing is read."""
    proxy: dict[str, Any] = {}
    if behind_proxy:
        proxy = {
            "trusted_proxy": "127.0.0.1",
            "trusted_proxy_count": 1,
            "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"},
            "clear_untrusted_proxy_headers": True,
        }
    TooLong.page, TooLong.headers = page, tuple(headers.items())

    def created(app: Any, **said: Any) -> Any:
        server = create_server(app, **said)
        server.channel_class = _Channel
        return server

    waitress.serve(
        application,
        _server=created,
        listen=f"127.0.0.1:{port}",
        threads=_THREADS,
        ident=None,
        max_request_body_size=READ_AWAY,
        expose_tracebacks=False,
        **proxy,
    )
