"""Title, price and image of a product, read from the advertiser's page: structured data first, then what pages tell
social networks, then the page's title. Where a page cannot be read, an editor types them and nothing waits.

Sources: schema.org Product and Offer as JSON-LD (schema.org/Product, read 2026-11), the Open Graph protocol (ogp.me).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from sqlalchemy.orm import Session

from affiliate.errors import AffiliateError, InvalidMoney
from affiliate.links import queries
from affiliate.links.library import changed
from affiliate.money import Money
from affiliate.pages.parsing import parse
from affiliate.urls import host_of

if TYPE_CHECKING:
    from bs4 import BeautifulSoup

_LONGEST_TITLE = 300
_LONGEST_PRICE = 60  # characters


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """What a page says. Every part may be missing; a price without a currency is no price."""

    title: str | None = None
    brand: str | None = None
    price: Money | None = None
    image_url: str | None = None
    availability: str | None = None


def facts_of(html: str, page_url: str) -> ProductFacts:
    """Reads a page; the answer is facts, possibly none. InvalidDocument for one that has no end: see affiliate.pages.parsing.

    BeautifulSoup's parser takes time that grows with the square of what is left open (10,000 unclosed tags: 12 s), so it
    gets the page in the form that the bounded parser writes, where everything is closed.
    """
    from bs4 import BeautifulSoup  # 0.2 s with what it brings, and most processes never read a page

    whole = parse(html.encode("utf-8", "replace").decode())  # half a character is none
    soup = BeautifulSoup(whole.serialize(), "html.parser")
    product = next(_products(soup), {})
    offer = _first(product.get("offers"))
    offer = _first(offer.get("offers")) or offer
    return ProductFacts(
        title=_text(product.get("name")) or _meta(soup, "og:title") or _title(soup),
        brand=_text(_named(product.get("brand"))) or _meta(soup, "product:brand"),
        price=_price(offer.get("price") or offer.get("lowPrice"), offer.get("priceCurrency"))
        or _price(_meta(soup, "product:price:amount"), _meta(soup, "product:price:currency"))
        or _price(_meta(soup, "og:price:amount"), _meta(soup, "og:price:currency")),
        image_url=_image(product.get("image") or _meta(soup, "og:image"), page_url),
        availability=_availability(offer.get("availability")),
    )


def store_facts(session: Session, link_id: int, facts: ProductFacts, *, now: datetime) -> None:
    """Fills in what nobody typed; a name that an editor gave stays."""
    link = queries.by_id(session, link_id)
    if link is None:
        return
    product = link.product
    if facts.title and not product.title:
        product.title = link.name = facts.title
    product.brand = product.brand or facts.brand
    if facts.price:
        product.price, product.currency, product.price_as_of = facts.price.amount, facts.price.currency, now
    product.image_url = product.image_url or facts.image_url
    product.availability = facts.availability
    product.facts_read_at, product.facts_note = now, None
    changed(session, link, now)


def note_failure(session: Session, link_id: int, problem: AffiliateError, *, now: datetime) -> None:
    """Remembers in words why the page could not be read, for the editor."""
    if product := queries.product_of(session, link_id):
        product.facts_read_at, product.facts_note = now, str(problem)


def _products(soup: "BeautifulSoup") -> Iterator[dict[str, Any]]:
    for script in soup.find_all("script", type="application/ld+json"):
        try:
            document = json.loads(script.string or "")
        except (ValueError, RecursionError):  # one broken block must not hide the good ones
            continue
        yield from _nodes(document)


def _nodes(document: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    if depth > 5:
        return
    if isinstance(document, list):
        for part in document:
            yield from _nodes(part, depth + 1)
    elif isinstance(document, dict):
        kinds = document.get("@type")
        if "Product" in (kinds if isinstance(kinds, list) else [kinds]):
            yield document
        for key in ("@graph", "mainEntity", "hasVariant"):
            yield from _nodes(document.get(key), depth + 1)


def _first(value: Any) -> dict[str, Any]:
    if isinstance(value, list):
        value = value[0] if value else None
    return value if isinstance(value, dict) else {}


def _named(value: Any) -> Any:
    return value.get("name") if isinstance(value, dict) else value


def _text(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    return " ".join(value.split())[:_LONGEST_TITLE] or None


def _meta(soup: "BeautifulSoup", name: str) -> str | None:
    tag = soup.find("meta", attrs={"property": name}) or soup.find("meta", attrs={"name": name})
    return _text(tag.get("content")) if tag else None


def _title(soup: "BeautifulSoup") -> str | None:
    return _text(soup.title.get_text()) if soup.title else None


def _price(amount: Any, currency: Any) -> Money | None:
    if amount is None or not isinstance(currency, str):
        return None
    from price_parser import Price

    parsed = Price.fromstring(str(amount)[:_LONGEST_PRICE]).amount
    if parsed is None or parsed <= 0:
        return None
    try:
        return Money.of(parsed, currency)
    except InvalidMoney:
        return None


def _image(value: Any, page_url: str) -> str | None:
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        value = value.get("url")
    if not isinstance(value, str) or not value.strip():
        return None
    absolute = urljoin(page_url, value.strip())
    return absolute if host_of(absolute) else None


def _availability(value: Any) -> str | None:
    return value.rstrip("/").rpartition("/")[2][:40] or None if isinstance(value, str) else None
