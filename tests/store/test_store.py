import sys
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import func, select
from sqlalchemy.exc import StatementError

from affiliate.errors import InvalidInput, StoreUnavailable
from affiliate.store import Store, migrations
from affiliate.store.tables import Advertiser, Product
from tests.conftest import NOW


def add_advertiser(store: Store, name: str) -> int:
    with store.transaction() as session:
        advertiser = Advertiser(name=name, created_at=NOW)
        session.add(advertiser)
        session.flush()
        return advertiser.id


def test_the_migrations_make_exactly_the_tables_of_the_models(store: Store) -> None:
    command.check(migrations.configuration(store))


def test_upgrading_twice_changes_nothing(store: Store) -> None:
    assert migrations.upgrade(store) is False
    assert migrations.current(store) == migrations.newest()


def test_a_transaction_that_raises_stores_nothing(store: Store) -> None:
    with pytest.raises(RuntimeError), store.transaction() as session:
        session.add(Advertiser(name="Halden & Vale", created_at=NOW))
        session.flush()
        raise RuntimeError
    with store.reading() as session:
        assert session.scalar(select(func.count(Advertiser.id))) == 0


def test_moments_come_back_aware_and_in_utc(store: Store) -> None:
    paris = timezone(timedelta(hours=2))
    with store.transaction() as session:
        session.add(Advertiser(name="Halden & Vale", created_at=datetime(2026, 7, 1, 1, 30, tzinfo=paris)))
    with store.reading() as session:
        moment = session.scalars(select(Advertiser.created_at)).one()
    assert moment.isoformat() == "2026-06-30T23:30:00+00:00"


def test_a_naive_moment_is_refused(store: Store) -> None:
    with pytest.raises(StatementError, match="naive"), store.transaction() as session:
        session.add(Advertiser(name="Halden & Vale", created_at=NOW.replace(tzinfo=None)))


def test_sums_of_money_are_exact(store: Store) -> None:
    advertiser = add_advertiser(store, "Halden & Vale")
    with store.transaction() as session:
        for _ in range(1000):
            session.add(Product(advertiser_id=advertiser, target_url="x", price=Decimal("0.100001"), created_at=NOW))
    with store.reading() as session:
        assert session.scalar(select(func.sum(Product.price))) == Decimal("100.001")


def test_a_database_that_is_not_there_is_said_in_words() -> None:
    store = Store("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    with pytest.raises(StoreUnavailable, match="does not answer"), store.reading() as session:
        session.scalar(select(func.count(Advertiser.id)))


def test_a_backup_is_a_whole_database(sqlite_store: Store, tmp_path: Path) -> None:
    add_advertiser(sqlite_store, "Halden & Vale")
    copy = tmp_path / "copy.db"
    sqlite_store.backup(copy)
    with Store(f"sqlite:///{copy}").reading() as session:
        assert session.scalars(select(Advertiser.name)).all() == ["Halden & Vale"]
    with pytest.raises(InvalidInput, match="there already"):
        sqlite_store.backup(copy)


@pytest.mark.parametrize("url", ["", "no url", "mysql://h/d", "postgresql://u:secret@h/d", "oracle+x://h"])
def test_a_database_that_cannot_be_used_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(InvalidInput, match=r"database\.url") as caught:
        Store(url)
    assert "secret" not in str(caught.value)


def test_a_missing_driver_is_named_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(InvalidInput, match="EXTRAS=postgres"):
        Store("postgresql+psycopg://h/d")


def test_a_lock_is_held_by_one_at_a_time(store: Store) -> None:
    with store.holding("pull-1") as first, store.holding("pull-1") as second, store.holding("pull-2") as other:
        assert (first, second, other) == (True, False, True)
    with store.holding("pull-1") as again:
        assert again
