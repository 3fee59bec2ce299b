"""The three counts of clicks: what each means, in the words that pages, command and documents use, and what is loaded."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from affiliate.clicks import queries

MEANINGS: Mapping[str, str] = {
    "raw": "Every answered request for a link and every beacon, whoever or whatever made it; none is ever dropped.",
    "human": "Clicks by people: raw without prefetches, previews, bots, staff, and repetitions within ten seconds.",
    "network_comparable": "Human clicks as a network counts them that takes one per visitor and advertiser in three hours"
    " (Awin); a visitor who asked not to be recognised counts each time, a click past the network never.",
}


@dataclass(frozen=True, slots=True)
class Counts:
    """The three counts of one set of clicks; MEANINGS says what each is."""

    raw: int = 0
    human: int = 0
    network_comparable: int = 0


def summed(all_counts: Iterable[Counts]) -> Counts:
    """The counts of several sets that have no click in common."""
    listed = list(all_counts)
    return Counts(
        sum(counts.raw for counts in listed),
        sum(counts.human for counts in listed),
        sum(counts.network_comparable for counts in listed),
    )


def count(session: Session) -> Counts:
    return Counts(*queries.totals(session))
