"""Whether readers are told, before they click, who pays for what: by a sentence, or where a label is enough, by labels."""

from collections.abc import Iterator

from affiliate.disclosure.checks.breach import breach
from affiliate.disclosure.findings import WARNING, Finding
from affiliate.disclosure.pages.page import Page, Said
from affiliate.disclosure.pages.paid import PaidLink
from affiliate.disclosure.pages.standing import at_link, before_first_link, concerned, in_headline_slot, words_of
from affiliate.disclosure.pages.tree import AD_SLOT, COMMENTS, DIALOG
from affiliate.disclosure.rules import Pack, Rule

_OTHERS = frozenset({AD_SLOT, COMMENTS, DIALOG})  # advertisers and readers speak there


def languages_of(page: Page, pack: Pack) -> tuple[str, ...]:
    """Those in which a sentence is understood: the page's, else those that the pack knows labels in."""
    return page.languages or tuple(pack.labels)


def before_link(page: Page, rule: Rule, pack: Pack) -> Iterator[Finding]:
    """A sentence stands before the first paid link, whatever labels there are."""
    links = concerned(page, pack)
    if links and not told(page, pack, links[0]):
        yield _untold(page, rule, pack, links[0])


def told_before_link(page: Page, rule: Rule, pack: Pack) -> Iterator[Finding]:
    """A sentence stands before the first paid link, or a label does."""
    yield from beside(page, rule, pack)
    links = concerned(page, pack)
    if not links or told(page, pack, links[0]):
        return
    words = words_of(page, pack)
    if before_first_link(page, words, links[0]) is None and not _all_labelled(page, pack, links):
        yield _untold(page, rule, pack, links[0])


def told_at_links(page: Page, rule: Rule, pack: Pack) -> Iterator[Finding]:
    """A sentence stands before the first paid link, or a label at every paid link. A label at the headline alone does not say
    which links pay."""
    yield from beside(page, rule, pack)
    links = concerned(page, pack)
    if not links or told(page, pack, links[0]) or _all_labelled(page, pack, links):
        return
    label = in_headline_slot(page, words_of(page, pack))
    if label is None:
        yield _untold(page, rule, pack, links[0])
        return
    message = "The label at the headline does not say that you are paid when readers buy; no sentence does."
    yield breach(page, pack, rule, message, links[0].where, measured=label.where, at_most=WARNING)


def beside(page: Page, rule: Rule, pack: Pack) -> Iterator[Finding]:
    """Paid links in menus and in boxes beside the article do not decide its order; those that say nothing are told."""
    if pack.key == "amazon" or not page.beside:
        return
    words = words_of(page, pack)
    told_in = {
        said.place.region: said.end for said in reversed(page.sentences(languages_of(page, pack))) if said.is_seen
    }
    bare = [
        link
        for link in page.beside
        if link.place.region not in _OTHERS
        and told_in.get(link.place.region, link.place.order) >= link.place.order
        and at_link(page, words, link, either_side=True) is None
    ]
    if bare:
        message = "A paid link beside the article has neither a label nor a sentence."
        measured = f"{len(bare)} of them" if len(bare) > 1 else ""
        where = f"{bare[0].place.region}: {bare[0].href[:120]}"
        yield breach(page, pack, rule, message, where, measured=measured, at_most=WARNING)


def told(page: Page, pack: Pack, link: PaidLink) -> tuple[Said, ...]:
    """The sentences that are seen before a link. Where only Amazon earns, its own sentence says it too: I earn when you buy."""
    said = page.seen_sentences_before(link.place.order, languages_of(page, pack))
    if said or not all(each.marketplace for each in concerned(page, pack)):
        return said
    return tuple(each for each in page.statements("amazon") if each.end < link.place.order and page.is_seen(each.place))


def is_told(page: Page, pack: Pack) -> bool:
    """Whether a page with paid links tells its readers before the first, by a sentence or labels."""
    if not page.earning:
        return False
    first, words = page.earning[0], words_of(page, pack)
    return (
        bool(told(page, pack, first))
        or before_first_link(page, words, first) is not None
        or _all_labelled(page, pack, page.earning)
    )


def _all_labelled(page: Page, pack: Pack, links: list[PaidLink]) -> bool:
    words = words_of(page, pack)
    return bool(words) and all(at_link(page, words, link, either_side=True) for link in links)


def _untold(page: Page, rule: Rule, pack: Pack, link: PaidLink) -> Finding:
    message = "No sentence before the first paid link says that you are paid for it."
    return breach(page, pack, rule, message, link.where, measured=_instead(page, pack, link))


def _instead(page: Page, pack: Pack, link: PaidLink) -> str:
    """What there is in its place, so that whoever mends it finds it."""
    for said in page.sentences(languages_of(page, pack)):
        if said.end > link.place.order:
            return f"it stands behind the link: {said.where}"
        if not said.is_seen:
            return f"it is there, but not seen: {said.where}"
    return ""
