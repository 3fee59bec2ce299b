"""Accounts, advertisers and programmes that rows name: found, or created "to be completed" and listed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from affiliate.links.aliases import advertiser_by_alias
from affiliate.links.programmes import UNKNOWN_ACCOUNT
from affiliate.links.sites import find_entity
from affiliate.networks.base import Network, ReportedTransaction
from affiliate.store.tables import Advertiser, Programme, PublisherAccount


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Something that a row named and nobody knew. `kind` is account, advertiser or programme."""

    kind: str
    network: str
    ref: str
    name: str

    def __str__(self) -> str:
        called = f" ({self.name})" if self.name and self.name != self.ref else ""
        return f"{self.kind} {self.ref}{called} at {self.network}"

    def as_json(self) -> dict[str, str]:
        return {"kind": self.kind, "network": self.network, "ref": self.ref, "name": self.name}


class Counterparties:
    """All that one network's rows may name, read once per import (accounts and programmes are few, rows many). A `dry` one
    stores nobody."""

    def __init__(self, session: Session, network: Network, *, now: datetime, dry: bool = False) -> None:
        self._session = session
        self._dry = dry
        self._tried: dict[str, int] = {}  # advertisers that only a trial made, by name
        self._network = network
        self._now = now
        accounts = session.execute(
            select(PublisherAccount.publisher_ref, PublisherAccount.id, PublisherAccount.created_at).where(
                PublisherAccount.network == network.key
            )
        ).all()
        self._accounts: dict[str, int] = {row.publisher_ref: row.id for row in accounts}
        self.since = max((row.created_at for row in accounts), default=None)
        """Since when these are all the accounts, and a row that names none means the same."""
        programmes = session.execute(
            select(Programme.account_id, Programme.advertiser_ref, Programme.id).where(
                Programme.account_id.in_(self._accounts.values())
            )
        )
        self._programmes: dict[tuple[int, str], int] = {
            (row.account_id, row.advertiser_ref): row.id for row in programmes
        }
        self.newcomers: list[Newcomer] = []

    def account_of(self, row: ReportedTransaction) -> int | None:
        """The id of the row's account. A row that names none belongs to the only account there is; None where there
        are several, since a guess would book one company's money to another."""
        if row.publisher_ref is None and len(self._accounts) > 1:
            return None
        ref = row.publisher_ref or next(iter(self._accounts), UNKNOWN_ACCOUNT)
        if ref not in self._accounts:
            self._accounts[ref] = self._new_account(ref)
        return self._accounts[ref]

    @property
    def account_refs(self) -> list[str]:
        return sorted(self._accounts)

    @property
    def account_ids(self) -> list[int]:
        return sorted(self._accounts.values())

    def programme_of(self, row: ReportedTransaction, account_id: int) -> int:
        """The id of the programme of the row's advertiser under this account."""
        key = (account_id, row.advertiser_ref)
        if key not in self._programmes:
            self._programmes[key] = self._new_programme(row, account_id)
        return self._programmes[key]

    def _new_account(self, ref: str) -> int:
        account = PublisherAccount(
            entity_id=find_entity(self._session).id,
            network=self._network.key,
            publisher_ref=ref,
            name="",
            to_be_completed=True,
            created_at=self._now,
        )
        self._note("account", ref, "")
        return self._added(account)

    def _new_programme(self, row: ReportedTransaction, account_id: int) -> int:
        name = row.advertiser_name or row.advertiser_ref
        programme = Programme(
            account_id=account_id,
            advertiser_id=self._advertiser_of(row),
            network=self._network.key,
            advertiser_ref=row.advertiser_ref,
            name=name,
            mode=self._network.default_mode,
            parameters={},
            joined=True,
            to_be_completed=True,
            created_at=self._now,
        )
        self._note("programme", row.advertiser_ref, name)
        return self._added(programme)

    def _advertiser_of(self, row: ReportedTransaction) -> int:
        """By name where the row tells it: as its name, or as an id that is a word. Two networks' number 123 are two
        advertisers until a person says otherwise, with an alias."""
        if (alias := advertiser_by_alias(self._session, self._network.key, row.advertiser_ref)) is not None:
            return alias
        named = row.advertiser_name or (row.advertiser_ref if any(map(str.isalpha, row.advertiser_ref)) else None)
        name = named or f"{self._network.key} {row.advertiser_ref}"[:255]
        known = self._session.scalar(
            select(Advertiser.id).where(Advertiser.name == name).order_by(Advertiser.id).limit(1)
        )
        if known is not None:
            return known
        if name in self._tried:
            return self._tried[name]
        advertiser = Advertiser(name=name, to_be_completed=True, created_at=self._now)
        self._note("advertiser", row.advertiser_ref, name)
        added = self._added(advertiser)
        if self._dry:
            self._tried[name] = added
        return added

    def _added(self, made: PublisherAccount | Programme | Advertiser) -> int:
        """The id of a row that is stored now; of one that is only tried out, a number that no row has."""
        if self._dry:
            return -len(self.newcomers)
        self._session.add(made)
        self._session.flush()
        return made.id

    def _note(self, kind: str, ref: str, name: str) -> None:
        self.newcomers.append(Newcomer(kind, self._network.key, ref, name))
