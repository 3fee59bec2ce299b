"""An article's record: found by what the CMS calls it, or made, and kept up with what the CMS says of it."""

from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from affiliate.articles import queries
from affiliate.articles.document import Document
from affiliate.articles.policy import KINDS
from affiliate.articles.routes import carried_token
from affiliate.disclosure.texts import checked_jurisdiction
from affiliate.errors import ChangedMeanwhile, InvalidInput
from affiliate.store.drafts import draft_of, values_of
from affiliate.store.tables import Article, Site
from affiliate.urls import parse_web_url

_LONGEST_REF = 1000  # characters; the column's


@dataclass(frozen=True, slots=True)
class ArticleFacts:
    """What the CMS says of an article. `id` or `url` names it within its site; with neither it is a draft that `draft`
    (its file, say) names, else its text. None means "not said": what is known of the article stays, else its headline
    is the title, the site's language and jurisdiction and the kind mixed are taken. `monetise` is an editor's own yes
    or no."""

    id: str | None = None
    url: str | None = None
    title: str | None = None
    kind: str | None = None
    section: str | None = None
    tags: tuple[str, ...] | None = None
    author: str | None = None
    language: str | None = None
    jurisdiction: str | None = None
    monetise: bool | None = None
    published_at: datetime | None = None
    draft: str | None = None


@dataclass(frozen=True, slots=True)
class Switch:
    """An editor's own word on one article; None takes an earlier one back."""

    monetise: bool | None


def checked(facts: ArticleFacts) -> ArticleFacts:
    """The facts with the jurisdiction in its stored form. InvalidInput or InvalidUrl for what cannot be."""
    if facts.kind is not None and facts.kind not in KINDS:
        raise InvalidInput(f"{facts.kind!r} is no kind of article; there are {', '.join(KINDS)}.")
    if facts.jurisdiction is not None:
        facts = replace(facts, jurisdiction=checked_jurisdiction(facts.jurisdiction))
    if facts.url:
        parse_web_url(facts.url)
    if len(facts.id or facts.url or _draft_ref(facts, "")) > _LONGEST_REF:
        raise InvalidInput(f"The article's id is longer than {_LONGEST_REF} characters.")
    return facts


@dataclass(frozen=True, slots=True)
class Draft:
    """An article's row as it is to be, with what was said of it, and not stored yet. `seen` is what was stored when it was
    read, None for a new article."""

    row: Article
    seen: dict[str, Any] | None

    def store(self, session: Session) -> Article:
        """Stores it. ChangedMeanwhile where the article was changed, or made, since it was read; nothing is stored then."""
        if self.seen is None:
            return _made(session, self.row)
        stored = session.get(Article, self.row.id, populate_existing=True, with_for_update=True)
        if stored is None or values_of(stored) != self.seen:
            raise ChangedMeanwhile("The article")
        return session.merge(self.row)


def drafted(
    session: Session,
    *,
    site: Site,
    document: Document,
    facts: ArticleFacts,
    switch: Switch | None = None,
    now: datetime,
) -> Draft:
    """The article's row, found or made, with what was said of it; nothing is stored. `switch` outweighs what the facts say.

    Found by id, else by address. A draft is found by the placements that its HTML carries from an earlier run, else by
    its name, so that rewriting a rewritten draft does not make another one.
    """
    known = _known_article(session, site, document, facts)
    if known is None:
        row = _new_article(site, facts.id or facts.url or _draft_ref(facts, document.html), now)
    else:
        row = draft_of(known)
    for name in ("url", "title", "kind", "section", "author", "language", "jurisdiction", "monetise", "published_at"):
        said = getattr(facts, name)
        if said is not None:
            setattr(row, name, said)
    if facts.tags is not None:
        row.tags = list(facts.tags)
    if switch is not None:
        row.monetise = switch.monetise
    if not row.title and document.headline:
        row.title = document.headline.text
    return Draft(row, values_of(known) if known else None)


def _known_article(session: Session, site: Site, document: Document, facts: ArticleFacts) -> Article | None:
    ref = facts.id or facts.url
    if ref is None:
        tokens = {token for anchor in document.anchors if (token := carried_token(anchor))}
        held = queries.draft_holding(session, site.id, tokens) if tokens else None
        return held or queries.article_by_ref(session, site.id, _draft_ref(facts, document.html))
    found = queries.article_by_ref(session, site.id, ref)
    if found is None and facts.url:
        found = queries.article_by_url(session, site.id, facts.url)
    return found


def _new_article(site: Site, ref: str, now: datetime) -> Article:
    return Article(site_id=site.id, ref=ref, title="", kind="mixed", author="", section="", tags=[], created_at=now)


def _made(session: Session, draft: Article) -> Article:
    row = draft_of(draft)
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError as problem:  # another request made it since we looked
        raise ChangedMeanwhile("The article") from problem
    return row


def _draft_ref(facts: ArticleFacts, html: str) -> str:
    return queries.DRAFT + (facts.draft or sha256(html.encode()).hexdigest()[:16])
