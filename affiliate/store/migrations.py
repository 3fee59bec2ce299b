"""Bringing a database to the schema that this version of the product needs."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from affiliate.store.engine import Store

_LOCK_KEY = 7_261_005  # any number, the same in every version


def configuration(store: Store) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "alembic"))
    config.attributes["engine"] = store.engine
    return config


def newest() -> str | None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "alembic"))
    return ScriptDirectory.from_config(config).get_current_head()


def current(store: Store) -> str | None:
    """The revision the database is at, None for an empty one; StoreUnavailable if it does not answer."""
    with store.reading() as session:
        return MigrationContext.configure(session.connection()).get_current_revision()


def is_current(store: Store) -> bool:
    """Whether the schema is the one of this version; StoreUnavailable if the database does not answer."""
    return current(store) == newest()


def upgrade(store: Store) -> bool:
    """Creates or migrates the schema; repeated calls change nothing. True if anything was done.

    Each migration runs in one transaction: after a failure the database is as it was before it. Processes that start
    together wait for each other.
    """
    if is_current(store):
        return False
    with _one_at_a_time(store):
        if is_current(store):
            return False
        command.upgrade(configuration(store), "head")
        return True


@contextlib.contextmanager
def _one_at_a_time(store: Store) -> Iterator[None]:
    if store.is_sqlite:
        with Path(f"{store.url.database}.migrating").open("w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    else:
        with store.engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK_KEY})
            try:
                yield
            finally:
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK_KEY})
