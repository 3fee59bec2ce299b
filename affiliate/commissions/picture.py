"""The current picture that transactions repeat of their versions, for reports: checked against the ledger, and made anew."""

from sqlalchemy.orm import Session

from affiliate.commissions import queries

_AT_ONCE = 5000  # transactions


def check(session: Session) -> int:
    """How many transactions say otherwise than their newest observed version of a run that was not undone."""
    return queries.count_unsettled(session)


def rebuild(session: Session) -> int:
    """Makes what every transaction repeats anew from its versions, under the ledger's lock; how many differed."""
    queries.one_import_at_a_time(session)
    differing = queries.count_unsettled(session)
    after = 0
    while part := queries.transaction_ids(session, after=after, limit=_AT_ONCE):
        queries.settle(session, part)
        after = part[-1]
    return differing
