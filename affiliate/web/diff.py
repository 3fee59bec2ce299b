"""What a rewriting changes, piece by piece, as a person reads it: the tag around the change, old struck out, new marked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from affiliate.articles.edits import Edit

KEPT, REMOVED, ADDED = "kept", "removed", "added"

_AROUND = 160  # characters shown of a tag on either side of its changes
_WORDS = {
    "href": "address",
    "rel": "rel",
    "placement": "placement",
    "label": "ad label",
    "disclosure": "disclosure sentence",
}


@dataclass(frozen=True, slots=True)
class Segment:
    """`kind` is kept, removed or added."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Hunk:
    """The changes of one tag or place. `line` counts from 1 in the text before; `what` names what changes."""

    line: int
    what: str
    segments: tuple[Segment, ...]


def hunks(text: str, changes: Sequence[Edit]) -> list[Hunk]:
    """The changes of `text` in their order, those of one tag together."""
    return [_hunk(text, group) for group in _grouped(text, changes)]


def _grouped(text: str, changes: Sequence[Edit]) -> Iterable[list[Edit]]:
    group: list[Edit] = []
    for edit in changes:
        if group and not _same_tag(text[group[-1].end : edit.start], group[-1]):
            yield group
            group = []
        group.append(edit)
    if group:
        yield group


def _same_tag(between: str, before: Edit) -> bool:
    """Whether nothing but attributes lies between two edits. A label put in before a tag is a change of its own."""
    return before.what not in ("label", "disclosure") and not any(bracket in between for bracket in "<>")


def _hunk(text: str, group: Sequence[Edit]) -> Hunk:
    start = _from(text, group[0])
    segments = [Segment(KEPT, text[start : group[0].start])]
    for edit in group:
        segments += [Segment(REMOVED, edit.old), Segment(ADDED, edit.new)]
    for number, (one, following) in reversed(list(enumerate(pairwise(group)))):
        segments.insert(3 + 2 * number, Segment(KEPT, text[one.end : following.start]))
    segments.append(Segment(KEPT, text[group[-1].end : _until(text, group[-1])]))
    what = ", ".join(dict.fromkeys(_name_of(edit) for edit in group))
    line = text.count("\n", 0, group[0].start) + 1
    return Hunk(line, what, tuple(segment for segment in segments if segment.text))


def _name_of(edit: Edit) -> str:
    """A disclosure comes in up to two pieces, the sentence and, for itself, the label."""
    if edit.what == "disclosure" and (edit.new or edit.old).endswith("</strong></p>"):
        return "label before the headline"
    return _WORDS.get(edit.what, edit.what)


def _from(text: str, edit: Edit) -> int:
    """Where to begin showing: the tag's own beginning where it is near; nothing before an insertion between tags."""
    opened = text.rfind("<", max(edit.start - _AROUND, 0), edit.start)
    closed = text.rfind(">", max(edit.start - _AROUND, 0), edit.start)
    return opened if opened > closed else edit.start


def _until(text: str, edit: Edit) -> int:
    opened = text.find("<", edit.end, edit.end + _AROUND)
    closed = text.find(">", edit.end, edit.end + _AROUND)
    inside = closed >= 0 and (opened < 0 or closed < opened)
    return closed + 1 if inside else edit.end
