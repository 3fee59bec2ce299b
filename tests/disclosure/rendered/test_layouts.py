"""Layouts as magazines have them, made up in numbers: whatever stands around a disclosure, the page gets its verdict."""

import random
from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from affiliate.disclosure.browser.windows import WINDOWS, Chromium
from affiliate.disclosure.check import UNCHECKED, check
from affiliate.disclosure.findings import FAIL, PASS, Checked
from tests.disclosure.rendered.conftest import begun
from tests.disclosure.rendered.test_pages import LINK, TEXT, TOLD, page

WORDS = ("News", "Sport", "Food", "Books", "Films", "Music", "Homes", "Style", "Games", "Travel", "Money", "Tech", "Garden", "Offers", "Ad", "Advertising", "Sponsored")  # fmt: skip


def menu(links: int, seed: int) -> str:
    dice = random.Random(seed)
    return " ".join(f'<a href="/{number}">{dice.choice(WORDS)}</a>' for number in range(links))


def table(rows: int, columns: int) -> str:
    cells = "".join(f"<td>{WORDS[number % len(WORDS)]}</td>" for number in range(columns))
    return f"<table>{f'<tr>{cells}</tr>' * rows}</table>"


def letters(text: str, style: str = "") -> str:
    return "".join(f'<span style="{style}">{letter}</span>' for letter in text)


# What stands before the article, in its first part, and behind its link.
LAYOUTS = {
    "a menu of fourteen links": (f"<div>{menu(14, 1)}</div>", "", ""),
    "a menu of three hundred links": (f"<div>{menu(300, 2)}</div><div><p>{menu(40, 3)}</p></div>", "", ""),
    "a list of two hundred links": (f"<ul>{'<li><a href=/x>Tea</a> <i>x</i>' * 200}</ul>", "", ""),
    "a table": ("", table(12, 5), table(2, 40)),
    "a row of bits and labels": (f"<div>{'<b>Ad</b> <i>by</i> <u>us</u> ' * 60}</div>", "", ""),
    "empty elements": ("<div><p></p><a href=/x></a><span> </span><p>\u200b</p></div>" * 50, "<p></p><h2></h2>", "<a></a>"),
    "invisible letters": ("<div>" + "<b>\u200b</b><i>\x1f</i><b>\ufeff</b>" * 30 + "Ad</div>", "<p>\u2060</p>", "<p>\x85</p>"),
    "letters of a label alone": (f"<div>{letters('Advertisement')}</div>", f"<p>{letters('Ad')}</p>", ""),
    "deep boxes": ("<div>" * 150 + menu(20, 4) + "</div>" * 150, "", ""),
    "many paragraphs": ("", "", TEXT * 150 + LINK * 40),
    "one text of 300,000 letters": ("", "", f"<p>{'word ' * 60_000}</p>"),
    "no letters but pictures": ("<div><a href=/x><img alt='Ad' src=x></a></div>" * 20, "<figure><img src=y></figure>", ""),
}  # fmt: skip


def laid_out() -> Iterator[tuple[str, str, bool]]:
    for name, (before, inside, after) in LAYOUTS.items():
        yield f"{name}, told", page(TOLD + inside + LINK + after, before=before), True
        yield f"{name}, untold", page(inside + LINK + after, before=before), False


LAID_OUT = {name: (html, is_told) for name, html, is_told in laid_out()}


@pytest.fixture(scope="module")
def checked(chromium: Chromium) -> Iterator[dict[str, Future[Checked]]]:
    def look(name: str) -> Checked:
        with chromium.text(LAID_OUT[name][0], WINDOWS[:1]) as opened:
            return check(opened.html, ["us", "uk", "amazon"], screens=opened.screens)

    yield from begun(look, LAID_OUT)


@pytest.mark.parametrize("name", LAID_OUT)
def test_whatever_stands_around_it_a_page_is_told_by_its_disclosure(
    checked: dict[str, Future[Checked]], name: str
) -> None:
    found = checked[name].result()
    assert UNCHECKED not in {finding.message for finding in found.findings}
    assert found.verdicts["us"] != (FAIL if LAID_OUT[name][1] else PASS), found.findings


@pytest.mark.parametrize(
    ("name", "told", "verdict"),
    [
        ("plain", letters("We earn a commission if you buy through links on this page."), PASS),
        ("small", letters("We earn a commission if you buy through links on this page.", "font-size:6px"), FAIL),
        ("pale", letters("We earn a commission if you buy through links on this page.", "color:#ddd"), FAIL),
        ("half of it small", "We earn a commission if you " + letters("buy through links on it.", "font-size:6px"), FAIL),
        ("a mark in it", "We earn a commission if you buy through links on this page. <sup style='font-size:6px'>1</sup>", PASS),
    ],
)  # fmt: skip
def test_letters_in_elements_of_their_own_are_judged_as_one_text(
    chromium: Chromium, name: str, told: str, verdict: str
) -> None:
    with chromium.text(page(f"<p>{told}</p>{LINK}{TEXT}"), WINDOWS[:1]) as opened:
        checked = check(opened.html, ["us"], screens=opened.screens)
    assert checked.verdicts == {"us": verdict}, (name, checked.findings)


def test_a_window_that_stopped_answering_is_not_asked_for_every_element(chromium: Chromium) -> None:
    with chromium.text(page(TOLD + LINK + TEXT), WINDOWS[:1]) as opened:
        (screen,) = opened.screens
        screen._run(screen._tab._page.close())  # as when a tab crashes while it is measured
        checked = check(opened.html, ["us", "uk"], screens=opened.screens)
    assert checked.verdicts == {"us": FAIL, "uk": FAIL}
    said = {finding.measured for finding in checked.findings if finding.message == UNCHECKED}
    assert said == {"The page cannot be measured: its tab crashed."}


NAMES = "cookies-not-set category-cookies x-Skyscraper mm-use-consent-management f_leaderboard_on _taboola_ comments collapse ad"


@pytest.mark.parametrize("tag", ["<body>", "<article>"])
def test_a_name_on_what_holds_the_page_hides_nothing_in_a_window(chromium: Chromium, tag: str) -> None:
    for told, verdict in ((TOLD, PASS), ("", FAIL)):
        html = page(told + LINK + TEXT).replace(tag, f'{tag[:-1]} class="{NAMES}">')
        assert f'class="{NAMES}"' in html
        with chromium.text(html, WINDOWS[:1]) as opened:
            assert check(opened.html, ["us"], screens=opened.screens).verdicts == {"us": verdict}
