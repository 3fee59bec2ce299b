"""A network's report as tests look at it: all good rows, all bad ones."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from affiliate.commissions.importing import reader_of
from affiliate.networks.base import BadRow, Reader, Reading, ReportedTransaction
from affiliate.networks.reading.rows import unread_report
from affiliate.networks.registry import network


@dataclass(frozen=True)
class Report:
    good: Sequence[ReportedTransaction]
    bad: Sequence[BadRow]

    @property
    def rows(self) -> int:
        return len(self.good) + len(self.bad)


def read_report(reader: Reader, file: BinaryIO, reading: Reading) -> Iterator[ReportedTransaction | BadRow]:
    for record in unread_report(reader, file, reading):
        yield record if isinstance(record, BadRow) else record.read()


def read_as(key: str, content: bytes, reading: Reading) -> Report:
    rows = list(read_report(reader_of(network(key), reading), io.BytesIO(content), reading))
    good = tuple(row for row in rows if not isinstance(row, BadRow))
    return Report(good, tuple(row for row in rows if isinstance(row, BadRow)))
