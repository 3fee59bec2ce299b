"""Whether the label stands where readers need it: at the headline, before the first paid link, at each of them, at teasers."""

from collections.abc import Iterator

from affiliate.disclosure.checks.breach import breach
from affiliate.disclosure.checks.sentence import beside
from affiliate.disclosure.findings import INFO, WARNING, Finding
from affiliate.disclosure.pages.page import EDITORIAL, PRODUCT_LED, TEASERS, Page
from affiliate.disclosure.pages.standing import (
    at_link,
    at_teaser,
    before_first_link,
    concerned,
    in_headline_slot,
    words_of,
)
from affiliate.disclosure.rules import Pack, Rule

_SHOWN = 3  # unlabelled links that are told one by one


def at_headline(page: Page, rule: Rule, pack: Pack) -> Iterator[Finding]:
    """A product-led article is advertising as a whole, and says so at its headline."""
    if page.kind == PRODUCT_LED and page.earning:
        if in_headline_slot(page, words_of(page, pack)) is None:
            message = "A product-led article needs the advertising label in or before its headline."
            yield breach(
                page,
                pack,
                rule,
                message,
                "headline",
                measured=_headline(page),
                mend=_put(pack, page, "right before the headline"),
            )
    elif page.earning and not page.kind_is_said:
        message = "The kind of the article is not said: it was checked as mixed. A product-led one needs the label at its headline."
        mend = 'Say it with --kind, or in <meta name="x-content-kind">.'
        yield breach(page, pack, rule, message, "page", mend=mend, at_most=INFO)


def before_link(page: Page, rule: Rule, pack: Pack) -> Iterator[Finding]:
    """The label stands before the first paid link: at the headline, with the sentence, or with the link."""
    links = concerned(page, pack)
    if links and before_first_link(page, words_of(page, pack), links[0]) is None:
        message = "No advertising label stands before the first paid link."
        yield breach(
            page,
            pack,
            rule,
            message,
            links[0].where,
            mend=_put(pack, page, "before the headline, or right before the sentence"),
        )


def every_link(page: Page, rule: Rule, pack: Pack) -> Iterator[Finding]:
    """In an article of which only parts pay, each paid link is labelled, if the headline is not."""
    yield from beside(page, rule, pack)
    links = concerned(page, pack)
    if not links or (pack.kind == "jurisdiction" and page.kind == PRODUCT_LED):
        return
    words = words_of(page, pack)
    if pack.kind == "jurisdiction" and page.headline is not None and in_headline_slot(page, words) is not None:
        return
    either = pack.kind != "jurisdiction"
    bare = [link for link in links if at_link(page, words, link, either_side=either) is None]
    message = "No advertising label stands before this paid link in its own block."
    if either:
        message = "No label stands at this paid link."
    for link in bare[:_SHOWN]:
        yield breach(page, pack, rule, message, link.where, mend=_put(pack, page, "right before the link"))
    if len(bare) > _SHOWN:
        rest = f"paid links {bare[_SHOWN].number} to {bare[-1].number}"
        yield breach(
            page,
            pack,
            rule,
            f"{len(bare) - _SHOWN} more paid links have no label.",
            rest,
            mend=_put(pack, page, "right before each"),
        )


def teaser(page: Page, rule: Rule, pack: Pack) -> Iterator[Finding]:
    """What leads to a product-led article needs the label before the click: teasers, titles in feeds."""
    words = words_of(page, pack)
    unknown = 0
    for each in page.teasers:
        if each.target in ("mixed", EDITORIAL) or at_teaser(page, words, each) is not None:
            continue
        if each.target == PRODUCT_LED:
            message = "This teaser of a product-led article has no advertising label."
            yield breach(page, pack, rule, message, each.where, mend=_put(pack, page, "before the teaser's headline"))
        elif page.kind == TEASERS:
            message = "The teaser does not say the kind of its article; a product-led one needs the label here."
            yield breach(page, pack, rule, message, each.where, mend="Say it with data-target-kind.", at_most=WARNING)
        else:
            unknown += 1
    if unknown:
        message = "Teasers do not say the kind of their articles; those of product-led ones need the label."
        yield breach(
            page, pack, rule, message, f"{unknown} teasers", mend="Say it with data-target-kind.", at_most=INFO
        )
    if page.kind == TEASERS and not page.teasers:
        yield breach(page, pack, rule, "No teaser was recognised on this page of teasers.", "page", at_most=WARNING)
    if page.is_item and not page.earning:
        yield from _title(page, rule, pack)
    if page.kind == PRODUCT_LED and page.earning:
        yield from _shared(page, rule, pack)


def _title(page: Page, rule: Rule, pack: Pack) -> Iterator[Finding]:
    """An item of a feed without its article: a teaser of it."""
    if page.kind == EDITORIAL or in_headline_slot(page, words_of(page, pack)) is not None:
        return
    if page.kind == PRODUCT_LED:
        message = "The title of a product-led article has no advertising label."
        yield breach(page, pack, rule, message, "title", mend=_put(pack, page, "at the beginning of the title"))
    elif not page.kind_is_said:
        message = "The feed does not say the kind of its article; the title of a product-led one needs the label."
        yield breach(
            page, pack, rule, message, "title", mend="Say it with --kind.", at_most=WARNING if rule.fails else INFO
        )


def _shared(page: Page, rule: Rule, pack: Pack) -> Iterator[Finding]:
    title = page.meta("og:title")
    if title and not page.is_labelled(title, words_of(page, pack)):
        message = "The title that social networks show (og:title) carries no advertising label."
        yield breach(page, pack, rule, message, "og:title", measured=f"“{title[:80]}”", at_most=INFO)


def _headline(page: Page) -> str:
    return f"“{page.words_in(page.headline)[:80]}”" if page.headline is not None else "no headline"


def _put(pack: Pack, page: Page, place: str) -> str:
    """How to mend it, with the word of the page's language."""
    words = next((pack.labels[language] for language in page.languages if language in pack.labels), None)
    words = words or next(iter(pack.labels.values()), ())
    return f"Put “{words[0]}” {place}." if words else ""
