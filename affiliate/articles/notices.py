"""Where the disclosure stands in an article: the edits that put it in, bring it up to date or take it out.

Product-led articles are labelled at the headline and explained right below it, mixed ones at the block that holds the
first paid link; every paid link has its label before it. Nothing is closed in anything that a reader must open.
"""

import re
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from affiliate.articles.authored import NOTHING, Authored, authored
from affiliate.articles.document import Anchor, Document, Insertion
from affiliate.articles.edits import Edit
from affiliate.disclosure.block import Notice
from affiliate.disclosure.readers import unmet

DISCLOSURE, LABEL = "disclosure", "label"

_BLANKS = re.compile(r"\s*")


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
    if plan.notice is None or all(piece.is_plain for piece in written.insertions):
        return ""
    missing = unmet(html, plan.notice.text.jurisdiction, product_led=plan.notice.product_led)
    return f"readers would not see it where the rules want it: {missing}" if missing else ""


def piece_edits(document: Document, wanted: Iterable[Wanted]) -> list[Edit]:
    """The edits after which these pieces stand in the document, and no other of ours."""
    groups = list(_groups(document))
    edits = []
    for piece in wanted:
        at = bisect_right(groups, piece.at, key=lambda group: group.start) - 1
        there = groups[at].take(piece) if at >= 0 else None
        if there is None:
            edits.append(Edit(piece.at, "", piece.html, piece.what))
        else:
            edits.append(Edit(there.start, there.text, piece.html, piece.what))
    left = (old for group in groups for old in group.left)
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


@dataclass
class _Group:
    """Pieces of ours with nothing but white space between, which a CMS may have put there, and the place that they take
    with the white space around."""

    start: int
    end: int
    pieces: dict[str, deque[Insertion]] = field(default_factory=lambda: {DISCLOSURE: deque(), LABEL: deque()})

    def take(self, wanted: Wanted) -> Insertion | None:
        """The first piece of the kind that is wanted here, which is not there for another one then."""
        pieces = self.pieces[wanted.what]
        return pieces.popleft() if pieces and self.start <= wanted.at <= self.end else None

    @property
    def left(self) -> Iterator[Insertion]:
        for pieces in self.pieces.values():
            yield from pieces


def _groups(document: Document) -> Iterator[_Group]:
    group, done = None, 0
    for piece in document.insertions:
        between = document.html[done : piece.start]
        if group is None or between.strip():
            if group is not None:
                yield group
            group = _Group(done + len(between.rstrip()), piece.end)
        group.pieces[piece.what].append(piece)
        done = piece.end
        blanks = _BLANKS.match(document.html, done)
        group.end = blanks.end() if blanks else done
    if group is not None:
        yield group
