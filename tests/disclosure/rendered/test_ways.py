"""Every way of hiding a sentence that we know is seen through, and its twin is not accused."""

import re

import pytest

from affiliate.disclosure.browser.windows import Chromium, Window
from affiliate.disclosure.looks import MARK, Look
from tests.disclosure.rendered.ways import WAYS, Way


def look_at(screen: Window, name: str) -> Look:
    """The look of the element with an id."""
    found = re.search(rf'<[^<>]*\bid="{name}"[^<>]*{MARK}="(\d+)"', screen.html)
    assert found, f"there is no #{name}"
    return screen.look(found[1])


@pytest.mark.parametrize("way", WAYS, ids=[way.name for way in WAYS])
def test_a_hidden_sentence_is_not_seen_and_its_twin_is(chromium: Chromium, way: Way) -> None:
    with chromium.text(way.html, [way.window]) as opened:
        (screen,) = opened.screens
        hidden, seen = look_at(screen, "hidden"), look_at(screen, "seen")
    assert not hidden.is_seen
    assert way.because in hidden.hidden_by + hidden.action, (hidden.hidden_by, hidden.action)
    assert seen.is_seen, (seen.hidden_by, seen.action)
