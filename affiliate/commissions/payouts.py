"""What networks paid or will pay, as they last said it: kept beside the ledger, a row for each invoice or self-bill."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from affiliate.commissions import queries
from affiliate.commissions.file_names import kept_name
from affiliate.commissions.importing import API, FILE, reading_of
from affiliate.errors import InvalidInput, UnreadableFile
from affiliate.links.programmes import find_account
from affiliate.networks.base import BadRow, ReportedPayout
from affiliate.networks.reading.rows import payload_text
from affiliate.networks.registry import network as find_network
from affiliate.networks.registry import networks
from affiliate.store.tables import ImportRun, Payout, PublisherAccount, QuarantinedRow

PAYOUTS = "payouts"


@dataclass(frozen=True, slots=True)
class StoredPayouts:
    run_id: int
    rows: int
    new: int
    amended: int
    unchanged: int
    quarantined: tuple[BadRow, ...]

    def as_json(self) -> dict[str, Any]:
        counts = {name: getattr(self, name) for name in ("rows", "new", "amended", "unchanged")}
        aside = [{"line": bad.line, "reason": bad.reason} for bad in self.quarantined]
        return {"run": self.run_id, **counts, "quarantined": aside}


def import_payouts(
    session: Session,
    *,
    network: str,
    file_name: str,
    content: bytes,
    account_ref: str | None = None,
    as_of: datetime | None = None,
    now: datetime,
) -> StoredPayouts:
    """Stores a network's own list of invoices or self-bills, as its API answers it, for one of our accounts.

    UnreadableFile if it is no such list or the network's is not known, NotFound without an account, InvalidInput for an
    `as_of` in the future; nothing was stored then.
    """
    source = find_network(network)
    read = source.api.read_payouts if source.api else None
    if read is None:
        known = ", ".join(each.key for each in networks() if each.api and each.api.read_payouts)
        raise UnreadableFile(file_name, f"how {source.name} lists its payouts is not known; known are {known}.")
    if as_of is not None and as_of > now:
        raise InvalidInput(f"The file cannot have been true at {as_of.isoformat()}: that is in the future.")
    account = find_account(session, source.key, account_ref)
    rows = list(read(content, reading_of(session, source.key, publisher_ref=account.publisher_ref)))
    digest = hashlib.sha256(content).hexdigest()
    return store_payouts(
        session, account, rows, name=file_name, sha256=digest, as_of=as_of or now, origin=FILE, now=now
    )


def store_payouts(
    session: Session,
    account: PublisherAccount,
    rows: Iterable[ReportedPayout | BadRow],
    *,
    name: str,
    sha256: str,
    as_of: datetime,
    origin: str = API,
    now: datetime,
) -> StoredPayouts:
    """Brings the account's payouts up to what the network said at `as_of`, as one import run of the caller's transaction.

    A payout is known again by the network's id; what was said later than `as_of` is not undone by it, so the order of
    calls does not matter. Rows that cannot be stored are set aside whole.
    """
    run = ImportRun(
        kind=PAYOUTS, network=account.network, file_name=kept_name(name), file_sha256=sha256, as_of=as_of, recorded_at=now,
        rows=0, new=0, amended=0, unchanged=0, quarantined=0, origin=origin, reading={"publisher_ref": account.publisher_ref},
    )  # fmt: skip
    session.add(run)
    session.flush()
    told = list(rows)
    good = [row for row in told if not isinstance(row, BadRow)]
    known = queries.payouts_of(session, account.id, [row.external_id for row in good])
    for row in good:
        fields = _fields(row)
        payout = known.get(row.external_id)
        if payout is None:
            payout = Payout(account_id=account.id, external_id=row.external_id)
            known[row.external_id] = payout
            session.add(payout)
            _say(payout, fields, run)
            run.new += 1
        elif payout.observed_at > as_of or all(getattr(payout, name) == value for name, value in fields.items()):
            payout.observed_at = max(payout.observed_at, as_of)
            run.unchanged += 1
        else:
            _say(payout, fields, run)
            run.amended += 1
    bad = [row for row in told if isinstance(row, BadRow)]
    session.add_all(
        QuarantinedRow(import_run_id=run.id, line=row.line, reason=row.reason, payload=row.payload, word=row.word)
        for row in bad
    )
    run.rows, run.quarantined = len(told), len(bad)
    session.flush()
    return StoredPayouts(run.id, run.rows, run.new, run.amended, run.unchanged, tuple(bad))


def _say(payout: Payout, fields: dict[str, Any], run: ImportRun) -> None:
    for name, value in fields.items():
        setattr(payout, name, value)
    payout.observed_at, payout.recorded_at, payout.import_run_id = run.as_of, run.recorded_at, run.id


def _fields(row: ReportedPayout) -> dict[str, Any]:
    """All amounts in the currency of the commission."""
    return {
        "number": row.number,
        "payment": row.payment,
        "raw_status": row.raw_status,
        "currency": row.commission.currency,
        "commission": row.commission.amount,
        "vat": row.vat.amount if row.vat else None,
        "withheld": row.withheld.amount if row.withheld else None,
        "net": row.net.amount if row.net else None,
        "issued_at": row.issued_at,
        "paid_at": row.paid_at,
        "payload": payload_text(dict(row.payload)),
    }
