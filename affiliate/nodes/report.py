"""What a node tells of itself in the store, every quarter of a minute, and what is made of that for a page."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from babel.dates import format_timedelta
from sqlalchemy.orm import Session

from affiliate.nodes import queries
from affiliate.nodes.queries import Load, NodeRow
from affiliate.nodes.standing import Standing

LATE_SECONDS = 60.0  # a loader that keeps up needs less than one
_SILENT = timedelta(seconds=60)  # four reports
_FEW_BYTES = 1 << 30
_AHEAD_SECONDS = 5.0
_LAST_LOADS = 10


@dataclass(frozen=True, slots=True)
class NodeView:
    """A node as a page shows it. `lag` is how long its oldest click waits, "" if none does; `silent_for` how long nothing
    was heard of it, "" if that is nothing to worry about; `ahead` by how much its clock is ahead of this one's, or "". `overruled` and `unclear` are
    requests whose host and path lead to another link than their token, or to links of several sites; `unknown_hosts` those
    hosts of the latter that belong to no site, the last seen first."""

    name: str
    version: str
    seen_at: datetime
    loaded_at: datetime | None
    lag: str
    keeps_up: bool
    waiting_bytes: int
    journal_failures: int
    problem: str
    silent_for: str
    ahead: str
    overruled: int
    unclear: int
    unknown_hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """All nodes by name; the segments loaded from last, newest first; how many records were ever set aside."""

    nodes: tuple[NodeView, ...]
    loads: tuple[Load, ...]
    set_aside: int

    @property
    def overruled(self) -> int:
        return sum(node.overruled for node in self.nodes)

    @property
    def unclear(self) -> int:
        return sum(node.unclear for node in self.nodes)

    @property
    def unknown_hosts(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(host for node in self.nodes for host in node.unknown_hosts))

    @property
    def is_well(self) -> bool:
        return all(node.keeps_up and not node.problem and not node.silent_for and not node.ahead for node in self.nodes)


def report(session: Session, standing: Standing, *, name: str, version: str) -> None:
    """Writes what a node tells of itself, over what it told before."""
    row = NodeRow(
        name,
        version,
        standing.at,
        standing.loaded_at,
        standing.waiting.waiting_bytes,
        standing.waiting.since,
        standing.counts.journal_failures,
        " ".join(problems(standing)),
        standing.counts.overruled,
        standing.counts.unclear,
        " ".join(standing.unknown_hosts),
    )
    queries.note_node(session, row)


def problems(standing: Standing) -> list[str]:
    """What is not as it should be on a node, in sentences that say what to do."""
    found = []
    if standing.lag_seconds > LATE_SECONDS:
        found.append(f"Clicks have been waiting for {in_words(standing.lag_seconds)} to be loaded; its log says why.")
    if standing.table is None:
        found.append("Its link table is damaged or not built yet; the background process builds it anew.")
    if asked := standing.asked:
        since = asked.unpublished.since
        if since and (waited := (standing.at - since).total_seconds()) > LATE_SECONDS:
            found.append(
                f"Links were changed {in_words(waited)} ago and do not answer there yet; {asked.unpublished.changes} in all."
            )
        if abs(asked.ahead_seconds) > _AHEAD_SECONDS:
            way = "ahead of" if asked.ahead_seconds > 0 else "behind"
            found.append(f"Its clock is {in_words(abs(asked.ahead_seconds))} {way} the database's; set it by NTP.")
    if standing.waiting.free_bytes < _FEW_BYTES:
        megabytes = standing.waiting.free_bytes >> 20
        found.append(
            f"Only {megabytes} MB are free for its journal; when the disk is full, clicks are no longer counted."
        )
    return found


def overview(session: Session, *, now: datetime) -> Overview:
    return Overview(
        tuple(_view(row, now) for row in queries.list_nodes(session)),
        tuple(queries.last_loads(session, _LAST_LOADS)),
        queries.set_aside(session),
    )


def in_words(seconds: float) -> str:
    """3 minutes, 2 hours: as precise as the largest unit of which there are two."""
    return format_timedelta(timedelta(seconds=seconds), threshold=2, locale="en")


def _view(row: NodeRow, now: datetime) -> NodeView:
    unheard, waited = now - row.seen_at, _seconds(row.waiting_since, row.seen_at)
    return NodeView(
        name=row.name,
        version=row.version,
        seen_at=row.seen_at,
        loaded_at=row.loaded_at,
        lag=in_words(waited) if row.waiting_since else "",
        keeps_up=waited <= LATE_SECONDS,
        waiting_bytes=row.waiting_bytes,
        journal_failures=row.journal_failures,
        problem=row.problem,
        silent_for=in_words(unheard.total_seconds()) if unheard > _SILENT else "",
        ahead=in_words(-unheard.total_seconds()) if unheard.total_seconds() < -_AHEAD_SECONDS else "",
        overruled=row.overruled,
        unclear=row.unclear,
        unknown_hosts=tuple(row.unknown_hosts.split()),
    )


def _seconds(since: datetime | None, until: datetime) -> float:
    return max((until - since).total_seconds(), 0.0) if since else 0.0
