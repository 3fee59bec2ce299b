"""Every page that each role may open, in the demo newsroom, on a phone and on a desk."""

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from apiflask import APIFlask
from playwright.sync_api import Page, expect
from werkzeug.exceptions import HTTPException

from affiliate.clock import utc_now
from affiliate.demo.newsdesk import STORIES
from affiliate.store import Store
from affiliate.web import Services, create_app
from affiliate.web.access import Pages
from affiliate.web.accounts import ROLES
from tests.browser.checks import assert_sound, shoot
from tests.browser.conftest import DESK, HEIGHTS, PHONE, OpenPage
from tests.browser.newsroom import Newsroom

MARBLE = next(story for story in STORIES if "marble" in story.path)
# a way on, files, pictures
NO_PAGES = {"own.home", "reports.download_commissions", "reports.picture", "clicks.download", "clicks.picture"} | {
    "crawls.download",
    "register.download_export",
    "register.download_record",
    "register.show_file",
}
FOR_READERS = {"reader.show_why"}  # a link's own page leads there too
STATES = [
    ("editor", "/links?q=nothing+of+the+kind", "No link fits"),
    ("editor", "/articles?q=nothing+of+the+kind", "No article fits"),
    ("finance", "/reports/commissions?from=2001-01-01&to=2001-02-01", "Nothing"),
    ("finance", "/transactions?from=2001-01-01&to=2001-02-01", "No transaction fits"),
    ("finance", "/reports/commissions?from=2001-02-01&to=2001-01-01", "This cannot be reported"),
    ("finance", "/reports/commissions?by=link", "Commissions"),
    ("finance", "/reports/commissions?by=placement&disclosure=passing", "Only what was earned on pages that pass"),
    ("finance", "/transactions?disclosure=no-article", "Only those outside articles"),
    ("editor", "/why/nothing-of-the-kind", "We do not know this link"),
    ("finance", "/reports/commissions?by=network", "compare its count with"),
    ("finance", "/reports/commissions?by=payment&payment=paid", "Only money that the networks say is paid"),
    ("finance", "/transactions?payment=invoiced&status=earned", "Transactions"),
    ("finance", "/payouts?network=nobody", "No payout fits"),
    ("finance", "/payouts?payment=owed", "This cannot be reported"),
    ("editor", "/reports/clicks?from=2001-01-01&to=2001-02-01", "Nothing was clicked"),
    ("editor", "/reports/clicks?class=martian", "This cannot be reported"),
    ("editor", "/reports/clicks?by=country&every=day", "Country"),
    ("editor", "/reports/clicks?by=hour&within=device&key=mobile", "Only of the device mobile"),
    ("finance", "/reports/clicks?by=placement", "net."),
    ("finance", "/reports/clicks?by=network", "compare its count with"),
    ("finance", "/links", "403"),
    ("admin", "/settings/programmes?q=nothing+of+the+kind", "No programme fits"),
    ("admin", "/nowhere", "404"),
]
DARK = [
    "/links",
    "/links/1",
    "/links/new",
    "/articles/1",
    "/reports/commissions",
    "/reports/clicks",
    "/transactions/1",
    "/settings/users",
]


@pytest.fixture(scope="session")
def application() -> Iterator[APIFlask]:
    """Asked for its routes only."""
    store = Store("sqlite://")
    yield create_app(Services(store, utc_now, publish=print, publish_hosts=print, session_key="of no use"))
    store.close()


@pytest.mark.parametrize("role", ROLES)
def test_every_page_that_a_role_may_open_is_sound(
    role: str, demo: Newsroom, application: APIFlask, open_page: OpenPage
) -> None:
    page = open_page(DESK)
    demo.log_in(page, role)
    routes = application.url_map.bind("127.0.0.1")
    waiting, seen = [urlsplit(page.url).path, "/account"], set[str]()
    while waiting:
        path = waiting.pop(0)
        try:
            endpoint, _ = routes.match(path, "GET")
        except HTTPException:
            pytest.fail(f"a page leads to {path}, which is none")
        if endpoint in seen | NO_PAGES:
            continue
        seen.add(endpoint)
        answer = page.goto(demo.address + path)
        assert answer is not None
        assert answer.status == 200, path
        for width in (DESK, PHONE) if role == "admin" else (PHONE,):  # the others see less of the same
            page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
            assert_sound(page, colours=width == DESK)
            shoot(page, f"{endpoint}-{role}")
        waiting += links_of(page, demo)
    assert seen - FOR_READERS == pages_for(role, application)


def pages_for(role: str, application: APIFlask) -> set[str]:
    open_to_role = {
        name
        for name, blueprint in application.blueprints.items()
        if isinstance(blueprint, Pages) and not blueprint.everybody and role in blueprint.roles
    }
    return {
        rule.endpoint
        for rule in application.url_map.iter_rules()
        if rule.endpoint.partition(".")[0] in open_to_role and "GET" in (rule.methods or ())
    } - NO_PAGES


def links_of(page: Page, newsroom: Newsroom) -> list[str]:
    """The paths of our own pages that a page leads to."""
    addresses: list[str] = page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)")
    return [urlsplit(each).path for each in addresses if each.startswith(newsroom.address)]


@pytest.mark.parametrize(("role", "path", "said"), STATES, ids=[f"{role}:{path}" for role, path, _ in STATES])
def test_a_page_with_little_to_show_says_so(
    role: str, path: str, said: str, demo: Newsroom, open_page: OpenPage
) -> None:
    page = open_page(DESK)
    demo.log_in(page, role)
    page.goto(demo.address + path)
    expect(page.get_by_role("main")).to_contain_text(said)
    for width in (DESK, PHONE):
        page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
        assert_sound(page, colours=width == DESK)
        shoot(page, f"state-{role}-{path.strip('/').partition('=')[0].replace('/', '-').replace('?', '-')}")


@pytest.mark.parametrize("path", ["/login", "/go/nowhere"])
def test_a_page_for_everybody_is_sound(path: str, demo: Newsroom, page: Page) -> None:
    page.goto(demo.address + path)
    assert_sound(page)
    shoot(page, f"everybody{path.replace('/', '-')}")


def test_a_refused_log_in_is_said(demo: Newsroom, page: Page) -> None:
    page.goto(f"{demo.address}/login")
    page.get_by_label("E-mail address").fill("stranger@magazine.example")
    page.get_by_label("Password").fill("not-the-password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("E-mail address and password do not fit together.")
    assert_sound(page)
    shoot(page, "form-log-in")


def test_pasted_lines_are_answered_one_by_one(demo: Newsroom, page: Page) -> None:
    demo.log_in(page, "editor")
    page.goto(f"{demo.address}/links/new")
    known = "https://www.kestrelyard.example/tailoring/ink-wash-tuxedo-jacket"
    page.get_by_label("Addresses at advertisers").fill(f"{known}\nhttps://www.stranger.example/p/1\njavascript:void(0)")
    page.get_by_label("Site", exact=True).last.select_option(MARBLE.title_key)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", level=2).first).to_contain_text("1 already there, 2 not added")
    assert_sound(page)
    shoot(page, "form-pasted-lines")


def test_what_would_change_in_an_article_is_shown(demo: Newsroom, page: Page) -> None:
    demo.log_in(page, "editor")
    fill_article(page, demo)
    page.get_by_role("button", name="Show what would change").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What would change")
    assert_sound(page)
    shoot(page, "form-article")


def test_the_preview_of_an_article_neither_loads_nor_runs_anything(
    demo: Newsroom, desk: Page, incidents: list[str]
) -> None:
    demo.log_in(desk, "editor")
    fill_article(desk, demo)
    bugs = '<img src="https://shop.example/pixel.gif" alt=""><script>fetch("https://shop.example/")</script>'
    desk.get_by_label("HTML").fill(MARBLE.html + bugs)
    desk.get_by_role("button", name="Show what would change").click()
    expect(desk.frame_locator("iframe").get_by_role("heading", level=1)).to_be_visible()
    assert any("img-src" in incident for incident in incidents)
    assert not [incident for incident in incidents if incident.startswith("request to")]
    incidents.clear()


def fill_article(page: Page, newsroom: Newsroom) -> None:
    page.goto(f"{newsroom.address}/articles/new")
    page.get_by_label("HTML").fill(MARBLE.html)
    page.get_by_label("Title").fill(MARBLE.headline)
    page.get_by_label("Kind").select_option(MARBLE.kind)
    page.get_by_label("Author").fill(MARBLE.author)
    page.get_by_label("Site", exact=True).last.select_option(MARBLE.title_key)


def test_what_a_report_would_do_is_shown(demo: Newsroom, page: Page) -> None:
    demo.log_in(page, "finance")
    page.goto(f"{demo.address}/imports/new")
    page.get_by_label("Network").select_option("impact")
    page.get_by_label("File", exact=True).set_input_files(
        {
            "name": "actions.json",
            "mimeType": "application/json",
            "buffer": json.dumps({"Actions": [{"Id": "1"}]}).encode(),
        }
    )
    page.get_by_role("button", name="Show what it would do").click()
    expect(page.get_by_role("main")).to_contain_text("set aside")
    assert_sound(page)
    shoot(page, "form-report")


@pytest.mark.parametrize("form", ["/settings/users", "/settings/sites", "/settings/programmes/new"])
def test_a_refused_form_says_what_is_wrong_beside_the_field(form: str, demo: Newsroom, page: Page) -> None:
    demo.log_in(page, "admin")
    page.goto(demo.address + form)
    page.eval_on_selector_all("main form", "forms => forms.forEach(form => form.noValidate = true)")
    page.get_by_role("button", name="Add the").click()
    expect(page.get_by_role("alert").or_(page.locator(".wrong")).first).to_be_visible()
    assert_sound(page)
    shoot(page, f"form{form.replace('/', '-')}")


def test_the_navigation_of_an_admin_fits_on_a_phone(demo: Newsroom, phone: Page) -> None:
    demo.log_in(phone, "admin")
    hidden: int = phone.locator(".main-nav").evaluate("nav => nav.scrollWidth - nav.clientWidth")
    assert hidden <= 0


def test_a_report_begins_on_the_first_screen_of_a_phone(demo: Newsroom, phone: Page) -> None:
    demo.log_in(phone, "finance")
    box = phone.locator(".figures").first.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] / 2 < HEIGHTS[PHONE]
    phone.get_by_text("More", exact=True).click()
    phone.get_by_label("By the date of").select_option("validation")
    phone.get_by_role("button", name="Show", exact=True).click()
    expect(phone.get_by_role("main")).to_contain_text("by the date of the validation")
    assert_sound(phone)


def test_the_fields_of_a_filter_stand_in_one_line(demo: Newsroom, desk: Page) -> None:
    demo.log_in(desk, "finance")
    boxes = [desk.get_by_label(label, exact=True).bounding_box() for label in ("From", "To, exclusive", "By")]
    assert len({(box["y"], box["height"]) for box in boxes if box}) == 1


def test_an_article_outlives_the_session_in_which_it_was_pasted(demo: Newsroom, page: Page) -> None:
    demo.log_in(page, "editor")
    fill_article(page, demo)
    page.context.clear_cookies()
    page.get_by_role("button", name="Show what would change").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")
    assert page.get_by_label("HTML", exact=True).input_value() == MARBLE.html
    assert_sound(page)
    shoot(page, "form-signed-out")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy: HTML").click()
    assert page.evaluate("navigator.clipboard.readText()") == MARBLE.html
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="To the log-in").click()
    expect(opened.value.get_by_role("heading", level=1)).to_have_text("Sign in to Affiliate")


def test_pages_are_sound_in_the_dark(demo: Newsroom, desk: Page) -> None:
    desk.emulate_media(color_scheme="dark")
    demo.log_in(desk, "admin")
    for path in DARK:
        desk.goto(demo.address + path)
        assert_sound(desk)
        shoot(desk, f"dark{path.replace('/', '-')}")


def test_the_first_stop_of_the_keyboard_leads_past_the_navigation(demo: Newsroom, desk: Page) -> None:
    demo.log_in(desk, "admin")
    desk.keyboard.press("Tab")
    expect(desk.get_by_role("link", name="Skip to the content")).to_be_focused()
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("main")).to_be_focused()
