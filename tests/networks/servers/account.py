"""An account at a network that the tests' server plays: in the store, with its file of credentials, ready to be pulled."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import select

from affiliate.commissions.pulling import Progress, PulledWindow, Puller
from affiliate.commissions.pulling.engine import client_for
from affiliate.links.sites import ensure_default_site, find_entity
from affiliate.networks.asking.api import Api, Client
from affiliate.networks.asking.credentials import Credentials, file_of
from affiliate.networks.registry import network as find_network
from affiliate.store import Store
from affiliate.store.tables import PublisherAccount, Transaction, TransactionVersion
from tests.conftest import HandClock
from tests.networks.servers.base import ApiServer

_PICTURE = (
    "status", "raw_status", "payment", "sale_amount", "sale_currency", "commission", "currency", "kind", "transaction_at",
    "click_at", "validated_at", "sub_id", "order_ref", "payout_ref", "original_ref", "reason",
)  # fmt: skip


class PulledAccount:
    """`waits` are the seconds that the client would have waited; `told` the progress that was shown."""

    def __init__(
        self,
        store: Store,
        folder: Path,
        clock: HandClock,
        server: ApiServer,
        *,
        network: str,
        ref: str,
        credentials: Mapping[str, str],
        **account: Any,
    ) -> None:
        self.store, self.folder, self.clock, self.server, self.network, self.ref = (
            store,
            folder,
            clock,
            server,
            network,
            ref,
        )
        self.waits: list[float] = []
        self.told: list[Progress | PulledWindow] = []
        add_account(store, network, ref, **account)
        self.write({**credentials, "base_url": server.url})
        self.puller = Puller(store, folder, clock, told=self.told.append, connect=self._connect)

    def write(self, values: Mapping[str, str]) -> Path:
        return write_credentials(self.folder, self.network, self.ref, values)

    def at(self, now: Any) -> None:
        """Sets our clock and the network's."""
        self.clock.now = self.server.now = now

    def _connect(self, api: Api, credentials: Credentials) -> Client:
        return replace(client_for(api, credentials), sleep=self.waits.append, timeout_seconds=0.3, attempts=2)


def add_account(store: Store, network: str, ref: str, **values: Any) -> None:
    with store.transaction() as session:
        ensure_default_site(
            session, name="Site", language="en-GB", jurisdiction="uk", time_zone="Europe/London", currency="GBP",
            now=HandClock().now,
        )  # fmt: skip
        account = PublisherAccount(
            entity_id=find_entity(session).id, network=network, publisher_ref=ref, created_at=HandClock().now, **values
        )
        session.add(account)


def write_credentials(folder: Path, network: str, ref: str, values: Mapping[str, str]) -> Path:
    folder.mkdir(exist_ok=True)
    file = file_of(folder, find_network(network), ref)
    file.write_text("".join(f'{name} = "{value}"\n' for name, value in values.items()), encoding="utf-8")
    file.chmod(0o600)
    return file


def picture(store: Store) -> dict[tuple[str, str], tuple[object, ...]]:
    """What the ledger says now, by the network's id and line."""
    wanted = [getattr(TransactionVersion, name) for name in _PICTURE]
    with store.reading() as session:
        rows = session.execute(
            select(Transaction.external_id, Transaction.line_id, *wanted).join(
                TransactionVersion, TransactionVersion.id == Transaction.current_version_id
            )
        )
        return {(row[0], row[1]): tuple(row[2:]) for row in rows}
