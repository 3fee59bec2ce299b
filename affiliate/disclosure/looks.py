"""How a page looks in a browser's window, as far as a check asks: the protocol between the rules and what measures."""

from dataclasses import dataclass
from typing import Protocol

MARK = "data-affiliate-mark"  # on every element of a screen's HTML: what to ask its look by


@dataclass(frozen=True, slots=True)
class Look:
    """How the text of one element is seen, at rest after loading. `hidden_by` says in words what keeps it from being seen
    ("" if nothing does): display:none, a clip, a cover, a place outside the window's width. `action` says what a reader
    would have to do first (open, hover, swipe), "" if nothing. Places and sizes are CSS pixels from the page's top left;
    `lines` is the number of lines of text that are visible. `contrast` is the ratio of WCAG 2.2 §1.4.3 with all alpha
    applied, None where the background is a picture or a gradient. `bold` from weight 700 on."""

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
