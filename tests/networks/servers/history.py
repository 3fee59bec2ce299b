"""Generated histories of sales, as a network lives through them: sold → amended → approved → reversed → invoiced → paid.

Seeded: the same seed gives the same history. Time is an input: `Sale.at(now)` is what the network knows at that moment, so a
server can be asked day by day or once at the end, and tells the same story. Amounts are exact and add up: what is kept of
a sale is the sum of its items that were not returned, a payout the sum of what was kept of its sales.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

PENDING, APPROVED, DECLINED = "pending", "approved", "declined"
UNPAID, INVOICED, PAID = "unpaid", "invoiced", "paid"

_LIVES = (  # what becomes of a sale, and how many of a hundred
    (("approved", "invoiced", "paid"), 48),
    (("amended", "approved", "invoiced", "paid"), 14),
    (("declined",), 14),
    (("amended", "approved", "reversed", "invoiced", "paid"), 8),
    (("approved", "reversed", "invoiced", "paid"), 8),
    (("amended", "declined"), 4),
    ((), 4),  # nobody ever looks at it
)
_DAYS_UNTIL = {"amended": (2, 20), "approved": (25, 45), "declined": (5, 40), "reversed": (2, 18)}
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Advertiser:
    ref: str
    name: str
    currency: str
    rate: Decimal


ADVERTISERS = (
    Advertiser("1001", "Marlpool Frocks", "GBP", Decimal("0.08")),
    Advertiser("1002", "Tin & Thimble", "GBP", Decimal("0.05")),
    Advertiser("2001", "Harbor Street Goods", "USD", Decimal("0.10")),
    Advertiser("3001", "Maison Plume", "EUR", Decimal("0.065")),
)


@dataclass(frozen=True)
class Item:
    sku: str
    sale: Decimal
    commission: Decimal


@dataclass(frozen=True)
class Step:
    """Something that happened to a sale; `returned` counts the items that came back, from the last one on."""

    at: datetime
    word: str  # amended, approved, declined, reversed, invoiced, paid
    returned: int = 0


@dataclass(frozen=True)
class Movement:
    """What one moment changed of one item: signed. `original` is the first one, the sale itself."""

    at: datetime
    item: Item
    sale: Decimal
    commission: Decimal
    original: bool


@dataclass(frozen=True)
class State:
    """A sale as it stands. `kept` are the items that count (of a declined sale those that counted before: it keeps its
    amounts), `returned` those that came back earlier. `changed_at` is the last change of any kind."""

    sale: "Sale"
    status: str
    payment: str
    kept: tuple[Item, ...]
    returned: tuple[Item, ...]
    changed_at: datetime
    amended_at: datetime | None = None  # also when something was taken back after approval
    validated_at: datetime | None = None
    invoiced_at: datetime | None = None
    paid_at: datetime | None = None

    @property
    def amount(self) -> Decimal:
        return sum((item.sale for item in self.kept), Decimal(0))

    @property
    def commission(self) -> Decimal:
        return sum((item.commission for item in self.kept), Decimal(0))

    @property
    def payout_id(self) -> str | None:
        return None if self.invoiced_at is None else payout_id(self.invoiced_at, self.sale.advertiser.currency)


@dataclass(frozen=True)
class Sale:
    """`bonus` has neither click nor order nor sub-id. Steps are in the order of time, all after `sold_at`."""

    id: int
    order_ref: str
    advertiser: Advertiser
    bonus: bool
    sub_id: str
    click_at: datetime | None
    sold_at: datetime
    items: tuple[Item, ...]
    steps: tuple[Step, ...]

    def at(self, now: datetime) -> State | None:
        """What is known of it at this moment; None before it was sold."""
        if self.sold_at > now:
            return None
        status, payment, back = PENDING, UNPAID, 0
        moments: dict[str, datetime] = {"changed_at": self.sold_at}
        for step in self.steps:
            if step.at > now:
                break
            moments["changed_at"] = step.at
            gone = step.word == "declined" or back + step.returned == len(self.items)
            if not gone:
                back += step.returned
            if step.word in ("amended", "reversed"):
                moments["amended_at"] = step.at
            if gone or step.word == "approved":
                status = DECLINED if gone else APPROVED
                moments["validated_at"] = step.at
            if step.word in (INVOICED, PAID):
                payment = step.word
                moments[f"{step.word}_at"] = step.at
        left = len(self.items) - back
        return State(self, status, payment, self.items[:left], self.items[left:], **moments)

    def movements(self, now: datetime) -> Iterator[Movement]:
        """What networks that never change a row say: the sale, then what was taken back of it."""
        if self.sold_at > now:
            return
        for item in self.items:
            yield Movement(self.sold_at, item, item.sale, item.commission, original=True)
        left = len(self.items)
        for step in self.steps:
            gone = left if step.word == "declined" else step.returned
            if step.at > now or not gone:
                continue
            for item in self.items[left - gone : left]:
                yield Movement(step.at, item, -item.sale, -item.commission, original=False)
            left -= gone


@dataclass(frozen=True)
class Payout:
    """What is paid in one run in one currency. `paid_at` is None until it is."""

    id: str
    currency: str
    issued_at: datetime
    paid_at: datetime | None
    commission: Decimal
    lines: tuple[State, ...]


@dataclass
class History:
    """`made` are all sales that will ever be, in the order of their ids; what is known at a moment is asked for."""

    made: Sequence[Sale]

    def states(self, now: datetime) -> Iterator[State]:
        return (state for sale in self.made if (state := sale.at(now)))

    def sold(self, first: datetime, until: datetime, now: datetime) -> list[State]:
        """By date of sale: from inclusive, to exclusive."""
        return [state for state in self.states(now) if first <= state.sale.sold_at < until]

    def changed(self, first: datetime, until: datetime, now: datetime) -> list[State]:
        """By date of the last change; being sold is one."""
        return [state for state in self.states(now) if first <= state.changed_at < until]

    def payouts(self, first: datetime, until: datetime, now: datetime) -> list[Payout]:
        """By date of issue."""
        found: dict[str, list[State]] = {}
        for state in self.states(now):
            if state.invoiced_at is not None and first <= state.invoiced_at < until and state.payout_id:
                found.setdefault(state.payout_id, []).append(state)
        return [_payout(number, lines) for number, lines in sorted(found.items())]


def payout_id(issued_at: datetime, currency: str) -> str:
    return f"{issued_at:%Y%m%d}{currency}"


def _payout(number: str, lines: list[State]) -> Payout:
    first = lines[0]
    assert first.invoiced_at is not None
    return Payout(
        number,
        first.sale.advertiser.currency,
        first.invoiced_at,
        first.paid_at,
        sum((line.commission for line in lines), Decimal(0)),
        tuple(lines),
    )


def history(
    seed: int,
    first: datetime,
    until: datetime,
    *,
    a_day: float = 3,
    sub_ids: Sequence[str] = ("", "spring-edit", "gift-guide"),
    advertisers: Sequence[Advertiser] = ADVERTISERS,
) -> History:
    """Sales from `first` (inclusive) to `until` (exclusive), `a_day` of them on average; what happens to them goes on after
    `until`. Moments are UTC, whole seconds."""
    chance = random.Random(seed)
    seconds = int((until - first).total_seconds())
    number = round(a_day * seconds / 86_400)
    moments = sorted(first + timedelta(seconds=chance.randrange(seconds)) for _ in range(number))
    return History(
        [_sale(chance, 100_000_001 + at, sold_at, sub_ids, advertisers) for at, sold_at in enumerate(moments)]
    )


def _sale(
    chance: random.Random, number: int, sold_at: datetime, sub_ids: Sequence[str], advertisers: Sequence[Advertiser]
) -> Sale:
    advertiser = chance.choice(advertisers)
    bonus = chance.random() < 0.03
    items = tuple(_item(chance, advertiser, at, bonus) for at in range(1 if bonus else chance.choice((1, 1, 2, 3))))
    lives, weights = zip(*_LIVES, strict=True)
    words = ("approved", "invoiced", "paid") if bonus else chance.choices(lives, weights)[0]
    return Sale(
        id=number,
        order_ref="" if bonus else f"W-{number}-{chance.randrange(1000, 9999)}",
        advertiser=advertiser,
        bonus=bonus,
        sub_id="" if bonus else chance.choice(sub_ids),
        click_at=None if bonus else sold_at - timedelta(seconds=chance.randrange(60, 5 * 86_400)),
        sold_at=sold_at,
        items=items,
        steps=tuple(_steps(chance, sold_at, words, len(items))),
    )


def _item(chance: random.Random, advertiser: Advertiser, at: int, bonus: bool) -> Item:
    sale = Decimal(0) if bonus else Decimal(chance.randrange(499, 24_999)) * _CENT
    commission = Decimal(chance.randrange(500, 5000)) * _CENT if bonus else (sale * advertiser.rate).quantize(_CENT)
    return Item(f"sku-{chance.randrange(100, 999)}-{at + 1}", sale, commission)


def _steps(chance: random.Random, sold_at: datetime, words: Sequence[str], items: int) -> Iterator[Step]:
    """An amendment takes all but one item back at most; a reversal whatever it likes, and then there is nothing to pay."""
    moment, left = sold_at, items
    for word in words:
        if word == "amended" and left == 1:
            continue
        returned = (
            chance.randrange(1, left) if word == "amended" else chance.randint(1, left) if word == "reversed" else 0
        )
        moment = _next(chance, moment, word)
        left -= returned
        yield Step(moment, word, returned)
        if left == 0:
            return


def _next(chance: random.Random, moment: datetime, word: str) -> datetime:
    if word == INVOICED:
        return _payment_run_after(moment + timedelta(days=20))
    if word == PAID:
        return moment + timedelta(days=5)
    return moment + timedelta(days=chance.randint(*_DAYS_UNTIL[word]), seconds=chance.randrange(86_400))


def _payment_run_after(moment: datetime) -> datetime:
    """Six in the morning of the next 1st or 15th."""
    day = (moment + timedelta(days=1)).replace(hour=6, minute=0, second=0, microsecond=0, tzinfo=UTC)
    while day.day not in (1, 15):
        day += timedelta(days=1)
    return day
