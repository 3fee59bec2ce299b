"""A transaction that comes again with something filled in or written another way is the same transaction."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from affiliate.commissions.importing import ImportResult, import_transactions
from affiliate.commissions.replaying import replay_run
from affiliate.commissions.undo import undo_import
from affiliate.links.programmes import add_account
from affiliate.networks.base import Reading
from affiliate.networks.reading.columns import ColumnMap
from affiliate.store import Store
from affiliate.store.tables import Transaction, TransactionVersion
from tests.commissions.sheets import MAP, newsroom
from tests.networks.test_transactions import cj_row, rakuten_row

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def imported(store: Store, network: str, document: object, **reading: Any) -> ImportResult:
    with store.transaction() as session:
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        return import_transactions(
            session, network=network, file_name="f", content=content, reading=Reading(**reading), now=NOW
        )


def counts(result: ImportResult) -> tuple[int, int, int, int]:
    return result.new, result.amended, result.unchanged, len(result.quarantined)


def booked(store: Store) -> list[tuple[str, str, str]]:
    """(commission, status, account's own number of the transaction) of all that is in force."""
    with store.reading() as session:
        rows = session.execute(
            select(TransactionVersion.commission, TransactionVersion.status, Transaction.external_id)
            .join(Transaction, Transaction.current_version_id == TransactionVersion.id)
            .order_by(Transaction.id)
        )
        return [(f"{row.commission:.2f}", row.status, row.external_id) for row in rows]


def ready(store: Store) -> None:
    with store.transaction() as session:
        newsroom(session, NOW)


def test_a_rakuten_sku_that_is_filled_in_later_and_the_lock_amend_the_one_sale(store: Store) -> None:
    ready(store)
    first = rakuten_row(etransaction_id="T1", sku_number="", commissions=10)
    assert counts(imported(store, "rakuten", [first])) == (1, 0, 0, 0)
    assert counts(imported(store, "rakuten", [{**first, "sku_number": "S1"}])) == (0, 0, 1, 0)
    locked = {**first, "sku_number": "S1", "lock_status": "Locked", "order_auto_lock_date": "2020-06-01 00:00:00"}
    assert counts(imported(store, "rakuten", [locked])) == (0, 1, 0, 0)
    assert booked(store) == [("10.00", "approved", "T1")]
    back = rakuten_row(etransaction_id="T2", sku_number="S1", commissions=-10, lock_status="locked")
    assert counts(imported(store, "rakuten", [back])) == (1, 0, 0, 0)
    assert [row[:2] for row in booked(store)] == [("10.00", "approved"), ("-10.00", "approved")]


def test_an_unknown_lock_of_rakuten_is_set_aside_until_somebody_says_what_it_means(sqlite_store: Store) -> None:
    ready(sqlite_store)
    result = imported(sqlite_store, "rakuten", [rakuten_row(lock_status="Auto-Held", commissions=1)])
    assert counts(result) == (0, 0, 0, 1)
    assert "'Auto-Held', an unknown word" in result.quarantined[0].reason
    assert result.run_id is not None
    with sqlite_store.transaction() as session:
        columns = {"status.Auto-Held": "pending"}
        replayed = replay_run(session, result.run_id, columns=columns, now=NOW + timedelta(hours=1))
    assert replayed.still == ()
    assert [row[:2] for row in booked(sqlite_store)] == [("1.00", "pending")]


def test_a_sale_is_one_however_a_row_writes_our_account(store: Store) -> None:
    """Rakuten's rows say the account's number where our account goes by its id in links; CJ fills a site in later."""
    ready(store)
    with store.transaction() as session:
        add_account(session, network="rakuten", publisher_ref="aBcD1234*/x", now=NOW)
    row = rakuten_row(commissions=10)
    assert counts(imported(store, "rakuten", [row], publisher_ref="aBcD1234*/x")) == (1, 0, 0, 0)
    assert counts(imported(store, "rakuten", [row])) == (0, 0, 1, 0)
    answer = [{"data": {"publisherCommissions": {"records": [cj_row(websiteId=site)]}}} for site in (None, "6415797")]
    assert counts(imported(store, "cj", answer[0], currency="USD", publisher_ref="9")) == (1, 0, 0, 0)
    assert counts(imported(store, "cj", answer[1], currency="USD", publisher_ref="9")) == (0, 0, 1, 0)
    both = [cj_row(commissionId="5", websiteId=site) for site in (None, "6415797")]
    twice = {"data": {"publisherCommissions": {"records": both}}}
    assert counts(imported(store, "cj", twice, currency="USD", publisher_ref="9")) == (1, 0, 1, 0)
    assert len(booked(store)) == 3


def test_what_was_booked_to_a_wrong_account_and_undone_can_be_booked_to_the_right_one(sqlite_store: Store) -> None:
    ready(sqlite_store)
    wrong = imported(sqlite_store, "rakuten", [rakuten_row(commissions=10)], publisher_ref="wrong")
    assert wrong.run_id is not None
    with sqlite_store.transaction() as session:
        undo_import(session, wrong.run_id, now=NOW)
    assert counts(imported(sqlite_store, "rakuten", [rakuten_row(commissions=10)], publisher_ref="right")) == (
        1,
        0,
        0,
        0,
    )
    with sqlite_store.reading() as session:
        live = select(func.count()).where(Transaction.current_version_id.is_not(None))
        assert session.scalar(live) == 1


def test_a_line_that_is_filled_in_later_is_doubted_and_never_booked_beside_the_first(store: Store) -> None:
    ready(store)
    columns = ColumnMap.parse({**{name: MAP[name] for name in MAP}, "line_id": "order"})

    def come(*lines: str) -> ImportResult:
        header = ",".join(str(name) for name in MAP.values())
        cells = {"shop": "77", "publisher": "5", "status": "pending", "commission": "5.00", "currency": "GBP"}
        cells |= {"sold": "2026-10-05T10:00:00+00:00"}
        rows = [{**cells, "id": line.split("/")[0], "order": line.split("/")[1]} for line in lines]
        text = "\n".join([header, *(",".join(row.get(str(name), "") for name in MAP.values()) for row in rows)])
        return imported(store, "generic", text.encode(), columns=columns)

    assert counts(come("a/", "b/1")) == (2, 0, 0, 0)
    again = come("a/1", "b/", "b/2")
    assert counts(again) == (1, 0, 0, 2)
    assert "is in the ledger without a line, and this row names line 1" in again.quarantined[0].reason
    assert "is in the ledger line by line, and this row names none" in again.quarantined[1].reason
    assert len(booked(store)) == 3
