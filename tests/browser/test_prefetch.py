"""What Chromium fetches before anybody clicked is no click and reaches no network; the click that follows is one."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from wsgiref.simple_server import make_server

import pytest
from playwright.sync_api import Page

from affiliate.redirect.counters import counts
from affiliate.redirect.wsgi import RedirectMiddleware
from tests.browser.test_direct_links import _Quiet, _Server
from tests.redirect.conftest import HOST, SITE, Redirects, entry

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def rules(action: str, eagerness: str) -> str:
    rule = {action: [{"source": "document", "where": {"href_matches": "/go/*"}, "eagerness": eagerness}]}
    return f'<script type="speculationrules">{json.dumps(rule)}</script>'


def hover(page: Page) -> None:
    page.hover("main a")


def press(page: Page) -> None:
    page.hover("main a")
    page.mouse.down()


def nothing(_page: Page) -> None:
    pass


WAYS: dict[str, tuple[str, Callable[[Page], None]]] = {
    "prefetch at once": (rules("prefetch", "immediate"), nothing),
    "prefetch on hover": (rules("prefetch", "moderate"), hover),
    "prefetch on mouse-down": (rules("prefetch", "conservative"), press),
    "prerender at once": (rules("prerender", "immediate"), nothing),
    "prerender on hover": (rules("prerender", "moderate"), hover),
    "link rel=prefetch": ('<link rel="prefetch" href="/go/dress">', nothing),
}


class Article:
    """An article with one of our links, and the network that it leads to."""

    def __init__(self, redirects: Redirects) -> None:
        self.redirects = redirects
        self.head = ""
        self.at_network: list[str] = []
        self._hop = RedirectMiddleware(redirects.hop, self._pages, redirects.counters)
        self.servers = [make_server("127.0.0.1", 0, app, _Server, _Quiet) for app in (self._app, self._network)]
        self.address, network = (f"http://127.0.0.1:{server.server_port}" for server in self.servers)
        redirects.table.apply([(SITE, "/go/dress", entry(before=f"{network}/deep-link?u1="))])

    @property
    def refused(self) -> int:
        return counts(self.redirects.counters.folder).prefetches

    def _app(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        environ["HTTP_HOST"] = HOST
        return self._hop(environ, start_response)

    def _pages(self, _environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/html")])
        html = (
            f'<!doctype html><html lang="en"><title>Marble</title>{self.head}<main><a href="/go/dress">Dress</a></main>'
        )
        return [html.encode()]

    def _network(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/deep-link":
            self.at_network.append(environ["QUERY_STRING"])
        start_response("200 OK", [("Content-Type", "text/html")])
        return [b"<!doctype html><title>Shop</title>"]


@pytest.fixture
def article(tmp_path: Path) -> Iterator[Article]:
    opened = Article(Redirects(tmp_path))
    threads = [threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True) for server in opened.servers]
    for thread in threads:
        thread.start()
    yield opened
    for server, thread in zip(opened.servers, threads, strict=True):
        server.shutdown()
        server.server_close()
        thread.join(20)


@pytest.mark.parametrize("way", WAYS)
def test_a_click_after_a_prefetch_is_the_only_click_and_the_first_visit_to_the_network(
    desk: Page, article: Article, way: str, incidents: list[str]
) -> None:
    article.head, prefetch = WAYS[way]
    desk.goto(f"{article.address}/article", wait_until="load")
    prefetch(desk)
    for _ in range(600):
        if article.refused:
            break
        desk.wait_for_timeout(100)
    assert article.refused
    assert (article.redirects.clicks(), article.at_network) == ([], [])
    if prefetch is press:
        desk.mouse.up()
    else:
        desk.click("main a")
    desk.wait_for_url("**/deep-link?*")
    (click,) = article.redirects.clicks()
    assert click.flags == 0
    assert len(article.at_network) == 1
    incidents.clear()  # Chromium's console says that a prefetch was answered with 503
