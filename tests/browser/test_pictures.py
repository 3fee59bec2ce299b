"""The pictures that the README shows, taken of the demo newsroom.

They are left in test-results/, or where AFFILIATE_SCREENSHOTS says (`make screenshots`).
"""

import os

import pytest
from playwright.sync_api import Page, expect

from affiliate.demo.world import TITLES
from tests.browser.checks import RESULTS, width
from tests.browser.conftest import DESK, PHONE
from tests.browser.newsroom import Newsroom
from tests.browser.test_pages import MARBLE, fill_article

ROOT = RESULTS.parent
TITLE = next(title.name for title in TITLES if title.key == MARBLE.title_key)
FOLDER = ROOT / os.environ.get("AFFILIATE_SCREENSHOTS", RESULTS.name)
SCREENS = {DESK: 800, PHONE: 740}
TO_THE_TABLE = {DESK: 1120, PHONE: 740}  # on a desk far enough down to see the disclosure beside the first articles
LARGEST = 300_000  # bytes: the README is read over slow connections too


def test_the_report_is_shown(demo: Newsroom, page: Page) -> None:
    demo.log_in(page, "finance")
    page.get_by_label("Site").select_option(MARBLE.title_key)
    expect(page.get_by_role("main")).to_contain_text(f", {TITLE}.")
    take(page, "report", TO_THE_TABLE)


def test_the_library_is_shown(demo: Newsroom, desk: Page) -> None:
    demo.log_in(desk, "editor")
    desk.goto(f"{demo.address}/links")
    take(desk, "links")


def test_an_article_before_and_after_is_shown(demo: Newsroom, desk: Page) -> None:
    demo.log_in(desk, "editor")
    fill_article(desk, demo)
    desk.get_by_role("button", name="Show what would change").click()
    changes = desk.get_by_role("heading", name="Every change")
    expect(changes).to_be_visible()
    changes.evaluate("heading => heading.parentElement.scrollIntoView()")
    take(desk, "article")


def take(page: Page, name: str, heights: dict[int, int] = SCREENS) -> None:
    """What stands on the screen, as NAME-WIDTH.png, with the pictures that it loads."""
    page.wait_for_load_state("load")
    wide = width(page)
    page.set_viewport_size({"width": wide, "height": heights[wide]})
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}-{wide}.png"
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth)")
    page.screenshot(path=path, animations="disabled")
    assert path.stat().st_size < LARGEST


@pytest.mark.parametrize("name", ["report-1280", "report-360", "links-1280", "article-1280"])
def test_the_readme_shows_the_picture(name: str) -> None:
    path = f"docs/images/{name}.png"
    assert f"({path})" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert (ROOT / path).read_bytes().startswith(b"\x89PNG")
