"""The short memory of visitors: who clicked the same link within ten seconds, or went to the same advertiser within three
hours. Visitors are the day's keyed hashes, and what is older than three hours is forgotten."""

import struct
from collections.abc import Collection, Iterator

from sqlalchemy.orm import Session

from affiliate.clicks import queries
from affiliate.clicks.classes import FIRST, REPEATED
from affiliate.clicks.queries import VisitRow

DUPLICATE_MS = 10_000
COMPARABLE_MS = 3 * 3_600_000  # Awin counts one click per device, publisher and advertiser in three hours

_MOST_LINKS = 64  # of one advertiser that are remembered of one visitor
_NEVER = -COMPARABLE_MS
_PAIR = struct.Struct("<qq")  # link, when it was last clicked (ms)


class _Visit:
    """A visitor's clicks to one advertiser."""

    __slots__ = ("counted_ms", "last_ms", "links")

    def __init__(self, last_ms: int = _NEVER, counted_ms: int = _NEVER, links: bytes = b"") -> None:
        self.last_ms = last_ms
        self.counted_ms = counted_ms
        self.links = dict(_PAIR.iter_unpack(links))


class Visits:
    """What is remembered of the visitors of one batch of clicks."""

    def __init__(self, session: Session, visitors: Collection[int]) -> None:
        self._session = session
        self._visits = {
            (row.visitor, row.advertiser_id): _Visit(row.last_ms, row.counted_ms, row.links)
            for row in queries.recent_visits(session, visitors)
        }
        self._touched: set[tuple[int, int]] = set()

    def see(self, visitor: int, advertiser_id: int, link_id: int, time_ms: int) -> int:
        """Remembers a click; the flags it gets: REPEATED, FIRST or none.

        Times are compared either way round: segments of two workers are not loaded in the order of their clicks.
        """
        key = (visitor, advertiser_id)
        visit = self._visits.get(key)
        if visit is None:
            visit = self._visits[key] = _Visit()
        self._touched.add(key)
        visit.last_ms = max(visit.last_ms, time_ms)
        last = visit.links.get(link_id)
        if last is None:
            visit.links[link_id] = time_ms
        else:
            visit.links[link_id] = max(last, time_ms)
            if abs(time_ms - last) < DUPLICATE_MS:
                return REPEATED
        if abs(time_ms - visit.counted_ms) < COMPARABLE_MS:
            return 0
        visit.counted_ms = max(visit.counted_ms, time_ms)
        return FIRST

    def store(self) -> None:
        queries.remember_visits(self._session, list(self._rows()))

    def _rows(self) -> Iterator[VisitRow]:
        for key in sorted(self._touched):
            visit = self._visits[key]
            links = visit.links
            while len(links) > _MOST_LINKS:
                del links[next(iter(links))]
            packed = b"".join(map(_PAIR.pack, links.keys(), links.values()))
            yield VisitRow(*key, visit.last_ms, visit.counted_ms, packed)
