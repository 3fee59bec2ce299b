"""The one call of the HTML parser, with the limits beyond which a document is refused before its tree is built.

The parser builds the tree that browsers build, at most 512 elements deep. In two cases the standard makes that tree far
larger than its text (html.spec.whatwg.org/multipage/parsing.html): formatting elements that were never closed are opened
again in every later block ("reconstruct the active formatting elements", "adoption agency algorithm"), and every further
`<html>` or `<body>` tag adds its attributes to those of the first one.
"""

import re
from collections import Counter

import turbohtml

from affiliate.errors import InvalidDocument

_MOST_REOPENED = 1_000_000  # elements that a browser adds to those that are written; each takes about 150 bytes
_MOST_ROOTS = 100  # <html> and <body> tags with attributes together; newsletters that were put together have a few
_DEEPEST = 512  # elements in one another; the parser puts what is deeper side by side
_ALIKE = 3  # formatting elements with the same attributes that are opened again: the standard's Noah's Ark clause
_MOST_BARE = 13 * _ALIKE + 1  # formatting elements without attributes that can be open at once; of <a> there is one
_ADOPTED = 32  # elements that one end tag adds where blocks were opened in what it closes: 8 rounds of at most 4

_FORMATTING = frozenset(
    {"a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"}
)
_VOID = frozenset({"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
# Formatting elements with attributes (but for <a>, of which one is open at a time), <html> and <body>. A pattern of this
# form is five times as fast as a list of words.
_WITH_ATTRIBUTES = re.compile(r"<[bcefhinstu](?:[\s/]|(?:ig|ode|m|ont|obr|mall|trike|trong|t|tml|ody)[\s/])")
_TAG = re.compile(r"<(/?)([a-z][^\s/>]*)([^<>]*)")
_ROOT = re.compile(r"<(?:html|body)[\s/]")


def parse(html: str, *, source_locations: bool = False) -> turbohtml.Document:
    """The tree of a page or a fragment, as a browser that runs scripts builds it. InvalidDocument for text whose tree would
    be far larger than the text; no tree is built then."""
    tags = html.count("<")
    if tags > _MOST_ROOTS:
        lower = html.lower()
        doubtful = len(_WITH_ATTRIBUTES.findall(lower))
        if doubtful > _MOST_ROOTS:
            _refuse_roots(lower)
        if tags * min(_DEEPEST, _MOST_BARE + doubtful) > _MOST_REOPENED:
            _refuse_reopened(lower)
    return turbohtml.parse(
        html, source_locations=source_locations, scripting=True, allow_declarative_shadow_roots=False
    )


def _refuse_roots(lower: str) -> None:
    if (found := len(_ROOT.findall(lower))) > _MOST_ROOTS:
        raise InvalidDocument(
            f"The HTML has {found:,} <html> and <body> tags with attributes; at most {_MOST_ROOTS} are read. Send one page at a time."
        )


def _refuse_reopened(lower: str) -> None:
    """Tag by tag, which takes as long as the parsing: only where what could be open at most is much."""
    if _reopens_too_many(lower):
        raise InvalidDocument(
            "The HTML leaves formatting elements (<b>, <i>, <font> and the like) open across blocks: a browser would open"
            f" them again more than {_MOST_REOPENED:,} times. Close each in the block that it was opened in."
        )


def _reopens_too_many(lower: str) -> bool:
    """By an upper bound: as if each tag that is not a formatting element's closed all that is open, which happens only
    where formatting stands around blocks or was left open."""
    formatting = _Formatting()
    depth = added = 0
    for closing, tag, attributes in _TAG.findall(lower):
        if tag not in _FORMATTING:
            added += min(_DEEPEST, formatting.open)
            depth += 0 if tag in _VOID else -1 if closing else 1
        elif closing:
            added += formatting.close(tag, depth)
        else:
            added += formatting.close(tag, depth) if tag == "a" else 0
            formatting.start(tag, attributes, depth)
        if added > _MOST_REOPENED:
            return True
    return False


class _Formatting:
    """The formatting elements that are open, by tag, each with its attributes and the depth of blocks around it."""

    def __init__(self) -> None:
        self.open = 0
        self._by_tag: dict[str, list[tuple[str, int]]] = {tag: [] for tag in _FORMATTING}
        self._alike: Counter[tuple[str, str]] = Counter()

    def start(self, tag: str, attributes: str, depth: int) -> None:
        if self._alike[tag, attributes] < _ALIKE:
            self._alike[tag, attributes] += 1
            self._by_tag[tag].append((attributes, depth))
            self.open += 1

    def close(self, tag: str, depth: int) -> int:
        """Closes the last one; how many elements that adds to the tree."""
        if not self._by_tag[tag]:
            return 0
        attributes, opened = self._by_tag[tag].pop()
        self._alike[tag, attributes] -= 1
        self.open -= 1
        return 0 if opened == depth else _ADOPTED
