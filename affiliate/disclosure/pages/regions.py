"""Which part of a page each element belongs to: the article, or a menu, header, footer, box beside it, comments, advert slot, dialog.

Tags and roles say it themselves. A name (class, id) is only a hint: a CMS and its plugins write the state and the subject of the
page into names (`cookies-not-set`, `category-cookies`, `is-below-header-ad`), and layouts wrap all of a page in names such as
`dialog-off-canvas-main-canvas` (counted on 836 saved pages of magazines, news sites, food blogs and shops). What an element
holds decides: never one that holds the headline or most of the text; and only what is proven by what it holds excuses the paid
links in it. What is doubtful tells readers nothing and excuses nothing.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from functools import cached_property

from affiliate.disclosure.pages.tree import (
    AD_SLOT,
    ASIDE,
    COMMENTS,
    DIALOG,
    FOOTER,
    HEADER,
    NAV,
    SLOT_TAGS,
    Place,
    Tree,
)

_ROLES = {
    "navigation": NAV,
    "banner": HEADER,
    "contentinfo": FOOTER,
    "complementary": ASIDE,
    "dialog": DIALOG,
    "alertdialog": DIALOG,
}
_OUTER = frozenset({"html", "body", "main", "article"})

# Names that ad servers, consent tools and systems of comments give their boxes; each stands for a whole part of the name.
_SLOT = re.compile(
    r"(?:^|[\s_-])(?:ad-?(?:slot|unit|banner|placeholder|space|zone)s?|dfp(?:-?ad)?|gpt|google_ads\w*|adsbygoogle|leaderboard|mpu"
    r"|billboard|skyscraper|banner-?ads?|taboola|outbrain|teads|revcontent|htlad|amp-ad)(?:$|[\s_-]|\d)",
    re.IGNORECASE,
)
_CONSENT = re.compile(
    r"(?:^|[\s_-])(?:cookies?(?:-?\w+)?|consent(?:-?\w+)?|onetrust|didomi|usercentrics|qc-cmp\d?|sp_message|cmp|gdpr)(?:$|[\s_-])",
    re.IGNORECASE,
)
_COMMENTS = re.compile(
    r"(?:^|[\s_-])(?:comments?|comment-?list|disqus(?:_thread)?|user-comments)(?:$|[\s_-])", re.IGNORECASE
)
# Whole names that a slot has, and an author's label or box as well.
_MAYBE_SLOT = frozenset(
    {"ad", "ads", "advert", "adverts", "advertisement", "advertising", "advertorial", "banner", "werbung", "anzeige"}
)
# What a CMS writes about the subject or the state of a page, an article or a teaser.
_NO_PART = re.compile(
    r"(?!(?:post|page|node|single|section)[-_]comments?\b)(?:category|cat|tag|post|postid|format|type|status|term|tax|taxonomy|topic|section|author|page|single|archive|parent|node|has|is"
    r"|no|not|with|without|f)[-_]"
    r"|(?:.*[-_])?(?:not[-_]set|accepted|rejected|dismissed|declined|allowed|denied|given|enabled|disabled|loaded|loading|ready|active"
    r"|inactive|visible|on|off|open|closed|hidden|shown|set)$",
    re.IGNORECASE,
)

_MOST_OF_A_SLOT = (
    300  # characters: what an advert says; a wall of recommended articles holds more, and is known by its script
)
_MOST_OF_A_BARE_SLOT = 40  # characters: the label above an advert
_SHARE_OF_A_SLOT = 0.2  # of the page's text
_LEAST = 300  # characters that are most of a page: of a shorter text a share says nothing
_SLOT_THINGS = SLOT_TAGS | {"script", "embed", "object"}
_BOXES = frozenset({"div", "aside", "section", "center", "figure", "li"})
_HEADINGS = frozenset({"h1", "h2", "h3"})

_CHOICE = re.compile(
    r"\W*(?:(?:i )?(?:accept|agree|allow|reject|decline|deny|consent)\b|got it|ok(?:ay)?\b|manage|(?:alle[ns]? )?(?:akzeptieren|zustimmen|ablehnen)"
    r"|einverstanden|verstanden|(?:tout |j.)?(?:accepter?|refuser)|continuer sans|acept|rechaz|accett|rifiut|accepte|akkoord|weiger|godkänn"
    r"|acceptera|avvisa|hyväksy|同意|承諾|許可)",
    re.IGNORECASE,
)
_ABOUT_CONSENT = re.compile(
    r"\b(?:use[sd]?|using|set|store[sd]?|accept\w*|manage|allow|reject|our|these|about|all|necessary)\s+(?:\w+\s+){0,2}cookies\b"
    r"|\bcookies?[\s-](?:policy|settings?|preferences|notice|consent|richtlinie|einstellungen)|\bconsent\b|\bprivacy\b|\bgdpr\b|personal data"
    r"|datenschutz|einwillig|\bcookies\b.{0,40}(?:verwend|nutz|einsatz|website|seite|sito|site|sitio)|(?:verwend|nutz|utilis|utiliz|gebruik|använd)\w*"
    r".{0,40}cookies|confidentialit|vie privée|privacidad|クッキー|cookieを",
    re.IGNORECASE | re.DOTALL,
)
_FIXED = re.compile(r"position\s*:\s*(?:fixed|sticky)", re.IGNORECASE)
_REPLY = re.compile(
    r"\W*(?:reply|antworten|répondre|responder|rispondi|reageer|beantwoorden|svara|返信)\b", re.IGNORECASE
)
_ENTRY = re.compile(r"(?:^|[\s_-])comments?(?:$|[\s_-])", re.IGNORECASE)


def settle(tree: Tree) -> None:
    """Gives every element its region, and says which elements are the page's core: those that no name makes anything else."""
    holdings = _Holdings(tree)
    for place in holdings.core():
        place.is_core = True
    for place in tree.places:
        around = place.parent
        if around is not None and around.region:
            place.region, place.excuses = around.region, around.excuses
        else:
            place.region, place.excuses = _region(place, holdings)
    for place in tree.shut_in:
        if place.parent is not None:
            place.region, place.excuses = place.parent.region, place.parent.excuses


def _region(place: Place, holdings: "_Holdings") -> tuple[str, bool]:
    """An element's own region ("" for none), and whether paid links in it are no business of the article's."""
    tag, role = place.tag, place.attrs.get("role", "")
    if tag in _OUTER or role in ("main", "article"):
        return "", False
    if own := _structural(place, tag, role):
        return ("", False) if own != HEADER and holdings.is_the_article(place) else (own, True)
    if place.is_core or not ("class" in place.attrs or "id" in place.attrs):
        return "", False
    names = " ".join(_telling(place))
    for pattern, decide in _NAMED:
        if pattern(names):
            found = decide(place, holdings)
            if found[0]:
                return found
    return "", False


def _structural(place: Place, tag: str, role: str) -> str:
    if tag in ("nav", "menu", "dialog"):
        return DIALOG if tag == "dialog" else NAV
    region = _ROLES.get(role) or (tag if tag in (HEADER, FOOTER, ASIDE) else "")
    if region in (HEADER, FOOTER, ASIDE):
        in_article = place.article is not None and (place.article.tag == "article" or region != ASIDE)
        region = "" if in_article else region
    return region


def _telling(place: Place) -> Iterator[str]:
    """The names that may say what an element is."""
    for name in (*place.attrs.get("class", "").split(), *place.attrs.get("id", "").split()):
        if not _NO_PART.match(name):
            yield name


def _slot(place: Place, holdings: "_Holdings") -> tuple[str, bool]:
    """A box for adverts holds what shows them, or next to nothing."""
    length = holdings.length(place)
    has_things = holdings.has(place, holdings.slot_things)
    if length > _MOST_OF_A_SLOT and not (has_things and length <= holdings.total * _SHARE_OF_A_SLOT):
        return "", False
    is_picture = length <= _MOST_OF_A_BARE_SLOT and holdings.has(place, holdings.pictures)
    return AD_SLOT, length <= _MOST_OF_A_SLOT and (has_things or is_picture)


def _maybe_slot(place: Place, holdings: "_Holdings") -> tuple[str, bool]:
    """A box that is only called an advert: one with something to show it, or one outside of the article with a label alone."""
    if place.tag not in _BOXES or holdings.has(place, holdings.headings):
        return "", False
    length = holdings.length(place)
    if holdings.has(place, holdings.slot_things) and length <= _MOST_OF_A_SLOT:
        return AD_SLOT, True
    if length <= _MOST_OF_A_BARE_SLOT and not holdings.is_beside_headline(place):
        return AD_SLOT, False
    return "", False


def _comments(place: Place, holdings: "_Holdings") -> tuple[str, bool]:
    """What readers write stands behind the headline, with a field for more of it, with several entries, or with replies."""
    headline = holdings.headline
    if headline is not None and place.order < headline.order:
        return "", False
    if (
        holdings.has(place, holdings.fields)
        or holdings.has(place, holdings.replies)
        or holdings.count(place, holdings.entries) >= 2
    ):
        return COMMENTS, True
    return (COMMENTS, False) if place.article is None else ("", False)


def _consent(place: Place, holdings: "_Holdings") -> tuple[str, bool]:
    """A consent dialog asks for a choice, speaks of consent, or lies over the page. Nobody puts a paid link into one."""
    is_one = (
        _FIXED.search(place.attrs.get("style", "")[:4000])
        or "aria-modal" in place.attrs
        or holdings.has(place, holdings.choices)
        or _ABOUT_CONSENT.search(holdings.words(place))
    )
    return (DIALOG, False) if is_one else ("", False)


def _is_maybe_slot(names: str) -> bool:
    return not _MAYBE_SLOT.isdisjoint(names.lower().split())


def may_name_a_region(names: str) -> bool:
    """Whether a class or an id is one that may make its element no part of the article, depending on what it holds."""
    return any(pattern(names) for pattern, _decide in _NAMED)


_Decide = Callable[[Place, "_Holdings"], tuple[str, bool]]
_NAMED: tuple[tuple[Callable[[str], object], _Decide], ...] = (
    (_SLOT.search, _slot),
    (_COMMENTS.search, _comments),
    (_CONSENT.search, _consent),
    (_is_maybe_slot, _maybe_slot),
)


class _Holdings:
    """What the elements of a page hold. Places are numbered in document order: each question is two searches in a list."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._runs = [
            run for block in tree.blocks for run in block.runs if run.place.hider is None and run.text.strip()
        ]
        self._orders = [run.order for run in self._runs]
        self._sums = [0]
        for run in self._runs:
            self._sums.append(self._sums[-1] + len(run.text.strip()))

    @property
    def total(self) -> int:
        """Characters of text on the page."""
        return self._sums[-1]

    def length(self, place: Place) -> int:
        """Characters of text in an element, as far as markup lets it be seen."""
        return self._sums[bisect_right(self._orders, place.end)] - self._sums[bisect_left(self._orders, place.order)]

    def words(self, place: Place) -> str:
        first, last = bisect_left(self._orders, place.order), bisect_right(self._orders, place.end)
        return " ".join(run.text for run in self._runs[first : min(last, first + 200)])[:4000]

    def core(self) -> Iterator[Place]:
        """The outer elements of a page, and those that hold its headline or most of its text."""
        yield from (place for place in self._tree.places if place.tag in _OUTER)
        if self.headline is not None:
            yield from self.headline.around()
        yield from self._most()

    def _most(self) -> Iterator[Place]:
        """An element with more than half of the text holds its middle."""
        if self.total <= _LEAST:
            return
        middle = self._runs[bisect_left(self._sums, self.total / 2) - 1]
        for place in middle.place.around():
            if self.length(place) * 2 > self.total:
                yield place

    def is_the_article(self, place: Place) -> bool:
        """Whether an element holds both the headline and most of the text."""
        if self.headline is None or not place.holds(self.headline):
            return False
        return self.total > _LEAST and self.length(place) * 2 > self.total

    @cached_property
    def headline(self) -> Place | None:
        """The heading of an article; on a page without one that with the most text up to the next: a magazine's name has little."""
        found = [place for place in self._tree.places if _is_headline(place) and self.length(place)]
        found = [place for place in found if place.article is not None] or found
        if not found:
            headings = (place for place in self._tree.places if place.tag == "h2" and place.article is not None)
            return next((place for place in headings if place.hider is None and self.length(place)), None)
        if found[0].article is not None:
            return found[0]
        ends = [place.order for place in found[1:]] + [self._tree.size + 1]
        spans = [self._between(place.order, end) for place, end in zip(found, ends, strict=True)]
        return found[spans.index(max(spans))]

    def _between(self, first: int, last: int) -> int:
        return self._sums[bisect_left(self._orders, last)] - self._sums[bisect_left(self._orders, first)]

    def is_beside_headline(self, place: Place) -> bool:
        """Whether an element stands in the same article (else main part) as the headline."""
        if self.headline is None:
            return False
        holder = next((one for one in self.headline.around() if one.tag in ("article", "main")), None)
        return holder is not None and holder.holds(place)

    def has(self, place: Place, orders: list[int]) -> bool:
        return self.count(place, orders) > 0

    def count(self, place: Place, orders: list[int]) -> int:
        """How many of these elements (their numbers) stand in an element."""
        return bisect_right(orders, place.end) - bisect_right(orders, place.order)

    def _of(self, wanted: Callable[[Place], object]) -> list[int]:
        return [place.order for place in self._tree.places if wanted(place)]

    @cached_property
    def slot_things(self) -> list[int]:
        return self._of(lambda place: place.tag in _SLOT_THINGS)

    @cached_property
    def pictures(self) -> list[int]:
        return self._of(lambda place: place.tag in ("img", "picture", "amp-img"))

    @cached_property
    def headings(self) -> list[int]:
        return self._of(lambda place: place.tag in _HEADINGS)

    @cached_property
    def fields(self) -> list[int]:
        return self._of(lambda place: place.tag == "textarea")

    @cached_property
    def entries(self) -> list[int]:
        return self._of(
            lambda place: (
                place.tag in ("li", "article", "div", "section") and _ENTRY.search(place.attrs.get("class", ""))
            )
        )

    @cached_property
    def replies(self) -> list[int]:
        """Links of readers, and controls to answer them."""
        return self._of(
            lambda place: (
                (place.tag == "a" and "ugc" in place.attrs.get("rel", "").lower().split())
                or (place.tag in ("a", "button") and _REPLY.match(self.words(place)))
            )
        )

    @cached_property
    def choices(self) -> list[int]:
        """Controls that accept or refuse something."""
        return self._of(
            lambda place: _is_control(place) and _CHOICE.match(self.words(place) or place.attrs.get("value", ""))
        )


def _is_headline(place: Place) -> bool:
    is_one = place.tag == "h1" or (place.attrs.get("role") == "heading" and place.attrs.get("aria-level") == "1")
    return is_one and place.hider is None


def _is_control(place: Place) -> bool:
    return (
        place.tag in ("button", "a")
        or place.attrs.get("role") == "button"
        or (place.tag == "input" and place.attrs.get("type", "") in ("button", "submit"))
    )
