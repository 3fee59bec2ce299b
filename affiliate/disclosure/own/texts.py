"""A publisher's own wording: checked by the rules of its jurisdiction before it can be used, and never changed.

In a site's articles its newest wording stands that is not retired, else the newest for all sites, else ours.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from affiliate.disclosure.own.queries import in_force, kept, next_number, own_text
from affiliate.disclosure.rules import pack, profile_names
from affiliate.disclosure.texts import TEXTS, DisclosureText, disclosure_text, primary_language
from affiliate.disclosure.wording import (
    NO_PAY,
    NOT_AN_AD,
    NOT_SPONSORED,
    UNBIASED,
    Judged,
    explains_in_any,
    judge,
    languages,
    plain,
    same_label,
)
from affiliate.errors import Conflict, InvalidInput, NotFound
from affiliate.store.tables import OwnText, Site

LONGEST_LABEL, LONGEST_SENTENCE = 40, 400  # characters: a label is a word or two, a sentence that is longer is not read
_PREFIX = "own"
_TAKEN_BACK = {
    NOT_AN_AD: "it denies that this is advertising",
    NO_PAY: "it says that you are not paid",
    NOT_SPONSORED: "“not sponsored” is understood as “not paid”",
    UNBIASED: "it promises independence without doubt while you are paid",
}


@dataclass(frozen=True, slots=True)
class Objection:
    """What is wrong with the `label`, the `sentence` or the `language` (`about` names it), and the way out."""

    about: str
    message: str


class RefusedText(InvalidInput):
    """A wording that the check does not let through; nothing was stored."""

    def __init__(self, objections: tuple[Objection, ...]) -> None:
        self.objections = objections
        super().__init__(" ".join(objection.message for objection in objections))


@dataclass(frozen=True, slots=True)
class OwnTextView:
    """A wording as pages and commands show it. `site` is the key of the only site that uses it, "" for all."""

    version: str
    site: str
    jurisdiction: str
    language: str
    label: str
    sentence: str
    added_by: str
    added_at: datetime
    retired_at: datetime | None


def text_for(session: Session, site: Site, *, jurisdiction: str, language: str) -> DisclosureText:
    """The words for an article of a site: its publisher's own where there are some, else ours. InvalidInput where there are
    neither."""
    key, primary = jurisdiction.strip().lower(), primary_language(language)
    own = in_force(session, site_id=site.id, jurisdiction=key, language=primary)
    text = _as_text(own) if own else disclosure_text(key, primary)
    return replace(text, publisher=site.name)


def objections(*, jurisdiction: str, language: str, label: str, sentence: str) -> tuple[Objection, ...]:
    """What stands in the way of using these words; nothing if they can be used. InvalidInput for a jurisdiction that has no
    pack of rules to check them by."""
    labels = pack(_checked(jurisdiction)).labels
    primary = primary_language(language)
    if primary not in languages():
        known = ", ".join(languages())
        message = f"There is no vocabulary to check the language {language!r} by; there is one for {known}."
        return (Objection("language", message),)
    return (*_about_label(label, labels.get(primary, ()), primary), *_about_sentence(sentence, primary))


def add_text(
    session: Session,
    *,
    jurisdiction: str,
    language: str,
    label: str,
    sentence: str,
    site: Site | None,
    added_by: str,
    now: datetime,
) -> str:
    """Keeps a wording for a site, or for all, and gives its version; what it replaces stays in the history. RefusedText if the
    check objects, Conflict where the same words are in use already."""
    found = objections(jurisdiction=jurisdiction, language=language, label=label, sentence=sentence)
    if found:
        raise RefusedText(found)
    key, primary = jurisdiction.strip().lower(), primary_language(language)
    words = (plain(label), plain(sentence))
    for row, _ in kept(session):
        same_place = (row.jurisdiction, row.language, row.site_id) == (key, primary, site.id if site else None)
        if same_place and row.retired_at is None and (row.label, row.sentence) == words:
            raise Conflict(f"These words are in use already, as {row.version}.")
    stem = f"{_PREFIX}-{key}-{primary}-"
    row = OwnText(
        version=f"{stem}{next_number(session, stem)}",
        site_id=site.id if site else None,
        jurisdiction=key,
        language=primary,
        label=words[0],
        sentence=words[1],
        added_by=added_by,
        added_at=now,
        retired_at=None,
    )
    session.add(row)
    session.flush()
    return row.version


def retire_text(session: Session, version: str, *, now: datetime) -> None:
    """Takes a wording out of use from now on; articles show what comes next when they are rewritten. Doing it again changes
    nothing. NotFound names the way out."""
    row = own_text(session, version)
    if row is None:
        raise NotFound("wording of your own", version, "affiliate disclosure text list shows them.")
    row.retired_at = row.retired_at or now


def own_texts(session: Session) -> tuple[OwnTextView, ...]:
    """Every wording that was ever kept, the newest first."""
    return tuple(
        OwnTextView(
            version=row.version,
            site=site or "",
            jurisdiction=row.jurisdiction,
            language=row.language,
            label=row.label,
            sentence=row.sentence,
            added_by=row.added_by,
            added_at=row.added_at,
            retired_at=row.retired_at,
        )
        for row, site in kept(session)
    )


def as_text(*, version: str, jurisdiction: str, language: str, label: str, sentence: str) -> DisclosureText:
    """A publisher's words as what articles show. Whether the headline is labelled is the jurisdiction's affair."""
    labelled = [text.labels_headline for text in TEXTS if text.jurisdiction == jurisdiction]
    return DisclosureText(
        version=version,
        jurisdiction=jurisdiction,
        language=language,
        label=label,
        sentence=sentence,
        labels_headline=all(labelled),
        source="your own words",
        label_provenance="O",
        sentence_provenance="O",
    )


def _as_text(row: OwnText) -> DisclosureText:
    return as_text(
        version=row.version,
        jurisdiction=row.jurisdiction,
        language=row.language,
        label=row.label,
        sentence=row.sentence,
    )


def jurisdictions() -> tuple[str, ...]:
    """Those that have rules to check words by."""
    return tuple(sorted({text.jurisdiction for text in TEXTS} & set(profile_names())))


def _checked(jurisdiction: str) -> str:
    key = jurisdiction.strip().lower()
    known = jurisdictions()
    if key not in known:
        raise InvalidInput(
            f"There are no rules to check words for {jurisdiction!r} by; there are some for {', '.join(known)}."
        )
    return key


def _about_label(label: str, accepted: tuple[str, ...], language: str) -> Iterator[Objection]:
    said = plain(label)
    words = " · ".join(accepted)
    if not said:
        yield Objection(
            "label", "The label is missing, or its letters are shown in another order than they are written."
        )
    elif len(said) > LONGEST_LABEL:
        yield Objection("label", f"The label has {len(said)} characters; {LONGEST_LABEL} are the most.")
    elif not accepted:
        yield Objection(
            "language", f"The jurisdiction has no label in the language {language!r}: its readers would not be told."
        )
    elif not any(same_label(said, word) for word in accepted):
        denied = judge(said, language).denied
        why = "tells readers nothing when it stands alone" if denied else "is no label that this jurisdiction accepts"
        yield Objection("label", f"“{said}” {why}. Use one of: {words}.")


def _about_sentence(sentence: str, language: str) -> Iterator[Objection]:
    said = plain(sentence)
    if not said:
        yield Objection(
            "sentence", "The sentence is missing, or its letters are shown in another order than they are written."
        )
        return
    if len(said) > LONGEST_SENTENCE:
        yield Objection("sentence", f"The sentence has {len(said)} characters; {LONGEST_SENTENCE} are the most.")
        return
    judged = judge(said, language)
    if not judged.explains:
        yield Objection("sentence", _unexplained(said, judged, language))
    for contradiction in judged.contradicts:
        taken_back = _TAKEN_BACK[contradiction.kind]
        yield Objection("sentence", f"Leave out “{contradiction.words}”: {taken_back}.")
    if judged.support_us:
        why = "Amazon forbids to say that purchases support you"
        yield Objection("sentence", f"Leave out “{judged.support_us}”: {why}.")


def _unexplained(said: str, judged: Judged, language: str) -> str:
    way_out = (
        "Say that you are paid, and for what: “We earn a commission if you buy …”, in the language of the articles."
    )
    other = explains_in_any(said)
    if other and other != language:
        return f"The sentence is in another language ({other}) than the articles ({language})."
    if judged.network:
        return f"This is the statement of {judged.network} alone, which is added by itself. {way_out}"
    if judged.hedge_only or judged.denied:
        return f"That there are affiliate links tells readers nothing. {way_out}"
    if judged.doubtful:
        return f"It does not say that it is you who is paid. {way_out}"
    return f"The sentence does not say who is paid, or not for what. {way_out}"
