"""The redirect behind the plainest WSGI server there is, asked by nobody's browser."""

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from affiliate.ids import new_placement_token
from affiliate.redirect.wsgi import RedirectMiddleware
from tests.redirect.conftest import HOST, TOKEN, Redirects
from tests.redirect.hostile import hostile, location_of, request, sent, status_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Address = tuple[str, int]
STORED = f"https://shop.example/dress?u1={TOKEN}"
PLACE = new_placement_token()


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        pass


def pages(environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    return [b"no such page"]


@pytest.fixture
def address(redirects: Redirects) -> Iterator[Address]:
    redirects.make_hop(proxies=("127.0.0.0/8",))
    app = RedirectMiddleware(redirects.hop, pages, redirects.counters)
    with make_server("127.0.0.1", 0, app, handler_class=_Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield "127.0.0.1", server.server_port
        server.shutdown()
        thread.join(20)


def test_a_plain_server_is_enough_for_redirects_and_beacons(address: Address, redirects: Redirects) -> None:
    answer = sent(address, request(b"/go/dress", b"User-Agent: Firefox"))
    assert (status_of(answer), location_of(answer)) == (302, STORED)
    assert (
        status_of(sent(address, request(b"/go/-/go/dress", b"Content-Length: 4", method=b"POST", body=b"PING"))) == 204
    )
    assert status_of(sent(address, request(b"/login"))) == 404
    assert [click.user_agent for click in redirects.clicks()] == ["Firefox", ""]


@pytest.mark.parametrize("wrong", hostile("dress", PLACE))
def test_nothing_breaks_it_or_leads_elsewhere(address: Address, wrong: str) -> None:
    answer = sent(address, hostile("dress", PLACE)[wrong])
    assert status_of(answer) not in (500, 502, 503), answer[:300]
    assert location_of(answer) in ("", STORED, f"https://shop.example/dress?u1={PLACE}")
    assert b"evil" not in answer.partition(b"\r\n\r\n")[0]
    assert b"Traceback" not in answer


def test_a_body_that_is_sent_is_not_read(redirects: Redirects) -> None:
    class Untouched:
        def __getattr__(self, name: str) -> object:
            raise AssertionError(f"the body was asked for {name}")

    seen: list[str] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Any:
        seen.append(status)

    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/go/-/go/dress", "HTTP_HOST": HOST, "wsgi.input": Untouched()}
    app = RedirectMiddleware(redirects.hop, pages, redirects.counters)
    assert b"".join(app(environ, start_response)) == b""
    assert seen == ["204 No Content"]
