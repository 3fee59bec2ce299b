"""Which profiles a site's pages are checked against, and which rules it takes more or less seriously, with the reasons.

An article is checked against its jurisdiction and against what its site chose beside it. Whatever loosens (dropping a
profile, taking a rule less seriously) needs a reason; everything is kept, with who and when.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from affiliate.disclosure.check import Change
from affiliate.disclosure.findings import INFO, SEVERITIES, WARNING
from affiliate.disclosure.queries import all_profiles, article_names, article_of_site, chosen_profiles, rule_changes
from affiliate.disclosure.rules import Rule, checked_profile, pack, profile_names
from affiliate.errors import InvalidInput, NotFound
from affiliate.store.tables import RuleChange, Site, SiteProfile

LONGEST_REASON = 1000  # characters


@dataclass(frozen=True, slots=True)
class ChosenProfile:
    """A profile that a site chose. `dropped_at` is None while it holds; `reason` is why it was dropped."""

    profile: str
    chosen_by: str
    chosen_at: datetime
    dropped_by: str
    dropped_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class RuleException:
    """A rule taken differently than its pack says. `own_severity` is what the pack says (None if no pack has it any more),
    `article` what people know the article by ("" for the whole site), `holds` whether it counts at the moment of asking."""

    id: int
    rule: str
    title: str
    own_severity: str | None
    severity: str
    article_id: int | None
    article: str
    reason: str
    made_by: str
    made_at: datetime
    ends_at: datetime | None
    ended_at: datetime | None
    ended_by: str
    holds: bool

    @property
    def is_looser(self) -> bool:
        return self.own_severity is not None and _is_looser(self.severity, self.own_severity)


def profiles_of(session: Session, site: Site, jurisdiction: str = "") -> tuple[str, ...]:
    """What a page is checked against: its jurisdiction (empty: its site's) first, then what the site chose beside it, in
    alphabetical order. A jurisdiction without a pack is none."""
    own = (jurisdiction or site.jurisdiction).strip().lower()
    chosen = (each.profile for each in chosen_profiles(session, site.id))
    there_are = profile_names()
    return tuple(key for key in dict.fromkeys((own, *chosen)) if key in there_are)


def choose_profile(session: Session, site: Site, profile: str, *, by: str, now: datetime) -> bool:
    """From now on the site's pages are checked against this profile too. False if they were already. InvalidInput for an
    unknown one."""
    key = checked_profile(profile)
    if any(each.profile == key for each in chosen_profiles(session, site.id)):
        return False
    session.add(SiteProfile(site_id=site.id, profile=key, chosen_by=by, chosen_at=now))
    session.flush()
    return True


def drop_profile(session: Session, site: Site, profile: str, *, reason: str, by: str, now: datetime) -> None:
    """The site's pages are no longer checked against this profile, but for articles whose jurisdiction it is. InvalidInput
    without a reason, NotFound if the site did not choose it."""
    key = checked_profile(profile)
    said = _checked_reason(reason, "Say why this profile is no longer needed")
    for each in chosen_profiles(session, site.id):
        if each.profile == key:
            each.dropped_at, each.dropped_by, each.reason = now, by, said
            session.flush()
            return
    raise NotFound("chosen profile", key, _not_chosen(session, site, key))


def _not_chosen(session: Session, site: Site, key: str) -> str:
    if key == site.jurisdiction:
        return f"It is the jurisdiction of the site {site.key}: its articles are always checked against it."
    chosen = ", ".join(each.profile for each in chosen_profiles(session, site.id))
    return f"The site {site.key} chose {chosen or 'none'}."


def profile_history(session: Session, site_id: int) -> list[ChosenProfile]:
    """Every choice that was ever made, those that hold first."""
    rows = sorted(all_profiles(session, site_id), key=lambda row: row.dropped_at is not None)
    return [
        ChosenProfile(row.profile, row.chosen_by, row.chosen_at, row.dropped_by, row.dropped_at, row.reason)
        for row in rows
    ]


def change_rule(
    session: Session,
    site: Site,
    rule: str,
    severity: str,
    *,
    reason: str,
    by: str,
    now: datetime,
    article: str = "",
    until: datetime | None = None,
) -> RuleException:
    """Takes a rule as BLOCK, ERROR, WARN or INFO on a site or, with `article` (address, name in the CMS or number), for one
    article, until a moment if one is given. It ends the change of the same rule at the same place.

    A rule whose breach fails a page can be loosened to WARN, no further: where a law's rule is broken on purpose, the
    verdict goes on saying so. InvalidInput for that, for loosening without a reason, for a severity that the rule has
    anyway, and for an end that is past; NotFound for an unknown rule or article.
    """
    known = rule_named(rule)
    taken = _checked_severity(severity, known)
    said = _checked_reason(reason, f"Say why {known.id} is taken less seriously", _is_looser(taken, known.effective))
    if until is not None and until <= now:
        raise InvalidInput(f"The change would end on {until:%Y-%m-%d}, which is past. Nothing was changed.")
    article_id = _article_id(session, site, article)
    _end(session, site.id, known.id, article_id, by=by, now=now)
    row = RuleChange(
        site_id=site.id,
        article_id=article_id,
        rule=known.id,
        severity=taken,
        reason=said,
        made_by=by,
        made_at=now,
        ends_at=until,
    )
    session.add(row)
    session.flush()
    return _exception(row, article_names(session, [article_id] if article_id else []), now)


def restore_rule(session: Session, site: Site, rule: str, *, by: str, now: datetime, article: str = "") -> bool:
    """Takes a rule as its pack says again, on a site or for one article. False if it was so already."""
    return _end(session, site.id, rule_named(rule).id, _article_id(session, site, article), by=by, now=now)


def restore_change(session: Session, site: Site, change_id: int, *, by: str, now: datetime) -> bool:
    """Ends one change of a site; False if it had ended. NotFound if the site has no such change."""
    for row in rule_changes(session, site.id):
        if row.id == change_id:
            return _end(session, site.id, row.rule, row.article_id, by=by, now=now) if _holds(row, now) else False
    raise NotFound("change of a rule", change_id)


def changes_of(session: Session, site_id: int, article_id: int | None, now: datetime) -> tuple[Change, ...]:
    """What `check` is to take differently for an article (None: a page that is no article of ours): the site's changes that
    hold, and the article's own in their place where there is one."""
    rows = rule_changes(session, site_id, in_force_at=now)
    concerned = [row for row in rows if row.article_id in (None, article_id)]
    by_rule = {row.rule: row for row in sorted(concerned, key=lambda row: row.article_id is not None)}
    return tuple(Change(row.rule, row.severity, row.reason) for _, row in sorted(by_rule.items()))


def exceptions_of(session: Session, site_id: int, *, now: datetime) -> list[RuleException]:
    """Every change that was ever made on a site and for its articles: those that hold first, then the newest."""
    rows = sorted(rule_changes(session, site_id), key=lambda row: not _holds(row, now))
    names = article_names(session, [row.article_id for row in rows if row.article_id is not None])
    return [_exception(row, names, now) for row in rows]


def rule_named(rule_id: str) -> Rule:
    """A rule by its id (any case), as the first pack that has it says; NotFound if none has."""
    wanted = rule_id.strip().upper()
    for key in profile_names():
        for rule in pack(key).rules:
            if rule.id == wanted:
                return rule
    raise NotFound("rule", rule_id, "The rules are listed by: affiliate disclosure rules")


def choices(rule: Rule) -> tuple[str, ...]:
    """The severities that a rule can be changed to, the mildest first."""
    least = WARNING if rule.fails else INFO
    return tuple(
        each for each in SEVERITIES if SEVERITIES.index(each) >= SEVERITIES.index(least) and each != rule.effective
    )


def _checked_severity(severity: str, rule: Rule) -> str:
    wanted = severity.strip().upper()
    if wanted not in SEVERITIES:
        raise InvalidInput(f"{severity!r} is no severity; there are {', '.join(SEVERITIES)}.")
    if wanted == rule.effective:
        raise InvalidInput(f"{rule.id} is {wanted} anyway. Nothing was changed.")
    if wanted not in choices(rule):
        raise InvalidInput(
            f"{rule.id} fails a page, and can be loosened to WARN at most: the verdict goes on saying that it is broken."
        )
    return wanted


def _checked_reason(reason: str, what: str, required: bool = True) -> str:
    said = " ".join(reason.split())
    if required and not said:
        raise InvalidInput(f"{what}: the reason is kept and shown beside the verdicts. Nothing was changed.")
    if len(said) > LONGEST_REASON:
        raise InvalidInput(f"The reason has {len(said)} characters; {LONGEST_REASON} are kept. Nothing was changed.")
    return said


def _article_id(session: Session, site: Site, article: str) -> int | None:
    if not article.strip():
        return None
    found = article_of_site(session, site.id, article.strip())
    if found is None:
        raise NotFound("article", article, f"Name one of the site {site.key} by its address or its number.")
    return found.id


def _end(session: Session, site_id: int, rule: str, article_id: int | None, *, by: str, now: datetime) -> bool:
    ending = [
        row
        for row in rule_changes(session, site_id, in_force_at=now)
        if (row.rule, row.article_id) == (rule, article_id)
    ]
    for row in ending:
        row.ended_at, row.ended_by = now, by
    session.flush()
    return bool(ending)


def _holds(row: RuleChange, now: datetime) -> bool:
    return row.ended_at is None and (row.ends_at is None or row.ends_at > now)


def _is_looser(severity: str, than: str) -> bool:
    return SEVERITIES.index(severity) < SEVERITIES.index(than)


def _exception(row: RuleChange, names: dict[int, str], now: datetime) -> RuleException:
    try:
        known: Rule | None = rule_named(row.rule)
    except NotFound:
        known = None
    return RuleException(
        id=row.id,
        rule=row.rule,
        title=known.title if known else "",
        own_severity=known.effective if known else None,
        severity=row.severity,
        article_id=row.article_id,
        article=names.get(row.article_id, "") if row.article_id else "",
        reason=row.reason,
        made_by=row.made_by,
        made_at=row.made_at,
        ends_at=row.ends_at,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
        holds=_holds(row, now),
    )
