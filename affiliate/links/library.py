"""The link library: one record behind every use of a link, edited once, changed everywhere."""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from affiliate.errors import CannotBuild, InvalidInput, NotFound, OwnHost, SlugTaken, UnknownAdvertiser
from affiliate.ids import new_placement_token
from affiliate.links import queries, slugs
from affiliate.links.cleaning import clean
from affiliate.links.programmes import checked_mode, is_our_account, terms
from affiliate.links.queries import LinkFilter
from affiliate.links.routes import covering, why_not
from affiliate.links.sites import is_own_host
from affiliate.money import Money
from affiliate.networks import registry
from affiliate.networks.base import DIRECT, REDIRECT, DeepLink
from affiliate.store.jobs import enqueue
from affiliate.store.tables import Link, LinkChange, LinkPath, Placement, Product, Programme, Site
from affiliate.urls import WebUrl, digest, identity, is_https, likeness, parse_web_url

STATUSES = ("live", "scheduled", "expired", "retired")
READ_FACTS = "products.read-facts"
MOST_NEAR = 5  # links to nearly the same target that are shown
_TRIES = 5  # against others who take the same target or slug at the same moment

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class LinkView:
    """A link as people and scripts see it. `deep_link` carries the token of the link's default placement, `own_mode`
    is set where the link differs from its programme, `joined` says whether we are in that, `price` is `amount` as people write it, `facts_note` says why the product's page could not be read."""

    id: int
    site: str
    slug: str
    path: str
    aliases: tuple[str, ...]
    name: str
    target_url: str
    deep_link: str | None
    network: str
    advertiser: str
    programme_id: int
    joined: bool
    mode: str
    own_mode: str | None
    status: str
    default_token: str
    note: str
    product_id: int
    price: str | None
    amount: Decimal | None
    currency: str | None
    image_url: str | None
    facts_note: str | None
    created_at: datetime
    updated_at: datetime

    def as_json(self) -> dict[str, Any]:
        return {
            "slug": self.slug,
            "path": self.path,
            "aliases": list(self.aliases),
            "site": self.site,
            "name": self.name,
            "target_url": self.target_url,
            "deep_link": self.deep_link,
            "network": self.network,
            "advertiser": self.advertiser,
            "mode": self.mode,
            "status": self.status,
            "token": self.default_token,
            "created_at": self.created_at.isoformat(),
            "updated_at": self.updated_at.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class AddedLink:
    """The link, whether it is new, the site's other links to the same target, its links to nearly the same one (told of a new
    link only), and in sentences what was taken off the pasted address besides click ids and what became of its http."""

    link: LinkView
    created: bool
    duplicates: tuple[LinkView, ...]
    near: tuple[LinkView, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """A pasted address, cleaned: the advertiser's own page, the programme that pays for it, and what was taken off besides
    click ids, in sentences."""

    url: WebUrl
    programme: Programme
    mode: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link that is decided and not stored yet: its slug, the name that was given ("": none) and the token of its default
    placement."""

    target: Target
    slug: str
    name: str = ""
    token: str = field(default_factory=new_placement_token)

    @property
    def shown_name(self) -> str:
        return self.name or self.slug.rpartition("/")[2].replace("-", " ").capitalize()


def resolve_target(session: Session, site: Site, text: str) -> Target:
    """What a pasted address leads to: redirects and networks' wrappings taken off, tracking parameters dropped, programme found.

    InvalidUrl, OwnHost or UnknownAdvertiser where it cannot become a link. Makes no request.
    """
    pasted = parse_web_url(text)
    if is_own_host(session, pasted.host):
        raise OwnHost(pasted.text, pasted.host)
    page = clean(pasted.text, is_ours=lambda key, ref: is_our_account(session, key, ref))
    target = page.url
    if is_own_host(session, target.host):
        raise OwnHost(target.text, target.host)
    programme = covering(session, target.host, entity_id=site.entity_id)
    if programme is None:
        reason = why_not(session, target.host, entity_id=site.entity_id)
        raise UnknownAdvertiser(target.host.removeprefix("www."), reason)
    return Target(target, programme, programme.mode, page.notes)


def add_link(
    session: Session, *, site: Site, url: str, slug: str | None = None, name: str | None = None, now: datetime
) -> AddedLink:
    """Makes a link from a pasted address. Without a slug of its own, an address that the site links to already gives
    the existing link back; nothing is stored then.

    Addresses are the same where a browser makes the same of them. Beyond that https and http are: a link that leads to the
    http form of a pasted https address leads to that from now on, and never the other way about. Links to nearly the same
    address are told of, and none is taken for another. Of two requests that make the same link at once the second is given
    the first one's.

    Raises what `resolve_target` raises, InvalidSlug, SlugTaken, CannotBuild; nothing is stored then.
    """
    target = resolve_target(session, site, url)
    return _against_others(session, lambda: _added(session, site, target, slug=slug, name=name, now=now))


def _added(
    session: Session, site: Site, target: Target, *, slug: str | None, name: str | None, now: datetime
) -> AddedLink:
    same = queries.by_target(session, site.id, target_key(target.url.text))
    target = _on_https(session, target, same, now)
    if same and not slug:
        known = views(session, same)
        return AddedLink(known[0], False, tuple(known[1:]), notes=target.notes)
    deep_link(target.programme, target.url.text, target.mode)
    wanted = NewLink(target, _free_slug(session, site, target, slug, name), (name or "").strip())
    [link] = create_links(session, site.id, [wanted], now=now)
    near, duplicates = near_links(session, site.id, target.url.text), tuple(views(session, same))
    return AddedLink(show_by_id(session, link.id), True, duplicates, near, target.notes)


def near_links(session: Session, site_id: int, url: str) -> tuple[LinkView, ...]:
    """The site's links to other addresses that often lead to the same page, the oldest first, a few of them."""
    alike = queries.near_target(session, site_id, digest(likeness(url)), target_key(url), MOST_NEAR)
    return tuple(views(session, alike))


def _on_https(session: Session, target: Target, same: Sequence[Link], now: datetime) -> Target:
    """The target, and the site's links to it, on https where one of them is."""
    pasted = target.url.text
    on_https = next((url for url in (pasted, *(link.target_url for link in same)) if is_https(url)), pasted)
    if is_https(on_https):
        secure(session, same, on_https, now=now)
    if is_https(pasted) or not is_https(on_https):
        return target
    note = f"The library leads to {on_https}: https is kept."
    return replace(target, url=parse_web_url(on_https), notes=(*target.notes, note))


def secure(session: Session, links: Sequence[Link], on_https: str, *, now: datetime) -> None:
    """Lets those links that lead to the http form of an address lead to its https form."""
    for link in links:
        if not is_https(link.target_url):
            if link.product.target_url == link.target_url:
                link.product.target_url = on_https
            link.target_url = on_https
            changed(session, link, now)


def _against_others(session: Session, make: Callable[[], Made]) -> Made:
    """What `make` made. It is made again where somebody else took its target or its slug since it looked."""
    for _ in range(_TRIES - 1):
        try:
            with session.begin_nested():
                return make()
        except IntegrityError:
            continue
    with session.begin_nested():
        return make()


def target_key(url: str) -> str:
    """Under which a site's links to this target are found, whoever wrote it."""
    return digest(identity(url))


def _free_slug(session: Session, site: Site, target: Target, slug: str | None, name: str | None) -> str:
    if not slug:
        return propose_slug(session, site, target.url.text, name)
    wanted = slugs.checked_slug(slug)
    _check_free(session, site, wanted)
    return wanted


def propose_slug(
    session: Session, site: Site, target_url: str, name: str | None = None, *, besides: AbstractSet[str] = frozenset()
) -> str:
    """A free slug made of the product's words, none of those `besides`."""
    wanted = slugs.proposal(target_url, name)

    def taken(some: Sequence[str]) -> set[str]:
        return queries.taken_slugs(session, site.id, some) | (besides & set(some))

    return slugs.free_numbered(wanted, taken)


def _check_free(session: Session, site: Site, slug: str, link: Link | None = None) -> None:
    owner = queries.path_owner(session, site.id, slugs.PREFIX + slug)
    if owner is None or (link is not None and owner.link_id == link.id):
        return
    free = slugs.free_numbered(slug, partial(queries.taken_slugs, session, site.id))
    raise SlugTaken(owner.path, owner.link.name, slugs.PREFIX + free)


def create_links(session: Session, site_id: int, wanted: Sequence[NewLink], *, now: datetime) -> list[Link]:
    """Stores links to different targets whose slugs are free, in their order."""
    products = [
        Product(
            advertiser_id=each.target.programme.advertiser_id,
            title=each.name,
            target_url=each.target.url.text,
            created_at=now,
        )
        for each in wanted
    ]
    session.add_all(products)
    session.flush()
    keys = [target_key(each.target.url.text) for each in wanted]
    twins = queries.next_twins(session, site_id, keys)
    links = [
        Link(
            site_id=site_id,
            product_id=product.id,
            programme_id=each.target.programme.id,
            name=each.shown_name,
            target_url=each.target.url.text,
            target_key=key,
            near_key=digest(likeness(each.target.url.text)),
            twin=twins[key],
            status="live",
            note="",
            created_at=now,
            updated_at=now,
        )
        for each, product, key in zip(wanted, products, keys, strict=True)
    ]
    session.add_all(links)
    session.flush()
    for each, link in zip(wanted, links, strict=True):
        path = slugs.PREFIX + each.slug
        session.add(LinkPath(site_id=site_id, link_id=link.id, path=path, slug=each.slug, created_at=now))
        session.add(Placement(token=each.token, link_id=link.id, kind="bare", is_default=True, created_at=now))
        if not each.name:
            enqueue(session, READ_FACTS, {"link_id": link.id}, now=now)
        session.add(LinkChange(link_id=link.id, changed_at=now))
    session.flush()
    return links


def changed(session: Session, link: Link, now: datetime) -> None:
    """Marks a link for publishing, in the transaction of its edit."""
    link.updated_at = now
    session.add(LinkChange(link_id=link.id, changed_at=now))
    session.flush()


def find_link(session: Session, site: Site, slug: str) -> Link:
    """By slug, old slug, or whole path. NotFound otherwise."""
    text = slug.strip()
    paths = [text] if text.startswith("/") else [slugs.PREFIX + text.strip("/")]
    for path in paths:
        if link := queries.by_path(session, site.id, path):
            return link
    raise NotFound("link", slug, "See them with: affiliate link list")


def show_link(session: Session, site: Site, slug: str) -> LinkView:
    return views(session, [find_link(session, site, slug)])[0]


def show_by_id(session: Session, link_id: int) -> LinkView:
    session.expire_all()
    link = queries.by_id(session, link_id)
    if link is None:
        raise NotFound("link", link_id)
    return views(session, [link])[0]


def list_links(session: Session, wanted: LinkFilter) -> tuple[list[LinkView], int]:
    """The page of links that match, newest first, and how many there are in all."""
    links, total = queries.search(session, wanted)
    return views(session, links), total


def rename_link(session: Session, *, link_id: int, slug: str, now: datetime) -> LinkView:
    """Gives a link a new slug. The old one stays an alias for ever. SlugTaken or InvalidSlug: nothing changed."""
    link = _whole(session, link_id)
    wanted = slugs.checked_slug(slug)
    _check_free(session, link.site, wanted, link)
    for path in link.paths:
        path.is_alias = path.slug != wanted
    if all(path.is_alias for path in link.paths):
        session.add(
            LinkPath(site_id=link.site_id, link_id=link.id, path=slugs.PREFIX + wanted, slug=wanted, created_at=now)
        )
    changed(session, link, now)
    return show_by_id(session, link_id)


def edit_link(
    session: Session,
    *,
    link_id: int,
    now: datetime,
    url: str | None = None,
    name: str | None = None,
    note: str | None = None,
    mode: str | None = None,
    price: str | None = None,
    currency: str | None = None,
    image_url: str | None = None,
) -> LinkView:
    """Changes what is given and leaves the rest. A new address goes through the same checks as a new link."""
    link = _whole(session, link_id)
    if url is not None and url.strip() != link.target_url:
        target = resolve_target(session, link.site, url)
        deep_link(target.programme, target.url.text, target.mode)
        _against_others(session, lambda: _lead_to(session, link, target.url.text))
        link.programme_id = target.programme.id
        link.product.target_url = target.url.text
        link.product.advertiser_id = target.programme.advertiser_id
        link.product.facts_note = None
    if name is not None:
        if not name.strip():
            raise InvalidInput("The name is empty; give the link a name that editors recognise.")
        link.name = link.product.title = name.strip()
    if note is not None:
        link.note = note.strip()
    if mode is not None:
        link.mode = checked_mode(mode) if mode else None
    if price is not None:
        _set_price(link.product, price, currency, now)
    if image_url is not None:
        link.product.image_url = parse_web_url(image_url).text if image_url.strip() else None
    changed(session, link, now)
    return show_by_id(session, link_id)


def _lead_to(session: Session, link: Link, url: str) -> None:
    key = target_key(url)
    if key != link.target_key:
        link.twin = queries.next_twins(session, link.site_id, [key])[key]
    link.target_url, link.target_key, link.near_key = url, key, digest(likeness(url))
    session.flush()


def _set_price(product: Product, price: str, currency: str | None, now: datetime) -> None:
    if not price.strip():
        product.price = product.currency = product.price_as_of = None
        return
    money = Money.of(price, currency)
    product.price, product.currency, product.price_as_of = money.amount, money.currency, now


def set_status(session: Session, *, link_id: int, status: str, now: datetime) -> LinkView:
    """`live`, `scheduled`, `expired` or `retired`. A retired link's paths go on answering, without tracking."""
    if status not in STATUSES:
        raise InvalidInput(f"{status!r} is no status; there are {', '.join(STATUSES)}.")
    link = _whole(session, link_id)
    link.status = status
    changed(session, link, now)
    return show_by_id(session, link_id)


def reroute_link(session: Session, *, link_id: int, now: datetime) -> LinkView:
    """Moves a link to the programme that a new link to its page would be made on; its paths and placements stay.
    UnknownAdvertiser or CannotBuild: nothing changed."""
    link = _whole(session, link_id)
    target = resolve_target(session, link.site, link.target_url)
    deep_link(target.programme, target.url.text, target.mode)
    link.programme_id = target.programme.id
    link.product.advertiser_id = target.programme.advertiser_id
    changed(session, link, now)
    return show_by_id(session, link_id)


def retire_link(session: Session, *, link_id: int, now: datetime) -> LinkView:
    return set_status(session, link_id=link_id, status="retired", now=now)


def deep_link(programme: Programme, target_url: str, mode: str) -> DeepLink | None:
    """The tracked address, or None where the programme wants its URLs untouched. CannotBuild says what is missing."""
    if mode not in (REDIRECT, DIRECT):
        return None
    return registry.deep_link(terms(programme), target_url)


def mode_of(link: Link) -> str:
    return link.mode or link.programme.mode


def _whole(session: Session, link_id: int) -> Link:
    link = queries.by_id(session, link_id)
    if link is None:
        raise NotFound("link", link_id, "See them with: affiliate link list")
    return link


def views(session: Session, links: Sequence[Link]) -> list[LinkView]:
    tokens = queries.default_tokens(session, [link.id for link in links])
    return [_view(link, tokens[link.id]) for link in links]


def _view(link: Link, token: str) -> LinkView:
    current = next(path for path in link.paths if not path.is_alias)
    return LinkView(
        id=link.id,
        site=link.site.key,
        slug=current.slug,
        path=current.path,
        aliases=tuple(path.path for path in link.paths if path.is_alias),
        name=link.name,
        target_url=link.target_url,
        deep_link=finished(link.programme, link.target_url, mode_of(link), token),
        network=link.programme.network,
        advertiser=link.programme.advertiser.name,
        programme_id=link.programme_id,
        joined=link.programme.joined,
        mode=mode_of(link),
        own_mode=link.mode,
        status=link.status,
        default_token=token,
        note=link.note,
        product_id=link.product_id,
        price=_price(link.product),
        amount=link.product.price,
        currency=link.product.currency,
        image_url=link.product.image_url,
        facts_note=link.product.facts_note,
        created_at=link.created_at,
        updated_at=link.updated_at,
    )


def finished(programme: Programme, target_url: str, mode: str, token: str) -> str | None:
    """The tracked address with this token; None where there is none: the programme is not joined, wants its addresses untouched,
    or lost what its builder needs (the link shows it as missing)."""
    if not programme.joined:
        return None
    try:
        built = deep_link(programme, target_url, mode)
    except CannotBuild:
        return None
    return built.with_sub_id(token) if built else None


def _price(product: Product) -> str | None:
    if product.price is None or product.currency is None:
        return None

    return Money(product.price, product.currency).format()
