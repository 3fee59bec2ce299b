"""The networks' own reports, on providers' examples (tests/networks/samples/README.md says how far they go)."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from affiliate.errors import UnreadableFile
from affiliate.money import Money
from affiliate.networks.base import APPROVED, DECLINED, INVOICED, PAID, PENDING, UNPAID, Reading
from tests.networks.reports import Report, read_as

_SAMPLES = Path(__file__).parent / "samples"
_JSON_NETWORKS = ["awin", "cj", "impact", "rakuten"]


def sample(name: str) -> Any:
    return json.loads((_SAMPLES / name).read_text(encoding="utf-8"))


def awin_row(**changes: object) -> dict[str, Any]:
    return {**sample("awin_transactions.json")[0], **changes}


def impact_row(**changes: object) -> dict[str, Any]:
    return {**sample("impact_actions.json")["Actions"][0], **changes}


def rakuten_row(**changes: object) -> dict[str, Any]:
    return {**sample("rakuten_events.json")["row"], **changes}


def cj_row(**changes: object) -> dict[str, Any]:
    """CJ's own example, filled up with the fields that a query for bookkeeping must ask for."""
    row = sample("cj_publisherCommissions.json")["data"]["publisherCommissions"]["records"][0]
    asked = {
        "actionStatus": "locked",
        "actionType": "sale",
        "advertiserId": "4711",
        "websiteId": "6415797",
        "eventDate": "2018-05-03T20:00:00Z",
        "lockingDate": "2018-06-10T00:00:00Z",
        "orderId": "o-1",
        "shopperId": "a0123456789x",
        "original": True,
        "originalActionId": "99",
        "pubCommissionAmountPubCurrency": "10.11",
        "saleAmountPubCurrency": "100.50",
    }
    return {**row, **asked, **changes}


def read(key: str, document: object, **reading: Any) -> Report:
    return read_as(key, json.dumps(document).encode(), Reading(**reading))


def read_cj(*rows: object, **reading: Any) -> Report:
    return read("cj", {"data": {"publisherCommissions": {"records": list(rows)}}}, **reading)


# ---- Awin ------------------------------------------------------------------------------------------------------------


def test_awins_own_rows_are_read_exactly() -> None:
    content = (_SAMPLES / "awin_transactions.json").read_bytes()
    report = read_as("awin", content, Reading(time_zone="Europe/London"))
    first, second = report.good
    assert report.bad == ()
    assert (first.line, first.external_id, first.publisher_ref, first.advertiser_ref) == (
        1,
        "920699395",
        "77777",
        "17874",
    )
    assert first.commission == Money(Decimal("40.47"), "BRL")
    assert first.sale == Money(Decimal("1349.0"), "BRL")
    assert (first.status, first.raw_status, first.payment, first.kind) == (PENDING, "pending", UNPAID, "sale")
    assert first.transaction_at == datetime(2021, 7, 9, 5, 46, tzinfo=UTC)
    assert first.click_at == datetime(2021, 7, 9, 5, 38, tzinfo=UTC)
    assert first.validated_at is None
    assert first.sub_ids == ("60e7eee589907f4a24a7c0dc",)
    assert first.payout_ref is None
    assert (second.order_ref, second.commission) == ("99439999999", Money(Decimal("4.26"), "EUR"))


def test_a_moment_without_an_offset_is_read_in_the_zone_that_was_asked_for() -> None:
    (row,) = read("awin", [awin_row(transactionDate="2026-01-31T23:30:00")], time_zone="America/New_York").good
    assert row.transaction_at == datetime(2026, 2, 1, 4, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("word", "status"), [("pending", PENDING), ("approved", APPROVED), ("declined", DECLINED), ("deleted", DECLINED)]
)
def test_awins_status_words_are_mapped_and_kept(word: str, status: str) -> None:
    (row,) = read("awin", [awin_row(commissionStatus=word)]).good
    assert (row.status, row.raw_status) == (status, word)


def test_awins_payment_is_an_axis_of_its_own() -> None:
    (row,) = read("awin", [awin_row(commissionStatus="approved", paidToPublisher=True, paymentId=815)]).good
    assert (row.status, row.payment, row.payout_ref) == (APPROVED, PAID, "815")


def test_awins_click_references_come_in_order() -> None:
    references = {"clickRef6": "six", "clickRef2": "two", "clickRef": "one", "clickRef3": ""}
    (row,) = read("awin", [awin_row(clickRefs=references)]).good
    assert row.sub_ids == ("one", "two", "six")


def test_an_empty_list_stands_for_an_empty_object() -> None:
    (row,) = read("awin", [awin_row(clickRefs=[])]).good
    assert row.sub_ids == ()
    (bad,) = read("awin", [awin_row(clickRefs=["one"])]).bad
    assert "clickRefs.clickRef cannot be read" in bad.reason


def test_awins_bonus_and_reason_are_told() -> None:
    (row,) = read("awin", [awin_row(type="Bonus", commissionStatus="declined", declineReason="returned")]).good
    assert (row.kind, row.reason) == ("bonus", "returned")
    (amended,) = read("awin", [awin_row(amended=True, amendReason="partial return")]).good
    assert amended.reason == "partial return"


def test_an_ip_hash_is_not_kept() -> None:
    good = read("awin", [awin_row(ipHash="cafe")])
    assert "ipHash" not in good.good[0].payload
    assert good.good[0].payload["advertiserId"] == 17874
    bad = read("awin", [awin_row(ipHash="cafe", id=None)])
    assert "cafe" not in bad.bad[0].payload


@pytest.mark.parametrize(
    ("number", "meant"),
    [
        ("40.470000000000006", "40.47"),
        ("-0.30000000000000004", "-0.3"),
        ("12.299999999999999", "12.3"),
        ("999999.9999990001", "999999.999999"),
    ],
)
def test_the_tail_of_a_networks_float_is_not_money(number: str, meant: str) -> None:
    content = json.dumps([awin_row(commissionAmount={"amount": 0, "currency": "EUR"})]).replace(
        '"amount": 0,', f'"amount": {number},'
    )
    (row,) = read_as("awin", content.encode(), Reading()).good
    assert row.commission.amount == Decimal(meant)


@pytest.mark.parametrize("number", ["0.0000001", "1e-9", "1.23456789", "1234567.1234560001", '"40.470000000000006"'])
def test_more_decimals_than_a_float_makes_by_itself_are_set_aside(number: str) -> None:
    content = json.dumps([awin_row(commissionAmount={"amount": 0, "currency": "EUR"})]).replace(
        '"amount": 0,', f'"amount": {number},'
    )
    (bad,) = read_as("awin", content.encode(), Reading()).bad
    assert "more than six decimals" in bad.reason


def test_amounts_are_exact_beyond_what_a_float_holds() -> None:
    content = json.dumps([awin_row(commissionAmount={"amount": 0, "currency": "EUR"})]).replace(
        '"amount": 0,', '"amount": 123456789012.123456,'
    )
    (row,) = read_as("awin", content.encode(), Reading()).good
    assert row.commission.amount == Decimal("123456789012.123456")
    assert json.loads(json.dumps(dict(row.payload)))["commissionAmount"]["amount"] in (
        123456789012.123456,
        "123456789012.123456",
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id": None}, "id is missing"),
        ({"commissionStatus": "vanished"}, "commissionStatus is 'vanished', an unknown word"),
        ({"commissionStatus": None}, "commissionStatus is missing"),
        (
            {"commissionAmount": {"amount": 1, "currency": None}},
            "The currency of commissionAmount.amount cannot be used",
        ),
        ({"commissionAmount": {"amount": 1, "currency": "EURO"}}, "'EURO' is no ISO 4217 currency"),
        ({"commissionAmount": {"amount": "12,5", "currency": "EUR"}}, "commissionAmount.amount is '12,5'"),
        ({"commissionAmount": {"amount": True, "currency": "EUR"}}, "commissionAmount.amount is True"),
        ({"commissionAmount": None}, "commissionAmount.amount is missing"),
        ({"commissionAmount": [1]}, "commissionAmount.currency cannot be read"),
        ({"transactionDate": "yesterday"}, "transactionDate is 'yesterday'"),
        ({"transactionDate": "0001-01-01T00:00:00+14:00"}, "transactionDate is '0001-01-01T00:00:00+14:00'"),
        ({"transactionDate": None}, "transactionDate is missing"),
        ({"advertiserId": None}, "advertiserId is missing"),
        ({"paidToPublisher": "yes"}, "paidToPublisher is 'yes'"),
        ({"orderRef": "a\x00b"}, "is damaged"),
        ({"orderRef": "\ud800"}, "is damaged"),
    ],
)
def test_a_bad_row_is_set_aside_with_its_line_and_reason_and_hides_no_good_one(
    changes: dict[str, Any], reason: str
) -> None:
    report = read("awin", [awin_row(), awin_row(**changes), awin_row(id=3)])
    assert [row.line for row in report.good] == [1, 3]
    (bad,) = report.bad
    assert bad.line == 2
    assert reason in bad.reason
    assert '"siteName"' in bad.payload
    assert report.rows == 3
    bad.payload.encode()


def test_an_account_currency_does_not_fill_in_for_a_row_that_should_carry_its_own() -> None:
    broken = awin_row(commissionAmount={"amount": 1})
    assert read("awin", [broken], currency="GBP").good == ()


def test_a_record_that_is_no_object_is_set_aside() -> None:
    assert "'nonsense' where an object" in read("awin", ["nonsense"]).bad[0].reason


@pytest.mark.parametrize("key", _JSON_NETWORKS)
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is no JSON"),
        (b"id,amount\n1,2\n", "is no JSON"),
        (b"[" * 100_000, "nesting"),
        (b"[NaN]", "numbers"),
        (b"\xff\xfe[]", "UTF-8"),
        (b'{"message": "unauthorised"}', "an object with message"),
        (b"3", "3"),
    ],
)
def test_a_file_of_another_kind_is_refused_whole(key: str, content: bytes, words: str) -> None:
    with pytest.raises(UnreadableFile) as refusal:
        read_as(key, content, Reading())
    assert words in str(refusal.value)


@pytest.mark.parametrize("depth", [100, 300, 700, 900, 2_000, 20_000])
def test_a_deeply_nested_row_is_a_row_a_bad_row_or_a_refused_file(depth: int) -> None:
    nested = json.dumps([awin_row(orderRef="here")]).replace('"here"', "[" * depth + "]" * depth)
    try:
        report = read_as("awin", nested.encode(), Reading())
    except UnreadableFile:
        return
    assert report.rows == 1


def test_an_empty_list_is_a_report_without_rows() -> None:
    assert read("awin", []).rows == 0


# ---- impact ----------------------------------------------------------------------------------------------------------


def test_impacts_own_action_is_read_exactly() -> None:
    content = (_SAMPLES / "impact_actions.json").read_bytes()
    (row,) = read_as("impact", content, Reading(publisher_ref="10451")).good
    assert (row.external_id, row.publisher_ref, row.advertiser_ref) == ("1000.4636.158133", "10451", "1000")
    assert (row.advertiser_name, row.order_ref) == ("Acme Campaign", "9217374917472")
    assert (row.commission, row.sale) == (Money(Decimal("0.88"), "USD"), Money(Decimal("21.99"), "USD"))
    assert (row.status, row.raw_status, row.payment) == (PENDING, "PENDING", UNPAID)
    assert row.transaction_at == datetime(2024, 9, 10, 17, 42, 38, tzinfo=UTC)
    assert row.sub_ids == ()


def test_impacts_empty_text_is_nothing() -> None:
    report = read("impact", {"Actions": [impact_row(Payout=""), impact_row(Amount="")]})
    assert [row.sale for row in report.good] == [None]
    assert report.bad[0].reason == "Payout is missing."


def test_a_reversed_action_tells_what_was_declined() -> None:
    report = read("impact", {"Actions": [impact_row(State="REVERSED", Payout="0.00", IntendedPayout="0.88")]})
    (row,) = report.good
    assert (row.status, row.commission.amount) == (DECLINED, Decimal("0.88"))


def test_a_cleared_action_is_invoiced_not_paid() -> None:
    actions = [impact_row(State="APPROVED", ClearedDate="2024-10-01T00:00:00-07:00", SubId1="a", SubId3="c")]
    (row,) = read("impact", {"Actions": actions}).good
    assert (row.status, row.payment, row.sub_ids) == (APPROVED, INVOICED, ("a", "c"))
    assert row.validated_at == datetime(2024, 9, 26, 7, tzinfo=UTC)


# ---- CJ --------------------------------------------------------------------------------------------------------------


def test_cjs_own_example_lacks_the_status_and_says_so() -> None:
    content = (_SAMPLES / "cj_publisherCommissions.json").read_bytes()
    report = read_as("cj", content, Reading(currency="USD"))
    assert report.good == ()
    assert [bad.reason for bad in report.bad] == ["actionStatus is missing."] * 2


def test_a_cj_row_is_read_in_the_accounts_currency() -> None:
    (row,) = read_cj(cj_row(), currency="CAD").good
    assert (row.commission, row.sale) == (Money(Decimal("10.11"), "CAD"), Money(Decimal("100.50"), "CAD"))
    assert (row.external_id, row.publisher_ref, row.advertiser_ref) == ("2292067663", "6415797", "4711")
    assert (row.status, row.payment, row.sub_ids) == (APPROVED, UNPAID, ("a0123456789x",))


def test_a_cj_row_falls_back_to_us_dollars_but_never_guesses() -> None:
    assert read_cj(cj_row()).good[0].commission == Money(Decimal("7.781"), "USD")
    (bad,) = read_cj(cj_row(pubCommissionAmountUsd=None)).bad
    assert "currency" in bad.reason


@pytest.mark.parametrize(
    ("word", "status", "payment"),
    [
        ("new", PENDING, UNPAID),
        ("extended", PENDING, UNPAID),
        ("locked", APPROVED, UNPAID),
        ("closed", APPROVED, PAID),  # https://windsor.ai/data-field/cj: closed went through payment, it is no reversal
        ("CLOSED", APPROVED, PAID),
    ],
)
def test_cjs_status_words(word: str, status: str, payment: str) -> None:
    (row,) = read_cj(cj_row(actionStatus=word)).good
    assert (row.status, row.payment, row.raw_status) == (status, payment, word)


def test_a_cj_correction_is_a_row_of_its_own_and_keeps_its_sign() -> None:
    correction = cj_row(
        commissionId="2", original=False, pubCommissionAmountPubCurrency="-10.11", saleAmountPubCurrency="-100.50"
    )
    first, second = read_cj(cj_row(), correction, currency="CAD").good
    assert (first.commission + second.commission).amount == 0
    assert second.external_id != first.external_id
    assert second.original_ref == "99"


def test_cjs_errors_are_told() -> None:
    with pytest.raises(UnreadableFile, match="not authorised"):
        read("cj", {"errors": [{"message": "not authorised"}], "data": None})


# ---- Rakuten ---------------------------------------------------------------------------------------------------------


def test_rakutens_own_event_is_read_exactly() -> None:
    (row,) = read("rakuten", [rakuten_row()]).good
    assert (row.external_id, row.line_id) == ("61BCF6217AE356AE46E8A0D64BCD693D", "")
    assert (row.advertiser_ref, row.publisher_ref) == ("3358", "112")
    assert row.transaction_at == datetime(2020, 4, 15, 21, 20, 27, tzinfo=UTC)
    assert (row.commission, row.sale) == (Money(Decimal(0), "USD"), Money(Decimal("0.01"), "USD"))
    assert row.sub_ids == ("e844ae50-7f5e-11ea-a4a0-fa163e91617b",)
    assert (row.status, row.raw_status, row.payment) == (PENDING, "", UNPAID)


@pytest.mark.parametrize(
    ("lock", "status"),
    [("locked", APPROVED), ("UNLOCKED", PENDING), ("Y", APPROVED), ("N", PENDING), (True, APPROVED), (False, PENDING), ("", PENDING), (None, PENDING)],
)  # fmt: skip
def test_a_rakuten_event_is_approved_once_it_is_locked(lock: object, status: str) -> None:
    (row,) = read("rakuten", [rakuten_row(lock_status=lock, order_auto_lock_date="2020-06-01 00:00:00")]).good
    assert row.status == status
    assert (row.validated_at == datetime(2020, 6, 1, tzinfo=UTC)) == (status == APPROVED)


@pytest.mark.parametrize("lock", ["auto-held", 1, "2", ["locked"], "not locked"])
def test_a_lock_of_rakuten_that_nobody_knows_is_never_guessed(lock: object) -> None:
    report = read("rakuten", [rakuten_row(lock_status=lock)])
    assert (len(report.good), len(report.bad)) == (0, 1)
    assert "lock_status" in report.bad[0].reason


def test_a_rakuten_cancellation_nets_the_sale_out() -> None:
    sale, cancelled = read(
        "rakuten",
        [
            rakuten_row(commissions=4.2, sale_amount=42),
            rakuten_row(etransaction_id="2", commissions=-4.2, sale_amount=-42),
        ],
    ).good
    assert sale.status == cancelled.status
    assert (sale.commission + cancelled.commission).amount == 0


def test_a_rakuten_row_without_a_currency_is_set_aside() -> None:
    assert "currency" in read("rakuten", [rakuten_row(currency=None)], currency="USD").bad[0].reason


def test_a_report_that_nobody_has_seen_is_refused_in_words() -> None:
    with pytest.raises(UnreadableFile, match="not known; give a column map"):
        read_as("webgains", b"Category,Name\n", Reading())
