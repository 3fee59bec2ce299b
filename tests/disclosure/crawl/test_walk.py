"""The way that a walk takes over a real server: where it goes, how politely, and where it does not go."""

import time
from typing import Any

import pytest

from affiliate.disclosure.crawl import Fetcher, addresses, go_on, stop_crawl, walk
from affiliate.disclosure.crawl.queries import STOPPED
from affiliate.errors import Conflict, InvalidInput
from affiliate.links.library import add_link
from affiliate.links.programmes import add_programme
from affiliate.links.sites import find_site
from affiliate.store.tables import LinkPath
from tests.conftest import NOW
from tests.disclosure.crawl.conftest import Desk
from tests.disclosure.crawl.magazine import PAID, Magazine, Sent, index, rss, sitemap


def test_sitemaps_feeds_and_links_lead_to_the_pages(desk: Desk, magazine: Magazine) -> None:
    crawled = desk.crawl()
    assert crawled.detail.row.state == "done"
    assert set(magazine.asked) == {
        *("/robots.txt", "/sitemap_index.xml", "/sitemap-a.xml.gz", "/news.xml", "/feed"),
        *("/", "/kettles", "/coats", "/plain", "/unregistered", "/from-feed", "/lamps"),
    }
    assert len(magazine.asked) == len(set(magazine.asked))
    assert crawled.detail.unread == (("skipped", "robots.txt asks not to read it", 1),)


def test_one_request_at_a_time_by_our_name(desk: Desk, magazine: Magazine) -> None:
    desk.crawl()
    assert magazine.most_at_once == 1
    assert [agent.partition("/")[0] for agent in magazine.agents] == ["AffiliateCheck"]


def test_networks_are_never_asked(desk: Desk, magazine: Magazine, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = Fetcher.get

    def get(self: Fetcher, url: str, **more: Any) -> Any:
        asked.append(url)
        return real(self, url, **more)

    monkeypatch.setattr(Fetcher, "get", get)
    magazine.redirect("/away", "https://www.amazon.co.uk/dp/B000000001?tag=themag-21")
    magazine.html("/", "<a href='/away'>x</a><a href='/go/kettle'>y</a>" + PAID)
    magazine.html("/go/kettle", "never")
    desk.crawl()
    assert "/away" in magazine.asked
    assert "/go/kettle" not in magazine.asked
    assert {url.split("/")[2] for url in asked} == {f"127.0.0.1:{magazine.port}"}


def test_imported_paths_of_links_are_not_asked_for(desk: Desk, empty: Magazine) -> None:
    with desk.store.transaction() as session:
        hosts = ["halden.example"]
        add_programme(session, network="awin", advertiser_ref="88001", name="Halden", hosts=hosts, now=NOW)
        link = add_link(session, site=find_site(session), url="https://halden.example/p", now=NOW).link
        site_id = find_site(session).id
        session.add(LinkPath(site_id=site_id, link_id=link.id, path="/recommends/x", slug="x", created_at=NOW))
    empty.html("/", "<a href='/recommends/x'>x</a><a href='/recommends/y'>y</a>")
    desk.crawl()
    assert "/recommends/x" not in empty.asked
    assert "/recommends/y" in empty.asked


def test_doors_are_not_opened(desk: Desk, magazine: Magazine) -> None:
    for path in ("/login", "/account/logout"):
        magazine.html(path, "x")
    desk.crawl()
    assert not {"/login", "/account/logout"} & set(magazine.asked)


def test_a_calendar_without_end_ends(desk: Desk, empty: Magazine) -> None:
    def month(path: str) -> Sent:
        number = int(path.rpartition("/")[2])
        return Sent(
            body=f"<a href='/calendar/{number + 1}'>next</a><a href='/calendar/{number + 2}'>later</a>".encode()
        )

    empty.html("/", "<a href='/calendar/1'>Calendar</a>")
    empty.pages["/calendar/*"] = month
    crawled = desk.crawl(pages=400)
    assert crawled.detail.row.state == "done"
    assert crawled.detail.row.pages <= 30  # as deep as a walk goes


def test_a_listing_with_numbered_pages_without_end_is_cut(
    desk: Desk, empty: Magazine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "_MOST_ALIKE", 30)
    empty.html("/", "".join(f"<a href='/archive/{n}'>{n}</a>" for n in range(1000)))
    empty.pages["/archive/*"] = Sent(body=b"x")
    crawled = desk.crawl(pages=900)
    assert crawled.detail.row.pages == 31
    assert any("30 addresses of the form" in why for _, why, _ in crawled.detail.unread)


def test_redirects_without_end_end(desk: Desk, empty: Magazine) -> None:
    empty.html("/", "<a href='/a'>a</a><a href='/self'>s</a><a href='/more/0'>m</a><a href='/slash'>x</a>")
    empty.redirect("/a", "/b")
    empty.redirect("/b", "/a")
    empty.redirect("/self", "/self")
    empty.redirect("/slash", "/slash/")
    empty.html("/slash/", "there")
    empty.pages["/more/*"] = lambda path: Sent(302, b"", {"Location": f"/more/{int(path.rpartition('/')[2]) + 1}"})
    crawled = desk.crawl()
    assert crawled.detail.row.state == "done"
    assert empty.asked.count("/self") == 5
    assert (empty.asked.count("/a"), empty.asked.count("/b"), empty.asked.count("/slash/")) == (1, 1, 1)
    assert sum(path.startswith("/more/") for path in empty.asked) <= 13


def test_the_site_is_not_left_by_a_redirect_or_a_link(desk: Desk, empty: Magazine) -> None:
    empty.html("/", "<a href='https://elsewhere.example/x'>x</a><a href='/out'>o</a>")
    empty.redirect("/out", "http://169.254.169.254/latest")
    crawled = desk.crawl()
    assert ("skipped", "it leads to 169.254.169.254, which is not of this site", 1) in crawled.detail.unread


@pytest.mark.parametrize(
    ("path", "sent", "why"),
    [
        ("/picture", Sent(200, b"\x89PNG", {"Content-Type": "image/png"}), "image/png is no page"),
        ("/huge", Sent(200, b"<p>" + b"x" * 6_000_000), "it is larger than 5,000,000 bytes"),
        ("/broken", Sent(500, b"oops"), "it answers 500"),
        (
            "/odd",
            Sent(200, b"<?xml version='1.0'?><other/>", {"Content-Type": "text/xml"}),
            "neither a sitemap nor a feed",
        ),
    ],
)
def test_what_cannot_be_read_is_said_and_passed_over(
    desk: Desk, empty: Magazine, path: str, sent: Sent, why: str
) -> None:
    empty.html("/", f"<a href='{path}'>x</a><a href='/after'>y</a>")
    empty.html("/after", "y")
    empty.pages[path] = sent
    crawled = desk.crawl()
    assert "/after" in empty.asked
    assert any(why in reason for _, reason, _ in crawled.detail.unread)


def test_a_slow_page_is_given_up(desk: Desk, empty: Magazine) -> None:
    def slow(path: str) -> Sent:
        empty.pages["/slow"] = Sent(body=b"late")
        time.sleep(1.5)
        return Sent(body=b"late")

    empty.html("/", "<a href='/slow'>x</a>")
    empty.pages["/slow"] = slow
    crawl_id = desk.begin()
    fetcher = Fetcher(may_connect=lambda *_: True, timeout_seconds=0.3, deadline_seconds=1)
    assert desk.walk(crawl_id, fetcher=fetcher) == "done"
    assert any("did not answer in time" in why for _, why, _ in desk.look(crawl_id).detail.unread)


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        ("<h1>Märkte</h1>".encode("latin-1"), "text/html; charset=iso-8859-1"),
        ("<h1>Märkte</h1>".encode("latin-1"), "text/html; charset=utf-8"),
        ("<h1>Märkte</h1>".encode(), "text/html; charset=no-such-charset"),
        (b'<meta charset="windows-1252">' + "<h1>Märkte</h1>".encode("cp1252"), "text/html"),
        ("\ufeff<h1>Märkte</h1>".encode("utf-16"), "text/html; charset=utf-8"),
    ],
)
def test_a_wrong_charset_spoils_nothing(desk: Desk, empty: Magazine, body: bytes, media_type: str) -> None:
    empty.raw("/x", body, media_type)
    assert Fetcher(may_connect=lambda *_: True).get(f"{empty.home}/x").text.count("Märkte") == 1
    empty.html("/", "<a href='/x'>x</a>")
    assert desk.crawl().detail.row.failed == 0


def test_session_ids_make_no_new_pages(desk: Desk, empty: Magazine) -> None:
    empty.html(
        "/", "".join(f"<a href='/news?PHPSESSID={n}&id=1'>x</a><a href='/a;jsessionid={n}'>y</a>" for n in range(30))
    )
    empty.pages["/news*"] = empty.pages["/a*"] = Sent(body=b"x")
    assert desk.crawl().detail.row.pages == 3


def test_the_pause_is_kept_and_crawl_delay_is_longer(desk: Desk, magazine: Magazine) -> None:
    now = [0.0]
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    given: dict[str, Any] = {"pause_seconds": 1.5, "sleep": sleep, "ticks": lambda: now[0]}
    desk.walk(desk.begin(), **given)
    assert set(slept) == {1.5}
    assert len(slept) == len(magazine.asked) - 1
    slept.clear()
    magazine.raw("/robots.txt", "User-agent: AffiliateCheck\nCrawl-delay: 4\n", "text/plain")
    desk.walk(desk.begin(), **given)
    assert set(slept) == {4.0}


def test_the_pause_is_kept_between_turns_too(desk: Desk, magazine: Magazine) -> None:
    magazine.raw("/robots.txt", "User-agent: *\nCrawl-delay: 40\n", "text/plain")
    now = [0.0]
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    crawl_id = desk.begin()
    while desk.walk(crawl_id, seconds=60, pause_seconds=1, sleep=sleep, ticks=lambda: now[0]) == "running":
        now[0] += 2
    assert len(slept) == len(magazine.asked) - 1
    assert set(slept) == {40.0}


def test_retry_after_is_kept(desk: Desk, empty: Magazine) -> None:
    answers = [Sent(429, b"", {"Retry-After": "7"}), Sent(503, b""), Sent(body=b"now")]
    empty.html("/", "<a href='/busy'>x</a>")
    empty.pages["/busy"] = lambda _: answers.pop(0)
    slept: list[float] = []
    crawl_id = desk.begin()
    assert desk.walk(crawl_id, pause_seconds=1, sleep=slept.append) == "done"
    assert [each for each in slept if each > 1.5] == [7.0, 4.0]
    assert desk.look(crawl_id).detail.row.failed == 0


def test_a_server_that_asks_for_an_hour_is_left_alone(desk: Desk, empty: Magazine) -> None:
    empty.html("/", "<a href='/busy'>x</a>")
    empty.pages["/busy"] = Sent(429, b"", {"Retry-After": "3600"})
    crawl_id = desk.begin()
    assert desk.walk(crawl_id) == STOPPED
    row = desk.look(crawl_id).detail.row
    assert "come back in 3,600 seconds" in row.problem
    assert f"affiliate crawl resume {crawl_id}" in row.problem
    assert (row.waiting, row.can_go_on) == (1, True)


def test_a_server_that_breaks_down_stops_the_walk_and_the_rest_waits(desk: Desk, empty: Magazine) -> None:
    empty.html("/", "".join(f"<a href='/page-{name}'>x</a>" for name in "abcdefghijkl"))
    empty.pages["/page-*"] = Sent(500, b"")
    crawl_id = desk.begin()
    assert desk.walk(crawl_id) == STOPPED
    assert sum(path.startswith("/page-") for path in empty.asked) == 10
    row = desk.look(crawl_id).detail.row
    assert "10 addresses in a row did not answer" in row.problem
    assert row.waiting == 12
    empty.pages["/page-*"] = Sent(body=b"well again")
    with desk.store.transaction() as session:
        go_on(session, crawl_id, in_background=False)
    assert desk.walk(crawl_id) == "done"
    assert desk.look(crawl_id).detail.row.pages == 13


def test_nothing_is_asked_for_while_robots_txt_cannot_be_read(desk: Desk, empty: Magazine) -> None:
    empty.html("/", "x")
    empty.pages["/robots.txt"] = Sent(500, b"")
    crawl_id = desk.begin()
    assert desk.walk(crawl_id) == STOPPED
    assert "robots.txt" in desk.look(crawl_id).detail.row.problem
    assert set(empty.asked) == {"/robots.txt"}


def test_a_site_without_robots_txt_is_open(desk: Desk, empty: Magazine) -> None:
    empty.html("/", "x")
    assert desk.crawl().detail.row.state == "done"
    assert empty.asked == ["/robots.txt", "/", "/sitemap.xml"]


def test_a_sitemap_elsewhere_is_not_read(desk: Desk, empty: Magazine) -> None:
    empty.raw("/robots.txt", "Sitemap: https://bucket.example/s.xml\n", "text/plain")
    empty.html("/", "x")
    assert desk.crawl().detail.row.state == "done"


def test_the_limit_of_pages_is_kept_and_can_be_raised(desk: Desk, empty: Magazine) -> None:
    empty.html("/", "".join(f"<a href='/page-{name}'>x</a>" for name in "abcdefghij"))
    empty.pages["/page-*"] = Sent(body=b"x")
    crawl_id = desk.begin(pages=4)
    assert desk.walk(crawl_id) == "done"
    row = desk.look(crawl_id).detail.row
    assert (row.pages, row.waiting, row.can_go_on) == (4, 7, True)
    assert f"affiliate crawl resume {crawl_id} --pages 8" in row.problem
    with desk.store.transaction() as session:
        go_on(session, crawl_id, most_pages=100, in_background=False)
    assert desk.walk(crawl_id) == "done"
    assert desk.look(crawl_id).detail.row.pages == 11
    assert len(empty.asked) == len(set(empty.asked))


def test_sitemaps_are_read_no_further_than_pages_are_until_more_are_wanted(
    desk: Desk, empty: Magazine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "_IN_RESERVE", 50)
    empty.raw("/sitemap.xml", index((f"{empty.home}/a.xml", "2026-02-01"), f"{empty.home}/b.xml"), "application/xml")
    for name in "ab":
        empty.raw(f"/{name}.xml", sitemap(*(f"{empty.home}/{name}-{n}" for n in range(100))), "application/xml")
    empty.html("/", "x")
    empty.pages["/a-*"] = empty.pages["/b-*"] = Sent(body=b"x")
    crawl_id = desk.begin(pages=5)
    desk.walk(crawl_id)
    row = desk.look(crawl_id).detail.row
    assert (row.pages, row.waiting, "/b.xml" in empty.asked) == (5, 96, False)
    with desk.store.transaction() as session:
        go_on(session, crawl_id, most_pages=60, in_background=False)
    desk.walk(crawl_id)
    assert "/b.xml" in empty.asked


def test_stopped_is_stopped_at_the_next_page(desk: Desk, magazine: Magazine) -> None:
    crawl_id = desk.begin()

    def stop(_progress: object) -> None:
        with desk.store.transaction() as session:
            stop_crawl(session, crawl_id, now=NOW)

    assert desk.walk(crawl_id, told=stop) == STOPPED
    before = len(magazine.asked)
    assert before <= 2
    assert desk.walk(crawl_id) == STOPPED
    assert len(magazine.asked) == before


def test_a_walk_in_turns_reads_nothing_twice(desk: Desk, magazine: Magazine) -> None:
    crawl_id, turns = desk.begin(), 0
    ticks = iter(range(10_000))
    while desk.walk(crawl_id, seconds=3, ticks=lambda: float(next(ticks))) == "running":
        turns += 1
    assert turns > 2
    assert len(magazine.asked) == len(set(magazine.asked)) == 12


def test_one_site_is_walked_once_at_a_time(desk: Desk, magazine: Magazine) -> None:
    crawl_id = desk.begin()
    with pytest.raises(Conflict, match=f"Crawl {crawl_id} of this site is running"):
        desk.begin()
    with desk.store.holding("crawl-1"), pytest.raises(Conflict, match="being walked by another process"):
        desk.walk(crawl_id)


def test_the_server_reaches_no_private_address(desk: Desk, magazine: Magazine) -> None:
    crawl_id = desk.begin()
    assert desk.walk(crawl_id, fetcher=Fetcher()) == STOPPED
    assert "not a public address" in desk.look(crawl_id).detail.row.problem
    assert magazine.asked == []


def test_a_start_elsewhere_is_refused_where_the_site_has_hosts(desk: Desk, magazine: Magazine) -> None:
    with pytest.raises(InvalidInput, match="has no host yet"):
        desk.begin_at(None)
    desk.give_host("mag.example")
    with pytest.raises(InvalidInput, match=r"is no host of the site default; it has mag\.example"):
        desk.begin_at("https://stranger.example/")
    assert desk.begin_at(None) == "https://mag.example/"


def test_a_feed_that_a_page_links_to_is_read_as_one(desk: Desk, empty: Magazine) -> None:
    empty.html("/", "<a href='/rss'>RSS</a>")
    empty.raw("/rss", rss((f"{empty.home}/in-feed", "x")), "text/xml")
    empty.html("/in-feed", "x")
    desk.crawl()
    assert "/in-feed" in empty.asked
