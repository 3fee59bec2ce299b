"""When pages are checked: what is queued in the transaction of its cause, and done by `recheck` soon after."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from affiliate.disclosure.evidence import queries
from affiliate.disclosure.evidence.records import EDIT, PUBLISH
from affiliate.errors import NotFound
from affiliate.store import jobs
from affiliate.store.tables import Article

CHECK_STORED, CHECK_LIVE, CHECK_NIGHTLY = "disclosure.check_stored", "disclosure.check_live", "disclosure.check_nightly"
BETWEEN_PAGES = timedelta(seconds=1)  # what a reader who clicks around asks of a server

_NIGHT = 2  # o'clock, UTC: from then on a day's sample is due


def queue_stored(session: Session, article_id: int, *, is_new: bool, now: datetime) -> None:
    """Has an article that was just stored checked; durable together with it."""
    arguments = {"article_id": article_id, "occasion": PUBLISH if is_new else EDIT}
    jobs.enqueue(session, CHECK_STORED, arguments, now=now)


def queue_live(session: Session, occasion: str, *, site_id: int | None, most: int, now: datetime) -> int:
    """Has live pages asked for, those that fail first, then those that were checked longest ago, a page a second; how many."""
    articles = queries.due_articles(session, site_id=site_id, most=most)
    for number, article_id in enumerate(articles):
        arguments = {"article_id": article_id, "occasion": occasion}
        jobs.enqueue(session, CHECK_LIVE, arguments, now=now + number * BETWEEN_PAGES)
    return len(articles)


def queue_nightly(session: Session, *, now: datetime) -> bool:
    """Has the night's sample taken, once a day, however many nodes ask; whether it was not queued yet."""
    night = now.replace(hour=_NIGHT, minute=0, second=0, microsecond=0)
    night -= timedelta(days=1) if night > now else timedelta()
    queries.lock_chain(session)  # two nodes would both see that there is none
    if queries.was_queued(session, CHECK_NIGHTLY, since=night):
        return False
    jobs.enqueue(session, CHECK_NIGHTLY, {}, now=now)
    return True


def queue_again(session: Session, article_id: int, occasion: str, *, now: datetime) -> None:
    """Has an article checked as readers get it and as it is stored, as far as there is either. NotFound if it is not there."""
    article = session.get(Article, article_id)
    if article is None:
        raise NotFound("article", article_id)
    arguments = {"article_id": article_id, "occasion": occasion}
    if article.html:
        jobs.enqueue(session, CHECK_STORED, arguments, now=now)
    if article.url:
        jobs.enqueue(session, CHECK_LIVE, arguments, now=now)
