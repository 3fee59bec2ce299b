"""html5lib as the independent judge: it shares no code with the parser that the rewriter uses."""

from typing import Any

import html5lib

_OURS = ("data-affiliate-disclosure", "data-affiliate-label")
_CHANGED = ("href", "rel", "data-affiliate-placement")


def tree(html: str) -> Any:
    """The document as nested tuples, without what the rewriter changes on purpose: pieces that it puts in, and three
    attributes of anchors."""
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
    return _node(parser.parse(html.removeprefix("\ufeff"), scripting=True))


def _node(element: Any) -> Any:
    attributes = dict(element.attrib)
    if element.tag in ("a", "area"):
        for name in _CHANGED:
            attributes.pop(name, None)
    children: list[Any] = [element.text or ""]
    for child in element:
        if any(mark in child.attrib for mark in _OURS):
            children[-1] += child.tail or ""
        else:
            children += [_node(child), child.tail or ""]
    tag = "comment" if callable(element.tag) else element.tag
    return tag, tuple(sorted(attributes.items(), key=str)), tuple(children)
