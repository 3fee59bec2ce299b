"""The hourly roll-up of money that reports read: every change of a current picture is booked into it with that change."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Table,
    case,
    delete,
    except_,
    func,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from affiliate.money import MICROS
from affiliate.store.tables import CommissionHour, Link, Placement, Transaction
from affiliate.store.types import hour_of

_AT_ONCE = 5000  # ids in one statement; SQLite takes 32,766

_MOST = 2**63 - 1

_KEY = ("hour", "programme_id", "site_id", "currency", "status", "payment")
_FIGURES = ("transactions", "commission", "magnitude", "in_articles", "sale_amount", "sales_elsewhere")


class _sum(FunctionElement[int]):  # noqa: N801 # reads as a function in statements
    """The sum of whole micros, 0 of none. What 64 bits do not hold is no error, else a file of such amounts, booked by an older
    version, could not even be undone: it is near then (SQLite) or as much as they hold (PostgreSQL), and `rebuild` sets right
    what is left of it."""

    type = BigInteger()
    inherit_cache = True


@compiles(_sum, "sqlite")
def _sum_in_sqlite(element: _sum, compiler: SQLCompiler, **given: Any) -> str:
    micros = compiler.process(element.clauses, **given)
    return f"coalesce(sum(({micros}) / {MICROS}) * {MICROS} + sum(({micros}) % {MICROS}), 0)"


@compiles(_sum, "postgresql")
def _sum_in_postgresql(element: _sum, compiler: SQLCompiler, **given: Any) -> str:
    micros = compiler.process(element.clauses, **given)
    return f"CAST(greatest(least(coalesce(sum({micros}), 0), {_MOST}), -{_MOST}) AS BIGINT)"


_table: Table = CommissionHour.__table__  # type: ignore[assignment] # a Table, as every mapped class has


@contextmanager
def following(session: Session, changing: Collection[int], *, new: Collection[int] = ()) -> Iterator[None]:
    """Around writing current pictures: the roll-up gives up what the changing transactions (their ids) said before, and takes
    what they and the new ones say after."""
    for part in _parts(changing):
        _book(session, _summed(Transaction.id.in_(part), sign=-1))
    yield
    for part in _parts({*changing, *new}):
        _book(session, _summed(Transaction.id.in_(part)))


def _parts(transaction_ids: Collection[int]) -> Iterator[list[int]]:
    ordered = sorted(transaction_ids)
    return (ordered[start : start + _AT_ONCE] for start in range(0, len(ordered), _AT_ONCE))


def count_differing(session: Session) -> int:
    """How many rows of the roll-up say otherwise than the current pictures of the transactions."""
    kept = select(*_table.c).where(_table.c.transactions != 0)
    said = _summed()
    either = union_all(*(select(each.subquery()) for each in (except_(kept, said), except_(said, kept)))).subquery()
    keys = select(*(either.c[name] for name in _KEY)).distinct()
    return session.scalar(select(func.count()).select_from(keys.subquery())) or 0


def size_of_all(session: Session) -> int:
    """The amounts of the ledger without their signs, in micros: of the commissions or of the sales, whichever are more. What
    cannot be summed in 64 bits is given to fifteen digits."""
    summed = func.total if session.get_bind().dialect.name == "sqlite" else func.sum
    sizes = [summed(func.abs(type_coerce(column, BigInteger))) for column in (_table.c.magnitude, _table.c.sale_amount)]
    return max(int(size or 0) for size in session.execute(select(*sizes)).one())


def rebuild(session: Session) -> None:
    """Makes the roll-up anew from the current pictures."""
    session.execute(delete(_table))
    _book(session, _summed())


def _summed(*conditions: ColumnElement[bool], sign: int = 1) -> Select[*tuple[Any, ...]]:
    """What transactions add to the roll-up, or with the `sign` -1 take from it."""
    commission = type_coerce(Transaction.commission, BigInteger)  # micros, as they are
    sale_amount = type_coerce(Transaction.sale_amount, BigInteger)
    size = func.abs(commission)
    in_its_currency = Transaction.sale_currency == Transaction.currency
    in_another = Transaction.sale_currency != Transaction.currency
    key: tuple[Any, ...] = (
        hour_of(Transaction.transaction_at),
        Transaction.programme_id,
        func.coalesce(Link.site_id, 0),
        Transaction.currency,
        Transaction.status,
        Transaction.payment,
    )
    figures: tuple[Any, ...] = (
        func.count(),
        _sum(commission),
        _sum(size),
        _sum(case((Placement.article_id.is_not(None), size))),
        _sum(case((in_its_currency, sale_amount))),
        func.count(case((in_another, 1))),
    )
    return (
        select(
            *(column.label(name) for name, column in zip(_KEY, key, strict=True)),
            *((column if sign > 0 else -column).label(name) for name, column in zip(_FIGURES, figures, strict=True)),
        )
        .select_from(Transaction)
        .outerjoin(Placement, Placement.id == Transaction.placement_id)
        .outerjoin(Link, Link.id == Placement.link_id)
        .where(Transaction.current_version_id.is_not(None), *conditions)
        .group_by(*key)
    )


def _book(session: Session, figures: Select[*tuple[Any, ...]]) -> None:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    adding = insert(_table).from_select([*_KEY, *_FIGURES], figures)
    session.execute(
        adding.on_conflict_do_update(
            index_elements=_KEY, set_={name: _table.c[name] + adding.excluded[name] for name in _FIGURES}
        )
    )
