"""html5lib as the independent judge: it shares no code with the parser that the rewriter uses."""

from typing import Any
from xml.etree.ElementTree import Element

import html5lib

_OURS = ("data-affiliate-disclosure", "data-affiliate-label")
_CHANGED = ("href", "rel", "data-affiliate-placement")


def tree(html: str, *, without_changes: bool = True) -> Any:
    """The document as nested tuples. `without_changes` leaves out what the rewriter changes on purpose: pieces that it
    puts in, and three attributes of anchors."""
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
    root: Element = parser.parse(html.removeprefix("\ufeff"), scripting=True)
    return _node(root, without_changes)


def _node(element: Element, without_changes: bool) -> Any:
    attributes = dict(element.attrib)
    if without_changes and element.tag in ("a", "area"):
        for name in _CHANGED:
            attributes.pop(name, None)
    children: list[Any] = [element.text or ""]
    for child in element:
        if without_changes and isinstance(child.tag, str) and any(mark in child.attrib for mark in _OURS):
            children[-1] += child.tail or ""
            continue
        children += [_node(child, without_changes), child.tail or ""]
    return (str(element.tag), tuple(sorted(attributes.items(), key=str)), tuple(children))


def visible_text(html: str) -> str:
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
    return " ".join("".join(parser.parse(html, scripting=True).itertext()).split())
