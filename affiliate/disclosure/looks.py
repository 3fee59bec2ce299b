"""How a page looks in a browser's window, as far as a check asks: the protocol between the rules and what measures."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

MARK = "data-affiliate-mark"  # on every element of a screen's HTML: what to ask its look by


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of an element's text that looks alike; its fields are those of Look."""

    text: str
    hidden_by: str
    action: str
    font_px: float
    bold: bool
    contrast: float | None

    @property
    def is_seen(self) -> bool:
        return not self.hidden_by and not self.action


@dataclass(frozen=True, slots=True)
class Look:
    """How the text of one element is seen, at rest after loading. `hidden_by` says in words what keeps it from being seen
    ("" if nothing does): display:none, a clip, a cover, a place outside the window's width. `action` says what a reader
    would have to do first (open, hover, swipe), "" if nothing. Places and sizes are CSS pixels from the page's top left;
    `lines` is the number of lines of text that are visible. `contrast` is the ratio of WCAG 2.2 §1.4.3 with all alpha
    applied, None where the background is a picture or a gradient. `bold` from weight 700 on.

    `parts` are the element's text piece by piece: hidden words in a sentence that is seen change what it says. The other
    fields are those of the part that is seen worst; where a third of the letters is not seen, the whole counts as not. `is_fixed` says that it stays in the window
    while the page scrolls; its place is then that of the window at the page's top."""

    hidden_by: str
    action: str
    x: float
    y: float
    width: float
    height: float
    font_px: float
    bold: bool
    contrast: float | None
    lines: int
    parts: tuple[Part, ...] = ()
    is_fixed: bool = False

    def words(self, counts: Callable[[Part], bool] = lambda part: part.is_seen) -> str:
        """The text of the parts that count, in order: all that are seen, or those that pass a measure as well."""
        return "".join(part.text if counts(part) else " " for part in self.parts)

    @property
    def is_seen(self) -> bool:
        return not self.hidden_by and not self.action

    @property
    def bottom(self) -> float:
        return self.y + self.height


class Screen(Protocol):
    """A page in one window. `html` is the document after its scripts ran, every element marked. `text_px` is the median
    size of the article's running text, `page_height` of the whole page."""

    width: int
    height: int
    html: str
    text_px: float
    page_height: float

    @property
    def name(self) -> str:
        """As findings call it: "360x740"."""
        ...

    def look(self, mark: str) -> Look:
        """Measures one element; repeated questions are answered from memory."""
        ...
