"""The checks of the demo's articles: each as it was stored when it was published, and one as a new template broke it."""

import logging
import re
from datetime import datetime

from sqlalchemy import select

from affiliate.app import Application
from affiliate.disclosure.evidence.records import TEMPLATE
from affiliate.disclosure.occasions import CHECK_STORED
from affiliate.disclosure.recheck import Rechecker
from affiliate.networks.http import Page
from affiliate.store import jobs
from affiliate.store.tables import Article

_BROKEN = "A table for twelve%"
_OURS = re.compile(r'<(p|span) data-affiliate-(?:disclosure|label)="[^"]*"[^>]*>.*?</\1>', re.DOTALL)
_PAGE = "<!DOCTYPE html><html lang='en-GB'><head><title>{title}</title></head><body><main>{html}</main></body></html>"


def check(app: Application) -> int:
    """Does the checks that publishing asked for, as if each had been done at once; how many those were."""
    done = 0
    while job := _next(app):
        with app.store.reading() as session:
            published_at = session.get_one(Article, job.arguments["article_id"]).published_at
        _rechecker(app, published_at or app.clock()).stored(**job.arguments)
        with app.store.transaction() as session:
            jobs.finish(session, job, now=app.clock())
        done += 1
    return done


def _next(app: Application) -> jobs.LeasedJob | None:
    with app.store.transaction() as session:
        return jobs.lease_next(session, [CHECK_STORED], now=app.clock())


def break_one(app: Application) -> None:
    """A new template drops what it does not know: a page as readers get it says nothing any more."""
    with app.store.reading() as session:
        broken = session.scalars(select(Article).where(Article.title.like(_BROKEN))).one()
    html = _PAGE.format(title=broken.title, html=_OURS.sub("", broken.html or ""))
    logging.disable(logging.WARNING)  # that a page fails now is what the demo shows, and says in its last lines
    try:
        _rechecker(app, app.clock(), html).live(broken.id, TEMPLATE)
    finally:
        logging.disable(logging.NOTSET)


def _rechecker(app: Application, at: datetime, html: str = "") -> Rechecker:
    def served(url: str) -> Page:
        return Page(url, 200, {"Content-Type": "text/html; charset=utf-8"}, html.encode())

    return Rechecker(app.store, lambda: at, served)
