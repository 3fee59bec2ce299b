"""What a new schema makes of the data of an old one."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import JSON, Boolean, Connection, DateTime, Integer, MetaData, select
from sqlalchemy.orm import joinedload

from affiliate.clicks.classes import FIRST, REPEATED
from affiliate.clicks.count import Counts, count
from affiliate.clicks.rollup import check
from affiliate.commissions import picture
from affiliate.commissions.marks import Marks
from affiliate.commissions.undo import undo_import
from affiliate.redirect.records import GPC
from affiliate.store import Store, migrations
from affiliate.store.tables import (
    Click,
    CommissionHour,
    ImportRun,
    Link,
    Placement,
    Transaction,
    TransactionVersion,
    User,
    UserSession,
)
from affiliate.urls import digest, identity, likeness
from affiliate.web.signed_in import Life, begin_session, find_person

AT = datetime(2026, 11, 20, 12, 0, 0, 123_000, tzinfo=UTC)
PARENTS = ("entities", "sites", "publisher_accounts", "advertisers", "programmes", "products", "links", "articles", "placements")  # fmt: skip


class OldDatabase:
    """A database of an older schema, filled by the names of its columns."""

    def __init__(self, url: str, revision: str) -> None:
        self.store = Store(url)
        command.upgrade(migrations.configuration(self.store), revision)
        self.tables = MetaData()
        self.tables.reflect(self.store.engine)

    def insert(self, connection: Connection, name: str, **values: Any) -> None:
        """A row; what is required and not given gets any value of its type."""
        table = self.tables.tables[name]
        missing = {column.name: _any(column.type) for column in table.columns if not column.nullable}
        connection.execute(table.insert(), {**missing, **values})


def _any(kind: object) -> object:
    match kind:
        case Boolean():
            return False
        case DateTime():
            return AT.replace(tzinfo=None)
        case Integer():
            return 1
        case JSON():
            return {}
        case _:
            return "x"


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'old.db'}"
    empty: Callable[[], str] = request.getfixturevalue("postgres_url")
    return empty()


def test_clicks_of_the_first_schema_are_carried_over(url: str) -> None:
    old = OldDatabase(url, "0001")
    with old.store.engine.begin() as connection:
        for name in PARENTS:
            old.insert(connection, name)
        place = {"link_id": 1, "site_id": 1, "programme_id": 1, "device": "desktop", "user_agent_family": "Firefox"}
        page = {"placement_id": 1, "article_id": 1, "referrer_host": "mag.example", "referrer_path": "/story"}
        for number, row in enumerate(
            (
                {"at": AT, "click_class": "human", "network_comparable": True, "gpc": True, **page},
                {"at": AT + timedelta(seconds=4), "click_class": "duplicate", "country": "GB", **page},
                {"at": AT + timedelta(hours=1), "click_class": "bot", "fallback_reason": "retired"},
            ),
            start=1,
        ):
            at = row.pop("at")
            assert isinstance(at, datetime)
            old.insert(
                connection, "clicks", id=number, at=at.replace(tzinfo=None) if "sqlite" in url else at, **place, **row
            )
    migrations.upgrade(old.store)
    with old.store.reading() as session:
        wanted = select(Click).options(joinedload(Click.context), joinedload(Click.origin)).order_by(Click.at)
        first, second, third = session.scalars(wanted)
        assert count(session) == Counts(raw=3, human=1, network_comparable=1)
        assert check(session) == 0
    assert (first.at, first.flags, second.flags, third.flags) == (AT, GPC | FIRST, REPEATED, 0)
    assert (first.context.placement_id, first.context.article_id, first.context.referrer_host) == (1, 1, "mag.example")
    assert (first.context.country, second.context.country) == ("", "GB")
    assert (first.origin_id, first.origin.referrer_path) == (second.origin_id, "/story")
    assert (third.context.placement_id, third.origin.fallback_reason) == (None, "retired")
    old.store.close()


TARGETS = (
    "https://shop.example/shop#/product/1",
    "https://shop.example/shop#/product/2",
    "http://shop.example/p",
    "https://shop.example/p",
    "https://www.shop.example/p/",
    "https://shop.example/" + "x" * 7_900,
    "no address",
)


@pytest.mark.parametrize("revision", ["0001", "0004"])
def test_links_of_old_schemas_are_told_apart_and_placements_keep_their_address(url: str, revision: str) -> None:
    old = OldDatabase(url, revision)
    with old.store.engine.begin() as connection:
        for name in PARENTS[: PARENTS.index("links")]:
            old.insert(connection, name)
        for number, target in enumerate(TARGETS, start=1):  # one folded key, as it was
            old.insert(connection, "links", id=number, target_url=target, target_key="shop.example/shop")
        old.insert(connection, "articles")
        old.insert(connection, "placements", id=1, token="bare", link_id=1, is_default=True)
        old.insert(connection, "placements", id=2, token="one", link_id=1, article_id=1)
        old.insert(connection, "placements", id=3, token="two", link_id=2, article_id=1)
    migrations.upgrade(old.store)
    with old.store.reading() as session:
        links = list(session.scalars(select(Link).order_by(Link.id)))
        placements = list(session.scalars(select(Placement).order_by(Placement.id)))
    assert [link.target_url for link in links] == list(TARGETS)
    assert [link.target_key for link in links] == [digest(identity(target)) for target in TARGETS]
    assert [link.near_key for link in links] == [digest(likeness(target)) for target in TARGETS]
    assert [link.twin for link in links] == [0, 0, 0, 1, 0, 0, 0]
    assert [placement.authored_url for placement in placements] == [None, *TARGETS[:2]]
    assert {placement.authored_rel for placement in placements} == {None}
    old.store.close()


def test_a_replay_of_an_older_schema_names_the_run_whose_rows_it_read(url: str) -> None:
    old = OldDatabase(url, "0004")
    with old.store.engine.begin() as connection:
        for number, origin in ((1, "file"), (2, "replay"), (3, "replay")):
            old.insert(connection, "import_runs", id=number, origin=origin)
        old.insert(connection, "quarantined_rows", id=1, import_run_id=1, resolved_by=2)
    migrations.upgrade(old.store)
    with old.store.reading() as session:
        read = select(ImportRun.id, ImportRun.replay_of).order_by(ImportRun.id)
        assert [tuple(row) for row in session.execute(read)] == [(1, None), (2, 1), (3, None)]
    old.store.close()


def test_money_that_was_booked_twice_for_a_filled_in_field_is_one_transaction_again(url: str) -> None:
    """Rakuten's SKU and Kwanko's sub-id were part of the key. What is undone, confirmed and current stays so."""
    old = OldDatabase(url, "0004")
    at = AT.replace(tzinfo=None) if "sqlite" in url else AT
    event = {
        "etransaction_id": "T1",
        "advertiser_id": 3,
        "commissions": 10,
        "currency": "USD",
        "u1": "",
        "order_id": "o",
    }
    event |= {"transaction_date": "2026-11-01 10:00:00", "sid": 112, "sku_number": ""}
    kwanko = {"idprogramme": "1", "date": "01/11/2026 10:00:00", "idsite": "2", "argann": ""}
    booked = [
        ("rakuten", "T1", "", 1, event),
        ("rakuten", "T1", "S1", 2, {**event, "sku_number": "S1"}),
        ("rakuten", "T2", "S9", 1, {**event, "etransaction_id": "T2", "sku_number": "S9"}),
        ("kwanko", "1 01/11/2026 10:00:00 2 ", "", 1, kwanko),
        ("kwanko", "1 01/11/2026 10:00:00 2 x", "", 2, {**kwanko, "argann": "x"}),
        ("kwanko", "1 01/11/2026 10:00:00 2 y", "", 2, {**kwanko, "argann": "y"}),
        ("awin", "T1", "L1", 1, event),
    ]
    with old.store.engine.begin() as connection:
        for name in PARENTS:
            old.insert(connection, name)
        confirmed = Marks("B")
        confirmed[2] = 1  # what the third run found as it was
        for run, network, marks in ((1, "rakuten", None), (2, "rakuten", None), (3, "rakuten", confirmed.packed())):
            values = {"id": run, "kind": "transactions", "network": network, "as_of": at, "undone_at": None}
            old.insert(connection, "import_runs", **values, confirmed=marks, period=None, replaced_by=None)
        for number, (network, external_id, line_id, run, payload) in enumerate(booked, start=1):
            said = {
                "programme_id": 1,
                "kind": "sale",
                "transaction_at": at,
                "attribution": "none",
                "placement_id": None,
            }
            keys = {"account_id": 1, "network": network, "external_id": external_id, "line_id": line_id}
            old.insert(
                connection, "transactions", id=number, **keys, **said, current_version_id=number, order_ref=f"{number}"
            )
            money = {"status": "pending", "payment": "unpaid", "commission": 10_000_000, "currency": "USD"}
            moved = {"observed_at": at + run * timedelta(days=1), "recorded_at": at + run * timedelta(days=1)}
            old.insert(
                connection, "transaction_versions", id=number, transaction_id=number, number=1, import_run_id=run, line=1,
                payload=json.dumps(payload), unsaid=0, order_ref=f"{number}", **said, **money, **moved,
            )  # fmt: skip
    migrations.upgrade(old.store)
    with old.store.reading() as session:
        known = session.scalars(select(Transaction).order_by(Transaction.id)).all()
        versions = session.scalars(select(TransactionVersion).order_by(TransactionVersion.id)).all()
        confirmed_by = Marks.unpacked(
            session.scalars(select(ImportRun.confirmed).where(ImportRun.id == 3)).one() or b""
        )
        assert dict(confirmed_by.items()) == {1: 1}
        assert picture.check(session) == (0, 0)
        assert session.scalars(select(CommissionHour.transactions)).all() == [5]
    assert [(row.id, row.external_id, row.line_id, row.current_version_id, row.order_ref) for row in known] == [
        (1, "T1", "", 2, "2"),
        (3, "T2", "", 3, "3"),
        (4, "1 01/11/2026 10:00:00 2", "", 5, "5"),
        (6, "1 01/11/2026 10:00:00 2 y", "", 6, "6"),
        (7, "T1", "L1", 7, "7"),
    ]
    assert [(row.transaction_id, row.number) for row in versions] == [
        (1, 1),
        (1, 2),
        (3, 1),
        (4, 1),
        (4, 2),
        (6, 1),
        (7, 1),
    ]
    old.store.close()


def test_order_numbers_that_were_booked_as_money_stop_no_upgrade_and_can_be_undone(url: str) -> None:
    """Ten amounts of twelve digits in one hour are more than a sum in 64 bits holds."""
    old = OldDatabase(url, "0009")
    at = AT.replace(tzinfo=None) if "sqlite" in url else AT
    with old.store.engine.begin() as connection:
        for name in PARENTS:
            old.insert(connection, name)
        for run in (1, 2):
            values = {"id": run, "kind": "transactions", "network": "awin", "file_sha256": f"{run}", "recorded_at": at}
            old.insert(
                connection, "import_runs", **values, as_of=at + run * timedelta(days=1), undone_at=None, reading={}
            )
        for number in range(1, 16):
            run, amount = (1, 999_999_999_999_990_000) if number > 3 else (2, 5_000_000)
            said = {
                "programme_id": 1,
                "kind": "sale",
                "transaction_at": at,
                "attribution": "none",
                "placement_id": None,
            }
            money = {
                "status": "pending",
                "payment": "unpaid",
                "commission": amount,
                "currency": "USD",
                "order_ref": None,
            }
            keys = {"account_id": 1, "network": "awin", "external_id": f"{number}", "line_id": ""}
            old.insert(connection, "transactions", id=number, **keys, **said, **money, current_version_id=number)
            moved = {"observed_at": at + run * timedelta(days=1), "recorded_at": at, "unsaid": 0}
            old.insert(
                connection, "transaction_versions", id=number, transaction_id=number, number=1, import_run_id=run, line=1,
                payload="{}", payload_sha256="0" * 64, payload_key=number, **said, **money, **moved,
            )  # fmt: skip
    migrations.upgrade(old.store)
    with old.store.transaction() as session:
        undo_import(session, 1, now=AT + timedelta(days=3))
    with old.store.transaction() as session:
        picture.rebuild(session)
        assert picture.check(session) == (0, 0)
        assert [(hour.transactions, hour.commission) for hour in session.scalars(select(CommissionHour))] == [
            (3, Decimal(15))
        ]
    old.store.close()


def test_people_keep_their_accounts_and_sign_in_again_once(url: str) -> None:
    old = OldDatabase(url, "0004")
    with old.store.engine.begin() as connection:
        old.insert(connection, "users", email="ed@magazine.example", session_key="k" * 32, password_hash="$argon2id$x")
    migrations.upgrade(old.store)
    with old.store.transaction() as session:
        user = session.scalars(select(User)).one()
        assert (user.email, user.password_hash) == ("ed@magazine.example", "$argon2id$x")
        assert session.scalars(select(UserSession)).all() == []
        begun = begin_session(session, user, device="Firefox on Linux", now=AT)
        assert find_person(session, begun.key, life=Life(), now=AT) is None  # switched off, as the row above has it
        user.active = True
        session.flush()
        assert find_person(session, begun.key, life=Life(), now=AT) == begun
    old.store.close()
