"""What a page's own styles do to a text, as far as its markup shows: inline styles, and rules of its `<style>` elements
that name a class or an id. Style sheets elsewhere are not read."""

import re
from collections.abc import Collection, Iterator

from bs4 import BeautifulSoup
from bs4.element import NavigableString, Tag

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_RULE = re.compile(r"([^{}]*)\{([^{}]*)\}")
_NAME = re.compile(r"[.#]([\w-]+)")
# Anything that can take a text out of sight, also where it is undone elsewhere: this is for a doubt, not for a verdict.
_HIDES = re.compile(
    r"(?:^|[;\s])(?:clip\s*:|clip-path|opacity|display\s*:\s*none|visibility|content-visibility|transform\s*:"
    r"|(?:text-indent|left|right|top|bottom)\s*:\s*-|(?:max-)?(?:height|width)\s*:\s*[01](?:px|em|rem|%)?\s*(?:;|!|$))",
    re.IGNORECASE,
)
_CHANGES = re.compile(r"(?:^|[;\s])(?:font|font-size|color|zoom)\s*:", re.IGNORECASE)


class Styles:
    """The styles that a page brings along itself."""

    def __init__(self, soup: BeautifulSoup) -> None:
        self._rules: dict[str, str] = {}
        for sheet in soup.find_all("style"):
            for selector, declarations in _RULE.findall(_COMMENT.sub("", sheet.get_text())):
                for name in _NAME.findall(selector):
                    self._rules[name] = f"{self._rules.get(name, '')};{declarations}"

    def touch(self, node: NavigableString, block: Tag, around: Collection[int] = ()) -> bool:
        """Whether they may hide a text, or set its size or colour up to its block. Elements with the ids `around`, and
        what is around them, do not count."""
        within = True
        for parent in node.parents:
            if id(parent) in around:
                return False
            for declarations in self._declarations(parent):
                if _HIDES.search(declarations) or (within and _CHANGES.search(declarations)):
                    return True
            within = within and parent is not block
        return False

    def _declarations(self, element: Tag) -> Iterator[str]:
        yield str(element.get("style", ""))
        for attribute in ("class", "id"):
            for name in element.get_attribute_list(attribute):
                yield self._rules.get(str(name), "")
