"""What a page's own styles do to a text, as far as its markup shows: inline styles, and the rules of its `<style>` elements.
Style sheets elsewhere are not read.

This is for a doubt, not for a verdict: a rule counts if the names in it are there, also where another one undoes it.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from affiliate.disclosure.pages.tree import Place

_TAG = re.compile(r"[a-zA-Z][\w-]*")
_NAME = re.compile(r"([.#])([\w-]+)")
_HIDES = re.compile(
    r"(?:^|[;\s])(?:clip\s*:(?!\s*auto)|clip-path\s*:(?!\s*none)|opacity\s*:\s*0?\.\d|opacity\s*:\s*0|display\s*:\s*none"
    r"|visibility\s*:\s*(?:hidden|collapse)|content-visibility\s*:\s*hidden|transform\s*:[^;]{0,200}(?:scale\w*\(\s*0?\.|scale\w*\(\s*0|-\d{3})"
    r"|(?:text-indent|left|right|top|bottom|margin(?:-left|-top)?)\s*:\s*-\d{3}"
    r"|(?:max-)?(?:height|width)\s*:\s*[01](?:px|em|rem|%)?\s*(?:;|!|$)|-webkit-line-clamp)",
    re.IGNORECASE,
)
_SIZE = re.compile(r"(?:^|[;\s])font(?:-size)?\s*:\s*([^;!]*)", re.IGNORECASE)
_MEASURE = re.compile(r"(?<![\d.])(\d++(?:\.\d++)?|\.\d++)(px|pt|em|rem|%|vw)", re.IGNORECASE)
_SMALL = re.compile(r"\b(?:small|smaller|x-small|xx-small)\b", re.IGNORECASE)
_COLOUR = re.compile(r"(?:^|[;\s])color\s*:\s*([^;!]*)", re.IGNORECASE)
_BACKGROUND = re.compile(r"(?:^|[;\s])background(?:-color)?\s*:\s*([^;!]*)", re.IGNORECASE)
_ZOOM = re.compile(r"(?:^|[;\s])zoom\s*:\s*0?\.", re.IGNORECASE)
_HEX = re.compile(r"#([0-9a-f]{3,8})\b", re.IGNORECASE)
_RGB = re.compile(r"rgba?\(\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})(?:[\s,/]+([\d.]+%?))?\s*\)", re.IGNORECASE)
_DARK = frozenset(
    {"black", "darkblue", "navy", "darkslategray", "darkslategrey", "midnightblue", "maroon", "darkgreen"}
)
_AS_AROUND = re.compile(r"\s*(?:inherit|currentcolor|initial|unset|revert|var\()", re.IGNORECASE)

# Class names that style sheets of many sites hide by, also where the sheet is not on the page (Bootstrap, WordPress, Tailwind).
_HIDING_NAMES = frozenset(
    {
        "sr-only",
        "visually-hidden",
        "visuallyhidden",
        "screen-reader-text",
        "screen-reader-only",
        "offscreen",
        "off-screen",
    }
    | {
        "hidden",
        "is-hidden",
        "u-hidden",
        "d-none",
        "hide",
        "invisible",
        "collapse",
        "collapsed",
        "tooltip",
        "tooltiptext",
    }
    | {"popover", "modal", "accordion-content", "accordion-body", "accordion-panel", "tab-pane"}
)
_MOST_ALIKE = 200  # rules for one name that are looked at; where there are more of them, any may apply

# The least that raises no doubt; the same numbers as in a browser.
_LEAST_PX, _LEAST_RATIO, _LEAST_CONTRAST = 12, 0.8, 4.5


@dataclass(frozen=True, slots=True)
class _Rule:
    """A selector, without its combinators: the element's own tag and names, and names of what is around it."""

    tag: str
    names: frozenset[str]
    around: frozenset[str]


class Styles:
    """The styles that a page brings along itself; `sheets` are the texts of its `<style>` elements, `places` all of its
    elements in order."""

    def __init__(self, sheets: Sequence[str], places: Sequence[Place]) -> None:
        self._places = places
        self._touched: dict[int, Place | None] = {}
        by_key: dict[str, dict[_Rule, None]] = {}
        for sheet in sheets:
            for selectors, declarations in _rules(sheet):
                if not _doubtful(declarations):
                    continue
                for selector in selectors.split(","):
                    if rule := _read(selector):
                        by_key.setdefault(min(rule.names, default=rule.tag), {})[rule] = None
        self._by_key = {key: tuple(rules) for key, rules in by_key.items()}

    def touch(self, place: Place, beside: Place | None = None) -> bool:
        """Whether they may hide the text of an element, or make it small or pale. What is around `beside` as well does not
        count."""
        touched = self._touched_around(place)
        return touched is not None and (beside is None or not touched.holds(beside))

    def _touched_around(self, place: Place) -> Place | None:
        """The innermost element, from this one outwards, that they may hide or change; found once for each."""
        unknown: list[Place] = []
        around: Place | None = place
        while around is not None and id(around) not in self._touched:
            unknown.append(around)
            around = around.parent
        touched = self._touched[id(around)] if around is not None else None
        for each in reversed(unknown):
            touched = self._touched[id(each)] = each if self._is_touched(each) else touched
        return touched

    def _is_touched(self, place: Place) -> bool:
        return (
            is_named_hidden(place)
            or _doubtful(place.attrs.get("style", "")[:4000])
            or (bool(self._by_key) and self._is_meant(place))
        )

    def _is_meant(self, place: Place) -> bool:
        """Whether a rule applies to an element."""
        names = _names_of(place)
        for key in (*names, place.tag):
            rules = self._by_key.get(key, ())
            if len(rules) > _MOST_ALIKE or any(self._applies(rule, place, names) for rule in rules):
                return True
        return False

    def _applies(self, rule: _Rule, place: Place, names: frozenset[str]) -> bool:
        return (
            rule.tag in ("", place.tag)
            and rule.names <= names
            and all(self._is_in(place.parent, name) for name in rule.around)
        )

    def _is_in(self, place: Place | None, name: str) -> bool:
        """Whether an element has a name, or something around it has."""
        begins, ends = self._named.get(name, ((), ()))
        at = bisect_right(begins, place.order) - 1 if place is not None else -1
        return place is not None and at >= 0 and place.order <= ends[at]

    @cached_property
    def _named(self) -> dict[str, tuple[list[int], list[int]]]:
        """Where the outermost elements begin and end that have a name which rules ask for around another."""
        asked = {name for rules in self._by_key.values() for rule in rules for name in rule.around}
        found: dict[str, tuple[list[int], list[int]]] = {}
        for place in self._places if asked else ():
            for name in _names_of(place) & asked:
                begins, ends = found.setdefault(name, ([], []))
                if not ends or place.order > ends[-1]:
                    begins.append(place.order)
                    ends.append(place.end)
        return found


def is_named_hidden(place: Place) -> bool:
    """Whether a class name may hide an element; none hides the headline or most of the text."""
    return not place.is_core and not _HIDING_NAMES.isdisjoint(place.attrs.get("class", "").lower().split())


def _names_of(place: Place) -> frozenset[str]:
    classes = {f".{name}" for name in place.attrs.get("class", "").split()}
    id_ = place.attrs.get("id", "")
    return frozenset(classes | ({f"#{id_}"} if id_ else set()))


def _rules(sheet: str) -> Iterator[tuple[str, str]]:
    """Selectors and declarations, one pass each over the sheet: a page may bring a megabyte of them."""
    first, *pieces = sheet.split("/*")
    plain = first + "".join(piece.partition("*/")[2] for piece in pieces)
    for part in plain.split("}"):
        selectors, brace, declarations = part.rpartition("{")
        if brace:
            yield selectors.rpartition("{")[2].rpartition(";")[2][-2000:], declarations[:4000]


def _read(selector: str) -> _Rule | None:
    """None for a selector of a state (`:hover`), of made-up text (`::before`), or with no word in it."""
    if ":" in selector or "@" in selector:
        return None
    compounds = re.split(r"[\s>+~]+", selector.strip())
    own = compounds[-1]
    tag = _TAG.match(own)
    names = frozenset(mark + name for mark, name in _NAME.findall(own))
    if not names and not tag:
        return None
    around = frozenset(mark + name for mark, name in _NAME.findall(" ".join(compounds[:-1])))
    return _Rule(tag.group().lower() if tag else "", names, around)


def _doubtful(declarations: str) -> bool:
    return bool(declarations) and (
        _HIDES.search(declarations) is not None
        or _ZOOM.search(declarations) is not None
        or any(_is_small(value) for value in _SIZE.findall(declarations))
        or _is_pale(declarations)
    )


def _is_small(value: str) -> bool:
    found = _MEASURE.search(value)
    if found is None:
        return _SMALL.search(value) is not None
    amount, unit = float(found[1]), found[2].lower()
    if unit in ("px", "pt"):
        return amount * (4 / 3 if unit == "pt" else 1) < _LEAST_PX
    return amount / (100 if unit == "%" else 1) < _LEAST_RATIO if unit != "vw" else True


def _is_pale(declarations: str) -> bool:
    """Whether a text's colour is too near its background's: the one beside it, else white."""
    colours = _COLOUR.findall(declarations)
    if not colours or _AS_AROUND.match(colours[-1]) or colours[-1].strip().lower() in _DARK:
        return False
    colour = _light(colours[-1])
    backgrounds = _BACKGROUND.findall(declarations)
    behind = _light(backgrounds[-1]) if backgrounds else 1.0
    if colour is None or behind is None:
        return True
    return (max(colour, behind) + 0.05) / (min(colour, behind) + 0.05) < _LEAST_CONTRAST


def _light(value: str) -> float | None:
    """The relative luminance of a colour as WCAG 2.2 has it, from 0 (black) to 1; None for one that cannot be read or that is seen
    through."""
    if value.strip().lower() in ("white", "transparent", "none"):
        return 1.0
    if value.strip().lower() in _DARK:
        return 0.0
    if found := _HEX.search(value):
        digits = found[1]
        if len(digits) in (3, 4):
            digits = "".join(2 * digit for digit in digits)
        if len(digits) not in (6, 8) or digits[6:].lower() not in ("", "ff"):
            return None
        channels = [int(digits[at : at + 2], 16) for at in (0, 2, 4)]
    elif (found := _RGB.search(value)) and found[4] in (None, "1", "100%"):
        channels = [min(255, int(found[number])) for number in (1, 2, 3)]
    else:
        return None
    red, green, blue = (_linear(channel / 255) for channel in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
