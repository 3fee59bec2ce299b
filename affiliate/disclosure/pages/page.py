"""A page as its readers meet it: its kind and language, the headline, the paid links, and the texts that may disclose them.

A page is built from markup alone, or from what a browser shows in one window; then text counts only if it is seen there.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from itertools import islice

from affiliate.disclosure import wording
from affiliate.disclosure.looks import Part, Screen
from affiliate.disclosure.pages.paid import SCRIPT, SPONSORED, PaidLink, Reader, rewriters
from affiliate.disclosure.pages.regions import settle
from affiliate.disclosure.pages.sight import Sight
from affiliate.disclosure.pages.styles import Styles, is_named_hidden
from affiliate.disclosure.pages.tongue import language_of
from affiliate.disclosure.pages.tree import (
    AD_SLOT,
    ASIDE,
    COMMENTS,
    DIALOG,
    FOOTER,
    HEADER,
    NAV,
    SHUT,
    SLOT_TAGS,
    Block,
    Place,
    Run,
    Tree,
    plain,
)
from affiliate.urls import host_of, registrable_domain

PRODUCT_LED, MIXED, EDITORIAL, TEASERS = "product-led", "mixed", "editorial", "teaser"
_KINDS = frozenset({PRODUCT_LED, MIXED, EDITORIAL, TEASERS})

_BESIDE = frozenset({NAV, HEADER, FOOTER, ASIDE, COMMENTS, AD_SLOT, DIALOG})
_NEVER_SAID_IN = frozenset({NAV, COMMENTS, AD_SLOT, DIALOG})  # text there discloses nothing about the article
_SHORTEST = 20  # characters: no sentence that explains is shorter
_NO_CARDS = frozenset({"body", "main", "html", "ul", "ol", "table", "tbody", "form", "blockquote"})
_DEEPEST_CARD = 12  # elements in each other
_NEARBY = 30  # labels and blocks that are looked at for one link: a block with thousands of them is nobody's article
_CARD = 600  # characters: a box about one product says no more
_BEFORE_A_COMPANY = frozenset(
    {"Reklam", "Mainos"}
)  # "Reklam Acme": as the Finnish Consumer Ombudsman writes it (FI-01)
_KICKER = 60  # characters: a kicker, a category or a date is shorter
_NEAR = 60  # characters: a short line next to a link belongs to it
_LONGEST = 5000  # characters of a block that is read for prices and names
_LABELLED = 700  # characters of a text in which a label is looked for: the longest that wording looks at


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """A text that says something: a sentence that discloses, or a label. `place` is the smallest element that holds it, `order`
    and `end` are the numbers of its first and last piece."""

    words: str
    place: Place
    block: Block
    order: int
    end: int
    is_behind: bool = False  # a label that stands behind other words, in brackets or behind a divider
    is_seen: bool = True  # whether what is seen of it says it, for sentences
    is_exact: bool = False  # a network's statement, word for word

    @property
    def where(self) -> str:
        line = f", line {self.place.line}" if self.place.line else ""
        return f"“{self.words[:80]}”{line}"


@dataclass(frozen=True, slots=True, eq=False)
class Teaser:
    """What leads to another article: `target` is the kind of that article ("" if nobody says), `card` what belongs to it."""

    place: Place
    card: Place
    href: str
    target: str

    @property
    def where(self) -> str:
        return f"teaser: {self.href[:120]}"


class Page:
    """A page, or one item of a feed. `kind` is product-led, mixed, editorial or teaser; `kind_is_said` whether anybody said so.
    `links` are the article's paid links in order, `beside` those in menus, headers, footers and boxes beside it. `served` is the
    page before its scripts ran, where this one comes from a screen."""

    def __init__(
        self,
        html: str,
        *,
        kind: str | None = None,
        screen: Screen | None = None,
        leads_to: Callable[[str], str | None] | None = None,
        is_item: bool = False,
        served: "Page | None" = None,
    ) -> None:
        self.screen, self.is_item, self.served = screen, is_item, served
        self._is_strict = False
        self._said: dict[tuple[tuple[str, ...], int | None], tuple[Said, ...]] = {}
        self._judged: dict[tuple[str, str], wording.Judged] = {}
        self._labels: dict[frozenset[str], tuple[Said, ...]] = {}
        self._statements: dict[str, tuple[Said, ...]] = {}
        self._words: dict[int, str] = {}
        self._word_lengths: dict[int, tuple[int, Iterator[str]]] = {}
        self._cards: dict[int, Place | None] = {}
        self.tree = Tree(html)
        settle(self.tree)
        self._named: dict[str, str] = {}
        for place in self.tree.places:
            if place.tag == "meta" and (name := place.attrs.get("name") or place.attrs.get("property")):
                self._named.setdefault(name.lower(), place.attrs.get("content", ""))
        said = (kind or self._named.get("x-content-kind", "")).strip().lower()
        self.kind_is_said = said in _KINDS
        self.kind = said if self.kind_is_said else MIXED
        root = next((place for place in self.tree.places if place.tag == "html"), None)
        self.is_amp = root is not None and bool({"amp", "⚡", "amp4email", "⚡4email"} & set(root.attrs))
        self.rewriters, self.has_master_tag = rewriters(self._scripts())
        self._read_links(Reader(self._own_domain(), leads_to))

    # what the page is

    @cached_property
    def language(self) -> str:
        """The primary subtag of the article's language: as its markup says, unless its words are plainly in another one."""
        place = self.headline or (self.links[0].place if self.links else None)
        declared = place.language if place is not None else ""
        declared = declared or next((each.language for each in self.tree.places if each.language), "")
        return declared or self.words_language

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """The language that the article says it is in, and the one that its words are in, where it is another."""
        return tuple(dict.fromkeys(language for language in (self.language, self.words_language) if language))

    @cached_property
    def words_language(self) -> str:
        """The language that the article's words are in, "" where they do not tell."""
        blocks = [block for block in self.tree.blocks if not block.place.region and block.place.hider is None]
        return language_of("\n".join(block.words for block in blocks[:200]))

    @cached_property
    def headline(self) -> Place | None:
        """The article's own: a magazine's name in the page's header is none."""
        found = [place for place in self.tree.places if _is_heading(place) and self._has_text(place)]
        found.sort(key=lambda place: (place.tag == "h2", place.article is None, place.region != "", place.order))
        return next((place for place in found if place.tag != "h2" or place.article is not None), None)

    def _has_text(self, place: Place) -> bool:
        block = self.block_at(place.order)
        return block is not None and block.order <= place.end

    def meta(self, name: str) -> str:
        """The content of a `<meta>`, "" if there is none."""
        return self._named.get(name, "")

    # who is paid

    @cached_property
    def earning(self) -> list[PaidLink]:
        """The links that decide, numbered in order: the article's paid ones, with those that a script may make paid."""
        if not self.rewriters:
            return self.links
        scripted = [PaidLink(0, place, place.attrs["href"], SCRIPT) for place in self.outbound]
        both = sorted([*self.links, *scripted], key=lambda link: link.place.order)
        return [_numbered(link, number) for number, link in enumerate(both, start=1)]

    def _read_links(self, reader: Reader) -> None:
        self.links: list[PaidLink] = []
        self.beside: list[PaidLink] = []
        self.outbound: list[Place] = []
        may_rewrite = bool(self.rewriters) or self.has_master_tag
        has_article = any(place.article is not None for place in self.tree.places)
        for place in self.tree.places:
            if place.hider is not None and place.hider.tag in ("template", "noscript", "svg") and place.tag != "a":
                continue
            found = reader.paid(place)
            if found is not None:
                self._sort_in(found, has_article)
            elif may_rewrite and place.tag == "a" and not self.is_beside(place) and reader.is_outbound(place):
                self.outbound.append(place)

    def _sort_in(self, link: PaidLink, has_article: bool) -> None:
        is_beside = self.is_beside(link.place) or (link.how == SPONSORED and link.place.region in _BESIDE)
        if not is_beside:
            if link.how != SPONSORED or link.place.article is not None or not has_article:
                self.links.append(_numbered(link, len(self.links) + 1))
        elif link.how != SPONSORED:
            self.beside.append(_numbered(link, len(self.beside) + 1))

    def is_beside(self, place: Place) -> bool:
        """Whether an element is in a part of the page that is plainly not the article's."""
        return place.region in _BESIDE and place.excuses

    def _own_domain(self) -> str:
        canonical = next(
            (
                p.attrs.get("href", "")
                for p in self.tree.places
                if p.tag == "link" and "canonical" in p.attrs.get("rel", "").lower()
            ),
            "",
        )
        host = host_of(canonical) or host_of(self.meta("og:url"))
        return registrable_domain(host) if host else ""

    def _scripts(self) -> Iterator[tuple[Place, str]]:
        texts = iter(self.tree.scripts)
        for place in self.tree.places:
            if place.tag == "script":
                yield place, next(texts, "")
            elif place.tag in ("link", "img") or place.tag.startswith("amp-"):
                yield place, ""

    @cached_property
    def teasers(self) -> list[Teaser]:
        """Links that say the kind of the article that they lead to, in themselves or in their box, or call themselves teasers."""
        found: dict[int, Teaser] = {}
        for place in self.tree.places:
            if place.tag != "a" or "href" not in place.attrs or not self.is_live(place):
                continue
            box = place.target
            if box is not None and id(box) not in found:
                target = box.attrs["data-target-kind"].strip().lower()
                found[id(box)] = Teaser(place, box, place.attrs["href"], target)
            elif box is None and "teaser" in place.attrs.get("class", "").split():
                found[id(place)] = Teaser(place, place, place.attrs["href"], "")
        return list(found.values())

    # what is said

    def sentences(self, languages: tuple[str, ...]) -> tuple[Said, ...]:
        """All texts that explain in one of these languages who pays for what, seen or not, in order; never those in menus,
        comments, ad slots and dialogs."""
        return self._sentences(languages, None)

    def sentences_before(self, order: int, languages: tuple[str, ...]) -> tuple[Said, ...]:
        """Those that explain by what they say before a place in the page."""
        return self._sentences(languages, order)

    def seen_sentences_before(self, order: int, languages: tuple[str, ...]) -> tuple[Said, ...]:
        return tuple(said for said in self.sentences_before(order, languages) if said.is_seen)

    def _sentences(self, languages: tuple[str, ...], order: int | None) -> tuple[Said, ...]:
        known = self._said.get((languages, order))
        if known is None:
            blocks = self.tree.blocks
            if order is not None:
                blocks = [block for block in blocks if block.order < order]
            known = tuple(said for block in blocks if (said := self._explaining(block, languages, order)))
            self._said[languages, order] = known
        return known

    def judge(self, words: str, language: str) -> wording.Judged:
        """What a text says; a page asks for the same one many times, and some have more texts than wording remembers."""
        known = self._judged.get((words, language))
        if known is None:
            known = self._judged[words, language] = wording.judge(words, language)
        return known

    def _explains(self, words: str, languages: tuple[str, ...]) -> bool:
        return any(self.judge(words, language).explains for language in languages)

    def _explaining(self, block: Block, languages: tuple[str, ...], order: int | None) -> Said | None:
        """What a block explains by the words that are seen, else what it would explain if they were."""
        if block.place.region in _NEVER_SAID_IN:
            return None
        runs = block.runs if order is None else block.before(order)
        says = partial(self._explains, languages=languages)
        live = [run for run in runs if self.is_live(run.place)]
        if says(block.said(live)):
            seen = [run for run in live if self.is_seen(run.place)]
            if says(block.said(seen)):
                return _smallest(block, seen, says)
            return replace(_smallest(block, live, says), is_seen=False)
        if len(live) < len(runs) and says(block.said(runs)):
            return replace(_smallest(block, runs, says), is_seen=False)
        return None

    def statements(self, network: str) -> tuple[Said, ...]:
        """Texts that say what a network wants said, anywhere on the page but in menus, comments, slots and dialogs."""
        known = self._statements.get(network)
        if known is None:
            known = tuple(said for block in self.live if (said := self._stating(block, network)))
            self._statements[network] = known
        return known

    def _stating(self, block: Block, network: str) -> Said | None:
        if network not in block.words.casefold() or not self.says(block):
            return None
        for language in wording.languages():
            judged = self.judge(block.words, language)
            if judged.network == network:
                said = _smallest(block, block.runs, partial(_states, network, language))
                return replace(said, is_exact=judged.exact)
        return None

    def says(self, block: Block) -> bool:
        """Whether a block is one in which the page speaks to its readers about itself, and is seen."""
        return block.place.region not in _NEVER_SAID_IN and self.is_seen(block.runs[0].place)

    def where(self, block: Block) -> str:
        return Said(block.words, block.place, block, block.order, block.end).where

    def _is_notice(self, block: Block) -> bool:
        """Whether a text is about the page's links as a whole."""
        judged = [self.judge(block.words, language) for language in self.languages or wording.languages()]
        return any(each.explains or each.network for each in judged)

    def names(self, link: PaidLink, shop: str) -> bool:
        """Whether a link itself says the name of a shop."""
        return shop in "".join(run.text for run in self.runs_of(link.place)).casefold()

    def is_paid(self, link: Place) -> bool:
        return id(link) in self._earning

    def inside(self, place: Place, tag: str) -> Iterator[Place]:
        """The elements of one kind in an element."""
        at = bisect_left(self.tree.orders, place.order)
        for each in self.tree.places[at:]:
            if each.order > place.end:
                return
            if each.tag == tag:
                yield each

    def beside_link(self, link: PaidLink) -> list[Block]:
        """What stands next to a link: its own blocks, those of the box that is about it alone, and short lines around."""
        card = self.card_of(link) or link.place
        first, last = min(card.order, link.place.block.order), max(card.end, link.place.end)
        behind = bisect_right(self._begins, last)
        near = self.live[max(bisect_left(self._ends, first), behind - _NEARBY) : behind]
        if near:
            here = self._numbers[id(near[0])], self._numbers[id(near[-1])]
            around = [self.live[number] for number in (here[0] - 1, here[1] + 1) if 0 <= number < len(self.live)]
            near += [block for block in around if len(block.words) <= _NEAR and not self._is_notice(block)]
        return [block for block in near if len(block.words) <= _LONGEST]

    def labels(self, words: frozenset[str]) -> tuple[Said, ...]:
        """All texts that say nothing but one of these words, begin with one and a divider, or have one in brackets; seen or
        not, in order; never those in comments, ad slots and dialogs, nor in menus but for those at a menu's own paid links."""
        known = self._labels.get(words)
        if known is None:
            known = tuple(self._find_labels(words)) if words else ()
            self._labels[words] = known
        return known

    def _find_labels(self, words: frozenset[str]) -> Iterator[Said]:
        hint = re.compile("|".join(re.escape(word.casefold()) for word in words))
        is_label = cache(partial(wording.is_label, labels=words))
        with_company = "|".join(words & _BEFORE_A_COMPANY)
        company = re.compile(rf"(?:{with_company})(?: \S+){{1,3}}", re.IGNORECASE) if with_company else None
        bracketed = re.compile(
            r"[(\[{【［〔（]\s*#?\s*(?:"
            + "|".join(re.escape(word) for word in words)
            + r")\s*[)\]}】］〕）]|(?<!\w)#(?:"
            + "|".join(re.escape(word) for word in words)
            + r")(?!\w)",
            re.IGNORECASE,
        )
        for block in self.tree.blocks:
            if not self._may_label(block) or not hint.search(block.words.casefold()):
                continue
            found: list[Said] = []
            for run in block.runs:
                if not run.text.strip() or self._is_entry(run, block):
                    continue
                if is_label(run.text) or (company and company.fullmatch(wording.plain(run.text[:_KICKER]))):
                    found.append(Said(wording.plain(run.text)[:80], run.place, block, run.order, run.order))
                elif len(run.text) <= _LABELLED and (inside := bracketed.search(wording.plain(run.text))):
                    found.append(Said(inside.group(), run.place, block, run.order, run.order, inside.start() > 0))
                elif _is_heading(block.place) and wording.ends_with_label(run.text, words):
                    found.append(Said(wording.plain(run.text)[-80:], run.place, block, run.order, run.order, True))
            if (
                not found
                and len(block.runs) > 1
                and len(block.words) <= _KICKER
                and wording.is_label(block.words, words)
            ):
                found.append(Said(block.words, block.place, block, block.order, block.end))
            yield from found

    def _may_label(self, block: Block) -> bool:
        """A menu says nothing about the article; a label in it may stand at a paid link of the menu itself."""
        region = block.place.region
        if region == NAV:
            return any(run.place.link is not None and id(run.place.link) in self._earning for run in block.runs)
        return region not in _NEVER_SAID_IN

    def _is_entry(self, run: Run, block: Block) -> bool:
        """Whether a text is one of several links, as in a menu: `Advertising` there leads to a page about advertising."""
        link = run.place.link
        alone = block.words == wording.plain(run.text)
        return link is not None and not alone and "data-target-kind" not in link.attrs and not self._may_earn(link)

    def _may_earn(self, link: Place) -> bool:
        return id(link) in self._earning or "teaser" in link.attrs.get("class", "").split()

    @cached_property
    def _earning(self) -> frozenset[int]:
        return frozenset(id(link.place) for link in (*self.earning, *self.beside))

    # how things stand to each other

    @cached_property
    def live(self) -> list[Block]:
        """The blocks that markup lets be seen and that are no menu, in order."""
        return [
            block
            for block in self.tree.blocks
            if block.place.region != NAV and block.words and any(self.is_live(run.place) for run in block.runs)
        ]

    @cached_property
    def _numbers(self) -> dict[int, int]:
        return {id(block): number for number, block in enumerate(self.live)}

    def number_of(self, block: Block) -> int | None:
        """The place of a block among those that are seen; None for one that is not."""
        return self._numbers.get(id(block))

    def steps(self, first: Block, second: Block) -> int | None:
        """How many blocks a block stands before another; None for one that is not seen."""
        here, there = self._numbers.get(id(first)), self._numbers.get(id(second))
        return None if here is None or there is None else there - here

    def live_before(self, order: int) -> Iterator[Block]:
        """The seen blocks that begin before a place, from there upwards."""
        for number in range(bisect_left(self._begins, order) - 1, -1, -1):
            block = self.live[number]
            if self.screen is None or any(self.is_seen(run.place) for run in block.runs if run.text.strip()):
                yield block

    @cached_property
    def _begins(self) -> list[int]:
        return [block.order for block in self.live]

    def is_sentence(self, block: Block) -> bool:
        return self._explains(block.words, self.languages or wording.languages())

    def words_in(self, place: Place) -> str:
        """The live text of an element."""
        known = self._words.get(id(place))
        if known is None:
            known = self._words[id(place)] = plain(" ".join(self._texts_in(place)))
        return known

    def says_more_than(self, place: Place, characters: int) -> bool:
        """Whether the live text of an element is longer. Its texts are read once, and only as far as somebody asked."""
        length, texts = self._word_lengths.get(id(place), (-1, self._texts_in(place)))
        while length <= characters and (text := next(texts, None)) is not None:
            length += len(said) + 1 if (said := plain(text)) else 0
        self._word_lengths[id(place)] = length, texts
        return length > characters

    def _texts_in(self, place: Place) -> Iterator[str]:
        for block in self._blocks_in(place):
            for run in _runs_in(block, place):
                if place.holds(run.place) and self.is_live(run.place, place):
                    yield run.text

    def _blocks_in(self, place: Place) -> Iterator[Block]:
        """The blocks of which a part stands in an element."""
        orders, ends = self._block_orders
        for number in range(bisect_left(ends, place.order), bisect_right(orders, place.end)):
            yield self.tree.blocks[number]

    @cached_property
    def _block_orders(self) -> tuple[list[int], list[int]]:
        return [block.order for block in self.tree.blocks], [block.end for block in self.tree.blocks]

    def is_labelled(self, text: str, words: frozenset[str]) -> bool:
        return wording.is_label(text, words) or wording.ends_with_label(text, words)

    def labels_near(self, words: frozenset[str], link: PaidLink) -> Iterator[Said]:
        """Labels in a link's own block, in it, and in the box that is about it alone."""
        card = self.card_of(link) or link.place
        first, last = min(card.order, link.place.block.order), max(card.end, link.place.block.end)
        before = islice(self._labels_from(words, first), _NEARBY)
        inside = islice(self._labels_from(words, link.place.order), _NEARBY)
        for label in dict.fromkeys((*before, *inside)):
            if label.order <= last and (label.block.place is link.place.block or card.holds(label.place)):
                yield label

    def labels_at(self, words: frozenset[str], teaser: Teaser) -> Iterator[Said]:
        """Labels in a teaser's card, and those right before it in its block."""
        for label in islice(self._labels_from(words, teaser.card.order), _NEARBY):
            if teaser.card.holds(label.place):
                yield label
        labels = self.labels(words)
        before = bisect_left(labels, teaser.place.order, key=lambda label: label.order)
        for label in labels[max(0, before - _NEARBY) : before]:
            if label.block.place is teaser.place.block:
                yield label

    def _labels_from(self, words: frozenset[str], order: int) -> Iterator[Said]:
        labels = self.labels(words)
        return iter(labels[bisect_left(labels, order, key=lambda label: label.order) :])

    def is_parted(self, link: Place, label: Said) -> bool:
        """Whether another block stands between a link and a label behind it in what would be their own block, as a paragraph
        does between two texts right in the body."""
        after = bisect_right(self._begins, link.end)
        return label.block.place is link.block and after < len(self._begins) and self._begins[after] < label.order

    def has_link_between(self, link: Place, order: int) -> bool:
        """Whether another paid link stands behind a link and before a place."""
        after = bisect_right(self._link_orders, link.order)
        return after < len(self._link_orders) and self._link_orders[after] < order

    def block_at(self, order: int) -> Block | None:
        """The block that a place in the page stands in, or the next one."""
        at = bisect_left(self._ends, order)
        return self.live[at] if at < len(self.live) else None

    @cached_property
    def _ends(self) -> list[int]:
        return [block.end for block in self.live]

    @cached_property
    def _slots(self) -> list[int]:
        return [place.order for place in self.tree.places if place.tag in SLOT_TAGS or place.region == AD_SLOT]

    def has_slot_between(self, first: int, second: int) -> bool:
        """Whether an ad slot stands between two places: what is written above it labels the slot."""
        return bisect_left(self._slots, first) < bisect_left(self._slots, second)

    @cached_property
    def _lengths(self) -> tuple[list[int], list[int]]:
        orders, sums = [], [0]
        for block in self.tree.blocks:
            orders.append(block.order)
            sums.append(sums[-1] + len(block.words))
        return orders, sums

    def length_in(self, place: Place) -> int:
        """How many characters of text an element holds."""
        orders, sums = self._lengths
        return sums[bisect_right(orders, place.end)] - sums[bisect_left(orders, place.order)]

    @cached_property
    def _runs_of_links(self) -> dict[int, list[Run]]:
        runs: dict[int, list[Run]] = {}
        for block in self.tree.blocks:
            for run in block.runs:
                if run.place.link is not None and run.text.strip():
                    runs.setdefault(id(run.place.link), []).append(run)
        return runs

    def runs_of(self, link: Place) -> list[Run]:
        """The texts that a link says, in order."""
        return self._runs_of_links.get(id(link), [])

    def card_of(self, link: PaidLink) -> Place | None:
        """The largest box around a link that is about nothing else: no other target, no headline, not much text."""
        if id(link.place) not in self._cards:
            self._cards[id(link.place)] = self._card_of(link)
        return self._cards[id(link.place)]

    def _card_of(self, link: PaidLink) -> Place | None:
        card = None
        for place in islice(link.place.block.around(), _DEEPEST_CARD):
            if place.tag in _NO_CARDS or (self.headline is not None and place.holds(self.headline)):
                break
            if self.length_in(place) > _CARD or self._targets_in(place) != {link.href}:
                break
            card = place
        return card

    def _targets_in(self, place: Place) -> set[str]:
        first, last = bisect_left(self._link_orders, place.order), bisect_right(self._link_orders, place.end)
        return {link.href for link in self.earning[first : min(last, first + 8)]}

    @cached_property
    def _link_orders(self) -> list[int]:
        return [link.place.order for link in self.earning]

    # what is seen

    def is_live(self, place: Place, beside: Place | None = None) -> bool:
        """Whether markup lets the text of an element be seen; what hides `beside` as well does not count."""
        hider = place.hider
        if hider is None:
            return True
        if self.screen is not None and not (place.hidden_by.startswith("<") or place.hidden_by == SHUT):
            return True  # the screen tells
        return beside is not None and hider.holds(beside)

    def is_seen(self, place: Place, beside: Place | None = None) -> bool:
        """Whether the text of an element is seen: in the window, or as far as markup shows."""
        if not self.is_live(place, beside):
            return False
        if self.sight is not None:
            return self.sight.shows(place) or (beside is not None and not self.sight.shows(beside))
        return not (self._is_strict and self.styles.touch(place, beside))

    @cached_property
    def sight(self) -> Sight | None:
        """What the page's window shows; None without one."""
        return Sight(self.screen, self.earning) if self.screen is not None else None

    def shows(self, said: Said) -> bool:
        """Whether a text is seen, and says what it says by the words that are."""
        return self.is_seen(said.place) and (self.sight is None or self.still_tells(said))

    def still_tells(self, said: Said, counts: Callable[[Part], bool] = lambda part: part.is_seen) -> bool:
        """Whether a text that a window shows says the same by those of its parts that count."""
        if self.sight is None or not self._explains(said.words, self.languages):
            return True
        return self.sight.says(said.place, lambda words: self._explains(words, self.languages), counts)

    @property
    def is_styled(self) -> bool:
        """Whether the page brings styles along that may touch its texts."""
        return bool(self.tree.sheets) or any(
            "style" in each.attrs or is_named_hidden(each) for each in self.tree.places
        )

    def strictly(self) -> "Page":
        """The same page, in which a text that the page's own styles may hide or change is not seen."""
        other = copy(self)
        other._is_strict, other._said = True, {}  # noqa: SLF001 - its own kind
        return other

    @cached_property
    def styles(self) -> Styles:
        return Styles(self.tree.sheets, self.tree.places)


def _is_heading(place: Place) -> bool:
    return place.tag in ("h1", "h2") or (place.attrs.get("role") == "heading" and place.attrs.get("aria-level") == "1")


def _runs_in(block: Block, place: Place) -> list[Run]:
    first = bisect_left(block.runs, place.order, key=lambda run: run.order)
    return block.runs[first : bisect_right(block.runs, place.end, key=lambda run: run.order)]


def _numbered(link: PaidLink, number: int) -> PaidLink:
    return PaidLink(number, link.place, link.href, link.how, link.network, link.target, link.leads)


def _states(network: str, language: str, words: str) -> bool:
    return wording.judge(words, language).network == network


def _smallest(block: Block, runs: list[Run], says: Callable[[str], bool]) -> Said:
    """The smallest element of a block that says it by itself, else what holds all its text."""
    inside: dict[int, tuple[Place, list[Run]]] = {}
    for run in runs:
        for place in run.place.around():
            if place is block.place:
                break
            inside.setdefault(id(place), (place, []))[1].append(run)
    for place, held in sorted(inside.values(), key=lambda each: -each[0].order):
        words = block.said(held)
        if len(words) >= _SHORTEST and says(words):
            return Said(words, place, block, held[0].order, held[-1].order)
    return Said(block.said(runs), block.place, block, runs[0].order, runs[-1].order)
