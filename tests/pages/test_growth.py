"""Twice as long a page costs at most little more than twice as much, and no page ends the service.

What is counted is calls, not seconds: the same on every machine. Work within one call of the interpreter (a sum, a slice,
a regular expression) is not seen so; that the pages of full size end at all shows it, and bench/shapes.py prints it.
"""

import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

import pytest

from affiliate.articles.authored import remarks
from affiliate.articles.document import Anchor, Document
from affiliate.articles.edits import restore
from affiliate.articles.notices import obstacle
from affiliate.articles.rewrite import Replacement, rewrite
from affiliate.disclosure.block import Notice
from affiliate.disclosure.check import check
from affiliate.disclosure.crawl.reading import Reading
from affiliate.disclosure.crawl.teasers import teasers_of
from affiliate.disclosure.pages.feed import items
from affiliate.disclosure.pages.page import Page
from affiliate.disclosure.rules import profile_names
from affiliate.disclosure.texts import disclosure_text
from affiliate.errors import InvalidDocument
from affiliate.links.facts import facts_of
from tests.pages.shapes import SHAPES, sized

NOTICE = Notice(disclosure_text("uk", "en"), product_led=True)
URL = "https://www.marble.example/a"
MOST_GROWTH = 2.6  # of calls where the page grows twofold
FULL = 150_000  # characters: <b> 50,000 times


def decide(url: str, anchor: Anchor) -> Replacement | None:
    token = f"a{anchor.number:011d}"
    return Replacement(f"/go/dress/-{token}", token) if url.startswith(("http", "/go/")) else None


def rewriting(html: str) -> None:
    document = Document(html)
    result = rewrite(document, decide, notice=NOTICE)
    assert restore(result.html, result.changes) == html
    obstacle(document, result.html, result.plan)
    if result.plan.first is not None:
        list(remarks(document, result.plan.first, NOTICE, result.plan.there))
    assert [anchor.text_slot for anchor in document.anchors]
    again = Document(result.html, longest=10 * len(result.html), in_cells=True)
    rewrite(again, decide, notice=None)


def checking(html: str, profiles: tuple[str, ...] = ("uk", "amazon")) -> None:
    assert set(check(html, profiles).verdicts) == set(profiles)


def walking(html: str) -> None:
    reading = Reading(URL, Page(html))
    reading.strangers(lambda _network, _publisher: None)
    reading.without_rel()
    assert all(isinstance(said, str) for said in (reading.title, reading.words, *reading.links, *reading.feeds))
    teasers_of(reading, ("uk",))


def product_facts(html: str) -> None:
    facts_of(html, URL)


BOUNDED = ("roots", "emphasis that is opened again")  # their trees grow faster than they do, up to a limit
UP_TO_A_LIMIT = ("selectors that nothing meets", "a long address in an address")  # 200 rules for a name, 10 layers
STAGES = (rewriting, checking, walking, product_facts)


def calls(stage: Callable[[str], None], html: str) -> int:
    counted = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        stage(html)
    except InvalidDocument:
        return 0
    finally:
        sys.setprofile(None)
    return counted


@pytest.mark.parametrize("stage", STAGES)
def test_twice_as_long_a_page_takes_about_twice_as_many_calls(stage: Callable[[str], None]) -> None:
    stage(sized(SHAPES["links"], 1000))  # patterns and packs are read once
    grown = {}
    for name, shape in SHAPES.items():
        if name in BOUNDED + UP_TO_A_LIMIT:
            continue
        before, after = (calls(stage, sized(shape, characters)) for characters in (3_000, 6_000))
        if after > MOST_GROWTH * before:
            grown[name] = (before, after)
    assert grown == {}


def attempted(stage: Callable[[str], None], html: str) -> None:
    with suppress(InvalidDocument):
        stage(html)


@pytest.mark.parametrize(
    "name",
    ["unclosed emphasis", "open character data", "areas", "links", "labels of other runs", "a long number in a style"],
)
def test_an_article_of_full_size_is_rewritten(name: str) -> None:
    attempted(rewriting, sized(SHAPES[name], FULL))


@pytest.mark.slow
@pytest.mark.parametrize("name", SHAPES)
def test_a_page_of_full_size_is_read_by_all_that_read_pages(name: str) -> None:
    html = sized(SHAPES[name], 2 * FULL)
    for stage in STAGES:
        attempted(stage, html)
    attempted(lambda each: checking(each, profile_names()), html)


@pytest.mark.parametrize("name", BOUNDED)
def test_a_page_whose_tree_would_be_far_larger_than_itself_is_refused_before_it_is_built(name: str) -> None:
    for stage in STAGES:
        with pytest.raises(InvalidDocument, match=r"opened in|one page at a time"):
            stage(sized(SHAPES[name], FULL))


def test_a_feed_with_elements_in_one_another_is_read() -> None:
    deep = "<b>" * 20_000 + "x" + "</b>" * 20_000
    (html,) = items(f"<feed><entry><title>Ad</title><content>{deep}</content></entry></feed>")
    assert html.count("<b>") == html.count("</b>") == 20_000
