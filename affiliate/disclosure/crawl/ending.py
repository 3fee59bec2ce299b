"""When crawls end: a year after they ran, and never the newest one of a site, which its page shows."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from affiliate.disclosure.crawl import queries

_KEPT = timedelta(days=365)


def delete_old(session: Session, *, now: datetime, limit: int) -> int:
    """Deletes up to `limit` rows of crawls that ended a year ago, and how many. What the pages' checks found is evidence, kept
    apart, and stays."""
    crawl_id = queries.old_crawl(session, now - _KEPT)
    return 0 if crawl_id is None else queries.delete_some(session, crawl_id, limit)
