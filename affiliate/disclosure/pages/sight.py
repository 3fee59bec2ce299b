"""What of a page is seen in one window: whether a text is, whether it stands where its order says, and in which words."""

from collections.abc import Callable
from functools import cached_property

from affiliate.disclosure.findings import Finding
from affiliate.disclosure.looks import Look, Part, Screen
from affiliate.disclosure.pages.paid import PaidLink
from affiliate.disclosure.pages.tree import Place

_MOST_LINKS = 60  # paid links whose place in the window is looked at


class Sight:
    """A page's elements in a window. `links` are those that somebody pays for, in the order of the document."""

    def __init__(self, screen: Screen, links: list[PaidLink]) -> None:
        self.screen = screen
        self._links = links
        self.missing: dict[str, list[Finding]] = {}  # by pack: several checks ask

    def look(self, place: Place) -> Look:
        return self.screen.look(place.mark)

    def shows(self, place: Place) -> bool:
        """Whether a text is seen, and if it stands before the first paid link, not displaced below a link."""
        return not place.mark or (self.look(place).is_seen and self.displaced_by(place) is None)

    def displaced_by(self, place: Place) -> PaidLink | None:
        """The paid link that styles show above a text which the document has before all of them. A text in another column
        is none of its readers' business."""
        if not self._links or place.order > self._links[0].place.order or self._links[0].place.holds(place):
            return None
        own = self.look(place)
        if own.is_fixed:
            return None
        return next((link for link, there in self.shown_links if _is_above(there, own)), None)

    @cached_property
    def shown_links(self) -> list[tuple[PaidLink, Look]]:
        """The paid links that are seen and scroll with the page, with their looks; the first sixty of them."""
        looks = [(link, self.look(link.place)) for link in self._links[:_MOST_LINKS] if link.place.mark]
        return [(link, look) for link, look in looks if look.is_seen and look.height > 0 and not look.is_fixed]

    def says(self, place: Place, explains: Callable[[str], bool], counts: Callable[[Part], bool]) -> bool:
        """Whether a text still explains by those of its parts that count."""
        look = self.look(place)
        return not look.parts or explains(look.words(counts))


def _is_above(link: Look, text: Look) -> bool:
    """Whether a link ends above a text, in the same column."""
    shared = min(link.x + link.width, text.x + text.width) - max(link.x, text.x)
    return shared > 0 and link.bottom <= text.y + 1
