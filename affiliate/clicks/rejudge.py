"""Judging the history anew when the list of bots or our own rules have changed.

Only the kind of a user agent is asked again, and only of clicks whose string is in the dictionary; what was seen at the
time (prefetch, staff, duplicates) is a fact that stays.
"""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from affiliate.clicks import queries
from affiliate.clicks.classes import is_comparable, judge, kind_of, rules_version
from affiliate.clicks.queries import Hour


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


def rejudge(session: Session, *, now: datetime) -> Rejudged:
    """Brings classes and roll-up to what the rules in force say, in the caller's transaction; the report stays with the
    rules. Repeated, it changes nothing."""
    rules_id = queries.rules_id(session, rules_version(), now=now)
    moved: dict[tuple[str, str], list[int]] = defaultdict(list)
    for agent_id, text, kind in queries.user_agents(session):
        if kind_of(text) != kind:
            moved[kind, kind_of(text)].append(agent_id)
    clicks: Counter[tuple[str, str]] = Counter()
    for (_, kind), agent_ids in moved.items():
        clicks += _move(session, agent_ids, kind, rules_id)
    report = Rejudged(rules_version(), {kinds: len(ids) for kinds, ids in moved.items()}, dict(clicks))
    queries.note_rejudged(session, rules_id, report.as_json())
    return report


def _move(session: Session, agent_ids: Collection[int], kind: str, rules_id: int) -> Counter[tuple[str, str]]:
    """Judges the clicks of these user agents as of this kind; how many went from one class to another."""
    changed: Counter[tuple[str, str]] = Counter()
    hours: Counter[Hour] = Counter()
    comparable: Counter[Hour] = Counter()
    for old, flags in queries.classes_of_agents(session, agent_ids):
        new = judge(flags, kind)
        for hour, context_id, clicks in queries.hours_of_agents(session, agent_ids, old, flags):
            for click_class, sign in ((old, -1), (new, 1)):
                hours[hour, context_id, click_class] += sign * clicks
                comparable[hour, context_id, click_class] += sign * clicks * is_comparable(click_class, flags)
            changed[old, new] += clicks if old != new else 0
        queries.set_class(session, agent_ids, old, flags, new=new, rules_id=rules_id)
    queries.add_to_hours(session, {hour: (clicks, comparable[hour]) for hour, clicks in hours.items()})
    queries.drop_empty_hours(session)
    queries.set_kind(session, agent_ids, kind)
    return +changed
