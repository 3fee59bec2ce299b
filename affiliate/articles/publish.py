"""Rewriting an article for its title: who decides, which links, which placements, which disclosure, and the record."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from affiliate.articles.article import ArticleFacts, checked, keep
from affiliate.articles.document import PLACEMENT_MARK, Anchor, Document
from affiliate.articles.edits import Edit
from affiliate.articles.pings import ping_address
from affiliate.articles.placements import place
from affiliate.articles.policy import Policy, Ruling, rule
from affiliate.articles.rewrite import Replacement, rewrite
from affiliate.articles.routes import Route, Router
from affiliate.disclosure.block import Notice
from affiliate.disclosure.state import Shown, record, shown
from affiliate.disclosure.texts import disclosure_text
from affiliate.links.library import LinkView, deep_link
from affiliate.networks.base import DIRECT
from affiliate.store.tables import Article, Programme, Site
from affiliate.urls import split_query

__all__ = ["ArticleFacts", "PlacedLink", "Rewritten", "Skipped", "rewrite_article"]


@dataclass(frozen=True, slots=True)
class PlacedLink:
    """One use of one of our links in the rewritten article. `position` counts from 1."""

    token: str
    position: int
    href: str
    link: LinkView
    anchor_text: str

    def as_json(self) -> dict[str, Any]:
        return {
            "token": self.token,
            "position": self.position,
            "href": self.href,
            "slug": self.link.slug,
            "target_url": self.link.target_url,
            "advertiser": self.link.advertiser,
            "network": self.link.network,
            "mode": self.link.mode,
            "anchor_text": self.anchor_text,
        }


@dataclass(frozen=True, slots=True)
class Skipped:
    """An outbound anchor that was left alone, and why."""

    url: str
    reason: str


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The article as it is to be published. `ruling` says who decided whether it may earn; `article_id` is None for a
    preview. The changes restore the input."""

    html: str
    changes: tuple[Edit, ...]
    placements: tuple[PlacedLink, ...]
    disclosure: Shown
    warnings: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    ruling: Ruling
    article_id: int | None

    def as_json(self) -> dict[str, Any]:
        return {
            "html": self.html,
            "changes": [
                {"start": edit.start, "end": edit.end, "old": edit.old, "new": edit.new, "what": edit.what}
                for edit in self.changes
            ],
            "placements": [placement.as_json() for placement in self.placements],
            "disclosure": self.disclosure.as_json(),
            "warnings": list(self.warnings),
        }


def rewrite_article(
    session: Session,
    *,
    site: Site,
    html: str,
    article: ArticleFacts,
    now: datetime,
    policy: Policy | None = None,
    dry_run: bool = False,
) -> Rewritten:
    """Turns outbound links to known advertisers into ours, puts the disclosure before the first, and records both.

    Running it again on its own output, or on the same input, gives the same HTML and keeps every placement's token.
    Where the policy says no, links and disclosures of earlier runs are taken out again and nothing else is touched. A
    dry run gives the same answer (with passing tokens for new placements) and stores nothing. InvalidDocument,
    InvalidUrl and InvalidInput for what cannot be used; nothing is stored then.
    """
    facts = checked(article)
    document = Document(html)
    with session.begin_nested() as savepoint:
        rewritten = _rewrite(session, site, document, facts, policy=policy or Policy(), now=now)
        if dry_run:
            savepoint.rollback()
    return replace(rewritten, article_id=None) if dry_run else rewritten


def _rewrite(
    session: Session, site: Site, document: Document, facts: ArticleFacts, *, policy: Policy, now: datetime
) -> Rewritten:
    row = keep(session, site=site, document=document, facts=facts, now=now)
    ruling = rule(
        policy,
        kind=row.kind,
        tags=row.tags,
        section=row.section,
        override=row.monetise,
        published_at=row.published_at,
        site_default=site.monetise,
    )
    routes = Router(session, site, make_links=ruling.monetise, now=now).routes(document.anchors)
    placed: tuple[PlacedLink, ...] = ()
    if ruling.monetise:
        replacements, placed = _earning(session, site, row, document, routes, now=now)
        notice = _notice(site, row, document, routes, replacements)
    else:
        place(session, article_id=row.id, uses=(), now=now)
        replacements, notice = _unwound(document, routes), None
    result = rewrite(document, lambda _, anchor: replacements.get(anchor.number), notice=notice)
    left_paid = sum(route.paid for number, route in routes.items() if number not in replacements)
    paid = sum(replacement.paid for replacement in replacements.values()) + left_paid
    disclosure = shown(row.jurisdiction or site.jurisdiction, paid, notice)
    row.html, row.rewritten_at = result.html, now
    record(session, article_id=row.id, shown=disclosure, html=result.html, now=now)
    session.flush()
    return Rewritten(
        html=result.html,
        changes=result.changes,
        placements=placed,
        disclosure=disclosure,
        warnings=(*_warnings(document, routes, ruling), *_unread(document, site, placed)),
        skipped=tuple(
            Skipped(anchor.url, routes[anchor.number].reason)
            for anchor in document.anchors
            if anchor.number in routes and routes[anchor.number].link is None
        ),
        ruling=ruling,
        article_id=row.id,
    )


def _earning(
    session: Session, site: Site, row: Article, document: Document, routes: Mapping[int, Route], *, now: datetime
) -> tuple[dict[int, Replacement], tuple[PlacedLink, ...]]:
    """What becomes of the anchors of an article that may earn."""
    uses = [
        (anchor, link) for anchor in document.anchors if (route := routes.get(anchor.number)) and (link := route.link)
    ]
    tokens = place(session, article_id=row.id, uses=[(anchor, link.id) for anchor, link in uses], now=now)
    replacements = {number: Replacement(paid=True) for number, route in routes.items() if route.paid}
    placed = []
    for position, (anchor, link) in enumerate(uses, start=1):
        token = tokens[anchor.number].token
        href = None
        if not _stands(anchor, routes[anchor.number], link, site, token):
            href = _href(session, site, link, token)
        ping = ping_address(site.link_base, link.path, token) if link.mode == DIRECT else None
        replacements[anchor.number] = Replacement(href, token, ping=ping)
        placed.append(PlacedLink(token, position, href or anchor.url, link, anchor.text))
    return replacements, tuple(placed)


def _stands(anchor: Anchor, route: Route, link: LinkView, site: Site, token: str) -> bool:
    """Whether an anchor is written as it must be: our redirect with this token, under any path that answers for it."""
    if not route.written or link.mode == DIRECT or not split_query(anchor.url)[0].endswith(f"/-{token}"):
        return False
    return not (site.link_base and anchor.url.startswith("/"))


def _href(session: Session, site: Site, link: LinkView, token: str) -> str:
    if link.mode == DIRECT:
        programme = session.get_one(Programme, link.programme_id)
        built = deep_link(programme, link.target_url, link.mode)
        return built.with_sub_id(token) if built else link.target_url
    return f"{site.link_base}{link.path}/-{token}"


def _unwound(document: Document, routes: Mapping[int, Route]) -> dict[int, Replacement]:
    """Takes the links of earlier runs out again. Links that people wrote stay: the warnings name them."""
    replacements = {}
    for anchor in document.anchors:
        route = routes.get(anchor.number)
        if route and route.link and route.written:
            replacements[anchor.number] = Replacement(route.link.target_url, paid=False)
        elif route and route.target and PLACEMENT_MARK in anchor.attributes:
            replacements[anchor.number] = Replacement(route.target, paid=False)
    return replacements


def _notice(
    site: Site, row: Article, document: Document, routes: Mapping[int, Route], replacements: Mapping[int, Replacement]
) -> Notice | None:
    if not replacements:
        return None
    language = row.language or document.language or site.language
    text = disclosure_text(row.jurisdiction or site.jurisdiction, language)
    networks = frozenset(route.network for number in replacements if (route := routes[number]).network)
    return Notice(text, row.kind == "product-led", networks)


def _warnings(document: Document, routes: Mapping[int, Route], ruling: Ruling) -> Iterator[str]:
    if not ruling.monetise:
        yield f"Nothing was made to earn. {ruling.reason}"
    for anchor in document.anchors:
        route = routes.get(anchor.number)
        if route is None:
            continue
        if route.alarming and not (route.target and PLACEMENT_MARK in anchor.attributes and not ruling.monetise):
            yield f"{anchor.url[:200]} was left alone. {route.reason}"
        if route.link and route.link.mode == DIRECT and "noreferrer" in anchor.attributes.get("rel", "").lower():
            yield f"{anchor.url[:200]}: rel=noreferrer hides your site from {route.link.advertiser}, which may not pay."


def _unread(document: Document, site: Site, placed: tuple[PlacedLink, ...]) -> Iterator[str]:
    """What of the document itself stands in the way of its links."""
    if document.closed_anchors:
        yield "There are links in CDATA, which is not read: rewrite that HTML by itself. They may be paid and unlabelled."
    if placed and document.base and not site.link_base:
        yield f"<base href={document.base[:200]!r}> moves our links to another address: set the site's link base."
