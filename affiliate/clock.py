"""Time is an input: whoever needs "now" is given a clock.

All moments are aware and in UTC; a site's zone is applied only where days are counted or shown.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from affiliate.errors import InvalidInput

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The system's time, aware, UTC."""
    return datetime.now(UTC)


def zone(name: str) -> ZoneInfo:
    """The IANA zone of this name; InvalidInput where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, IsADirectoryError) as problem:
        raise InvalidInput(f"{name!r} is no time zone; use an IANA name such as Europe/London.") from problem


def day_start(day: date, zone_name: str) -> datetime:
    """The first moment of a calendar day in a zone, as UTC."""
    return datetime.combine(day, time.min, tzinfo=zone(zone_name)).astimezone(UTC)


def day_bounds(first: date, until: date, zone_name: str) -> tuple[datetime, datetime]:
    """UTC moments of [first, until) in a zone: from inclusive, to exclusive. InvalidInput if the range is empty."""
    if until <= first:
        raise InvalidInput(f"The range {first} to {until} is empty: the end is exclusive and must be later.")
    return day_start(first, zone_name), day_start(until, zone_name)


def parse_day(text: str) -> date:
    """A day written YYYY-MM-DD; InvalidInput otherwise."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError as problem:
        raise InvalidInput(f"{text!r} is no date; write it as YYYY-MM-DD.") from problem


def month_of(day: date) -> tuple[date, date]:
    """First day of the day's month and first day of the next one (exclusive end)."""
    first = day.replace(day=1)
    return first, (first + timedelta(days=32)).replace(day=1)
