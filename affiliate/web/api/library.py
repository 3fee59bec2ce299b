"""What links stand on: sites and products. Read only; they are changed on the pages or by the command."""

from typing import Any

from affiliate.links.setup import SiteView
from affiliate.links.setup import list_sites as find_sites
from affiliate.money import Money, decimal_text
from affiliate.store.tables import Product
from affiliate.web.access import scoped
from affiliate.web.api import queries
from affiliate.web.api.door import SECURITY, blueprint
from affiliate.web.api.models import ProductListOut, SearchQuery, SiteListOut
from affiliate.web.services import services

api = blueprint("library", "Sites, products")


@api.get("/sites")
@api.output(SiteListOut)
@api.doc(security=SECURITY)
@scoped("links:read")
def list_sites() -> dict[str, Any]:
    """List the sites"""
    with services().store.reading() as session:
        items = [_site(site) for site in find_sites(session)]
    return {"items": items, "total": len(items), "page": 1, "per_page": max(len(items), 1)}


@api.get("/products")
@api.input(SearchQuery, location="query", arg_name="query")
@api.output(ProductListOut)
@api.doc(security=SECURITY)
@scoped("links:read")
def list_products(query: SearchQuery) -> dict[str, Any]:
    """Search the products

    Newest first.
    """
    with services().store.reading() as session:
        found, total = queries.products(session, query.search, query.per_page, query.offset)
        items = [_product(product) for product in found]
    return {"items": items, "total": total, "page": query.page, "per_page": query.per_page}


def _site(site: SiteView) -> dict[str, Any]:
    return {
        "key": site.key,
        "name": site.name,
        "entity": site.company_key,
        "hosts": list(site.hosts),
        "link_base": site.link_base,
        "language": site.language,
        "jurisdiction": site.jurisdiction,
        "time_zone": site.time_zone,
        "monetise": site.monetise,
    }


def _product(product: Product) -> dict[str, Any]:
    price = Money(product.price, product.currency) if product.price is not None and product.currency else None
    return {
        "id": product.id,
        "title": product.title,
        "advertiser": product.advertiser.name,
        "target_url": product.target_url,
        "brand": product.brand,
        "price": decimal_text(price.amount, price.currency) if price else None,
        "currency": price.currency if price else None,
        "price_as_of": product.price_as_of if price else None,
        "image_url": product.image_url,
        "availability": product.availability,
    }
