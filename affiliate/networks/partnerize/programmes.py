"""Partnerize's participations: our campaigns and where we stand in them. The camref, which links need, is a field that is
told when asked for, or stands in the campaign's tracking link."""

import re
from collections.abc import Iterator

from affiliate.networks.asking.paging import json_page
from affiliate.networks.base import BadRow, Reading, ReportedProgramme
from affiliate.networks.reading.rows import Row, read_each
from affiliate.urls import host_of

PARTICIPATIONS = "Partnerize's list of participations"
_JOINED = {"a": "yes", "p": "", "r": "", "t": ""}
_WORDS = {"a": "approved", "p": "pending", "r": "rejected", "t": "invited"}
_ALLOWED = {"y": "allowed", "n": "not allowed"}
_CAMREF = re.compile(r"/camref:([^/?#]+)", re.IGNORECASE)


def read_programmes(content: bytes, _reading: Reading) -> Iterator[ReportedProgramme | BadRow]:
    _, records = json_page(content, PARTICIPATIONS, "data")
    return read_each(enumerate(records, start=1), _programme)


def _programme(line: int, row: Row) -> ReportedProgramme:
    host = host_of(row.text("campaign_info", "destination_url") or "")
    camref = _camref(row)
    deep_links = _ALLOWED.get(str(row.raw("campaign_info", "allow_deep_linking")).lower())
    return ReportedProgramme(
        line=line,
        advertiser_ref=row.need("campaign_id"),
        name=row.need("campaign_info", "title"),
        joined=bool(row.word(_JOINED, "status")),
        raw_status=row.word(_WORDS, "status"),
        hosts=(host,) if host else (),
        permissions={"deep links": deep_links} if deep_links else {},
        parameters={"camref": camref} if camref else {},
    )


def _camref(row: Row) -> str | None:
    """Where the field stands when asked for is not documented: beside the campaign, or in what is told of it."""
    if named := row.text("camref") or row.text("campaign_info", "camref"):
        return named
    found = _CAMREF.search(row.text("campaign_info", "tracking_link") or "")
    return found.group(1) if found else None
