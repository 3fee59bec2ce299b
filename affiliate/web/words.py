"""Numbers, money and moments as people read them. None is shown as a dash: undefined is never 0."""

from datetime import date, datetime
from decimal import Decimal

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, format_percent

from affiliate.clock import zone
from affiliate.money import Money
from affiliate.networks.registry import network_name

NONE = "–"
_LOCALE = "en_GB"


def number(value: int | Decimal | None) -> str:
    """12345 as 12,345."""
    return NONE if value is None else str(format_decimal(value, locale=_LOCALE))


def percent(value: Decimal | None) -> str:
    """A fraction (0.083) as a percentage with at most one decimal (8.3%)."""
    return NONE if value is None else str(format_percent(value, format="#,##0.#%", locale=_LOCALE))


def money(value: Money | Decimal | str | None, currency: str | None = None) -> str:
    """Money, or an amount (also as its decimal text) beside its currency, rounded to the minor unit for display."""
    if value is None:
        return NONE
    shown = value if isinstance(value, Money) else Money.of(value, currency)
    return shown.format(_LOCALE)


def day(value: date | datetime | None, zone_name: str = "UTC") -> str:
    """20 Nov 2026; a moment is shown as the day it is in the zone."""
    if value is None:
        return NONE
    local = value.astimezone(zone(zone_name)).date() if isinstance(value, datetime) else value
    return str(format_date(local, "d MMM y", locale=_LOCALE))


def moment(value: datetime | None, zone_name: str = "UTC") -> str:
    """20 Nov 2026, 12:00 in the zone."""
    if value is None:
        return NONE
    return str(format_datetime(value.astimezone(zone(zone_name)), "d MMM y, HH:mm", locale=_LOCALE))


def reason(text: str) -> str:
    """Why a row was set aside; where that is a bare name of a field and what it lacks, it is called a field."""
    is_bare = text.endswith(" is missing.") and not text.startswith("The ")
    return f"The field {text}" if is_bare else text


FILTERS = {
    "number": number,
    "percent": percent,
    "money": money,
    "day": day,
    "moment": moment,
    "network_name": network_name,
    "reason": reason,
}
