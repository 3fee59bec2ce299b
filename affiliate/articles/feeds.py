"""Feeds: each item of an RSS or Atom file is rewritten by itself, with its own links, its own disclosure and its own title.

Every byte that is not changed on purpose stays. What cannot be changed without touching more than that is left as it is,
unmonetised, and named.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from affiliate import deadline
from affiliate.articles.article import ArticleFacts
from affiliate.articles.desk import Desk
from affiliate.articles.document import Document
from affiliate.articles.edits import Edit, apply, in_order
from affiliate.articles.feed_source import ATOM, RSS1, Element, Item, Text, items
from affiliate.articles.publish import Plan, Rewritten, parsed
from affiliate.articles.queries import article_by_url
from affiliate.articles.teasers import Announcement
from affiliate.articles.variants import FEED, SUMMARY
from affiliate.errors import InvalidDocument, InvalidUrl
from affiliate.urls import parse_web_url

_TITLES = frozenset({"title", f"{RSS1}title", f"{ATOM}title"})
_LINKS = frozenset({"link", f"{RSS1}link", f"{ATOM}link"})
_IDS = frozenset({"guid", f"{ATOM}id"})
# The full text before the short one: readers see one of them.
_CONTENTS = (
    "http://purl.org/rss/1.0/modules/content/ encoded",
    f"{ATOM}content",
    "description",
    f"{RSS1}description",
    f"{ATOM}summary",
)
_HTML = frozenset({"html", "text/html"})


@dataclass(frozen=True, slots=True)
class RewrittenItem:
    """One item: its address, its title as it is to be shown, and the answers for its texts (none where it was left)."""

    url: str
    title: str
    texts: tuple[Rewritten, ...]
    warnings: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "url": self.url,
            "title": self.title,
            "placements": [placed.as_json() for text in self.texts for placed in text.placements],
            "disclosure": self.texts[0].as_json()["disclosure"] if self.texts else None,
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True, slots=True)
class RewrittenFeed:
    """The feed as it is to be published. The changes restore the input."""

    xml: str
    changes: tuple[Edit, ...]
    items: tuple[RewrittenItem, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(
            f"Item {number} ({item.url or item.title}): {warning}"
            for number, item in enumerate(self.items, start=1)
            for warning in item.warnings
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "html": self.xml,
            "changes": [
                {"start": edit.start, "end": edit.end, "old": edit.old, "new": edit.new, "what": edit.what}
                for edit in self.changes
            ],
            "items": [item.as_json() for item in self.items],
            "warnings": list(self.warnings),
        }


def rewrite_feed(desk: Desk, *, xml: str, article: ArticleFacts, now: datetime) -> RewrittenFeed:
    """Rewrites every item; `article` says what is true of all of them.

    Product-led items that hold paid links get the label in their titles. InvalidDocument for what is no well-formed feed,
    has a document type or more than a thousand items; nothing is stored then. Each text is stored by itself: a feed that was
    broken off is simply sent again.
    """
    bench = _Bench(desk, xml, article, now)
    rewritten = [bench.item(number, item) for number, item in enumerate(list(items(xml)), start=1)]
    changes = in_order(edit for edits, _ in rewritten for edit in edits)
    return RewrittenFeed(apply(xml, changes), changes, tuple(item for _, item in rewritten))


@dataclass(frozen=True, slots=True)
class _Bench:
    """Where the items of one feed are rewritten."""

    desk: Desk
    xml: str
    article: ArticleFacts
    now: datetime

    def item(self, number: int, item: Item) -> tuple[list[Edit], RewrittenItem]:
        deadline.check()
        titled = title.text if (title := item.first(_TITLES)) else None
        shown = " ".join(titled.text.split()) if titled else ""
        facts = self._facts(number, item, shown)
        edits: list[Edit] = []
        texts: list[Rewritten] = []
        warnings: list[str] = []
        contents = [element for name in _CONTENTS for element in item.elements if element.name == name]
        for element in filter(_holds_html, contents):
            made = self._content(element, facts, FEED if element is contents[0] else SUMMARY)
            if isinstance(made, str):
                warnings.append(f"It was left as it is: {made}")
            else:
                edits += made[0]
                texts.append(made[1])
        announced = next((text.announced for text in texts if text.announced.label), None)
        if announced:
            labelled = self._labelled(titled, announced) if titled and shown else None
            edits += labelled or []
            shown = announced.labelled(shown) if labelled is not None else shown
            warnings += [] if labelled is not None else [f"It has no title that “{announced.label}” can be put before."]
        said = dict.fromkeys([*warnings, *(warning for text in texts for warning in text.warnings)])
        return edits, RewrittenItem(facts.url or "", shown, tuple(texts), tuple(said))

    def _content(self, element: Element, facts: ArticleFacts, variant: str) -> tuple[list[Edit], Rewritten] | str:
        """The edits for one text and the answer for it; or why it stays as it is, and then nothing is stored."""
        content = element.text
        if content is None:
            return "its content is XHTML. Write it as HTML, escaped or in CDATA."
        try:
            document = parsed(content.text, variant)
            rewritten = self.desk.settled(lambda: self._carried_plan(content, document, facts, variant))
        except (InvalidDocument, InvalidUrl) as problem:
            return str(problem)
        return self._carried(content, rewritten), rewritten

    def _carried_plan(self, content: Text, document: Document, facts: ArticleFacts, variant: str) -> Plan:
        plan = self.desk.plan(document, facts, now=self.now, variant=variant)
        self._carried(content, plan.rewritten)
        return plan

    def _carried(self, content: Text, rewritten: Rewritten) -> list[Edit]:
        """The edits of the feed that make the edits of one of its texts. InvalidDocument where there are none."""
        edits = content.carried(self.xml, rewritten.changes, rewritten.html)
        if edits is None:
            raise InvalidDocument("CDATA sections cut its HTML up within a link. Write it as one section.")
        return edits

    def _labelled(self, titled: Text, announced: Announcement) -> list[Edit] | None:
        """The label before the title's first word, nothing where its author put one; None if it cannot be put there."""
        title = titled.text.lstrip()
        blank = titled.text[: len(titled.text) - len(title)]
        labelled = announced.labelled(title)
        label = labelled[: len(labelled) - len(title)]
        return titled.carried(self.xml, [Edit(len(blank), "", label, "title")], blank + labelled) if label else []

    def _facts(self, number: int, item: Item, title: str) -> ArticleFacts:
        """What is said of an item: the register's title of its article stays."""
        url = _address(item)
        if url is None:
            named = item.first(_IDS)
            ref = (named.text.text.strip() if named and named.text else "") or str(number)
            return replace(self.article, url=None, draft=f"{self.article.draft or 'feed'}#{ref}"[:500], title=title)
        with self.desk.store.reading() as session:
            known = article_by_url(session, self.desk.site_of(session).id, url)
        return replace(self.article, url=url, draft=None, title=None if known and known.title else title or None)


def _holds_html(element: Element) -> bool:
    """RSS has HTML in its texts without saying so; Atom says what it has."""
    kind = element.attributes.get("type", "text" if element.name.startswith(ATOM) else "html")
    return kind in _HTML or element.has_children


def _address(item: Item) -> str | None:
    """Where the item's article is published, if it says so."""
    for element in item.elements:
        if element.name in _LINKS and element.attributes.get("rel", "alternate") == "alternate":
            address = element.attributes.get("href") or (element.text.text if element.text else "")
            try:
                return parse_web_url(address.strip()).text
            except InvalidUrl:
                continue
    return None
