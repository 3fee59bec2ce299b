"""A network's report as tests look at it: all good rows, all bad ones."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from affiliate.commissions.importing import reader_of
from affiliate.networks.base import BadRow, Reading, ReportedTransaction
from affiliate.networks.reading.rows import read_report
from affiliate.networks.registry import network


@dataclass(frozen=True)
class Report:
    good: Sequence[ReportedTransaction]
    bad: Sequence[BadRow]

    @property
    def rows(self) -> int:
        return len(self.good) + len(self.bad)


def read_as(key: str, content: bytes, reading: Reading) -> Report:
    rows = list(read_report(reader_of(network(key), reading), io.BytesIO(content), reading))
    good = tuple(row for row in rows if not isinstance(row, BadRow))
    return Report(good, tuple(row for row in rows if isinstance(row, BadRow)))
