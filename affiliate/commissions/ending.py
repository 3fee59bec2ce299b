"""When what networks were asked and what they hinted at ends. What money rests on has no end: runs, rows set aside, versions,
payouts, and messages that say more than a hint."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from affiliate.commissions import queries
from affiliate.commissions.pulling import queries as pulls

_PULLS_KEPT = timedelta(days=730)  # the plan of the next ones looks back for 400 days
_HINTS_KEPT = timedelta(days=90)  # one that comes again later asks for its day once more, which changes nothing


def delete_old(session: Session, *, now: datetime, limit: int) -> int:
    """Deletes windows that brought nothing two years ago, and hints that were followed 90 days ago; at most `limit` of each, and
    how many."""
    return pulls.delete_old(session, now - _PULLS_KEPT, limit) + queries.delete_hints(session, now - _HINTS_KEPT, limit)
