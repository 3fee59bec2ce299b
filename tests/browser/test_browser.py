"""The browser fixture itself: a check that cannot fail would let every page pass."""

import pytest
from playwright.sync_api import Error, Page
from pytest_httpserver import HTTPServer

from tests.browser.checks import assert_accessible, assert_fits, assert_sound

GOOD = '<!doctype html><html lang="en"><title>Links</title><main><h1>Links</h1><button>Add</button></main>'


def show(page: Page, server: HTTPServer, html: str, headers: dict[str, str] | None = None) -> None:
    server.expect_request("/page").respond_with_data(html, content_type="text/html", headers=headers)
    page.goto(server.url_for("/page"))


def test_a_good_page_passes_every_check(page: Page, httpserver: HTTPServer) -> None:
    show(page, httpserver, GOOD)
    page.get_by_role("button", name="Add").click()
    assert_sound(page)
    assert len(page.screenshot(full_page=True)) > 1000


def test_a_picture_without_words_is_not_accessible(desk: Page, httpserver: HTTPServer) -> None:
    show(desk, httpserver, GOOD + '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">')
    with pytest.raises(AssertionError, match="image-alt"):
        assert_accessible(desk)


@pytest.mark.parametrize("lacks", ["<title>Links</title>", "<h1>Links</h1>"])
def test_a_page_needs_a_title_and_a_heading(desk: Page, httpserver: HTTPServer, lacks: str) -> None:
    show(desk, httpserver, GOOD.replace(lacks, ""))
    with pytest.raises(AssertionError):
        assert_sound(desk)


def test_a_missing_part_of_a_page_is_reported(desk: Page, httpserver: HTTPServer, incidents: list[str]) -> None:
    httpserver.expect_request("/app.js").respond_with_data("", status=404)
    address = httpserver.url_for("/app.js")
    show(desk, httpserver, GOOD + f'<script src="{address}"></script>')
    assert incidents == [f"404 for {address}"]
    incidents.clear()


def test_a_wide_table_does_not_fit_a_phone(phone: Page, httpserver: HTTPServer) -> None:
    show(phone, httpserver, GOOD + '<div id="table" style="width: 500px">wide</div>')
    with pytest.raises(AssertionError, match='id="table"'):
        assert_fits(phone)


@pytest.mark.parametrize("address", ["https://shop.example/x.js", "http://192.0.2.1/x.js"])
def test_a_request_to_the_outside_is_stopped_and_reported(
    desk: Page, httpserver: HTTPServer, incidents: list[str], address: str
) -> None:
    show(desk, httpserver, GOOD + f'<script src="{address}"></script>')
    assert incidents == [f"request to {address}"]
    incidents.clear()
    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        desk.goto(address)
    incidents.clear()


def test_a_script_error_is_reported(desk: Page, httpserver: HTTPServer, incidents: list[str]) -> None:
    show(desk, httpserver, GOOD + "<script>nobody()</script>")
    assert incidents == ["script error: nobody is not defined"]
    incidents.clear()


def test_a_breach_of_the_content_security_policy_is_reported(
    desk: Page, httpserver: HTTPServer, incidents: list[str]
) -> None:
    show(desk, httpserver, GOOD + "<script>1</script>", {"Content-Security-Policy": "script-src 'self'"})
    assert len(incidents) == 1
    incidents.clear()


def test_two_pages_are_two_people(phone: Page, desk: Page, httpserver: HTTPServer) -> None:
    show(phone, httpserver, GOOD, {"Set-Cookie": "session=one"})
    assert len(phone.context.cookies()) == 1
    assert desk.context.cookies() == []
