"""How long clicks are kept, and how they are forgotten.

What is deleted is overwritten (SQLite: secure_delete, and the write-ahead log is emptied), and every deletion leaves a
row in `click_purges` that says what was deleted and that nothing older was left.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from affiliate.clicks import queries
from affiliate.clicks.load import SET_ASIDE_FOLDER
from affiliate.clicks.visits import COMPARABLE_MS
from affiliate.store import Store

_AT_ONCE = 20_000  # clicks a transaction, so that the loader never waits for long


@dataclass(frozen=True, slots=True)
class Purged:
    """What one purge deleted: clicks, rows of the hourly roll-up, files of records set aside. `left` rows are older than
    their bounds: 0."""

    clicks: int
    hours: int
    left: int
    set_aside: int = 0


def forget_visitors(store: Store, *, now: datetime) -> int:
    """Drops what is remembered of visitors for longer than three hours, and who showed which user agent on a day whose key
    is gone; how many rows."""
    three_hours_ago = now - timedelta(milliseconds=COMPARABLE_MS)
    with store.erasing() as session:
        visits = queries.forget_visits(session, three_hours_ago)
        return visits + queries.forget_sightings(session, _day(three_hours_ago))


def purge(store: Store, journal: Path, *, keep_raw_days: int, keep_hours_months: int, now: datetime) -> Purged:
    """Deletes clicks older than so many days, records set aside as long ago, and hourly sums older than so many months,
    whole UTC days and months; 0 keeps for ever. Repeated, it changes nothing. What could not be finished is taken up by
    the next purge."""
    clicks = hours = left = set_aside = 0
    if keep_raw_days:
        before = _day(now - timedelta(days=keep_raw_days))
        while deleted := _delete(store, queries.CLICKS, before, now):
            clicks += deleted
        left += _finish(store, queries.CLICKS, before)
        set_aside = _delete_set_aside(journal / SET_ASIDE_FOLDER, before)
    if keep_hours_months:
        before = _months_before(now, keep_hours_months)
        hours = _delete(store, queries.HOURS, before, now)
        left += _finish(store, queries.HOURS, before)
    return Purged(clicks, hours, left, set_aside)


def _delete(store: Store, what: str, before: datetime, now: datetime) -> int:
    """Deletes some, and says so in the same transaction: what is made anew from clicks must know which are missing."""
    with store.erasing() as session:
        deleted = queries.delete_before(session, what, before, _AT_ONCE)
        if deleted:
            queries.note_purge(session, what, before, deleted, now=now)
    return deleted


def _delete_set_aside(folder: Path, before: datetime) -> int:
    """Damaged records hold what sound ones do: user agents, hashes whose key is gone."""
    old = [path for path in folder.glob("*") if path.stat().st_mtime < before.timestamp()]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _finish(store: Store, what: str, before: datetime) -> int:
    """Looks whether anything older is left, and deletes what nothing refers to any more."""
    with store.erasing() as session:
        return queries.finish_purge(session, what, before)


def _day(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _months_before(moment: datetime, months: int) -> datetime:
    number = moment.year * 12 + moment.month - 1 - months
    return datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)
