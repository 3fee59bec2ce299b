"""The pages of one window between the network and the ledger."""

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import IO, Any

from affiliate.commissions.importing import reader_of
from affiliate.commissions.pulling.account import Account
from affiliate.networks.base import BadRow, ReportedPayout, ReportedProgramme
from affiliate.networks.reading.rows import Unread


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

    def transactions(self, own: Account) -> Iterator[Unread | BadRow]:
        """Records with lines that count on from page to page, to be read where they say anything new."""
        reader, reading, before = reader_of(own.network, own.reading), own.reading, 0
        for content in self:
            line = 0
            for record in reader.records(io.BytesIO(content), reading):
                if isinstance(record, BadRow):
                    line = record.line
                    yield replace(record, line=before + line)
                else:
                    line, value = record
                    yield Unread(reader, before + line, value, reading)
            before += line

    def payouts(self, own: Account) -> Iterator[ReportedPayout | BadRow]:
        assert own.api.read_payouts is not None  # noqa: S101 - beside `payouts`
        return (row for content in self for row in own.api.read_payouts(content, own.reading))

    def programmes(self, own: Account) -> Iterator[ReportedProgramme | BadRow]:
        assert own.api.read_programmes is not None  # noqa: S101 - beside `programmes`
        return (row for content in self for row in own.api.read_programmes(content, own.reading))
