"""One Chromium a worker for all tests of this folder."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest

from affiliate.disclosure.browser.windows import Chromium, Patience
from tests.waiting import PATIENCE

Key = TypeVar("Key")
Result = TypeVar("Result")
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    with Chromium(patience=Patience(answer=PATIENCE, measure=PATIENCE)) as browser:
        yield browser


def begun(look: Callable[[Key], Result], keys: Iterable[Key]) -> Iterator[dict[Key, Future[Result]]]:
    """Looks at many pages, a few at a time: most of each look is waiting until the page has come to rest. Each is a test's
    own, which asks for its result."""
    with ThreadPoolExecutor(6) as pool:
        yield {key: pool.submit(look, key) for key in keys}
