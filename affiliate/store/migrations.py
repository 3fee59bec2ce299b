"""Bringing a database to the schema that this version of the product needs."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text
from sqlalchemy.orm import Session

from affiliate.store.engine import Store

if TYPE_CHECKING:
    from alembic.config import Config

_LOCK_KEY = 7_261_005  # any number, the same in every version
_FOLDER = Path(__file__).parent / "alembic"


def configuration(store: Store) -> "Config":
    from alembic.config import Config  # half a second with all of alembic, which only a migration needs

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["engine"] = store.engine
    return config


def newest() -> str:
    """The revision of this version of the product. Migrations are a chain without branches, and the names of their files
    begin with their numbers."""
    return max(path.name.partition("_")[0] for path in (_FOLDER / "versions").glob("[0-9]*_*.py"))


def current(store: Store) -> str | None:
    """The revision the database is at, None for an empty one; StoreUnavailable if it does not answer."""
    with store.reading() as session:
        return _revision(session)


def _revision(session: Session) -> str | None:
    if not inspect(session.connection()).has_table("alembic_version"):
        return None
    noted: str | None = session.scalar(text("SELECT version_num FROM alembic_version"))
    return noted


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
        from alembic import command

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
