"""The pages of crawls: begun by an admin, walked by the worker, looked at by editors and finance."""

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from affiliate.disclosure.crawl import Crawler, Fetcher, background_crawls
from affiliate.links.sites import find_site, set_hosts
from affiliate.web import Services
from affiliate.web.accounts import ADMIN, EDITOR, FINANCE
from tests.disclosure.crawl.magazine import BARE, NOTE, Magazine, furnish, serving
from tests.web.conftest import Visitor

SignIn = Callable[[str], Visitor]


@pytest.fixture
def magazine() -> Iterator[Magazine]:
    with serving(Magazine()) as magazine:
        furnish(magazine)
        yield magazine


@pytest.fixture
def admin(signed_in: SignIn) -> Visitor:
    return signed_in(ADMIN)


def walk(services: Services, **options: Any) -> None:
    """What the worker does."""
    fetcher = Fetcher(may_connect=lambda *_: True)
    crawler = Crawler(services.store, fetcher, services.clock, pause_seconds=0)
    with services.store.reading() as session:
        waiting = background_crawls(session)
    for crawl_id in waiting:
        crawler.walk(crawl_id, **options)


def begin(admin: Visitor, magazine: Magazine, **values: str) -> None:
    answer = admin.post("/disclosure/crawls", url=f"{magazine.home}/", pages="100", **values)
    assert (answer.status_code, answer.location) == (303, "/disclosure/crawls/1")


def test_an_admin_begins_a_crawl_and_everybody_reads_it(
    admin: Visitor, signed_in: SignIn, services: Services, magazine: Magazine
) -> None:
    assert "No crawl yet" in admin.get("/disclosure/crawls").text
    begin(admin, magazine)
    page = admin.get("/disclosure/crawls/1").text
    assert "data-reload" in page
    assert "admin@magazine.example" in page
    walk(services)
    for role in (EDITOR, FINANCE):
        page = signed_in(role).get("/disclosure/crawls/1").text
        assert "Pages with paid links that nobody registered: 4" in page
        assert "data-reload" not in page
        assert "Stop</button>" not in page


def test_only_admins_begin_stop_and_go_on(signed_in: SignIn, admin: Visitor, magazine: Magazine) -> None:
    begin(admin, magazine)
    editor = signed_in(EDITOR)
    assert editor.post("/disclosure/crawls", url=magazine.home, pages="5").status_code == 403
    assert editor.post("/disclosure/crawls/1/stop").status_code == 403
    assert editor.post("/disclosure/crawls/1/resume").status_code == 403
    assert "Begin a crawl" not in editor.get("/disclosure/crawls").text


def test_a_crawl_is_stopped_and_gone_on_with(admin: Visitor, services: Services, magazine: Magazine) -> None:
    begin(admin, magazine)
    assert admin.post("/disclosure/crawls/1/stop").location == "/disclosure/crawls/1"
    walk(services)
    assert magazine.asked == []
    assert "It was stopped." in admin.get("/disclosure/crawls/1").text
    assert admin.post("/disclosure/crawls/1/resume", pages="0").status_code == 303
    walk(services)
    assert "done</span>" in admin.get("/disclosure/crawls/1").text


def test_a_crawl_that_reached_its_pages_goes_on_with_as_many_more(
    admin: Visitor, services: Services, magazine: Magazine
) -> None:
    answer = admin.post("/disclosure/crawls", url=magazine.home, pages="3")
    assert answer.status_code == 303
    walk(services)
    page = admin.get("/disclosure/crawls/1").text
    assert "as many as it should" in page
    assert 'name="pages" value="3"' in page
    admin.post("/disclosure/crawls/1/resume", pages="3")
    walk(services)
    assert "6 at most" in " ".join(admin.get("/disclosure/crawls/1").text.split())


def test_the_findings_of_a_kind_are_paged_and_downloaded(
    admin: Visitor, services: Services, magazine: Magazine
) -> None:
    for number in range(60):
        name = chr(97 + number // 26) + chr(97 + number % 26)
        magazine.article(f"/old-{name}", "=cmd", f"{NOTE}<p><b>Ad</b> {BARE}</p>")
    links = "".join(f"<a href='{path}'>x</a>" for path in magazine.pages if path.startswith("/old-"))
    magazine.html("/", links)
    begin(admin, magazine)
    walk(services)
    page = admin.get("/disclosure/crawls/1").text
    assert "All 62 of this kind" in page
    assert page.count("that is not in the register") <= 10 + 2
    page = admin.get("/disclosure/crawls/1?kind=unregistered&page=2").text
    assert "Page 2 of 2" in page
    lines = list(csv.DictReader(io.StringIO(admin.get("/disclosure/crawls/1.csv?kind=rel").text)))
    assert len(lines) == 60
    assert lines[0]["message"] == "1 paid link without rel=sponsored or nofollow."
    assert admin.get("/disclosure/crawls/1?kind=nonsense").status_code == 200


@pytest.mark.parametrize(
    ("url", "pages", "said"),
    [
        ("ftp://x.example", "5", "ftp: addresses are not allowed"),
        ("https://stranger.example/", "5", "is no host of the site default; it has mag.example"),
        ("https://mag.example/", "many", "is no number of pages"),
        ("https://mag.example/", "0", "is no number of pages"),
    ],
)
def test_what_cannot_be_begun_is_said_beside_the_field(
    admin: Visitor, services: Services, url: str, pages: str, said: str
) -> None:
    with services.store.transaction() as session:
        set_hosts(session, find_site(session), ["mag.example"])
    answer = admin.post("/disclosure/crawls", url=url, pages=pages)
    assert answer.status_code == 422
    assert said in answer.text


def test_a_second_crawl_of_a_site_waits_for_the_first(admin: Visitor, magazine: Magazine) -> None:
    begin(admin, magazine)
    answer = admin.post("/disclosure/crawls", url=magazine.home, pages="5")
    assert (answer.status_code, "Crawl 1 of this site is running" in answer.text) == (409, True)


def test_the_pages_own_crawl_reaches_no_private_address(admin: Visitor, services: Services, magazine: Magazine) -> None:
    begin(admin, magazine)
    Crawler(services.store, Fetcher(), services.clock, pause_seconds=0).walk(1)
    assert magazine.asked == []
    assert "is not a public address" in admin.get("/disclosure/crawls/1").text


def test_scripts_of_a_crawled_page_do_not_reach_ours(admin: Visitor, services: Services, magazine: Magazine) -> None:
    evil = BARE.replace("halden.example", "x%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
    magazine.article("/lamps", "<script>alert(1)</script>", f"<p>{evil}</p>")
    begin(admin, magazine)
    walk(services)
    assert "<script>alert" not in admin.get("/disclosure/crawls/1").text


def test_a_crawl_that_is_not_there_is_no_page(admin: Visitor) -> None:
    for path in ("/disclosure/crawls/9", "/disclosure/crawls/9.csv", "/disclosure/crawls/99999999999"):
        assert admin.get(path).status_code == 404
    assert admin.post("/disclosure/crawls/9/stop").status_code == 404
