"""What can be told only when all pages were read: teasers by the kind of what they lead to, pages that nothing leads to, and
scripts that stand on many pages."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from affiliate.disclosure.crawl import queries
from affiliate.disclosure.crawl.judging import SCRIPT, TEASER, UNSHOWN, Wrong, script, teaser, unshown
from affiliate.disclosure.crawl.register import Register
from affiliate.disclosure.crawl.teasers import teaser_rule
from affiliate.disclosure.findings import SEVERITIES
from affiliate.disclosure.pages.page import PRODUCT_LED
from affiliate.disclosure.rules import Rule
from affiliate.store.tables import Crawl

_Found = Iterator[tuple[int, Wrong]]  # by the page at which it is kept


def conclude(session: Session, crawl: Crawl, register: Register, profiles: Sequence[str], *, is_whole: bool) -> None:
    """Replaces the findings that rest on several pages. Pages that nothing leads to are named only if `is_whole`."""
    found = [*_teasers(session, crawl.id, register, profiles), *_scripts(session, crawl.id)]
    if is_whole:
        found += _unshown(session, crawl.id, register)
    rows = [wrong.as_row(page_id) for page_id, wrong in found]
    queries.replace_findings(session, crawl.id, (TEASER, SCRIPT, UNSHOWN), rows)


def _unshown(session: Session, crawl_id: int, register: Register) -> _Found:
    for page in queries.only_registered(session, crawl_id):
        article = register.at(page.url)
        if article is not None and "leads_to" not in page.facts:
            yield page.id, unshown(article)


def _scripts(session: Session, crawl_id: int) -> _Found:
    """One for each service, at the first page that has its script."""
    pages: dict[str, list[int]] = {}
    for page_id, _, services in queries.pages_with(session, crawl_id, "scripts"):
        for service in services:
            pages.setdefault(service, []).append(page_id)
    for service, ids in pages.items():
        yield ids[0], script(service, len(ids))


@dataclass(slots=True)
class _Bare:
    """The unlabelled teasers of one article: where each stands, and for whom it lacks the label."""

    url: str
    kind: str = ""
    page_ids: list[int] = field(default_factory=list)
    profiles: dict[str, None] = field(default_factory=dict)


def _teasers(session: Session, crawl_id: int, register: Register, profiles: Sequence[str]) -> _Found:
    """One for each article, at the first page with an unlabelled teaser of it."""
    rules = {profile: rule for profile in profiles if (rule := teaser_rule(profile))}
    said = {register.key(url): kind for _, url, kind in queries.pages_with(session, crawl_id, "kind")}
    titles = {register.key(url): title for _, url, title in queries.pages_with(session, crawl_id, "title")}
    for target, bare in _bare_teasers(session, crawl_id, register).items():
        article = register.at(bare.url)
        kind = article.kind if article else said.get(target) or bare.kind
        broken = {profile: rule for profile, rule in rules.items() if profile in bare.profiles}
        if kind == PRODUCT_LED and broken:
            title = (article.title if article else "") or titles.get(target, "")
            yield bare.page_ids[0], _wrong(bare, title, broken)


def _bare_teasers(session: Session, crawl_id: int, register: Register) -> dict[str, _Bare]:
    found: dict[str, _Bare] = {}
    for page_id, url, teasers in queries.pages_with(session, crawl_id, "teasers"):
        own = register.key(url)
        for one in teasers:
            if (target := register.key(one["url"])) == own:
                continue
            bare = found.setdefault(target, _Bare(one["url"]))
            bare.kind = bare.kind or one["kind"]
            bare.profiles.update(dict.fromkeys(one["bare"]))
            if page_id not in bare.page_ids[-1:]:
                bare.page_ids.append(page_id)
    return found


def _wrong(bare: _Bare, title: str, broken: Mapping[str, Rule]) -> Wrong:
    worst = max(broken.values(), key=lambda rule: SEVERITIES.index(rule.effective))
    return teaser(bare.url, title, rule=worst, profiles=list(broken), pages=len(bare.page_ids))
