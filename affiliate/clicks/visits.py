"""The short memory of visitors: who clicked the same link within ten seconds, or went to the same advertiser within three
hours. Visitors are the day's keyed hashes, and what is older than three hours is forgotten."""

import struct
from collections.abc import Collection

from sqlalchemy.orm import Session

from affiliate.clicks import queries
from affiliate.clicks.classes import FIRST, REPEATED

DUPLICATE_MS = 10_000
COMPARABLE_MS = 3 * 3_600_000  # Awin counts one click per device, publisher and advertiser in three hours

_MOST_LINKS = 64  # of one advertiser that are remembered of one visitor
_NEVER = -COMPARABLE_MS
_PAIR = struct.Struct("<qq")  # link, when it was last clicked (ms)


class Visits:
    """What is remembered of the visitors of one batch of clicks."""

    def __init__(self, session: Session, visitors: Collection[int]) -> None:
        self._session = session
        self._visits = {(row[0], row[1]): (row[2], row[3], row[4]) for row in queries.recent_visits(session, visitors)}
        self._touched: set[tuple[int, int]] = set()

    def see(self, visitor: int, advertiser_id: int, link_id: int, time_ms: int) -> int:
        """Remembers a click; the flags it gets: REPEATED, FIRST or none.

        Times are compared either way round: segments of two workers are not loaded in the order of their clicks.
        """
        key = (visitor, advertiser_id)
        self._touched.add(key)
        visit = self._visits.get(key)
        if visit is None:
            self._visits[key] = (time_ms, time_ms, _PAIR.pack(link_id, time_ms))
            return FIRST
        last_ms, counted_ms, packed = visit
        links: dict[int, int] = dict(_PAIR.iter_unpack(packed))
        before = links.pop(link_id, _NEVER)
        links[link_id] = max(before, time_ms)
        packed = b"".join(_PAIR.pack(*pair) for pair in list(links.items())[-_MOST_LINKS:])
        flag = FIRST
        if abs(time_ms - before) < DUPLICATE_MS:
            flag = REPEATED
        elif abs(time_ms - counted_ms) < COMPARABLE_MS:
            flag = 0
        self._visits[key] = (max(last_ms, time_ms), max(counted_ms, time_ms) if flag == FIRST else counted_ms, packed)
        return flag

    def store(self) -> None:
        rows = [(*key, *self._visits[key]) for key in sorted(self._touched)]
        queries.remember_visits(self._session, rows)
