"""Pulling an account by API, against a real server that tells a generated history and goes wrong on demand."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypedDict
from urllib.parse import unquote

import pytest
from sqlalchemy import func, select
from werkzeug import Response

from affiliate.commissions.pulling import Progress
from affiliate.commissions.runs import list_runs
from affiliate.errors import Conflict, CredentialsUnusable, InvalidInput, NotFound
from affiliate.store import Store, migrations
from affiliate.store.tables import ImportRun, Programme, PublisherAccount, Pull, QuarantinedRow
from tests.conftest import HandClock
from tests.networks.servers.account import PulledAccount, picture
from tests.networks.servers.awin import PUBLISHER, AwinServer
from tests.networks.servers.base import TOKEN, away, broken_off, changed, cut_off, empty_400, limited
from tests.networks.servers.history import DECLINED, PAID, History, history

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 4, 1, tzinfo=UTC)


class Days(TypedDict):
    first: date
    until: date


QUARTER: Days = {"first": date(2026, 1, 1), "until": date(2026, 4, 1)}


@pytest.fixture(scope="module")
def told() -> History:
    return history(11, FIRST, NOW, a_day=2)


@pytest.fixture
def server(told: History) -> Iterator[AwinServer]:
    with AwinServer(told, NOW) as running:
        yield running


def awin(store: Store, folder: Path, server: AwinServer, now: datetime = NOW, **account: Any) -> PulledAccount:
    return PulledAccount(
        store, folder, HandClock(now), server, network="awin", ref=PUBLISHER, credentials={"token": TOKEN}, **account
    )


@pytest.fixture
def account(sqlite_store: Store, tmp_path: Path, server: AwinServer) -> PulledAccount:
    return awin(sqlite_store, tmp_path / "credentials", server)


def pulls(store: Store) -> list[Pull]:
    with store.reading() as session:
        return list(session.scalars(select(Pull).order_by(Pull.id)))


def test_a_quarter_is_asked_for_in_windows_that_the_network_answers(account: PulledAccount, told: History) -> None:
    windows = account.puller.pull("awin", **QUARTER)
    assert [(each.first, each.until) for each in windows] == [
        (FIRST, FIRST + timedelta(days=31)),
        (FIRST + timedelta(days=31), FIRST + timedelta(days=62)),
        (FIRST + timedelta(days=62), NOW),
    ]
    assert {each.state for each in windows} == {"done"}
    assert sum(each.new for each in windows) == len(told.made) == len(picture(account.store))
    assert [each.pages for each in account.told if isinstance(each, Progress)] == [0, 1, 0, 1, 0, 1]
    assert [each for each in account.told if not isinstance(each, Progress)] == windows


def test_each_window_is_an_import_run_of_its_own(account: PulledAccount) -> None:
    account.puller.pull("awin", **QUARTER)
    with account.store.reading() as session:
        runs = list_runs(session)
    assert [run.file_name for run in runs] == [
        "awin API 2026-03-04–2026-04-01 by transaction",
        "awin API 2026-02-01–2026-03-04 by transaction",
        "awin API 2026-01-01–2026-02-01 by transaction",
    ]
    assert all(len(run.file_sha256) == 64 and run.as_of == NOW for run in runs)


def test_the_books_say_what_the_network_says(account: PulledAccount, told: History) -> None:
    account.puller.pull("awin", **QUARTER)
    known = picture(account.store)
    for state in told.states(NOW):
        status, _, payment, sale, _, commission, currency, *_ = known[str(state.sale.id), ""]
        assert (status, sale, commission, currency) == (
            state.status,
            state.amount,
            state.commission,
            state.sale.advertiser.currency,
        )
        assert payment == ("paid" if state.payment == PAID else "unpaid")


def test_pulling_again_changes_nothing(store: Store, tmp_path: Path, server: AwinServer) -> None:
    account = awin(store, tmp_path / "credentials", server)
    account.puller.pull("awin", **QUARTER)
    before = picture(account.store)
    again = account.puller.pull("awin", **QUARTER)
    assert all(each.unchanged == each.rows and each.state == "done" for each in again)
    assert picture(account.store) == before


def test_days_are_those_of_the_account(sqlite_store: Store, tmp_path: Path, server: AwinServer) -> None:
    account = awin(sqlite_store, tmp_path, server, time_zone="America/New_York")
    windows = account.puller.pull("awin", first=date(2026, 3, 1), until=date(2026, 4, 1))
    assert (windows[0].first, windows[-1].until) == (
        datetime(2026, 3, 1, 5, tzinfo=UTC),
        datetime(2026, 4, 1, 4, tzinfo=UTC),
    )
    assert "startDate=2026-03-01T05:00:00&endDate=2026-04-01T04:00:00&timezone=UTC" in unquote(server.asked[0][1])


@pytest.mark.slow
def test_a_year_of_daily_pulls_ends_in_the_ledger_of_one_pull_at_the_end(sqlite_store: Store, tmp_path: Path) -> None:
    daily_and_once(sqlite_store, tmp_path, days=365, a_day=3, step=timedelta(days=1))


def test_months_of_pulls_end_in_the_ledger_of_one_pull_at_the_end(sqlite_store: Store, tmp_path: Path) -> None:
    daily_and_once(sqlite_store, tmp_path, days=150, a_day=1, step=timedelta(days=3))


def daily_and_once(store: Store, folder: Path, *, days: int, a_day: float, step: timedelta) -> None:
    """Pulls what is due while the history goes on (a restart of our machine loses some days), then all of it into an empty
    store; sales of the last days are not settled yet, and a week later the payments were read again."""
    until = FIRST + timedelta(days=days)
    told = history(5, FIRST, until, a_day=a_day)
    once = Store(f"sqlite:///{folder / 'once.db'}")
    migrations.upgrade(once)
    with AwinServer(told, FIRST) as server:
        by_day = awin(store, folder / "day", server, FIRST)
        now = FIRST + step
        while now <= until + timedelta(days=8):
            by_day.at(now)
            if now.day % 10 not in (4, 5, 6, 7):
                assert {each.state for each in by_day.puller.pull_due()} <= {"done"}
            now += step
        at_once = awin(once, folder / "once", server, by_day.clock.now)
        by_day.puller.pull_due("awin", basis="transaction")
        at_once.puller.pull("awin", first=FIRST.date(), until=now.date())
    assert len(picture(once)) == len(told.made)
    assert {state.status for state in told.states(now)} > {DECLINED}
    assert picture(store) == picture(once)
    once.close()


def test_what_changed_is_asked_for_from_where_the_last_request_ended(
    account: PulledAccount, server: AwinServer
) -> None:
    """First the year; then, hours later, what was sold, validated or amended since, and two days more."""
    account.puller.pull_due()
    assert {(each.basis, each.state) for each in pulls(account.store)} == {
        ("transaction", "done"),
        ("change", "done"),
        ("programme", "done"),
    }
    server.asked.clear()
    account.at(NOW + timedelta(hours=2))
    assert account.puller.pull_due() == []
    account.at(NOW + timedelta(hours=3))
    windows = account.puller.pull_due()
    assert [(each.basis, each.first, each.until) for each in windows] == [
        ("change", NOW - timedelta(days=2), NOW + timedelta(hours=3))
    ]
    assert [asked[1].rpartition("=")[2] for asked in server.asked] == ["transaction", "validation", "amendment"]
    account.at(NOW + timedelta(days=40))
    windows = account.puller.pull_due()
    assert min(each.first for each in windows if each.basis == "change") == NOW + timedelta(hours=3) - timedelta(days=2)
    assert min(each.first for each in windows if each.basis == "transaction") == NOW - timedelta(days=325)


def test_programmes_are_told_with_their_rates(account: PulledAccount) -> None:
    account.puller.pull_due("awin", basis="programme")
    with account.store.reading() as session:
        rates = {row.name: row.rate for row in session.execute(select(Programme.name, Programme.rate))}
    assert rates["Marlpool Frocks"] == Decimal("0.08")
    assert len(rates) == 4


# ---- what goes wrong ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [limited("1"), away, broken_off])
def test_what_passes_is_waited_for(account: PulledAccount, server: AwinServer, fault: Any) -> None:
    server.fail(None, fault)
    assert {each.state for each in account.puller.pull("awin", **QUARTER)} == {"done"}
    assert len(server.asked) == 4
    assert account.waits


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        (empty_400, "answered 400 and not a word"),
        (cut_off, "it is no JSON"),
        (changed(lambda rows: {"data": rows}), "an object with data"),
        (changed(lambda rows: {"id": rows[0]["id"]}), "an object with id"),
    ],
)
def test_a_window_that_comes_broken_books_nothing_and_is_asked_for_again(
    account: PulledAccount, server: AwinServer, told: History, fault: Any, problem: str
) -> None:
    server.fail(None, fault)
    windows = account.puller.pull("awin", **QUARTER)
    assert [each.state for each in windows] == ["done", "failed", "done"]
    assert problem in windows[1].problem
    assert len(picture(account.store)) == windows[0].new + windows[2].new < len(told.made)
    asked = len(server.asked)
    again = account.puller.pull("awin", **QUARTER)
    assert [each.state for each in again] == ["done"]
    assert len(server.asked) == asked + 1
    assert len(picture(account.store)) == len(told.made)
    assert [(each.state, each.attempts) for each in pulls(account.store)] == [("done", 1), ("done", 2), ("done", 1)]


def test_silence_fails_the_window(account: PulledAccount, server: AwinServer) -> None:
    server.fail(server.silent, server.silent)
    windows = account.puller.pull("awin", **QUARTER)
    assert [each.state for each in windows] == ["failed", "done", "done"]
    assert "did not answer in time" in windows[0].problem


def test_a_row_that_comes_twice_is_booked_once(account: PulledAccount, server: AwinServer, told: History) -> None:
    server.fail(changed(lambda rows: rows + rows))
    windows = account.puller.pull("awin", **QUARTER)
    assert windows[0].new == windows[0].unchanged > 0
    assert len(picture(account.store)) == len(told.made)


def test_a_changed_field_stops_its_rows_and_nothing_else(account: PulledAccount, server: AwinServer) -> None:
    def without_currency(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{**row, "commissionAmount": {"amount": 1.0}} if at == 0 else row for at, row in enumerate(rows)]

    def new_word(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{**row, "commissionStatus": "confirmed"} if at < 2 else row for at, row in enumerate(rows)]

    server.fail(changed(without_currency), changed(new_word))
    windows = account.puller.pull("awin", **QUARTER)
    assert [(each.state, each.quarantined) for each in windows] == [("done", 1), ("done", 2), ("done", 0)]
    with account.store.reading() as session:
        assert session.scalars(select(QuarantinedRow.word)).all() == [None, "confirmed", "confirmed"]


def test_a_token_that_expires_half_way_ends_the_pull_and_a_new_one_goes_on(
    account: PulledAccount, server: AwinServer, told: History
) -> None:
    server.fail(None, server.expired)
    windows = account.puller.pull("awin", **QUARTER)
    assert [each.state for each in windows] == ["done", "failed", "waiting"]
    assert "answered 401" in windows[1].problem
    account.write({"token": server.token, "base_url": server.url})
    again = account.puller.pull("awin", **QUARTER)
    assert [each.state for each in again] == ["done", "done"]
    assert len(picture(account.store)) == len(told.made)


def test_a_network_that_asks_for_hours_is_left_alone_until_then(account: PulledAccount, server: AwinServer) -> None:
    server.fail(limited("7200"))
    windows = account.puller.pull_due()
    assert [each.state for each in windows][:2] == ["failed", "waiting"]
    assert "asks to come back at" in windows[0].problem
    asked = len(server.asked)
    assert account.puller.pull_due() == []
    account.clock.now = windows[0].again_at + timedelta(minutes=1) if windows[0].again_at else NOW
    assert {each.state for each in account.puller.pull_due()} == {"done"}
    assert asked == 1


def test_a_failed_window_is_tried_again_by_itself_ever_later(account: PulledAccount, server: AwinServer) -> None:
    server.fail(cut_off)
    account.puller.pull("awin", first=date(2026, 3, 20), until=date(2026, 4, 1))
    account.clock.forward(minutes=5)
    server.fail(cut_off)
    account.puller.pull_due("awin", basis="transaction")
    first = pulls(account.store)[0]
    assert (first.state, first.attempts) == ("failed", 2)
    assert first.not_before == account.clock.now + timedelta(minutes=20)
    assert first.problem.startswith("The Awin report was not imported: it is no JSON")


def test_two_at_once_do_not_pull_the_same_account(store: Store, tmp_path: Path, server: AwinServer) -> None:
    account = awin(store, tmp_path / "credentials", server)
    with account.store.reading() as session:
        number = session.scalar(select(PublisherAccount.id))
    with account.store.holding(f"pull-{number}"):
        with pytest.raises(Conflict, match="being pulled by another process"):
            account.puller.pull("awin", **QUARTER)
        assert account.puller.pull_due() == []
    assert account.server.asked == []


# ---- what is refused ------------------------------------------------------------------------------------------------


def test_credentials_that_are_missing_are_named_with_their_place(account: PulledAccount) -> None:
    file = account.write({"base_url": account.server.url})
    with pytest.raises(CredentialsUnusable, match=r"lacks token = .*https://ui\.awin\.com/awin-api"):
        account.puller.pull("awin", **QUARTER)
    file.unlink()
    with pytest.raises(CredentialsUnusable, match=r"awin-99000001\.toml cannot be used: it is not there"):
        account.puller.pull("awin", **QUARTER)
    assert account.puller.pull_due() == []
    assert account.server.asked == []


def test_what_cannot_be_asked_is_refused_with_a_way_out(account: PulledAccount) -> None:
    with pytest.raises(InvalidInput, match="not read by API"):
        account.puller.pull("amazon", **QUARTER)
    with pytest.raises(NotFound, match="affiliate account add awin 7"):
        account.puller.pull("awin", **QUARTER, account="7")
    with pytest.raises(InvalidInput, match="cannot be asked payouts"):
        account.puller.pull("awin", **QUARTER, basis="payout")
    with pytest.raises(InvalidInput, match="has not come yet"):
        account.puller.pull("awin", first=date(2027, 1, 1), until=date(2027, 2, 1))
    with pytest.raises(InvalidInput, match="is empty"):
        account.puller.pull("awin", first=date(2026, 2, 1), until=date(2026, 2, 1))


def test_nothing_secret_is_kept_or_logged(
    account: PulledAccount, server: AwinServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")

    def echo(request: Any, _answer: Any) -> Any:
        return Response(f"who are you, {request.headers['Authorization']}?", status=403)

    server.fail(None, echo)
    windows = account.puller.pull("awin", **QUARTER)
    assert "who are you" in windows[1].problem
    account.store.close()
    shown = caplog.text + repr(windows) + repr(account.puller) + repr(account.told)
    assert TOKEN not in shown
    for file in account.folder.parent.glob("affiliate.db*"):
        content = file.read_bytes()
        assert TOKEN.encode() not in content
        assert b"-4637421" not in content  # the reader's address, hashed or not, is personal


def test_the_expiry_in_the_file_is_kept_with_the_account(account: PulledAccount) -> None:
    account.write({"token": TOKEN, "base_url": account.server.url, "expires": "2026-12-31"})
    account.puller.pull("awin", **QUARTER)
    with account.store.reading() as session:
        assert session.scalar(select(PublisherAccount.credentials_expire_at)) == datetime(2026, 12, 31, tzinfo=UTC)
        assert session.scalar(select(func.count()).select_from(ImportRun)) == 3
