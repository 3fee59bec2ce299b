"""The ledger's arithmetic of time: what a network says of a transaction, and where a new saying belongs among the old.

Each run says one thing of a transaction, and it was true at the run's `as_of`. Put in the order of those moments, sayings
make the history, whatever the order in which they came. A saying that repeats what was true already is only marked (a
confirmation); it is written out when an older one comes between, or when what it rested on is undone.

Pure values; the store is touched by `importing`, `restating` and `queries`.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, tzinfo
from operator import attrgetter
from typing import NamedTuple, Self

from affiliate.commissions.attribution import NONE, SUB_ID, Attribution
from affiliate.errors import InvalidMoney
from affiliate.money import LARGEST, MICROS, Money, decimal_text, from_micros
from affiliate.networks.base import ReportedTransaction
from affiliate.networks.words import KINDS, PAYMENTS, STATUSES

CLICK, ORDER, PLACEMENT, OVERRULED = 1, 2, 4, 8
"""Parts that a transaction never loses once they are known: a report that leaves them unsaid carries them on. A sub-id that
names no placement of ours is overruled by one that did."""


class Key(NamedTuple):
    """What makes two reported rows the same transaction."""

    account_id: int
    external_id: str
    line_id: str


class Facts(NamedTuple):
    """Everything a version says, under the names of its columns; amounts in micros. Two versions with equal facts are the
    same saying."""

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
    sale_amount: int | None
    sale_currency: str | None
    commission: int
    currency: str
    validated_at: datetime | None
    payout_ref: str | None
    original_ref: str | None
    reason: str | None

    @classmethod
    def of(cls, row: ReportedTransaction, programme_id: int, attribution: Attribution) -> Self:
        sale = row.sale
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
            sale_amount=int(sale.amount * MICROS) if sale else None,
            sale_currency=sale.currency if sale else None,
            commission=int(row.commission.amount * MICROS),
            currency=row.commission.currency,
            validated_at=row.validated_at,
            payout_ref=row.payout_ref,
            original_ref=row.original_ref,
            reason=row.reason,
        )

    def beside(self, known: "Facts | None") -> "Facts":
        """These facts after the known ones, with what a transaction never loses taken over from them where this report is
        silent: the click, the order and the placement. A placement, once found, only gives way to another that is found."""
        if known is None:
            return self
        unsaid = self.unsaid(known)
        return self._taking(unsaid, known) if unsaid else self

    def unsaid(self, known: "Facts | None") -> int:
        """Which parts a report with these facts leaves unsaid, after the known ones."""
        unsaid = (CLICK if self.click_at is None else 0) | (0 if self.order_ref else ORDER)
        if self.attribution == NONE:
            return unsaid | PLACEMENT
        if known is not None and self.attribution != SUB_ID == known.attribution:
            return unsaid | PLACEMENT | OVERRULED
        return unsaid

    def without(self, unsaid: int) -> "Facts":
        """What the report itself said; a sub-id that was overruled is taken for none."""
        return self._taking(unsaid, _SILENT) if unsaid else self

    def _taking(self, parts: int, other: "Facts") -> "Facts":
        placement = other if parts & PLACEMENT else self
        return self._replace(
            click_at=other.click_at if parts & CLICK else self.click_at,
            order_ref=other.order_ref if parts & ORDER else self.order_ref,
            sub_id=placement.sub_id,
            placement_id=placement.placement_id,
            attribution=placement.attribution,
        )

    def difference(self, other: "Facts") -> str:
        """In which facts the two differ, in words; empty if they are equal. What only repeats another difference (the
        network's word beside ours, the sub-id beside the placement) is left out."""
        differing = {
            name: f"{name.replace('_', ' ')} {_shown(name, self)} instead of {_shown(name, other)}"
            for name, mine, theirs in zip(self._fields, self, other, strict=True)
            if mine != theirs
        }
        return ", ".join(said for name, said in differing.items() if _REPEATS.get(name) not in differing)


def tells_of_another_sale(said: Facts, known: Facts, zone: tzinfo, *, without_order: bool = True) -> bool:
    """Whether a report under a known id is about another sale: made at another moment, of another order, for another
    commission. Networks amend amounts and states; a sale's moment is shifted at most where it was read in another zone.

    Where not both name an order, moment and commission must do, if `without_order`: then a moment in another zone is none. A
    day without a time, midnight in `zone`, does not tell two sales of that day apart: then order and commission must do.
    """
    is_same_moment = said.transaction_at == known.transaction_at
    if (said.commission, said.currency) == (known.commission, known.currency):
        return False
    if said.order_ref and known.order_ref:
        is_day = said.transaction_at.astimezone(zone).time() == _MIDNIGHT
        return said.order_ref != known.order_ref and (is_day or not is_same_moment)
    return without_order and not is_same_moment and not _is_shifted(said.transaction_at - known.transaction_at)


def _is_shifted(by: timedelta) -> bool:
    """Whether two moments may be one that was read in two zones; a day, of dates without a time, is none."""
    return abs(by) <= _WIDEST_SHIFT and not by % _ZONES_DIFFER and bool(by % _DAY)


_MIDNIGHT = time()
_DAY, _WIDEST_SHIFT, _ZONES_DIFFER = timedelta(days=1), timedelta(hours=26), timedelta(minutes=15)
_REPEATS = {"raw_status": "status", "raw_payment": "payment", "placement_id": "attribution", "sub_id": "attribution"}
_AMOUNTS = {"commission": "currency", "sale_amount": "sale_currency"}
_SILENT = Facts(
    **{name: None for name in Facts._fields if name != "attribution"},  # type: ignore[arg-type] # only parts are taken
    attribution=NONE,
)


class RunMoment(NamedTuple):
    """A run's place in the order of sayings: when its file was true, when it was read, its id."""

    as_of: datetime
    recorded_at: datetime
    run_id: int


class Version(NamedTuple):
    """One saying written out. Versions count in the order (observed, recorded, number); the last is the current picture.
    `unsaid` are the parts of the facts that the run itself did not say."""

    observed_at: datetime
    recorded_at: datetime
    number: int
    run_id: int
    facts: Facts
    unsaid: int
    id: int


_IN_ORDER = attrgetter("observed_at", "recorded_at", "number")


class Restated(NamedTuple):
    """A saying to be written out (again) under its run, from a version whose payload it takes. `copied`: the version is
    another run's, whose saying this run had confirmed."""

    run: RunMoment
    facts: Facts
    unsaid: int
    source_id: int
    copied: bool


@dataclass(slots=True)
class History:
    """A transaction's live versions in their order. `next_number` counts the undone ones too."""

    transaction_id: int = 0  # 0: not in the ledger yet
    versions: list[Version] = field(default_factory=list)
    next_number: int = 1

    def add(self, version: Version) -> None:
        self.versions.append(version)
        if len(self.versions) > 1:
            self.versions.sort(key=_IN_ORDER)

    def at(self, moment: datetime) -> Facts | None:
        """What was true then; None before the first observation."""
        for known in reversed(self.versions):
            if known.observed_at <= moment:
                return known.facts
        return None

    def around(self, moment: datetime) -> Facts | None:
        """What was true then, else what was first observed after it; None where nothing is known."""
        return self.at(moment) or (self.versions[0].facts if self.versions else None)

    def knows_another_programme(self, programme_id: int) -> bool:
        return bool(self.versions) and self.versions[-1].facts.programme_id != programme_id


@dataclass(slots=True)
class _Saying:
    """What one run said of one transaction. `unsaid`: the parts that it left out; `shown`: its newest version, None for a
    confirmation; `source`: the version whose payload stands for it."""

    run: RunMoment
    unsaid: int
    said: Facts | None = None
    shown: Facts | None = None
    source: Version | None = None


def restated(
    versions: Iterable[Version],
    confirmed: Iterable[tuple[RunMoment, int]],
    runs: Sequence[RunMoment],
    *,
    joining: int | None = None,
    leaving: Collection[int] = (),
) -> list[Restated]:
    """What must be written out so that one transaction's history stays what its sayings make it, when the run `joining`
    has just said something among older sayings, and those `leaving` are undone.

    `versions` are those of live, joining and leaving runs by number, `confirmed` the runs that found the transaction
    unchanged with the parts that each left unsaid, `runs` the moments of all these runs.
    """
    moments = {run.run_id: run for run in runs}
    sayings: dict[int, _Saying] = {}
    for version in versions:
        saying = sayings.setdefault(version.run_id, _Saying(moments[version.run_id], version.unsaid))
        saying.said = saying.said or version.facts.without(version.unsaid)
        saying.shown, saying.source = version.facts, version
    for run, unsaid in confirmed:
        sayings.setdefault(run.run_id, _Saying(run, unsaid))
    in_order = sorted(sayings.values(), key=lambda saying: saying.run)
    _spell_out(saying for saying in in_order if saying.run.run_id != joining)
    return list(_overdue(saying for saying in in_order if saying.run.run_id not in leaving))


def _spell_out(sayings: Iterable[_Saying]) -> None:
    """Gives every confirmation what it confirmed: what was true just before it."""
    before: _Saying | None = None
    for saying in sayings:
        if saying.shown is not None:
            before = saying
        elif before is not None and before.shown is not None:
            saying.said, saying.source = before.shown.without(saying.unsaid), before.source


def _overdue(sayings: Iterable[_Saying]) -> Iterable[Restated]:
    known: Facts | None = None
    written_at: datetime | None = None  # of runs that were true at one moment, the later written counts
    for saying in sayings:
        if saying.said is None or saying.source is None:
            continue
        facts = saying.said.beside(known)
        copied = saying.shown is None
        shown = known if copied or written_at == saying.run.as_of else saying.shown
        unsaid = saying.said.unsaid(known)
        if facts != shown or (copied and unsaid & ~saying.unsaid):
            yield Restated(saying.run, facts, unsaid, saying.source.id, copied)
            written_at = saying.run.as_of
        known = facts


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
_TEXTS = attrgetter(*_SHORT, "reason")
_WORDS = {"kind": KINDS, "status": STATUSES, "payment": PAYMENTS}


def flaw(row: ReportedTransaction) -> str | None:
    """Why a row that was read cannot be booked all the same, or None: every database must take it, exactly."""
    texts = "".join([text for text in (*_TEXTS(row), *row.sub_ids) if text])
    # nearly none is too long or damaged: to ask each for itself would cost three times as much
    if (len(texts) > _LONGEST or _UNSTORABLE.search(texts)) and (reason := _text_flaw(row)):
        return reason
    if row.kind not in KINDS or row.status not in STATUSES or row.payment not in PAYMENTS:
        name = next(name for name, known in _WORDS.items() if getattr(row, name) not in known)
        return f"{name} is {getattr(row, name)!r}; known are {', '.join(_WORDS[name])}."
    if not row.external_id or not row.advertiser_ref:
        return "The row names no transaction id." if not row.external_id else "The row names no advertiser."
    for money in (row.commission, row.sale):
        if money is not None and (reason := _money_flaw(money)):
            return reason
    return None


def _text_flaw(row: ReportedTransaction) -> str | None:
    for name in _SHORT:
        text = getattr(row, name)
        if text is not None and len(text) > _LONGEST:
            return f"{name} has {len(text)} characters; at most {_LONGEST} can be kept."
    for name in (*_SHORT, "reason"):
        if not _storable(getattr(row, name)):
            return f"{name} is a damaged text: {getattr(row, name)!r}."
    if not all(_storable(sub_id) for sub_id in row.sub_ids):
        return f"A sub-id is a damaged text: {row.sub_ids!r}."
    return None


def _money_flaw(money: Money) -> str | None:
    amount = money.amount
    if amount.is_finite() and -LARGEST < amount < LARGEST and (micros := amount * MICROS) == int(micros):
        return None
    try:
        _ = money.micros
    except InvalidMoney as problem:
        return str(problem)
    return None


def _storable(text: str | None) -> bool:
    return text is None or not _UNSTORABLE.search(text)


def _shown(name: str, said: Facts) -> str:
    value = getattr(said, name)
    if isinstance(value, datetime):
        return value.isoformat()
    if value is not None and name in _AMOUNTS:
        return decimal_text(from_micros(value), getattr(said, _AMOUNTS[name]))
    return "nothing" if value is None else str(value)
