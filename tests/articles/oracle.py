"""html5lib as the independent judge: it shares no code with the parser that the rewriter uses.

It is older than the standard in one thing: a stray `</p>` or `</br>` in SVG or MathML closes that in browsers today, and
what follows is HTML again. Here it does so too.
"""

import re
from typing import Any

import html5lib
from html5lib.html5parser import getPhases

_OURS = ("data-affiliate-disclosure", "data-affiliate-label")
_CHANGED = ("href", "rel", "data-affiliate-placement")
_OUR_PING = re.compile(r"(https?://[^/]+)?/go/-/.+")


def tree(html: str) -> Any:
    """The document as nested tuples, without what the rewriter changes on purpose: pieces that it puts in, three
    attributes of anchors, and our words among their pings."""
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
    parser.phases["inForeignContent"] = _ForeignContent(parser, parser.tree)
    return _node(parser.parse(html.removeprefix("\ufeff"), scripting=True))


class _ForeignContent(getPhases(False)["inForeignContent"]):  # type: ignore[misc]  # html5lib has no types
    def processEndTag(self, token: dict[str, Any]) -> Any:  # noqa: N802 - html5lib's name
        if token["name"] not in ("p", "br"):
            return super().processEndTag(token)
        while self._is_foreign(self.tree.openElements[-1]):
            self.tree.openElements.pop()
        return self.parser.phase.processEndTag(token)

    def _is_foreign(self, element: Any) -> bool:
        if self.parser.isMathMLTextIntegrationPoint(element) or self.parser.isHTMLIntegrationPoint(element):
            return False
        return bool(element.namespace != self.tree.defaultNamespace)


def _node(element: Any) -> Any:
    attributes = dict(element.attrib)
    if element.tag in ("a", "area"):
        for name in _CHANGED:
            attributes.pop(name, None)
        words = [word for word in attributes.pop("ping", "").split() if not _OUR_PING.fullmatch(word)]
        attributes |= {"ping": words} if words else {}
    children: list[Any] = [element.text or ""]
    for child in element:
        if any(mark in child.attrib for mark in _OURS):
            children[-1] += child.tail or ""
        else:
            children += [_node(child), child.tail or ""]
    tag = "comment" if callable(element.tag) else element.tag
    return tag, tuple(sorted(attributes.items(), key=str)), tuple(children)
