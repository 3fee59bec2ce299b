"""The loader: from the journal into the store, exactly once.

A batch of records, the roll-ups they add to and the segment's new checkpoint are one transaction, and the checkpoint
moves only if it stands where this loader read it. So it does not matter when a loader is killed, or how many there are.
A finished segment is deleted after the transaction that loaded its end is durable.
"""

import contextlib
import fcntl
import gc
import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from affiliate.clicks import queries
from affiliate.clicks.agents import note_agents
from affiliate.clicks.classes import FIRST, is_comparable, judge, rules_version
from affiliate.clicks.facts import Booked, Facts
from affiliate.clicks.queries import ClickRow, Hour
from affiliate.clicks.visits import Visits
from affiliate.clock import Clock, utc_now
from affiliate.errors import InvalidInput
from affiliate.redirect import segments
from affiliate.redirect.records import PREFETCH, Journalled
from affiliate.redirect.segments import HEADER_BYTES, SegmentUnreadable, SetAside
from affiliate.store import Store

SET_ASIDE_FOLDER = "set-aside"
BATCH = 20_000  # records a transaction; about 40 MB while it runs

_MS_PER_HOUR = 3_600_000
_YEAR_3000_MS = 32_503_680_000_000  # beyond it somebody's clock is broken
_ABANDONED_SECONDS = 60  # a segment that was never given its name belongs to a process that died making it

# What a record can do to the database that would do so for ever. Not: that it is away, locked, or of another schema.
_POISON = (DataError, IntegrityError, InvalidInput, OverflowError, ValueError)

_Stored = tuple[int, list[Journalled]]  # how many clicks were stored, and the records that cannot be

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What one pass did: clicks stored, records set aside, segments deleted."""

    clicks: int
    set_aside: int
    segments: int


class _Overtaken(Exception):
    """Another loader moved the checkpoint first; nothing of ours was stored."""


class Loader:
    """Empties the journal of a node. Keeps what it looked up from one pass to the next."""

    def __init__(self, store: Store, folder: Path, *, batch: int = BATCH, clock: Clock = utc_now) -> None:
        self.store = store
        self.folder = folder
        self.batch = batch
        self.clock = clock
        self.facts = Facts()
        self.last_commit: tuple[str, int] | None = None  # segment and offset

    def load(self) -> Loaded:
        """One pass over everything that stands in the journal folder. Waits for another loader of this node.

        StoreUnavailable if the database is away: what is not loaded stays in the journal.
        """
        if not self.folder.is_dir():
            return Loaded(0, 0, 0)
        clicks = set_aside = emptied = 0
        with _only_loader(self.folder):
            _remove_abandoned(self.folder)
            for path in segments.segments(self.folder):
                with contextlib.suppress(FileNotFoundError):
                    done = _Segment(self, path).load()
                    clicks, set_aside, emptied = (
                        clicks + done.clicks,
                        set_aside + done.set_aside,
                        emptied + done.segments,
                    )
        return Loaded(clicks, set_aside, emptied)


class _Segment:
    def __init__(self, loader: Loader, path: Path) -> None:
        self._loader = loader
        self._store = loader.store
        self._path = path
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
            part = segments.read_segment(self._path, offset, limit=self._loader.batch, live=not finished)
            if part.records or part.set_aside:
                self._commit(uuid, offset, part.offset, part.records, part.set_aside)
                offset = part.offset
            if part.ended:
                return offset

    def _load_tail(self, uuid: str, offset: int) -> None:
        if rest := segments.set_aside_rest(self._path, offset):
            self._commit(uuid, offset, offset + len(rest.content), [], [rest])

    def _commit(
        self, uuid: str, start: int, end: int, records: Sequence[Journalled], aside: Sequence[SetAside]
    ) -> None:
        try:
            stored, refused = self._transact(uuid, start, end, records, aside, self._store_all)
        except _POISON as problem:
            log.warning("a batch of clicks is refused and tried in parts: %s", problem)
            stored, refused = self._transact(uuid, start, end, records, aside, self._store_sound)
        self._loader.last_commit = (uuid, end)
        self._clicks += stored
        self._set_aside += sum(damaged.records for damaged in aside) + len(refused)

    def _transact(  # noqa: PLR0917 - what a commit is made of
        self,
        uuid: str,
        start: int,
        end: int,
        records: Sequence[Journalled],
        aside: Sequence[SetAside],
        store: Callable[[Session, Sequence[Journalled], datetime], _Stored],
    ) -> _Stored:
        """Clicks, roll-up and checkpoint in one transaction."""
        now = self._loader.clock()
        try:
            with _without_garbage_collection(), self._store.transaction() as session:
                queries.keep_purges_out(session)
                self._look_whether_facts_hold(session)
                stored, refused = store(session, records, now)
                kept = sum(damaged.records for damaged in aside) + len(refused)
                if not queries.move_checkpoint(session, uuid, start, end, loaded=stored, set_aside=kept, now=now):
                    raise _Overtaken
                self._quarantine(uuid, start, refused, aside)
        except BaseException:
            self._loader.facts.clear()  # they may rest on rows that are not there now
            raise
        return stored, refused

    def _look_whether_facts_hold(self, session: Session) -> None:
        """Forgets what was looked up if links were edited, unused rows purged, or what this loader stored last is not in
        the database: then it is another one, restored from a backup."""
        facts, last = self._loader.facts, self._loader.last_commit
        facts.keep_while(queries.stamp(session))
        if last and queries.checkpoint(session, last[0]) != last[1]:
            facts.clear()

    def _store_all(self, session: Session, records: Sequence[Journalled], now: datetime) -> _Stored:
        batch = _Batch(session, self._loader.facts, records, now=now)
        batch.store()
        return len(batch.rows), batch.unknown

    def _store_sound(self, session: Session, records: Sequence[Journalled], now: datetime) -> _Stored:
        """A record that the database refuses takes no other with it: what is refused together is tried in halves. Slow,
        because of the savepoints."""
        try:
            with session.begin_nested():
                return self._store_all(session, records, now)
        except _POISON as problem:
            self._loader.facts.clear()
            if len(records) == 1:
                log.error("a click cannot be stored: %s", problem)
                return 0, list(records)
        middle = len(records) // 2
        first = self._store_sound(session, records[:middle], now)
        second = self._store_sound(session, records[middle:], now)
        return first[0] + second[0], first[1] + second[1]

    def _quarantine(self, uuid: str, start: int, unknown: Sequence[Journalled], aside: Sequence[SetAside]) -> None:
        """Writes what is set aside, before the checkpoint moves past it. The names make a repetition harmless."""
        contents = {f"{uuid}-{damaged.offset}.damaged": damaged.content for damaged in aside}
        if unknown:
            contents[f"{uuid}-{start}.unknown-link"] = b"".join(record.framed() for record in unknown)
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
    """Records resolved against the store, judged, and ready to be inserted. `unknown` are those that cannot be booked."""

    def __init__(self, session: Session, facts: Facts, records: Sequence[Journalled], *, now: datetime) -> None:
        self._session = session
        booked, self.unknown = facts.book(
            session, [record for record in records if 0 <= record.time_ms < _YEAR_3000_MS]
        )
        if len(booked) + len(self.unknown) < len(records):
            self.unknown += [record for record in records if not 0 <= record.time_ms < _YEAR_3000_MS]
        note_agents(session, facts, booked, now=now)
        self._visits = Visits(session, {record.visitor for record in records if record.visitor})
        self.rows = self._judged(booked, queries.rules_id(session, rules_version(), now=now))

    def _judged(self, booked: Sequence[Booked], rules_id: int) -> list[ClickRow]:
        """A prefetch is not remembered, lest it make the click that follows it a duplicate. Without a visitor hash
        nothing can be told apart, and each counts; none that was sent past its network does."""
        rows: list[ClickRow] = []
        see = self._visits.see
        for record, flags, link_id, advertiser_id, context_id, origin_id, agent in booked:
            facts = flags
            if not flags & PREFETCH:
                facts |= see(record.visitor, advertiser_id, link_id, record.time_ms) if record.visitor else FIRST
                if not advertiser_id:
                    facts &= ~FIRST
            rows.append((record.time_ms, context_id, origin_id, agent.id, judge(facts, agent.kind), facts, rules_id))
        return rows

    def store(self) -> None:
        queries.insert_clicks(self._session, self.rows)
        queries.add_to_hours(self._session, self._hours())
        self._visits.store()

    def _hours(self) -> dict[Hour, tuple[int, int]]:
        """(clicks, network-comparable clicks) by hour, context and class."""
        counted = Counter((row[0] // _MS_PER_HOUR, row[1], row[4], row[5]) for row in self.rows)
        hours: dict[Hour, tuple[int, int]] = {}
        for (hour, context_id, click_class, flags), clicks in counted.items():
            before = hours.get((hour, context_id, click_class), (0, 0))
            comparable = clicks if is_comparable(click_class, flags) else 0
            hours[hour, context_id, click_class] = (before[0] + clicks, before[1] + comparable)
        return hours


@contextlib.contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """A batch is a hundred thousand small tuples without a circle; looking through them took a quarter of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextlib.contextmanager
def _only_loader(folder: Path) -> Iterator[None]:
    with (folder / ".loader.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _remove_abandoned(folder: Path) -> None:
    """The writer locks a segment before it has its name, so one that is being made is left alone whatever clocks say."""
    for path in folder.glob(".*.new"):
        with contextlib.suppress(FileNotFoundError), segments.held(path) as abandoned:
            if abandoned and time.time() - path.stat().st_mtime > _ABANDONED_SECONDS:
                path.unlink()
