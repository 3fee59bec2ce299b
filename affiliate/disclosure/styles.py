"""What a page's own styles do to a text, as far as its markup shows: inline styles, and rules of its `<style>` elements
that name a class or an id. Style sheets elsewhere are not read."""

import re
from collections.abc import Iterator, Sequence

from affiliate.disclosure.tree import Place

_NAME = re.compile(r"[.#]([\w-]+)")
# Anything that can take a text out of sight, also where it is undone elsewhere: this is for a doubt, not for a verdict.
_HIDES = re.compile(
    r"(?:^|[;\s])(?:clip\s*:|clip-path|opacity|display\s*:\s*none|visibility|content-visibility|transform\s*:"
    r"|(?:text-indent|left|right|top|bottom)\s*:\s*-|(?:max-)?(?:height|width)\s*:\s*[01](?:px|em|rem|%)?\s*(?:;|!|$))",
    re.IGNORECASE,
)
_CHANGES = re.compile(r"(?:^|[;\s])(?:font|font-size|color|zoom)\s*:", re.IGNORECASE)


class Styles:
    """The styles that a page brings along itself; `sheets` are the texts of its `<style>` elements."""

    def __init__(self, sheets: Sequence[str]) -> None:
        self._rules: dict[str, list[str]] = {}
        for sheet in sheets:
            for selector, declarations in _rules(sheet):
                for name in set(_NAME.findall(selector)):
                    self._rules.setdefault(name, []).append(declarations)

    def touch(self, place: Place, beside: Place | None = None) -> bool:
        """Whether they may hide the text of an element, or set its size or colour up to its block. What is around `beside`
        as well does not count."""
        within = True
        for around in place.around():
            if beside is not None and around.holds(beside):
                return False
            for declarations in self._declarations(around):
                if _HIDES.search(declarations) or (within and _CHANGES.search(declarations)):
                    return True
            within = within and around is not place.block
        return False

    def _declarations(self, place: Place) -> Iterator[str]:
        yield place.attrs.get("style", "")
        for attribute in ("class", "id"):
            for name in place.attrs.get(attribute, "").split():
                yield from self._rules.get(name, ())


def _rules(sheet: str) -> Iterator[tuple[str, str]]:
    """Selectors and declarations, one pass each over the sheet: a page may bring a megabyte of them."""
    first, *pieces = sheet.split("/*")
    plain = first + "".join(piece.partition("*/")[2] for piece in pieces)
    for part in plain.split("}"):
        selector, brace, declarations = part.rpartition("{")
        if brace:
            yield selector[-2000:], declarations
