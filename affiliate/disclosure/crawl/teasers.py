"""What leads from one page of the site to another one, and whether it carries an advertising label.

A check knows the teasers that say the kind of their article. A walk knows the kinds, and looks at all that look like teasers.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from affiliate.disclosure.crawl.addresses import address, key
from affiliate.disclosure.crawl.reading import Reading
from affiliate.disclosure.pages.feed import items
from affiliate.disclosure.pages.page import Page, Teaser
from affiliate.disclosure.pages.standing import at_teaser, in_headline_slot, words_of
from affiliate.disclosure.pages.tree import COMMENTS, DIALOG, FOOTER, HEADER, NAV, Place
from affiliate.disclosure.rules import Rule, pack, profile_names

CHECK = "label-at-teaser"  # by which packs name the rule
_NO_TEASERS = frozenset({NAV, HEADER, FOOTER, COMMENTS, DIALOG})
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_PICTURES = frozenset({"img", "picture", "amp-img"})
_EDGES = frozenset({"body", "main", "html", "ul", "ol", "section", "table"})  # a card is never so large
_CARD_LEVELS = 5
_MOST = 300  # of one page


def teaser_rule(profile: str) -> Rule | None:
    """The rule by which a profile asks for a label in teasers; None where it asks for none."""
    if profile not in profile_names():
        return None
    return next((rule for rule in pack(profile).rules if CHECK in rule.checks), None)


def teasers_of(reading: Reading, profiles: Sequence[str]) -> list[dict[str, Any]]:
    """The unlabelled ones: `url` is where each leads, `bare` the profiles whose label it lacks, `kind` what its markup says of
    the article's kind ("" if nothing)."""
    asking = [profile for profile in profiles if teaser_rule(profile)]
    found = []
    for there, teaser in _candidates(reading) if asking else ():
        page = reading.page
        bare = [each for each in asking if at_teaser(page, words_of(page, pack(each)), teaser) is None]
        if bare:
            found.append({"url": there, "bare": bare, "kind": teaser.target})
        if len(found) == _MOST:
            break
    return found


def titles_of(xml: str, url: str, profiles: Sequence[str]) -> list[dict[str, Any]]:
    """The same for the titles of a feed's items. InvalidDocument for what is no feed."""
    asking = [profile for profile in profiles if teaser_rule(profile)]
    found = []
    for item in items(xml)[:_MOST]:
        page = Page(item, is_item=True)
        link = next((place for place in page.tree.places if place.tag == "a" and "href" in place.attrs), None)
        there = address(link.attrs["href"], url) if link is not None else None
        bare = [each for each in asking if in_headline_slot(page, words_of(page, pack(each))) is None]
        if there is not None and bare:
            found.append({"url": there, "bare": bare, "kind": ""})
    return found


@dataclass(frozen=True, slots=True)
class _Link:
    place: Place
    there: str
    key: str


def _candidates(reading: Reading) -> Iterator[tuple[str, Teaser]]:
    """Links that look like teasers, each card once."""
    page = reading.page
    links = list(_links(reading))
    cards = _Cards(links)
    headings = _Headings(page.tree.places)
    pictures = [place.order for place in page.tree.places if place.tag in _PICTURES]
    seen = set[int]()
    for link in links:
        place = link.place
        if place.region in _NO_TEASERS or not page.is_live(place):
            continue
        if not (_has(pictures, place) or headings.touch(place) or _is_block_of_its_own(page, place)):
            continue
        card = cards.around(link)
        if id(card) not in seen:
            seen.add(id(card))
            yield link.there, Teaser(place, card, place.attrs["href"], _said_kind(place))


def _links(reading: Reading) -> Iterator[_Link]:
    for place in reading.page.tree.places:
        if place.tag == "a" and "href" in place.attrs and (there := address(place.attrs["href"], reading.base)):
            yield _Link(place, there, key(there))


class _Cards:
    """The boxes of a page's links. `links` are all of them in order."""

    def __init__(self, links: Sequence[_Link]) -> None:
        self._orders = [link.place.order for link in links]
        self._alike_until = list(range(1, len(links) + 1))  # for each link: the number of the next that leads elsewhere
        for number in range(len(links) - 2, -1, -1):
            if links[number].key == links[number + 1].key:
                self._alike_until[number] = self._alike_until[number + 1]

    def around(self, link: _Link) -> Place:
        """The largest box around a link in which nothing leads elsewhere."""
        card = link.place
        for place in islice(link.place.around(), 1, _CARD_LEVELS + 1):
            first, behind = bisect_left(self._orders, place.order), bisect_right(self._orders, place.end)
            if place.tag in _EDGES or self._alike_until[first] < behind:
                break
            card = place
            if place.tag in ("article", "li"):
                break
        return card


def _has(orders: Sequence[int], place: Place) -> bool:
    at = bisect_left(orders, place.order)
    return at < len(orders) and orders[at] <= place.end


class _Headings:
    """The headings of a page, as far as links stand in them or hold them."""

    def __init__(self, places: Sequence[Place]) -> None:
        self._orders: list[int] = []
        self._outermost: list[Place] = []
        for place in places:
            if place.tag in _HEADINGS:
                self._orders.append(place.order)
                if not self._outermost or place.order > self._outermost[-1].end:
                    self._outermost.append(place)

    def touch(self, link: Place) -> bool:
        before = bisect_right(self._outermost, link.order, key=lambda place: place.order) - 1
        return _has(self._orders, link) or (before >= 0 and self._outermost[before].holds(link))


def _is_block_of_its_own(page: Page, place: Place) -> bool:
    """Whether a link is nearly all that its block says: one of a list, not one within a sentence."""
    own = len(page.words_in(place))
    return own > 0 and not page.says_more_than(place.block, own * 10 // 6)


def _said_kind(place: Place) -> str:
    return place.target.attrs["data-target-kind"].strip().lower() if place.target is not None else ""
