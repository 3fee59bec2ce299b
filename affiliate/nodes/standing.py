"""How this node stands: what it answered, what waits in its journal, what its link table lacks.

Files tell most of it. The store tells how far the journal is loaded and what has changed; where it does not answer within
a few seconds its figures are left out, because that is when somebody looks.
"""

import logging
import shutil
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from affiliate.clock import Clock
from affiliate.errors import StoreUnavailable
from affiliate.nodes import queries
from affiliate.nodes.queries import Fed, Unpublished
from affiliate.redirect import segments
from affiliate.redirect.counters import Counts, counts
from affiliate.redirect.segments import HEADER_BYTES, SegmentUnreadable
from affiliate.redirect.table import LinkTable, TableDamaged
from affiliate.redirect.unknown_hosts import UnknownHosts
from affiliate.store import Store

_BLOCK = 512  # what st_blocks counts in, whatever the file system's own blocks are (stat(2))

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the loader has still to do. `disk_bytes` is what the journal takes on the disk, `free_bytes` what is left
    there; `waiting_bytes` what of it is not loaded yet, and `since` when the oldest click of that was made.

    Without the store it is not known how far the loader is in a segment that stands there: `waiting_bytes` has all of it
    then, and `since` may be too early, though never earlier than the loader's last complete pass.
    """

    segments: int
    disk_bytes: int
    free_bytes: int
    waiting_bytes: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """The link table of the node."""

    paths: int
    checkpoint: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What the store told. `ahead_seconds` is how far this node's clock is ahead of the database server's."""

    loaded: Mapping[str, int]
    unpublished: Unpublished
    ahead_seconds: float
    fed: Fed


@dataclass(frozen=True, slots=True)
class Standing:
    """`table` is None where it is damaged or not built yet, `asked` where the store did not answer. `unknown_hosts` are
    those that no site has, and by which readers asked for links of several sites."""

    at: datetime
    counts: Counts
    waiting: Waiting
    table: PublishedTable | None
    asked: Asked | None
    unknown_hosts: tuple[str, ...] = ()

    @property
    def lag_seconds(self) -> float:
        """The age of the oldest click that is not loaded."""
        since = self.waiting.since
        return max((self.at - since).total_seconds(), 0.0) if since else 0.0

    @property
    def loaded_at(self) -> datetime | None:
        """When the loader's last complete pass began."""
        return moment(self.counts.pass_at_ms) if self.counts.pass_at_ms else None


class Watch:
    """Looks at the node it runs on. `patience_seconds` is how long the store may take."""

    def __init__(
        self, store: Store, journal: Path, table: LinkTable, *, clock: Clock, patience_seconds: float = 2.0
    ) -> None:
        self._store = store
        self._journal = journal
        self._table = table
        self._clock = clock
        self._patience_seconds = patience_seconds
        self._lock = threading.Lock()
        self._asking: Future[Asked | None] | None = None

    def standing(self) -> Standing:
        found, table = _segments(self._journal), self._look_at_table()
        counted = counts(self._journal)
        asked = self._asked(list(found.values()), table.checkpoint if table else 0)
        waiting = _waiting(self._journal, found, asked.loaded if asked else None, moment(counted.pass_at_ms))
        hosts = tuple(UnknownHosts(self._journal).seen())
        return Standing(self._clock(), counted, waiting, table, asked, hosts)

    def loaded_up_to(self, uuid: str) -> int | None:
        """How far a segment is loaded, as an offset; None if nothing of it is, or the store does not answer."""
        asked = self._asked([uuid], 0)
        return asked.loaded.get(uuid) if asked else None

    def _look_at_table(self) -> PublishedTable | None:
        try:
            checkpoint = self._table.checkpoint()
            return None if checkpoint is None else PublishedTable(self._table.count(), checkpoint)
        except TableDamaged:
            return None

    def _asked(self, uuids: Sequence[str], checkpoint: int) -> Asked | None:
        """In a thread, since a connection to a server that is gone may take minutes to fail; one at a time, so that
        those who keep asking meanwhile do not pile threads up."""
        with self._lock:
            asking = self._asking
            if asking is None or asking.done():
                asking = self._asking = Future()
                threading.Thread(target=self._ask, args=(asking, uuids, checkpoint), daemon=True).start()
        try:
            return asking.result(self._patience_seconds)
        except TimeoutError:
            return None

    def _ask(self, answer: "Future[Asked | None]", uuids: Sequence[str], checkpoint: int) -> None:
        try:
            with self._store.reading() as session:
                loaded = queries.checkpoints(session, uuids)
                unpublished = queries.unpublished(session, checkpoint)
                fed = queries.fed(session)
                theirs = queries.database_time(session)
                ours = self._clock()
            ahead = (ours - theirs).total_seconds() if theirs else 0.0
            answer.set_result(Asked(loaded, unpublished, ahead, fed))
        except StoreUnavailable:
            answer.set_result(None)
        except Exception:  # such as a schema that is still to be migrated; the files' figures are worth having then
            log.exception("the store could not be asked how this node stands")
            answer.set_result(None)


def moment(ms: int) -> datetime:
    """A count of milliseconds since 1970 as a moment; damaged ones are brought within what a datetime can hold."""
    return datetime.fromtimestamp(min(max(ms, 0), 253_402_300_799_000) / 1000, UTC)


def _segments(folder: Path) -> dict[Path, str]:
    """The segments of a journal with their uuids; what is no segment is the loader's business."""
    found = {}
    for path in segments.segments(folder):
        try:
            found[path] = segments.read_header(path).uuid
        except (SegmentUnreadable, FileNotFoundError):
            continue
    return found


def _waiting(folder: Path, found: Mapping[Path, str], loaded: Mapping[str, int] | None, passed: datetime) -> Waiting:
    disk_bytes = waiting_bytes = 0
    oldest: list[int] = []
    for path, uuid in found.items():
        offset = loaded.get(uuid, HEADER_BYTES) if loaded is not None else HEADER_BYTES
        try:
            disk_bytes += path.stat().st_blocks * _BLOCK
            rest = segments.end_of_content(path) - offset
            time_ms = segments.first_time(path, offset) if rest > 0 else None
        except FileNotFoundError:  # the loader was faster
            continue
        waiting_bytes += max(rest, 0)
        if time_ms is not None:
            oldest.append(time_ms)
    since = moment(min(oldest)) if oldest else None
    if since is not None and loaded is None:
        since = max(since, passed)
    return Waiting(len(found), disk_bytes, _free_bytes(folder), waiting_bytes, since)


def _free_bytes(folder: Path) -> int:
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free
