"""Articles: paste and see before and after, publish, look at what one shows and where its links stand."""

from datetime import date, timedelta
from typing import Any

from flask import flash, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from affiliate.articles.article import ArticleFacts
from affiliate.articles.desk import Desk
from affiliate.articles.policy import KINDS, Ruling, rule
from affiliate.articles.publish import Rewritten
from affiliate.articles.teasers import Announcement, kept_announcement
from affiliate.disclosure.state import MISSING, NOT_NEEDED, PRESENT
from affiliate.errors import AffiliateError, InvalidDocument, InvalidInput
from affiliate.links.sites import find_site
from affiliate.reports.articles import ArticleFilter, ArticlePage, list_articles, show_article
from affiliate.reports.transactions import list_transactions
from affiliate.store.tables import Article
from affiliate.web.access import Pages, may_open
from affiliate.web.accounts import EDITOR, FINANCE
from affiliate.web.diff import hunks
from affiliate.web.forms import Form, go
from affiliate.web.services import services
from affiliate.web.site_choice import chosen_site, shown_zone, sites

pages = Pages(
    "articles", __name__, roles=(EDITOR, FINANCE), menu=("Articles", "articles.show_list"), url_prefix="/articles"
)
desk = Pages("desk", __name__, roles=(EDITOR,), url_prefix="/articles")

STATES = (PRESENT, MISSING, NOT_NEEDED)
_PER_PAGE = 50
_LARGEST_ID = 2**31 - 1
_DECIDED_BY = {
    "global switch": "The setting of the whole installation decides; no switch of an article changes that.",
    "always-off tag": "The article’s tags decide; no switch changes that.",
    "article": "The article itself decides.",
    "default-off tag": "The article’s tags decide, until you switch this article.",
    "section": "The article’s section decides, until you switch this article.",
    "cut-off": "The day on which it was published decides, until you switch this article.",
    "site": "The site decides, until you switch this article.",
}
_FIXED = ("global switch", "always-off tag")  # nothing that is set on an article outweighs these
_SWITCH = {"on": True, "off": False, "": None}
_LENGTHS = {"title": 2000, "url": 1000, "author": 255, "section": 255, "language": 20, "jurisdiction": 12, "tags": 2000}


@pages.get("")
def show_list() -> str:
    asked = Form(request.args)
    state = asked.value("disclosure") if asked.value("disclosure") in STATES else None
    site = chosen_site() if len(sites()) > 1 else None
    wanted = ArticleFilter(
        text=asked.text("q"),
        site_id=site.id if site else None,
        disclosure=state,
        page=page_number(asked.value("page")),
        per_page=_PER_PAGE,
    )
    with services().store.reading() as session:
        rows, total = list_articles(session, wanted)
    return render_template(
        "articles/list.html",
        form=asked,
        rows=rows,
        total=total,
        page=wanted.page,
        per_page=_PER_PAGE,
        states=STATES,
        searching=bool(wanted.text or state or asked.value("site")),
        page_url=page_url,
    )


@pages.get(f"/<int(max={_LARGEST_ID}):article_id>")
def show(article_id: int) -> str:
    with services().store.reading() as session:
        page = show_article(session, article_id)
        return render_template(
            "articles/article.html",
            page=page,
            row=page.row,
            clicks_days={name: day.isoformat() for name, day in _ten_years().items()},
            announced=_announced(session, page),
            **_ruling_words(session, page),
            **_earned(session, page),
        )


@desk.get("/new")
def show_paste() -> str:
    return _paste_page(Form({"kind": "mixed", "site": getattr(chosen_site(), "key", "")}))


@desk.post("/new")
def send_paste() -> tuple[str, int]:
    """Shows what would change; stores nothing."""
    form = Form(request.form)
    try:
        rewritten = _rewritten(form, dry_run=True)
    except AffiliateError as problem:
        form.refuse(problem)
        return _paste_page(form), form.status
    return _paste_page(form, rewritten), 200


@desk.post("/publish")
def send_publish() -> tuple[str, int] | Response:
    form = Form(request.form)
    try:
        rewritten = _rewritten(form, dry_run=False)
    except AffiliateError as problem:
        form.refuse(problem)
        return _paste_page(form), form.status
    _publish(rewritten)
    flash("Stored. Copy the HTML below into your CMS: its links work from now on.", "good")
    return go(url_for("articles.show", article_id=rewritten.article_id) + "#html")


@desk.post(f"/<int(max={_LARGEST_ID}):article_id>/switch")
def send_switch(article_id: int) -> Response:
    wanted = request.form.get("monetise", "")
    if wanted not in _SWITCH:
        raise InvalidInput(f"{wanted!r} is no position of the switch; there are on, off and empty (as the site says).")
    rewritten = _desk("").switch(article_id, _SWITCH[wanted], now=services().clock())
    if rewritten:
        _publish(rewritten)
        flash(_switched(rewritten), "good")
    return go(url_for("articles.show", article_id=article_id))


def _switched(rewritten: Rewritten) -> str:
    if not rewritten.ruling.monetise:
        return (
            f"No paid links now. {rewritten.ruling.reason} Copy the HTML below into your CMS to take them off the page."
        )
    return f"{rewritten.ruling.reason} Copy the HTML below into your CMS to bring its paid links to the page."


def _publish(rewritten: Rewritten) -> None:
    services().publish([placed.link.id for placed in rewritten.placements])


def _paste_page(form: Form, rewritten: Rewritten | None = None) -> str:
    return render_template(
        "articles/paste.html",
        form=form,
        rewritten=rewritten,
        hunks=hunks(_html(form), rewritten.changes) if rewritten else [],
        kinds=KINDS,
        site_choices=[(site.key, site.name) for site in sites()],
    )


def _ruling_words(session: Session, page: ArticlePage) -> dict[str, Any]:
    """Whether the article may earn, why, and what decides it."""
    article = session.get_one(Article, page.row.id)
    ruling = _ruling(article)
    return {
        "site_name": article.site.name,
        "ruling": ruling,
        "decided_by": _DECIDED_BY[ruling.spoke],
        "switchable": ruling.spoke not in _FIXED,
    }


def _announced(session: Session, page: ArticlePage) -> Announcement | None:
    """What goes before its title where it is announced; None for an article that shows no disclosure."""
    if page.row.disclosure != PRESENT:
        return None
    try:
        return kept_announcement(session, session.get_one(Article, page.row.id))
    except InvalidInput:
        return None


def _ruling(article: Article) -> Ruling:
    return rule(
        services().policy,
        kind=article.kind,
        tags=article.tags,
        section=article.section,
        override=article.monetise,
        published_at=article.published_at,
        site_default=article.site.monetise,
    )


def _earned(session: Session, page: ArticlePage) -> dict[str, Any]:
    """What the article earned in the last ten years, for those who may know: editors see no earnings."""
    if not may_open("reports.show_transactions"):
        return {"earned": None}
    first, until = _ten_years().values()
    key = str(page.row.id)
    earned = list_transactions(
        session, first=first, until=until, time_zone=shown_zone(), by="article", key=key, per_page=1
    )
    asked = {"from": first.isoformat(), "to": until.isoformat(), "by": "article", "key": key, "site": ""}
    return {"earned": earned, "earned_query": asked}


def _ten_years() -> dict[str, date]:
    """As much as a report takes: all of an article's life, as `from` and `to` of an address."""
    until = services().clock().date() + timedelta(days=2)  # tomorrow in every zone
    return {"from": until - timedelta(days=3650), "to": until}


def _rewritten(form: Form, *, dry_run: bool) -> Rewritten:
    desk = _desk(form.value("site"))
    rewrite_it = desk.preview if dry_run else desk.publish
    return rewrite_it(_html(form), _facts(form), now=services().clock())


def _desk(site: str) -> Desk:
    """Where articles of this site are rewritten; of the only one where it is not named."""
    return Desk(services().store, lambda session: find_site(session, site or None), services().policy)


def _html(form: Form) -> str:
    """As it was pasted: browsers send every line end as CR LF, whatever it was."""
    html = form.value("html").replace("\r\n", "\n")
    if not html.strip():
        raise InvalidDocument("There is no HTML: paste the article's source.")
    return html


def _facts(form: Form) -> ArticleFacts:
    for name, longest in _LENGTHS.items():
        if len(form.text(name)) > longest:
            raise InvalidInput(f"The {name} is longer than {longest} characters.")
        if "\x00" in form.value(name):
            raise InvalidInput(f"The {name} holds a NUL character, which cannot be stored.")
    return ArticleFacts(
        url=form.text("url") or None,
        title=form.text("title") or None,
        kind=form.value("kind") or None,
        section=form.text("section") or None,
        tags=tuple(form.lines("tags")) or None,
        author=form.text("author") or None,
        language=form.text("language") or None,
        jurisdiction=form.text("jurisdiction") or None,
        monetise=_SWITCH.get(form.value("monetise")),
    )


def page_number(text: str) -> int:
    """The asked page, from 1; the first one for anything that is no number."""
    return max(int(text), 1) if text.isascii() and text.isdecimal() and len(text) < 7 else 1


def page_url(page: int) -> str:
    """The address of another page of the same list."""
    asked = {name: value for name, value in request.args.items() if name != "page"}
    return url_for(str(request.endpoint), **{**(request.view_args or {}), **asked, "page": str(page)})
