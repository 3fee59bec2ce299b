"""How each publisher account is fed, and how that stands."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from affiliate.commissions.health import queries
from affiliate.commissions.health.alarms import SEVERITIES, SOON, URGENT, Alarm, Facts, alarms
from affiliate.commissions.health.gaps import DAY, Gap, between_windows, silences, start_of, stretches
from affiliate.commissions.health.queries import Told
from affiliate.commissions.health.usual import WEEKS, DayCount, against_usual
from affiliate.commissions.health.waiting import Waiting, waiting_rows
from affiliate.commissions.importing import API, FILE, POSTBACK, REPLAY, TRANSACTIONS
from affiliate.errors import NotFound
from affiliate.networks.asking.api import Window
from affiliate.networks.base import Network
from affiliate.networks.registry import network as find_network
from affiliate.networks.registry import network_name
from affiliate.store.tables import PublisherAccount

HasCredentials = Callable[[str, str], bool]

_LOOKED_BACK = timedelta(days=396)  # thirteen months: a year of re-pulls, and the month before
_COMPARED_WITH = timedelta(weeks=WEEKS + 2)  # what the shown days are compared with
_SHOWN_DAYS = 7
_SETTLED_DAYS = 2  # until nearly all rows of a day are in


@dataclass(frozen=True, slots=True)
class Connector:
    """One publisher account. `fed_by` is what has brought rows: api, file, postback; `last_success` when any of them did
    last. `gaps` are days (UTC) of the last thirteen months of which nobody told us, `days` the last seven whose rows are
    nearly all in. `can_pull`: its network has an API, and the account has credentials for it. The worst alarm is first."""

    account_id: int
    network: str
    network_name: str
    publisher_ref: str
    name: str
    fed_by: tuple[str, ...]
    last_success: datetime | None
    can_pull: bool
    gaps: tuple[Gap, ...]
    days: tuple[DayCount, ...]
    credentials_expire_at: datetime | None
    alarms: tuple[Alarm, ...]

    @property
    def gap_days(self) -> int:
        return sum(gap.days for gap in self.gaps)

    @property
    def severity(self) -> str:
        """That of the worst alarm; empty where all is well."""
        return self.alarms[0].severity if self.alarms else ""

    def as_json(self) -> dict[str, Any]:
        return {
            "network": self.network,
            "account": self.publisher_ref,
            "name": self.name,
            "fed_by": list(self.fed_by),
            "last_success": _iso(self.last_success),
            "can_pull": self.can_pull,
            "gap_days": self.gap_days,
            "gaps": [{"from": gap.first.isoformat(), "to": gap.until.isoformat()} for gap in self.gaps],
            "days": [
                {"day": count.day.isoformat(), "rows": count.rows, "usual": count.usual, "is_low": count.is_low}
                for count in self.days
            ],
            "credentials_expire_at": _iso(self.credentials_expire_at),
            "alarms": [alarm.as_json() for alarm in self.alarms],
        }


@dataclass(frozen=True, slots=True)
class Health:
    """All connectors, the worst first, and what was set aside and waits."""

    connectors: tuple[Connector, ...]
    waiting: tuple[Waiting, ...]
    looked_at: datetime

    @property
    def needs_somebody(self) -> bool:
        """Whether anything stands here that is more than good to know."""
        return bool(self.waiting) or any(each.severity in (URGENT, SOON) for each in self.connectors)

    def as_json(self) -> dict[str, Any]:
        return {
            "looked_at": self.looked_at.isoformat(),
            "needs_somebody": self.needs_somebody,
            "connectors": [each.as_json() for each in self.connectors],
            "waiting": [each.as_json() for each in self.waiting],
        }


def nobodys(_network: str, _publisher_ref: str) -> bool:
    """No account has credentials."""
    return False


def look(session: Session, *, now: datetime, has_credentials: HasCredentials = nobodys) -> Health:
    """How all connectors stand. `has_credentials` says of a network and our id there whether its API could be asked."""
    rounds = _Round(session, now, has_credentials)
    rank = {severity: number for number, severity in enumerate((*SEVERITIES, ""))}
    found = sorted(
        (rounds.connector(account) for account in rounds.accounts),
        key=lambda each: (rank[each.severity], each.network_name, each.publisher_ref),
    )
    return Health(tuple(found), tuple(waiting_rows(session)), now)


def last_successes(session: Session, *, now: datetime) -> dict[tuple[str, str], datetime | None]:
    """By network and our id there when rows last came, by whatever way. Asks little: no transaction is counted."""
    accounts, pulled = queries.accounts(session), queries.last_success(session)
    told = _told_by_account(session, accounts, now - _LOOKED_BACK)
    return {
        (account.network, account.publisher_ref): _last(told[account.id], pulled.get(account.id))
        for account in accounts
    }


class _Round:
    """What one look asks the store, each thing once for all accounts."""

    def __init__(self, session: Session, now: datetime, has_credentials: HasCredentials) -> None:
        since = now - _LOOKED_BACK
        self.session = session
        self.now = now
        self.has_credentials = has_credentials
        self.accounts = queries.accounts(session)
        self.told = _told_by_account(session, self.accounts, since)
        self.windows = queries.windows(session, since)
        self.rows = self._rows_by_day(since)
        self.pulled_at = queries.last_success(session)
        self.last_pulls = queries.last_pulls(session)
        self.postbacks = queries.waiting_postbacks(session)
        self.incomplete = queries.programmes_to_complete(session)

    def _rows_by_day(self, since: datetime) -> Mapping[int, Mapping[date, int]]:
        """The last weeks of all accounts; all thirteen months of those whose days no pulled window covers."""
        by_hand = [each.id for each in self.accounts if not self._is_covered_from(each.id, since + DAY)]
        long_ago = queries.rows_by_day(self.session, start_of(since.date()), by_hand) if by_hand else {}
        return {**queries.rows_by_day(self.session, start_of((self.now - _COMPARED_WITH).date())), **long_ago}

    def _is_covered_from(self, account_id: int, since: datetime) -> bool:
        return any(window.first <= since for window in self.windows.get(account_id, ()))

    def connector(self, account: PublisherAccount) -> Connector:
        network = _network(account.network)
        told, rows = self.told[account.id], self.rows.get(account.id, {})
        pulled_at = self.pulled_at.get(account.id)
        last = _last(told, pulled_at)
        files = sorted({each.recorded_at.date() for each in told if each.origin in (FILE, REPLAY)})
        api = network.api if network else None
        facts = Facts(
            account=account,
            network=network,
            now=self.now,
            can_pull=api is not None and self.has_credentials(account.network, account.publisher_ref),
            pulled_at=pulled_at,
            last_pull=self.last_pulls.get(account.id),
            last_success=last,
            file_days=files,
            gaps=self._gaps(account.id, rows, last),
            days=_days(rows, last),
            postbacks_wait_since=self.postbacks.get(account.id),
            programmes_to_complete=self.incomplete.get(account.id, 0),
        )
        origins = {each.origin for each in told} | ({API} if pulled_at else set())
        return Connector(
            account_id=account.id,
            network=account.network,
            network_name=network_name(account.network),
            publisher_ref=account.publisher_ref,
            name=account.name,
            fed_by=tuple(way for way in (API, FILE, POSTBACK) if way in origins),
            last_success=last,
            can_pull=facts.can_pull,
            gaps=tuple(facts.gaps),
            days=tuple(facts.days),
            credentials_expire_at=account.credentials_expire_at,
            alarms=tuple(alarms(facts)),
        )

    def _gaps(self, account_id: int, rows: Mapping[date, int], last: datetime | None) -> list[Gap]:
        """Where an API is pulled, from its first window on: the days that no window covers and no file told of. Before
        that, and where only files come: silences between the first and the last row."""
        windows = self.windows.get(account_id, [])
        pulled_from = min((window.first for window in windows), default=None)
        found: list[Gap] = []
        if told := sorted(day for day in rows if pulled_from is None or day < pulled_from.date()):
            until = pulled_from.date() if pulled_from else told[-1] + DAY
            found += silences(told, told[0], until)
        if pulled_from and last:
            span = Window(max(pulled_from, start_of((self.now - _LOOKED_BACK).date())), max(w.until for w in windows))
            found += self._unless_told_by_files(account_id, between_windows(windows, span))
        return found

    def _unless_told_by_files(self, account_id: int, gaps: Collection[Gap]) -> list[Gap]:
        if not gaps:
            return []
        bounds = [(start_of(gap.first), start_of(gap.until)) for gap in gaps]
        told = queries.days_told(self.session, account_id, bounds, (FILE, REPLAY))
        days = {gap.first + number * DAY for gap in gaps for number in range(gap.days)}
        return stretches(days - told)


def _told_by_account(session: Session, accounts: Sequence[PublisherAccount], since: datetime) -> dict[int, list[Told]]:
    """A run that names no account is of the only one at its network, or of those that it has rows for."""
    at_network: dict[str, list[PublisherAccount]] = defaultdict(list)
    for account in accounts:
        at_network[account.network].append(account)
    found: dict[int, list[Told]] = defaultdict(list)
    for told in queries.tellings(session, TRANSACTIONS, since):
        there = at_network[told.network]
        ids = [each.id for each in there if told.publisher_ref in (None, each.publisher_ref)]
        if told.publisher_ref is None and len(there) > 1:
            ids = queries.accounts_of_run(session, told.run_id, ids)
        for account_id in ids:
            found[account_id].append(told)
    return found


def _last(told: Sequence[Told], pulled_at: datetime | None) -> datetime | None:
    return max([*(each.recorded_at for each in told), *([pulled_at] if pulled_at else [])], default=None)


def _days(rows: Mapping[date, int], last: datetime | None) -> list[DayCount]:
    """The last days whose rows had time to come in before we were told last."""
    if last is None or not rows:
        return []
    first_known, newest = min(rows), last.date() - _SETTLED_DAYS * DAY
    days = [newest - number * DAY for number in reversed(range(_SHOWN_DAYS))]
    return [against_usual(rows, day, known_since=first_known) for day in days if day >= first_known]


def _network(key: str) -> Network | None:
    try:
        return find_network(key)
    except NotFound:
        return None


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
