"""What a network is to us: it recognises its links, builds deep links and reads its transactions.

Networks know nothing of the store, of Flask and of each other. What they return are values.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, BinaryIO

from affiliate.money import Money
from affiliate.networks.reading.columns import ColumnMap
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

if TYPE_CHECKING:
    from affiliate.networks.asking.api import Api
    from affiliate.networks.reading.rows import Row

PROVEN, UNVERIFIED = "proven", "unverified"

__all__ = [
    "APPROVED",
    "DECLINED",
    "DIRECT",
    "INVOICED",
    "MODES",
    "PAID",
    "PENDING",
    "PROVEN",
    "REDIRECT",
    "UNPAID",
    "UNTOUCHED",
    "UNVERIFIED",
    "BadRow",
    "Coverage",
    "DeepLink",
    "Layer",
    "Network",
    "Reader",
    "Reading",
    "ReportedPayout",
    "ReportedProgramme",
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
    `status` and `payment` are ours, `raw_status` and `raw_payment` the network's words. `original_ref` is the transaction
    that a correction corrects, where the network says which.
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
    original_ref: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ReportedPayout:
    """Money that a network says it paid or will pay: a self-billed invoice, a pay stub. `commission` is the sum of what it
    covers, signed; `net` what arrives (commission + `vat` − `withheld`), None where it is not told. `payment` is ours
    (invoiced, paid), `raw_status` the network's word. Moments are aware, UTC."""

    line: int
    external_id: str
    publisher_ref: str | None
    payment: str
    raw_status: str
    commission: Money
    issued_at: datetime
    payload: Mapping[str, object]
    number: str | None = None
    net: Money | None = None
    vat: Money | None = None
    withheld: Money | None = None
    paid_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReportedProgramme:
    """An advertiser as a network tells it. `hosts` as the network writes them, `rate` a fraction (None also where it has
    several: then `terms` shows them), `cookie_days` whole days, `markets` ISO 3166 codes, upper case. `permissions` and
    `parameters` (what the builder of deep links needs: ad_id, camref …) are texts by name."""

    line: int
    advertiser_ref: str
    name: str
    joined: bool
    raw_status: str
    hosts: tuple[str, ...] = ()
    rate: Decimal | None = None
    terms: str = ""
    cookie_days: int | None = None
    markets: tuple[str, ...] = ()
    permissions: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be booked: where, why in words, and the whole of it as JSON without personal data. `word` is the
    network's word that nobody knew, where that was the reason."""

    line: int
    reason: str
    payload: str
    word: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read what a report does not say: the account's currency and zone, our publisher id, a column map.

    `currency` is used only where a report names none (CJ, a CSV without such a column): where rows carry their own, a
    missing one is a bad row. `time_zone` is the zone of moments without an offset. `said` is what was said beyond that, by
    name, to a network's own reader: a column of a report in a language that it does not know, the period of a file.
    """

    currency: str | None = None
    time_zone: str = "UTC"
    publisher_ref: str | None = None
    columns: ColumnMap | None = None
    said: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reader:
    """How a network's own report is read.

    `records` cuts a file into (line, record) as it goes, never holding all of it; a piece that is no record comes as a
    BadRow, and UnreadableFile (also in the middle) says that the file is no such report or is cut off: nothing of it may
    be kept then. `transaction` reads one record; BadValue sets the row aside. A record set aside can be read again later.

    `period` is for reports whose rows have no ids: it is asked first and names what the file covers as a whole (account and
    days), from its content. A newer file of the same period replaces the older one; None: this file replaces none.

    `decided` looks at the whole file before a row of it is read, and returns the reading with what the file decides for all
    its rows (the decimal mark, the order of a date's numbers); UndecidedFile where it leaves that open.

    `has_own_ids`: an id names one transaction of the network, whichever of our accounts a row stands under. A row whose account
    was filled in later, or is written another way, is then known again.

    `columns` is the column map that is ready for the network's export, where it is read by one; it may leave out what is not
    known (ColumnMap says what is needed).
    """

    records: Callable[[BinaryIO, Reading], "Iterator[tuple[int, object] | BadRow]"]
    transaction: Callable[[int, "Row", Reading], ReportedTransaction]
    period: Callable[[BinaryIO, Reading], str | None] | None = None
    columns: Mapping[str, str] | None = None
    decided: Callable[[BinaryIO, Reading], Reading] | None = None
    has_own_ids: bool = False


@dataclass(frozen=True, slots=True)
class Coverage:
    """What works with a network, part by part: `proven` (a test over real links, or over the provider's own example),
    `unverified` (one witness, or inferred: nothing of it was tried on a live account), None (not built, or no evidence)."""

    recognise: str | None = None
    build: str | None = None
    sub_ids: str | None = None
    api: str | None = None
    file: str | None = None
    payments: str | None = None


@dataclass(frozen=True, slots=True)
class Network:
    """One affiliate network. `key` is the catalogue's key; `name` as people write it.

    `default_mode` is what a new programme gets where nobody chose: `redirect` also when the permission is unknown.
    `take_apart` gives the outermost layer if the URL is one of this network's links, else None, and never makes a
    request: it is asked for links on `hosts` and below them. One that knows links on other people's hosts too is asked for all
    that have one of the texts of `by_shape` in them (lower case; asking everybody about everything would halve the speed).
    `deep_link` builds the tracked address of a target; CannotBuild says what is missing. `reader` reads the network's own
    report, `api` fetches it; None where that is not known. `click_hours`: it counts a visitor's clicks to an advertiser
    once in so many hours; None where that is not known. `closed` says in a sentence what became of a dead network.
    `hint` reads a message that the network sends of itself, unsigned, as a hint to pull: when the sale was, None for another
    message.
    """

    key: str
    name: str
    default_mode: str
    take_apart: Callable[[str], Layer | None]
    deep_link: Callable[[Terms, str], DeepLink]
    reader: Reader | None = None
    hosts: tuple[str, ...] = ()
    by_shape: tuple[str, ...] = ()
    api: "Api | None" = None
    click_hours: int | None = None
    closed: str = ""
    hint: Callable[[Mapping[str, object]], datetime | None] | None = None
    coverage: Coverage = Coverage()
