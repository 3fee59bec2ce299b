"""Payouts as networks told them, kept as they last said them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from affiliate.commissions.payouts import StoredPayouts, store_payouts
from affiliate.commissions.runs import list_runs
from affiliate.commissions.undo import undo_import
from affiliate.errors import Conflict
from affiliate.money import Money, exact
from affiliate.networks.base import INVOICED, PAID, BadRow, ReportedPayout
from affiliate.store import Store
from affiliate.store.tables import Payout, PublisherAccount, QuarantinedRow
from tests.networks.servers.account import add_account

ISSUED = datetime(2026, 10, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def payout(number: str, payment: str = INVOICED, commission: str = "120.50") -> ReportedPayout:
    return ReportedPayout(
        line=1,
        external_id=number,
        publisher_ref=None,
        payment=payment,
        raw_status=payment.upper(),
        commission=Money(exact(commission), "GBP"),
        vat=Money(exact("24.10"), "GBP"),
        issued_at=ISSUED,
        paid_at=ISSUED + timedelta(days=5) if payment == PAID else None,
        payload={"id": number},
    )


def stored(store: Store, rows: Sequence[ReportedPayout | BadRow], as_of: datetime = NOW) -> StoredPayouts:
    with store.transaction() as session:
        account = session.scalars(select(PublisherAccount)).one()
        return store_payouts(session, account, rows, name="impact API", sha256="0" * 64, as_of=as_of, now=NOW)


def known(store: Store) -> dict[str, tuple[object, ...]]:
    with store.reading() as session:
        return {
            each.external_id: (each.payment, str(each.commission.normalize()), each.paid_at)
            for each in session.scalars(select(Payout))
        }


def test_a_payout_is_known_again_and_follows_the_network(store: Store) -> None:
    add_account(store, "impact", "IR1")
    assert stored(store, [payout("1"), payout("2")]).new == 2
    assert stored(store, [payout("1"), payout("2")]).unchanged == 2
    assert stored(store, [payout("1", PAID, "118.00")]).amended == 1
    assert known(store) == {
        "1": ("paid", "118", ISSUED + timedelta(days=5)),
        "2": ("invoiced", "120.5", None),
    }


def test_what_was_said_earlier_does_not_undo_what_was_said_later(sqlite_store: Store) -> None:
    add_account(sqlite_store, "impact", "IR1")
    stored(sqlite_store, [payout("1", PAID)])
    result = stored(sqlite_store, [payout("1", INVOICED)], NOW - timedelta(days=1))
    assert (result.amended, result.unchanged) == (0, 1)
    assert known(sqlite_store)["1"][0] == "paid"
    stored(sqlite_store, [payout("1", PAID)], NOW + timedelta(days=1))
    assert stored(sqlite_store, [payout("1", INVOICED)], NOW + timedelta(hours=1)).amended == 0


def test_payouts_are_listed_as_a_run_that_cannot_be_undone(sqlite_store: Store) -> None:
    add_account(sqlite_store, "impact", "IR1")
    bad = BadRow(2, "The currency is missing.", "{}", None)
    result = stored(sqlite_store, [payout("1"), bad])
    with sqlite_store.transaction() as session:
        run = list_runs(session)[0]
        assert (run.kind, run.rows, run.new, run.quarantined) == ("payouts", 2, 1, 1)
        assert session.scalars(select(QuarantinedRow.reason)).all() == ["The currency is missing."]
        with pytest.raises(Conflict, match="affiliate pull impact"):
            undo_import(session, result.run_id, now=NOW)
