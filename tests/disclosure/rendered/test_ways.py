"""Every way of hiding a sentence that we know is seen through, and its twin is not accused."""

import re
from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from affiliate.disclosure.browser.windows import Chromium, Window
from affiliate.disclosure.looks import MARK, Look
from tests.disclosure.rendered.conftest import begun
from tests.disclosure.rendered.ways import WAYS, Way


def look_at(screen: Window, name: str) -> Look:
    """The look of the element with an id."""
    found = re.search(rf'<[^<>]*\bid="{name}"[^<>]*{MARK}="(\d+)"', screen.html)
    assert found, f"there is no #{name}"
    return screen.look(found[1])


@pytest.fixture(scope="module")
def looks(chromium: Chromium) -> Iterator[dict[str, Future[tuple[Look, Look]]]]:
    def look(name: str) -> tuple[Look, Look]:
        way = ways[name]
        with chromium.text(way.html, [way.window]) as opened:
            (screen,) = opened.screens
            return look_at(screen, "hidden"), look_at(screen, "seen")

    ways = {way.name: way for way in WAYS}
    yield from begun(look, ways)


@pytest.mark.parametrize("way", WAYS, ids=[way.name for way in WAYS])
def test_a_hidden_sentence_is_not_seen_and_its_twin_is(looks: dict[str, Future[tuple[Look, Look]]], way: Way) -> None:
    hidden, seen = looks[way.name].result()
    assert not hidden.is_seen
    assert way.because in hidden.hidden_by + hidden.action, (hidden.hidden_by, hidden.action)
    assert seen.is_seen, (seen.hidden_by, seen.action)
