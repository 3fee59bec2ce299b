"""One Chromium for all tests of this folder, on one worker."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from affiliate.disclosure.browser.windows import Chromium, Patience
from tests.waiting import PATIENCE

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("browser")
            item.add_marker(pytest.mark.xdist_group("rendered"))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    with Chromium(patience=Patience(answer=PATIENCE, measure=PATIENCE)) as browser:
        yield browser
