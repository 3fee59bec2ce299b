"""Edits: the only way in which a document is changed. What no edit covers stays as it is, byte for byte."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a text. `start` counts characters of the text before all edits; `what` says what it is for:
    href, rel, placement, ping, label or disclosure."""

    start: int
    old: str
    new: str
    what: str

    @property
    def end(self) -> int:
        return self.start + len(self.old)


def in_order(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """Sorted by place; edits that stand at one place keep the order in which they were given."""
    return tuple(sorted((edit for edit in edits if edit.old != edit.new), key=lambda edit: (edit.start, edit.end)))


def apply(text: str, edits: Sequence[Edit]) -> str:
    """The text with the edits made. They must be in order, must not overlap and must fit the text: ValueError."""
    parts: list[str] = []
    done = 0
    for edit in edits:
        if edit.start < done or text[edit.start : edit.end] != edit.old:
            raise ValueError(f"the edit at {edit.start} does not fit the text")
        parts += (text[done : edit.start], edit.new)
        done = edit.end
    return "".join((*parts, text[done:]))


def restore(text: str, edits: Sequence[Edit]) -> str:
    """The text as it was before these edits were made: `restore(apply(text, edits), edits) == text`."""
    shift = 0
    reversed_edits = []
    for edit in edits:
        reversed_edits.append(Edit(edit.start + shift, edit.new, edit.old, edit.what))
        shift += len(edit.new) - len(edit.old)
    return apply(text, reversed_edits)
