"""An article's record: found by what the CMS calls it, or made, and kept up with what the CMS says of it."""

from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from affiliate.articles import queries
from affiliate.articles.document import Document
from affiliate.articles.policy import KINDS
from affiliate.articles.routes import carried_token
from affiliate.disclosure.texts import checked_jurisdiction
from affiliate.errors import InvalidInput
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


def keep(session: Session, *, site: Site, document: Document, facts: ArticleFacts, now: datetime) -> Article:
    """The article's row, found or made, with what was said of it.

    Found by id, else by address. A draft is found by the placements that its HTML carries from an earlier run, else by
    its name, so that rewriting a rewritten draft does not make another one.
    """
    row = _known_article(session, site, document, facts)
    if row is None:
        row = _new_article(session, site, facts.id or facts.url or _draft_ref(facts, document.html), now)
    for name in ("url", "title", "kind", "section", "author", "language", "jurisdiction", "monetise", "published_at"):
        said = getattr(facts, name)
        if said is not None:
            setattr(row, name, said)
    if facts.tags is not None:
        row.tags = list(facts.tags)
    if not row.title and document.headline:
        row.title = document.headline.text
    session.flush()
    return row


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


def _new_article(session: Session, site: Site, ref: str, now: datetime) -> Article:
    row = Article(site_id=site.id, ref=ref, title="", kind="mixed", author="", section="", tags=[], created_at=now)
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:  # another request made it since we looked
        made = queries.article_by_ref(session, site.id, ref)
        if made is None:
            raise
        return made
    return row


def _draft_ref(facts: ArticleFacts, html: str) -> str:
    return queries.DRAFT + (facts.draft or sha256(html.encode()).hexdigest()[:16])
