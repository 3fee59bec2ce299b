"""The whole road as the people who walk it: from an empty server to a commission that was imported and taken back."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, FloatRect, Locator, Page, Request, expect
from pytest_httpserver import HTTPServer

from tests.browser.checks import assert_accessible
from tests.browser.conftest import OpenPage
from tests.browser.newsroom import Newsroom, open_newsroom, reload_until, tab_to

DRESS = "https://www.halden.example/dresses/marble-midi"
BAG = "https://www.halden.example/bags/veined-clutch"
ARTICLE_URL = "https://www.magazine.example/style/set-in-marble"
HEADLINE = "Set in marble"
ARTICLE = f"""<article>
  <h1>{HEADLINE}</h1>
  <p>Every party season has a print.</p>
  <p>Ours is on <a href="{DRESS}?utm_source=lookbook">the midi dress</a> and on <a href='{BAG}'>the clutch</a>,
  as <a href="https://www.museum.example/marble">the museum</a> knew.</p>
</article>
"""
# A reader's browser: with "Headless" in its name it would be a bot, as it should.
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[Newsroom]:
    """A server on which nobody has done anything yet but to add the first admin."""
    with open_newsroom(tmp_path, "user", "add", "admin@magazine.example", "--role", "admin") as opened:
        yield opened


def test_the_whole_road_is_walked_by_three_people_and_a_reader(
    newsroom: Newsroom, open_page: OpenPage, chromium: Browser, httpserver: HTTPServer
) -> None:
    the_admin_sets_the_newsroom_up(open_page(1280), newsroom)
    desk = open_page(1280)
    the_editor_adds_links(desk, newsroom)
    the_editor_renames_a_link(desk, newsroom)
    html = the_editor_publishes_an_article(desk)
    finance_pages_are_shut_to_the_editor(desk, newsroom)
    httpserver.expect_request("/style/set-in-marble").respond_with_data(
        f'<!doctype html><html lang="en-GB"><title>{HEADLINE}</title>{html}</html>', content_type="text/html"
    )
    token = the_reader_clicks_through(chromium, httpserver.url_for("/style/set-in-marble"))
    books = open_page(1280)
    newsroom.log_in(books, "finance")
    finance_imports_a_report(books, newsroom, awin_report(token))
    finance_traces_the_figure_to_its_row(books, newsroom, token)
    finance_takes_the_downloads(books, newsroom)
    finance_undoes_the_import(books, newsroom)


def the_admin_sets_the_newsroom_up(page: Page, newsroom: Newsroom) -> None:
    email = newsroom.email("admin")
    page.goto(newsroom.address)
    tab_to(page, page.get_by_label("E-mail address"))
    page.keyboard.type(email)
    page.keyboard.press("Tab")
    page.keyboard.type(newsroom.passwords[email])
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Add a publisher account").click()

    page.get_by_label("Network").select_option("Awin")
    page.get_by_label("Publisher id").fill("99000001")
    page.get_by_role("button", name="Add the account").click()
    expect(page.get_by_role("heading", name="No programme yet")).to_be_visible()
    page.get_by_role("link", name="Add a programme").click()
    page.get_by_label("Advertiser id").fill("88001")
    page.get_by_label("Name").fill("Halden & Vale")
    page.get_by_label("Hosts that it pays for").fill("halden.example")
    page.get_by_label("Rate in percent").fill("8")
    page.get_by_role("button", name="Add the programme").click()
    expect(page.get_by_role("row", name="Halden & Vale")).to_contain_text("halden.example")
    settings = page.get_by_role("navigation", name="Settings")
    settings.get_by_role("link", name="Publisher accounts").click()
    expect(page.get_by_role("row", name="99000001")).to_contain_text("Awin")

    settings.get_by_role("link", name="Sites").click()
    page.get_by_role("table").get_by_role("link").click()
    page.get_by_label("Hosts").fill("magazine.example")
    page.get_by_label("Link base").fill(newsroom.address)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")

    settings.get_by_role("link", name="Users").click()
    for role in ("editor", "finance"):
        page.get_by_label("E-mail address").fill(f"{role}@magazine.example")
        page.get_by_label("Role", exact=True).select_option(role)
        page.get_by_role("button", name="Add the user").click()
        shown = page.locator(".secret")
        expect(page.get_by_role("status")).to_contain_text(f"{role}@magazine.example")
        newsroom.passwords[f"{role}@magazine.example"] = shown.inner_text()


def the_editor_adds_links(page: Page, newsroom: Newsroom) -> None:
    newsroom.log_in(page, "editor")
    expect(page.get_by_role("heading", name="No links yet")).to_be_visible()
    paste(page, f"{DRESS}?utm_source=mail")
    expect(page.get_by_role("heading", level=2).first).to_have_text("1 added")

    paste(page, BAG, f"{DRESS}?utm_campaign=autumn", "https://www.stranger.example/dress", "javascript:alert(1)")
    expect(page.get_by_role("heading", level=2).first).to_have_text("1 added, 1 already there, 2 not added")
    new, known, unknown, script = page.locator(".results > li").all()
    expect(new).to_contain_text("Halden & Vale")
    expect(known).to_contain_text("already in the library")
    expect(unknown).to_contain_text("No programme covers stranger.example yet.")
    expect(script).to_contain_text("javascript:alert(1)")
    assert_accessible(page)
    kept = page.get_by_label("Addresses at advertisers").input_value().split()
    assert kept == ["https://www.stranger.example/dress", "javascript:alert(1)"]


def paste(page: Page, *urls: str) -> None:
    """Without a mouse, from the library to the paste box and back to its results."""
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Links").click()
    tab_to(page, page.get_by_role("link", name="Add links"))
    page.keyboard.press("Enter")
    box = page.get_by_label("Addresses at advertisers")
    box.wait_for()
    tab_to(page, box)
    for url in urls:
        page.keyboard.type(url)
        page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name="Add", exact=True))
    page.keyboard.press("Enter")
    page.locator(".results").wait_for()


def the_editor_renames_a_link(page: Page, newsroom: Newsroom) -> None:
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Links").click()
    page.get_by_label("Search").press_sequentially("midi", delay=20)
    expect(page.locator("#found")).to_contain_text("1 link found")
    page.get_by_role("table").get_by_role("link").click()
    old = page.locator(".facts code").first.inner_text()
    page.get_by_label("Slug").fill("marble-dress")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("status")).to_have_text("Renamed. The old path goes on answering.")
    for path in (old.removeprefix(newsroom.address), "/go/marble-dress"):
        answer = page.request.get(newsroom.address + path, max_redirects=0)
        assert answer.status == 302
        assert sub_id_of(answer.headers["location"])


def the_editor_publishes_an_article(page: Page) -> str:
    """The HTML as it was copied to the clipboard."""
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Articles").click()
    page.get_by_role("link", name="Paste an article").click()
    page.get_by_label("HTML").fill(ARTICLE)
    page.get_by_label("Title").fill(HEADLINE)
    page.get_by_label("Address").fill(ARTICLE_URL)
    page.get_by_label("Kind").select_option("product-led")
    page.get_by_label("Author").fill("Imogen Farrowdale")
    page.get_by_role("button", name="Show what would change").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("What would change")
    expect(page.get_by_text("Readers see before the first paid link")).to_contain_text("Ad · We earn a commission")
    expect(page.locator("del").filter(has_text="utm_source=lookbook")).to_have_count(1)
    expect(page.locator("ins").filter(has_text="/go/marble-dress/-")).to_have_count(1)
    reading = page.frame_locator("iframe[title='The rewritten article']")
    expect(reading.get_by_text("We earn a commission")).to_be_visible()
    assert_accessible(page)

    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(HEADLINE)
    expect(page.get_by_role("main")).to_contain_text("We earn a commission if you buy through links marked Ad.")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the HTML").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied: str = page.evaluate("navigator.clipboard.readText()")
    assert 'href="https://www.museum.example/marble"' in copied
    return copied


def finance_pages_are_shut_to_the_editor(page: Page, newsroom: Newsroom) -> None:
    menu = page.get_by_role("navigation", name="Main").get_by_role("link").all_inner_texts()
    assert menu == ["Links", "Reports", "Articles", "Disclosure"]
    for path in ("/reports/commissions", "/transactions", "/imports", "/settings/users"):
        answer = page.goto(newsroom.address + path)
        assert answer is not None
        assert answer.status == 403
        expect(page.get_by_role("main")).to_contain_text("you are signed in as editor")


def the_reader_clicks_through(chromium: Browser, article: str) -> str:
    """The sub-id that the network was given."""
    context = chromium.new_context(viewport={"width": 360, "height": 740}, user_agent=FIREFOX)
    page = context.new_page()
    page.goto(article)
    link = page.get_by_role("link", name="the midi dress")
    label = page.get_by_text("We earn a commission if you buy through links marked Ad.")
    expect(label).to_be_visible()
    before: bool = label.evaluate(
        "(label, link) => Boolean(label.compareDocumentPosition(link) & Node.DOCUMENT_POSITION_FOLLOWING)",
        link.element_handle(),
    )
    assert before
    assert bottom_of(label) <= top_of(link)
    assert "sponsored" in (link.get_attribute("rel") or "")

    def leads_to_the_network(request: Request) -> bool:
        return urlsplit(request.url).hostname == "www.awin1.com"

    with page.expect_request(leads_to_the_network) as asked:
        link.click(no_wait_after=True)
    query = parse_qs(urlsplit(asked.value.url).query)
    assert query["awinmid"] == ["88001"]
    assert query["awinaffid"] == ["99000001"]
    assert query["ued"] == [DRESS]
    hop = asked.value.redirected_from
    assert hop is not None
    assert urlsplit(hop.url).path == f"/go/marble-dress/-{query['clickref'][0]}"
    assert context.cookies() == []
    context.close()
    return query["clickref"][0]


def finance_imports_a_report(page: Page, newsroom: Newsroom, report: bytes) -> None:
    page.goto(f"{newsroom.address}/reports/commissions")
    row = page.get_by_role("row", name=HEADLINE)
    reload_until(page, row)
    assert cells(row)["Clicks"] == "1"

    page.get_by_role("navigation", name="Main").get_by_role("link", name="Imports").click()
    page.get_by_role("link", name="Import the first report").click()
    page.get_by_label("Network").select_option("Awin")
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "transactions.json", "mimeType": "application/json", "buffer": report}
    )
    page.get_by_role("button", name="Show what it would do").click()
    expect(page.get_by_role("heading", name="What transactions.json would do")).to_be_visible()
    expect(page.locator(".figures")).to_contain_text("1new transactions")
    expect(page.get_by_role("table")).to_contain_text("misplaced")
    assert_accessible(page)

    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("Imported: 1 new, 0 amended, 0 unchanged, 1 set aside.")
    refused = page.get_by_role("table", name="Rows set aside").get_by_role("row", name="Line 2")
    expect(refused).to_contain_text("misplaced")
    refused.get_by_text("show").click()
    expect(refused).to_contain_text('"commissionStatus"')


def finance_traces_the_figure_to_its_row(page: Page, newsroom: Newsroom, token: str) -> None:
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Reports").click()
    row = page.get_by_role("row", name=HEADLINE)
    shown = cells(row)
    assert (shown["Clicks"], shown["Transactions"], shown["EPC"]) == ("1", "1", "£5.44")
    expect(row).to_contain_text("We earn a commission if you buy through links marked Ad.")
    assert_accessible(page)

    row.locator("[data-label=Transactions] a").click()
    expect(page.get_by_role("status")).to_contain_text("1 transaction")
    page.get_by_role("table").get_by_role("link", name="Halden & Vale").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("£5.44")
    expect(page.get_by_role("main")).to_contain_text(HEADLINE)
    payload = json.loads(page.locator("pre").inner_text())
    assert payload["id"] == 555001
    assert payload["clickRefs"] == {"clickRef": token}


def finance_takes_the_downloads(page: Page, newsroom: Newsroom) -> None:
    page.goto(f"{newsroom.address}/reports/commissions")
    row, machines = json.loads(downloaded(page, "JSON"))["rows"]  # the second: the editor's look at the renamed link
    assert (machines["clicks"], machines["clicks_raw"], machines["currency"]) == (0, 2, None)
    assert (row["clicks"], row["commission_pending"], row["currency"]) == (1, "5.44", "GBP")
    line, _machines = csv.DictReader(io.StringIO(downloaded(page, "CSV").decode("utf-8-sig")))
    assert (line["clicks"], line["commission_pending"], line["currency"]) == ("1", "5.44", "GBP")


def finance_undoes_the_import(page: Page, newsroom: Newsroom) -> None:
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Imports").click()
    page.get_by_role("link", name="transactions.json").click()
    page.get_by_label("Take the whole import back").check()
    page.get_by_role("button", name="Undo this import").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("undone")
    page.goto(f"{newsroom.address}/reports/commissions")
    shown = cells(page.get_by_role("row", name=HEADLINE))
    assert (shown["Clicks"], shown["Transactions"]) == ("1", "0")


def downloaded(page: Page, name: str) -> bytes:
    with page.expect_download() as started:
        page.get_by_role("main").get_by_role("link", name=name, exact=True).click()
    return started.value.path().read_bytes()


def cells(row: Locator) -> dict[str, str]:
    """The first line of the first cell of each label in a row of a report."""
    found: dict[str, str] = {}
    for cell in row.locator("[data-label]").all():
        found.setdefault(cell.get_attribute("data-label") or "", first_line(cell))
    return found


def first_line(cell: Locator) -> str:
    return cell.inner_text().strip().partition("\n")[0]


def sub_id_of(deep_link: str) -> str:
    return parse_qs(urlsplit(deep_link).query)["clickref"][0]


def top_of(shown: Locator) -> float:
    return box_of(shown)["y"]


def bottom_of(shown: Locator) -> float:
    box = box_of(shown)
    return box["y"] + box["height"]


def box_of(shown: Locator) -> FloatRect:
    box = shown.bounding_box()
    assert box is not None
    return box


def awin_report(token: str) -> bytes:
    """A sale from the placement, and a row with a word that Awin does not use."""
    sold = datetime.now(UTC) - timedelta(minutes=1)
    good: dict[str, Any] = {
        "id": 555001,
        "advertiserId": 88001,
        "publisherId": 99000001,
        "commissionStatus": "pending",
        "commissionAmount": {"amount": 5.44, "currency": "GBP"},
        "saleAmount": {"amount": 68.0, "currency": "GBP"},
        "clickRefs": {"clickRef": token},
        "clickDate": f"{sold:%Y-%m-%dT%H:%M:%S}",
        "transactionDate": f"{sold:%Y-%m-%dT%H:%M:%S}",
        "type": "Commission group transaction",
        "paidToPublisher": False,
        "paymentId": 0,
    }
    return json.dumps([good, {**good, "id": 555002, "commissionStatus": "misplaced"}]).encode()
