"""Checks a page or a feed against profiles: their packs' rules name checks, these find breaches, which give verdicts.

Without screens only markup is read: where the page's own styles change what a verdict rests on, it warns, and whether other
style sheets or scripts hide the text is not verified, which a note says.
"""

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from affiliate.disclosure.checks import CHECKS
from affiliate.disclosure.checks.breach import breach
from affiliate.disclosure.findings import ERROR, INFO, SEVERITIES, WARNING, Checked, Finding, mildest, verdict
from affiliate.disclosure.looks import Screen
from affiliate.disclosure.pages.feed import items
from affiliate.disclosure.pages.page import Page
from affiliate.disclosure.rules import Pack, Rule, checked_profile, pack
from affiliate.errors import AffiliateError, InvalidDocument

log = logging.getLogger(__name__)

UNCHECKED = "This could not be checked."  # the message of a finding that stands for a verdict which nobody can give

# What a document begins with, up to the name of its first element. Atomic: a page of forty comments takes no forever.
_ROOT = re.compile(
    r"\ufeff?\s*+(?P<xml>(?=<\?xml\b))?(?:(?:(?><\?.*?>)|(?><!--.*?-->)|(?><!DOCTYPE(?:[^>\[]++|\[[^\]]*+\])*+>))\s*+)*+<(?P<name>[\w:-]+)",
    re.DOTALL | re.IGNORECASE,
)
_FEEDS = frozenset({"rss", "feed", "rdf:rdf"})

# The check that compares two checks of a page: see _doubts.
_COMPARED = "styles"

LeadsTo = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Change:
    """A rule that is taken as `severity` on this site or for this article, and why."""

    rule: str
    severity: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Part:
    """A page, or one item of a feed: `pages` are what each window shows of it, or what its markup does."""

    where: str
    pages: tuple[Page, ...]


def check(
    html: str,
    profiles: Sequence[str],
    *,
    kind: str | None = None,
    screens: Sequence[Screen] = (),
    leads_to: LeadsTo | None = None,
    changes: Iterable[Change] = (),
) -> Checked:
    """Checks a page, a fragment or an RSS or Atom feed against profiles (any case).

    `kind` is product-led, mixed or editorial; else the page's own `x-content-kind` counts, else mixed. `screens` are the
    page in a browser's windows, none for what markup alone shows. `leads_to` tells where an address of ours leads, None
    for what is not ours. `changes` are rules that are taken more or less seriously here. A rule that cannot be checked, by a
    fault of ours or because a window does not let itself be measured, fails with a finding UNCHECKED; the others are checked
    all the same. InvalidInput for an unknown profile, InvalidDocument for a feed that cannot be read and for other XML.
    """
    html = html.encode("utf-8", "replace").decode()  # half a character is none
    packs = [pack(key) for key in dict.fromkeys(checked_profile(name) for name in profiles)]
    changed = {change.rule: change for change in changes}
    try:
        parts = list(_parts(html, kind, screens, leads_to))
    except AffiliateError:
        raise
    except Exception as problem:  # noqa: BLE001 - whatever a page holds, it gets an answer that is no PASS
        return unchecked(profiles, _told(problem))
    found = {
        each.key: _merged(
            _as_changed(replace(finding, where=part.where + finding.where), changed)
            for part in parts
            for finding in _found(part, each)
        )
        for each in packs
    }
    verdicts = {key: verdict(findings) for key, findings in found.items()}
    return Checked(verdicts, tuple(finding for findings in found.values() for finding in findings))


def unchecked(profiles: Sequence[str], reason: str) -> Checked:
    """The answer for a page that could not be checked at all: every profile fails, with one finding that says why.
    InvalidInput for an unknown profile."""
    packs = [pack(key) for key in dict.fromkeys(checked_profile(name) for name in profiles)]
    findings = tuple(_unchecked(each, _of_sight(each), reason) for each in packs)
    return Checked({each.key: verdict(findings) for each in packs}, findings)


def _unchecked(asked: Pack, rule: Rule, reason: str, screen: str = "") -> Finding:
    mend = "Look at the page yourself, and report this with the page: the log has the details."
    return Finding(asked.key, rule.id, ERROR, UNCHECKED, "page", reason, mend, rule.source, screen)


def _told(problem: Exception) -> str:
    """Why something could not be checked: a refusal's own words; of a fault of ours its kind, and all of it in the log."""
    if isinstance(problem, AffiliateError):
        return str(problem)
    log.error("disclosure: a page could not be checked", exc_info=problem)
    return f"an internal error: {type(problem).__name__}: {problem}"[:300]


def _parts(html: str, kind: str | None, screens: Sequence[Screen], leads_to: LeadsTo | None) -> Iterator[_Part]:
    if _is_feed(html):
        for number, item in enumerate(items(html), start=1):
            yield _Part(f"item {number}, ", (Page(item, kind=kind, leads_to=leads_to, is_item=True),))
        return
    served = Page(html, kind=kind, leads_to=leads_to)
    seen = tuple(Page(each.html, kind=kind, screen=each, leads_to=leads_to, served=served) for each in screens)
    yield _Part("", seen or (served,))


def _is_feed(text: str) -> bool:
    """InvalidDocument for XML that is neither a feed nor a page."""
    root = _ROOT.match(text)
    if root is None:
        return False
    if root["name"].lower() in _FEEDS:
        return True
    if root["xml"] is not None and root["name"].lower() != "html":
        raise InvalidDocument(
            f"This is XML of another kind (<{root['name']}>); pages, fragments and feeds are checked."
        )
    return False


def _found(part: _Part, asked: Pack) -> Iterator[Finding]:
    """The findings of a pack, those that are the same in every window told once."""
    windows = [list(_of_page(page, asked)) for page in part.pages]
    told = [{_in_any_window(finding) for finding in findings} for findings in windows]
    for number, findings in enumerate(windows):
        for finding in findings:
            plain = _in_any_window(finding)
            if not all(plain in window for window in told):
                yield finding
            elif number == 0:
                yield plain


def _in_any_window(finding: Finding) -> Finding:
    return replace(finding, screen="") if finding.screen else finding


def _of_page(page: Page, asked: Pack) -> list[Finding]:
    findings = list(_asked(page, asked))
    if page.screen is None:
        findings.extend(_doubts(page, asked, findings))
    return findings


def _asked(page: Page, asked: Pack) -> Iterator[Finding]:
    for rule in asked.rules:
        for name in rule.checks:
            if name == _COMPARED:
                continue
            try:
                yield from CHECKS[name](page, rule, asked)
            except Exception as problem:  # noqa: BLE001 - one rule never takes the others along
                yield _unchecked(asked, rule, _told(problem), page.screen.name if page.screen else "")


def _doubts(page: Page, asked: Pack, findings: Sequence[Finding]) -> Iterator[Finding]:
    """What markup alone leaves open: text that the page's own styles touch, and what other style sheets do."""
    rule = _of_sight(asked)
    if page.is_styled:
        known = set(findings)
        stricter = (finding for finding in _asked(page.strictly(), asked) if finding not in known)
        if any(finding.severity != INFO for finding in stricter):
            yield breach(
                page,
                asked,
                rule,
                "The page's own styles change how the disclosure looks, or hide it: look at it in a browser.",
                "page",
                mend="Check it with --rendered.",
                at_most=WARNING,
            )
    if page.earning:
        yield breach(
            page,
            asked,
            rule,
            "Whether style sheets or scripts hide the disclosure is not verified.",
            "page",
            mend="Check it with --rendered.",
            at_most=INFO,
        )


def _of_sight(asked: Pack) -> Rule:
    """The rule about what markup does not show."""
    named = (rule for name in (_COMPARED, "seen") for rule in asked.rules if name in rule.checks)
    return next(named, asked.rules[0])


def _as_changed(finding: Finding, changes: dict[str, Change]) -> Finding:
    """A finding as seriously as this site takes its rule; a note stays one, and what could not be checked fails."""
    change = changes.get(finding.rule)
    if change is None or finding.severity == INFO or finding.message == UNCHECKED:
        return finding
    rule = pack(finding.profile).rule(finding.rule)
    is_looser = SEVERITIES.index(change.severity) < SEVERITIES.index(rule.effective)
    if is_looser:
        severity = mildest(finding.severity, change.severity)
    else:
        severity = change.severity if finding.severity == rule.effective else finding.severity
    if severity == finding.severity:
        return finding
    reason = f": {change.reason}" if change.reason else ""
    said = f"{finding.message} (Taken as {severity} here, not {finding.severity}{reason})"
    return replace(finding, severity=severity, message=said)


def _merged(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(dict.fromkeys(findings))
