"""The store: tables, transactions and migrations. SQLite (WAL) by default, PostgreSQL by URL."""

from affiliate.store.engine import Store

__all__ = ["Store"]
