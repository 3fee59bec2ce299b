"""money known by its own ids

Rakuten's transactions are known by their id alone and Kwanko's without the sub-id: what was booked twice because a SKU or a
sub-id was filled in later becomes one transaction again, with the versions of both. What a payout covers is found by its reference. Transactions repeat the amounts and words of their current version, so that
reports need not look it up.
"""

import json
import zlib
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

import affiliate.store.types

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_REPEATED = ("programme_id", "kind", "transaction_at", "click_at", "order_ref", "sub_id", "placement_id", "attribution")
_TRANSACTIONS = sa.table(
    "transactions",
    *(sa.column(name) for name in ("id", "account_id", "network", "external_id", "line_id", "current_version_id")),
    *(sa.column(name) for name in _REPEATED),
)
_VERSIONS = sa.table(
    "transaction_versions",
    *(
        sa.column(name)
        for name in ("id", "transaction_id", "number", "import_run_id", "observed_at", "recorded_at", "payload")
    ),
    *(sa.column(name) for name in _REPEATED),
)
_RUNS = sa.table(
    "import_runs",
    *(sa.column(name) for name in ("id", "network", "undone_at")),
    sa.column("confirmed", sa.LargeBinary()),
)
_MONEY = ("status", "payment", "sale_amount", "sale_currency", "commission", "currency", "validated_at")
_PAGE = 256  # ids on a page of `confirmed`, after the eight bytes of its number

_Row = Any
_Group = tuple[str, Sequence[_Row]]  # the new id, and the transactions that it names, oldest first


def upgrade() -> None:
    named = sa.text("payout_ref IS NOT NULL")
    op.create_index(
        "ix_transaction_versions_payout_ref",
        "transaction_versions",
        ["payout_ref"],
        unique=False,
        sqlite_where=named,
        postgresql_where=named,
    )
    for network, groups in (("rakuten", _rakuten()), ("kwanko", _kwanko())):
        merged: dict[int, int] = {}
        for external_id, rows in groups:
            kept, *others = (row.id for row in rows)
            if others:
                _merge(kept, others)
                merged |= dict.fromkeys(others, kept)
            values = {"external_id": external_id, "line_id": ""}
            op.get_bind().execute(_TRANSACTIONS.update().where(_TRANSACTIONS.c.id == kept).values(values))
        if merged:
            _confirm_anew(network, merged)
    _repeat_money()


def _repeat_money() -> None:
    money, moment = affiliate.store.types.Micros(), affiliate.store.types.UtcDateTime(timezone=True)
    for column in (
        sa.Column("status", sa.String(length=12), nullable=False, server_default=""),
        sa.Column("payment", sa.String(length=12), nullable=False, server_default=""),
        sa.Column("sale_amount", money, nullable=True),
        sa.Column("sale_currency", sa.String(length=3), nullable=True),
        sa.Column("commission", money, nullable=False, server_default="0"),
        sa.Column("currency", sa.String(length=3), nullable=False, server_default=""),
        sa.Column("validated_at", moment, nullable=True),
    ):
        op.add_column("transactions", column)
    taken = ", ".join(f"{name} = said.{name}" for name in _MONEY)
    op.execute(
        f"UPDATE transactions SET {taken} FROM transaction_versions AS said"  # noqa: S608 - our own names
        " WHERE said.id = transactions.current_version_id"
    )


def _rakuten() -> list[_Group]:
    """The id alone, whatever the SKU."""
    found: dict[tuple[int, str], list[_Row]] = defaultdict(list)
    for row in _of("rakuten"):
        found[row.account_id, row.external_id].append(row)
    return [(key[1], rows) for key, rows in found.items() if any(row.line_id for row in rows)]


def _kwanko() -> list[_Group]:
    """Programme, second and site. Two sub-ids are two sales: the older takes the new key, the other keeps its own."""
    found: dict[tuple[int, str], list[_Row]] = defaultdict(list)
    named: set[tuple[int, str]] = set()
    for row in _of("kwanko"):
        said = json.loads(_first_payload(row.id))
        parts = [str(said.get(name) or "").strip() for name in ("idprogramme", "date", "idsite", "argann")]
        key = row.account_id, " ".join(parts[:3])
        if row.external_id != " ".join(parts) or (parts[3] and key in named):
            continue
        if parts[3]:
            named.add(key)
        found[key].append(row)
    return [(key[1], rows) for key, rows in found.items()]


def _of(network: str) -> Sequence[_Row]:
    known = sa.select(_TRANSACTIONS).where(_TRANSACTIONS.c.network == network).order_by(_TRANSACTIONS.c.id)
    return op.get_bind().execute(known).all()


def _first_payload(transaction_id: int) -> str:
    wanted = sa.select(_VERSIONS.c.payload).where(_VERSIONS.c.transaction_id == transaction_id)
    return op.get_bind().execute(wanted.order_by(_VERSIONS.c.number).limit(1)).scalar() or "{}"


def _merge(kept: int, others: Sequence[int]) -> None:
    """Puts all versions under the first transaction, numbered as they were learnt, and settles its current picture."""
    bind, version = op.get_bind(), _VERSIONS.c
    ids = bind.execute(
        sa.select(version.id)
        .where(version.transaction_id.in_([kept, *others]))
        .order_by(version.recorded_at, version.transaction_id, version.number)
    ).scalars()
    numbers = list(enumerate(ids, start=1))
    renumbered = (
        _VERSIONS.update()
        .where(version.id == sa.bindparam("of"))
        .values(transaction_id=kept, number=sa.bindparam("its_number"))
    )
    for sign in (-1, 1):  # first out of the way of the numbers that are taken
        bind.execute(renumbered, [{"of": version_id, "its_number": sign * number} for number, version_id in numbers])
    bind.execute(_TRANSACTIONS.delete().where(_TRANSACTIONS.c.id.in_(others)))
    newest = (
        sa.select(version.id)
        .join(_RUNS, _RUNS.c.id == version.import_run_id)
        .where(version.transaction_id == kept, _RUNS.c.undone_at.is_(None))
        .order_by(version.observed_at.desc(), version.recorded_at.desc(), version.number.desc())
        .limit(1)
    )
    current = bind.execute(newest).scalar()
    bind.execute(_TRANSACTIONS.update().where(_TRANSACTIONS.c.id == kept).values(current_version_id=current))
    if current is not None:
        said = bind.execute(sa.select(*(version[name] for name in _REPEATED)).where(version.id == current)).one()
        bind.execute(
            _TRANSACTIONS.update().where(_TRANSACTIONS.c.id == kept).values(dict(zip(_REPEATED, said, strict=True)))
        )


def _confirm_anew(network: str, merged: dict[int, int]) -> None:
    """What a run found unchanged under a transaction that is no more, it found unchanged under the one kept."""
    bind = op.get_bind()
    runs = sa.select(_RUNS.c.id, _RUNS.c.confirmed).where(_RUNS.c.network == network, _RUNS.c.confirmed.is_not(None))
    for run in bind.execute(runs).all():
        pages = _unpacked(run.confirmed)
        for gone, kept in merged.items():
            page = pages.get(gone // _PAGE)
            if page is None or not page[gone % _PAGE]:
                continue
            mark, page[gone % _PAGE] = page[gone % _PAGE], 0
            of_kept = pages.setdefault(kept // _PAGE, bytearray(_PAGE))
            of_kept[kept % _PAGE] = of_kept[kept % _PAGE] or mark
        bind.execute(_RUNS.update().where(_RUNS.c.id == run.id).values(confirmed=_packed(pages)))


def _unpacked(kept: bytes) -> dict[int, bytearray]:
    plain = zlib.decompress(kept)
    return {
        int.from_bytes(plain[start : start + 8], "big"): bytearray(plain[start + 8 : start + 8 + _PAGE])
        for start in range(0, len(plain), 8 + _PAGE)
    }


def _packed(pages: dict[int, bytearray]) -> bytes:
    return zlib.compress(b"".join(number.to_bytes(8, "big") + pages[number] for number in sorted(pages)), 1)
