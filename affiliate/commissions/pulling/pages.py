"""The pages of one window between the network and the ledger."""

import hashlib
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import IO, Any

from affiliate.commissions.filing import cut_ahead
from affiliate.commissions.importing import Record, reader_of, unread
from affiliate.commissions.pulling.account import Account
from affiliate.networks.asking.api import PAYOUT, PROGRAMME
from affiliate.networks.base import BadRow, ReportedPayout, ReportedProgramme


@dataclass
class Pages:
    """A window's pages one after the other in one file, and the digest of them all."""

    file: IO[bytes]
    sizes: list[int] = field(default_factory=list)
    digest: Any = field(default_factory=hashlib.sha256)

    def add(self, content: bytes) -> None:
        self.file.write(content)
        self.sizes.append(len(content))
        self.digest.update(content)

    def __iter__(self) -> Iterator[bytes]:
        self.file.seek(0)
        return (self.file.read(size) for size in self.sizes)

    def records(self, own: Account) -> Iterator[Record]:
        """Records of transactions with lines that count on from page to page."""
        reader, before = reader_of(own.network, own.reading), 0
        for content in self:
            line = 0
            for record in reader.records(io.BytesIO(content), own.reading):
                if isinstance(record, BadRow):
                    line = record.line
                    yield replace(record, line=before + line)
                else:
                    line, value = record
                    yield before + line, value
            before += line

    @contextmanager
    def rows(self, own: Account, basis: str) -> Iterator[Iterable[Any]]:
        """What the pages say, cut up before the ledger's lock is taken; transactions are read where they say anything new."""
        if basis == PROGRAMME:
            yield list(self.programmes(own))
        elif basis == PAYOUT:
            yield list(self.payouts(own))
        else:
            with cut_ahead(self.records(own)) as records:
                yield unread(reader_of(own.network, own.reading), records, own.reading)

    def payouts(self, own: Account) -> Iterator[ReportedPayout | BadRow]:
        assert own.api.read_payouts is not None  # noqa: S101 - beside `payouts`
        return (row for content in self for row in own.api.read_payouts(content, own.reading))

    def programmes(self, own: Account) -> Iterator[ReportedProgramme | BadRow]:
        assert own.api.read_programmes is not None  # noqa: S101 - beside `programmes`
        return (row for content in self for row in own.api.read_programmes(content, own.reading))
