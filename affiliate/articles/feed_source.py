"""A feed's source: its items, what stands in each of their elements, and how an edit of that becomes one of the file.

HTML stands in a feed as CDATA or with its markup escaped; both are read into plain text that knows where each part of it
is written.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from html import escape, unescape
from itertools import pairwise
from xml.parsers import expat

from affiliate.articles.document import LONGEST
from affiliate.articles.edits import Edit, apply
from affiliate.errors import InvalidDocument

ATOM, RSS1 = "http://www.w3.org/2005/Atom ", "http://purl.org/rss/1.0/ "

_MOST_ITEMS = 1000
# Atomic: what forty comments before the root could mean is tried once.
_ROOTS = re.compile(r"\ufeff?\s*+(?:(?:(?><\?.*?\?>)|(?><!--.*?-->))\s*+)*+<(?:rss|feed|rdf:RDF)[\s>]", re.DOTALL)
_ITEMS = frozenset({"item", f"{RSS1}item", f"{ATOM}entry"})
_PIECE = re.compile(
    r"<!\[CDATA\[(?P<cdata>.*?)\]\]>|<!--.*?-->|&(?P<entity>#\d+|#[xX][\da-fA-F]+|\w+);|[^<&]+", re.DOTALL
)
_OPEN, _CLOSE = "<![CDATA[", "]]>"


@dataclass
class Element:
    """A child of an item, its name with its namespace before it. `inner` is what is written in it, from character `start`
    of the file on."""

    name: str
    attributes: dict[str, str]
    start: int
    end: int = -1
    has_children: bool = False
    inner: str = ""

    @property
    def text(self) -> "Text | None":
        """Its text, unescaped; None where elements stand in it."""
        return None if self.has_children else _read(self.inner, self.start)


@dataclass
class Item:
    elements: list[Element] = field(default_factory=list)

    def first(self, names: Collection[str]) -> Element | None:
        return next((element for element in self.elements if element.name in names), None)


@dataclass(frozen=True, slots=True)
class Text:
    """What stands in an element, unescaped, with the place of each part in the source: `spans` holds (start in the text,
    start in the source, end in the source, is CDATA)."""

    text: str
    spans: tuple[tuple[int, int, int, bool], ...]

    def carried(self, source: str, edits: Sequence[Edit], wanted: str) -> list[Edit] | None:
        """Edits of the text as edits of the source; None where they would not make the wanted text of it."""
        if not edits or not self.spans:
            return None if edits else []
        carried = [self._carried(source, edit) for edit in edits]
        first, last = self.spans[0], self.spans[-1]
        start = first[1] - (len(_OPEN) if first[3] else 0)
        end = last[2] + (len(_CLOSE) if last[3] else 0)
        try:
            inner = apply(source[start:end], [replace(edit, start=edit.start - start) for edit in carried])
        except ValueError:
            return None
        made = _read(inner, 0)
        return carried if made is not None and made.text == wanted else None

    def _carried(self, source: str, edit: Edit) -> Edit:
        at, raw = self._place(edit.start, is_end=False)
        until = self._place(edit.end, is_end=True)[0] if edit.old else at
        return Edit(at, source[at:until], edit.new if raw else escape(edit.new, quote=False), edit.what)

    def _place(self, wanted: int, *, is_end: bool) -> tuple[int, bool]:
        ends = [start for start, *_ in self.spans[1:]] + [len(self.text)]
        for (start, source_start, source_end, raw), end in zip(self.spans, ends, strict=True):
            if start <= wanted < end or (wanted == end and (is_end or end == len(self.text))):
                inside = source_end - source_start == end - start
                return (source_start + wanted - start if inside else (source_end if is_end else source_start)), raw
        return self.spans[-1][2], self.spans[-1][3]


def is_feed(text: str) -> bool:
    return _ROOTS.match(text[:20_000]) is not None


def _read(inner: str, offset: int) -> Text | None:
    """Escaped or CDATA text; None where elements stand in it."""
    parts: list[str] = []
    spans: list[tuple[int, int, int, bool]] = []
    done = length = 0
    for piece in _PIECE.finditer(inner):
        if piece.start() != done:
            return None
        done = piece.end()
        raw = piece["cdata"] is not None
        start, end = piece.span("cdata") if raw else piece.span()
        if piece.group().startswith("<!--"):
            continue
        part = inner[start:end] if raw or not piece["entity"] else unescape(piece.group())
        if part or raw:
            spans.append((length, offset + start, offset + end, raw))
            parts.append(part)
            length += len(part)
    return Text("".join(parts), tuple(spans)) if done == len(inner) else None


def items(xml: str) -> list[Item]:
    """The items of a feed with their children's places. Expat reads no external entities, and without a document type
    there are none of its own."""
    if len(xml) > LONGEST:
        raise InvalidDocument(f"The feed has {len(xml):,} characters; at most {LONGEST:,} are read.")
    reader = _Reader(xml)
    try:
        items = reader.read()
    except expat.ExpatError as problem:
        raise InvalidDocument(f"The feed is not well-formed XML: {problem}.") from problem
    if len(items) > _MOST_ITEMS:
        raise InvalidDocument(f"The feed has {len(items):,} items; at most {_MOST_ITEMS:,} are rewritten at once.")
    return items


class _Reader:
    def __init__(self, xml: str) -> None:
        self._xml = xml
        self._data = xml.encode()
        self._items: list[Item] = []
        self._depth = 0
        self._item_depth = 0
        self._parser = expat.ParserCreate("utf-8", " ")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._refuse

    def read(self) -> list[Item]:
        """With every place in characters, which the parser counts in bytes."""
        self._parser.Parse(self._data, True)
        places = sorted({place for item in self._items for each in item.elements for place in (each.start, each.end)})
        characters = dict(self._characters(places))
        for item in self._items:
            for element in item.elements:
                element.start, element.end = characters[element.start], characters[element.end]
                element.inner = self._xml[element.start : element.end]
        return self._items

    def _characters(self, places: Sequence[int]) -> Iterator[tuple[int, int]]:
        counted = 0
        for before, place in pairwise([0, *places]):
            counted += len(self._data[before:place].decode())
            yield place, counted

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._item_depth:
            if self._depth == self._item_depth + 1:
                place = self._tag_end(self._parser.CurrentByteIndex)
                self._items[-1].elements.append(Element(name, attributes, place))
            else:
                self._items[-1].elements[-1].has_children = True
        elif name in _ITEMS:
            self._item_depth = self._depth
            self._items.append(Item())

    def _end(self, _name: str) -> None:
        if self._item_depth and self._depth == self._item_depth + 1:
            element = self._items[-1].elements[-1]
            element.end = max(self._parser.CurrentByteIndex, element.start)
        if self._depth == self._item_depth:
            self._item_depth = 0
        self._depth -= 1

    def _tag_end(self, start: int) -> int:
        """Behind the start tag that begins there; a > in the quotes of a value is none of its ends."""
        found = re.compile(rb"<(?:[^>\"']|\"[^\"]*\"|'[^']*')*>").match(self._data, start)
        return found.end() if found else start

    def _refuse(self, *_: object) -> None:
        raise InvalidDocument("The feed has a document type; feeds need none, and it is not read.")
