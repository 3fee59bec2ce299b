"""Networks whose exports are read with a column map of ours. Columns are those of samples found in public code or in the
network's own documentation (named in each network's transactions.py); rows, where no network showed one, are made up."""

import json
from pathlib import Path

import pytest

from affiliate.errors import UnreadableFile
from affiliate.networks.base import PROVEN, UNVERIFIED, Reading, ReportedTransaction
from affiliate.networks.reading.columns import ColumnMap
from affiliate.networks.registry import network, networks
from tests.networks.reports import read_as

SAMPLES = Path(__file__).parent / "samples"
HEADERS = {
    "avantlink": (
        "Merchant_Id,Item_Count,New_Customer,Mobile_Order,Merchant,Website,Website_Id,Sub_Affiliate_Domain,Tool_Name,"
        "Campaign_Product_Link,Coupon_Code,Custom_Tracking_Code,Order_Id,Transaction_Amount,Base_Commission,"
        "Incentive_Commission,Total_Commission,Commission_Status,Payment_Id,Transaction_Type,Transaction_Date,"
        "Last_Click_Through,AvantLink_Transaction_Id"
    ),
    "belboon": (
        "conversion_uniqid,advertiser_id,advertiser_label,conversion_tracking_time,click_time,click_subid,"
        "conversion_status,conversion_currency_code,conversion_order_value,conversion_commission_total,"
        "conversion_order_value_eur,conversion_commission_total_eur"
    ),
    "daisycon": (
        "transaction_id;affiliatemarketing_id;date_transaction;program_name;ad_id;ip;ip_hash;ip_country_code;"
        "ip_country_name;device_type;device_model;device_platform;device_browser;part_nr;part_id;unknown_1;unknown_2;"
        "date_click;click_interval;referer_click;media_id;media_name;publisher_name;program_description;"
        "program_commission;publisher_description;publisher_commission;status;disapproved_reason;modified_date;"
        "used_compensationcode;revenue;extra_1;extra_2;extra_3;extra_4;extra_5;reference;invoice_status;"
        "promotioncode;currency_code;extra_6"
    ),
    "kwanko": "idprogramme;date;etat;argann;montant;gains;monnaie;idsite",
    "pepperjam": (
        "transaction_id,status,program_id,order_id,commission,creative_type,sale_amount,type,date,new_to_file,"
        "publisher_referral_url,sub_type,sid,program_name,website"
    ),
    "shareasale": (
        "Trans_ID|User_ID|Merchant_ID|Trans_Date|Trans_Amount|Commission|Comment|Voided|Pending_Date|Locked|Aff_Comment|"
        "Banner_Page|Reversal_Date|Click_Date|Click_Time|Banner_Id|SKU_List|Quantity_List|Lock_Date|Paid_Date|"
        "Merchant_Organization|Merchant_Website|Trans_Type|Merchant_Defined_Type|Store_ID|Reference_Trans"
    ),
}


def export(key: str, **cells: str) -> bytes:
    header = HEADERS[key]
    delimiter = next(mark for mark in ("|", ";", ",") if mark in header)
    assert set(cells) <= set(header.split(delimiter))
    return f"{header}\n{delimiter.join(cells.get(name, '') for name in header.split(delimiter))}\n".encode()


def read_one(key: str, content: bytes, reading: Reading | None = None) -> ReportedTransaction:
    report = read_as(key, content, reading or Reading())
    assert not report.bad, report.bad
    (row,) = report.good
    return row


def test_partnerize_s_own_example_is_read_item_by_item() -> None:
    row = read_one("partnerize", (SAMPLES / "partnerize_conversion_item.csv").read_bytes())
    assert (row.external_id, row.line_id) == ("111111l3919676", "111111l4118583")
    assert (row.advertiser_ref, row.publisher_ref, row.status) == ("10l176", "1l1007802", "pending")
    assert (str(row.commission.amount), row.commission.currency) == ("0.9092", "EUR")
    assert row.sale is not None
    assert (str(row.sale), row.order_ref) == ("90.92 EUR", "AUTO-57643db548165")
    assert row.transaction_at.isoformat() == "2016-03-02T10:22:02+00:00"
    assert not {"referer_ip", "customer_reference"} & set(row.payload)


def test_tradetracker_s_elements_are_read() -> None:
    row = read_one("tradetracker", (SAMPLES / "tradetracker_conversion.xml").read_bytes())
    assert (row.external_id, row.advertiser_ref, row.status, row.sub_ids) == ("tx-1", "1234", "approved", ("sub-1",))
    assert (str(row.commission), str(row.sale), row.payment) == ("6.03 EUR", "120.50 EUR", "unpaid")


def test_ebay_s_five_columns_are_enough() -> None:
    content = (SAMPLES / "ebay_transaction_detail.csv").read_bytes()
    row = read_one("ebay", content, Reading(currency="USD"))
    assert (row.external_id, row.status, row.raw_status, row.sub_ids) == ("5001", "pending", "", ("{tid}",))
    assert (str(row.commission), str(row.sale)) == ("3.60 USD", "120.00 USD")
    assert row.transaction_at.isoformat() == "2026-09-20T06:00:00+00:00"  # the day begins in Denver


def test_ebay_s_currency_is_the_account_s_or_none() -> None:
    report = read_as("ebay", (SAMPLES / "ebay_transaction_detail.csv").read_bytes(), Reading())
    assert not report.good
    assert "currency" in report.bad[0].reason


@pytest.mark.parametrize(
    ("word", "status"), [("Approved", "approved"), ("Pending", "pending"), ("Reversed", "declined")]
)
def test_ebay_s_json_says_its_status(word: str, status: str) -> None:
    rows = [{"EpnTransactionId": 1, "EventDate": "2026-09-20T10:00:00-06:00", "Earnings": -1.5, "Status": word}]
    row = read_one("ebay", json.dumps({"Records": rows}).encode(), Reading(currency="GBP"))
    assert (row.status, row.raw_status, str(row.commission)) == (status, word, "-1.50 GBP")


def test_an_unknown_status_of_ebay_stops_its_row() -> None:
    rows = [{"EpnTransactionId": 1, "EventDate": "2026-09-20", "Earnings": 1, "Status": "Held"}]
    report = read_as("ebay", json.dumps(rows).encode(), Reading(currency="GBP"))
    assert [bad.word for bad in report.bad] == ["Held"]


@pytest.mark.parametrize(
    ("cells", "status", "payment", "decided"),
    [
        ({}, "pending", "unpaid", None),
        ({"Lock_Date": "2020-12-20"}, "pending", "unpaid", "2020-12-20"),
        ({"Locked": "1", "Lock_Date": "2020-12-20"}, "approved", "unpaid", "2020-12-20"),
        ({"Locked": "1", "Paid_Date": "2021-01-20"}, "approved", "paid", None),
        ({"Voided": "1", "Reversal_Date": "2020-12-09 10:00:00.0"}, "declined", "unpaid", "2020-12-09"),
        ({"Voided": "1", "Paid_Date": "2021-01-20"}, "declined", "unpaid", None),
        ({"Voided": "0", "Locked": "0"}, "pending", "unpaid", None),
    ],
)
def test_shareasale_s_flags_say_the_state(
    cells: dict[str, str], status: str, payment: str, decided: str | None
) -> None:
    usual = {"Trans_ID": "9", "Merchant_ID": "77", "Trans_Date": "12/01/2020 03:04:05 PM", "Commission": "$1,234.50"}
    row = read_one("shareasale", export("shareasale", **usual, **cells))
    assert (row.status, row.payment) == (status, payment)
    assert (row.validated_at.date().isoformat() if row.validated_at else None) == decided


@pytest.mark.parametrize("delimiter", ["|", ","])
def test_shareasale_s_history_is_in_dollars_and_chicago_time(delimiter: str) -> None:
    content = export(
        "shareasale",
        Trans_ID="9",
        User_ID="12",
        Merchant_ID="77",
        Trans_Date="12/01/2020 03:04:05 PM",
        Trans_Amount="20.00",
        Commission="-1.50",
        Aff_Comment="a0123456789x",
        Click_Date="2020-11-30",
        Click_Time="11:00:00 PM",
        Reference_Trans="8",
        Merchant_Organization="Acme",
    )
    row = read_one("shareasale", content.replace(b"|", delimiter.encode()).replace(b"_", b" "))
    assert (str(row.commission), str(row.sale), row.original_ref) == ("-1.50 USD", "20.00 USD", "8")
    assert row.transaction_at.isoformat() == "2020-12-01T21:04:05+00:00"
    assert row.click_at is not None
    assert row.click_at.isoformat() == "2020-12-01T05:00:00+00:00"
    assert (row.publisher_ref, row.advertiser_ref, row.advertiser_name) == ("12", "77", "Acme")
    assert row.sub_ids == ("a0123456789x",)


def test_kwanko_s_rows_are_told_apart_without_an_id() -> None:
    content = export(
        "kwanko",
        idprogramme="5",
        date="03/04/2026 10:11:12",
        etat="v",
        argann="a0123456789x",
        montant="10.00",
        gains="1.00",
        monnaie="EUR",
        idsite="8",
    )
    row = read_one("kwanko", content)
    assert row.external_id == "5 03/04/2026 10:11:12 8"  # without the sub-id, which may be filled in later
    assert (row.status, str(row.commission), row.transaction_at.day, row.transaction_at.month) == (
        "approved",
        "1.00 EUR",
        3,
        4,
    )


def test_a_word_of_pepperjam_says_two_things_and_the_currency_is_asked_for() -> None:
    cells = {"transaction_id": "1", "program_id": "5", "commission": "1.50", "date": "2026-11-01", "status": "paid"}
    row = read_one("pepperjam", export("pepperjam", **cells), Reading(currency="USD"))
    assert (row.status, row.payment, row.raw_status) == ("approved", "paid", "paid")
    report = read_as("pepperjam", export("pepperjam", **cells), Reading())
    assert "currency" in report.bad[0].reason


def test_avantlink_s_brackets_are_negative_and_its_words_are_asked_for() -> None:
    cells = {
        "AvantLink_Transaction_Id": "1",
        "Merchant_Id": "5",
        "Total_Commission": "($1.23)",
        "Transaction_Date": "2026-11-01 10:00:00",
        "Commission_Status": "Whatever",
        "Payment_Id": "P1",
    }
    report = read_as("avantlink", export("avantlink", **cells), Reading(currency="USD"))
    assert [bad.word for bad in report.bad] == ["Whatever"]
    known = ColumnMap.parse({**network("avantlink").reader.columns, "status.Whatever": "approved"})  # type: ignore[union-attr, dict-item]
    row = read_one("avantlink", export("avantlink", **cells), Reading(currency="USD", columns=known))
    assert (str(row.commission), row.status, row.payment, row.payout_ref) == ("-1.23 USD", "approved", "paid", "P1")


def test_daisycon_s_parts_are_rows_and_its_addresses_are_dropped() -> None:
    content = export(
        "daisycon",
        affiliatemarketing_id="7",
        part_id="2",
        program_name="Acme NL",
        publisher_commission="1.50",
        currency_code="EUR",
        date_transaction="2026-11-01 10:00:00",
        status="incasso",
        ip="203.0.113.9",
        ip_hash="77",
    )
    row = read_one("daisycon", content)
    assert (row.external_id, row.line_id, row.status) == ("7", "2", "declined")
    assert not {"ip", "ip_hash"} & set(row.payload)


@pytest.mark.parametrize(
    ("number", "status"), [("0", "pending"), ("1", "pending"), ("2", "declined"), ("3", "approved")]
)
def test_belboon_s_numbers_are_states(number: str, status: str) -> None:
    cells = {"conversion_uniqid": "1", "advertiser_id": "5", "conversion_commission_total": "1.50"}
    content = export(
        "belboon",
        **cells,
        conversion_currency_code="EUR",
        conversion_tracking_time="2026-11-01T10:00:00",
        conversion_status=number,
    )
    assert read_one("belboon", content).status == status


def test_digidip_s_nested_fields_are_read() -> None:
    row = {
        "id": 4,
        "merchant": {"id": 9, "name": "Acme"},
        "date": {"iso8601": "2026-11-01T10:00:00+01:00"},
        "click": {"date": {"iso8601": None}, "custom_subid": {"content": "a0123456789x"}},
        "price": {"amount": 10.5},
        "commission": {"amount": 1.05, "currency": "EUR"},
        "status": "payment processing",
    }
    read = read_one("digidip", json.dumps([row]).encode())
    assert (read.external_id, read.advertiser_ref, read.status, read.payment) == ("4", "9", "approved", "unpaid")
    assert read.sub_ids == ("a0123456789x",)
    assert read_one("digidip", json.dumps([{**row, "status": "paid"}]).encode()).payment == "paid"


@pytest.mark.parametrize(
    ("key", "asked"),
    [
        ("flexoffers", ("advertiser is missing", "commission is missing")),
        ("sovrn", ("status is missing",)),
        ("effiliation", ("external_id is missing", "commission is missing", "transaction_at is missing")),
    ],
)
def test_what_is_not_known_of_a_network_is_asked_for(key: str, asked: tuple[str, ...]) -> None:
    with pytest.raises(UnreadableFile) as refusal:
        read_as(key, b"a,b\n1,2\n", Reading(currency="USD"))
    for words in (*asked, "--column"):
        assert words in str(refusal.value)


def test_what_was_asked_for_can_be_said() -> None:
    row = {
        "commissionId": "c1",
        "merchantGroupId": 5,
        "publisherRevenue": 1.5,
        "commissionDate": "2026-11-01",
        "cuid": "x",
    }
    content = json.dumps({"transactions": [row | {"programType": "CPC"}]}).encode()
    ready = network("sovrn").reader.columns  # type: ignore[union-attr]
    columns = ColumnMap.parse({**ready, "status": "=pending"})  # type: ignore[dict-item]
    read = read_one("sovrn", content, Reading(currency="USD", columns=columns))
    assert (read.kind, read.status, str(read.commission)) == ("cpc", "pending", "1.50 USD")


def test_every_network_with_a_map_says_that_it_is_unverified() -> None:
    mapped = [known for known in networks() if known.reader and known.reader.columns]
    assert len(mapped) >= 10
    assert {known.coverage.file for known in mapped} == {UNVERIFIED}
    assert network("partnerize").coverage.file == PROVEN
