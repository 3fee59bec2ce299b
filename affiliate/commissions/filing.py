"""A network's file into the ledger, for whoever has a store: read first, without the write lock, and booked then.

Reading a file (unpacking a workbook, cutting up CSV, JSON or XML) takes longer than booking what it says. The rows wait in a
temporary file meanwhile, so that a file of a million rows takes no more memory than one of a thousand.
"""

import pickle
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import BinaryIO

from sqlalchemy.orm import Session

from affiliate import deadline
from affiliate.commissions.importing import ImportResult, Record, import_rows, named, open_report, reading_code
from affiliate.networks.base import Reading
from affiliate.networks.registry import network as find_network
from affiliate.store import Store

_IN_MEMORY = 8_000_000  # bytes; beyond it the rows wait on disk
_AT_ONCE = 500


def import_file(
    store: Store,
    *,
    network: str,
    file_name: str,
    content: bytes | BinaryIO,
    reading: Callable[[Session], Reading],
    before: Callable[[Session], object] = lambda _session: None,
    as_of: datetime | None = None,
    dry_run: bool = False,
    now: datetime,
) -> ImportResult:
    """Books a network's own report, or any table with a column map, as one run. `reading` says how it is read; `before` writes
    what is to be stored together with it. A dry run takes no write lock, and leaves `before` out.

    Raises what `import_transactions` raises; nothing was stored then.
    """
    source = find_network(network)
    reading_code()  # remembered from now on: it reads files
    with store.reading() as session:
        said = reading(session)
    with named(file_name):
        report = open_report(source, content, said)
        with cut_ahead(report.records) as records, store.reading() if dry_run else store.transaction() as session:
            if not dry_run:
                before(session)
            return import_rows(
                session,
                network=source,
                name=file_name,
                sha256=report.sha256,
                rows=report.rows(records),
                reading=report.reading,
                period=report.period,
                as_of=as_of,
                dry_run=dry_run,
                now=now,
            )


@contextmanager
def cut_ahead(records: Iterator[Record]) -> Iterator[Iterator[Record]]:
    """Takes all records now, whatever that raises, and gives them again. Nothing of them is left afterwards."""
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
        while some := list(islice(records, _AT_ONCE)):
            deadline.check()
            pickle.dump(some, file)
        file.seek(0)
        yield _kept(file)


def _kept(file: "tempfile.SpooledTemporaryFile[bytes]") -> Iterator[Record]:
    while True:
        try:
            some: list[Record] = pickle.load(file)  # noqa: S301 - we wrote it ourselves, and nobody else can
        except EOFError:
            return
        yield from some
