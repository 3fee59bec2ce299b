"""Judging the history anew when the list of bots or our own rules have changed.

Only the kind of a user agent is asked again, and only of clicks whose string is in the dictionary; what was seen at the
time (prefetch, staff, duplicates) is a fact that stays.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from affiliate.clicks import queries
from affiliate.clicks.classes import is_comparable, judge, kind_of, rules_version
from affiliate.clicks.queries import Hour, OfAgents
from affiliate.store import Store

_AT_ONCE = 50_000  # clicks a transaction, by their ids


@dataclass(frozen=True, slots=True)
class Rejudged:
    """What changed: user agents by their kind before and after, clicks by their class before and after."""

    rules: str
    user_agents: dict[tuple[str, str], int]
    clicks: dict[tuple[str, str], int]

    def as_json(self) -> dict[str, object]:
        """`{"rules": …, "user_agents": {"person → bot": 3}, "clicks": {"human → bot": 120}}`"""
        return {
            "rules": self.rules,
            "user_agents": {f"{old or 'person'} → {new or 'person'}": n for (old, new), n in self.user_agents.items()},
            "clicks": {f"{old} → {new}": n for (old, new), n in self.clicks.items()},
        }


def is_due(session: Session) -> bool:
    """Whether the rules in force have not been applied to the history yet."""
    return queries.is_rejudging_due(session, rules_version())


def rejudge(store: Store, *, now: datetime) -> Rejudged:
    """Brings classes and roll-up to what the rules in force say, some clicks a transaction so that nobody waits; the
    report stays with the rules. Broken off, it is taken up by the next one; repeated, it changes nothing."""
    moved: dict[tuple[str, str], list[int]] = defaultdict(list)
    with store.reading() as session:
        for agent_id, text, kind in queries.user_agents(session):
            if kind_of(text) != kind:
                moved[kind, kind_of(text)].append(agent_id)
    with store.transaction() as session:
        rules_id = queries.rules_id(session, rules_version(), now=now)
        newest = queries.newest_click(session) if moved else 0
    clicks: Counter[tuple[str, str]] = Counter()
    for first in range(0, newest + 1, _AT_ONCE):
        with store.transaction() as session:
            for (_, kind), agent_ids in moved.items():
                clicks += _move(session, OfAgents(agent_ids, first, first + _AT_ONCE), kind, rules_id)
    report = Rejudged(rules_version(), {kinds: len(ids) for kinds, ids in moved.items()}, dict(clicks))
    with store.transaction() as session:
        for (_, kind), agent_ids in moved.items():
            queries.set_kind(session, agent_ids, kind)
        queries.note_rejudged(session, rules_id, report.as_json())
    return report


def _move(session: Session, of_agents: OfAgents, kind: str, rules_id: int) -> Counter[tuple[str, str]]:
    """Judges these clicks as of this kind; how many went from one class to another."""
    changed: Counter[tuple[str, str]] = Counter()
    hours: Counter[Hour] = Counter()
    comparable: Counter[Hour] = Counter()
    for old, flags in queries.classes_of(session, of_agents):
        new = judge(flags, kind)
        if new == old:
            continue
        for hour, context_id, clicks in queries.hours_of(session, of_agents, old, flags):
            changed[old, new] += clicks
            for click_class, sign in ((old, -1), (new, 1)):
                hours[hour, context_id, click_class] += sign * clicks
                comparable[hour, context_id, click_class] += sign * clicks * is_comparable(click_class, flags)
        queries.set_class(session, of_agents, old, flags, new=new, rules_id=rules_id)
    queries.add_to_hours(session, {hour: (clicks, comparable[hour]) for hour, clicks in hours.items()})
    queries.drop_empty_hours(session, {hour[0] for hour in hours})
    return changed
