"""The ledger's arithmetic of time: what a network says of a transaction, and where a new saying belongs among the old.

Pure values; the store is touched by `importing` and `queries`.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, Self

from affiliate.commissions.attribution import NONE, SUB_ID, Attribution
from affiliate.errors import InvalidMoney
from affiliate.money import decimal_text
from affiliate.networks.base import ReportedTransaction
from affiliate.networks.words import KINDS, PAYMENTS, STATUSES


class Key(NamedTuple):
    """What makes two reported rows the same transaction."""

    account_id: int
    external_id: str
    line_id: str


class Facts(NamedTuple):
    """Everything a version says, under the names of its columns. Two versions with equal facts are the same saying."""

    programme_id: int
    kind: str
    transaction_at: datetime
    click_at: datetime | None
    order_ref: str | None
    sub_id: str | None
    placement_id: int | None
    attribution: str
    status: str
    raw_status: str
    payment: str
    raw_payment: str | None
    sale_amount: Decimal | None
    sale_currency: str | None
    commission: Decimal
    currency: str
    validated_at: datetime | None
    payout_ref: str | None
    original_ref: str | None
    reason: str | None

    @classmethod
    def of(cls, row: ReportedTransaction, programme_id: int, attribution: Attribution) -> Self:
        return cls(
            programme_id=programme_id,
            kind=row.kind,
            transaction_at=row.transaction_at,
            click_at=row.click_at,
            order_ref=row.order_ref,
            sub_id=attribution.sub_id,
            placement_id=attribution.placement_id,
            attribution=attribution.word,
            status=row.status,
            raw_status=row.raw_status,
            payment=row.payment,
            raw_payment=row.raw_payment,
            sale_amount=row.sale.amount if row.sale else None,
            sale_currency=row.sale.currency if row.sale else None,
            commission=row.commission.amount,
            currency=row.commission.currency,
            validated_at=row.validated_at,
            payout_ref=row.payout_ref,
            original_ref=row.original_ref,
            reason=row.reason,
        )

    def beside(self, known: "Facts") -> "Facts":
        """These facts, with what a transaction never loses taken over from a neighbour where this report is silent:
        the click, the order and the placement. A placement, once found, only gives way to another that is found."""
        silent = self.attribution != SUB_ID and (known.attribution == SUB_ID or self.attribution == NONE)
        return self._replace(
            click_at=self.click_at or known.click_at,
            order_ref=self.order_ref or known.order_ref,
            sub_id=known.sub_id if silent else self.sub_id,
            placement_id=known.placement_id if silent else self.placement_id,
            attribution=known.attribution if silent else self.attribution,
        )

    def difference(self, other: "Facts") -> str:
        """In which facts the two differ, in words; empty if they are equal. What only repeats another difference (the
        network's word beside ours, the sub-id beside the placement) is left out."""
        differing = {
            name: f"{name.replace('_', ' ')} {_shown(mine, self)} instead of {_shown(theirs, other)}"
            for name, mine, theirs in zip(self._fields, self, other, strict=True)
            if mine != theirs
        }
        return ", ".join(said for name, said in differing.items() if _REPEATS.get(name) not in differing)


_REPEATS = {"raw_status": "status", "raw_payment": "payment", "placement_id": "attribution", "sub_id": "attribution"}


class Version(NamedTuple):
    """One live saying of a transaction: when it was true, when we learnt it, its number."""

    observed_at: datetime
    recorded_at: datetime
    number: int
    facts: Facts


@dataclass(slots=True)
class History:
    """A transaction's live versions, oldest observation first. `next_number` counts the undone ones too."""

    transaction_id: int | None = None
    versions: list[Version] = field(default_factory=list)
    next_number: int = 1

    def add(self, version: Version) -> None:
        """Keeps the order by (observed, recorded, number): the last one is the current picture."""
        self.versions.append(version)
        self.versions.sort(key=lambda known: known[:3])

    def at(self, moment: datetime) -> Facts | None:
        """What was true then; None before the first observation."""
        return next((known.facts for known in reversed(self.versions) if known.observed_at <= moment), None)

    def knows_another_programme(self, programme_id: int) -> bool:
        return bool(self.versions) and self.versions[-1].facts.programme_id != programme_id

    def place(self, facts: Facts, as_of: datetime) -> tuple[Facts, Facts | None]:
        """(the facts completed from their neighbours in time, the neighbour that says the same already, if one does).

        A report is compared with what was true just before it and just after it, so that a late file with old news
        neither repeats what is known nor overrules what came later.
        """
        position = bisect_right([version.observed_at for version in self.versions], as_of)
        neighbours = [
            *reversed(self.versions[max(position - 1, 0) : position]),
            *self.versions[position : position + 1],
        ]
        if not neighbours:
            return facts, None
        completed = facts.beside(neighbours[0].facts)
        same = next((known.facts for known in neighbours if known.facts == facts.beside(known.facts)), None)
        return completed, same


_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL takes neither NUL nor half a surrogate pair
_LONGEST = 255  # of the ledger's short text columns
_SHORT = (
    "external_id",
    "line_id",
    "publisher_ref",
    "advertiser_ref",
    "advertiser_name",
    "raw_status",
    "raw_payment",
    "order_ref",
    "payout_ref",
    "original_ref",
)
_WORDS = {"kind": KINDS, "status": STATUSES, "payment": PAYMENTS}


def flaw(row: ReportedTransaction) -> str | None:
    """Why a row that was read cannot be booked all the same, or None: every database must take it, exactly."""
    for name in _SHORT:
        text = getattr(row, name)
        if text is not None and len(text) > _LONGEST:
            return f"{name} has {len(text)} characters; at most {_LONGEST} can be kept."
    for name in (*_SHORT, "reason"):
        if not _storable(getattr(row, name)):
            return f"{name} is a damaged text: {getattr(row, name)!r}."
    if not all(_storable(sub_id) for sub_id in row.sub_ids):
        return f"A sub-id is a damaged text: {row.sub_ids!r}."
    for name, known in _WORDS.items():
        if getattr(row, name) not in known:
            return f"{name} is {getattr(row, name)!r}; known are {', '.join(known)}."
    if not row.external_id or not row.advertiser_ref:
        return "The row names no transaction id." if not row.external_id else "The row names no advertiser."
    try:
        for money in filter(None, (row.commission, row.sale)):
            _ = money.micros
    except InvalidMoney as problem:
        return str(problem)
    return None


def _storable(text: str | None) -> bool:
    return text is None or not _UNSTORABLE.search(text)


def _shown(value: object, said: Facts) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return decimal_text(value, said.currency)
    return "nothing" if value is None else str(value)
