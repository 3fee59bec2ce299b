"""impact's Campaigns: the programmes that we have joined, and only these. What a builder of links needs stands in the
programme's own tracking link. Rates are not told here: they are in the contracts."""

import re
from collections.abc import Iterator, Mapping

from affiliate.networks.asking.paging import json_page
from affiliate.networks.base import BadRow, Reading, ReportedProgramme
from affiliate.networks.reading.rows import Row, read_each
from affiliate.urls import host_of

_JOINED = {"active": "yes", "expired": ""}
_TRACKING = re.compile(r"https?://([^/]+)/c/\d+/(\d+)/\d+.*", re.IGNORECASE | re.DOTALL)


def read_programmes(content: bytes, _reading: Reading) -> Iterator[ReportedProgramme | BadRow]:
    _, records = json_page(content, "impact's list of Campaigns", "Campaigns")
    return read_each(enumerate(records, start=1), _programme)


def _programme(line: int, row: Row) -> ReportedProgramme:
    return ReportedProgramme(
        line=line,
        advertiser_ref=row.need("CampaignId"),
        name=row.text("CampaignName") or row.need("AdvertiserName"),
        joined=bool(row.word(_JOINED, "ContractStatus")),
        raw_status=row.need("ContractStatus"),
        hosts=tuple(_hosts(row)),
        terms=_terms(row),
        permissions={"deep links": allowed} if (allowed := _allowed(row)) else {},
        parameters=_parameters(row.text("TrackingLink") or ""),
    )


def _hosts(row: Row) -> Iterator[str]:
    """Where deep links may go, else the programme's landing page. `*.` stands for all hosts below one."""
    domains = row.raw("DeeplinkDomains")
    named = [str(domain).strip().removeprefix("*.") for domain in domains] if isinstance(domains, list) else []
    pages = [row.text("CampaignUrl"), row.text("AdvertiserUrl")]
    found = [domain for domain in named if domain] or [host for page in pages if page and (host := host_of(page))][:1]
    yield from dict.fromkeys(found)


def _terms(row: Row) -> str:
    regions = row.raw("ShippingRegions")
    return f"ships to {', '.join(map(str, regions))}" if isinstance(regions, list) and regions else ""


def _allowed(row: Row) -> str | None:
    """`AllowsDeeplinking` is the text true or false."""
    return {"true": "allowed", "false": "not allowed"}.get(str(row.raw("AllowsDeeplinking")).lower())


def _parameters(tracking_link: str) -> Mapping[str, str]:
    found = _TRACKING.fullmatch(tracking_link.strip())
    return {"host": found.group(1), "ad_id": found.group(2)} if found else {}
