"""Where a label stands: in the headline's slot, with a sentence, with a link, in a teaser. What no reader sees counts nowhere."""

from collections.abc import Iterator
from itertools import islice

from affiliate.disclosure.pages.page import Page, Said, Teaser
from affiliate.disclosure.pages.paid import PaidLink
from affiliate.disclosure.pages.tree import HEADER, Place
from affiliate.disclosure.rules import Pack

_KICKER = 60  # characters: a kicker, a category, a date or a line of authors is shorter
_MOST_KICKERS = 4


def words_of(page: Page, pack: Pack) -> frozenset[str]:
    """The labels that a pack accepts on a page: those of the page's language, else those of the pack's own."""
    spoken = [language for language in page.languages if language in pack.labels] or list(pack.labels)
    return frozenset(word for language in spoken for word in pack.labels[language])


def concerned(page: Page, pack: Pack) -> list[PaidLink]:
    """The links that a pack is about: Amazon asks for those to Amazon alone, all others for any paid link. A link of which
    nobody knows where it leads is one to Amazon where it says so, one of ours also where the page has Amazon's own sentence."""
    if pack.key != "amazon":
        return page.earning
    is_amazons = bool(page.statements("amazon")) and not any(link.marketplace for link in page.earning)
    return [
        link
        for link in page.earning
        if link.marketplace or (link.is_unknown and ((is_amazons and link.is_ours) or page.names(link, "amazon")))
    ]


def in_headline_slot(page: Page, words: frozenset[str]) -> Said | None:
    """A label in the headline, or before it with nothing but a kicker, a category, a date or the sentence between."""
    headline = page.headline
    labels = [label for label in page.labels(words) if page.is_seen(label.place)]
    if headline is None:
        return next((label for label in labels if _opens(page, label)), None)
    inside = next((label for label in labels if headline.holds(label.place)), None)
    if inside is not None:
        return inside
    slot = list(_before_headline(page, headline))
    before = [label for label in labels if any(label.block is block for block in slot)]
    return next((label for label in before if not page.has_slot_between(label.order, headline.order)), None)


def _before_headline(page: Page, headline: Place) -> Iterator[object]:
    """The blocks of the slot, from the headline upwards."""
    for block in islice(page.live_before(headline.order), _MOST_KICKERS):
        if block.place.region == HEADER and headline.region != HEADER:
            return
        yield block
        if len(block.words) > _KICKER and not page.is_sentence(block):
            return


def _opens(page: Page, label: Said) -> bool:
    """Whether a text without a headline begins with a label."""
    if page.earning and label.order > page.earning[0].place.order:
        return False
    above = list(islice(page.live_before(label.block.order), _MOST_KICKERS))
    return len(above) < _MOST_KICKERS and all(len(block.words) <= _KICKER or page.is_sentence(block) for block in above)


def before_first_link(page: Page, words: frozenset[str], link: PaidLink) -> Said | None:
    """A label before a link: in the headline's slot or right below it, in the block of a sentence or right before it, or with the
    link or right before its block."""
    if found := in_headline_slot(page, words) or at_link(page, words, link):
        return found
    hosts = [said.block for said in page.seen_sentences_before(link.place.order, page.languages)]
    if (own := page.block_at(link.place.order)) is not None:
        hosts.append(own)
    numbered = {page.number_of(host): host for host in hosts}
    for label in page.labels(words):
        if label.order > link.place.order:
            break
        if not page.is_seen(label.place, link.place):
            continue
        number = page.number_of(label.block)
        near = (numbered.get(number), numbered.get(number + 1)) if number is not None else ()
        if any(host is not None and not page.has_slot_between(label.order, host.order) for host in near):
            return label
        if page.headline is not None and _is_right_below(page, page.headline, label):
            return label
    return None


def _is_right_below(page: Page, headline: Place, label: Said) -> bool:
    own = page.block_at(headline.order)
    is_near = own is not None and page.steps(own, label.block) == 1
    return is_near and not page.has_slot_between(headline.end, label.order)


def at_link(page: Page, words: frozenset[str], link: PaidLink, *, either_side: bool = False) -> Said | None:
    """A label before a link in its own block or in a box that is about it alone, or as the first that the link says; on
    `either_side` also within the link or right behind it. What hides both hides no label from the link."""
    labels = [label for label in page.labels_near(words, link) if page.is_seen(label.place, link.place)]
    place = link.place
    for label in labels:
        if label.place.link is place or place.holds(label.place):
            if either_side or _is_first_word(page, label, place):
                return label
        elif (label.place.link is None and label.order < place.order) or (
            either_side
            and label.place.link is None
            and not page.has_link_between(place, label.order)
            and not page.is_parted(place, label)
        ):
            return label
    return None


def _is_first_word(page: Page, label: Said, link: Place) -> bool:
    seen = (run for run in page.runs_of(link) if page.is_live(run.place, link))
    first = next(seen, None)
    return first is not None and first.order == label.order and not label.is_behind


def at_teaser(page: Page, words: frozenset[str], teaser: Teaser) -> Said | None:
    """A label in a teaser, or before it in its card."""
    for label in page.labels_at(words, teaser):
        if label.place.link in (None, teaser.place) and page.is_seen(label.place, teaser.place):
            return label
    return None
