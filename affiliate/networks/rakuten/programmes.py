"""Rakuten's partnerships: who has accepted us. Hosts and rates are not told here."""

from collections.abc import Iterator

from affiliate.networks.asking.paging import json_page
from affiliate.networks.base import BadRow, Reading, ReportedProgramme
from affiliate.networks.reading.rows import Row, read_each

PARTNERSHIPS = "Rakuten's list of partnerships"
# "extended" is an offer that waits for us to accept it.
_JOINED = {"active": "yes"} | dict.fromkeys(
    ("pending", "extended", "self-removed", "permanent-decline", "permanent-remove", "temp-decline", "temp-remove"), ""
)


def read_programmes(content: bytes, _reading: Reading) -> Iterator[ReportedProgramme | BadRow]:
    _, records = json_page(content, PARTNERSHIPS, "partnerships")
    return read_each(enumerate(records, start=1), _programme)


def _programme(line: int, row: Row) -> ReportedProgramme:
    return ReportedProgramme(
        line=line,
        advertiser_ref=row.need("advertiser", "id"),
        name=row.need("advertiser", "name"),
        joined=bool(row.word(_JOINED, "status")),
        raw_status=row.need("status"),
    )
