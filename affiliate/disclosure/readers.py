"""What readers of an article see of its disclosure: the one answer for whoever writes a disclosure and for whoever checks it.

Whether a text stands where readers meet it, and is seen there, is what the checks ask of a page (pages/standing.py). The rewriter
asks the same here, of an article whose paid links it has marked: before it leaves out a label because an author wrote one, and
after it has put in its own.
"""

from collections.abc import Collection
from dataclasses import dataclass

from affiliate.disclosure.checks.sentence import told
from affiliate.disclosure.checks.shown import placing
from affiliate.disclosure.findings import BLOCK, ERROR
from affiliate.disclosure.pages.page import MIXED, PRODUCT_LED, Page
from affiliate.disclosure.pages.standing import at_link, in_headline_slot, words_of
from affiliate.disclosure.rules import pack, profile_names

PAID_MARK = "data-affiliate-number"  # on the paid links of an article that is asked about: their numbers


@dataclass(frozen=True, slots=True)
class SeenByReaders:
    """`at_headline` is a label in or before the headline, `links` the numbers of the marked links with a label before them,
    `sentence` that one explains before the first paid link, `statements` the networks whose exact words stand before it."""

    at_headline: bool
    links: frozenset[int]
    sentence: bool
    statements: frozenset[str]


def seen_by_readers(html: str, jurisdiction: str, labels: Collection[str], networks: Collection[str]) -> SeenByReaders:
    """What readers see in an article whose paid links carry PAID_MARK and data-affiliate-placement. A text that the page's own
    styles may hide or change does not count. `labels` are the words that count where the jurisdiction has no rules."""
    page = Page(html)
    page = page.strictly() if page.is_styled else page
    known = pack(jurisdiction) if jurisdiction in profile_names() else None
    words = words_of(page, known) if known else frozenset(labels)
    first = page.earning[0] if page.earning else None
    marked = [link for link in (*page.earning, *page.beside) if PAID_MARK in link.place.attrs]
    return SeenByReaders(
        at_headline=in_headline_slot(page, words) is not None,
        links=frozenset(int(link.place.attrs[PAID_MARK]) for link in marked if at_link(page, words, link)),
        sentence=first is not None
        and bool(told(page, known, first) if known else page.seen_sentences_before(first.place.order, page.languages)),
        statements=frozenset(
            network
            for network in networks
            for said in page.statements(network)
            if said.is_exact and page.is_seen(said.place) and first is not None and said.end < first.place.order
        ),
    )


def unmet(html: str, jurisdiction: str, *, product_led: bool) -> str:
    """What readers of an article do not meet where the rules of its jurisdiction want it, "" if nothing is missing or the
    jurisdiction has no rules."""
    if jurisdiction not in profile_names():
        return ""
    page = Page(html, kind=PRODUCT_LED if product_led else MIXED)
    missing = placing(page, pack(jurisdiction))
    return next((finding.message for finding in missing if finding.severity in (BLOCK, ERROR)), "")
