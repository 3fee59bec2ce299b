"""The pictures that the README and docs/disclosure.md show, most of them taken of the demo newsroom.

They are left in test-results/, or where AFFILIATE_SCREENSHOTS says (`make screenshots`).
"""

import os
from collections.abc import Sequence
from html import escape
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from affiliate.articles.article import ArticleFacts
from affiliate.articles.publish import rewrite_article
from affiliate.demo.world import TITLES
from affiliate.store import Store, migrations
from tests.articles.press import Made, press
from tests.browser.checks import RESULTS, width
from tests.browser.conftest import DESK, PHONE
from tests.browser.newsroom import Newsroom
from tests.browser.test_pages import MARBLE, fill_article
from tests.conftest import NOW

ROOT = RESULTS.parent
TITLE = next(title.name for title in TITLES if title.key == MARBLE.title_key)
FOLDER = ROOT / os.environ.get("AFFILIATE_SCREENSHOTS", RESULTS.name)
SCREENS = {DESK: 800, PHONE: 740}
TO_THE_TABLE = {DESK: 1120, PHONE: 740}  # on a desk far enough down to see the disclosure beside the first articles
LARGEST = 300_000  # bytes: the README is read over slow connections too
_PHONES = (
    "<body style='margin:0;display:flex;gap:16px;background:#ccc'>{}</body>",
    "<iframe srcdoc='{}' style='border:0;width:360px;height:740px;background:#fff'></iframe>",
    "<!doctype html><html lang={}><body style='font:18px/1.5 Georgia,serif;margin:16px'>{}</body></html>",
)


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


def test_the_register_is_shown(demo: Newsroom, desk: Page) -> None:
    demo.log_in(desk, "finance")
    desk.goto(f"{demo.address}/disclosure")
    take(desk, "register")


def test_an_article_of_three_countries_is_shown(store_of_press: Store, desk: Page) -> None:
    desk.set_content(_beside(_rewritten(store_of_press)))
    desk.set_viewport_size({"width": 3 * 360 + 2 * 16, "height": 740})
    FOLDER.mkdir(parents=True, exist_ok=True)
    desk.screenshot(path=FOLDER / "three-countries.png")
    labels = [desk.frame_locator(f"iframe >> nth={number}").locator("body") for number in range(3)]
    for body, label in zip(labels, ("Ad", "Werbung", "(paid link)"), strict=True):
        expect(body).to_contain_text(label)


def _beside(articles: Sequence[tuple[str, str]]) -> str:
    body, phone, article = _PHONES
    return body.format("".join(phone.format(escape(article.format(*each))) for each in articles))


def _rewritten(store: Store) -> list[tuple[str, str]]:
    markets = (("uk", "en"), ("de", "de"), ("us", "en"))
    shown = []
    with store.transaction() as session:
        site = press(session)
        for jurisdiction, language in markets:
            made = Made(
                "product-led", jurisdiction, language, ("awin", "amazon"), direct=False, layout="article", paragraphs=2
            )
            facts = ArticleFacts(id=jurisdiction, kind=made.kind, language=language, jurisdiction=jurisdiction)
            shown.append((language, rewrite_article(session, site=site, html=made.html, article=facts, now=NOW).html))
    return shown


@pytest.fixture
def store_of_press(tmp_path: Path) -> Store:
    store = Store(f"sqlite:///{tmp_path}/press.db")
    migrations.upgrade(store)
    return store


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
    is_shown("README.md", f"docs/images/{name}.png")


@pytest.mark.parametrize("name", ["register-1280", "three-countries"])
def test_the_docs_of_disclosure_show_the_picture(name: str) -> None:
    is_shown("docs/disclosure.md", f"images/{name}.png")


def is_shown(document: str, path: str) -> None:
    assert f"({path})" in (ROOT / document).read_text(encoding="utf-8")
    assert (ROOT / document).parent.joinpath(path).read_bytes().startswith(b"\x89PNG")
