"""Why a link stands where it stands, as a reader may know it: who chose it, who pays whom, where else there is.

It tells nothing of rates, notes, sub-ids, accounts, links that are not live yet or articles that are not published.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, joinedload

from affiliate.disclosure.own.texts import text_for
from affiliate.disclosure.texts import DisclosureText, statements
from affiliate.errors import InvalidInput
from affiliate.ids import is_placement_token
from affiliate.links.sites import site_at
from affiliate.money import Money
from affiliate.networks.registry import network_name
from affiliate.store.tables import Article, Link, LinkPath, Placement, Product, Programme, Site
from affiliate.urls import host_of, without_www

PREFIX = "/why"
_GO = "/go/"
_LONGEST = 1000  # of a path in the store
_MOST_OTHERS = 10
_AMAZON = re.compile(r"(?:^|\.)(?:amazon|amzn)\.")


@dataclass(frozen=True, slots=True)
class Title:
    """The site whose readers ask. `front` is its front page, "" where the request did not come by a host of it."""

    name: str
    language: str
    time_zone: str
    front: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A shop's own page, without tracking. `price` is what was seen there at `price_as_of`; None where nobody looked, or where
    it may not be kept."""

    advertiser: str
    url: str
    host: str
    price: Money | None
    price_as_of: datetime | None


@dataclass(frozen=True, slots=True)
class ChosenFor:
    """The published article that a link was chosen for, with its author as the byline names them ("": nobody)."""

    title: str
    url: str
    author: str


@dataclass(frozen=True, slots=True)
class Why:
    """`earns` says whether a purchase through the link may pay us. `label` and `sentence` are what the site's readers are
    told beside such links, `statements` what networks want said; empty where there are no such words."""

    title: Title
    name: str
    network: str
    earns: bool
    here: Offer
    elsewhere: tuple[Offer, ...]
    chosen_for: ChosenFor | None
    label: str
    sentence: str
    statements: tuple[str, ...]


def address_of(path: str) -> str:
    """The address of the page about the link with this path: /go/dress → /why/dress, /recommends/a → /why/recommends/a."""
    return f"{PREFIX}/{path.removeprefix(_GO).removeprefix('/')}"


def title_of(session: Session, host: str) -> Title | None:
    """The site that answers on a host (lower case, without port); the oldest one on a host that is no site's."""
    site, is_own = _site(session, host)
    return _title(site, host if is_own else "") if site else None


def why(session: Session, *, host: str, asked: str, now: datetime) -> Why | None:
    """What there is to say about `asked`, what stands behind /why/ in the address: a slug or a whole imported path, perhaps
    with `/-` and a placement token. None for what leads nowhere, or not yet."""
    site, is_own = _site(session, host)
    found = _find(session, site if is_own else None, asked)
    if found is None:
        return None
    link, token = found
    is_own, site = is_own and site is link.site, link.site
    text = _text(session, site)
    network = link.programme.network
    return Why(
        title=_title(site, host if is_own else ""),
        name=link.product.title,
        network=network_name(network),
        earns=link.status == "live" and link.programme.joined,
        here=_offer(link),
        elsewhere=_elsewhere(session, link),
        chosen_for=_chosen_for(session, link, token, now) if token else None,
        label=text.label if text else "",
        sentence=text.sentence if text else "",
        statements=statements(text, frozenset({network})) if text else (),
    )


def _site(session: Session, host: str) -> tuple[Site | None, bool]:
    own = site_at(session, host)
    return (own, True) if own else (session.scalar(select(Site).order_by(Site.id).limit(1)), False)


def _title(site: Site, host: str) -> Title:
    return Title(site.name, site.language, site.time_zone, f"https://{host}/" if host else "")


def _find(session: Session, own: Site | None, asked: str) -> tuple[Link, str] | None:
    """As the redirect reads paths: the whole of it first, then without a token; of the host's own site, else of the only one
    that has it. A token names its link."""
    if not asked.isprintable() or len(asked) > _LONGEST:
        return None
    head, _, tail = asked.rpartition("/-")
    if link := _shown(session, _at(session, own, asked)):
        return link, ""
    if not head or not is_placement_token(tail):
        return None
    named = session.scalar(select(Placement.link_id).where(Placement.token == tail))
    link = _shown(session, _at(session, own, head) if named is None else named)
    return (link, tail) if link else None


def _at(session: Session, own: Site | None, asked: str) -> int | None:
    """The link at a path; None also where several sites have one and none of them is the host's."""
    bare = asked.strip("/")
    paths = [f"{_GO}{bare}", f"{_GO}{bare.lower()}", f"/{asked}", f"/{bare}", f"/{bare}/"]
    known = select(LinkPath.site_id, LinkPath.path, LinkPath.link_id).where(
        LinkPath.site_id.in_(session.scalars(select(Site.id)).all()), LinkPath.path.in_(paths)
    )
    rows = session.execute(known).all()
    ours = [row for row in rows if own and row.site_id == own.id] or rows
    if len({row.site_id for row in ours}) != 1:
        return None
    return int(min(ours, key=lambda row: paths.index(row.path)).link_id)


def _shown(session: Session, link_id: int | None) -> Link | None:
    """The link, unless there is none or it is not live yet."""
    if link_id is None:
        return None
    wanted = select(Link).options(
        joinedload(Link.site), joinedload(Link.product), joinedload(Link.programme).joinedload(Programme.advertiser)
    )
    link = session.scalar(wanted.where(Link.id == link_id))
    return link if link and link.status != "scheduled" else None


def _text(session: Session, site: Site) -> DisclosureText | None:
    try:
        return text_for(session, site, jurisdiction=site.jurisdiction, language=site.language)
    except InvalidInput:  # no words in this language: the page does without
        return None


def _offer(link: Link) -> Offer:
    """Amazon's prices may be shown only fresh from its own interface (Program Policies of 14 April 2026), so never here."""
    product, host = link.product, without_www(host_of(link.target_url) or "")
    may_show = link.programme.network != "amazon" and not _AMAZON.search(host)
    price = None
    if may_show and product.price is not None and product.currency and product.price_as_of:
        price = Money(product.price, product.currency)
    return Offer(link.programme.advertiser.name, link.target_url, host, price, product.price_as_of if price else None)


def _elsewhere(session: Session, link: Link) -> tuple[Offer, ...]:
    """The same product at other advertisers that the site links to: one record, or the same brand and title."""
    product = link.product
    same = [Link.product_id == product.id, Link.target_key == link.target_key]
    if product.brand and product.title:
        alike = select(Product.id).where(Product.brand == product.brand, Product.title == product.title)
        same.append(Link.product_id.in_(alike))
    wanted = (
        select(Link)
        .join(Programme, Programme.id == Link.programme_id)
        .options(joinedload(Link.product), joinedload(Link.programme).joinedload(Programme.advertiser))
        .where(
            or_(*same),
            Link.site_id == link.site_id,
            Link.status == "live",
            Programme.advertiser_id != link.programme.advertiser_id,
        )
        .order_by(Link.id)
        .limit(_MOST_OTHERS)
    )
    return _one_for_each_shop([_offer(other) for other in session.scalars(wanted)])


def _one_for_each_shop(offers: Sequence[Offer]) -> tuple[Offer, ...]:
    return tuple({offer.advertiser: offer for offer in reversed(offers)}.values())[::-1]


def _chosen_for(session: Session, link: Link, token: str, now: datetime) -> ChosenFor | None:
    """The article in which the token's placement of this link stands, once it is published."""
    published = and_(Article.url.is_not(None), or_(Article.published_at.is_(None), Article.published_at <= now))
    row = session.execute(
        select(Article.title, Article.url, Article.author)
        .join(Placement, Placement.article_id == Article.id)
        .where(Placement.token == token, Placement.link_id == link.id, Placement.removed_at.is_(None), published)
    ).first()
    return ChosenFor(row.title, row.url if host_of(row.url) else "", row.author) if row else None
