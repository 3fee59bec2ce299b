"""Asking networks' APIs for what they know of an account, window by window, and booking each window whole or not at all.

What was asked for and what came of it is kept in `pulls`, and a window is marked done in the transaction that books its rows:
whenever this process dies, what is done is booked, and what is not will be asked for again. While an account is asked for
a lock on it is held, so a window that is marked running while the lock can be had was left by a process that died.

A window's pages are fetched before anything is written: the database is not kept waiting for a network, and rows of a
window that breaks off are never seen by anybody.
"""

import logging
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from affiliate.clock import Clock, day_start
from affiliate.commissions.importing import API, import_rows
from affiliate.commissions.payouts import store_payouts
from affiliate.commissions.pulling import queries
from affiliate.commissions.pulling.account import IN_WORDS, Account, Progress, PulledWindow
from affiliate.commissions.pulling.pages import Pages
from affiliate.commissions.pulling.queries import DONE, FAILED, WAITING
from affiliate.commissions.pulling.windows import RESUMED_WITHIN, Past, Request, days, due, resumable
from affiliate.errors import (
    AffiliateError,
    Conflict,
    InvalidInput,
    NotFound,
    StoreUnavailable,
    Unreachable,
    UnreadableFile,
)
from affiliate.links.told import store_programmes
from affiliate.networks.asking.api import CHANGE, PAYOUT, PROGRAMME, TRANSACTION, Api, Ask, Client, Window
from affiliate.networks.asking.calls import ApiClient
from affiliate.networks.asking.credentials import Credentials, has_credentials, read_credentials
from affiliate.networks.base import BadRow, Network, ReportedProgramme
from affiliate.networks.registry import network as find_network
from affiliate.networks.registry import networks
from affiliate.store import Store
from affiliate.store.tables import PublisherAccount, Pull

BASES = (TRANSACTION, CHANGE, PAYOUT, PROGRAMME)

_REFUSED = (401, 403)  # every other window would be refused as well
_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=10), timedelta(hours=6)
_IN_MEMORY = 16_000_000  # bytes of a window's pages; more of them wait in an unnamed file

log = logging.getLogger(__name__)


_Wanted = Callable[[Account, list[Past]], list[Past | Request]]


def client_for(api: Api, credentials: Credentials) -> ApiClient:
    """A client that never says what the credentials are. A base URL that an administrator wrote may be a private address."""
    client = ApiClient(secrets=tuple(credentials.values.values()), pause=api.pause)
    return replace(client, may_connect=lambda _address, _port: True) if credentials.base_url else client


def _unheard(_told: Progress | PulledWindow) -> None:
    pass


@dataclass(frozen=True)
class Puller:
    """Pulls accounts whose credentials lie in `credentials_dir`. `told` hears how far it is and what came of each window;
    `connect` makes the client of an account."""

    store: Store
    credentials_dir: Path
    clock: Clock
    told: Callable[[Progress | PulledWindow], None] = _unheard
    connect: Callable[[Api, Credentials], Client] = client_for

    def pull(
        self, network: str, *, first: date, until: date, basis: str = TRANSACTION, account: str | None = None
    ) -> list[PulledWindow]:
        """Asks for calendar days of the account's zone, from inclusive, to exclusive. A request for the same days that was
        left unfinished within a day is gone on with; a finished one is made anew.

        NotFound, InvalidInput, CredentialsUnusable, or Conflict where another process is at it; nothing was asked then.
        """
        found = self._accounts(network, account, basis)

        def wanted(own: Account, past: list[Past]) -> list[Past | Request]:
            windows = days(first, until, own.api, time_zone=own.zone, now=self.clock())
            young = (each for each in past if each.requested_at > self.clock() - RESUMED_WITHIN and not each.complete)
            unfinished = [each for each in young if each.basis == basis and each.windows == windows]
            return [unfinished[-1] if unfinished else Request(basis, windows)]

        return [window for own in found for window in self._pull(own, wanted)]

    def pull_due(
        self, network: str | None = None, *, basis: str | None = None, account: str | None = None
    ) -> list[PulledWindow]:
        """Asks for what is due by the rules, and goes on with what was left unfinished. By hand (a network is named) failed
        windows are tried again at once, and a `basis` is asked for whether due or not; without one, all accounts with
        credentials take their turn, those that another process is at are left out, and what cannot be asked is logged."""
        if network is not None:
            found = self._accounts(network, account, basis)
            return [window for own in found for window in self._pull(own, self._due(basis=basis, by_hand=True))]
        pulled: list[PulledWindow] = []
        for own in self._all_accounts():
            try:
                pulled += self._pull(own, self._due(by_hand=False))
            except Conflict:
                continue
            except StoreUnavailable:
                raise
            except AffiliateError as problem:
                log.error("%s %s cannot be pulled: %s", own.network.key, own.ref, problem)
        return pulled

    def _due(self, *, by_hand: bool, basis: str | None = None) -> _Wanted:
        def wanted(own: Account, past: list[Past]) -> list[Past | Request]:
            now = self.clock()
            unfinished = [each for each in resumable(past, now=now) if basis in (None, each.basis)]
            ready = [each for each in unfinished if by_hand or each.not_before is None or each.not_before <= now]
            if unfinished and basis is not None:
                return list(ready)
            return [*ready, *due(own.api, past, time_zone=own.zone, now=now, basis=basis)]

        return wanted

    def _accounts(self, key: str, ref: str | None, basis: str | None) -> list[Account]:
        """The accounts that were meant; refused where none can be pulled."""
        network = find_network(key)
        api = network.api
        if api is None:
            raise InvalidInput(
                f"{network.name} is not read by API. Import its file: affiliate import transactions {network.key} FILE"
            )
        _check_basis(network, api, basis)
        with self.store.reading() as session:
            found = [Account.of(network, api, account) for account in queries.accounts(session, network.key, ref)]
        if not found:
            way_out = f"Add it: affiliate account add {network.key} {ref or 'ID'}"
            raise NotFound("account", f"{ref or ''} at {network.name}".strip(), way_out)
        ready = [own for own in found if has_credentials(self.credentials_dir, network, own.ref)]
        if not ready:
            read_credentials(self.credentials_dir, network, api, found[0].ref)  # raises what is missing
        return ready

    def _all_accounts(self) -> list[Account]:
        if not self.credentials_dir.is_dir():
            return []
        with self.store.reading() as session:
            return [
                Account.of(network, network.api, account)
                for network in networks()
                if network.api is not None
                for account in queries.accounts(session, network.key)
                if has_credentials(self.credentials_dir, network, account.publisher_ref)
            ]

    def _pull(self, own: Account, wanted: _Wanted) -> list[PulledWindow]:
        """Asks for an account's requests one after the other, alone; Conflict where another process is at it."""
        credentials = read_credentials(self.credentials_dir, own.network, own.api, own.ref)
        if credentials.warning:
            log.warning(credentials.warning)
        with self.store.holding(f"pull-{own.id}") as held:
            if not held:
                raise Conflict(
                    f"{own.network.name} {own.ref} is being pulled by another process; wait until it has ended."
                )
            with self.store.transaction() as session:
                _note_expiry(session, own, credentials)
                now = self.clock()
                past = queries.past_requests(session, own.id, since=now - timedelta(days=400))
                requests = [
                    each if isinstance(each, Past) else queries.add_request(session, own.id, each, now=now)
                    for each in wanted(own, past)
                ]
            return self._ask_all(own, credentials, requests) if requests else []

    def _ask_all(self, own: Account, credentials: Credentials, requests: list[Past]) -> list[PulledWindow]:
        ask = Ask(
            client=self.connect(own.api, credentials),
            base_url=credentials.base_url or own.api.base_url,
            publisher_ref=own.ref,
            credentials=credentials.values,
            time_zone=own.zone_asked,
            moved=credentials.base_url is not None,
            clock=self.clock,
        )
        with self.store.reading() as session:
            pulls = [
                pull for each in requests for pull in queries.windows_of(session, own.id, each) if pull.state != DONE
            ]
        pulled: list[PulledWindow] = []
        ended = False
        for at, pull in enumerate(pulls):
            progress = Progress(own.network.key, own.ref, pull.basis, Window(pull.first, pull.until), at, len(pulls))
            if ended:
                outcome = own.window(pull, WAITING)
            else:
                outcome, ended = self._ask_one(own, ask, pull, progress)
                if ended:
                    self._put_off(pulls[at + 1 :], outcome)
            pulled.append(outcome)
            self.told(outcome)
        return pulled

    def _put_off(self, pulls: list[Pull], failed: PulledWindow) -> None:
        """Lets the windows that are left wait as long as the one that failed before them."""
        if failed.again_at is not None:
            with self.store.transaction() as session:
                queries.put_off(session, [pull.id for pull in pulls], not_before=failed.again_at)

    def _ask_one(self, own: Account, ask: Ask, pull: Pull, progress: Progress) -> tuple[PulledWindow, bool]:
        """What came of the window, and whether there is no use in asking for others."""
        as_of = self.clock()  # before the first request: what changes while we read is found again next time
        with self.store.transaction() as session:
            queries.start(session, pull.id, now=as_of)
        try:
            with self._fetched(own, ask, progress) as pages, pages.rows(own, pull.basis) as rows:
                source = _Source(own, pull, own.name_of(pull), pages.digest.hexdigest(), as_of)
                with self.store.transaction() as session:
                    return _book(session, source, rows, now=self.clock()), False
        except StoreUnavailable:
            raise
        except AffiliateError as problem:
            return self._failed(own, pull, problem)
        except Exception as problem:  # noqa: BLE001 - one odd answer must not end the others; its words may hold a secret
            where = "".join(traceback.format_tb(problem.__traceback__))
            log.error("%s %s: %s\n%s", own.network.key, own.ref, type(problem).__name__, where)
            return self._failed(own, pull, UnreadableFile("The answer", "it is none that we know how to read."))

    @contextmanager
    def _fetched(self, own: Account, ask: Ask, progress: Progress) -> Iterator[Pages]:
        """All pages of the window; nothing of them is left afterwards, nor when this process is killed."""
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
            pages = Pages(file)
            self._fetch(own, ask, progress, pages)
            yield pages

    def _fetch(self, own: Account, ask: Ask, progress: Progress, pages: Pages) -> None:
        self.told(progress)
        for page in own.pages(ask, progress):
            pages.add(page.content)
            self.told(replace(progress, pages=len(pages.sizes), total=page.total))

    def _failed(self, own: Account, pull: Pull, problem: AffiliateError) -> tuple[PulledWindow, bool]:
        """Keeps why the window failed and when it may be tried again."""
        now = self.clock()
        asked = problem if isinstance(problem, Unreachable) else None
        again_at = (asked and asked.again_at) or now + min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(pull.attempts, 10))
        with self.store.transaction() as session:
            queries.fail(session, pull.id, str(problem), not_before=again_at, now=now)
        no_use = asked is not None and (asked.status in _REFUSED or asked.again_at is not None)
        return own.window(pull, FAILED, problem=str(problem), again_at=again_at), no_use


def _check_basis(network: Network, api: Api, basis: str | None) -> None:
    known = [*api.bases, *([PAYOUT] if api.payouts else []), *([PROGRAMME] if api.programmes else [])]
    if basis is not None and basis not in known:
        raise InvalidInput(f"{network.name}'s API cannot be asked {IN_WORDS[basis]}; it can be by {', '.join(known)}.")


def _note_expiry(session: Session, own: Account, credentials: Credentials) -> None:
    """What the file says of its expiry, where other rooms see it."""
    account = session.get_one(PublisherAccount, own.id)
    expire_at = day_start(credentials.expires, own.zone) if credentials.expires else None
    if account.credentials_expire_at != expire_at:
        account.credentials_expire_at = expire_at


@dataclass(frozen=True, slots=True)
class _Source:
    """Where rows are from: what was asked of which account, and when that was true."""

    own: Account
    pull: Pull
    name: str
    sha256: str
    as_of: datetime


def _book(session: Session, source: _Source, rows: Iterable[Any], *, now: datetime) -> PulledWindow:
    """Books the window's rows and marks it done, in one transaction."""
    own, pull = source.own, source.pull
    outcome: dict[str, Any]
    if pull.basis == PROGRAMME:
        outcome = _store_programmes(session, own, rows, now=now)
    elif pull.basis == PAYOUT:
        account = session.get_one(PublisherAccount, own.id)
        stored = store_payouts(
            session, account, rows, name=source.name, sha256=source.sha256, as_of=source.as_of, now=now
        )
        outcome = {each: getattr(stored, each) for each in stored.__slots__} | {"quarantined": len(stored.quarantined)}
    else:
        result = import_rows(
            session,
            network=own.network,
            name=source.name,
            sha256=source.sha256,
            rows=rows,
            reading=own.reading,
            origin=API,
            as_of=source.as_of,
            now=now,
        )
        outcome = {
            "run_id": result.run_id,
            "rows": result.rows,
            "new": result.new,
            "amended": result.amended,
            "unchanged": result.unchanged,
            "quarantined": len(result.quarantined),
        }
    queries.finish(session, pull.id, run_id=outcome.get("run_id"), rows=outcome["rows"], now=now)
    return own.window(pull, DONE, **outcome)


def _store_programmes(
    session: Session, own: Account, rows: Iterable[ReportedProgramme | BadRow], *, now: datetime
) -> dict[str, Any]:
    told = store_programmes(session, session.get_one(PublisherAccount, own.id), rows, now=now)
    counted = {"new": told.new, "amended": told.changed, "unchanged": told.unchanged, "quarantined": len(told.bad)}
    notes = (*map(str, told.left), *told.notes)
    for note in notes:
        log.warning("%s %s: %s", own.network.key, own.ref, note)
    return counted | {"rows": sum(counted.values()), "notes": notes}
