"""A link that leads straight to the shop is counted once, with the script and without, under a strict policy."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from playwright.sync_api import Browser, Page

from affiliate.ids import new_placement_token
from affiliate.redirect import records
from affiliate.redirect.hop import BESIDE, SCRIPT
from affiliate.redirect.records import ClickRecord
from affiliate.redirect.wsgi import RedirectMiddleware
from tests.browser.conftest import OpenPage, watch
from tests.redirect.conftest import HOST, Redirects
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

TOKEN = new_placement_token()
PING = f"{BESIDE}/go/dress/-{TOKEN}"
POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'"
LINK = '<a href="/shop" {} ping="/theirs {}" data-affiliate-placement="{}"><b>The dress</b></a>'
ARTICLE = f"""<!doctype html><html lang="en"><title>Marble</title><main><h1>Marble</h1>
<p>{LINK.format("", PING, TOKEN)}</p>
<p>{LINK.format('target="_blank" id="blank"', PING, TOKEN)}</p>
<p><a id="other" href="/shop" ping="/theirs">Elsewhere</a></p></main>"""


class Magazine:
    """A magazine with one article, and our redirect in front of it. Remembers who told it what: (path, content type)."""

    def __init__(self, redirects: Redirects) -> None:
        self.redirects = redirects
        self.told: list[tuple[str, str]] = []
        self._hop = RedirectMiddleware(redirects.hop, self._pages, redirects.counters)
        self.server = make_server("127.0.0.1", 0, self._app, _Server, _Quiet)
        self.address = f"127.0.0.1:{self.server.server_port}"

    def article(self, *, script: bool) -> str:
        return f"http://{self.address}/article{'-with-script' if script else ''}"

    def clicks(self, page: Page, count: int = 1) -> list[ClickRecord]:
        """What was counted once so many clicks have come, and a moment for one too many."""
        until = time.monotonic() + PATIENCE
        while len(self.redirects.clicks()) < count and time.monotonic() < until:
            page.wait_for_timeout(100)
        page.wait_for_timeout(500)
        return self.redirects.clicks()

    def _app(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "POST":
            self.told.append((environ["PATH_INFO"], environ.get("CONTENT_TYPE", "")))
        environ["HTTP_HOST"] = HOST  # browsers of tests know no names
        for key in ("HTTP_REFERER", "HTTP_PING_FROM"):
            if key in environ:
                environ[key] = environ[key].replace(self.address, HOST)
        return self._hop(environ, start_response)

    @staticmethod
    def _pages(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        html = ARTICLE
        if environ["PATH_INFO"] == "/article-with-script":
            html = ARTICLE.replace("<main>", f'<script src="{SCRIPT}" async></script><main>')
        start_response("200 OK", [("Content-Type", "text/html"), ("Content-Security-Policy", POLICY)])
        return [html.encode()]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        pass


@pytest.fixture
def magazine(tmp_path: Path) -> Iterator[Magazine]:
    opened = Magazine(Redirects(tmp_path))
    thread = threading.Thread(target=opened.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield opened
    opened.server.shutdown()
    opened.server.server_close()
    thread.join(20)


WAYS: dict[str, Callable[[Page], None]] = {
    "a click": lambda page: page.click("main a b"),
    "a click for a new tab": lambda page: page.click("#blank"),
    "a click with Ctrl": lambda page: page.click("main a", modifiers=["Control"]),
    "the middle button": lambda page: page.click("main a", button="middle"),
    "the Enter key": lambda page: page.press("main a", "Enter"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("script", [True, False], ids=["script", "ping"])
def test_a_use_of_a_direct_link_is_counted_once(desk: Page, magazine: Magazine, way: str, script: bool) -> None:
    desk.goto(magazine.article(script=script), wait_until="load")
    WAYS[way](desk)
    (click,) = magazine.clicks(desk)
    assert click.flags == records.BEACON | records.TOKEN_IN_PATH
    assert (click.link_id, click.token, click.reason) == (1, TOKEN, "")
    assert f"http://{click.referrer_host}{click.referrer_path}" == magazine.article(script=script).replace(
        magazine.address, HOST
    )
    by_ping = [path for path, content_type in magazine.told if content_type == "text/ping"]
    assert sorted(by_ping) == (["/theirs"] if script else [PING, "/theirs"])
    assert desk.context.cookies() == []


def test_every_use_counts_and_the_link_stays_as_it_was_written(desk: Page, magazine: Magazine) -> None:
    desk.goto(magazine.article(script=True), wait_until="load")
    for _ in range(3):
        desk.click("#blank")
    assert len(magazine.clicks(desk, 3)) == 3
    assert desk.get_attribute("#blank", "ping") == f"/theirs {PING}"
    assert desk.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]


def test_what_is_no_use_of_a_direct_link_is_not_counted(desk: Page, magazine: Magazine) -> None:
    desk.goto(magazine.article(script=True), wait_until="load")
    desk.click("main a", button="right")
    desk.hover("main a")
    desk.click("h1")
    desk.click("#other")
    desk.wait_for_url("**/shop")
    desk.wait_for_timeout(500)
    assert magazine.redirects.clicks() == []
    assert magazine.told == [("/theirs", "text/ping")]


def test_a_browser_without_beacons_sends_its_own_ping(desk: Page, magazine: Magazine) -> None:
    desk.add_init_script("delete Navigator.prototype.sendBeacon")
    desk.goto(magazine.article(script=True), wait_until="load")
    desk.click("main a")
    assert len(magazine.clicks(desk)) == 1
    assert (PING, "text/ping") in magazine.told


def test_a_browser_that_runs_no_scripts_sends_its_own_ping(
    chromium: Browser, magazine: Magazine, incidents: list[str]
) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    watch(page, incidents)
    page.goto(magazine.article(script=True), wait_until="load")
    page.click("main a")
    assert len(magazine.clicks(page)) == 1
    context.close()


def test_who_asks_not_to_be_followed_is_counted_without_a_visitor(open_page: OpenPage, magazine: Magazine) -> None:
    page = open_page(1280)
    page.context.set_extra_http_headers({"Sec-GPC": "1"})
    page.goto(magazine.article(script=True), wait_until="load")
    page.click("main a")
    (click,) = magazine.clicks(page)
    assert (click.flags & records.GPC, click.visitor) == (records.GPC, 0)
