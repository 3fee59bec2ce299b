"""Where the disclosure stands in an article: the edits that put it in, bring it up to date or take it out.

Product-led articles are labelled at the headline and explained right below it, mixed ones at the block that holds the
first paid link; every paid link has its label before it. Nothing is closed in anything that a reader must open.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from affiliate.articles.document import Anchor, Document, Insertion
from affiliate.articles.edits import Edit
from affiliate.disclosure.block import Notice

DISCLOSURE, LABEL = "disclosure", "label"


@dataclass(frozen=True, slots=True)
class _Wanted:
    at: int
    html: str
    what: str


def notice_edits(document: Document, paid: Sequence[Anchor], notice: Notice | None) -> list[Edit]:
    """The edits after which the article shows this notice, and nothing else that earlier runs put in."""
    wanted = _wanted(document, paid, notice) if notice is not None and paid else []
    left = list(document.insertions)
    edits = []
    for piece in wanted:
        there = next((old for old in left if old.what == piece.what and _touches(document.html, old, piece.at)), None)
        if there is None:
            edits.append(Edit(piece.at, "", piece.html, piece.what))
        else:
            left.remove(there)
            edits.append(Edit(there.start, there.text, piece.html, piece.what))
    return edits + [Edit(old.start, old.text, "", old.what) for old in left]


def _wanted(document: Document, paid: Sequence[Anchor], notice: Notice) -> list[_Wanted]:
    language = paid[0].language
    blocks = _blocks(document, paid[0], notice, language)
    label = notice.link_label(language)
    labels = [
        _Wanted(anchor.label_slot, label, LABEL)
        for before, anchor in zip([None, *paid], paid, strict=False)
        # the areas of one picture share a label
        if not (anchor.tag == "area" and before is not None and before.tag == "area")
    ]
    return blocks + labels


def _blocks(document: Document, first: Anchor, notice: Notice, language: str) -> list[_Wanted]:
    slot = first.paragraph_slot
    whole = notice.label_and_sentence(language)
    if not notice.product_led:
        return [_Wanted(slot, whole, DISCLOSURE)]
    headline = document.headline
    if headline is None:
        return [_Wanted(min(document.top, slot), whole, DISCLOSURE)]
    label = notice.headline_label(language)
    if headline.after is None or headline.after > slot or headline.before > slot:
        if label and headline.before > slot:
            return [_Wanted(slot, whole, DISCLOSURE), _Wanted(headline.before, label, DISCLOSURE)]
        return [_Wanted(min(headline.before, slot), whole, DISCLOSURE)]
    above = [_Wanted(headline.before, label, DISCLOSURE)] if label else []
    return [*above, _Wanted(headline.after, notice.sentence(language), DISCLOSURE)]


def _touches(html: str, old: Insertion, at: int) -> bool:
    """Whether a piece stands where one is wanted; white space that a CMS put between does not matter."""
    if old.start <= at <= old.end:
        return True
    between = html[old.end : at] if at > old.end else html[at : old.start]
    return not between.strip()
