"""A table that nobody knows, as finance sees it before it is imported."""

from playwright.sync_api import Page, expect

from tests.browser.checks import assert_sound, shoot
from tests.browser.newsroom import Newsroom

GERMAN = (
    "Transaktions-ID;Händler;Provision (€);Datum;Status;Beschreibung der Bestellung\n"
    "1;Acme;1.234,50;03/04/2026 10:11;Bestätigt;Kleid\n"
    "2;Acme;1,50;13/04/2026 11:12;Geprüft;Schuhe\n"
).encode("cp1252")


def _look(newsroom: Newsroom, page: Page) -> None:
    newsroom.log_in(page, "finance")
    page.goto(f"{newsroom.address}/imports/new")
    page.get_by_label("Network").select_option("generic")
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "partner.csv", "mimeType": "text/csv", "buffer": GERMAN}
    )
    page.get_by_role("button", name="Show what it would do").click()
    expect(page.get_by_role("heading", name="How the file is understood")).to_be_visible()


def test_a_file_is_understood_confirmed_and_previewed(demo: Newsroom, page: Page) -> None:
    _look(demo, page)
    expect(page.get_by_role("main")).to_contain_text("03/04/2026 10:11 → 3 April 2026, 10:11:00")
    assert_sound(page)
    shoot(page, "import-understood")
    page.get_by_label("Geprüft").select_option("pending")
    page.get_by_role("button", name="Show what it would do").click()
    expect(page.get_by_role("main")).to_contain_text("What partner.csv would do")
    assert_sound(page)
    shoot(page, "import-previewed")


def test_a_map_can_be_filled_in_on_a_phone(demo: Newsroom, phone: Page) -> None:
    _look(demo, phone)
    assert_sound(phone)
    shoot(phone, "import-understood-phone")
