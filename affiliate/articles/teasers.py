"""What stands where an article is announced: a product-led one is advertising before anybody opens it.

The label goes before the title in teasers, feeds, subjects of newsletters and push messages, and into og:title: readers in
the UK and in Germany must know before they click (ASA on Associated Newspapers, G22-1153503; LG Berlin, 52 O 194/18).
"""

from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from affiliate.articles.authored import accepted_labels
from affiliate.articles.policy import PRODUCT_LED
from affiliate.disclosure.block import Notice
from affiliate.disclosure.own.texts import text_for
from affiliate.disclosure.wording import ends_with_label, is_label
from affiliate.store.tables import Article


@dataclass(frozen=True, slots=True)
class Announcement:
    """How an article is announced: the label that its teasers carry (None: they need none) and its title with it (None
    where the title is not known). `accepted` are the words that an author may have labelled a title with."""

    label: str | None
    title: str | None
    accepted: tuple[str, ...] = ()

    def labelled(self, title: str) -> str:
        """A title with the label before it; one that its author labelled stays as it is."""
        if self.label is None or is_label(title, self.accepted) or ends_with_label(title, self.accepted):
            return title
        return f"{self.label}: {title}"

    def as_json(self) -> dict[str, str | None]:
        return {
            "teaser_label": self.label,
            "feed_title": self.title,
            "newsletter_subject": self.title,
            "push_title": self.title,
        }


def announcement(title: str, label: str | None, accepted: tuple[str, ...]) -> Announcement:
    announced = Announcement(label, None, accepted)
    return replace(announced, title=announced.labelled(title)) if title else announced


def kept_announcement(session: Session, article: Article) -> Announcement:
    """How an article that holds paid links is announced, by what the register knows of it. InvalidInput where there are no
    words for its jurisdiction and language any more."""
    site = article.site
    jurisdiction, language = article.jurisdiction or site.jurisdiction, article.language or site.language
    text = text_for(session, site, jurisdiction=jurisdiction, language=language)
    label = text.teaser_label if article.kind == PRODUCT_LED else ""
    return announcement(article.title, label or None, accepted_labels(Notice(text, product_led=True)))
