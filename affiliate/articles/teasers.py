"""What stands where an article is announced: a product-led one is advertising before anybody opens it.

The label goes before the title in teasers, feeds, subjects of newsletters and push messages, and into og:title: readers in
the UK and in Germany must know before they click (ASA on Associated Newspapers, G22-1153503; LG Berlin, 52 O 194/18).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from affiliate.disclosure.wording import ends_with_label, is_label


@dataclass(frozen=True, slots=True)
class Announcement:
    """How an article is announced: the label that its teasers carry (None: they need none) and its title with it (None
    where the title is not known)."""

    label: str | None
    title: str | None

    def as_json(self) -> dict[str, str | None]:
        return {
            "teaser_label": self.label,
            "feed_title": self.title,
            "newsletter_subject": self.title,
            "push_title": self.title,
        }


def announcement(title: str, label: str | None, accepted: Sequence[str] = ()) -> Announcement:
    """A title that its author labelled already, with one of the accepted words, stays as it is."""
    if not title or label is None:
        return Announcement(label, title or None)
    return Announcement(label, labelled_title(title, label, accepted))


def labelled_title(title: str, label: str, accepted: Sequence[str] = ()) -> str:
    known = (label, *accepted)
    if is_label(title, known) or ends_with_label(title, known):
        return title
    return f"{label}: {title}"
