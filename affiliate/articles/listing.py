"""Listings: the home page, a section's page, a block of "read next". Every teaser of a product-led article gets its label.

Articles are known by their addresses. Where several links of one card lead to the same article, its headline is labelled.
Nothing else is touched, a second run changes nothing, and a label goes when its article holds no paid link any more.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from affiliate.articles.authored import accepted_labels
from affiliate.articles.document import Anchor, Document
from affiliate.articles.edits import Edit, apply, in_order
from affiliate.articles.notices import LABEL, Wanted, piece_edits
from affiliate.articles.policy import PRODUCT_LED
from affiliate.articles.queries import articles_at
from affiliate.disclosure.block import Notice
from affiliate.disclosure.own.texts import text_for
from affiliate.disclosure.wording import ends_with_label, is_label
from affiliate.errors import InvalidInput
from affiliate.store.tables import Article, Site
from affiliate.urls import host_of, without_www

_ONE_CARD = 1000  # characters of source between two links of a card to the same article


@dataclass(frozen=True, slots=True)
class Teaser:
    """A teaser of a product-led article of ours. `label` is the one that it carries, "" if its author wrote it."""

    url: str
    title: str
    label: str


@dataclass(frozen=True, slots=True)
class Listing:
    """The labelled listing. The changes restore the input."""

    html: str
    changes: tuple[Edit, ...]
    teasers: tuple[Teaser, ...]
    warnings: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "html": self.html,
            "changes": [
                {"start": edit.start, "end": edit.end, "old": edit.old, "new": edit.new, "what": edit.what}
                for edit in self.changes
            ],
            "teasers": [{"url": teaser.url, "title": teaser.title, "label": teaser.label} for teaser in self.teasers],
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True, slots=True)
class _Led:
    """An anchor that leads to an article of ours, at its address as we keep it."""

    anchor: Anchor
    url: str


def label_teasers(session: Session, *, site: Site, html: str) -> Listing:
    """Labels every teaser of a product-led article of the site that holds paid links, in the listing's language.

    Stores nothing. InvalidDocument for what is no text or too long.
    """
    document = Document(html)
    spelled = {anchor.number: _spellings(anchor.url, site) for anchor in document.anchors if not anchor.off}
    known = articles_at(session, site.id, {url for urls in spelled.values() for url in urls})
    led = [
        _Led(anchor, url)
        for anchor in document.anchors
        if (url := next((url for url in spelled.get(anchor.number, ()) if url in known), None))
    ]
    advertising = {url: article for url, (article, pays) in known.items() if pays and article.kind == PRODUCT_LED}
    notices, warnings = _notices(session, document, site, advertising)
    wanted, teasers = [], []
    for card in _cards(led):
        notice = notices.get(card[0].url)
        if notice is None:
            continue
        piece = _piece(card, notice)
        wanted += [piece] if piece else []
        title = next((each.anchor.text for each in card if each.anchor.text), "")
        teasers.append(Teaser(card[0].url, title, notice.text.label if piece else ""))
    changes = in_order(piece_edits(document, wanted))
    return Listing(apply(html, changes), changes, tuple(teasers), warnings)


def _notices(
    session: Session, document: Document, site: Site, advertising: Mapping[str, Article]
) -> tuple[dict[str, Notice], tuple[str, ...]]:
    """What each article is labelled with; a warning for each that has no label in the listing's language."""
    notices, warnings = {}, []
    for url, article in advertising.items():
        language = document.language or site.language
        try:
            jurisdiction = article.jurisdiction or site.jurisdiction
            text = text_for(session, site, jurisdiction=jurisdiction, language=language)
        except InvalidInput as problem:
            warnings.append(f"{url} is not labelled: {problem}")
            continue
        if text.labels_headline:
            notices[url] = Notice(text, product_led=True)
    return notices, tuple(warnings)


def _cards(led: Sequence[_Led]) -> Iterator[list[_Led]]:
    """Links that follow each other closely and lead to the same article, as the picture and the headline of a card do."""
    card: list[_Led] = []
    for each in led:
        if card and (each.url != card[-1].url or each.anchor.start - card[-1].anchor.start > _ONE_CARD):
            yield card
            card = []
        card.append(each)
    if card:
        yield card


def _piece(card: Sequence[_Led], notice: Notice) -> Wanted | None:
    """The label in the first words of the card that lead to the article, or before its picture; None where one stands."""
    labels = accepted_labels(notice)
    if any(_is_labelled(each.anchor, labels) for each in card):
        return None
    spoken = next(((each.anchor, slot) for each in card if (slot := each.anchor.text_slot) is not None), None)
    anchor, slot = spoken or (card[0].anchor, card[0].anchor.label_slot)
    return Wanted(slot, notice.link_label(anchor.language), LABEL)


def _is_labelled(anchor: Anchor, labels: Iterable[str]) -> bool:
    known = tuple(labels)
    lead = anchor.text_before
    return any(is_label(text, known) or ends_with_label(text, known) for text in (lead, anchor.text) if text)


def _spellings(href: str, site: Site) -> tuple[str, ...]:
    """The addresses under which an article that a link leads to may be kept: as it is written first, then absolute, with or
    without its query, a slash at its end or www."""
    address = "https:" + href if href.startswith("//") else href
    if address.startswith("/"):
        hosts = [host.host for host in site.hosts]
        path = address
    else:
        host = host_of(address)
        if host is None:
            return ()
        hosts = [host]
        path = "/" + address.partition("//")[2].partition("/")[2]
    whole = path.partition("#")[0]
    paths = dict.fromkeys(
        shape for form in (whole, whole.partition("?")[0]) for shape in (form, form.rstrip("/") or "/", form + "/")
    )
    bare = [without_www(host) for host in hosts]
    others = (
        f"{scheme}://{prefix}{host}{path}"
        for path in paths
        for host in bare
        for scheme in ("https", "http")
        for prefix in ("", "www.")
    )
    return (address.partition("#")[0], *others)
