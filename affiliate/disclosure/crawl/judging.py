"""What is wrong with a page of the site, in a sentence, with the way out."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from affiliate.disclosure.crawl.queries import KnownArticle
from affiliate.disclosure.crawl.reading import IsOurs, Reading
from affiliate.disclosure.findings import BLOCK, ERROR, INFO, WARNING, Checked, Finding
from affiliate.disclosure.rules import Rule
from affiliate.disclosure.wording import plain
from affiliate.networks.registry import network_name

UNREGISTERED, FAILING, LOST, TEASER, STRANGER = "unregistered", "failing", "lost", "teaser", "stranger"
REL, SCRIPT, GONE, UNSHOWN = "rel", "script", "gone", "unshown"

_TEASER_PLACE = "teaser: "  # how a check names the place of a teaser


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of finding as people read it: what these are, and how one is called."""

    title: str
    means: str


KINDS: Mapping[str, Kind] = {
    UNREGISTERED: Kind(
        "Pages with paid links that nobody registered", "They earn, and no report or check knows of them."
    ),
    FAILING: Kind(
        "Pages whose disclosure fails", "A rule of one of the site’s profiles is broken, as the page is served."
    ),
    LOST: Kind("Disclosures that the page does not show", "The register has one; a template or a copy dropped it."),
    TEASER: Kind("Teasers without a label", "They lead to a product-led article; readers must know before they click."),
    STRANGER: Kind(
        "Links that pay somebody else", "They stand on registered pages and carry an account that is not ours."
    ),
    SCRIPT: Kind("Scripts that make links paid", "What such a page earns with, its markup does not show."),
    REL: Kind("Paid links without rel", "Search engines want to be told which links are paid for."),
    GONE: Kind("Registered pages that are not there", "Their address does not answer, or leads to another one."),
    UNSHOWN: Kind("Registered pages that nothing leads to", "They answer, but no sitemap, feed or page names them."),
}


@dataclass(frozen=True, slots=True)
class Wrong:
    """A finding that is to be kept. `place` says where on the page, "" for all of it."""

    kind: str
    severity: str
    message: str
    mend: str
    place: str = ""
    rule: str = ""

    def as_row(self, page_id: int) -> dict[str, Any]:
        return {"page_id": page_id, **{name: getattr(self, name) for name in self.__slots__}}


def judge(reading: Reading, article: KnownArticle | None, checked: Checked, is_ours: IsOurs) -> Iterator[Wrong]:
    """All that is wrong with a page, but for what rests on others: teasers, scripts, pages that nothing leads to."""
    if reading.is_monetised and article is None:
        yield _unregistered(reading, is_ours)
    if article is not None:
        yield from _strangers(reading, is_ours)
        yield from _lost(reading, article)
    yield from failing(checked)
    yield from _rel(reading)


def gone(status: int, article: KnownArticle) -> Wrong:
    title = f"“{article.title}”" if article.title else "The article"
    return Wrong(
        GONE,
        WARNING,
        f"{title} is in the register, and its address answers {status}.",
        "If it was moved, send it once more with its new address. If it was taken off, its links earn nothing any more:"
        " nothing has to be done.",
    )


def moved(there: str, article: KnownArticle) -> Wrong:
    title = f"“{article.title}”" if article.title else "The article"
    return Wrong(
        GONE,
        WARNING,
        f"{title} is in the register, and its address leads to another one.",
        f"Send it once more with the new address: affiliate rewrite FILE --article-url {there}",
        place=there,
    )


def unshown(article: KnownArticle) -> Wrong:
    title = f"“{article.title}”" if article.title else "The article"
    return Wrong(
        UNSHOWN,
        INFO,
        f"{title} answers, but the whole site was walked and nothing led to it.",
        "If readers should find it, link to it or name it in the sitemap; if not, take it off.",
    )


def teaser(url: str, title: str, *, rule: Rule, profiles: Sequence[str], pages: int) -> Wrong:
    called = f"“{title}”" if title else "a product-led article"
    return Wrong(
        TEASER,
        rule.effective,
        f"The teaser of {called}, which is product-led, has no advertising label ({', '.join(profiles)}){_also(pages)}.",
        rule.mend,
        place=url,
        rule=rule.id,
    )


def script(service: str, pages: int) -> Wrong:
    return Wrong(
        SCRIPT,
        WARNING,
        f"A script of {service} turns links of this page into paid ones where readers are{_also(pages)}.",
        "If you want it, every page with links to shops needs its disclosure; if not, take the script out of the template.",
        place=service,
    )


def _unregistered(reading: Reading, is_ours: IsOurs) -> Wrong:
    count = len(reading.paid)
    if count:
        said = f"{_paid_links(count)} ({_by_network(reading)})"
        strangers = reading.strangers(is_ours)
        if strangers:
            accounts = sorted({f"{network_name(one.network)} {one.publisher_id}" for one in strangers})
            said += f", {len(strangers)} of them for accounts that are not ours ({', '.join(accounts)[:200]}),"
        said += " on a page that is not in the register."
    else:
        said = f"{_named(reading.page.rewriters)} makes links of this page paid, and it is not in the register."
    return Wrong(
        UNREGISTERED,
        ERROR,
        said,
        "Register it: paste its HTML under Articles, let your CMS send it, or"
        f" affiliate rewrite FILE --article-url {reading.url}",
        place=reading.paid[0].href[:500] if reading.paid else "",
    )


def _strangers(reading: Reading, is_ours: IsOurs) -> Iterator[Wrong]:
    by_account: dict[tuple[str, str], list[str]] = {}
    for one in reading.strangers(is_ours):
        by_account.setdefault((one.network, one.publisher_id), []).append(one.href)
    for (network, publisher_id), hrefs in by_account.items():
        yield Wrong(
            STRANGER,
            WARNING,
            f"{_paid_links(len(hrefs))} of {network_name(network)} for the account {publisher_id}, which is not ours.",
            "If it is ours, add it: affiliate account add"
            f" {network} {publisher_id}. If not, replace the link: rewriting the article does it.",
            place=hrefs[0][:500],
        )


def _lost(reading: Reading, article: KnownArticle) -> Iterator[Wrong]:
    """What the register says that readers are told, and the page does not say."""
    if not reading.is_monetised:
        return
    since = f" since {article.shown_from:%Y-%m-%d}" if article.shown_from else ""
    shown = plain(reading.words)
    for what, text in (("sentence", article.sentence), ("label", article.label)):
        if text and plain(text) not in shown:
            yield Wrong(
                LOST,
                ERROR,
                f"The register says that this page shows the {what} “{text[:200]}”{since}; the page as it is served does not.",
                "The template drops it, or the page shows an older copy: publish the rewritten HTML, and let the template keep"
                " elements with data-affiliate-disclosure and data-affiliate-label.",
            )
            return


def failing(checked: Checked) -> Iterator[Wrong]:
    """One for each broken rule of each profile, however many places break it."""
    broken: dict[tuple[str, str], list[Finding]] = {}
    for finding in checked.findings:
        if finding.severity in (BLOCK, ERROR) and not finding.where.startswith(_TEASER_PLACE):
            broken.setdefault((finding.profile, finding.rule), []).append(finding)
    for (profile, rule), findings in broken.items():
        first = findings[0]
        more = f" (and {len(findings) - 1} more like it)" if len(findings) > 1 else ""
        yield Wrong(
            FAILING,
            first.severity,
            f"{profile}: {first.message}{more}",
            first.mend,
            place=first.where[:500],
            rule=rule,
        )


def _rel(reading: Reading) -> Iterator[Wrong]:
    bare = reading.without_rel()
    if bare:
        yield Wrong(
            REL,
            WARNING,
            f"{_paid_links(len(bare))} without rel=sponsored or nofollow.",
            'Add rel="sponsored" to it; rewriting the article does it for our links.',
            place=bare[0].href[:500],
        )


def _also(pages: int) -> str:
    others = pages - 1
    return (
        "" if not others else " (here and on 1 other page)" if others == 1 else f" (here and on {others:,} other pages)"
    )


def _paid_links(count: int) -> str:
    return "1 paid link" if count == 1 else f"{count:,} paid links"


def _by_network(reading: Reading) -> str:
    counted = Counter(network_name(link.network) if link.network else link.how for link in reading.paid)
    return ", ".join(f"{name} {count}" for name, count in counted.most_common())


def _named(services: tuple[str, ...]) -> str:
    return "A script of " + " and ".join(services)
