"""A page's tree as browsers build it, walked once: every element with what it inherits, and the live text in blocks.

Places are numbered in document order, so "before" and "inside" are comparisons of numbers, on a page of any size.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import turbohtml

from affiliate.disclosure.looks import MARK
from affiliate.pages.parsing import parse

# What is never text for readers: code, what only shows without scripts, and what a control holds.
_UNSEEN = frozenset(
    {"script", "style", "template", "noscript", "head", "title", "textarea", "select", "datalist", "svg", "math"}
    | {"iframe", "noembed", "noframes", "object", "audio", "video", "canvas", "amp-analytics", "amp-consent"}
)
_BLOCKS = frozenset(
    {
        "p",
        "div",
        "li",
        "ul",
        "ol",
        "td",
        "th",
        "tr",
        "table",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "section",
        "article",
        "main",
    }
    | {
        "aside",
        "header",
        "footer",
        "figure",
        "figcaption",
        "blockquote",
        "dd",
        "dt",
        "dl",
        "body",
        "summary",
        "details",
    }
    | {
        "nav",
        "form",
        "center",
        "fieldset",
        "address",
        "pre",
        "dialog",
        "menu",
        "hgroup",
        "search",
        "html",
        "caption",
        "hr",
    }
)
_GAPS = frozenset({"br", "img", "input", "button", "hr", "wbr"} - {"wbr"})
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|content-visibility\s*:\s*hidden|opacity\s*:\s*0(?:\.0*)?%?\s*(?:;|!|$)"
    r"|font-size\s*:\s*0(?:\.0*)?(?:px|em|rem|pt|%)?\s*(?:;|!|$)",
    re.IGNORECASE,
)

NAV, HEADER, FOOTER, ASIDE, COMMENTS, AD_SLOT, DIALOG = (
    "nav",
    "header",
    "footer",
    "aside",
    "comments",
    "ad slot",
    "dialog",
)
SHUT = "a closed <details>"
SLOT_TAGS = frozenset({"iframe", "ins", "amp-ad", "amp-embed"})


def plain(text: str) -> str:
    """As readers see it: compatible characters made one, what is invisible left out, blanks made one."""
    folded = unicodedata.normalize("NFKC", text)
    if not folded.isascii():
        unseen = {ord(c): None for c in set(folded) if unicodedata.category(c) == "Cf"}
        folded = folded.translate(unseen) if unseen else folded
    return " ".join(folded.split())


def primary(language: str) -> str:
    """en-GB → en."""
    return re.split(r"[-_]", language.strip().lower(), maxsplit=1)[0]


@dataclass(slots=True, eq=False)
class Place:
    """An element and where it stands. `order` and `end` are the numbers of its first and last thing. `hider` is the innermost
    element around it (or itself) that its markup keeps from being seen, `hidden_by` says how (also for all that is in it). `region` is what part of
    a page it belongs to ("" for the article; regions.py settles it), `excuses` whether that is proven enough for paid links in it to be
    no business of the article's, `is_core` whether it is an outer element or holds the headline or most of the text. `language` the nearest `lang`, `link` the nearest `<a>`, `target` the nearest box that says the kind of the article
    that it leads to."""

    tag: str
    attrs: Mapping[str, str]
    parent: "Place | None" = field(repr=False)
    order: int
    line: int
    block: "Place" = field(init=False, repr=False)
    end: int = 0
    hider: "Place | None" = field(default=None, repr=False)
    hidden_by: str = ""
    region: str = ""
    excuses: bool = False
    is_core: bool = False
    language: str = ""
    link: "Place | None" = field(default=None, repr=False)
    article: "Place | None" = field(default=None, repr=False)
    target: "Place | None" = field(default=None, repr=False)

    @property
    def mark(self) -> str:
        """What a screen knows it by; "" in markup that was not read from a browser."""
        return self.attrs.get(MARK, "")

    def holds(self, other: "Place") -> bool:
        return self.order <= other.order <= self.end

    def around(self) -> Iterator["Place"]:
        """Itself and what it stands in, from inside out."""
        place: Place | None = self
        while place is not None:
            yield place
            place = place.parent


@dataclass(slots=True, eq=False)
class Run:
    """One piece of text as it stands in an element."""

    text: str
    order: int
    place: Place


@dataclass(eq=False)
class Block:
    """Text that runs on without a break of its layout; `place` is the element whose text it is."""

    place: Place
    runs: list[Run]

    @property
    def order(self) -> int:
        return self.runs[0].order

    @property
    def end(self) -> int:
        return self.runs[-1].order

    @cached_property
    def words(self) -> str:
        return self.said(self.runs)

    def said(self, runs: Iterable[Run]) -> str:
        return plain("".join(run.text for run in runs))

    def before(self, order: int) -> list[Run]:
        return self.runs if self.end < order else [run for run in self.runs if run.order < order]


class Tree:
    """All places of a page, and its text in blocks, hidden or not; the texts of its scripts and style sheets are kept apart."""

    def __init__(self, html: str) -> None:
        document = parse(html.removeprefix("\ufeff"))
        self.places: list[Place] = []
        self.blocks: list[Block] = []
        self.scripts: list[str] = []  # the text of each script without a source, in order
        self.sheets: list[str] = []
        self.shut_in: list[Place] = []  # those of texts that stand in a closed `<details>` itself
        self._count = 0
        self._open: Block | None = None
        self._walk(document)

    @cached_property
    def orders(self) -> list[int]:
        """The numbers of the places."""
        return [place.order for place in self.places]

    @property
    def size(self) -> int:
        return self._count

    def _walk(self, document: turbohtml.Document) -> None:
        """Without recursion: pages are as deep as their authors like."""
        waiting: list[tuple[turbohtml.Node | None, Place | None]] = [
            (child, None) for child in reversed(list(document.children))
        ]
        while waiting:
            node, around = waiting.pop()
            if node is None and around is not None:
                self._leave(around)
            elif isinstance(node, turbohtml.Text):
                self._text(node, around)
            elif isinstance(node, turbohtml.Element):
                place = self._enter(node, around)
                waiting.append((None, place))
                waiting.extend((child, place) for child in reversed(self._inside(node, place)))

    def _inside(self, node: turbohtml.Element, place: Place) -> list[turbohtml.Node]:
        """What an element holds for readers; the text of scripts and styles is kept apart."""
        if place.tag == "script":
            self.scripts.append("" if "src" in place.attrs else node.text)
        elif place.tag == "style":
            self.sheets.append(node.text)
        elif place.tag not in ("template", "noscript"):
            return list(node.children)
        return []

    def _enter(self, node: turbohtml.Element, parent: Place | None) -> Place:
        self._count += 1
        attrs = {name: value if isinstance(value, str) else " ".join(value or ()) for name, value in node.attrs.items()}
        place = Place(node.tag.lower(), attrs, parent, self._count, node.source_line or 0)
        place.block = place if place.tag in _BLOCKS or parent is None else parent.block
        if parent is not None:
            place.hider, place.hidden_by = parent.hider, parent.hidden_by
            place.language = parent.language
            place.link, place.article, place.target = parent.link, parent.article, parent.target
        self._inherit(place)
        self.places.append(place)
        if place.block is place:
            self._open = None
        elif place.tag in _GAPS and self._open is not None:
            self._open.runs.append(Run(" ", self._count, place))
        return place

    def _inherit(self, place: Place) -> None:
        attrs = place.attrs
        if place.tag == "a" and ("href" in attrs or "xlink:href" in attrs):
            place.link = place
        if "data-target-kind" in attrs:
            place.target = place
        if place.tag in ("article", "main") or attrs.get("role") in ("article", "main"):
            place.article = place.article or place
        if "lang" in attrs or "xml:lang" in attrs:
            place.language = primary(attrs.get("lang") or attrs.get("xml:lang", "")) or place.language
        if place.parent is not None and _is_shut(place.parent) and place.tag != "summary":
            place.hider, place.hidden_by = place.parent, SHUT
        elif hidden := _hidden(place):
            place.hider, place.hidden_by = place, hidden

    def _leave(self, place: Place) -> None:
        place.end = self._count
        if place.block is place:
            self._open = None

    def _shut_in(self, details: Place) -> Place:
        """A place for text that stands in a closed `<details>` itself, which is seen but for this."""
        place = Place("#text", details.attrs, details, self._count, details.line)
        place.block, place.end = details.block, self._count + 1
        place.language, place.link, place.article = details.language, details.link, details.article
        self.shut_in.append(place)
        place.hider, place.hidden_by = details, SHUT
        return place

    def _text(self, node: turbohtml.Text, parent: Place | None) -> None:
        if parent is None or not node.data:
            return
        if _is_shut(parent):
            parent = self._shut_in(parent)
        self._count += 1
        run = Run(node.data, self._count, parent)
        if self._open is None or self._open.place is not parent.block:
            if not node.data.strip():
                return
            self._open = Block(parent.block, [])
            self.blocks.append(self._open)
        self._open.runs.append(run)


def _hidden(place: Place) -> str:
    """What in its own markup keeps an element from being seen, in words."""
    tag, attrs = place.tag, place.attrs
    if tag in _UNSEEN:
        return f"<{tag}>"
    if "hidden" in attrs:
        return "hidden"
    if tag == "dialog" and "open" not in attrs:
        return "a closed <dialog>"
    if attrs.get("role") == "tooltip":
        return "a tooltip"
    if "popover" in attrs:
        return "a closed popover"
    if found := _HIDING.search(attrs.get("style", "")[:4000]):
        return plain(found.group())
    return ""


def _is_shut(place: Place) -> bool:
    return place.tag == "details" and "open" not in place.attrs
