"""One database, opened once: transactions whose default is rollback, and driver errors translated in one place."""

import contextlib
import fcntl
import hashlib
import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, OperationalError
from sqlalchemy.orm import Session

from affiliate import deadline
from affiliate.errors import InvalidInput, StoreUnavailable

_BUSY_MS = 15_000
_STEPS = 200_000  # of SQLite's machine between two looks at the clock: some milliseconds
_MORE_CONNECTIONS = 25  # beside the five that stay open: more in all than threads that may need one


def _sqlite_driver() -> ModuleType:
    """pysqlite3 where it has a wheel: it bundles a SQLite without the WAL-reset bug (fixed in 3.51.3, sqlite.org/wal.html).
    One process must never open a file through both drivers, so everything asks here."""
    try:
        return importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        return importlib.import_module("sqlite3.dbapi2")


class Store:
    """The database behind a SQLAlchemy URL: `sqlite:///path` or `postgresql+psycopg://…`.

    Opening connects to nothing; the first transaction does. InvalidInput for a URL that is none, or of a database whose
    driver is not there; OSError where SQLite's folder can be neither found nor made.
    """

    def __init__(self, url: str, *, pool_size: int = 5) -> None:
        try:
            self.url = make_url(url)
        except ArgumentError as problem:  # its own text may quote the password
            raise InvalidInput(
                "database.url is no SQLAlchemy URL, such as postgresql+psycopg://host/name."
            ) from problem
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            if self.url.database:
                Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
            self.engine = create_engine(
                self.url,
                module=_sqlite_driver(),
                **({"max_overflow": _MORE_CONNECTIONS} if self.url.database else {}),  # in memory there is no pool
                connect_args={"timeout": _BUSY_MS / 1000},
            )
            _prepare_sqlite(self.engine)
        else:
            self.engine = _postgresql(self.url, pool_size)
        self._writing = self.engine.execution_options(affiliate_writes=True)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Session]:
        """A unit of work: committed and durable when the block ends, rolled back whole when it raises.

        SQLite takes the write lock at the start, so that two writers wait for each other instead of failing half-way.
        StoreUnavailable if the database is away or stays locked; nothing was stored then.
        """
        with _translated(), Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    @contextlib.contextmanager
    def erasing(self) -> Iterator[Session]:
        """A transaction whose deletions cannot be read back from the files: SQLite overwrites what it deletes, and empties
        its write-ahead log afterwards (unless somebody is reading just then; the next one does). PostgreSQL keeps what
        is deleted until its own vacuum."""
        with self.transaction() as session:
            if self.is_sqlite:
                session.connection().exec_driver_sql("PRAGMA secure_delete=ON")
            yield session
        if self.is_sqlite:
            with _translated(), self.engine.connect() as connection:
                driver: Any = connection.connection.driver_connection
                driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextlib.contextmanager
    def reading(self) -> Iterator[Session]:
        """A consistent view for queries; whatever is changed in it is thrown away."""
        with _translated(), Session(self.engine, expire_on_commit=False, autoflush=False) as session:
            yield session

    @contextlib.contextmanager
    def holding(self, name: str) -> Iterator[bool]:
        """Holds a lock of this name on this database while the block runs, and says whether it could be had: False at once
        where another process, thread or node holds it. It ends with its process, however that ends."""
        with self._lock_file(name) if self.is_sqlite else self._advisory_lock(name) as held:
            yield held

    @contextlib.contextmanager
    def _lock_file(self, name: str) -> Iterator[bool]:
        with Path(f"{self.url.database}.{name}.lock").open("w", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    @contextlib.contextmanager
    def _advisory_lock(self, name: str) -> Iterator[bool]:
        key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
        with _translated(), self.engine.connect() as connection:
            own = connection.execution_options(isolation_level="AUTOCOMMIT")  # no transaction stays open meanwhile
            held = bool(own.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}))
            try:
                yield held
            finally:
                if held:
                    own.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})

    def backup(self, file: Path) -> None:
        """Writes a consistent copy of an embedded database, while it is in use. PostgreSQL has its own tools: InvalidInput
        names them. The file must not exist yet."""
        if not self.is_sqlite:
            raise InvalidInput("The database is PostgreSQL; back it up with pg_dump or its continuous archiving.")
        if file.exists():
            raise InvalidInput(f"{file} is there already; name a new file.")
        with _translated(), self.engine.connect() as connection:
            connection.connection.cursor().execute("VACUUM INTO ?", (str(file),))

    def close(self) -> None:
        self.engine.dispose()


def _postgresql(url: URL, pool_size: int) -> Engine:
    if url.drivername != "postgresql+psycopg":
        raise InvalidInput(f"database.url begins with {url.drivername}; use sqlite:/// or postgresql+psycopg://.")
    try:
        engine = create_engine(url, pool_size=pool_size, max_overflow=_MORE_CONNECTIONS, pool_pre_ping=True)
    except ModuleNotFoundError as problem:
        raise InvalidInput(
            "PostgreSQL's driver is not installed; add it with: make install EXTRAS=postgres"
            " (or pip install 'affiliate[postgres]')"
        ) from problem
    event.listen(engine, "begin", _limit_statements)
    return engine


def _limit_statements(connection: Connection) -> None:
    """No statement of this transaction goes on for longer than its request may take."""
    left = deadline.seconds_left()
    if left is not None:
        deadline.check()
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {max(int(left * 1000), 1)}")


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OperationalError as problem:
        deadline.check()  # a statement that was ended because of it
        raise StoreUnavailable(f"The database does not answer: {problem.orig}") from problem
    except DataError as problem:  # PostgreSQL alone checks lengths and refuses NUL
        raise InvalidInput(f"A value is too long or too large to be stored: {problem.orig}") from problem
    except DBAPIError as problem:
        if problem.connection_invalidated:
            raise StoreUnavailable(f"The database went away: {problem.orig}") from problem
        raise


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy's own BEGIN below, not the driver's late one
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout={_BUSY_MS}",
            "journal_mode=WAL",
            # FULL: a commit is on disk before it returns; journal segments are deleted on the strength of it
            "synchronous=FULL",
            "foreign_keys=ON",
            "cache_size=-32000",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        # a statement that goes on for longer than its request may take is interrupted
        connection.set_progress_handler(lambda: deadline.seconds_left() == 0, _STEPS)

    @event.listens_for(engine, "begin")
    def on_begin(connection: Any) -> None:
        writes = connection.get_execution_options().get("affiliate_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
