"""The three counts of clicks that are loaded so far."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from affiliate.clicks import queries


@dataclass(frozen=True, slots=True)
class Counts:
    """`raw` is every journalled click of all classes; `human` what is left without prefetches, previews, bots, staff and
    duplicates; `network_comparable` what a network that counts a visitor once per advertiser in three hours would see."""

    raw: int
    human: int
    network_comparable: int


def count(session: Session) -> Counts:
    return Counts(*queries.totals(session))
