"""Where the disclosure stands in an article: the edits that put it in, bring it up to date or take it out.

Product-led articles are labelled at the headline and explained right below it, mixed ones at the block that holds the
first paid link; every paid link has its label before it. Nothing is closed in anything that a reader must open.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from affiliate.articles.authored import NOTHING, Authored, authored
from affiliate.articles.document import Anchor, Document, Insertion
from affiliate.articles.edits import Edit
from affiliate.disclosure.block import Notice
from affiliate.disclosure.readers import unmet

DISCLOSURE, LABEL = "disclosure", "label"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A piece of ours and where it is to stand."""

    at: int
    html: str
    what: str


@dataclass(frozen=True, slots=True)
class Planned:
    """What is to be put in, and what stands there already because an author wrote it. `notice` is what of ours is shown,
    `first` the paid link that readers meet first; both are None where there is nothing to tell."""

    wanted: tuple[Wanted, ...] = ()
    there: Authored = NOTHING
    notice: Notice | None = None
    first: Anchor | None = None


def planned(document: Document, paid: Sequence[Anchor], notice: Notice | None) -> Planned:
    if notice is None or not paid:
        return Planned()
    first = first_met(paid)
    there = authored(document, paid, first, notice)
    ours = replace(notice, explains=there.sentence is None, networks=notice.networks - there.statements)
    language = first.language
    label = ours.link_label(language)
    labels = [
        Wanted(anchor.label_slot, label, LABEL)
        for before, anchor in zip([None, *paid], paid, strict=False)
        # the areas of one picture share a label
        if anchor.number not in there.labelled
        and not (anchor.tag == "area" and before is not None and before.tag == "area")
    ]
    return Planned((*_blocks(document, first, ours, there, language), *labels), there, ours, first)


def first_met(paid: Sequence[Anchor]) -> Anchor:
    """The first paid link of the article itself; a menu above it is not where it begins."""
    return next((anchor for anchor in paid if not anchor.is_furniture), paid[0])


def obstacle(document: Document, html: str, plan: Planned, *, in_cells: bool = False) -> str:
    """Why readers of the rewritten HTML would not meet what was planned for them before the first paid link; nothing if
    they do. Broken markup can move a piece or shut it in, what is around it can hide it, and only reading it again as the check
    does shows that."""
    if plan.first is None:
        return ""
    written = Document(html, in_cells=in_cells)
    if len(written.anchors) != len(document.anchors) or len(written.insertions) != len(plan.wanted):
        return "the markup is broken in a way that moves what is put in."
    blocks = [piece for piece in written.insertions if piece.what == DISCLOSURE]
    if not all(piece.is_live for piece in blocks):
        return "it would stand where readers do not see it."
    if blocks and blocks[0].start > written.anchors[plan.first.number].start:
        return "it would stand behind the first paid link."
    if plan.notice is not None and (
        missing := unmet(html, plan.notice.text.jurisdiction, product_led=plan.notice.product_led)
    ):
        return f"readers would not see it where the rules want it: {missing}"
    return ""


def piece_edits(document: Document, wanted: Iterable[Wanted]) -> list[Edit]:
    """The edits after which these pieces stand in the document, and no other of ours."""
    left = list(document.insertions)
    edits = []
    for piece in wanted:
        there = next((old for old in left if old.what == piece.what and _touches(document, old, piece.at)), None)
        if there is None:
            edits.append(Edit(piece.at, "", piece.html, piece.what))
        else:
            left.remove(there)
            edits.append(Edit(there.start, there.text, piece.html, piece.what))
    return edits + [Edit(old.start, old.text, "", old.what) for old in left]


def _blocks(document: Document, first: Anchor, notice: Notice, there: Authored, language: str) -> list[Wanted]:
    slot = first.paragraph_slot
    whole = notice.label_and_sentence(language)
    headline = document.headline
    if not notice.product_led:
        return _filled((slot, whole))
    if headline is None:
        return _filled((min(document.top, slot), whole or notice.headline_label(language)))
    label = "" if there.labels_headline else notice.headline_label(language)
    if headline.after is None or headline.after > slot or headline.before > slot:
        if label and headline.before > slot:
            return _filled((slot, whole), (headline.before, label))
        return _filled((min(headline.before, slot), whole if label else notice.sentence(language) or label))
    return _filled((headline.before, label), (headline.after, notice.sentence(language)))


def _filled(*pieces: tuple[int, str]) -> list[Wanted]:
    return [Wanted(at, html, DISCLOSURE) for at, html in pieces if html]


def _touches(document: Document, old: Insertion, at: int) -> bool:
    """Whether a piece stands where one is wanted; other pieces of ours and white space that a CMS put between do not
    matter."""
    first, last = (old.end, at) if at > old.end else (at, old.start)
    pieces = document.insertions
    for piece in pieces[bisect_left(pieces, first, key=lambda piece: piece.start) :]:
        if piece.end > last or document.html[first : piece.start].strip():
            break
        first = piece.end
    return not document.html[first:last].strip()
