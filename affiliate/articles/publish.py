"""Rewriting an article for its title: who decides, which links, which placements, which disclosure, and the record.

All of it is decided first, with nothing written; what was decided is then stored in a moment. `affiliate.articles.desk` does
both for whoever has a store.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy.orm import Session

from affiliate.articles.article import ArticleFacts, Draft, Switch, checked, drafted
from affiliate.articles.authored import accepted_labels, remarks
from affiliate.articles.document import Anchor, Document
from affiliate.articles.edits import Edit
from affiliate.articles.notices import Planned, obstacle
from affiliate.articles.originals import Originals
from affiliate.articles.pings import ping_address
from affiliate.articles.placements import Placing, place
from affiliate.articles.policy import PRODUCT_LED, Policy, Ruling, rule
from affiliate.articles.rewrite import Replacement, Result, rewrite
from affiliate.articles.routes import Route, Router
from affiliate.articles.teasers import Announcement, announcement
from affiliate.articles.variants import AMP, AWAY, NEWSLETTER, PINGING, WEB, placement_kind
from affiliate.disclosure.block import Notice
from affiliate.disclosure.occasions import queue_stored
from affiliate.disclosure.own.texts import text_for
from affiliate.disclosure.state import Shown, record, shown
from affiliate.errors import InvalidInput
from affiliate.links.library import LinkView, deep_link
from affiliate.links.proposed import ProposedLinks
from affiliate.networks.base import DIRECT
from affiliate.store.tables import Article, Programme, Site
from affiliate.urls import host_of, split_query

__all__ = ["ArticleFacts", "PlacedLink", "Plan", "Rewritten", "Skipped", "parsed", "plan_article", "rewrite_article"]


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
    """The article as it is to be published, in one variant. `ruling` says who decided whether it may earn; `article_id` is
    None for a preview. The changes restore the input. `announced` is for where the article is announced."""

    html: str
    changes: tuple[Edit, ...]
    placements: tuple[PlacedLink, ...]
    disclosure: Shown
    warnings: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    ruling: Ruling
    article_id: int | None
    variant: str
    announced: Announcement

    def as_json(self) -> dict[str, Any]:
        return {
            "html": self.html,
            "changes": [
                {"start": edit.start, "end": edit.end, "old": edit.old, "new": edit.new, "what": edit.what}
                for edit in self.changes
            ],
            "placements": [placement.as_json() for placement in self.placements],
            "disclosure": {**self.disclosure.as_json(), "variant": self.variant, **self.announced.as_json()},
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """A rewriting that is decided and not stored yet. `rewritten` is its answer but for the ids of what is new."""

    rewritten: Rewritten
    draft: Draft
    links: ProposedLinks
    placing: Placing
    html_sha256: str
    now: datetime

    def store(self, session: Session) -> Rewritten:
        """Stores what was decided: links, placements, the article and what it shows. ChangedMeanwhile where somebody else
        changed any of that since; the transaction is to be given up then."""
        rewritten = self.rewritten
        links = self.links.store(session, {placed.link.id for placed in rewritten.placements})
        row = self.draft.store(session)
        self.placing.store(session, article_id=row.id, link_ids={number: link.id for number, link in links.items()})
        if rewritten.variant == WEB:
            _keep_html(session, row, rewritten.html, now=self.now)
            record(session, article_id=row.id, shown=rewritten.disclosure, html_sha256=self.html_sha256, now=self.now)
        session.flush()
        placed = (replace(each, link=links.get(each.link.id, each.link)) for each in rewritten.placements)
        return replace(rewritten, placements=tuple(placed), article_id=row.id)


def rewrite_article(
    session: Session,
    *,
    site: Site,
    html: str,
    article: ArticleFacts,
    now: datetime,
    policy: Policy | None = None,
    variant: str = WEB,
) -> Rewritten:
    """Decides and stores in the caller's transaction, which is held for as long as that takes: see `plan_article`."""
    document = parsed(html, variant)
    return plan_article(
        session, site=site, document=document, article=article, now=now, policy=policy, variant=variant
    ).store(session)


def parsed(html: str, variant: str = WEB) -> Document:
    """The HTML as a variant of an article is read. InvalidDocument for what is too long or no text."""
    return Document(html, in_cells=variant == NEWSLETTER)


def plan_article(
    session: Session,
    *,
    site: Site,
    document: Document,
    article: ArticleFacts,
    now: datetime,
    policy: Policy | None = None,
    variant: str = WEB,
    switch: Switch | None = None,
) -> Plan:
    """Turns outbound links to known advertisers into ours, puts the disclosure before the first, and records both.

    Running it again on its own output, or on the same input, gives the same HTML and keeps every placement's token.
    Where the policy says no, or the disclosure cannot be placed, links and disclosures of earlier runs are taken out again
    and nothing else is touched. The register keeps what the web page shows; other variants have placements alone.
    Nothing is written here: a plan that is not stored was a preview (its new placements have passing tokens). `switch` is
    an editor's word that is thrown with it. InvalidUrl and InvalidInput for what cannot be used, InvalidDocument for what would
    make more links than an article has.
    """
    facts = checked(article)
    if variant == WEB and document.is_amp:
        variant = AMP
    draft = drafted(session, site=site, document=document, facts=facts, switch=switch, now=now)
    return _planned(session, site, draft, document, policy=policy or Policy(), variant=variant, now=now)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A rewriting that may still be given up: `obstacle` says why its disclosure cannot be placed. `taken_out` are the numbers
    of the anchors that lead to their authors' addresses again."""

    result: Result
    routes: Mapping[int, Route]
    paid: int
    placing: Placing
    placed: tuple[PlacedLink, ...] = ()
    notice: Notice | None = None
    obstacle: str = ""
    taken_out: frozenset[int] = frozenset()


def _planned(
    session: Session, site: Site, kept: Draft, document: Document, *, policy: Policy, variant: str, now: datetime
) -> Plan:
    row, links = kept.row, ProposedLinks(session, site, now=now)
    ruling = rule(
        policy,
        kind=row.kind,
        tags=row.tags,
        section=row.section,
        override=row.monetise,
        published_at=row.published_at,
        site_default=site.monetise,
    )
    reason = None
    attempt = _earning if ruling.monetise else _plain
    draft = attempt(session, site, row, document, links, variant=variant, now=now)
    if draft.obstacle:
        reason = f"The disclosure cannot be placed: {draft.obstacle} No link of it earns until it can."
        ruling = Ruling(False, "disclosure", reason)
        draft = _plain(session, site, row, document, links, variant=variant, now=now)
    jurisdiction, plan, html = row.jurisdiction or site.jurisdiction, draft.result.plan, draft.result.html
    disclosure = shown(jurisdiction, draft.paid, plan.notice, authors=plan.there.sentence, reason=reason)
    rewritten = Rewritten(
        html=html,
        changes=draft.result.changes,
        placements=draft.placed,
        disclosure=disclosure,
        warnings=(
            *_warnings(document, draft, ruling),
            *_unread(document, site, draft.placed, variant),
            *_remarks(document, plan, draft.notice),
        ),
        skipped=tuple(
            Skipped(anchor.url, draft.routes[anchor.number].reason)
            for anchor in document.anchors
            if anchor.number in draft.routes and draft.routes[anchor.number].link is None
        ),
        ruling=ruling,
        article_id=None,
        variant=variant,
        announced=_announced(row, disclosure, plan),
    )
    return Plan(rewritten, kept, links, draft.placing, sha256(html.encode()).hexdigest(), now)


def _keep_html(session: Session, row: Article, html: str, *, now: datetime) -> None:
    """Keeps what is to be published, and has it checked if it is another than before."""
    if html != row.html:
        queue_stored(session, row.id, is_new=row.html is None, now=now)
    row.html, row.rewritten_at = html, now


def _earning(
    session: Session, site: Site, row: Article, document: Document, links: ProposedLinks, *, variant: str, now: datetime
) -> _Attempt:
    routes = Router(session, site, row.url or "", links=links).routes(document.anchors)
    replacements, placing, placed = _placed(session, site, row, document, routes, variant=variant, now=now)
    try:
        notice = _notice(session, site, row, document, routes=routes, replacements=replacements)
    except InvalidInput:
        jurisdiction, language = row.jurisdiction or site.jurisdiction, _language(site, row, document)
        why = f"there are no words for {jurisdiction} in the language {language!r}; add some of your own."
        return _Attempt(Result(document.html, ()), routes, 0, placing, obstacle=why)
    result = rewrite(document, lambda _, anchor: replacements.get(anchor.number), notice=notice)
    paid = sum(replacement.paid for replacement in replacements.values())
    problem_there = obstacle(document, result.html, result.plan, in_cells=variant == NEWSLETTER)
    return _Attempt(result, routes, paid, placing, placed, notice, problem_there)


def _plain(
    session: Session, site: Site, row: Article, document: Document, _: ProposedLinks, *, variant: str, now: datetime
) -> _Attempt:
    """What runs of ours wrote is taken out again. Links that people wrote stay: the warnings name them."""
    routes = Router(session, site, row.url or "", links=None).routes(document.anchors)
    placing = place(session, article_id=row.id, kind=placement_kind(variant), uses=(), now=now)
    originals = Originals(session, site.id, routes)
    back = {number: originals.back(document.anchors[number], route) for number, route in routes.items()}
    replacements = {number: replacement for number, replacement in back.items() if replacement is not None}
    result = rewrite(document, lambda _, anchor: replacements.get(anchor.number))
    left_paid = sum(route.paid for number, route in routes.items() if number not in replacements)
    return _Attempt(result, routes, left_paid, placing, taken_out=frozenset(replacements))


def _placed(
    session: Session,
    site: Site,
    row: Article,
    document: Document,
    routes: Mapping[int, Route],
    *,
    variant: str,
    now: datetime,
) -> tuple[dict[int, Replacement], Placing, tuple[PlacedLink, ...]]:
    """What becomes of the anchors of an article that may earn."""
    uses = [
        (anchor, link) for anchor in document.anchors if (route := routes.get(anchor.number)) and (link := route.link)
    ]
    kind, base = placement_kind(variant), _base(site, row, variant)
    placing = place(session, article_id=row.id, kind=kind, uses=[(anchor, link.id) for anchor, link in uses], now=now)
    originals = Originals(session, site.id, routes)
    replacements = {number: Replacement(paid=True) for number, route in routes.items() if route.paid}
    placed = []
    for position, (anchor, link) in enumerate(uses, start=1):
        token = placing.placed[anchor.number].token
        originals.keep(placing.placed[anchor.number], anchor, routes[anchor.number])
        href = None
        if not _stands(anchor, routes[anchor.number], link, base, token):
            href = _href(session, link, base, token)
        ping = ping_address(base, link.path, token) if link.mode == DIRECT and variant in PINGING else None
        replacements[anchor.number] = Replacement(href, token, ping=ping)
        placed.append(PlacedLink(token, position, href or anchor.url, link, anchor.text))
    return replacements, placing, tuple(placed)


def _base(site: Site, row: Article, variant: str) -> str:
    """What makes our links absolute: the site's own link base, or, for what is read elsewhere, the site's host."""
    if site.link_base or variant not in AWAY:
        return site.link_base
    host = host_of(row.url or "") or next((host.host for host in site.hosts), None)
    return f"https://{host}" if host else ""


def _stands(anchor: Anchor, route: Route, link: LinkView, base: str, token: str) -> bool:
    """Whether an anchor is written as it must be: our redirect with this token, under any path that answers for it."""
    if not route.written or link.mode == DIRECT or not split_query(anchor.url)[0].endswith(f"/-{token}"):
        return False
    return not (base and anchor.url.startswith("/"))


def _href(session: Session, link: LinkView, base: str, token: str) -> str:
    if link.mode == DIRECT:
        programme = session.get_one(Programme, link.programme_id)
        built = deep_link(programme, link.target_url, link.mode)
        return built.with_sub_id(token) if built else link.target_url
    return f"{base}{link.path}/-{token}"


def _notice(
    session: Session,
    site: Site,
    row: Article,
    document: Document,
    *,
    routes: Mapping[int, Route],
    replacements: Mapping[int, Replacement],
) -> Notice | None:
    if not replacements:
        return None
    language = _language(site, row, document)
    text = text_for(session, site, jurisdiction=row.jurisdiction or site.jurisdiction, language=language)
    networks = frozenset(route.network for number in replacements if (route := routes[number]).network)
    return Notice(text, row.kind == PRODUCT_LED, networks)


def _language(site: Site, row: Article, document: Document) -> str:
    return row.language or document.language or site.language


def _warnings(document: Document, draft: _Attempt, ruling: Ruling) -> Iterator[str]:
    if not ruling.monetise:
        yield f"Nothing was made to earn. {ruling.reason}"
    told: set[str] = set()
    for anchor in document.anchors:
        route = draft.routes.get(anchor.number)
        if route is None:
            continue
        if route.alarming and anchor.number not in draft.taken_out:
            yield f"{anchor.url[:200]} was left alone. {route.reason}"
        if route.link and route.near and anchor.url not in told:
            told.add(anchor.url)
            alike = ", ".join(f"{near.path} ({near.target_url[:200]})" for near in route.near)
            yield f"{anchor.url[:200]} got a link of its own, {route.link.path}. You have nearly the same link: {alike}."
        if (
            ruling.monetise
            and route.network == "amazon"
            and "amazon" not in f"{anchor.text_before} {anchor.text}".lower()
        ):
            yield f"{anchor.url[:200]}: say in the link, or next to it, that it leads to Amazon. Its rules ask for that."
        if route.link and route.link.mode == DIRECT and "noreferrer" in anchor.attributes.get("rel", "").lower():
            yield f"{anchor.url[:200]}: rel=noreferrer hides your site from {route.link.advertiser}, which may not pay."


def _remarks(document: Document, plan: Planned, notice: Notice | None) -> Iterator[str]:
    if notice is not None and plan.first is not None:
        yield from remarks(document, plan.first, notice, plan.there)


def _announced(row: Article, disclosure: Shown, plan: Planned) -> Announcement:
    label = disclosure.label if disclosure.at_headline else None
    return announcement(row.title, label, accepted_labels(plan.notice) if plan.notice else ())


def _unread(document: Document, site: Site, placed: tuple[PlacedLink, ...], variant: str) -> Iterator[str]:
    """What of the document itself stands in the way of its links."""
    if document.closed_anchors:
        yield "There are links in CDATA, which is not read: rewrite that HTML by itself. They may be paid and unlabelled."
    if any(placement.href.startswith("/") for placement in placed) and variant in AWAY:
        yield "Its links are relative and lead nowhere outside of your site: set the site's link base, or give the article's address."
    if placed and document.base and not site.link_base:
        yield f"<base href={document.base[:200]!r}> moves our links to another address: set the site's link base."
