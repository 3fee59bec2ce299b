"""The question that reports and transactions share: which days, cut how, of which site; and for money by which date and as
known when."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Self

from sqlalchemy.orm import Session

from affiliate.clock import month_of, parse_day, zone
from affiliate.errors import InvalidInput
from affiliate.links.sites import find_site
from affiliate.reports.commissions import DIMENSIONS
from affiliate.reports.scope import DATE_BASES
from affiliate.web.forms import Form
from affiliate.web.site_choice import SiteChoice, chosen_site, shown_zone, sites

_EARLIEST, _LATEST = date(1990, 1, 1), date(2200, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """[first, until) as days of `time_zone`, cut by a dimension. `site` None means all."""

    first: date
    until: date
    by: str
    site: SiteChoice | None
    time_zone: str

    @property
    def last(self) -> date:
        """The last day that counts."""
        return self.until - timedelta(days=1)

    def arguments(self, session: Session) -> dict[str, Any]:
        """For the reports, `by` apart."""
        return {
            "first": self.first,
            "until": self.until,
            "site": find_site(session, self.site.key) if self.site else None,
            "time_zone": self.time_zone,
        }

    def query(self, **others: str | None) -> dict[str, Any]:
        """The same question in an address, with others put in; None leaves one out."""
        asked = {
            "from": self.first.isoformat(),
            "to": self.until.isoformat(),
            "by": self.by,
            "site": self.site.key if self.site else "",
            **others,
        }
        return {name: value for name, value in asked.items() if value is not None}

    def presets(self, now: datetime) -> list[tuple[str, Self]]:
        """The ranges that people ask for, with their names."""
        today = now.astimezone(zone(self.time_zone)).date()
        ranges = self.ranges(today).items()
        return [(name, replace(self, first=first, until=until)) for name, (first, until) in ranges]

    def ranges(self, today: date) -> dict[str, tuple[date, date]]:
        """[first, until) of the usual ranges by their names."""
        this_month = month_of(today)
        last_month = month_of(this_month[0] - timedelta(days=1))
        return {"This month": this_month, "Last month": last_month, "Last 30 days": last_days(today, 30)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Period(Days):
    """The question about money: also by which date, as known when, and earned on which pages (one of
    reports.scope.GROUPS, which the report itself checks; None: all), and what the network says of its payment."""

    date_basis: str
    as_of: datetime | None
    disclosure: str | None
    payment: str | None

    def arguments(self, session: Session) -> dict[str, Any]:
        asked = {
            "date_basis": self.date_basis,
            "as_of": self.as_of,
            "disclosure": self.disclosure,
            "payment": self.payment,
        }
        return {**Days.arguments(self, session), **asked}

    def query(self, **others: str | None) -> dict[str, Any]:
        asked = {
            "date_basis": self.date_basis if self.date_basis != DATE_BASES[0] else None,
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "disclosure": self.disclosure,
            "payment": self.payment,
        }
        return Days.query(self, **{**asked, **others})


def asked_period(form: Form, now: datetime) -> Period:
    """What the address asks for; the last 30 days by article where it asks for nothing. InvalidInput for words and days
    that cannot be."""
    asked = asked_days(form, now, 30)
    return Period(
        **asked,
        by=asked_word(form.text("by"), DIMENSIONS, "dimension"),
        date_basis=asked_word(form.text("date_basis"), DATE_BASES, "date basis"),
        as_of=moment_of(form.text("as_of"), asked["time_zone"]),
        disclosure=form.text("disclosure") or None,
        payment=form.text("payment") or None,
    )


def asked_days(form: Form, now: datetime, usual: int) -> dict[str, Any]:
    """The days, site and zone of a question; the last `usual` days where it names none."""
    site = _site()
    time_zone = site.time_zone if site else shown_zone()
    first, until = last_days(now.astimezone(zone(time_zone)).date(), usual)
    return {
        "first": _day(form.text("from")) or first,
        "until": _day(form.text("to")) or until,
        "site": site,
        "time_zone": time_zone,
    }


def last_days(today: date, days: int) -> tuple[date, date]:
    """So many days, today included."""
    return today - timedelta(days=days - 1), today + timedelta(days=1)


def _site() -> SiteChoice | None:
    """Where there is one site, the report is of everything: also of what no site can be told of."""
    return chosen_site() if len(sites()) > 1 else None


def asked_word(text: str, known: tuple[str, ...], what: str) -> str:
    """A word of those that are known; the first of them where none was asked for."""
    if text and text not in known:
        raise InvalidInput(f"{text!r} is no {what}; there are {', '.join(known)}.")
    return text or known[0]


def _day(text: str) -> date | None:
    if not text:
        return None
    day = parse_day(text)
    if not _EARLIEST <= day <= _LATEST:
        raise InvalidInput(f"{text} is out of reach: days go from {_EARLIEST} to {_LATEST}.")
    return day


def moment_of(text: str, time_zone: str) -> datetime | None:
    """An ISO moment; one without an offset, as forms send it, is read in the zone. A bare day means its beginning."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as problem:
        raise InvalidInput(f"{text!r} is no moment; write 2026-11-02T09:00.") from problem
    if not _EARLIEST <= moment.date() <= _LATEST:
        raise InvalidInput(f"{text} is out of reach: moments go from {_EARLIEST} to {_LATEST}.")
    return moment if moment.tzinfo else moment.replace(tzinfo=zone(time_zone))
