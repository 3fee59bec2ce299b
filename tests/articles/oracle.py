"""html5lib as the independent judge: it shares no code with the parser that the rewriter uses."""

from typing import Any

import html5lib

_OURS = ("data-affiliate-disclosure", "data-affiliate-label")
_CHANGED = ("href", "rel", "data-affiliate-placement")


def tree(html: str, *, comments: bool = True) -> Any:
    """The document as nested tuples, without what the rewriter changes on purpose: pieces that it puts in, and three
    attributes of anchors. A paragraph before a document's first comment moves that into the body: `comments` False
    leaves them out too."""
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
    root = parser.parse(html.removeprefix("\ufeff"), scripting=True)
    return _node(root, comments)


def _node(element: Any, comments: bool) -> Any:
    attributes = dict(element.attrib)
    if element.tag in ("a", "area"):
        for name in _CHANGED:
            attributes.pop(name, None)
    children: list[Any] = [element.text or ""]
    for child in element:
        is_comment = callable(child.tag)
        if (is_comment and not comments) or any(mark in child.attrib for mark in _OURS):
            children[-1] += child.tail or ""
            continue
        children += [_node(child, comments), child.tail or ""]
    return (
        "comment" if callable(element.tag) else element.tag,
        tuple(sorted(attributes.items(), key=str)),
        tuple(children),
    )
