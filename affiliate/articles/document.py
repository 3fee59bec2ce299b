"""An article's HTML with the place of everything in its source. The only module that knows the parser's offsets.

turbohtml builds the tree that a browser would build and says where each tag and attribute stands. Two of its traps are
taken care of here: it counts CRLF as one character, and the clones it makes of a mis-nested `<a>` stand nowhere.
Scripts are taken as running, so that what is in `<noscript>` is text, as it is to a browser. All offsets count
characters of the text that was given, byte-order mark included.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, islice, pairwise, takewhile

from turbohtml import Comment, Element, Namespace, Node, Text

from affiliate import deadline
from affiliate.disclosure.pages.regions import may_name_a_region
from affiliate.errors import InvalidDocument
from affiliate.pages.parsing import parse
from affiliate.urls import as_browsers_read

LONGEST = 2_000_000  # characters; the longest articles we met have 200,000, a whole page with its scripts 1,700,000

DISCLOSURE_MARK = "data-affiliate-disclosure"
LABEL_MARK = "data-affiliate-label"
PLACEMENT_MARK = "data-affiliate-placement"
OFF_MARK = "data-affiliate"

_CDATA, _CDATA_END = "<![CDATA[", "]]>"
# What a browser drops or puts before the body where a fragment starts with it, but not behind a paragraph.
_BEFORE_BODY = re.compile(r"(?:[\t\n\f\r ]|</[^>]*>|<!--.*?-->)*", re.DOTALL)
_BLANKS = "\t\n\f\r "
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_LONGEST_LEAD = 300  # characters before a link in which its label is looked for
_MOST_LEADS = 300  # pieces of text and elements before a link in which it is looked for
_HIDING_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)

# A site's own furniture around an article, and slots for adverts: what stands there says nothing about the article.
_FURNITURE = frozenset({"nav", "footer", "aside"})
_AD_SLOT = re.compile(
    r"(?:^|[\s_-])(?:ad-?(?:slot|unit|container|wrapper|banner)s?|banner|dfp|gpt|adsbygoogle)(?:$|[\s_-])",
    re.IGNORECASE,
)

# Elements in which nothing is a link of the article, whatever the parser makes of it.
_CLOSED = frozenset({"template", "noscript", "textarea", "script", "style", "select", "iframe", "title"})
# Elements in which readers do not see a disclosure of ours, or not as text of the article.
_SHUT = frozenset({"nav", "button", "label", "canvas", "object", "video", "audio"})
# Elements into which a paragraph of ours may be put as a child. Lists, tables, <details> and tabs are not among them:
# a disclosure goes before those, where it is seen without a click.
_CONTAINERS = frozenset(
    {"body", "article", "main", "section", "div", "header", "aside", "blockquote", "form", "center"}
)
# In these it goes only where it would else stand far above the link: a list of forty things is many screens long.
_ITEMS = frozenset(
    {"ul", "ol", "menu", "li", "dl", "dd", "table", "tbody", "thead", "tfoot", "tr", "td", "th", "figure"}
)
# Newsletters are tables in tables: a paragraph goes into the cell.
_CELLS = frozenset({"table", "tbody", "thead", "tfoot", "tr", "td", "th", "font"})
_FAR = 3000  # characters of source: about two screens of text, or one of pictures with their markup
_BLOCKS = _CONTAINERS | frozenset(
    {"address", "dd", "details", "dialog", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "h1", "h2", "h3"}
    | {"h4", "h5", "h6", "hgroup", "hr", "li", "menu", "nav", "ol", "p", "pre", "search", "table", "ul"}
)


# Around a piece of ours, what hides nothing and makes it no part of a menu or a box beside the article.
_PLAIN = (
    _BLOCKS - {"aside", "details", "dialog", "footer", "menu", "nav"}
    | _CELLS
    | frozenset({"html", "span", "a", "strong", "em", "b", "i", "u"})
)
_MAY_HIDE = frozenset({"style", "hidden", "popover", "role"})
# By their name or by having one of these attributes elements say something of all that is in them: see _Inside.
_TELLING = _CLOSED | _SHUT | {"details", "dialog", "article", "main", "footer", "aside", "header"}
_TELLING_ATTRIBUTES = frozenset({OFF_MARK, "hidden", "style", "lang"})


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute as it is written: `written` is all of it, from `start`; `value` is the raw value without its quotes,
    from `value_start`. `quote` is ", ' or nothing. `lead` is the blank before it where that can be
    taken out with it."""

    name: str
    start: int
    written: str
    value_start: int
    value: str
    quote: str
    lead: str

    @property
    def end(self) -> int:
        return self.start + len(self.written)


@dataclass(frozen=True, eq=False)
class Anchor:
    """An `<a>` or `<area>` with an href, in document order. `url` is the href as a browser reads it: entities decoded,
    blanks and line breaks taken care of. `off` where the author switched us off, on it or on something around it."""

    number: int
    tag: str
    start: int
    url: str
    attributes: Mapping[str, str]
    off: bool
    _element: Element
    _document: "Document"

    @cached_property
    def text(self) -> str:
        """What readers see of it, white space joined, without a label of ours."""
        return self._document.words_of(self._element)

    def attribute(self, name: str) -> Attribute | None:
        """Where an attribute stands; the first counts if it is written twice, as in browsers."""
        return self._document.attribute(self._element, name)

    @property
    def label_slot(self) -> int:
        """Where a label for it can be put: right before it, or at its beginning where an `<a>` before it was never
        closed: browsers would count the label to that one, and open it once more around it."""
        return self._document.label_slot(self._element)

    @property
    def paragraph_slot(self) -> int:
        """Where a paragraph can be put so that it stands before this anchor, closed in nothing that hides it."""
        return self._document.slot_before(self._element)

    @property
    def language(self) -> str:
        return self._document.language_of(self._element)

    @cached_property
    def text_before(self) -> str:
        """What its own block says right before it, from the link before it on, without our labels."""
        return self._document.text_before(self._element)

    @cached_property
    def is_furniture(self) -> bool:
        """Whether it stands beside the article, in a menu, a footer or the site's header, and not in it."""
        return self._document.is_furniture(self._element)

    @property
    def passages_before(self) -> "tuple[Passage, ...]":
        """The texts of the blocks before it, and of its own as far as that."""
        return self._document.passages(self._element)

    @property
    def text_slot(self) -> int | None:
        """Where its text begins: None for a link that is a picture."""
        return self._document.text_slot(self._element)


@dataclass(frozen=True, slots=True)
class Headline:
    """The article's `<h1>`: where a paragraph can be put before it, and after it (None if it is never closed). `text` is
    what authors wrote in it, without our labels."""

    before: int
    after: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    """What one block of the page says, as authors wrote it: markup does not hide it, and no earlier run put it in.
    `is_furniture` for menus, footers, asides and slots for adverts; `language` is the declared one or nothing."""

    text: str
    language: str
    is_headline: bool
    is_furniture: bool


@dataclass(frozen=True, slots=True)
class _Standing:
    """How what an element says reaches readers."""

    block: Element | None
    is_live: bool
    in_closed_details: bool
    language: str
    is_headline: bool
    is_furniture: bool
    in_article: bool


@dataclass(frozen=True, slots=True)
class _Inside:
    """What an element has from itself and all that is around it. `is_closed`: nothing in it is a link of the article;
    `is_off`: its author switched us off; `is_shut`: readers do not see it, or not at once; `in_beside`: in a footer or an
    aside; `header`: the innermost one."""

    is_closed: bool = False
    is_off: bool = False
    is_hidden: bool = False
    is_shut: bool = False
    language: str = ""
    in_nav: bool = False
    in_article: bool = False
    in_beside: bool = False
    header: Element | None = None


_OUTSIDE = _Inside()
_NOWHERE = _Standing(None, True, False, "", False, False, False)
_UNSEEN = _Standing(None, False, False, "", False, False, False)


@dataclass(frozen=True, slots=True)
class Insertion:
    """A piece that an earlier run put in: a disclosure or a label. `is_live` unless markup hides it from readers; `is_plain` where
    nothing around it could hide it or make it no part of the article."""

    start: int
    end: int
    text: str
    what: str
    is_live: bool = True
    is_plain: bool = True


class Document:
    """A parsed article. InvalidDocument for what is no text or too long; anything else is read as a browser would. With
    `in_cells` tables are layout, as in newsletters: paragraphs go into their cells."""

    def __init__(self, html: str, *, longest: int = LONGEST, in_cells: bool = False) -> None:
        if len(html) > longest:
            raise InvalidDocument(
                f"The HTML has {len(html):,} characters; at most {longest:,} are read. Send the article alone,"
                " without the page around it."
            )
        if (at := _first_that_is_no_text(html)) is not None:
            raise InvalidDocument(f"The HTML is no text: character {at} is {html[at]!r}.")
        self.html = html
        self._plain: dict[Element, bool] = {}  # whether all from an element outwards means nothing
        self._containers = _CONTAINERS | _CELLS if in_cells else _CONTAINERS
        self._bom = 1 if html.startswith("\ufeff") else 0
        # position of every CRLF in the parser's counting, in which each of those before it is one shorter
        lines = html.split("\r\n")[:-1]
        self._crlf = list(accumulate((len(line) + 1 for line in lines), initial=-1 - self._bom))[1:]
        self._tree = parse(html[self._bom :], source_locations=True)
        self._cdata = list(_cdata_in(html))
        self._inside_of: dict[Element, _Inside] = {}

    @cached_property
    def anchors(self) -> tuple[Anchor, ...]:
        """Every anchor with an href that may be looked at, in the order of the source."""
        usable = filter(self._is_usable, self._tree.select("a[href], area[href]"))
        found = sorted(((self._start(element), element) for element in usable), key=lambda pair: pair[0])
        return tuple(
            Anchor(
                number,
                element.tag,
                start,
                as_browsers_read(str(element.attrs["href"])),
                {name: _text(value) for name, value in element.attrs.items()},
                self._inside(element).is_off,
                element,
                self,
            )
            for number, (start, element) in enumerate(found)
        )

    @cached_property
    def headline(self) -> Headline | None:
        """The first visible `<h1>` of the article, or of the page where no article or main element has one."""
        element = self._headline
        if element is None:
            return None
        return Headline(self.slot_before(element), self._end(self._outermost(element)), self.words_of(element))

    @cached_property
    def _headline(self) -> Element | None:
        candidates = self._tree.select("article h1, main h1") + self._tree.select("h1")
        for element in candidates:
            if self._is_usable(element) and not self._inside(element).is_hidden:
                return element
        return None

    @cached_property
    def _around_headline(self) -> frozenset[Element]:
        return frozenset(_around(self._headline)) if self._headline is not None else frozenset()

    @cached_property
    def top(self) -> int:
        """Where a paragraph can be put before all that the article says."""
        if self._containers is not _CONTAINERS and (first := self._first_words()) is not None:
            return self.slot_before(first)
        for element in self._tree.select("article, main"):
            if self._is_usable(element):
                return self._start_tag_end(element)
        body = self._tree.find("body")
        if isinstance(body, Element) and body.source_location is not None:
            return self._start_tag_end(body)
        return self._implied_body_start

    @cached_property
    def insertions(self) -> tuple[Insertion, ...]:
        """What earlier runs put in, in the order of the source. What somebody filled with more than text and emphasis
        is theirs and not listed; neither is what stands in another one."""
        found: list[Insertion] = []
        for element in sorted(filter(self._is_usable, self._pieces[0]), key=self._start):
            start, end = self._start(element), self._end(element)
            if end is not None and (not found or found[-1].end <= start):
                what = "disclosure" if element.tag == "p" else "label"
                is_live = not self._inside(element).is_shut
                found.append(Insertion(start, end, self.html[start:end], what, is_live, self._stands_plainly(element)))
        return tuple(found)

    def _stands_plainly(self, element: Element) -> bool:
        """Whether all around an element means nothing for what stands in it. Each element is looked at once."""
        unknown = list(takewhile(lambda node: node not in self._plain, _around(element)))
        outer = next(islice(_around(element), len(unknown), None), None)
        is_plain = outer is None or self._plain[outer]
        for node in reversed(unknown):
            is_plain = self._plain[node] = is_plain and _means_nothing(node)
        return is_plain

    @property
    def base(self) -> str:
        """The address that relative ones begin at, if the document sets one."""
        base = self._tree.find("base")
        return str(base.attrs.get("href") or "").strip(_BLANKS) if isinstance(base, Element) else ""

    @property
    def is_amp(self) -> bool:
        root = self._tree.find("html")
        return isinstance(root, Element) and ("amp" in root.attrs or "\u26a1" in root.attrs)

    @property
    def closed_anchors(self) -> bool:
        """Whether HTML stands in CDATA, which is not read."""
        return any("<a " in self.html[first:last].lower() for first, last in self._cdata)

    @property
    def language(self) -> str:
        """The language that the document declares for itself, or nothing."""
        root = self._tree.find("html")
        return _text(root.attrs.get("lang")) if isinstance(root, Element) else ""

    def attribute(self, element: Element, name: str) -> Attribute | None:
        location = element.source_location
        span = location.attrs.get(name) if location is not None else None
        if span is None:
            return None
        start, end = self._offset(span.start_offset), self._offset(span.end_offset)
        written = self.html[start:end]
        written_name, _, rest = written.partition("=")
        if written_name.strip(_BLANKS).lower() != name:
            return None
        value = rest.lstrip(_BLANKS)
        quote = value[0] if len(value) > 1 and value[0] in "\"'" and value[-1] == value[0] else ""
        if quote:
            value = value[1:-1]
        before, after = self.html[start - 1], self.html[end]
        lead = before if before in _BLANKS and after in _BLANKS + ">" else ""
        return Attribute(name, start, written, end - len(quote) - len(value), value, quote, lead)

    def label_slot(self, element: Element) -> int:
        start = self._start(element)
        return self._start_tag_end(element) if start in self._behind_unclosed else start

    @cached_property
    def _behind_unclosed(self) -> frozenset[int]:
        """Where the anchors start that follow one without an end tag."""
        written = sorted(filter(self._is_open, self._tree.select("a")), key=self._start)
        return frozenset(self._start(second) for first, second in pairwise(written) if self._end(first) is None)

    def slot_before(self, element: Element) -> int:
        """Where a paragraph can be put before an element, not later than the element itself, and not far above it."""
        slot = self._slot_before(element, self._outermost(element))
        if self._start(element) - slot > _FAR:
            return self._slot_before(element, self._outermost(element, _ITEMS))
        return slot

    def _slot_before(self, element: Element, outer: Element) -> int:
        start = self._start(element)
        if outer.tag not in _BLOCKS:
            return min(self._run_start(outer), start)
        return min(self._start(outer), start) if self._is_open(outer) else start

    def language_of(self, element: Element) -> str:
        return self._inside(element).language

    def _outermost(self, element: Element, also: frozenset[str] = frozenset()) -> Element:
        """The element itself or the first thing around it, from the outside, that a paragraph cannot be put into."""
        containers = self._containers | also | {"html"}
        for node in reversed([element, *_around(element)]):
            if node.tag not in containers or _is_hidden(node):
                return node
        return element

    def is_furniture(self, element: Element) -> bool:
        around = self._inside(next(_around(element), None))
        if around.in_nav or around.in_article or not self._is_page:
            return around.in_nav
        return around.in_beside or (around.header is not None and not self._holds_headline(around.header))

    @cached_property
    def _is_page(self) -> bool:
        """Whether it is a whole page, not the text of an article alone."""
        body = self._tree.find("body")
        return isinstance(body, Element) and body.source_location is not None

    def _holds_headline(self, element: Element) -> bool:
        return element in self._around_headline

    def text_before(self, element: Element) -> str:
        parts: list[str] = []
        length = 0
        for node in islice(_leading(element), _MOST_LEADS):
            said = self._said_before(node)
            if said is None:
                break
            parts.append(said)
            length += len(said)
            if length > _LONGEST_LEAD:
                break
        return "".join(reversed(parts))

    def _said_before(self, node: Node) -> str | None:
        """What a piece of text or an element before a link says; None where the lead of that link begins."""
        if isinstance(node, Text):
            return node.data
        if not isinstance(node, Element) or self._is_ours(node):
            return ""
        if node.tag in _BLOCKS or node.tag == "a" or node in self._holding_anchors:
            return None
        if node not in self._leads:
            self._leads[node] = "" if _is_hidden(node) else self._written_text(node)
        return self._leads[node]

    @cached_property
    def _leads(self) -> dict[Element, str]:
        return {}

    @cached_property
    def _holding_anchors(self) -> frozenset[Element]:
        """The elements in which an `<a>` stands."""
        holding: set[Element] = set()
        for anchor in self._tree.select("a"):
            for node in _around(anchor):
                if node in holding:
                    break
                holding.add(node)
        return frozenset(holding)

    def words_of(self, element: Element) -> str:
        return " ".join(self._written_text(element).split())

    def _written_text(self, element: Element) -> str:
        texts = (node for node in element.descendants if isinstance(node, Text))
        return "".join(text.data for text in texts if text.parent not in self._ours)

    def text_slot(self, element: Element) -> int | None:
        """Where the words of an element begin, those of a heading in it if there is one."""
        first: Text | None = None
        in_headings: set[Element] = set()
        for node in element.descendants:
            is_in_heading = node.parent in in_headings
            if isinstance(node, Element) and (is_in_heading or node.tag in _HEADINGS):
                in_headings.add(node)
            elif isinstance(node, Text) and node.data.strip() and node.parent not in self._ours:
                if is_in_heading:
                    return self._text_start(node)
                first = first or node
        return self._text_start(first) if first is not None else None

    def _text_start(self, text: Text) -> int | None:
        before, parent = text.previous_sibling, text.parent
        if isinstance(before, Element):
            return self._end(before)
        return self._start_tag_end(parent) if isinstance(parent, Element) and self._is_open(parent) else None

    def passages(self, until: Element | None = None) -> tuple[Passage, ...]:
        """What each block says to readers, in their order, as far as it stands before an element."""
        said: dict[Element, tuple[_Standing, list[str]]] = {}
        for node, standing in self._live_texts(until):
            if standing.block is not None:
                said.setdefault(standing.block, (standing, []))[1].append(node.data)
        return tuple(
            Passage(" ".join("".join(parts).split()), standing.language, standing.is_headline, standing.is_furniture)
            for standing, parts in said.values()
            if "".join(parts).strip()
        )

    def _live_texts(self, until: Element | None = None) -> Iterator[tuple[Text, "_Standing"]]:
        """Every text that markup does not hide, in the order of the source, and how it stands."""
        standing: dict[Element, _Standing] = {}
        for node in self._tree.descendants:
            if node == until:
                return
            parent = node.parent
            # what has no element around it is the root, or stands in a template
            outside = _NOWHERE if isinstance(node, Element) and node.tag == "html" else _UNSEEN
            around = standing.get(parent, _UNSEEN) if isinstance(parent, Element) else outside
            if isinstance(node, Element):
                standing[node] = self._standing(node, around)
            elif isinstance(node, Text) and around.is_live and not around.in_closed_details:
                yield node, around

    def _standing(self, element: Element, around: "_Standing") -> "_Standing":
        tag = element.tag
        is_live = around.is_live and not (
            tag in _CLOSED
            or tag == "head"
            or _is_hidden(element)
            or (tag == "dialog" and "open" not in element.attrs)
            or self._is_ours(element)
        )
        if around.in_closed_details and tag != "summary":
            is_live = False
        named = _text(element.attrs.get("class")) + " " + _text(element.attrs.get("id")) if element.attrs else ""
        return _Standing(
            block=element if tag in _BLOCKS or tag in ("body", "td", "th", "summary") else around.block,
            is_live=is_live,
            in_closed_details=tag == "details" and "open" not in element.attrs,
            language=_text(element.attrs.get("lang")) or around.language,
            is_headline=around.is_headline or element == self._headline,
            is_furniture=around.is_furniture
            or tag in _FURNITURE
            or (tag == "header" and self._is_page and not around.in_article and not self._holds_headline(element))
            or (
                bool(named.strip() and _AD_SLOT.search(named))
                and tag not in ("body", "main", "article")
                and not self._holds_headline(element)
            ),
            in_article=around.in_article or tag in ("article", "main"),
        )

    def _is_ours(self, element: Element) -> bool:
        return element in self._ours

    @cached_property
    def _ours(self) -> frozenset[Element]:
        """The elements that earlier runs put in, and those in them."""
        return self._pieces[1]

    @cached_property
    def _pieces(self) -> tuple[tuple[Element, ...], frozenset[Element]]:
        """The outermost of the elements that earlier runs put in, and these with all elements in them. They hold text and
        emphasis alone; what a browser opens once more in them does not stand there."""
        marked = self._tree.select(f"p[{DISCLOSURE_MARK}], span[{LABEL_MARK}]")
        filled = self._filled(marked)
        outermost: list[Element] = []
        ours: set[Element] = set()
        for element in marked:
            if element not in ours and element not in filled:
                outermost.append(element)
                ours.add(element)
                ours.update(node for node in element.descendants if isinstance(node, Element))
        return tuple(outermost), frozenset(ours)

    def _filled(self, elements: Iterable[Element]) -> set[Element]:
        """The elements around what is neither text nor emphasis, as far as it stands in one of these."""
        filled: set[Element] = set()
        looked_at: set[Element] = set()
        for element in elements:
            for node in () if element in looked_at else element.descendants:
                if isinstance(node, Element):
                    looked_at.add(node)
                    if node.tag in ("strong", "span") or not self._is_open(node):
                        continue
                elif isinstance(node, Text):
                    continue
                for around in takewhile(lambda each: each not in filled, _around(node)):
                    filled.add(around)
        return filled

    def _first_words(self) -> Element | None:
        """The element that holds the first words which readers see."""
        for node, _ in self._live_texts():
            if node.data.strip():
                parent = node.parent
                return parent if isinstance(parent, Element) and self._is_open(parent) else None
        return None

    def _run_start(self, element: Element) -> int:
        """The start of the run of text and inline elements that holds this one and stands in no paragraph."""
        first = self._start(element) if self._is_open(element) else len(self.html)
        node = element.previous_sibling
        while node is not None:
            if isinstance(node, Element):
                if node.tag in _BLOCKS:
                    end = self._end(node)
                    return first if end is None else end
                if self._is_open(node):
                    first = min(first, self._start(node))
            elif not isinstance(node, Text | Comment):
                return first
            node = node.previous_sibling
        parent = element.parent
        if isinstance(parent, Element) and parent.source_location is not None:
            return self._start_tag_end(parent)
        if isinstance(parent, Element) and parent.tag == "body":
            return min(self._implied_body_start, first)
        return first

    @cached_property
    def _implied_body_start(self) -> int:
        """Where the text of a document without a `<body>` tag begins: a fragment's at its start, a page's behind its head."""
        head = self._tree.find("head")
        html = self._tree.find("html")
        opened = isinstance(html, Element) and html.source_location is not None
        has_head = isinstance(head, Element) and (head.source_location is not None or list(head.children))
        doctype = any(not isinstance(node, Element | Comment | Text) for node in self._tree.children)
        if not (opened or has_head or doctype):
            before = _BEFORE_BODY.match(self.html, self._bom)
            return before.end() if before else self._bom
        body = self._tree.find("body")
        starts = [
            self._start(node)
            for node in (body.children if isinstance(body, Element) else ())
            if isinstance(node, Element) and self._is_open(node)
        ]
        return min(starts, default=len(self.html))

    def _is_usable(self, element: Element) -> bool:
        deadline.check()
        if not self._is_open(element) or element.namespace != Namespace.HTML:
            return False
        if self._inside(next(_around(element), None)).is_closed:
            return False
        start = self._start(element)
        before = bisect_right(self._cdata, start, key=lambda span: span[0]) - 1
        return before < 0 or start >= self._cdata[before][1]

    def _inside(self, node: Node | None) -> _Inside:
        """Found once for each element: what is asked of thousands of links stands around all of them."""
        known = self._inside_of
        unknown: list[Element] = []
        while isinstance(node, Element) and node not in known:
            unknown.append(node)
            node = next(
                _around(node), None
            )  # what stands in a template has it around it, and no parent that is an element
        inside = known[node] if isinstance(node, Element) else _OUTSIDE
        for element in reversed(unknown):
            inside = known[element] = _within(element, inside)
        return inside

    @staticmethod
    def _is_open(element: Element) -> bool:
        """Whether the element stands in the source; clones and implied elements do not."""
        return element.source_location is not None

    def _start(self, element: Element) -> int:
        location = element.source_location
        assert location is not None  # noqa: S101 - every caller asked _is_open
        return self._offset(location.start_tag.start_offset)

    def _start_tag_end(self, element: Element) -> int:
        location = element.source_location
        assert location is not None  # noqa: S101 - every caller asked
        return self._offset(location.start_tag.end_offset)

    def _end(self, element: Element) -> int | None:
        location = element.source_location
        if location is None:
            return None
        if location.end_tag is not None:
            return self._offset(location.end_tag.end_offset)
        return self._offset(location.start_tag.end_offset) if element.tag == "hr" else None

    def _offset(self, parsed: int) -> int:
        return parsed + bisect_left(self._crlf, parsed) + self._bom


def _first_that_is_no_text(html: str) -> int | None:
    """The place of a NUL or half a surrogate pair, which no text has and no database takes."""
    at = html.find("\0")
    try:
        html.encode()  # fifteen times as fast as a regular expression over 200,000 characters
    except UnicodeEncodeError as problem:
        return problem.start if at < 0 else min(at, problem.start)
    return None if at < 0 else at


def _cdata_in(html: str) -> Iterator[tuple[int, int]]:
    """Where each CDATA section that is closed begins and ends."""
    end = 0
    while (start := html.find(_CDATA, end)) >= 0 and (last := html.find(_CDATA_END, start)) >= 0:
        end = last + len(_CDATA_END)
        yield start, end


def _around(element: Node) -> Iterator[Element]:
    """The elements around this one, innermost first."""
    for node in element.ancestors:
        if isinstance(node, Element):
            yield node


def _leading(element: Element) -> Iterator[Node]:
    """What stands before an element in its block, from there backwards; elements around it are looked past."""
    node: Node | None = element
    while isinstance(node, Element) and (node is element or node.tag not in _BLOCKS):
        yield from node.previous_siblings
        node = node.parent


def _within(element: Element, around: _Inside) -> _Inside:
    tag, attrs = element.tag, element.attrs
    is_html = element.namespace == Namespace.HTML
    if is_html and tag not in _TELLING and _TELLING_ATTRIBUTES.isdisjoint(attrs):
        return around
    is_hidden = around.is_hidden or _is_hidden(element)
    return _Inside(
        is_closed=around.is_closed or tag in _CLOSED or not is_html,
        is_off=around.is_off or _text(attrs.get(OFF_MARK)).strip().lower() == "off",
        is_hidden=is_hidden,
        is_shut=around.is_shut or is_hidden or tag in _SHUT or (tag in ("details", "dialog") and "open" not in attrs),
        language=_text(attrs.get("lang")) or around.language,
        in_nav=around.in_nav or tag == "nav",
        in_article=around.in_article or tag in ("article", "main"),
        in_beside=around.in_beside or tag in ("footer", "aside"),
        header=element if tag == "header" else around.header,
    )


def _is_hidden(element: Element) -> bool:
    return "hidden" in element.attrs or _HIDING_STYLE.search(_text(element.attrs.get("style"))) is not None


def _means_nothing(element: Element) -> bool:
    """Whether an element is of an article's plain kinds, without a style, a role or a name that may mean something."""
    if element.tag not in _PLAIN or not _MAY_HIDE.isdisjoint(element.attrs):
        return False
    return not may_name_a_region(f"{_text(element.attrs.get('class'))} {_text(element.attrs.get('id'))}")


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return " ".join(str(part) for part in value) if isinstance(value, list | tuple) else ""
