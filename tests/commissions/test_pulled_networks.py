"""impact, CJ, Rakuten, Skimlinks and Partnerize pulled into the ledger, against servers that live through a history."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from affiliate.commissions.importing import import_transactions
from affiliate.networks.asking.api import Api, Client
from affiliate.networks.asking.credentials import Credentials
from affiliate.networks.base import Reading
from affiliate.store import Store, migrations
from affiliate.store.tables import Base, Payout, Programme
from tests.conftest import HandClock
from tests.networks.servers.account import PulledAccount, add_account, picture
from tests.networks.servers.base import cut_off
from tests.networks.servers.cj import CjServer
from tests.networks.servers.history import ADVERTISERS, DECLINED, PAID, History, history
from tests.networks.servers.impact import ImpactServer
from tests.networks.servers.partnerize import PartnerizeServer
from tests.networks.servers.rakuten import SECRET, RakutenServer, all_events
from tests.networks.servers.skimlinks import SkimlinksServer

SERVERS: dict[str, type[Any]] = {
    "impact": ImpactServer,
    "cj": CjServer,
    "skimlinks": SkimlinksServer,
    "partnerize": PartnerizeServer,
    "rakuten": RakutenServer,
}
WITH_MEMORY = ("impact", "cj", "skimlinks", "partnerize")
FIRST = datetime(2025, 11, 1, tzinfo=UTC)


class Patient(PulledAccount):
    """Waits for a slow machine."""

    def _connect(self, api: Api, credentials: Credentials) -> Client:
        return replace(super()._connect(api, credentials), timeout_seconds=20)  # type: ignore[type-var]


def pulled(key: str, store: Store, folder: Path, server: Any) -> Patient:
    folder.mkdir(exist_ok=True)
    currency = "GBP" if key == "cj" else None
    return Patient(
        store,
        folder,
        HandClock(server.now),
        server,
        network=key,
        ref=server.publisher,
        credentials=server.credentials,
        currency=currency,
        time_zone="UTC",
    )


def live(account: PulledAccount, *, until: datetime, step: timedelta, basis: str | None = None) -> None:
    """Pulls what is due, or one basis alone, step by step; our machine is off for some days of each month."""
    now = account.clock.now
    while now <= until:
        account.at(now)
        if now.day not in (11, 12, 13):
            windows = account.puller.pull_due(account.network, basis=basis)
            assert {each.state for each in windows} <= {"done"}, [each.problem for each in windows]
            assert not any(each.quarantined for each in windows)
        now += step


def earned(store: Store) -> Decimal:
    rows = picture(store).values()
    return sum((Decimal(str(row[5])) for row in rows if row[0] != DECLINED), Decimal(0))


def kept(told: History, now: datetime) -> Decimal:
    return sum((state.commission for state in told.states(now) if state.status != DECLINED), Decimal(0))


@pytest.fixture
def another(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'another.db'}")
    migrations.upgrade(store)
    yield store
    store.close()


# ---- a year, step by step or at once --------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("key", WITH_MEMORY)
def test_a_year_of_daily_pulls_ends_in_the_ledger_of_one_pull(
    key: str, sqlite_store: Store, another: Store, tmp_path: Path
) -> None:
    step_by_step_and_at_once(key, sqlite_store, another, tmp_path, days=350, a_day=1.5, step=timedelta(days=1))


@pytest.mark.parametrize("key", WITH_MEMORY)
def test_months_of_pulls_end_in_the_ledger_of_one_pull(
    key: str, sqlite_store: Store, another: Store, tmp_path: Path
) -> None:
    step_by_step_and_at_once(key, sqlite_store, another, tmp_path, days=120, a_day=0.7, step=timedelta(days=17))


def step_by_step_and_at_once(
    key: str, store: Store, another: Store, folder: Path, *, days: int, a_day: float, step: timedelta
) -> None:
    """In small pages as well. All but CJ come to it by dates of change alone (as far as these servers date every change);
    what CJ changes without a date is seen by the year that is read anew, so the two are compared after that."""
    basis = None if key == "cj" else "change"
    until = FIRST + timedelta(days=days)
    told = history(23, FIRST, until - timedelta(days=20), a_day=a_day)
    with SERVERS[key](told, FIRST) as server:
        server.page_size = 40
        account = pulled(key, store, folder / "steps", server)
        live(account, until=until, step=step, basis=basis)
        account.at(until)
        account.puller.pull_due(key, basis=basis or "transaction")
        server.page_size = 1000
        at_once = pulled(key, another, folder / "once", server)
        at_once.puller.pull_due(key, basis="transaction")
    known = picture(store)
    assert {state.status for state in told.states(until)} == {"pending", "approved", DECLINED}
    assert len(known) >= len(told.made)
    assert known == picture(another)
    assert earned(store) == kept(told, until)


@pytest.mark.slow
def test_a_year_of_rakutens_month_long_memory_ends_in_all_its_events(
    sqlite_store: Store, another: Store, tmp_path: Path
) -> None:
    rakuten_step_by_step(sqlite_store, another, tmp_path, days=350, a_day=1.5, step=timedelta(days=1))


def test_months_of_rakutens_month_long_memory_end_in_all_its_events(
    sqlite_store: Store, another: Store, tmp_path: Path
) -> None:
    rakuten_step_by_step(sqlite_store, another, tmp_path, days=120, a_day=1, step=timedelta(days=14))


def rakuten_step_by_step(
    store: Store, another: Store, folder: Path, *, days: int, a_day: float, step: timedelta
) -> None:
    """No pull at the end can bring what Rakuten has forgotten; one file of everything is what the steps must come to."""
    until = FIRST + timedelta(days=days)
    told = history(23, FIRST, until - timedelta(days=20), a_day=a_day)
    with RakutenServer(told, FIRST) as server:
        account = pulled("rakuten", store, folder / "steps", server)
        live(account, until=until, step=step)
        account.at(until)
        account.puller.pull_due("rakuten", basis="change")
    add_account(another, "rakuten", server.publisher)
    with another.transaction() as session:
        import_transactions(
            session,
            network="rakuten",
            file_name="all.json",
            content=json.dumps(all_events(told, until)).encode(),
            reading=Reading(publisher_ref=server.publisher),
            now=until,
        )
    assert picture(store) == picture(another)
    assert len(picture(store)) > len(told.made)
    assert earned(store) == kept(told, until)


def test_what_cj_locks_and_closes_without_a_date_is_seen_by_the_year_that_is_read_anew(
    sqlite_store: Store, tmp_path: Path
) -> None:
    told = history(5, FIRST, FIRST + timedelta(days=20), a_day=1)
    with CjServer(told, FIRST + timedelta(days=20)) as server:
        account = pulled("cj", sqlite_store, tmp_path / "c", server)
        account.puller.pull_due()
        assert {row[1] for row in picture(sqlite_store).values()} == {"new"}
        account.at(FIRST + timedelta(days=120))
        account.puller.pull_due()
    closed = {str(state.sale.id) for state in told.states(server.now) if state.payment != "unpaid"}
    assert {key[0][:-2] for key, row in picture(sqlite_store).items() if row[1] == "closed"} == closed


def test_rakuten_that_was_left_alone_for_too_long_is_asked_for_what_it_still_knows(
    sqlite_store: Store, tmp_path: Path
) -> None:
    told = history(5, FIRST, FIRST + timedelta(days=100), a_day=1)
    with RakutenServer(told, FIRST + timedelta(days=100)) as server:
        windows = pulled("rakuten", sqlite_store, tmp_path / "c", server).puller.pull_due()
    assert {each.state for each in windows} == {"done"}
    assert 0 < len(picture(sqlite_store)) < len(all_events(told, FIRST + timedelta(days=100)))


# ---- what else comes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["impact", "partnerize"])
def test_payouts_are_kept_as_the_network_says_last(key: str, sqlite_store: Store, tmp_path: Path) -> None:
    until = FIRST + timedelta(days=150)
    told = history(9, FIRST, FIRST + timedelta(days=40), a_day=1)
    with SERVERS[key](told, FIRST) as server:
        account = pulled(key, sqlite_store, tmp_path / "c", server)
        live(account, until=until, step=timedelta(days=37), basis="payout")
        account.at(until)
        account.puller.pull_due(key, basis="payout")
    with sqlite_store.reading() as session:
        stored = {row.external_id.rpartition("-")[2]: row for row in session.scalars(select(Payout))}
    payouts = told.payouts(FIRST, until, until)
    assert len(payouts) == len(stored) > 3
    for payout in payouts:
        row = stored[payout.id]
        assert (row.commission, row.currency, row.paid_at) == (payout.commission, payout.currency, payout.paid_at)
        assert row.payment == (PAID if payout.paid_at else "invoiced")


@pytest.mark.parametrize("key", SERVERS)
def test_programmes_and_what_builds_their_links_are_told(key: str, sqlite_store: Store, tmp_path: Path) -> None:
    with SERVERS[key](History([]), FIRST) as server:
        pulled(key, sqlite_store, tmp_path / "c", server).puller.pull_due(key, basis="programme")
    with sqlite_store.reading() as session:
        programmes = session.scalars(select(Programme)).all()
        assert {row.name for row in programmes} == {each.name for each in ADVERTISERS}
        assert all(("camref" in row.parameters) == (key == "partnerize") for row in programmes)


@pytest.mark.parametrize("key", SERVERS)
def test_days_can_be_asked_for_by_hand(key: str, sqlite_store: Store, tmp_path: Path) -> None:
    now = FIRST + timedelta(days=20)
    told = history(3, FIRST, now, a_day=2)
    with SERVERS[key](told, now) as server:
        account = pulled(key, sqlite_store, tmp_path / "c", server)
        windows = account.puller.pull(key, first=FIRST.date(), until=now.date())
    assert {each.state for each in windows} == {"done"}
    assert earned(sqlite_store) == kept(told, now)


@pytest.mark.parametrize("key", SERVERS)
def test_a_window_that_comes_broken_books_nothing_and_is_asked_for_again(
    key: str, sqlite_store: Store, tmp_path: Path
) -> None:
    now = FIRST + timedelta(days=20)
    told = history(3, FIRST, now, a_day=8)
    with SERVERS[key](told, now) as server:
        server.page_size = 100 if key == "rakuten" else 40
        account = pulled(key, sqlite_store, tmp_path / "c", server)
        server.fail(*([None] if key in ("rakuten", "skimlinks") else []), None, cut_off)
        (window,) = account.puller.pull(key, first=FIRST.date(), until=now.date())
        assert (window.state, window.rows) == ("failed", 0)
        assert picture(sqlite_store) == {}
        (again,) = account.puller.pull(key, first=FIRST.date(), until=now.date())
        assert again.state == "done"
    assert earned(sqlite_store) == kept(told, now)


@pytest.mark.parametrize("key", SERVERS)
def test_nothing_secret_and_nothing_personal_reaches_the_store(key: str, sqlite_store: Store, tmp_path: Path) -> None:
    now = FIRST + timedelta(days=20)
    with SERVERS[key](history(3, FIRST, now, a_day=2), now) as server:
        account = pulled(key, sqlite_store, tmp_path / "c", server)
        account.puller.pull(key, first=FIRST.date(), until=now.date())
        account.write({**server.credentials, _SECRETS[key]: "wr0ng-secret", "base_url": server.url})
        account.puller.pull(key, first=FIRST.date(), until=now.date())
    everything = dump(sqlite_store)
    assert "it answered 401" in everything
    for hidden in (server.token, SECRET, "wr0ng-secret", "2001:db8::17", "203.0.113.9", "customer-1"):
        assert hidden not in everything


_SECRETS = {
    "impact": "auth_token",
    "cj": "token",
    "skimlinks": "client_secret",
    "partnerize": "user_api_key",
    "rakuten": "client_secret",
}


def dump(store: Store) -> str:
    with store.reading() as session:
        tables = [table.name for table in Base.metadata.sorted_tables]
        return "\n".join(str(list(session.execute(text(f'SELECT * FROM "{name}"')))) for name in tables)  # noqa: S608
