"""What a network is to us: it recognises its links, builds deep links and reads its transactions.

Networks know nothing of the store, of Flask and of each other. What they return are values.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from affiliate.money import Money
from affiliate.networks.columns import ColumnMap
from affiliate.networks.words import (
    APPROVED,
    DECLINED,
    DIRECT,
    INVOICED,
    MODES,
    PAID,
    PENDING,
    REDIRECT,
    UNPAID,
    UNTOUCHED,
)
from affiliate.urls import encode

__all__ = [
    "APPROVED",
    "DECLINED",
    "DIRECT",
    "INVOICED",
    "MODES",
    "PAID",
    "PENDING",
    "REDIRECT",
    "UNPAID",
    "UNTOUCHED",
    "BadRow",
    "DeepLink",
    "Layer",
    "Network",
    "Reading",
    "Report",
    "ReportedTransaction",
    "Terms",
]


@dataclass(frozen=True, slots=True)
class Layer:
    """One wrapping of a link by a network. `target` is what is inside, verbatim after one decoding, or None if the
    link does not carry it. Ids are the network's own, None where they cannot be read off."""

    network: str
    url: str
    publisher_id: str | None = None
    advertiser_id: str | None = None
    sub_ids: Mapping[str, str] = field(default_factory=dict)
    target: str | None = None
    wrapped: bool = True  # False where the parameters sit on the advertiser's own URL (Amazon, eBay)
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """All that a builder may use: the account, the programme, and the programme's own template and parameters."""

    network: str
    publisher_ref: str
    advertiser_ref: str
    template: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeepLink:
    """A tracked address with one place for the sub-id: `before + sub_id + after`. `longest` is the network's limit
    for a sub-id in characters; `has_slot` is False where the network takes none (then after is empty). `bare` is the
    address without a sub-id, where an empty place would not do. `refusal` goes before `after` where the reader refuses to
    be tracked: the network's documented parameter for that, "" where there is none."""

    before: str
    after: str = ""
    has_slot: bool = True
    longest: int | None = None
    bare: str | None = None
    refusal: str = ""

    def with_sub_id(self, sub_id: str) -> str:
        """The finished address. Our tokens ([a-z0-9]) stand as they are; any other text is percent-encoded."""
        if not self.has_slot:
            return self.before
        if not sub_id and self.bare is not None:
            return self.bare
        return f"{self.before}{encode(sub_id)}{self.after}"


@dataclass(frozen=True, slots=True)
class ReportedTransaction:
    """One row of a network's report, in our words. Amounts are signed. Moments are aware, UTC.

    `line` counts the file's records from 1 (for CSV: the line in the file, header = 1). `payload` is the row as it
    came, without personal data. `line_id` tells the items of one order apart where the network reports items.
    `status` and `payment` are ours, `raw_status` and `raw_payment` the network's words.
    """

    line: int
    external_id: str
    publisher_ref: str | None
    advertiser_ref: str
    advertiser_name: str | None
    kind: str  # sale, lead, bonus, cpc
    status: str
    raw_status: str
    payment: str
    commission: Money
    transaction_at: datetime
    payload: Mapping[str, object]
    line_id: str = ""
    raw_payment: str | None = None
    sale: Money | None = None
    click_at: datetime | None = None
    validated_at: datetime | None = None
    sub_ids: tuple[str, ...] = ()
    order_ref: str | None = None
    payout_ref: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be booked: where, why in words, and the whole of it."""

    line: int
    reason: str
    payload: str


@dataclass(frozen=True, slots=True)
class Report:
    """A network's file, read: good rows and bad ones side by side, in the file's order."""

    good: Sequence[ReportedTransaction]
    bad: Sequence[BadRow]

    @property
    def rows(self) -> int:
        return len(self.good) + len(self.bad)


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read what a report does not say: the account's currency and zone, our publisher id, a column map.

    `currency` is used only where a report names none (CJ, a CSV without such a column): where rows carry their own, a
    missing one is a bad row. `time_zone` is the zone of moments without an offset.
    """

    currency: str | None = None
    time_zone: str = "UTC"
    publisher_ref: str | None = None
    columns: ColumnMap | None = None


@dataclass(frozen=True, slots=True)
class Network:
    """One affiliate network. `key` is the catalogue's key; `name` as people write it.

    `default_mode` is what a new programme gets where nobody chose: `redirect` also when the permission is unknown.
    `take_apart` gives the outermost layer if the URL is one of this network's links, else None, and never makes a
    request. `deep_link` builds the tracked address of a target; CannotBuild says what is missing. `read_transactions`
    reads the network's own report; UnreadableFile if it is not one at all, and a bad row never hides good ones.
    `click_hours`: it counts a visitor's clicks to an advertiser once in so many hours; None where that is not known.
    """

    key: str
    name: str
    default_mode: str
    take_apart: Callable[[str], Layer | None]
    deep_link: Callable[[Terms, str], DeepLink]
    read_transactions: Callable[[bytes, Reading], Report]
    click_hours: int | None = None
