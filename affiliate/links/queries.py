"""The SQL of the links room."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from affiliate.store.tables import Advertiser, Link, LinkChange, LinkPath, Placement, Product, Programme, Site, SiteHost

PAGE = 50


@dataclass(frozen=True, slots=True)
class LinkFilter:
    """What to list: words found in name, path, target or advertiser (all of them), a status, a site; pages count from 1."""

    text: str = ""
    status: str | None = None
    site_id: int | None = None
    page: int = 1
    per_page: int | None = PAGE


def _whole() -> Select[Link]:
    return select(Link).options(
        joinedload(Link.site),
        joinedload(Link.product),
        joinedload(Link.programme).joinedload(Programme.account),
        joinedload(Link.programme).joinedload(Programme.advertiser),
        selectinload(Link.paths),
    )


def by_id(session: Session, link_id: int) -> Link | None:
    return session.scalars(_whole().where(Link.id == link_id)).first()


def by_path(session: Session, site_id: int, path: str) -> Link | None:
    found = select(LinkPath.link_id).where(LinkPath.site_id == site_id, LinkPath.path == path).scalar_subquery()
    return session.scalars(_whole().where(Link.id == found)).first()


def by_target(session: Session, site_id: int, target_key: str) -> Sequence[Link]:
    """The site's links to this target that are not retired, oldest first."""
    wanted = _whole().where(Link.site_id == site_id, Link.target_key == target_key, Link.status != "retired")
    return session.scalars(wanted.order_by(Link.id)).all()


def path_owner(session: Session, site_id: int, path: str) -> LinkPath | None:
    return session.scalar(select(LinkPath).where(LinkPath.site_id == site_id, LinkPath.path == path))


def taken_slugs(session: Session, site_id: int, slug: str) -> set[str]:
    """The slugs of the site that are this one or begin with it and a hyphen."""
    wanted = select(LinkPath.slug).where(
        LinkPath.site_id == site_id, or_(LinkPath.slug == slug, LinkPath.slug.startswith(slug + "-", autoescape=True))
    )
    return set(session.scalars(wanted))


def _matching(wanted: LinkFilter) -> list[object]:
    conditions: list[object] = []
    for word in wanted.text.split():
        pattern = f"%{_escaped(word)}%"
        conditions.append(
            or_(
                Link.name.ilike(pattern, escape="\\"),
                Link.target_url.ilike(pattern, escape="\\"),
                Advertiser.name.ilike(pattern, escape="\\"),
                Link.paths.any(LinkPath.path.ilike(pattern, escape="\\")),
            )
        )
    if wanted.status:
        conditions.append(Link.status == wanted.status)
    if wanted.site_id:
        conditions.append(Link.site_id == wanted.site_id)
    return conditions


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def search(session: Session, wanted: LinkFilter) -> tuple[Sequence[Link], int]:
    """The page of links, newest first, and how many match in all."""
    matching = and_(True, *_matching(wanted))  # type: ignore[arg-type] # conditions of several column types
    joined = select(Link.id).join(Programme, Programme.id == Link.programme_id)
    joined = joined.join(Advertiser, Advertiser.id == Programme.advertiser_id).where(matching)
    total = session.scalar(select(func.count()).select_from(joined.subquery())) or 0
    ids = joined.order_by(Link.id.desc())
    if wanted.per_page:
        ids = ids.limit(wanted.per_page).offset((max(wanted.page, 1) - 1) * wanted.per_page)
    links = session.scalars(_whole().where(Link.id.in_(ids)).order_by(Link.id.desc())).all()
    return links, total


def default_tokens(session: Session, link_ids: Sequence[int]) -> dict[int, str]:
    """Each link's token for bare use."""
    rows = session.execute(
        select(Placement.link_id, Placement.token).where(Placement.is_default, Placement.link_id.in_(link_ids))
    )
    return {row.link_id: row.token for row in rows}


def published_hosts(session: Session) -> dict[int, list[str]]:
    """The hosts of every site, by site id."""
    hosts: dict[int, list[str]] = {site_id: [] for site_id in session.scalars(select(Site.id))}
    for row in session.execute(select(SiteHost.site_id, SiteHost.host)):
        hosts[row.site_id].append(row.host)
    return hosts


def first_owner(session: Session, paths: Sequence[str]) -> dict[str, int]:
    """For each path the oldest site that has it: that site's link answers on hosts that no site names."""
    rows = session.execute(
        select(LinkPath.path, func.min(LinkPath.site_id).label("site_id"))
        .where(LinkPath.path.in_(paths))
        .group_by(LinkPath.path)
    )
    return {row.path: row.site_id for row in rows}


def changes_above(session: Session, floor: int) -> Sequence[tuple[int, int]]:
    """(change id, link id) of the outbox, oldest first."""
    rows = session.execute(
        select(LinkChange.id, LinkChange.link_id).where(LinkChange.id > floor).order_by(LinkChange.id)
    )
    return [(row.id, row.link_id) for row in rows]


def newest_change(session: Session) -> int:
    return session.scalar(select(func.max(LinkChange.id))) or 0


def links_with_ids(session: Session, link_ids: Sequence[int]) -> Sequence[Link]:
    return session.scalars(_whole().where(Link.id.in_(link_ids))).all()


def links_above(session: Session, link_id: int, limit: int) -> Sequence[Link]:
    """A batch of all links in the order of their ids, for a rebuild."""
    return session.scalars(_whole().where(Link.id > link_id).order_by(Link.id).limit(limit)).all()


def links_of_programme(session: Session, programme_id: int) -> Sequence[int]:
    return session.scalars(select(Link.id).where(Link.programme_id == programme_id)).all()


def product_of(session: Session, link_id: int) -> Product | None:
    return session.scalar(select(Product).join(Link, Link.product_id == Product.id).where(Link.id == link_id))
