import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from wsgiref.util import setup_testing_defaults

import pytest

from affiliate.redirect.counters import counts
from affiliate.redirect.wsgi import RedirectMiddleware
from tests.conftest import NOW
from tests.redirect.conftest import HOST, SITE, TOKEN, Redirects, entry
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def pages(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"a page"]


def ask(app: "WSGIApplication", path: str, method: str = "GET", **more: str) -> tuple[str, dict[str, str], bytes]:
    """One request; `path` as a server hands it over."""
    environ: dict[str, Any] = {"PATH_INFO": path, "REQUEST_METHOD": method, "HTTP_HOST": HOST, **more}
    setup_testing_defaults(environ)
    seen: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Any:
        seen.extend((status, dict(headers)))

    content = b"".join(app(environ, start_response))
    return seen[0], seen[1], content


@pytest.fixture
def app(redirects: Redirects) -> RedirectMiddleware:
    return RedirectMiddleware(redirects.hop, pages, redirects.counters, clock=lambda: NOW)


def test_a_link_is_answered_in_front_of_the_pages(app: RedirectMiddleware, redirects: Redirects) -> None:
    status, headers, body = ask(app, "/go/dress", HTTP_USER_AGENT="x", HTTP_SEC_GPC="1", REMOTE_ADDR="203.0.113.9")
    assert (status, headers["Location"], body) == ("302 Found", f"https://shop.example/dress?u1={TOKEN}", b"")
    assert "Set-Cookie" not in headers
    (click,) = redirects.clicks()
    assert (click.user_agent, click.host, click.visitor) == ("x", HOST, 0)


def test_pages_that_hang_leave_threads_to_the_redirect(redirects: Redirects) -> None:
    inside, go_on = threading.Semaphore(0), threading.Event()

    def hanging(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        inside.release()
        assert go_on.wait(PATIENCE)
        return pages(environ, start_response)

    app = RedirectMiddleware(redirects.hop, hanging, redirects.counters, clock=lambda: NOW, pages_at_once=2)
    with ThreadPoolExecutor(2) as readers:
        hung = [readers.submit(ask, app, "/login") for _ in range(2)]
        assert inside.acquire(timeout=PATIENCE)
        assert inside.acquire(timeout=PATIENCE)
        for path in ("/login", "/readyz", "/metrics", "/nowhere"):
            status, headers, body = ask(app, path)
            assert (status[:3], headers["Retry-After"], b"Redirects work" in body) == ("503", "5", True)
        assert ask(app, "/go/dress")[0] == "302 Found"
        assert ask(app, "/healthz")[0] == "200 OK"
        go_on.set()
        assert [each.result(PATIENCE)[0] for each in hung] == ["200 OK"] * 2
    assert [ask(app, "/login")[0] for _ in range(5)] == ["200 OK"] * 5


def test_a_page_that_fails_gives_its_place_back(redirects: Redirects) -> None:
    def failing(_environ: "WSGIEnvironment", _start_response: "StartResponse") -> Iterable[bytes]:
        raise RuntimeError("a fault of ours")

    app = RedirectMiddleware(redirects.hop, failing, redirects.counters, clock=lambda: NOW, pages_at_once=1)
    for _ in range(3):
        with pytest.raises(RuntimeError, match="a fault of ours"):
            ask(app, "/login")


def test_everything_else_goes_through(app: RedirectMiddleware) -> None:
    assert ask(app, "/login")[2] == b"a page"
    assert ask(app, "/caf\xe9")[2] == b"a page"


def test_a_path_in_utf8_is_found(app: RedirectMiddleware, redirects: Redirects) -> None:
    redirects.table.apply([(SITE, "/go/größe", entry())])
    assert ask(app, "/go/größe".encode().decode("latin-1"))[0] == "302 Found"
    assert ask(app, "/go/gr\xf6\xdfe")[0] == "404 Not Found"


def test_what_a_visitor_adds_never_reaches_the_location(app: RedirectMiddleware) -> None:
    _, headers, _ = ask(app, "/go/dress", QUERY_STRING="u1=theirs&url=https://evil.example")
    assert headers["Location"] == f"https://shop.example/dress?u1={TOKEN}"


def test_what_the_redirect_answers_is_counted_and_timed(app: RedirectMiddleware, redirects: Redirects) -> None:
    for path, method in (("/go/dress", "GET"), ("/go/dress", "HEAD"), ("/go/none", "GET"), ("/go/dress", "POST")):
        ask(app, path, method)
    ask(app, "/login")
    ask(app, "/healthz")
    found = counts(redirects.counters.folder)
    assert {code: sum(many.classes) for code, many in found.answers.items() if many.spent_ns} == {
        "302": 2,
        "404": 1,
        "405": 1,
    }


def test_health_is_that_of_the_redirects(app: RedirectMiddleware, redirects: Redirects) -> None:
    assert ask(app, "/healthz")[::2] == ("200 OK", b'{"status": "ok"}')
    redirects.table.close()
    (redirects.folder / "links" / "links.mdb").write_bytes(b"rubbish" * 3000)
    assert ask(app, "/healthz")[0].startswith("503")


def test_ready_says_what_the_pages_lack_while_healthy_stays_healthy(redirects: Redirects) -> None:
    app = RedirectMiddleware(redirects.hop, pages, redirects.counters, not_ready=lambda: "the database does not answer")
    status, _, body = ask(app, "/readyz")
    assert (status[:3], b"does not answer" in body) == ("503", True)
    assert ask(app, "/healthz")[0] == "200 OK"
