"""What a walk reads in a page: where it leads, whom its links pay, and what it tells its readers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from affiliate.disclosure.crawl.addresses import address
from affiliate.disclosure.pages.page import Page
from affiliate.disclosure.pages.paid import PaidLink
from affiliate.disclosure.pages.tree import Place
from affiliate.errors import InvalidUrl
from affiliate.networks.inspect import OTHER, inspect

_MOST_LINKS = 2_000  # of one page; the longest listing that we met has 600
_FEEDS = frozenset({"application/rss+xml", "application/atom+xml", "application/rdf+xml"})

IsOurs = Callable[[str, str | None], bool | None]


@dataclass(frozen=True, slots=True)
class Stranger:
    """A paid link whose money goes to an account that is not ours."""

    href: str
    network: str
    publisher_id: str


@dataclass(frozen=True)
class Reading:
    """A page as it was served from `url`."""

    url: str
    page: Page

    @cached_property
    def title(self) -> str:
        headline = self.page.headline
        if headline is None:
            return ""
        return " ".join(block.words for block in self.page.tree.blocks if headline.holds(block.place))[:200]

    @property
    def said_kind(self) -> str:
        """The kind that the page itself says, "" if it says none."""
        return self.page.kind if self.page.kind_is_said else ""

    @cached_property
    def base(self) -> str:
        href = next((place.attrs.get("href", "") for place in self.page.tree.places if place.tag == "base"), "")
        return (address(href, self.url) if href else None) or self.url

    @cached_property
    def canonical(self) -> str | None:
        return next(self._linked(lambda rel, _: "canonical" in rel), None)

    @cached_property
    def feeds(self) -> list[str]:
        return list(self._linked(lambda rel, kind: "alternate" in rel and kind in _FEEDS))

    @cached_property
    def links(self) -> list[str]:
        """Where it leads, in document order, each address once; AMP and following pages among them."""
        found = dict.fromkeys(self._linked(lambda rel, _: bool(rel & {"amphtml", "next"})))
        for place in self.page.tree.places:
            if len(found) >= _MOST_LINKS:
                break
            if place.tag in ("a", "area") and (href := place.attrs.get("href")) and (there := address(href, self.base)):
                found[there] = None
        return list(found)

    @cached_property
    def paid(self) -> list[PaidLink]:
        """Paid links, the article's own and those beside it."""
        return [*self.page.links, *self.page.beside]

    @property
    def is_monetised(self) -> bool:
        """Whether somebody pays for a link of it, or a script may find one to be paid for."""
        return bool(self.paid or (self.page.rewriters and self.page.outbound))

    def without_rel(self) -> list[PaidLink]:
        """Paid links that search engines are not told of."""
        return [link for link in self.paid if not _rel(link.place) & {"sponsored", "nofollow"}]

    def strangers(self, is_ours: IsOurs) -> list[Stranger]:
        found = []
        for link in self.paid:
            try:
                taken = inspect(link.href, is_ours=is_ours)
            except InvalidUrl:
                continue
            if taken.monetised == OTHER:
                layer = taken.layers[0]
                found.append(Stranger(link.href, layer.network, layer.publisher_id or ""))
        return found

    @cached_property
    def words(self) -> str:
        """All text that its markup lets readers see."""
        live = (run for block in self.page.tree.blocks for run in block.runs if self.page.is_live(run.place))
        return " ".join(" ".join(run.text for run in live).split())

    def _linked(self, wanted: Callable[[set[str], str], bool]) -> Iterator[str]:
        for place in self.page.tree.places:
            if place.tag == "link" and wanted(_rel(place), place.attrs.get("type", "").strip().lower()):
                there = address(place.attrs.get("href", ""), self.base)
                if there:
                    yield there


def _rel(place: Place) -> set[str]:
    return set(place.attrs.get("rel", "").lower().split())
