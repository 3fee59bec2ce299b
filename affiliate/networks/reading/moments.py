"""Moments as networks write them, read into aware UTC."""

import re
from datetime import UTC, datetime, tzinfo
from functools import cache

from affiliate import clock

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# JavaScript's Date.toString(), which Rakuten's events use: "Wed Apr 15 2020 21:20:27 GMT+0000 (UTC)".
_JAVASCRIPT = re.compile(
    r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d{2}) (\d{4}) (\d{2}:\d{2}:\d{2}) GMT([+-]\d{4})(?: \(.*\))?", re.ASCII
)


def read_moment(text: str, zone_name: str, date_format: str | None = None) -> datetime:
    """A moment as aware UTC. ISO 8601 and JavaScript's form are known; a `date_format` (strptime's) replaces them.

    Without an offset it is taken in `zone_name`; a day without a time is its first moment there. ValueError for
    anything else.
    """
    if date_format:
        read = datetime.strptime(text, date_format)  # noqa: DTZ007 - the zone is set below
    elif text[:1].isalpha() and (found := _JAVASCRIPT.fullmatch(text)):
        month, day, year, hours, offset = found.groups()
        read = datetime.fromisoformat(f"{year}-{_month(month):02}-{day}T{hours}{offset}")
    else:
        read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        read = read.replace(tzinfo=_zone(zone_name))
    try:
        return read.astimezone(UTC)
    except OverflowError as problem:
        raise ValueError(f"{text!r} is out of range") from problem


def zulu(moment: datetime) -> str:
    """An aware moment as most APIs are asked: ISO 8601 in UTC, whole seconds (2026-11-01T00:00:00Z)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@cache
def _zone(name: str) -> tzinfo:
    return UTC if name == "UTC" else clock.zone(name)


def _month(name: str) -> int:
    return _MONTHS.index(name) + 1
