"""Skimlinks' merchants: the advertisers that our domain earns at, joined by being listed. The rate is Skimlinks' own
reckoning of what comes out on average; the least and the most that it pays stand in the terms."""

from collections.abc import Iterator
from decimal import Decimal

from affiliate.networks.asking.paging import json_page
from affiliate.networks.base import BadRow, Reading, ReportedProgramme
from affiliate.networks.reading.rows import BadValue, Row, read_each

MERCHANTS = "Skimlinks' list of merchants"


def read_programmes(content: bytes, _reading: Reading) -> Iterator[ReportedProgramme | BadRow]:
    _, records = json_page(content, MERCHANTS, "merchants")
    return read_each(enumerate(records, start=1), _programme)


def _programme(line: int, row: Row) -> ReportedProgramme:
    domains, kind = row.raw("domains"), row.text("partner_type")
    return ReportedProgramme(
        line=line,
        advertiser_ref=row.need("advertiser_id"),
        name=row.need("name"),
        joined=True,
        raw_status=kind or "",
        hosts=tuple(dict.fromkeys(map(str, domains))) if isinstance(domains, list) else (),
        rate=_average(row),
        terms=", ".join(text for name in ("minimum_rate", "maximum_rate") if (text := _rate(row, name))),
    )


def _average(row: Row) -> Decimal | None:
    value = row.raw("calculated_commission_rate")
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | Decimal)):
        raise BadValue(f"calculated_commission_rate is {str(value)[:80]!r}, which is no rate.")
    return None if value is None else Decimal(value)


def _rate(row: Row, name: str) -> str:
    """One of the two in words: "minimum 3.5 percentage", "maximum 10 flat_rate USD"."""
    rate, kind, currency = row.text(name, "base_rate"), row.text(name, "rate_type"), row.text(name, "currency")
    return " ".join(filter(None, (name.partition("_")[0], rate, kind, currency))) if rate else ""
