"""What articles showed their readers at a moment, and what the newest checks of them said then."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from affiliate.disclosure.findings import FAIL, PASS, WARN
from affiliate.reports import queries

UNKNOWN, NOT_CHECKED = "unknown", "not checked"

_WORST_FIRST = (FAIL, WARN, PASS)


@dataclass(frozen=True, slots=True)
class Shown:
    """What an article showed its readers at a moment. `state` is present, missing, not-needed, or unknown where the register
    holds nothing for that moment.

    `verdicts` are by profile the worst that held then of all variants of the page; `checked_at` and `check` (the number of
    its record) are of the newest check that had said the worst of them."""

    state: str
    label: str | None = None
    sentence: str | None = None
    shown_from: datetime | None = None
    verdicts: dict[str, str] = field(default_factory=dict)
    checked_at: datetime | None = None
    check: int | None = None

    @property
    def verdict(self) -> str:
        return _worst(self.verdicts.values())

    def as_json(self) -> dict[str, Any]:
        return {
            "state": self.state,
            "label": self.label,
            "sentence": self.sentence,
            "shown_from": self.shown_from.isoformat() if self.shown_from else None,
            "verdict": self.verdict,
            "verdicts": self.verdicts,
            "checked_at": self.checked_at.isoformat() if self.checked_at else None,
            "check": self.check,
        }


def shown_at(session: Session, articles: Collection[str], moment: datetime) -> dict[str, Shown]:
    """By article (its id as text) what it showed at a moment; every one that was asked for."""
    register = queries.disclosures_at(session, articles, moment)
    verdicts = queries.verdicts_at(session, articles, moment)
    found = {}
    for key in articles:
        of_page, held = register.get(key), verdicts.get(key, ())
        by_profile: dict[str, list[str]] = {}
        for one in held:
            by_profile.setdefault(one.profile, []).append(one.verdict)
        worst = {profile: _worst(said) for profile, said in sorted(by_profile.items())}
        newest = max(
            (one for one in held if one.verdict == _worst(worst.values())), key=lambda one: one.number, default=None
        )
        found[key] = Shown(
            of_page.state if of_page else UNKNOWN,
            of_page.label if of_page else None,
            of_page.sentence if of_page else None,
            of_page.shown_from if of_page else None,
            worst,
            newest.checked_at if newest else None,
            newest.number if newest else None,
        )
    return found


def _worst(verdicts: Collection[str]) -> str:
    return next((one for one in _WORST_FIRST if one in verdicts), NOT_CHECKED)
