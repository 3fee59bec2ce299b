"""What reports read instead of the ledger: the current picture that transactions repeat of their versions, and its hourly
roll-up. Both are checked against the ledger, and made anew."""

from typing import NamedTuple

from sqlalchemy.orm import Session

from affiliate.commissions import hours, queries

_AT_ONCE = 5000  # transactions


class Differing(NamedTuple):
    """How many transactions say otherwise than their newest observed version of a run that was not undone, and how many rows of
    the roll-up otherwise than the transactions."""

    transactions: int
    hours: int


def check(session: Session) -> Differing:
    return Differing(queries.count_unsettled(session), hours.count_differing(session))


def rebuild(session: Session) -> Differing:
    """Makes both anew from the versions, under the ledger's lock; how many differed."""
    queries.one_import_at_a_time(session)
    differing = check(session)
    after = 0
    while part := queries.transaction_ids(session, after=after, limit=_AT_ONCE):
        queries.settle(session, part)
        after = part[-1]
    hours.rebuild(session)
    return differing
