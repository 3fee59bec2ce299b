"""Rows of the ledger are written by the names of their columns."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, get_args, get_type_hints

import pytest
from sqlalchemy import select

from affiliate.commissions import queries
from affiliate.commissions.ledger import Facts, Key, RunMoment
from affiliate.commissions.new_rows import NewRows, moments_of, payload_key, stored
from affiliate.money import MICROS
from affiliate.store import Store
from affiliate.store.tables import Transaction, TransactionVersion
from affiliate.store.types import UtcDateTime
from tests.commissions.sheets import book, newsroom

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def distinct() -> Facts:
    """Facts of which no two have the same value, and none is empty."""
    hints = get_type_hints(Facts)

    def value(place: int, name: str) -> Any:
        kinds = (hints[name], *get_args(hints[name]))
        if datetime in kinds:
            return NOW + timedelta(days=place)
        if name in ("sale_amount", "commission"):
            return place * MICROS
        if name == "programme_id":
            return 1
        if name == "placement_id":
            return None
        return place if int in kinds else ("GBP", "USD")[name == "currency"] if "currency" in name else f"{name}"[:12]

    return Facts(**{name: value(place, name) for place, name in enumerate(Facts._fields, start=1)})


def test_every_fact_is_read_back_from_the_column_of_its_name(store: Store) -> None:
    facts, digest = distinct(), "ab" * 32
    with store.transaction() as session:
        newsroom(session, NOW)
        result = book(session, {}, now=NOW)  # brings an account and a programme
        assert result.run_id is not None
        new_rows = NewRows(session)
        transaction_id = new_rows.transaction(Key(1, "x", "y"), "generic", facts, NOW)
        version_id = new_rows.version(
            transaction_id, number=4, run=RunMoment(NOW, NOW, result.run_id), line=7, facts=facts, unsaid=3,
            payload="{}", digest=digest, recorded_at=NOW,
        )  # fmt: skip
        new_rows.finish()
        row = session.scalars(select(TransactionVersion).where(TransactionVersion.id == version_id)).one()
        held = session.scalars(select(Transaction).where(Transaction.id == transaction_id)).one()
        for name in Facts._fields:
            said = getattr(facts, name)
            expected = said / MICROS if name in ("commission", "sale_amount") else said
            assert getattr(row, name) == expected, name
            assert name not in queries.REPEATED or getattr(held, name) == expected, name
        assert (row.number, row.line, row.unsaid, row.payload_sha256, row.payload_key) == (
            4, 7, 3, digest, payload_key(digest),
        )  # fmt: skip
        assert (held.external_id, held.line_id, held.network, held.current_version_id) == ("x", "y", "generic", row.id)


class _Longer(NamedTuple):
    """Facts as a further version of the program might have them: a new field in front, a new moment in the middle."""

    new: str
    kind: str
    transaction_at: datetime
    new_at: datetime | None
    click_at: datetime | None
    order_ref: str


@pytest.mark.parametrize("new_at", [None, NOW])
def test_a_new_field_shifts_no_other(new_at: datetime | None) -> None:
    said = _Longer("n", "sale", NOW, new_at, None, "o")
    assert moments_of(_Longer) == ("transaction_at", "new_at", "click_at")
    moved = stored(said, moments_of(_Longer), lambda moment: None if moment is None else moment.isoformat())
    written = NOW.isoformat()
    assert tuple(moved) == ("n", "sale", written, written if new_at else None, None, "o")


def test_the_moments_of_the_facts_are_those_that_the_database_keeps_as_moments() -> None:
    columns = TransactionVersion.__table__.columns
    kept = {name for name in Facts._fields if isinstance(columns[name].type, UtcDateTime)}
    assert set(moments_of(Facts)) == kept == {"transaction_at", "click_at", "validated_at"}
