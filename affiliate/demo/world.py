"""Who is there: two companies, their titles, their accounts with the networks, nine advertisers and what they sell.

Everything is invented and stands on `.example` hosts (RFC 2606). The ids can be nobody's: the numbers lie above 2^31,
while every Awin, CJ and impact id in published links has at most nine digits; Rakuten's eleven characters spell out
that they are none. impact lets an advertiser track on a host of its own, so those are `.example` too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from affiliate.links.library import add_link, edit_link
from affiliate.links.programmes import add_account, add_programme
from affiliate.links.sites import DEFAULT_KEY, add_entity, add_site
from affiliate.store.tables import PublisherAccount, Site

UK, US = "tansy-and-thread", "saltmarsh-avenue"
TEMPLATE = "template"


@dataclass(frozen=True, slots=True)
class Title:
    """A site and the company behind it. `key` names both."""

    key: str
    name: str
    company: str
    currency: str
    language: str
    jurisdiction: str
    time_zone: str
    host: str


@dataclass(frozen=True, slots=True)
class Account:
    """Us at a network. `currency` only where the network's report names none."""

    title: str
    network: str
    ref: str
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Shop:
    """An advertiser's programme with one of our accounts. `rate` is a fraction, sales are in `currency`."""

    title: str
    network: str
    ref: str
    name: str
    host: str
    currency: str
    rate: Decimal
    template: str | None = None
    parameters: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ware:
    """A product that one of the titles links to; its price is in the shop's currency."""

    title: str
    url: str
    name: str
    price: Decimal


TITLES = (
    Title(
        key=UK,
        name="Tansy & Thread",
        company="Tansy & Thread Publishing Ltd",
        currency="GBP",
        language="en-GB",
        jurisdiction="uk",
        time_zone="Europe/London",
        host="tansyandthread.example",
    ),
    Title(
        key=US,
        name="Saltmarsh Avenue",
        company="Saltmarsh Avenue Media, Inc.",
        currency="USD",
        language="en-US",
        jurisdiction="us",
        time_zone="America/New_York",
        host="saltmarshavenue.example",
    ),
)

ACCOUNTS = (
    Account(UK, "awin", "9990000001"),
    Account(UK, "rakuten", "DEMOnobody*"),
    Account(UK, "impact", "9990000003"),
    Account(UK, "cj", "9990000004", "GBP"),
    Account(UK, TEMPLATE, "tansy-and-thread"),
    Account(US, "awin", "9990000011"),
    Account(US, "rakuten", "DEMOnobody/"),
    Account(US, "impact", "9990000013"),
    Account(US, "cj", "9990000014", "USD"),
)

_THREADMILL = (
    "https://click.threadmill.example/out?publisher={publisher_id}&shop={advertiser_id}&ref={sub_id}&to={encoded_url}"
)


def _impact(host: str, ad_id: str) -> dict[str, str]:
    return {"host": host, "ad_id": ad_id}


SHOPS = (
    Shop(UK, "awin", "9990000101", "Ardenwick", "ardenwick.example", "GBP", Decimal("0.08")),
    Shop(UK, "awin", "9990000102", "Pellam & Rue", "pellamandrue.example", "GBP", Decimal("0.10")),
    Shop(UK, "awin", "9990000103", "Oriel & Oat", "orielandoat.example", "EUR", Decimal("0.07")),
    Shop(UK, "rakuten", "9990000104", "Brindlecote", "brindlecote.example", "GBP", Decimal("0.06")),
    Shop(UK, "rakuten", "9990000105", "Maison Quillon", "maisonquillon.example", "EUR", Decimal("0.12")),
    Shop(
        UK,
        "impact",
        "9990000106",
        "Kestrel Yard",
        "kestrelyard.example",
        "GBP",
        Decimal("0.09"),
        parameters=_impact("go.kestrelyard.example", "9990001006"),
    ),
    Shop(
        UK,
        "impact",
        "9990000107",
        "Vellum Street",
        "vellumstreet.example",
        "GBP",
        Decimal("0.11"),
        parameters=_impact("go.vellumstreet.example", "9990001007"),
    ),
    Shop(UK, "cj", "9990000108", "Nimbus & Nell", "nimbusandnell.example", "GBP", Decimal("0.08")),
    Shop(UK, TEMPLATE, "stonehatch", "Stonehatch", "stonehatch.example", "GBP", Decimal("0.05"), template=_THREADMILL),
    Shop(US, "awin", "9990000111", "Pellam & Rue", "pellamandrue.example", "USD", Decimal("0.09")),
    Shop(US, "awin", "9990000112", "Stonehatch", "stonehatch.example", "USD", Decimal("0.06")),
    Shop(US, "rakuten", "9990000113", "Maison Quillon", "maisonquillon.example", "USD", Decimal("0.10")),
    Shop(
        US,
        "impact",
        "9990000114",
        "Kestrel Yard",
        "kestrelyard.example",
        "USD",
        Decimal("0.08"),
        parameters=_impact("go.kestrelyard.example", "9990001014"),
    ),
    Shop(
        US,
        "impact",
        "9990000115",
        "Vellum Street",
        "vellumstreet.example",
        "USD",
        Decimal("0.10"),
        parameters=_impact("go.vellumstreet.example", "9990001015"),
    ),
    Shop(US, "cj", "9990000116", "Nimbus & Nell", "nimbusandnell.example", "USD", Decimal("0.07")),
)


def _wares(title: str, host: str, *wares: tuple[str, str, str]) -> tuple[Ware, ...]:
    return tuple(Ware(title, f"https://www.{host}{path}", name, Decimal(price)) for path, name, price in wares)


# What the editors pasted into the library before they wrote; the articles link to the same pages.
WARES = (
    *_wares(
        UK,
        "ardenwick.example",
        ("/womens/dresses/carrara-marble-print-midi-dress-p38214", "Carrara marble-print midi dress", "68.00"),
        ("/womens/tops/veined-satin-shirt-p38377", "Veined satin shirt", "42.00"),
        ("/home/table/washed-linen-tablecloth-3m-p20555", "Washed linen tablecloth, three metres", "48.00"),
        ("/home/candles/pair-of-brass-candlesticks-p21102", "Pair of brass candlesticks", "30.00"),
        ("/home/furniture/folding-beech-bench-p20871", "Folding beech bench", "85.00"),
    ),
    *_wares(
        UK,
        "pellamandrue.example",
        ("/shop/dresses/smoke-swirl-halterneck-maxi", "Smoke-swirl halterneck maxi", "89.00"),
        ("/shop/skirts/marble-pleat-midi-skirt", "Marble pleat midi skirt", "45.00"),
    ),
    *_wares(UK, "orielandoat.example", ("/knitwear/fine-rib-roll-neck-chalk", "Fine-rib roll neck, chalk", "39.00")),
    *_wares(
        UK,
        "brindlecote.example",
        ("/p/marbled-kitten-heel-mule/4417", "Marbled kitten-heel mule", "79.00"),
        ("/p/slate-block-heel-sandal/4423", "Slate block-heel sandal", "72.00"),
        ("/p/suede-sole-dance-pump/3980", "Suede-sole dance pump", "58.00"),
    ),
    *_wares(UK, "maisonquillon.example", ("/foulards/onda-marbled-silk-scarf", "Onda marbled silk scarf", "95.00")),
    *_wares(
        UK,
        "kestrelyard.example",
        ("/tailoring/ink-wash-tuxedo-jacket", "Ink-wash tuxedo jacket", "140.00"),
        ("/tailoring/cropped-wide-leg-trouser?colour=slate", "Cropped wide-leg trouser, slate", "65.00"),
    ),
    *_wares(
        UK,
        "vellumstreet.example",
        ("/earrings/howlite-drop-earrings", "Howlite drop earrings", "34.00"),
        ("/bangles/poured-resin-cuff", "Poured-resin cuff", "28.00"),
    ),
    *_wares(
        UK,
        "nimbusandnell.example",
        ("/uk/jumpsuits/marble-print-wide-leg-jumpsuit", "Marble-print wide-leg jumpsuit", "75.00"),
        ("/uk/dresses/full-circle-swing-dress", "Full-circle swing dress", "59.00"),
    ),
    *_wares(
        UK,
        "stonehatch.example",
        ("/bags/alabaster-box-clutch", "Alabaster box clutch", "55.00"),
        ("/kitchen/enamel-two-pint-flask", "Enamel two-pint flask", "24.00"),
        ("/kitchen/marbled-serving-board", "Marbled serving board", "36.00"),
        ("/kitchen/set-of-six-stoneware-bowls", "Set of six stoneware bowls", "60.00"),
    ),
    *_wares(
        US,
        "nimbusandnell.example",
        ("/us/jumpsuits/column-crepe-jumpsuit", "Column crepe jumpsuit", "128.00"),
    ),
    *_wares(
        US,
        "kestrelyard.example",
        ("/us/tailoring/unlined-wool-blazer", "Unlined wool blazer", "210.00"),
    ),
    *_wares(US, "maisonquillon.example", ("/us/foulards/tide-line-silk-square", "Tide-line silk square", "110.00")),
    *_wares(
        US,
        "vellumstreet.example",
        ("/us/earrings/tin-leaf-statement-earrings", "Tin-leaf statement earrings", "58.00"),
    ),
    *_wares(
        US,
        "pellamandrue.example",
        ("/us/shoes/woven-leather-flat", "Woven leather flat", "98.00"),
        ("/us/knitwear/travel-wrap", "Merino travel wrap", "120.00"),
    ),
    *_wares(
        US,
        "stonehatch.example",
        ("/us/bags/folded-leather-clutch", "Folded leather clutch", "84.00"),
        ("/us/kitchen/carbon-steel-skillet", "Carbon-steel skillet", "64.00"),
        ("/us/kitchen/end-grain-board", "End-grain board", "92.00"),
    ),
)


def found(session: Session, *, now: datetime) -> None:
    """Founds the companies and titles and joins the programmes, through the use cases of every new publisher."""
    _make_room(session)
    for title in TITLES:
        add_entity(session, key=title.key, name=title.company, base_currency=title.currency)
        add_site(
            session,
            key=title.key,
            name=title.name,
            hosts=(title.host, f"www.{title.host}"),
            language=title.language,
            jurisdiction=title.jurisdiction,
            time_zone=title.time_zone,
            entity_key=title.key,
            now=now,
        )
    for account in ACCOUNTS:
        add_account(
            session,
            account.network,
            account.ref,
            entity_key=account.title,
            name=_title(account.title).name,
            currency=account.currency,
            now=now,
        )
    for shop in SHOPS:
        add_programme(
            session,
            network=shop.network,
            advertiser_ref=shop.ref,
            name=shop.name,
            hosts=(shop.host,),
            rate=shop.rate,
            template=shop.template,
            parameters=shop.parameters,
            account_ref=account_of(shop).ref,
            now=now,
        )


def stock(session: Session, *, now: datetime) -> Sequence[int]:
    """Puts every product into the link library of its title; the ids of the links."""
    sites = {site.key: site for site in session.scalars(select(Site))}
    ids = []
    for ware in WARES:
        link = add_link(session, site=sites[ware.title], url=ware.url, name=ware.name, now=now).link
        edit_link(session, link_id=link.id, price=str(ware.price), currency=shop_of(ware).currency, now=now)
        ids.append(link.id)
    return ids


def account_of(shop: Shop) -> Account:
    return next(each for each in ACCOUNTS if (each.title, each.network) == (shop.title, shop.network))


def shop_of(ware: Ware) -> Shop:
    host = ware.url.split("/")[2].removeprefix("www.")
    return next(shop for shop in SHOPS if (shop.title, shop.host) == (ware.title, host))


def _title(key: str) -> Title:
    return next(title for title in TITLES if title.key == key)


def _make_room(session: Session) -> None:
    """The nameless site that an empty database begins with would be a third title that nobody writes for."""
    site = session.scalar(select(Site).where(Site.key == DEFAULT_KEY))
    if site is None or site.hosts:
        return
    company = site.entity
    session.delete(site)
    session.flush()
    sites = session.scalar(select(func.count(Site.id)).where(Site.entity_id == company.id))
    accounts = session.scalar(select(func.count(PublisherAccount.id)).where(PublisherAccount.entity_id == company.id))
    if company.key == DEFAULT_KEY and not sites and not accounts:
        session.delete(company)
        session.flush()
