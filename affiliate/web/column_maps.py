"""A column map as a form: which column means what, the same value for every row, words, marks and dates."""

import io
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from affiliate.commissions.maps import find_columns
from affiliate.errors import InvalidInput
from affiliate.networks.reading.columns import CONSTANT, FIELDS, NEEDED, OPTIONS, WORDS
from affiliate.networks.reading.mapped import READER as GENERIC
from affiliate.networks.reading.proposals import Proposal, propose
from affiliate.networks.registry import network as find_network
from affiliate.web.forms import Form

_LABELS = {
    "external_id": "Transaction’s id",
    "line_id": "Id of a line in it",
    "advertiser": "Advertiser’s id or name",
    "advertiser_name": "Advertiser’s name",
    "commission": "Commission",
    "sale": "Sale amount",
    "currency": "Currency",
    "transaction_at": "When it was sold",
    "click_at": "When it was clicked",
    "validated_at": "When it was decided",
    "status": "Status",
    "payment": "Payment",
    "kind": "Kind",
    "publisher": "Our publisher id",
    "order_ref": "Order",
    "payout_ref": "Payout",
    "original_ref": "What it corrects",
    "reason": "Reason",
    "sub_id": "Sub-id",
}
_USUAL = ("currency", "sale", "sub_id")
_ONE_FOR_ALL = ("advertiser", "currency", "status", "payment", "kind")


@dataclass(frozen=True, slots=True)
class Line:
    """A field of ours in the form: the column chosen, and the value for all rows where there may be one. `is_shown` where it
    is needed, used or usual; the others are folded away."""

    name: str
    label: str
    is_needed: bool
    is_shown: bool
    column: str
    for_all: str | None


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the file: `key` as the map has it (status.Open), what it means by now, and what it may mean."""

    key: str
    theirs: str
    ours: str
    choices: tuple[str, ...]


def reads_tables(network: str) -> bool:
    """Whether the network's files are read with a column map."""
    reader = find_network(network).reader
    return reader is None or reader is GENERIC or reader.columns is not None


def given_map(session: Session, form: Form, network: str) -> dict[str, str]:
    """The map as the form has it: filled in field by field, else written, on top of a saved one or of the one that is ready
    for the network."""
    if form.value("mapped"):
        return _filled_in(form)
    reader = find_network(network).reader
    ready = dict(reader.columns or {}) if reader else {}
    saved = find_columns(session, _saved_name(form.text("map"))) if form.text("map") else ready
    return {name: str(value) for name, value in {**saved, **typed(form.value("columns"))}.items()}


def look(form: Form, content: bytes, given: Mapping[str, str], currency: str | None) -> Proposal:
    return propose(io.BytesIO(content), given, currency, is_settled=bool(form.value("mapped")))


def lines(proposal: Proposal) -> list[Line]:
    """Needed fields first, then those that are used, then the rest."""
    known = proposal.proposed
    order = sorted(FIELDS, key=lambda name: (name not in NEEDED, name not in known))
    return [
        Line(
            name,
            _LABELS.get(name, name.replace("_", "-").capitalize()),
            name in NEEDED or name == "currency",
            name in NEEDED or name in known or name in _USUAL,
            "" if (value := known.get(name, "")).startswith(CONSTANT) else value,
            value.removeprefix(CONSTANT) if value.startswith(CONSTANT) else ("" if name in _ONE_FOR_ALL else None),
        )
        for name in order
    ]


def words(proposal: Proposal) -> list[Word]:
    """The file's words: those that are settled and those that are asked for."""
    asked = [one.field for one in proposal.questions if one.field.partition(".")[0] in WORDS and "." in one.field]
    settled = [key for key in proposal.proposed if "." in key and key.partition(".")[0] in WORDS]
    return [
        Word(key, key.partition(".")[2], proposal.proposed.get(key, ""), WORDS[key.partition(".")[0]])
        for key in dict.fromkeys([*asked, *settled])
    ]


def _filled_in(form: Form) -> dict[str, str]:
    filled = {name: form.text(f"at.{name}") for name in FIELDS}
    filled |= {name: f"{CONSTANT}{value}" for name in FIELDS if (value := form.text(f"all.{name}"))}
    filled |= dict(zip(form.several("their"), form.several("ours"), strict=False))
    filled |= {name: form.text(f"option.{name}") for name in OPTIONS}
    return {name: value for name, value in filled.items() if value}


def _saved_name(name: str) -> str:
    if name.endswith((".toml", ".json")):  # on the command line a file's name; here nobody reads the server's files
        raise InvalidInput(f"There is no saved column map {name!r}.")
    return name


def typed(text: str) -> Mapping[str, object]:
    try:
        return tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as problem:
        raise InvalidInput(f"The column map cannot be read: {problem}.") from problem
