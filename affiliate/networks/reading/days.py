"""Days as reports write them: in numbers, or with the month's name in one of several languages."""

import re
from collections.abc import Iterable
from datetime import date
from functools import cache

DAY_FIRST, MONTH_FIRST = "day first", "month first"
LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv")  # month names: the Unicode CLDR, by babel
_NUMBERS = re.compile(r"(\d{1,2})([/.\-])(\d{1,2})\2(\d{4}|\d{2})")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_PARTS = re.compile(r"\d+|[^\W\d_]+")


def read_day(text: str, order: str | None = None) -> date:
    """The day a text names. `order` is needed for numbers alone (03/04/2026), unless points part them: those are written
    day first everywhere. ValueError for anything that is no day, or not decided."""
    text = text.strip()
    if found := _ISO.match(text):
        return date(*map(int, found.groups()))
    if found := _NUMBERS.match(text):
        first, mark, second, year = found.groups()
        order = DAY_FIRST if mark == "." else order
        if order is None:
            raise ValueError(f"whether {text} begins with the day or the month is not said")
        day, month = (int(first), int(second)) if order == DAY_FIRST else (int(second), int(first))
        return date(int(year) + (2000 if len(year) == 2 else 0), month, day)
    return _named(text)


def _named(text: str) -> date:
    parts = _PARTS.findall(text.casefold())
    months = [number for part in parts if (number := _months().get(part))]
    numbers = [part for part in parts if part.isdecimal()]
    years = [number for number in numbers if len(number) == 4]
    days = [number for number in numbers if len(number) <= 2]
    if len(months) != 1 or len(years) != 1 or not days:
        raise ValueError(f"{text!r} is no day")
    return date(int(years[0]), months[0], int(days[0]))


def orders(texts: Iterable[str]) -> frozenset[str]:
    """What order days written in numbers may have, as far as these texts tell: both where nothing tells (03/04/2026), none
    where they contradict each other (13/04/2026 beside 04/13/2026)."""
    possible = {DAY_FIRST, MONTH_FIRST}
    for text in texts:
        found = _NUMBERS.match(text.strip())
        if not found or found.group(2) == ".":
            continue
        if int(found.group(1)) > 12:
            possible.discard(MONTH_FIRST)
        if int(found.group(3)) > 12:
            possible.discard(DAY_FIRST)
    return frozenset(possible)


@cache
def _months() -> dict[str, int]:
    from babel.dates import get_month_names

    known: dict[str, int] = {}
    for language in LANGUAGES:
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                for number, name in get_month_names(width, context, locale=language).items():
                    known.setdefault(name.casefold().rstrip("."), int(number))
    return known
