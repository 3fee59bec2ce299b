"""What an import does to the ledger."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from affiliate.commissions import picture
from affiliate.commissions.importing import import_transactions, reading_of
from affiliate.commissions.runs import list_runs, show_run
from affiliate.commissions.undo import undo_import
from affiliate.errors import InvalidInput, InvalidMoney, NotFound, UnreadableFile
from affiliate.ids import new_placement_token
from affiliate.links.programmes import add_account
from affiliate.links.sites import find_entity
from affiliate.networks.base import Reading
from affiliate.networks.reading.columns import ColumnMap
from affiliate.reports.commissions import commissions_report
from affiliate.store import Store
from affiliate.store.tables import (
    ImportRun,
    Programme,
    PublisherAccount,
    QuarantinedRow,
    Transaction,
    TransactionVersion,
)
from tests.commissions.histories import canonical
from tests.commissions.sheets import MAP, awin_file, awin_row, book, newsroom, placed, sheet

NOW = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def ledger(store: Store) -> Store:
    with store.transaction() as session:
        newsroom(session, NOW)
    return store


def current(store: Store, external_id: str = "t1") -> TransactionVersion | None:
    with store.reading() as session:
        transaction = session.scalar(select(Transaction).where(Transaction.external_id == external_id))
        assert transaction is not None
        if transaction.current_version_id is None:
            return None
        return session.get(TransactionVersion, transaction.current_version_id)


def counted(store: Store, table: type) -> int:
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_first_import_books_every_row_and_lists_whom_nobody_knew(ledger: Store) -> None:
    with ledger.transaction() as session:
        result = book(session, {"id": "t1"}, {"id": "t2", "shop": "78"}, now=NOW)
    assert (result.rows, result.new, result.amended, result.unchanged, result.quarantined) == (2, 2, 0, 0, ())
    assert [(one.kind, one.ref) for one in result.to_be_completed] == [
        ("account", "555"),
        ("advertiser", "77"),
        ("programme", "77"),
        ("advertiser", "78"),
        ("programme", "78"),
    ]
    with ledger.reading() as session:
        assert session.scalars(select(PublisherAccount.to_be_completed)).all() == [True]
        assert session.scalars(select(Programme.to_be_completed)).all() == [True, True]


def test_importing_the_same_file_again_changes_nothing_and_is_still_recorded(ledger: Store) -> None:
    for _ in range(2):
        with ledger.transaction() as session:
            result = book(session, {"id": "t1"}, {"id": "t2"}, now=NOW)
    assert (result.new, result.amended, result.unchanged) == (0, 0, 2)
    assert counted(ledger, TransactionVersion) == 2
    assert counted(ledger, ImportRun) == 2


def test_a_changed_status_is_appended_as_an_amendment(ledger: Store) -> None:
    with ledger.transaction() as session:
        book(session, {"id": "t1"}, now=NOW)
    with ledger.transaction() as session:
        result = book(session, {"id": "t1", "status": "approved"}, now=NOW + DAY)
    assert (result.new, result.amended, result.unchanged) == (0, 1, 0)
    with ledger.reading() as session:
        said = session.execute(
            select(TransactionVersion.number, TransactionVersion.status).order_by(TransactionVersion.number)
        ).all()
    assert [tuple(row) for row in said] == [(1, "pending"), (2, "approved")]
    now_said = current(ledger)
    assert now_said is not None
    assert now_said.status == "approved"


@pytest.mark.parametrize("column", ["commission", "sale"])
def test_order_numbers_that_are_read_as_money_are_refused_with_their_file(ledger: Store, column: str) -> None:
    rows = [{"id": f"t{number}", column: f"{9_999_999_000 + number}"} for number in range(101)]
    for dry_run in (True, False):
        with ledger.transaction() as session, pytest.raises(InvalidMoney, match=r"sales\.csv add up to 1,009,999,904,"):
            book(session, *rows, now=NOW, dry_run=dry_run)
    with ledger.transaction() as session:
        result = book(session, *rows[:99], {"id": "t200", column: "1000000000000"}, now=NOW)
    assert (result.new, len(result.quarantined)) == (99, 1)
    with ledger.reading() as session:
        assert picture.check(session) == (0, 0)


def test_a_ledger_stays_one_that_can_be_summed_whatever_files_come(ledger: Store) -> None:
    """Nine files of nearly as much as one may hold; the tenth would be too much for 64 bits."""
    for number in range(9):
        with ledger.transaction() as session:
            book(session, {"id": f"t{number}", "commission": "990000000000.000001", "sale": "1"}, now=NOW)
    with ledger.transaction() as session, pytest.raises(InvalidMoney, match="the ledger would add up to more"):
        book(session, {"id": "t9", "commission": "990000000000"}, now=NOW)
    with ledger.transaction() as session:
        book(session, {"id": "t9", "commission": "990000000"}, now=NOW)
        undo_import(session, 9, now=NOW)
        assert picture.check(session) == (0, 0)
        total = commissions_report(
            session, first=date(2026, 10, 1), until=date(2026, 11, 1), by="network", time_zone="UTC", now=NOW
        ).totals[0]
    assert total.commission_pending == 8 * Decimal("990000000000.000001") + 990_000_000


@pytest.mark.parametrize(
    "change",
    [{"commission": "4.00"}, {"payment": "paid"}, {"currency": "EUR"}, {"sale": "40.00"}, {"reason": "returned"}],
)
def test_each_change_of_money_is_an_amendment(ledger: Store, change: dict[str, str]) -> None:
    with ledger.transaction() as session:
        book(session, {"id": "t1"}, now=NOW)
        result = book(session, {"id": "t1", **change}, now=NOW + DAY)
    assert result.amended == 1


def test_an_older_file_becomes_history_without_changing_the_current_picture(ledger: Store) -> None:
    with ledger.transaction() as session:
        book(session, {"id": "t1", "status": "approved"}, now=NOW)
    with ledger.transaction() as session:
        late = book(session, {"id": "t1", "status": "pending"}, as_of=NOW - DAY, now=NOW + DAY)
    assert late.amended == 1
    now_said = current(ledger)
    assert now_said is not None
    assert now_said.status == "approved"
    assert now_said.observed_at == NOW


def test_an_older_file_that_says_what_is_known_lets_it_begin_earlier(ledger: Store) -> None:
    with ledger.transaction() as session:
        book(session, {"id": "t1"}, now=NOW)
        earlier = book(session, {"id": "t1"}, as_of=NOW - DAY, now=NOW + DAY)
        again = book(session, {"id": "t1"}, as_of=NOW - DAY, now=NOW + DAY)
    assert (earlier.amended, earlier.unchanged, again.unchanged) == (1, 0, 1)
    assert "known only since 2026-11-01" in earlier.changes[0].says


def test_a_file_between_two_known_ones_is_compared_with_what_was_true_then(ledger: Store) -> None:
    with ledger.transaction() as session:
        book(session, {"id": "t1", "status": "pending"}, now=NOW)
        book(session, {"id": "t1", "status": "approved"}, now=NOW + 4 * DAY)
        said = [
            book(session, {"id": "t1", "status": status}, as_of=NOW + day * DAY, now=NOW + 5 * DAY).amended
            for day, status in ((2, "pending"), (3, "approved"), (1, "declined"))
        ]
        history = canonical(session)["t1"]
    assert said == [0, 1, 1]
    assert [(at, said["status"]) for at, said in history] == [
        (NOW, "pending"),
        (NOW + DAY, "declined"),
        (NOW + 2 * DAY, "pending"),
        (NOW + 3 * DAY, "approved"),
    ]


def test_what_a_newer_file_had_confirmed_stands_against_a_late_one(ledger: Store) -> None:
    newest = {"id": "t1", "status": "pending"}
    with ledger.transaction() as session:
        book(session, newest, as_of=NOW - 3 * DAY, now=NOW)
        confirmed = book(session, newest, as_of=NOW - DAY, now=NOW)
        book(session, {"id": "t1", "status": "approved"}, as_of=NOW - 2 * DAY, now=NOW + DAY)
        again = book(session, newest, as_of=NOW - DAY, now=NOW + DAY)
    assert (confirmed.unchanged, again.unchanged) == (1, 1)
    now_said = current(ledger)
    assert now_said is not None
    assert (now_said.status, now_said.import_run_id) == ("pending", confirmed.run_id)
    assert (now_said.observed_at, now_said.recorded_at) == (NOW - DAY, NOW + DAY)


def test_a_status_that_comes_back_is_a_version_of_its_own(ledger: Store) -> None:
    with ledger.transaction() as session:
        for day, status in enumerate(["pending", "declined", "pending"]):
            result = book(session, {"id": "t1", "status": status}, now=NOW + day * DAY)
    assert result.amended == 1
    assert counted(ledger, TransactionVersion) == 3


def test_an_equal_repetition_within_a_file_counts_as_unchanged(ledger: Store) -> None:
    with ledger.transaction() as session:
        result = book(session, {"id": "t1"}, {"id": "t1"}, now=NOW)
    assert (result.new, result.unchanged, len(result.quarantined)) == (1, 1, 0)


def test_a_file_that_contradicts_itself_books_the_first_line_and_names_both(ledger: Store) -> None:
    with ledger.transaction() as session:
        result = book(session, {"id": "t1"}, {"id": "t2"}, {"id": "t1", "commission": "4.00"}, now=NOW)
    assert (result.new, len(result.quarantined)) == (2, 1)
    reason = result.quarantined[0].reason
    assert "Line 4 contradicts line 2" in reason
    assert "commission 4.00 instead of 5.00" in reason
    assert counted(ledger, TransactionVersion) == 2


def test_a_contradiction_is_also_found_when_the_first_line_was_known_already(ledger: Store) -> None:
    with ledger.transaction() as session:
        book(session, {"id": "t1"}, now=NOW)
        result = book(session, {"id": "t1"}, {"id": "t1", "commission": "4.00"}, now=NOW + DAY)
    assert (result.unchanged, result.amended, len(result.quarantined)) == (1, 0, 1)


def test_a_contradiction_is_found_across_batches(ledger: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("affiliate.commissions.importing._BATCH", 1)
    with ledger.transaction() as session:
        result = book(session, {"id": "t1"}, {"id": "t1"}, {"id": "t1", "status": "declined"}, now=NOW)
    assert (result.new, result.unchanged, len(result.quarantined)) == (1, 1, 1)


def test_bad_rows_are_set_aside_and_good_ones_kept(ledger: Store) -> None:
    with ledger.transaction() as session:
        result = book(
            session,
            {"id": "t1"},
            {"id": "t2", "currency": ""},
            {"id": "t3", "status": "maybe"},
            {"id": "t4", "commission": "9000000000000000"},
            {"id": "x" * 300},
            {"id": "t6"},
            now=NOW,
        )
        detail = show_run(session, result.run_id or 0)
    assert (result.rows, result.new) == (6, 2)
    assert [bad.line for bad in result.quarantined] == [3, 4, 5, 6]
    assert "currency" in result.quarantined[0].reason
    assert "'maybe'" in result.quarantined[1].reason
    assert "commission" in result.quarantined[2].reason
    assert "300 characters" in result.quarantined[3].reason
    assert [row.line for row in detail.set_aside] == [3, 4, 5, 6]
    assert '"t2"' in detail.set_aside[0].payload
    assert detail.run.quarantined == 4


def test_a_column_that_is_not_there_refuses_the_file_whole(ledger: Store) -> None:
    content = sheet({}).replace(b"commission", b"provision")
    with (
        pytest.raises(UnreadableFile, match=r"sales\.csv was not imported.*commission"),
        ledger.transaction() as session,
    ):
        import_transactions(
            session,
            network="generic",
            file_name="sales.csv",
            content=content,
            reading=Reading(columns=ColumnMap.parse(MAP)),
            now=NOW,
        )
    assert counted(ledger, ImportRun) == 0


@pytest.mark.parametrize("content", [b"", b"not json", b'{"a": 1}', b"\xff\xfe\x00", b"[1, 2", b"[" * 100_000])
def test_a_file_that_is_no_json_is_refused_by_name(ledger: Store, content: bytes) -> None:
    with pytest.raises(UnreadableFile, match=r"awin\.json was not imported"), ledger.transaction() as session:
        import_transactions(session, network="awin", file_name="awin.json", content=content, now=NOW)
    assert counted(ledger, ImportRun) == 0
    assert counted(ledger, PublisherAccount) == 0


def test_a_report_that_is_cut_off_imports_nothing_however_many_rows_were_read(
    ledger: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("affiliate.commissions.importing._BATCH", 2)
    content = awin_file(*(awin_row(number) for number in range(9)))
    for length in range(1, len(content), 97):
        with pytest.raises(UnreadableFile), ledger.transaction() as session:
            import_transactions(session, network="awin", file_name="awin.json", content=content[:length], now=NOW)
    for table in (ImportRun, Transaction, TransactionVersion, PublisherAccount):
        assert counted(ledger, table) == 0


def test_a_csv_that_is_cut_off_says_exactly_what_it_took(sqlite_store: Store) -> None:
    with sqlite_store.transaction() as session:
        newsroom(session, NOW)
    content = sheet({"id": "t1"}, {"id": "t2", "reason": "late"}, {"id": "t3"})
    whole = content.index(b"\n") + 1
    for length in range(whole, len(content), 7):
        with sqlite_store.transaction() as session:
            result = import_transactions(
                session,
                network="generic",
                file_name="sales.csv",
                content=content[:length],
                reading=Reading(columns=ColumnMap.parse(MAP)),
                dry_run=True,
                now=NOW,
            )
        lines = content[whole:length].decode().splitlines()
        assert result.rows == len(lines) == result.new + len(result.quarantined)
        assert len(result.quarantined) == (1 if lines and lines[-1].count(",") < 13 else 0)


def test_a_negative_row_stays_negative(ledger: Store) -> None:
    with ledger.transaction() as session:
        book(session, {"id": "t1", "commission": "-5.00", "sale": "-50.00"}, now=NOW)
    said = current(ledger)
    assert said is not None
    assert (str(said.commission), str(said.sale_amount), said.status) == ("-5", "-50", "pending")


def test_an_unknown_network_and_a_future_as_of_are_refused(ledger: Store) -> None:
    with ledger.transaction() as session:
        with pytest.raises(NotFound, match="nowhere"):
            import_transactions(session, network="nowhere", file_name="x", content=b"[]", now=NOW)
        with pytest.raises(InvalidInput, match="future"):
            book(session, {}, as_of=NOW + DAY, now=NOW)
    assert counted(ledger, ImportRun) == 0


def test_a_dry_run_says_what_would_happen_and_stores_nothing(ledger: Store) -> None:
    with ledger.transaction() as session:
        result = book(session, {"id": "t1"}, {"id": "t2", "currency": ""}, dry_run=True, now=NOW)
    assert (result.run_id, result.new, len(result.quarantined), result.dry_run) == (None, 1, 1, True)
    assert [one.kind for one in result.to_be_completed] == ["account", "advertiser", "programme"]
    for table in (ImportRun, Transaction, TransactionVersion, QuarantinedRow, PublisherAccount, Programme):
        assert counted(ledger, table) == 0


def test_a_dry_run_and_the_import_say_the_same_of_every_row(ledger: Store) -> None:
    """Also of repetitions and contradictions further down than rows are looked up together."""
    many = [{"id": f"n{number}"} for number in range(1_100)]
    first = [{"id": "t1"}, {"id": "t2"}]
    again = [
        {"id": "t1", "commission": "4.20"}, {"id": "t2"}, {"id": "new"}, *many, {"id": "new"}, {"id": "t1"},
        {"id": "new", "commission": "9"}, {"id": "t2", "currency": ""}, {"id": "x", "advertiser": "other"},
        {"id": "y", "advertiser": "other"},
    ]  # fmt: skip
    with ledger.transaction() as session:
        book(session, *first, now=NOW)
    with ledger.reading() as session:
        dry = book(session, *again, dry_run=True, now=NOW + DAY)
    with ledger.transaction() as session:
        wet = book(session, *again, now=NOW + DAY)
    assert replace(wet, run_id=None, dry_run=True) == dry
    assert dry.new == 1_103
    assert len(dry.quarantined) == 3


def test_an_import_tells_what_it_changes_in_words(ledger: Store) -> None:
    with ledger.transaction() as session:
        book(session, {"id": "t1"}, {"id": "t2"}, now=NOW)
        result = book(
            session,
            {"id": "t1", "status": "approved", "commission": "4.20"},
            {"id": "t2"},
            {"id": "t3", "commission": "3.1"},
            dry_run=True,
            now=NOW + DAY,
        )
    assert result.as_json()["changes"] == [
        {
            "line": 2,
            "transaction": "t1",
            "what": "amended",
            "says": "status approved instead of pending, commission 4.20 instead of 5.00",
        },
        {"line": 4, "transaction": "t3", "what": "new", "says": "commission 3.10 GBP, pending"},
    ]


def test_an_import_tells_a_hundred_changes_at_most(ledger: Store) -> None:
    with ledger.transaction() as session:
        result = book(session, *({"id": f"t{number}"} for number in range(101)), now=NOW)
    assert (result.new, len(result.changes)) == (101, 100)


def test_an_import_that_fails_half_way_leaves_nothing(ledger: Store) -> None:
    with pytest.raises(RuntimeError), ledger.transaction() as session:
        book(session, {"id": "t1"}, now=NOW)
        raise RuntimeError
    assert counted(ledger, Transaction) == 0


def test_a_row_that_names_no_account_belongs_to_the_only_one(ledger: Store) -> None:
    with ledger.transaction() as session:
        first = book(session, {"publisher": ""}, now=NOW)
        again = book(session, {"publisher": ""}, now=NOW)
    assert str(first.to_be_completed[0]) == "account unknown at template"
    assert (again.unchanged, again.to_be_completed) == (1, ())


def test_naming_the_account_of_such_rows_keeps_their_transactions(ledger: Store) -> None:
    with ledger.transaction() as session:
        book(session, {"publisher": ""}, now=NOW)
        account = add_account(session, "template", "555", name="Ours", now=NOW)
        again = book(session, {"publisher": "555"}, {"id": "t2", "publisher": ""}, now=NOW)
        assert (account.publisher_ref, account.to_be_completed) == ("555", False)
    assert (again.new, again.unchanged, again.to_be_completed) == (1, 1, ())


def test_an_advertiser_id_that_is_a_name_finds_the_advertiser(ledger: Store) -> None:
    with ledger.transaction() as session:
        placed(session, slug="marble-dress", article="/partywear", now=NOW)
        result = book(session, {"shop": "Minty"}, now=NOW)
    assert [one.kind for one in result.to_be_completed] == ["account", "programme"]


def test_a_row_that_names_no_account_among_several_is_set_aside(ledger: Store) -> None:
    with ledger.transaction() as session:
        result = book(session, {"id": "t1"}, {"id": "t2", "publisher": "556"}, {"id": "t3", "publisher": ""}, now=NOW)
    assert result.new == 2
    assert "several at template: 555, 556" in result.quarantined[0].reason


def test_another_networks_transaction_of_the_same_id_is_set_aside_unless_its_account_is_named(ledger: Store) -> None:
    with ledger.transaction() as session:
        book(session, {"publisher": "", "shop": "Bol"}, now=NOW)
        blind = book(session, {"publisher": "", "shop": "Fnac", "commission": "7.00"}, now=NOW + DAY)
        named = book(session, {"publisher": "kwanko", "shop": "Fnac", "commission": "7.00"}, now=NOW + DAY)
    assert (blind.new, blind.amended, named.new) == (0, 0, 1)
    assert "t1 is known of another advertiser than Fnac" in blind.quarantined[0].reason


def test_the_same_id_under_two_accounts_is_two_transactions(ledger: Store) -> None:
    with ledger.transaction() as session:
        result = book(session, {"id": "t1"}, {"id": "t1", "publisher": "556"}, now=NOW)
    assert result.new == 2


def test_a_sub_id_of_ours_finds_its_placement_through_what_networks_do_to_it(ledger: Store) -> None:
    with ledger.transaction() as session:
        token = placed(session, slug="marble-dress", article="/partywear", now=NOW).token
        book(
            session,
            {"id": "plain", "ref": token},
            {"id": "upper", "ref": token.upper()},
            {"id": "behind", "ref": f"summer-{token}"},
            {"id": "foreign", "ref": "60e7eee589907f4a24a7c0dc"},
            {"id": "unknown", "ref": new_placement_token()},
            {"id": "none", "ref": ""},
            now=NOW,
        )
        rows = session.execute(select(Transaction.external_id, Transaction.attribution, Transaction.placement_id)).all()
    words = {row.external_id: row.attribution for row in rows}
    assert words == {
        "plain": "sub-id",
        "upper": "sub-id",
        "behind": "sub-id",
        "foreign": "foreign",
        "unknown": "unknown-token",
        "none": "none",
    }
    assert all((row.placement_id is not None) == (row.attribution == "sub-id") for row in rows)


def test_a_placement_once_found_stays_when_a_later_report_is_silent(ledger: Store) -> None:
    with ledger.transaction() as session:
        placement = placed(session, slug="marble-dress", article="/partywear", now=NOW)
        book(session, {"ref": placement.token}, now=NOW)
        silent = book(session, {"ref": "", "clicked": ""}, now=NOW + DAY)
        book(session, {"ref": "somebody-elses", "status": "approved"}, now=NOW + 2 * DAY)
    assert silent.unchanged == 1
    said = current(ledger)
    assert said is not None
    assert (said.placement_id, said.attribution, said.status) == (placement.id, "sub-id", "approved")


def test_a_later_report_that_brings_the_token_attributes_the_transaction(ledger: Store) -> None:
    with ledger.transaction() as session:
        placement = placed(session, slug="marble-dress", article="/partywear", now=NOW)
        book(session, {"ref": ""}, now=NOW)
        result = book(session, {"ref": placement.token}, now=NOW + DAY)
        transaction = session.scalars(select(Transaction)).one()
    assert result.amended == 1
    assert (transaction.placement_id, transaction.attribution) == (placement.id, "sub-id")


def test_awins_own_rows_are_booked_amended_and_known_again(ledger: Store) -> None:
    with ledger.transaction() as session:
        token = placed(session, slug="marble-dress", article="/partywear", now=NOW).token
        files = [
            awin_file(awin_row(1, clickRefs={"clickRef": token}), awin_row(2)),
            awin_file(awin_row(1, clickRefs={"clickRef": token}, commissionStatus="approved"), awin_row(2)),
        ]
        results = [
            import_transactions(session, network="awin", file_name="awin.json", content=content, now=NOW + day * DAY)
            for day, content in enumerate([*files, files[1]])
        ]
    assert [(one.new, one.amended, one.unchanged) for one in results] == [(2, 0, 0), (0, 1, 1), (0, 0, 2)]
    assert [str(one) for one in results[0].to_be_completed] == [
        "account 426667 at awin",
        "advertiser 17874 (awin 17874) at awin",
        "programme 17874 at awin",
    ]
    said = current(ledger, "1")
    assert said is not None
    assert (said.status, said.attribution, str(said.commission), said.currency) == ("approved", "sub-id", "4.26", "EUR")


def test_the_raw_row_is_kept_with_its_line_and_without_personal_data(ledger: Store) -> None:
    content = awin_file(awin_row(1, ipHash="8f14e45f", customerCountry="IE"))
    with ledger.transaction() as session:
        import_transactions(session, network="awin", file_name="awin.json", content=content, now=NOW)
    said = current(ledger, "1")
    assert said is not None
    assert said.line == 1
    assert '"customerCountry":"IE"' in said.payload
    assert "ipHash" not in said.payload


def test_the_account_says_what_the_file_does_not(ledger: Store) -> None:
    with ledger.transaction() as session:
        account = PublisherAccount(
            entity_id=find_entity(session).id,
            network="awin",
            publisher_ref="1",
            currency="GBP",
            time_zone="Europe/Paris",
            created_at=NOW,
        )
        session.add(account)
        session.flush()
        assert reading_of(session, "awin") == Reading(currency="GBP", time_zone="Europe/Paris")
        assert reading_of(session, "awin", currency="EUR", time_zone="UTC") == Reading(currency="EUR")


def test_runs_are_listed_newest_first(ledger: Store) -> None:
    with ledger.transaction() as session:
        book(session, {"id": "t1"}, now=NOW)
        book(session, {"id": "t2"}, now=NOW + DAY)
        runs = list_runs(session)
    assert [(run.id, run.new) for run in runs] == [(2, 1), (1, 1)]
    with ledger.reading() as session, pytest.raises(NotFound, match="import run 99"):
        show_run(session, 99)
