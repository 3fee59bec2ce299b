"""The short memory of visitors: who clicked the same link within ten seconds, or went to the same advertiser within three
hours. Visitors are the day's keyed hashes, and what is older than three hours is forgotten."""

import struct
from collections.abc import Collection

from sqlalchemy.orm import Session

from affiliate.clicks import queries
from affiliate.clicks.classes import FIRST, REPEATED

DUPLICATE_MS = 10_000
COMPARABLE_MS = 3 * 3_600_000  # Awin counts one click per device, publisher and advertiser in three hours

_MOST_CLICKS = 64  # that are remembered of one visitor
_NEVER = -COMPARABLE_MS
# link, its advertiser, when it was last clicked, when a click of it last counted for its advertiser (ms; or _NEVER)
_CLICK = struct.Struct("<qqqq")


class Visits:
    """What is remembered of the visitors of one batch of clicks."""

    def __init__(self, session: Session, visitors: Collection[int]) -> None:
        self._session = session
        self._clicks = queries.recent_visits(session, visitors)
        self._last_ms: dict[int, int] = {}

    def see(self, visitor: int, advertiser_id: int, link_id: int, time_ms: int) -> int:
        """Remembers a click; the flags it gets: REPEATED, FIRST or none.

        Times are compared either way round: segments of two workers are not loaded in the order of their clicks.
        """
        self._last_ms[visitor] = max(time_ms, self._last_ms.get(visitor, time_ms))
        packed = self._clicks.get(visitor)
        if packed is None:
            self._clicks[visitor] = _CLICK.pack(link_id, advertiser_id, time_ms, time_ms)
            return FIRST
        flag, before, counted, others = FIRST, _NEVER, _NEVER, []
        for click in _CLICK.iter_unpack(packed):
            link, advertiser, last_ms, counted_ms = click
            if advertiser == advertiser_id and abs(time_ms - counted_ms) < COMPARABLE_MS:
                flag = 0
            if link == link_id:
                before = max(before, last_ms)
            if link == link_id and advertiser == advertiser_id:
                counted = counted_ms
            else:
                others.append(click)
        if abs(time_ms - before) < DUPLICATE_MS:
            flag = REPEATED
        elif flag == FIRST:
            counted = max(counted, time_ms)
        seen = [*others[-_MOST_CLICKS + 1 :], (link_id, advertiser_id, max(before, time_ms), counted)]
        self._clicks[visitor] = b"".join(_CLICK.pack(*click) for click in seen)
        return flag

    def store(self) -> None:
        rows = [(visitor, last_ms, self._clicks[visitor]) for visitor, last_ms in sorted(self._last_ms.items())]
        queries.remember_visits(self._session, rows)
