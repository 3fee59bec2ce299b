"""The rewriter: HTML in, HTML out, and the list of changes between them. Pure: it knows no database and no network.

The output is the input with edits spliced in; a tree is never written out again. Running it on its own output changes
nothing, and its changes restore the input exactly.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import unescape

from affiliate import deadline
from affiliate.articles.document import LONGEST, PLACEMENT_MARK, Anchor, Attribute, Document
from affiliate.articles.edits import Edit, apply, in_order
from affiliate.articles.notices import Planned, piece_edits, planned
from affiliate.articles.pings import with_ping
from affiliate.disclosure.block import Notice

PAID_REL = ("sponsored", "nofollow")  # Google asks for the first and still accepts the second; other engines know it

_VALUE = re.compile(r"[^=]*=\s*(?:\"(.*)\"|'(.*)'|(.*))", re.DOTALL)
_ENDS = frozenset("\t\n\f\r >")
_NEEDS_QUOTES = re.compile(r"[\s\"'=<>`]")


@dataclass(frozen=True, slots=True)
class Replacement:
    """What becomes of one anchor. `href` None keeps the address as it is written. With `placement` the anchor gets
    that token in its data attribute, without it loses one. With `ping` the browser tells that address of its use, beside
    those of the author; without it none of ours. `paid` anchors get the rel words and the label.

    `written` and `rel` are attributes that are put back as they once stood, byte for byte: the one with that `href`, and the
    one to which our words were added ("" for none, None to leave it)."""

    href: str | None = None
    placement: str | None = None
    paid: bool = True
    ping: str | None = None
    written: str | None = None
    rel: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """The rewritten HTML and the changes that made it, in the order of the source. `plan` says which notice it carries."""

    html: str
    changes: tuple[Edit, ...]
    plan: Planned = field(default=Planned(), compare=False)


Decide = Callable[[str, Anchor], Replacement | None]


def rewrite(html: str | Document, decide: Decide, *, notice: Notice | None = None, longest: int = LONGEST) -> Result:
    """Asks `decide(url, anchor)` for every anchor that may be touched; None leaves it alone.

    With a notice the disclosure is put before the first paid link and a label before each; what an earlier run put in
    is brought up to date, and taken out where no paid link is left or there is no notice. InvalidDocument for what is
    too long or no text.
    """
    document = html if isinstance(html, Document) else Document(html, longest=longest)
    edits: list[Edit] = []
    paid: list[Anchor] = []
    for anchor in document.anchors:
        deadline.check()
        replacement = None if anchor.off else decide(anchor.url, anchor)
        if replacement is None:
            continue
        edits += _anchor_edits(document, anchor, replacement)
        if replacement.paid:
            paid.append(anchor)
    plan = planned(document, paid, notice)
    edits += piece_edits(document, plan.wanted)
    changes = in_order(edits)
    return Result(apply(document.html, changes), changes, plan)


def _anchor_edits(document: Document, anchor: Anchor, replacement: Replacement) -> list[Edit]:
    href = anchor.attribute("href")
    if href is None:
        return []
    edits = []
    if replacement.written is not None and _may_stand(document, href, replacement.written):
        edits.append(Edit(href.start, href.written, replacement.written, "href"))
    elif replacement.href is not None and replacement.href != anchor.url:
        edits.append(_written(href, replacement.href.replace("&", "&amp;"), "href"))
    if replacement.paid:
        edits += _rel_edits(anchor, href.end)
    elif replacement.rel is not None:
        edits += _rel_back(document, anchor, replacement.rel)
    edits += _placement_edits(anchor, replacement.placement, href.end)
    return edits + _ping_edits(anchor, replacement.ping, href.end)


def _rel_edits(anchor: Anchor, after: int) -> list[Edit]:
    """Adds the words that are missing; the author's stay in their order and case."""
    missing = " ".join(_missing(anchor.attributes.get("rel", "").split()))
    if not missing:
        return []
    rel = anchor.attribute("rel")
    if rel is None:
        return [Edit(after, "", f' rel="{missing}"', "rel")]
    return [_written(rel, f"{rel.value} {missing}" if rel.value.strip() else missing, "rel")]


def _missing(words: Sequence[str]) -> list[str]:
    present = {word.lower() for word in words}
    return [word for word in PAID_REL if word not in present]


def _rel_back(document: Document, anchor: Anchor, authored: str) -> list[Edit]:
    """Takes our words out again where nobody touched the attribute since."""
    rel, words = anchor.attribute("rel"), _words(authored)
    if rel is None or anchor.attributes.get("rel", "").split() != [*words, *_missing(words)]:
        return []
    if not authored:
        return [_taken_out(rel, "rel")]
    return [Edit(rel.start, rel.written, authored, "rel")] if _may_stand(document, rel, authored) else []


def _words(attribute: str) -> list[str]:
    """The words of an attribute as it is written, with its name and quotes; none for ""."""
    found = _VALUE.fullmatch(attribute)
    return unescape(next(filter(None, found.groups()), "")).split() if found else []


def _may_stand(document: Document, there: Attribute, written: str) -> bool:
    """Whether an attribute can be written in another's place: one without quotes ends at a blank or with its tag only."""
    return written[-1:] in ("'", '"') or document.html[there.end : there.end + 1] in _ENDS


def _placement_edits(anchor: Anchor, token: str | None, after: int) -> list[Edit]:
    mark = anchor.attribute(PLACEMENT_MARK)
    if mark is None:
        return [Edit(after, "", f' {PLACEMENT_MARK}="{token}"', "placement")] if token else []
    if token is None:
        return [_taken_out(mark, "placement")]
    return [] if mark.value == token else [_written(mark, token, "placement")]


def _ping_edits(anchor: Anchor, address: str | None, after: int) -> list[Edit]:
    ping = anchor.attribute("ping")
    if ping is None:
        return [Edit(after, "", f' ping="{address}"', "ping")] if address else []
    value = with_ping(ping.value, address)
    if value == ping.value:
        return []
    return [_written(ping, value, "ping") if value.strip() else _taken_out(ping, "ping")]


def _taken_out(attribute: Attribute, what: str) -> Edit:
    return Edit(attribute.start - len(attribute.lead), attribute.lead + attribute.written, "", what)


def _written(attribute: Attribute, value: str, what: str) -> Edit:
    """The attribute with another value, whose ampersands are escaped already: in the quotes that are there, or in
    double ones where it had no value or the new one cannot stand bare."""
    if attribute.quote:
        entity = "&quot;" if attribute.quote == '"' else "&#39;"
        return Edit(attribute.value_start, attribute.value, value.replace(attribute.quote, entity), what)
    quoted = '"' + value.replace('"', "&quot;") + '"'
    if not attribute.value:
        return Edit(attribute.start, attribute.written, f"{attribute.name}={quoted}", what)
    return Edit(attribute.value_start, attribute.value, quoted if _NEEDS_QUOTES.search(value) else value, what)
