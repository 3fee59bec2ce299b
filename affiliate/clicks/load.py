"""The loader: from the journal into the store, exactly once.

A batch of records, the roll-ups they add to and the segment's new checkpoint are one transaction, and the checkpoint
moves only if it stands where this loader read it. So it does not matter when a loader is killed, or how many there are.
A finished segment is deleted after the transaction that loaded its end is durable.
"""

import contextlib
import fcntl
import logging
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from sqlalchemy.orm import Session

from affiliate.clicks import queries
from affiliate.clicks.classes import DUPLICATE, HUMAN, RULES_VERSION, Client, client_of, judge
from affiliate.clicks.queries import ClickRow, Hour, LinkFacts, PlacementFacts
from affiliate.clock import Clock, utc_now
from affiliate.redirect import records as flags_of
from affiliate.redirect import segments
from affiliate.redirect.records import ClickRecord, frame
from affiliate.redirect.segments import HEADER_BYTES, SegmentUnreadable, SetAside
from affiliate.store import Store

SET_ASIDE_FOLDER = "set-aside"
DUPLICATE_MS = 10_000
COMPARABLE_MS = 3 * 3_600_000  # Awin counts one click per device, publisher and advertiser in three hours
BATCH = 20_000  # records a transaction; about 40 MB while it runs

_ABANDONED_SECONDS = 60  # a segment that was never given its name belongs to a process that died making it

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What one pass did: clicks stored, records set aside, segments deleted."""

    clicks: int
    set_aside: int
    segments: int


class _Overtaken(Exception):
    """Another loader moved the checkpoint first; nothing of ours was stored."""


def load(store: Store, folder: Path, *, batch: int = BATCH, clock: Clock = utc_now) -> Loaded:
    """One pass over everything that stands in the journal folder. Waits for another loader of this node.

    StoreUnavailable if the database is away: what is not loaded stays in the journal.
    """
    if not folder.is_dir():
        return Loaded(0, 0, 0)
    clicks = set_aside = emptied = 0
    with _only_loader(folder):
        _remove_abandoned(folder)
        for path in segments.segments(folder):
            with contextlib.suppress(FileNotFoundError):
                done = _Segment(store, path, batch, clock).load()
                clicks, set_aside, emptied = clicks + done.clicks, set_aside + done.set_aside, emptied + done.segments
    return Loaded(clicks, set_aside, emptied)


def forget_visits(session: Session, *, now: datetime) -> int:
    """Drops what is remembered of visitors for longer than three hours; how many rows."""
    return queries.forget_visits(session, int(now.timestamp() * 1000) - COMPARABLE_MS)


class _Segment:
    def __init__(self, store: Store, path: Path, batch: int, clock: Clock) -> None:
        self._store = store
        self._path = path
        self._batch = batch
        self._clock = clock
        self._clicks = 0
        self._set_aside = 0

    def load(self) -> Loaded:
        with segments.held(self._path) as finished:
            try:
                uuid = segments.read_header(self._path).uuid
            except SegmentUnreadable as problem:
                if finished:
                    self._give_up(problem)
                return Loaded(0, self._set_aside, 0)
            with contextlib.suppress(_Overtaken):
                offset = self._load_records(uuid, finished=finished)
                if finished:
                    self._load_tail(uuid, offset)
                    self._path.unlink()
                    return Loaded(self._clicks, self._set_aside, 1)
            return Loaded(self._clicks, self._set_aside, 0)

    def _load_records(self, uuid: str, *, finished: bool) -> int:
        with self._store.reading() as session:
            offset = queries.checkpoint(session, uuid) or HEADER_BYTES
        while True:
            part = segments.read_segment(self._path, offset, limit=self._batch, live=not finished)
            if part.records or part.set_aside:
                records = [record.record() for record in part.records]
                self._commit(uuid, offset, part.offset, records, part.set_aside)
                offset = part.offset
            if part.ended:
                return offset

    def _load_tail(self, uuid: str, offset: int) -> None:
        if rest := segments.set_aside_rest(self._path, offset):
            self._commit(uuid, offset, offset + len(rest.content), [], [rest])

    def _commit(
        self, uuid: str, start: int, end: int, records: Sequence[ClickRecord], aside: Sequence[SetAside]
    ) -> None:
        with self._store.transaction() as session:
            batch = _Batch(session, records)
            kept = sum(damaged.records for damaged in aside) + len(batch.unknown)
            moved = queries.move_checkpoint(
                session, uuid, start, end, loaded=len(batch.rows), set_aside=kept, now=self._clock()
            )
            if not moved:
                raise _Overtaken
            batch.store()
            self._quarantine(uuid, start, batch.unknown, aside)
        self._clicks += len(batch.rows)
        self._set_aside += kept

    def _quarantine(self, uuid: str, start: int, unknown: Sequence[ClickRecord], aside: Sequence[SetAside]) -> None:
        """Writes what is set aside, before the checkpoint moves past it. The names make a repetition harmless."""
        contents = {f"{uuid}-{damaged.offset}.damaged": damaged.content for damaged in aside}
        if unknown:
            contents[f"{uuid}-{start}.unknown-link"] = b"".join(frame(record) for record in unknown)
        for name, content in contents.items():
            folder = self._path.parent / SET_ASIDE_FOLDER
            folder.mkdir(exist_ok=True, mode=0o700)
            with (folder / name).open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            log.warning("%d bytes of the click journal were set aside as %s", len(content), folder / name)

    def _give_up(self, problem: SegmentUnreadable) -> None:
        folder = self._path.parent / SET_ASIDE_FOLDER
        folder.mkdir(exist_ok=True, mode=0o700)
        self._path.rename(folder / self._path.name)
        self._set_aside += 1
        log.error("%s It was set aside whole in %s.", problem, folder)


class _Batch:
    """Records resolved against the store, judged, and ready to be inserted."""

    def __init__(self, session: Session, records: Sequence[ClickRecord]) -> None:
        self._session = session
        self.rows: list[ClickRow] = []
        self.unknown: list[ClickRecord] = []
        self._hours: Counter[Hour] = Counter()
        self._comparable: Counter[Hour] = Counter()
        self._links = queries.link_facts(session, {record.link_id for record in records})
        self._placements = queries.placements(session, {record.token for record in records})
        known = {record.visitor for record in records if record.visitor}
        self._seen = queries.recent_visits(session, known)
        self._visits: dict[tuple[int, int], int] = {}
        for record in records:
            link = self._links.get(record.link_id)
            if link is None or not _has_usable_time(record):
                self.unknown.append(record)
            else:
                self._add(record, link)

    def store(self) -> None:
        queries.insert_clicks(self._session, self.rows)
        hours = {hour: (clicks, self._comparable[hour]) for hour, clicks in self._hours.items()}
        queries.add_to_hours(self._session, hours)
        queries.remember_visits(self._session, self._visits)

    def _add(self, record: ClickRecord, link: LinkFacts) -> None:
        client = client_of(record.user_agent)
        click_class, comparable = self._judge(record, client, link)
        placement_id, article_id, reason = self._place(record, link)
        moment = datetime.fromtimestamp(record.time_ms / 1000, UTC)
        self.rows.append(
            ClickRow(
                moment,
                link.site_id,
                record.link_id,
                placement_id,
                article_id,
                link.programme_id,
                click_class,
                RULES_VERSION,
                comparable,
                client.device,
                client.family,
                record.country or None,
                record.referrer_host or None,
                record.referrer_path or None,
                bool(record.flags & flags_of.GPC),
                reason or None,
            )
        )
        hour: Hour = (
            _hour(record.time_ms // 3_600_000),
            link.site_id,
            record.link_id,
            placement_id or 0,
            article_id or 0,
            link.programme_id,
            record.country,
            client.device,
            click_class,
        )
        self._hours[hour] += 1
        self._comparable[hour] += comparable

    def _judge(self, record: ClickRecord, client: Client, link: LinkFacts) -> tuple[str, bool]:
        """The class, and whether the network would count the click too. Only people are remembered: a prefetch must not
        make the click that follows it a duplicate. Without a visitor hash nothing can be told apart and each counts."""
        first = judge(record, client, seen_before=False)
        if first != HUMAN or not record.visitor:
            return first, first == HUMAN
        visitor = record.visitor
        if self._was_seen(visitor, record.link_id, record.time_ms, DUPLICATE_MS):
            self._remember(visitor, record.link_id, record.time_ms)
            return DUPLICATE, False
        self._remember(visitor, record.link_id, record.time_ms)
        scope = -link.advertiser_id
        if self._was_seen(visitor, scope, record.time_ms, COMPARABLE_MS):
            return HUMAN, False
        self._remember(visitor, scope, record.time_ms)
        return HUMAN, True

    def _was_seen(self, visitor: int, scope: int, time_ms: int, within_ms: int) -> bool:
        """Either way round: segments of two workers are not loaded in the order of their clicks."""
        last = self._seen.get((visitor, scope))
        return last is not None and abs(time_ms - last) < within_ms

    def _remember(self, visitor: int, scope: int, time_ms: int) -> None:
        key = (visitor, scope)
        self._seen[key] = self._visits[key] = max(time_ms, self._seen.get(key, 0))

    def _place(self, record: ClickRecord, link: LinkFacts) -> tuple[int | None, int | None, str]:
        """Placement, article, and why the click is not booked where its token said."""
        placement: PlacementFacts | None = self._placements.get(record.token)
        if placement and placement.link_id == record.link_id:
            return placement.placement_id, placement.article_id, record.reason
        reason = record.reason or ("token-of-another-link" if placement else "unknown-token")
        return link.default_placement_id, None, reason


@lru_cache(1024)
def _hour(hours: int) -> datetime:
    """The start of an hour that is counted since 1970."""
    return datetime.fromtimestamp(hours * 3600, UTC)


def _has_usable_time(record: ClickRecord) -> bool:
    return record.time_ms < 32_503_680_000_000  # the year 3000: beyond it somebody's clock is broken


@contextlib.contextmanager
def _only_loader(folder: Path) -> Iterator[None]:
    with (folder / ".loader.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _remove_abandoned(folder: Path) -> None:
    for path in folder.glob(".*.new"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > _ABANDONED_SECONDS:
                path.unlink()
