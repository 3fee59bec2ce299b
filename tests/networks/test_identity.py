"""What makes two rows of a network the same transaction: ids alone, never what a network fills in or changes later."""

import csv
import io
import json
from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from affiliate.networks.base import BadRow, Reading
from affiliate.networks.reading.columns import SUB_IDS, ColumnMap
from affiliate.networks.reading.rows import Unread
from affiliate.networks.registry import network, networks
from tests.networks.test_ready_maps import HEADERS
from tests.networks.test_transactions import awin_row, cj_row, impact_row, rakuten_row

SAMPLES = Path(__file__).parent / "samples"
OWN: dict[str, set[tuple[str, ...]]] = {
    "awin": {("id",)},
    "cj": {("commissionId",)},
    "ebay": {("EpnTransactionId",)},
    "impact": {("Id",)},
    "partnerize": {("conversion_id",), ("item", "conversion_item_id")},
    "rakuten": {("etransaction_id",)},
    "shareasale": {("Trans_ID",)},
    "skimlinks": {("commission_id",)},
}
"""The fields that a network's own reader knows a row by: each is documented, or named, as its id."""
BY_MAP = {
    "avantlink": {"AvantLink_Transaction_Id"},
    "belboon": {"conversion_uniqid"},
    "daisycon": {"affiliatemarketing_id", "part_id"},
    "digidip": {"id"},
    "flexoffers": {"legacyId"},
    "kwanko": {"idprogramme", "date", "idsite"},  # it has no id: the sale itself, by programme, second and site
    "pepperjam": {"transaction_id"},
    "sovrn": {"commissionId"},
    "tradetracker": {"ID"},
}
WITHOUT_IDS = {"amazon"}  # a file takes the place of the older one of its days (test_amazon_earnings.py)
ASKED = {"effiliation", "template"}  # the user says which column is the id
CHANGEABLE = (
    "status", "payment", "commission", "sale", "currency", "click_at", "validated_at", "order_ref", "payout_ref",
    "original_ref", "reason", "advertiser_name", "kind", *SUB_IDS,
)  # fmt: skip


def _record(key: str) -> dict[str, Any]:
    match key:
        case "awin":
            return awin_row()
        case "cj":
            return cj_row()
        case "impact":
            return impact_row()
        case "rakuten":
            return rakuten_row(lock_status="locked", order_auto_lock_date="2020-06-01 00:00:00", advertiser_name="A")
        case "shareasale":
            said = {"Trans_ID": "7", "Merchant_ID": "3", "Trans_Date": "10/05/2026 10:00:00 AM", "Commission": "1.00"}
            return {name: said.get(name, "0" if name == "Voided" else "") for name in HEADERS[key].split("|")}
        case "ebay":
            (row,) = csv.DictReader((SAMPLES / "ebay_transaction_detail.csv").read_text(encoding="utf-8").splitlines())
            return {**row, "Status": "Pending", "CheckoutSite": "", "UpdateDate": "", "EbayCheckoutTransactionId": ""}
        case _:
            name = {"partnerize": "partnerize_conversion.json", "skimlinks": "skimlinks_commission_report.json"}[key]
            reader = network(key).reader
            assert reader is not None
            record = next(iter(reader.records(io.BytesIO((SAMPLES / name).read_bytes()), Reading())))
            assert not isinstance(record, BadRow)
            assert isinstance(record[1], dict)
            return record[1]


def _leaves(record: dict[str, Any], *above: str) -> Iterator[tuple[str, ...]]:
    for name, value in record.items():
        if isinstance(value, dict):
            yield from _leaves(value, *above, name)
        else:
            yield (*above, name)


def _with(record: dict[str, Any], path: tuple[str, ...], value: object) -> dict[str, Any]:
    changed = deepcopy(record)
    inner: Any = changed
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return changed


def _identity(key: str, record: dict[str, Any]) -> tuple[str, str] | None:
    """None where the row is set aside: then it adds nothing."""
    reader = network(key).reader
    assert reader is not None
    row = Unread(reader, 1, record, Reading(currency="USD", time_zone="UTC")).read()
    return None if isinstance(row, BadRow) else (row.external_id, row.line_id)


def test_every_network_that_is_read_says_what_its_rows_are_known_by() -> None:
    read = {known.key for known in networks() if known.reader is not None}
    assert read == set(OWN) | set(BY_MAP) | WITHOUT_IDS | ASKED
    assert {key for key in read if (reader := network(key).reader) and reader.has_own_ids} == set(OWN)


@pytest.mark.parametrize("key", OWN)
def test_no_field_but_its_ids_makes_a_row_another_transaction(key: str) -> None:
    record: dict[str, Any] = json.loads(json.dumps(_record(key), default=float), parse_float=Decimal)
    known = _identity(key, record)
    assert known is not None
    said = set(_leaves(record))
    assert OWN[key] <= said
    amended = 0
    for path in said - OWN[key]:
        for value in ("", None, "other", "2020-05-01T10:00:00Z", "7.50", 8, "approved", "Pending", "locked"):
            changed = _identity(key, _with(record, path, value))
            assert changed in (None, known), (path, value)
            amended += changed is not None
    assert amended > len(said)
    for path in OWN[key]:
        assert _identity(key, _with(record, path, "another")) != known


@pytest.mark.parametrize("key", BY_MAP)
def test_no_column_that_a_network_changes_or_fills_in_later_is_part_of_an_id(key: str) -> None:
    reader = network(key).reader
    assert reader is not None
    assert reader.columns is not None
    ready = ColumnMap.parse({"advertiser": "?", "status": "?", "commission": "?", **reader.columns})
    ids = {header for name in ("external_id", "line_id") if name in ready.columns for header in ready.headers(name)}
    changeable = {header for name in CHANGEABLE if name in ready.columns for header in ready.headers(name)}
    assert ids == BY_MAP[key]
    assert ids & changeable == set()
