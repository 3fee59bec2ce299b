"""One account while it is pulled, and what comes of its windows."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from affiliate.clock import zone
from affiliate.networks.asking.api import CHANGE, PAYOUT, PROGRAMME, TRANSACTION, Api, Ask, Page, Window
from affiliate.networks.base import Network, Reading
from affiliate.store.tables import PublisherAccount, Pull

IN_WORDS = {TRANSACTION: "by transaction", CHANGE: "by change", PAYOUT: "payouts", PROGRAMME: "programmes"}


@dataclass(frozen=True, slots=True)
class PulledWindow:
    """What came of one window. `state` is done, failed or (where an earlier failure ended the pull) waiting; `rows` =
    new + amended + unchanged + quarantined. `notes`: what a person should know of it, such as programmes that closed."""

    network: str
    account: str
    basis: str
    first: datetime
    until: datetime
    state: str
    rows: int = 0
    new: int = 0
    amended: int = 0
    unchanged: int = 0
    quarantined: int = 0
    run_id: int | None = None
    problem: str = ""
    again_at: datetime | None = None
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        days = f"{self.first:%Y-%m-%d}–{self.until:%Y-%m-%d} " if self.basis != PROGRAMME else ""
        what = f"{self.network} {self.account} {days}{IN_WORDS[self.basis]}"
        if self.state == "done":
            run = f" (run {self.run_id})" if self.run_id is not None else ""
            set_aside = f", {self.quarantined} quarantined" if self.quarantined else ""
            return (
                f"{what}: {self.rows} rows, {self.new} new, {self.amended} amended, {self.unchanged} unchanged"
                f"{set_aside}{run}" + "".join(f"\n  {note}" for note in self.notes)
            )
        return f"{what}: {self.state}. {self.problem}".rstrip()

    def as_json(self) -> dict[str, Any]:
        return {
            "network": self.network,
            "account": self.account,
            "basis": self.basis,
            "from": self.first.isoformat(),
            "to": self.until.isoformat(),
            "state": self.state,
            "rows": self.rows,
            "new": self.new,
            "amended": self.amended,
            "unchanged": self.unchanged,
            "quarantined": self.quarantined,
            "run": self.run_id,
            "problem": self.problem,
            "again_at": self.again_at.isoformat() if self.again_at else None,
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a pull is: `done` windows of `windows`, the one that is being asked for and how many of its pages came; `total`
    where the network says how many there are."""

    network: str
    account: str
    basis: str
    window: Window
    done: int
    windows: int
    pages: int = 0
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """An account as the pull uses it, outside of any session. `zone` is that of its calendar days."""

    id: int
    network: Network
    api: Api
    ref: str
    currency: str | None
    zone: str

    @classmethod
    def of(cls, network: Network, api: Api, account: PublisherAccount) -> "Account":
        return cls(account.id, network, api, account.publisher_ref, account.currency, account.time_zone or "UTC")

    @property
    def zone_asked(self) -> str:
        return self.api.time_zone or self.zone

    @property
    def reading(self) -> Reading:
        return Reading(currency=self.currency, time_zone=self.zone_asked, publisher_ref=self.ref)

    def pages(self, ask: Ask, progress: Progress) -> Iterator[Page]:
        match progress.basis:
            case "payout":
                assert self.api.payouts is not None  # noqa: S101 - checked when it was planned
                return self.api.payouts(ask, progress.window)
            case "programme":
                assert self.api.programmes is not None  # noqa: S101 - checked when it was planned
                return self.api.programmes(ask)
            case basis:
                return self.api.transactions(ask, progress.window, basis)

    def name_of(self, pull: Pull) -> str:
        """What the import run is called: awin API 2026-10-01–2026-11-01 by change."""
        first, until = (moment.astimezone(zone(self.zone)).date() for moment in (pull.first, pull.until))
        return f"{self.network.key} API {first}–{until} {IN_WORDS[pull.basis]}"

    def window(self, pull: Pull, state: str, **outcome: Any) -> PulledWindow:
        return PulledWindow(self.network.key, self.ref, pull.basis, pull.first, pull.until, state, **outcome)
