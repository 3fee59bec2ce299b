"""What every page must pass, at any width."""

import os
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RESULTS = Path(__file__).parent.parent.parent / "test-results"


def assert_sound(page: Page, *, colours: bool = True) -> None:
    """What every page must be: accessible, as narrow as its window, with a title and one heading of the first rank."""
    assert_accessible(page, colours=colours)
    assert_fits(page)
    assert page.locator("h1").count() == 1, page.url
    assert page.title().partition("·")[0].strip(), page.url


def assert_accessible(page: Page, *, colours: bool = True) -> None:
    """No rule of axe-core may find anything; the error names the rule, the element and the page that explains it.

    The contrast of colours takes two thirds of the time of all rules, and is the same at every width and for every role:
    a test that looks at a page more than once need ask for it but once."""
    found = Axe().run(page, options={"resultTypes": ["violations"], "rules": {"color-contrast": {"enabled": colours}}})
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"


def assert_fits(page: Page) -> None:
    """Nothing may stand out of the page to the right, so that a phone need not scroll sideways."""
    wide: list[str] = page.evaluate(
        """() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("body *")]
            .filter(each => each.getBoundingClientRect().right > innerWidth + 1)
            .map(each => each.outerHTML.slice(0, 120))"""
    )
    assert not wide, f"{page.url} is wider than {width(page)} px: {wide}"


def shoot(page: Page, name: str) -> None:
    """Keeps a picture of the whole page as test-results/NAME-WIDTH.png, if somebody wants to look at pages: where
    AFFILIATE_PICTURES is set. They take a minute of the suite's time."""
    if os.environ.get("AFFILIATE_PICTURES"):
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{name}-{width(page)}.png"
        page.screenshot(path=path, full_page=True, animations="disabled")


def width(page: Page) -> int:
    assert page.viewport_size is not None
    return page.viewport_size["width"]
