"""The hourly roll-up that reports read. The loader adds to it; it can be made anew from the raw clicks at any time."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from affiliate.clicks import queries


def rebuild(session: Session) -> int:
    """Replaces the roll-up by what the raw clicks say; how many rows were made. Hours whose clicks have been purged stay
    as they are. The caller's transaction keeps loaders and readers on the old one until it is whole."""
    return queries.rebuild_hours(session, _whole_since(session))


def check(session: Session) -> int:
    """In how many rows the roll-up differs from the raw clicks that are still there: 0, or something is broken."""
    return queries.differing_hours(session, _whole_since(session))


def _whole_since(session: Session) -> datetime | None:
    """The first hour of which all clicks are there; None if none was ever purged."""
    purged = queries.purged_before(session)
    return purged and (purged + timedelta(minutes=59, seconds=59)).replace(minute=0, second=0, microsecond=0)
