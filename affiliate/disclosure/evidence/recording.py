"""Writing a check down: a record at the chain's end, its files, and what holds of the article from now on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from affiliate.disclosure.evidence import files, queries
from affiliate.disclosure.evidence.chain import next_link
from affiliate.disclosure.evidence.records import LIVE, RENDERED, Seen, record_of, without_credentials, worst
from affiliate.disclosure.findings import FAIL, PASS, WARN
from affiliate.store.tables import Article, ArticleVerdict, PageCheck, Site

_BADNESS = {PASS: 0, WARN: 1, FAIL: 2}


@dataclass(frozen=True, slots=True)
class Recorded:
    """A check that was written down. `newly_failing` are the profiles that fail from now on and did not before."""

    number: int
    hash: str
    worst: str
    newly_failing: tuple[str, ...]


def record_check(session: Session, seen: Seen, *, site: Site, article: Article | None, now: datetime) -> Recorded:
    """Appends a check to the chain. Durable with the transaction, which should end soon after: nobody else appends until
    then."""
    html_sha256 = ""
    pictures: dict[str, str] = {}

    def record(number: int) -> Mapping[str, Any]:  # runs behind the chain's lock
        nonlocal html_sha256
        html_sha256 = files.keep(session, seen.html.encode("utf-8", "replace"), files.HTML, now=now)
        for shot in seen.screenshots:
            pictures[shot.screen] = files.keep(session, shot.content, files.JPEG, now=now)
        return record_of(
            seen,
            number=number,
            site={"id": site.id, "key": site.key, "name": site.name},
            article=_named(article),
            shown=_shown(session, article),
            html_sha256=html_sha256,
            screenshots=pictures,
            checked_at=now,
        )

    link = next_link(session, record)
    check = PageCheck(
        number=link.number,
        site_id=site.id,
        article_id=article.id if article else None,
        url=without_credentials(seen.url),
        variant=seen.variant,
        origin=seen.origin,
        mode=seen.mode,
        occasion=seen.occasion,
        checked_at=now,
        verdicts=dict(seen.checked.verdicts),
        worst=worst(seen.checked.verdicts),
        html_sha256=html_sha256,
        record=link.record,
        previous_hash=link.previous_hash,
        hash=link.hash,
    )
    session.add(check)
    session.flush()
    newly_failing = _hold(session, article.id, check) if article else ()
    return Recorded(check.number, check.hash, check.worst, newly_failing)


def _named(article: Article | None) -> dict[str, Any] | None:
    if article is None:
        return None
    url = without_credentials(article.url) if article.url else None
    return {"id": article.id, "ref": article.ref, "url": url, "title": article.title}


def _shown(session: Session, article: Article | None) -> dict[str, str] | None:
    shown = queries.shown_now(session, article.id) if article else None
    if shown is None:
        return None
    words = {"version": shown.text_version, "label": shown.label, "sentence": shown.sentence}
    return {"state": shown.state, **{name: word or "" for name, word in words.items()}}


def _hold(session: Session, article_id: int, check: PageCheck) -> tuple[str, ...]:
    """Brings the article's verdicts up to the check; profiles that it was not checked against hold no more.

    What a browser saw, or what readers got, is not made milder by a check that saw less: the page that a rewriter stored may
    pass where the one that a template made of it fails."""
    open_ = {verdict.profile: (verdict, by) for verdict, by in queries.verdicts_now(session, article_id, check.variant)}
    newly_failing = []
    for profile, verdict in check.verdicts.items():
        held, by = open_.pop(profile, (None, None))
        if held is not None and by is not None and _outweighs(held, by, verdict, check):
            continue
        if held is not None and held.verdict == verdict:
            held.check_id, held.checked_at = check.id, check.checked_at
            continue
        if held is not None:
            held.held_until = check.checked_at
        session.add(_verdict(article_id, check, profile, verdict))
        if verdict == FAIL:
            newly_failing.append(profile)
    for held, by in open_.values():
        if not _saw_more(by, check):
            held.held_until = check.checked_at
    session.flush()
    return tuple(newly_failing)


def _outweighs(held: ArticleVerdict, by: PageCheck, verdict: str, check: PageCheck) -> bool:
    return _saw_more(by, check) and _BADNESS[verdict] <= _BADNESS[held.verdict] and held.verdict != PASS


def _saw_more(one: PageCheck, other: PageCheck) -> bool:
    return _sight(one) > _sight(other)


def _sight(check: PageCheck) -> tuple[bool, bool]:
    """How much of what readers meet a check saw: the page as served, then as a browser shows it."""
    return check.origin == LIVE, check.mode == RENDERED


def _verdict(article_id: int, check: PageCheck, profile: str, verdict: str) -> ArticleVerdict:
    return ArticleVerdict(
        article_id=article_id,
        variant=check.variant,
        profile=profile,
        verdict=verdict,
        check_id=check.id,
        checked_at=check.checked_at,
        held_from=check.checked_at,
    )
