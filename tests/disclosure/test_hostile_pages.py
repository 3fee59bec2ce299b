"""Whatever a page holds, it is judged or refused: never a crash, never an endless search."""

import random
import string
from pathlib import Path

import pytest

from affiliate.disclosure.check import check
from affiliate.disclosure.rules import profile_names
from affiliate.errors import InvalidDocument

PAGES = sorted((Path(__file__).parent / "pages").glob("*.*ml"))
PIECES = [
    "<",
    ">",
    '"',
    "&",
    "</p>",
    "<p>",
    "<table>",
    "<a href=/go/x>",
    "<svg>",
    "\x00",
    "\ud800",
    "<details>",
    "<!--",
    "-->",
]
PIECES += [
    "<style>",
    "{",
    "}",
    "<h1>",
    "<script>",
    "</script>",
    "<template>",
    "<frameset>",
    "<plaintext>",
    "]]>",
    "\u202e",
]


def mangled(html: str, luck: random.Random) -> str:
    for _ in range(luck.randint(1, 6)):
        at = luck.randrange(len(html) + 1)
        html = luck.choice(
            [
                html[:at] + "x",
                html[:at] + html[at + luck.randint(1, 60) :],
                html[:at] + luck.choice(PIECES) + html[at:],
                html[:at] + html[luck.randrange(len(html) + 1) :][:200] + html[at:],
            ]
        )
    return html


def judged(html: str, profiles: tuple[str, ...] = profile_names()) -> None:
    try:
        assert set(check(html, profiles).verdicts) == set(profiles)
    except InvalidDocument:
        assert "<" in html  # a feed that cannot be read, or other XML


def test_mangled_pages_are_judged_or_refused() -> None:
    luck = random.Random(20261123)
    for number in range(150):
        judged(mangled(PAGES[number % len(PAGES)].read_text(encoding="utf-8"), luck))


@pytest.mark.slow
def test_thousands_of_mangled_pages_are_judged_or_refused() -> None:
    luck = random.Random(1)
    for _ in range(3000):
        judged(mangled(luck.choice(PAGES).read_text(encoding="utf-8"), luck))


def test_noise_is_judged() -> None:
    luck = random.Random(2)
    for _ in range(50):
        judged("".join(luck.choice(string.printable) for _ in range(300)))


@pytest.mark.parametrize(
    "piece",
    [
        "<div>",
        "<p>We earn",
        "<a href=/go/x>Ad",
        "<b>",
        "<!--",
        "<style>.a{",
        "<style>/*",
        "(",
        "Ad | ",
        "commission ",
        "<p>Ad</p>",
        "<table><tr><td>",
        "£9 ",
        "<i style='display:none'>",
        "<a class=teaser href=/>",
        "<details>",
        "transform:",
    ],
)
def test_a_hundred_kilobytes_of_one_thing_are_judged_in_seconds(piece: str) -> None:
    judged(
        "<h1>Kettles</h1><p><a href='https://www.amazon.co.uk/dp/B0?tag=a-21'>x</a>" + piece * (100_000 // len(piece)),
        ("us", "uk", "de", "amazon"),
    )
