"""What an article shows its readers, and since when: the register behind the disclosure column of every report."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from affiliate.disclosure.block import Notice
from affiliate.store.tables import ArticleDisclosure

PRESENT, MISSING, NOT_NEEDED = "present", "missing", "not-needed"


@dataclass(frozen=True, slots=True)
class Shown:
    """`state` is present, missing (paid links without a disclosure) or not-needed (no paid link). Words and version
    are None unless present. `at_headline` says whether the label must also stand at the headline and in teasers. `reason`
    says why links that could earn do not."""

    state: str
    jurisdiction: str
    paid_links: int
    label: str | None = None
    sentence: str | None = None
    version: str | None = None
    at_headline: bool = False
    reason: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "state": self.state,
            "jurisdiction": self.jurisdiction,
            "label": self.label,
            "sentence": self.sentence,
            "text_version": self.version,
            "paid_links": self.paid_links,
            "label_at_headline": self.at_headline,
            "reason": self.reason,
        }


def shown(
    jurisdiction: str, paid_links: int, notice: Notice | None, *, authors: str | None = None, reason: str | None = None
) -> Shown:
    """What an article with so many paid links shows when it carries this notice, or none; `authors` is the sentence of
    its author that stands in place of ours."""
    if not paid_links:
        return Shown(NOT_NEEDED, jurisdiction, 0, reason=reason)
    if notice is None:
        return Shown(MISSING, jurisdiction, paid_links, reason=reason)
    return Shown(
        PRESENT,
        jurisdiction,
        paid_links,
        notice.text.label,
        " ".join(filter(None, (authors, notice.words))),
        notice.version + ("+author" if authors else ""),
        notice.product_led and notice.text.labels_headline,
    )


def record(session: Session, *, article_id: int, shown: Shown, html_sha256: str, now: datetime) -> ArticleDisclosure:
    """Writes what an article shows from now on. A new row only where wording, presence or need changed, so `shown_from`
    of the open row is "since when"; else the open row's count of paid links and hash of the HTML are brought up to
    date."""
    current = session.scalar(
        select(ArticleDisclosure)
        .where(ArticleDisclosure.article_id == article_id, ArticleDisclosure.shown_until.is_(None))
        .order_by(ArticleDisclosure.id.desc())
        .limit(1)
    )
    if current is not None and _same(current, shown):
        current.paid_links, current.html_sha256 = shown.paid_links, html_sha256
        return current
    if current is not None:
        current.shown_until = now
    row = ArticleDisclosure(
        article_id=article_id,
        state=shown.state,
        jurisdiction=shown.jurisdiction,
        label=shown.label,
        sentence=shown.sentence,
        text_version=shown.version,
        paid_links=shown.paid_links,
        html_sha256=html_sha256,
        shown_from=now,
        reason=shown.reason,
    )
    session.add(row)
    session.flush()
    return row


def _same(row: ArticleDisclosure, shown: Shown) -> bool:
    return (row.state, row.jurisdiction, row.label, row.sentence, row.text_version, row.reason) == (
        shown.state,
        shown.jurisdiction,
        shown.label,
        shown.sentence,
        shown.version,
        shown.reason,
    )
