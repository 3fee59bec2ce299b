"""Import runs: which files came, what each did, what it set aside."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from affiliate.commissions import queries
from affiliate.errors import NotFound
from affiliate.store.tables import ImportRun


@dataclass(frozen=True, slots=True)
class RunView:
    """One import. `as_of` is when the file was true, `recorded_at` when we read it; both UTC. `origin` is file, api, postback
    or replay; `replaced_by` the run of a newer file of the same period, which is why this one is undone."""

    id: int
    kind: str
    network: str
    file_name: str
    file_sha256: str
    as_of: datetime
    recorded_at: datetime
    rows: int
    new: int
    amended: int
    unchanged: int
    quarantined: int
    undone_at: datetime | None
    origin: str
    period: str | None
    replaced_by: int | None

    def as_json(self) -> dict[str, Any]:
        return {
            "run": self.id,
            "kind": self.kind,
            "network": self.network,
            "file": self.file_name,
            "sha256": self.file_sha256,
            "as_of": self.as_of.isoformat(),
            "recorded_at": self.recorded_at.isoformat(),
            "rows": self.rows,
            "new": self.new,
            "amended": self.amended,
            "unchanged": self.unchanged,
            "quarantined": self.quarantined,
            "undone_at": self.undone_at.isoformat() if self.undone_at else None,
            "origin": self.origin,
            "period": self.period,
            "replaced_by": self.replaced_by,
        }


@dataclass(frozen=True, slots=True)
class SetAside:
    """A quarantined row: its line, the reason in words, the whole of it; when and by which run it was booked since."""

    line: int
    reason: str
    payload: str
    resolved_at: datetime | None
    resolved_by: int | None


@dataclass(frozen=True, slots=True)
class RunDetail:
    run: RunView
    set_aside: tuple[SetAside, ...]


def list_runs(session: Session, limit: int | None = None) -> list[RunView]:
    """Every import, newest first, undone ones included."""
    return [_view(run) for run in queries.runs(session, limit)]


def show_run(session: Session, run_id: int) -> RunDetail:
    """One import with its quarantined rows in the file's order; NotFound if there is none."""
    rows = queries.quarantined(session, find_run(session, run_id).id)
    return RunDetail(
        _view(find_run(session, run_id)),
        tuple(SetAside(row.line, row.reason, row.payload, row.resolved_at, row.resolved_by) for row in rows),
    )


def find_run(session: Session, run_id: int) -> ImportRun:
    run = session.get(ImportRun, run_id)
    if run is None:
        raise NotFound("import run", run_id, "See them with: affiliate import runs")
    return run


def _view(run: ImportRun) -> RunView:
    return RunView(
        id=run.id,
        kind=run.kind,
        network=run.network,
        file_name=run.file_name,
        file_sha256=run.file_sha256,
        as_of=run.as_of,
        recorded_at=run.recorded_at,
        rows=run.rows,
        new=run.new,
        amended=run.amended,
        unchanged=run.unchanged,
        quarantined=run.quarantined,
        undone_at=run.undone_at,
        origin=run.origin,
        period=run.period,
        replaced_by=run.replaced_by,
    )
