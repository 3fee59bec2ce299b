"""CJ's advertisers as its Advertiser Lookup tells them: XML, `<cj-api><advertisers total-matched="…"><advertiser>…`.
Rates are the default ones of our term; those of situations and promotional properties are in another API.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from affiliate.errors import UnreadableFile
from affiliate.networks.asking.paging import whole_number
from affiliate.networks.base import BadRow, Reading, ReportedProgramme
from affiliate.networks.reading.rows import BadValue, Row, read_each
from affiliate.urls import host_of

ADVERTISERS = "CJ's list of advertisers"
PAGE_SIZE = 100  # the most that is answered at once
_RELATIONS = {"joined": "yes", "notjoined": "", "not-joined": ""}
_STATES = {"active": "yes", "deactive": ""}  # codespell:ignore deactive


def advertisers_of(content: bytes) -> tuple[list[dict[str, Any]], int | None]:
    """(the advertisers of a page, how many match in all). UnreadableFile where it is no such list."""
    try:
        root = fromstring(content)
    except (ParseError, DefusedXmlException, ValueError) as problem:
        raise UnreadableFile(ADVERTISERS, "it is no XML, or broken off.") from problem
    listed = root.find("advertisers")
    if listed is None:
        said = root.findtext("error-message") or f"it begins with {root.tag}"
        raise UnreadableFile(ADVERTISERS, f"CJ answered otherwise: {said[:200]}")
    return [_record(one) for one in listed.findall("advertiser")], whole_number(listed.get("total-matched"))


def read_programmes(content: bytes, _reading: Reading) -> Iterator[ReportedProgramme | BadRow]:
    records, _ = advertisers_of(content)
    return read_each(enumerate(records, start=1), _programme)


def _record(advertiser: Element) -> dict[str, Any]:
    """Its plain fields, and the default commission of each of its actions by the action's name."""
    fields: dict[str, Any] = {child.tag: (child.text or "").strip() for child in advertiser if not len(child)}
    actions = advertiser.findall("actions/action")
    return fields | {"commissions": {_name(action): _default(action) for action in actions}}


def _name(action: Element) -> str:
    return (action.findtext("name") or action.findtext("id") or "").strip()


def _default(action: Element) -> str:
    return (action.findtext("commission/default") or "").strip()


def _programme(line: int, row: Row) -> ReportedProgramme:
    relation, state = row.need("relationship-status"), row.text("account-status")
    joined = row.word(_RELATIONS, "relationship-status") and (state is None or row.word(_STATES, "account-status"))
    page = row.text("program-url")
    host = host_of(page) if page else None
    commissions = row.raw("commissions")
    return ReportedProgramme(
        line=line,
        advertiser_ref=row.need("advertiser-id"),
        name=row.need("advertiser-name"),
        joined=bool(joined),
        raw_status=f"{relation}, {state}" if state else relation,
        hosts=(host,) if host else (),
        rate=_only_rate(commissions),
        terms="; ".join(f"{name}: {rate}" for name, rate in commissions.items() if rate),
    )


def _only_rate(commissions: Mapping[str, str]) -> Decimal | None:
    """The fraction where all actions pay the same percentage."""
    rates = set(commissions.values())
    only = rates.pop() if len(rates) == 1 else ""
    try:
        return Decimal(only.removesuffix("%").strip()) / 100 if only.endswith("%") else None
    except InvalidOperation as problem:
        raise BadValue(f"The commission is {only!r}, which is no percentage.") from problem
