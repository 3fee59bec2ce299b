"""The hourly roll-up that reports read. The loader adds to it; it can be made anew from the raw clicks at any time."""

from sqlalchemy.orm import Session

from affiliate.clicks import queries


def rebuild(session: Session) -> int:
    """Replaces the roll-up by what the raw clicks say; how many rows it has. The caller's transaction keeps loaders and
    readers on the old one until it is whole."""
    return queries.rebuild_hours(session)
