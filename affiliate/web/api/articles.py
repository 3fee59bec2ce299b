"""Articles: rewritten on the way out of a CMS, listed with what they disclose; links taken apart."""

from typing import Any

from affiliate.articles.article import ArticleFacts
from affiliate.articles.desk import Desk
from affiliate.articles.listing import label_teasers
from affiliate.errors import InvalidInput
from affiliate.links.programmes import account_test
from affiliate.links.sites import find_site
from affiliate.networks.inspect import inspect
from affiliate.reports.articles import ArticleFilter, ArticleRow, list_articles
from affiliate.web.access import scoped
from affiliate.web.api.door import SECURITY, blueprint, site_of
from affiliate.web.api.models import (
    ArticleIn,
    ArticleListOut,
    ArticleQuery,
    InspectIn,
    InspectListOut,
    RewriteIn,
    RewriteOut,
    TeasersIn,
    TeasersOut,
)
from affiliate.web.services import services

api = blueprint("articles", "Articles")


@api.post("/rewrite")
@api.input(RewriteIn, arg_name="body")
@api.output(RewriteOut)
@api.doc(security=SECURITY)
@scoped("articles:write")
def rewrite(body: RewriteIn) -> dict[str, Any]:
    """Rewrite an article

    Outbound links to known advertisers become tracked links, the disclosure is put before the first of them; every
    other byte stays. The same article again gives the same answer. With `dry_run` nothing is stored. `variant` says what
    the HTML is for: each form of an article carries its own disclosure and has placements of its own.
    """
    desk = Desk(services().store, lambda session: site_of(session, body.site, body.article.url), services().policy)
    rewrite_it = desk.preview if body.dry_run else desk.publish
    rewritten = rewrite_it(body.html, facts_of(body.article), variant=body.variant, now=services().clock())
    if not body.dry_run:
        services().publish([placed.link.id for placed in rewritten.placements])
    return rewritten.as_json()


@api.post("/teasers")
@api.input(TeasersIn, arg_name="body")
@api.output(TeasersOut)
@api.doc(security=SECURITY)
@scoped("articles:read")
def teasers(body: TeasersIn) -> dict[str, Any]:
    """Label the teasers on a listing

    Every teaser that leads to a product-led article of ours with paid links gets the label, once in each card; every
    other byte stays. Nothing is stored.
    """
    with services().store.reading() as session:
        return label_teasers(session, site=find_site(session, body.site), html=body.html).as_json()


@api.post("/inspect")
@api.input(InspectIn, arg_name="body")
@api.output(InspectListOut)
@api.doc(security=SECURITY)
@scoped("links:read")
def inspect_links(body: InspectIn) -> InspectListOut:
    """Take links apart

    One object per address, in their order. No request is made.
    """
    urls = [*(body.urls or []), *([body.url] if body.url is not None else [])]
    if not urls:
        raise InvalidInput("Send the addresses as “urls”, or one as “url”.")
    with services().store.reading() as session:
        is_ours = account_test(session)
        taken = [inspect(url, is_ours=is_ours) for url in urls]
    return InspectListOut.model_validate([part.as_json() for part in taken])


@api.get("/articles")
@api.input(ArticleQuery, location="query", arg_name="query")
@api.output(ArticleListOut)
@api.doc(security=SECURITY)
@scoped("articles:read")
def articles(query: ArticleQuery) -> dict[str, Any]:
    """Search the articles

    The last rewritten first, each with what it discloses.
    """
    with services().store.reading() as session:
        wanted = ArticleFilter(
            text=query.search,
            site_id=find_site(session, query.site).id if query.site else None,
            disclosure=query.disclosure,
            page=query.page,
            per_page=query.per_page,
        )
        rows, total = list_articles(session, wanted)
    return {"items": [_row(row) for row in rows], "total": total, "page": query.page, "per_page": query.per_page}


def _row(row: ArticleRow) -> dict[str, Any]:
    return {
        "id": row.ref,
        "site": row.site,
        "url": row.url,
        "title": row.title,
        "kind": row.kind,
        "author": row.author,
        "section": row.section,
        "tags": list(row.tags),
        "monetise": row.monetise,
        "paid_links": row.paid_links,
        "clicks": row.counts.human,
        "clicks_raw": row.counts.raw,
        "clicks_network_comparable": row.counts.network_comparable,
        "disclosure": row.disclosure,
        "label": row.label,
        "sentence": row.sentence,
        "shown_from": row.shown_from,
        "rewritten_at": row.rewritten_at,
    }


def facts_of(article: ArticleIn) -> ArticleFacts:
    return ArticleFacts(
        id=str(article.id) if article.id is not None else None,
        url=article.url,
        title=article.title,
        kind=article.kind,
        section=article.section,
        tags=tuple(article.tags) if article.tags is not None else None,
        author=article.author,
        language=article.language,
        jurisdiction=article.jurisdiction,
        monetise=article.monetise,
    )
