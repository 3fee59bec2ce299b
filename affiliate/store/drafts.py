"""Rows as plain values: changed freely while something is decided, and written later, or never."""

from typing import Any, TypeVar

from sqlalchemy import inspect

from affiliate.store.tables import Base

Row = TypeVar("Row", bound=Base)


def draft_of(row: Row) -> Row:
    """A copy that no session knows. `session.merge` writes it over the row that it was copied from."""
    return type(row)(**values_of(row))


def values_of(row: Base) -> dict[str, Any]:
    """The row's columns by their attributes' names: equal as long as nothing of it was changed."""
    return {column.key: getattr(row, column.key) for column in inspect(type(row)).column_attrs}
