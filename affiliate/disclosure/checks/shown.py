"""What a browser's window shows of a disclosure: whether it is seen, without doing anything, in which size and contrast, how near
the links it stands, and whether it needs scripts. Without a window there is nothing to say.

Of several sentences or labels that each would do, one that is fine is enough.
"""

from collections.abc import Callable, Iterator

from affiliate.disclosure.checks import labels, sentence
from affiliate.disclosure.checks.breach import breach
from affiliate.disclosure.findings import INFO, WARNING, Finding
from affiliate.disclosure.looks import Look
from affiliate.disclosure.pages.page import Page, Said
from affiliate.disclosure.pages.sight import Sight
from affiliate.disclosure.pages.standing import at_link, concerned, words_of
from affiliate.disclosure.rules import Pack, Rule

# What says that something is missing where readers need it. Where nothing is missing, what is hidden as well is no matter:
# pages carry one copy for phones and one for desks.
_PLACING = {
    "told-before-link": sentence.told_before_link,
    "told-at-links": sentence.told_at_links,
    "sentence-before-link": sentence.before_link,
    "label-before-link": labels.before_link,
    "label-at-headline": labels.at_headline,
    "label-at-link": labels.every_link,
}
_LABELS = frozenset({"label-before-link", "label-at-headline", "label-at-link"})
_MOST = 3  # hidden texts that are told one by one
_MOST_LINKS = 60

_SMALLEST_PX = 12  # ours, as is the ratio: no authority states either for the web
_SMALLEST_RATIO = 0.8
_AS_LARGE = frozenset({"jp", "rakuten"})  # JP-02 and RAK-03 ask for no less than the size of the text
_ROUNDING = 0.99
_CONTRAST, _CONTRAST_LARGE = 4.5, 3.0  # WCAG 2.2 §1.4.3
_LARGE_PX, _LARGE_BOLD_PX = 24, 18.66  # 18 and 14 points


def seen(page: Page, rule: Rule, pack: Pack) -> Iterator[Finding]:
    """What would disclose stands in the page and cannot be seen."""
    for said, look in _unseen(page, pack):
        if look.hidden_by:
            message = "This is in the page, but readers do not see it."
            yield breach(page, pack, rule, message, said.where, measured=look.hidden_by)
        elif not look.action:
            yield _displaced(page, rule, pack, said)


def no_action(page: Page, rule: Rule, pack: Pack) -> Iterator[Finding]:
    """What would disclose has to be opened, hovered or swiped to first."""
    for said, look in _unseen(page, pack):
        if look.action:
            message = "Readers have to do something before they see this."
            yield breach(page, pack, rule, message, said.where, measured=look.action)


def _displaced(page: Page, rule: Rule, pack: Pack, said: Said) -> Finding:
    sight = _sight(page)
    link = sight.displaced_by(said.place)
    if link is None:
        message = "Of this, readers see words that do not tell them that you are paid."
        return breach(
            page, pack, rule, message, said.where, measured=f"“{sight.look(said.place).words().strip()[:80]}”"
        )
    there = round(sight.look(said.place).y - sight.look(link.place).y)
    message = "Styles move this below a paid link, which readers therefore meet first."
    return breach(page, pack, rule, message, said.where, measured=f"{there} px below {link.where}")


def _unseen(page: Page, pack: Pack) -> list[tuple[Said, Look]]:
    """The sentences and labels before the first paid link that would be needed and are not seen."""
    links = concerned(page, pack)
    if page.screen is None or not links or not _missing(page, pack):
        return []
    order = links[0].place.order
    before = [*page.sentences_before(order, sentence.languages_of(page, pack))]
    if _LABELS & _checks(pack) or not before:
        before += [label for label in page.labels(words_of(page, pack)) if label.order < order]
    hidden = [said for said in before if said.place.mark and not page.shows(said)]
    return [(said, page.screen.look(said.place.mark)) for said in hidden][:_MOST]


def _missing(page: Page, pack: Pack) -> list[Finding]:
    """What the pack's rules about places say of a page, notes left out."""
    known = page.sight.missing if page.sight else {}
    if pack.key not in known:
        known[pack.key] = placing(page, pack)
    return known[pack.key]


def placing(page: Page, pack: Pack) -> list[Finding]:
    """What the pack's rules about places miss on a page, notes left out."""
    return [
        finding
        for rule in pack.rules
        for name in rule.checks
        if name in _PLACING
        for finding in _PLACING[name](page, rule, pack)
        if finding.severity != INFO
    ]


def _checks(pack: Pack) -> frozenset[str]:
    return frozenset(name for rule in pack.rules for name in rule.checks)


def _sight(page: Page) -> Sight:
    if page.sight is None:
        raise ValueError("a page without a window")
    return page.sight


# what has to be fine


def _needed(page: Page, pack: Pack) -> list[list[Said]]:
    """Groups of texts that are seen, of each of which one has to be fine."""
    links = concerned(page, pack)
    if page.screen is None or not links:
        return []
    words = words_of(page, pack)
    sentences = list(sentence.told(page, pack, links[0]))
    before = [label for label in page.labels(words) if label.order < links[0].place.order and page.is_seen(label.place)]
    if _LABELS & _checks(pack) and (before or sentences):
        return [group for group in (sentences, before) if group]
    if sentences or before:
        return [sentences + before]
    at_links = (at_link(page, words, link, either_side=True) for link in links[:_MOST_LINKS])
    return [[label] for label in at_links if label]


def _best(group: list[Said], value: Callable[[Said], float]) -> tuple[Said, float]:
    best = max(group, key=value)
    return best, value(best)


def _told_once(findings: Iterator[Finding]) -> Iterator[Finding]:
    yield from dict.fromkeys(findings)


def size(page: Page, rule: Rule, pack: Pack) -> Iterator[Finding]:
    """How large it is beside the article's running text."""
    yield from _told_once(_sizes(page, rule, pack))


def _sizes(page: Page, rule: Rule, pack: Pack) -> Iterator[Finding]:
    for group in _needed(page, pack):
        said, px = _best(group, lambda each: _px(page, each))
        text_px = _sight(page).screen.text_px
        ratio = px / text_px
        if ratio >= _ROUNDING and px >= _SMALLEST_PX:
            continue
        is_small = ratio < _SMALLEST_RATIO or px < _SMALLEST_PX or (pack.key in _AS_LARGE and ratio < _ROUNDING)
        message = (
            "This is too small beside the text around it." if is_small else "This is smaller than the text around it."
        )
        measured = f"{px:.3g} px, {ratio:.2f} of the running text ({text_px:.3g} px)"
        at_most = "" if is_small else WARNING
        mend = f"Give it the size of the article's paragraphs, {text_px:.3g} px."
        yield breach(page, pack, rule, message, said.where, measured=measured, mend=mend, at_most=at_most)


def _px(page: Page, said: Said) -> float:
    """The largest size at which the words that are at least so large still tell it."""
    sight = _sight(page)
    look = sight.look(said.place)
    for px in sorted({part.font_px for part in look.parts if part.is_seen}, reverse=True):
        if page.still_tells(said, lambda part, px=px: part.is_seen and part.font_px >= px):  # type: ignore[misc]
            return px
    return look.font_px


def contrast(page: Page, rule: Rule, pack: Pack) -> Iterator[Finding]:
    """How far its colour stands out from what is behind it."""
    yield from _told_once(_contrasts(page, rule, pack))


def _contrasts(page: Page, rule: Rule, pack: Pack) -> Iterator[Finding]:
    for group in _needed(page, pack):
        said, share = _best(group, lambda each: _contrast_share(page, each))
        if share >= 1:
            continue
        look = _sight(page).look(said.place)
        if share < 0:
            message = "Whether this stands out cannot be measured: it stands on a picture, a gradient or an effect."
            mend = "Look at it in the picture of the window, or put it on a plain background."
            yield breach(page, pack, rule, message, said.where, mend=mend, at_most=WARNING)
        else:
            measured = f"contrast {look.contrast or 0:.2f}:1, at least {_least(look)}:1 is needed"
            yield breach(page, pack, rule, "This is too pale against its background.", said.where, measured=measured)


def _least(look: Look) -> float:
    is_large = look.font_px >= _LARGE_PX or (look.bold and look.font_px >= _LARGE_BOLD_PX)
    return _CONTRAST_LARGE if is_large else _CONTRAST


def _contrast_share(page: Page, said: Said) -> float:
    """The contrast as a share of what is needed, at most 1; below 0 where it cannot be measured."""
    look = _sight(page).look(said.place)
    if look.contrast is None:
        return 0.999 if not look.parts else -1
    return min(1.0, look.contrast / _least(look))


def distance(page: Page, rule: Rule, pack: Pack) -> Iterator[Finding]:
    """Whether readers meet it in the first window or right above the first paid link, and not far above the others."""
    if page.screen is None:
        return
    links = concerned(page, pack)
    sight = _sight(page)
    told = [said for group in _needed(page, pack) for said in group]
    shown = [(link, look) for link, look in sight.shown_links if any(link is each for each in links)]
    if not told or not shown:
        return
    window = page.screen.height
    heights = [sight.look(said.place) for said in told]
    first = min(look.y for _link, look in shown)
    if not any(look.y < window or 0 <= first - look.y <= window for look in heights):
        nearest = min(heights, key=lambda look: look.y)
        message = "Readers meet this neither in the first window nor right above the first paid link."
        measured = f"{nearest.y / window:.1f} windows below the top of the page, {(first - nearest.y) / window:.1f} above the link"
        yield breach(page, pack, rule, message, told[0].where, measured=measured)
        return
    words = words_of(page, pack)
    far = [
        (link, look)
        for link, look in shown
        if not any(0 <= look.bottom - each.y <= window for each in heights)
        and at_link(page, words, link, either_side=True) is None
    ]
    if far:
        link, look = far[0]
        windows = (look.y - max(each.y for each in heights)) / window
        message = "Paid links stand farther than one window below it, without a label; the number is ours."
        measured = f"{len(far)} of {len(shown)} paid links, the first {windows:.1f} windows below"
        mend = "Put a label at these links, or say it again near them."
        yield breach(page, pack, rule, message, link.where, measured=measured, mend=mend, at_most=WARNING)


def without_scripts(page: Page, rule: Rule, pack: Pack) -> Iterator[Finding]:
    """Whether it stands in the page as the server sends it."""
    if page.screen is None or page.served is None or not concerned(page.served, pack):
        return
    if _missing(page.served, pack) and not _missing(page, pack):
        message = "The disclosure is there only after scripts have run."
        yield breach(page, pack, rule, message, "page", at_most=WARNING)
