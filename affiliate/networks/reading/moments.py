"""Moments as networks write them, read into aware UTC."""

import re
from datetime import UTC, datetime, tzinfo
from functools import cache
from typing import NamedTuple

from affiliate import clock
from affiliate.networks.reading.days import DAY_FIRST

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# JavaScript's Date.toString(), which Rakuten's events use: "Wed Apr 15 2020 21:20:27 GMT+0000 (UTC)".
_JAVASCRIPT = re.compile(
    r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d{2}) (\d{4}) (\d{2}:\d{2}:\d{2}) GMT([+-]\d{4})(?: \(.*\))?", re.ASCII
)
_NUMBERED = re.compile(
    r"\d{1,2}([/.\-])\d{1,2}\1(\d{4}|\d{2})(?:([ T]|, )\d{1,2}:\d{2}(:\d{2})?( ?)([AaPp][Mm])?)?", re.ASCII
)
_YEAR_FIRST = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ].*)?", re.ASCII)
_DAY_ALONE = 8  # digits: 20260403; of another number nobody knows what it counts, and since when


class Numbered(NamedTuple):
    """A day in numbers with the year behind, without its time: what parts them, and the directive of the year."""

    day: str
    mark: str
    year: str

    @property
    def shape(self) -> str:
        return f"{self.mark}{self.year}"


def numbered(text: str) -> Numbered | None:
    """How a day in numbers is written (03/04/2026, 3.4.26 10:11); None for any other text."""
    found = _NUMBERED.fullmatch(text)
    if not found:
        return None
    return Numbered(text[: found.end(2)], found.group(1), "%Y" if len(found.group(2)) == 4 else "%y")


def style_of(text: str, order: str) -> str:
    """The strptime format of such a text, its day first or its month. Between points the day is first everywhere."""
    found = _NUMBERED.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no day in numbers")
    mark, year, between, seconds, space, half = found.groups()
    days = ("%d", "%m") if order == DAY_FIRST or mark == "." else ("%m", "%d")
    date = mark.join((*days, "%Y" if len(year) == 4 else "%y"))
    if not between:
        return date
    hours = f"%I:%M{':%S' if seconds else ''}{space}%p" if half else f"%H:%M{':%S' if seconds else ''}"
    return f"{date}{between}{hours}"


def read_as(text: str, zone_name: str, date_format: str) -> datetime:
    """A moment in a column with that format. A day in numbers may stand there with or without its time, as long as it is
    written in the format's order and marks; ISO 8601 with the year in front says itself what it is. ValueError as below."""
    try:
        return read_moment(text, zone_name, date_format)
    except ValueError:
        if _YEAR_FIRST.fullmatch(text) and not date_format.startswith("%Y"):
            return read_moment(text, zone_name)
        if (style := _like(text, date_format)) is None:
            raise
        return read_moment(text, zone_name, style)


def _like(text: str, date_format: str) -> str | None:
    found = _NUMBERED.fullmatch(text)
    if not found:
        return None
    style = style_of(text, DAY_FIRST)
    other = style.replace("%d", "%-").replace("%m", "%d").replace("%-", "%m")
    return next((each for each in (style, other) if _date_in(each) == _date_in(date_format)), None)


def _date_in(style: str) -> str:
    """The part of a format up to its year."""
    found = re.match(r"%[dm].%[dm].%[Yy]", style)
    return found.group() if found else ""


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
    elif text.isdecimal() and len(text) != _DAY_ALONE:
        raise ValueError(f"{text!r} is a number and no moment")
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
