"""Column types that mean the same in SQLite and PostgreSQL."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

from affiliate.money import from_micros, to_micros

BigId = BigInteger().with_variant(Integer(), "sqlite")  # SQLite autoincrements only a column declared INTEGER


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, stored in UTC. A naive datetime is refused: it would mean another moment on another machine."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class _Count(TypeDecorator[datetime]):
    """An aware moment as a whole number of a unit since 1970; smaller parts are cut off."""

    impl = BigInteger
    cache_ok = True
    unit_ms: int

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}")
        return (value - _EPOCH) // timedelta(milliseconds=self.unit_ms)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + timedelta(milliseconds=value * self.unit_ms)


class UtcMillis(_Count):
    """A moment in milliseconds: half the size of a date, and what sets of clicks are written with as they are."""

    cache_ok = True
    unit_ms = 1


class UtcHours(_Count):
    """The start of a UTC hour."""

    cache_ok = True
    unit_ms = 3_600_000


class hour_of(FunctionElement[int]):  # noqa: N801 # reads as a function in statements
    """The UTC hour in which a moment of the type UtcDateTime lies, as UtcHours stores it: the division rounds down, before
    1970 too. (Parts of a second are left out for SQLite: some releases round 59.9995 seconds up to the next minute.)"""

    type = BigInteger()
    inherit_cache = True


_HOURS_OF_2000_YEARS = 17_532_000  # so that no moment that a datetime can name is negative


@compiles(hour_of, "sqlite")
def _hour_in_sqlite(element: hour_of, compiler: SQLCompiler, **given: Any) -> str:
    moment = compiler.process(element.clauses, **given)
    return (
        f"((CAST(strftime('%s', substr({moment}, 1, 19)) AS INTEGER) + {_HOURS_OF_2000_YEARS * 3600}) / 3600"
        f" - {_HOURS_OF_2000_YEARS})"
    )


@compiles(hour_of, "postgresql")
def _hour_in_postgresql(element: hour_of, compiler: SQLCompiler, **given: Any) -> str:
    return f"CAST(floor(extract(epoch FROM {compiler.process(element.clauses, **given)}) / 3600) AS BIGINT)"


class Micros(TypeDecorator[Decimal]):
    """An exact amount of money in whole micros (10^-6 units). Sums of the column are exact in every database.

    `func.sum` of it keeps this type, so a sum comes back as Decimal units.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        return None if value is None else to_micros(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else from_micros(int(value))
