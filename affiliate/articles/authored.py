"""What an author wrote about paid links in the article itself, so that nothing is said twice, and what of it does not do.

An author's words count where the check counts them: read by the same vocabulary (disclosure/wording.py), in the article's
language, before the first paid link and near the reader of it, and seen by readers as the check sees it (disclosure/readers.py).
All of them stay where they are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from affiliate.articles.document import PLACEMENT_MARK, Anchor, Document, Passage
from affiliate.articles.edits import Edit, apply, in_order
from affiliate.disclosure.block import Notice
from affiliate.disclosure.readers import PAID_MARK, seen_by_readers
from affiliate.disclosure.rules import pack, profile_names
from affiliate.disclosure.texts import primary_language
from affiliate.disclosure.wording import Judged, ends_with_label, is_label, judge

# Characters of text between a sentence and the top of the article, or between it and the first paid link: about what a
# telephone's window of 360x740 shows.
_NEAR = 700
_LONGEST_KICKER = 40  # characters of a category or a date that may stand between a label and the headline
_MOST_KICKERS = 3
_LONGEST_SHOWN = 160  # characters of an author's words in a warning


@dataclass(frozen=True, slots=True)
class Authored:
    """What stands there already. `sentence` says in the right place that we are paid (None: nothing does), `statements`
    the networks whose own sentence does; `labels_headline` and `labelled` (numbers of anchors) where a label stands."""

    sentence: str | None = None
    statements: frozenset[str] = frozenset()
    labels_headline: bool = False
    labelled: frozenset[int] = frozenset()


NOTHING = Authored()


def authored(document: Document, paid: Sequence[Anchor], first: Anchor, notice: Notice) -> Authored:
    """What authors wrote in an article whose paid links these are; `first` is the one that readers meet first."""
    labels = accepted_labels(notice)
    before = first.passages_before
    judged = [(passage, _judged(passage, notice)) for passage in before]
    found = Authored(
        sentence=_sentence(judged),
        statements=frozenset(said.network for _, said in judged if said.network and said.exact),
        labels_headline=_labels_headline(document, before, labels),
        labelled=frozenset(anchor.number for anchor in paid if _is_labelled(anchor, labels)),
    )
    return _as_readers_see(document, paid, notice, found)


def _as_readers_see(document: Document, paid: Sequence[Anchor], notice: Notice, found: Authored) -> Authored:
    """What of it the check counts as well, so that nothing is left out that readers then miss: a slot's label, a hidden one."""
    if found == NOTHING:
        return found
    jurisdiction = notice.text.jurisdiction
    seen = seen_by_readers(_marked(document, paid), jurisdiction, accepted_labels(notice), found.statements)
    return Authored(
        sentence=found.sentence if seen.sentence else None,
        statements=found.statements & seen.statements,
        labels_headline=found.labels_headline and seen.at_headline,
        labelled=found.labelled & seen.links,
    )


def _marked(document: Document, paid: Sequence[Anchor]) -> str:
    """The article as its author wrote it, its paid links marked."""
    ours = [Edit(piece.start, piece.text, "", piece.what) for piece in document.insertions]
    marks = [
        Edit(
            anchor.start + 1 + len(anchor.tag),
            "",
            f' {PAID_MARK}="{anchor.number}" {PLACEMENT_MARK}="paid"',
            "placement",
        )
        for anchor in paid
    ]
    return apply(document.html, in_order(ours + marks))


def accepted_labels(notice: Notice) -> tuple[str, ...]:
    """The words that count as a label in the notice's jurisdiction and language, ours first."""
    own = (notice.text.label,)
    key = notice.text.jurisdiction
    return own + (pack(key).labels.get(notice.text.language, ()) if key in profile_names() else ())


def _judged(passage: Passage, notice: Notice) -> Judged:
    declared = primary_language(passage.language)
    if passage.is_furniture or (declared and declared != notice.text.language):
        return Judged()
    return judge(passage.text, notice.text.language)


def _sentence(judged: Sequence[tuple[Passage, Judged]]) -> str | None:
    """The last passage that explains, if it is near the top of the article or the first paid link."""
    after = 0
    above = sum(len(passage.text) for passage, _ in judged if not passage.is_furniture)
    for passage, said in reversed(judged):
        if not passage.is_furniture:
            above -= len(passage.text)
        if said.explains and not said.contradicts and min(after, above) <= _NEAR:
            return passage.text
        after += len(passage.text)
    return None


def _labels_headline(document: Document, before: Sequence[Passage], labels: Sequence[str]) -> bool:
    """Whether a label stands in the headline, or before it with nothing but a category or a date between."""
    if document.headline is None:
        return False
    if is_label(document.headline.text, labels) or ends_with_label(document.headline.text, labels):
        return True
    at = next((number for number, passage in enumerate(before) if passage.is_headline), None)
    for passage in reversed(before[:at][-_MOST_KICKERS:] if at is not None else ()):
        if passage.is_furniture or len(passage.text) > _LONGEST_KICKER:
            return False
        if is_label(passage.text, labels):
            return True
    return False


def _is_labelled(anchor: Anchor, labels: Sequence[str]) -> bool:
    lead = anchor.text_before
    return is_label(lead, labels) or ends_with_label(lead, labels) or is_label(anchor.text, labels)


def remarks(document: Document, first: Anchor, notice: Notice, there: Authored) -> Iterator[str]:
    """For the editor: what an author wrote that says too little, comes too late, or takes ours back."""
    early = {passage.text for passage in first.passages_before if not passage.is_furniture}
    for passage in document.passages():
        said = judge(passage.text, notice.text.language)
        words = passage.text if len(passage.text) <= _LONGEST_SHOWN else passage.text[:_LONGEST_SHOWN] + "…"
        if said.contradicts:
            yield f"“{words}” takes the disclosure back (“{said.contradicts[0].words}”): take it out."
        elif there.sentence is None and (reason := _insufficient(passage, said, is_early=passage.text in early)):
            yield f"“{words}” stays where it is and ours was added: {reason}"


def _insufficient(passage: Passage, said: Judged, *, is_early: bool) -> str:
    """Why a passage that speaks of paid links does not do; nothing for one that does not speak of them."""
    if said.hedge_only:
        return "that there are or may be affiliate links does not say that you are paid."
    if said.explains or said.doubtful:
        if not is_early:
            return "it does not stand in the article before the first paid link."
        return (
            "it stands far from the first paid link." if said.explains else "it does not say that you are who is paid."
        )
    if said.denied and not passage.is_furniture:
        return f"“{said.denied}” alone tells readers nothing."
    return ""
