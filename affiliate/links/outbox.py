"""How far a node has come in the outbox of link changes.

An id is given out before its transaction is committed, so on PostgreSQL a slow transaction appears *below* ids that were
read long ago, and one that is rolled back leaves a hole for ever. Holes are asked for again until they are ten minutes
old; the table keeps them, so that a restart knows them too.
"""

import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from affiliate.links import queries

HOLE_SECONDS = 600.0  # the longest that a transaction may take and still be noticed
AT_ONCE = 20_000


class Hole(NamedTuple):
    """Ids, both included, that were not there when later ones were; `since` is monotonic."""

    first: int
    last: int
    since: float


class Outbox:
    """A reader's place: everything up to `newest` is known but for the holes."""

    def __init__(self, newest: int, gaps: Sequence[tuple[int, int]] = ()) -> None:
        self.newest = newest
        self._holes = [Hole(first, last, time.monotonic()) for first, last in gaps]

    @classmethod
    def at_the_end(cls, session: Session) -> "Outbox":
        """Behind every change that can be seen now; aware of the holes of the last ten minutes."""
        outbox = cls(queries.change_before(session, queries.change_span(session)[1], HOLE_SECONDS))
        while unread := outbox.unread(session):
            outbox.take([change_id for change_id, _ in unread])
        return outbox

    @property
    def gaps(self) -> list[tuple[int, int]]:
        """What to know, beside `newest`, to go on from here another time."""
        return [(hole.first, hole.last) for hole in self._holes]

    def unread(self, session: Session) -> Sequence[tuple[int, int]]:
        """(change id, link id), oldest first; the next 20,000 at most."""
        return queries.changes(session, self.newest, self.gaps, AT_ONCE)

    def take(self, change_ids: Sequence[int]) -> None:
        """These changes, in the order of `unread`, are done with."""
        now = time.monotonic()
        spans = [hole for hole in self._holes if hole.since > now - HOLE_SECONDS]
        if change_ids and change_ids[-1] > self.newest:
            spans.append(Hole(self.newest + 1, change_ids[-1], now))
            self.newest = change_ids[-1]
        self._holes = [hole for span in spans for hole in _left(span, change_ids)]

    def is_lost(self, session: Session) -> bool:
        """Whether the store no longer has what follows our place (pruned while we were away), or never came as far (an
        older backup was restored): then only a rebuild brings a table up to date."""
        oldest, newest = queries.change_span(session)
        return not oldest - 1 <= self.newest <= newest


def _left(span: Hole, ids: Sequence[int]) -> Iterator[Hole]:
    first = span.first
    for taken in ids[bisect_left(ids, span.first) : bisect_right(ids, span.last)]:
        if taken > first:
            yield Hole(first, taken - 1, span.since)
        first = taken + 1
    if first <= span.last:
        yield Hole(first, span.last, span.since)
