"""What is not as it should be at a connector, each thing as a sentence with the way out of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import median

from babel.dates import format_date, format_timedelta

from affiliate.commissions.health.gaps import DAY, Gap
from affiliate.commissions.health.queries import LastPull
from affiliate.commissions.health.usual import DayCount
from affiliate.networks.base import Network
from affiliate.store.tables import PublisherAccount

URGENT, SOON, NOTE = "urgent", "soon", "note"
"""Something is being lost; a person is needed; good to know."""

SEVERITIES = (URGENT, SOON, NOTE)
LATE = {URGENT: timedelta(days=3), SOON: timedelta(days=1)}  # pulls come every few hours
_OF_MEMORY = {URGENT: 0.9, SOON: 2 / 3}  # of Rakuten's 30 days: 27 and 20
_EXPIRES = {URGENT: timedelta(days=3), SOON: timedelta(days=14)}
_UNBOOKED = timedelta(hours=1)  # messages are booked within a minute
_FEWEST_FILES = 3  # days with a file, before their rhythm says anything
_MOST_GAPS = 3  # named in one sentence


@dataclass(frozen=True, slots=True)
class Alarm:
    """`kind` is a word for scripts, `severity` one of the three above."""

    kind: str
    severity: str
    says: str
    way_out: str

    def as_json(self) -> dict[str, str]:
        return {"kind": self.kind, "severity": self.severity, "says": self.says, "way_out": self.way_out}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one account. `network` is None where this version does not know it. `pulled_at` is when its API last
    answered whole, `file_days` the days on which files of it were imported."""

    account: PublisherAccount
    network: Network | None
    now: datetime
    can_pull: bool
    pulled_at: datetime | None
    last_pull: LastPull | None
    last_success: datetime | None
    file_days: Sequence[date]
    gaps: Sequence[Gap]
    days: Sequence[DayCount]
    postbacks_wait_since: datetime | None
    programmes_to_complete: int

    @property
    def command(self) -> str:
        return f"affiliate pull {self.account.network} --account {self.account.publisher_ref}"


def alarms(facts: Facts) -> list[Alarm]:
    """The worst first."""
    found: list[Alarm] = []
    if facts.network is None or not facts.network.closed:
        found += [*_pulls(facts), *_memory(facts), *_files(facts), *_nothing(facts)]
    found += [*_gaps(facts), *_few_rows(facts), *_expiry(facts), *_postbacks(facts), *_unfinished(facts)]
    return sorted(found, key=lambda alarm: SEVERITIES.index(alarm.severity))


def _pulls(facts: Facts) -> Iterator[Alarm]:
    problem = facts.last_pull.problem if facts.last_pull else ""
    if facts.pulled_at is None:
        if problem:
            yield Alarm("pull-failed", SOON, f"The first pull failed: {problem}", _mend(facts))
        return
    unheard = facts.now - facts.pulled_at
    if severity := _severity(unheard, LATE):
        said = f" The last try failed: {problem}" if problem else ""
        yield Alarm("late", severity, f"Nothing was pulled for {in_words(unheard)}.{said}", _mend(facts))
    elif problem:
        yield Alarm("pull-failed", SOON, f"The last pull failed: {problem}", _mend(facts))


def _mend(facts: Facts) -> str:
    if not facts.can_pull:
        return "Its credentials are not there: see docs/pulling.md for the file that holds them."
    return f"If it does not mend itself, look into the log of the background process, then: {facts.command}"


def _memory(facts: Facts) -> Iterator[Alarm]:
    """The window that closes: what is not fetched in time, the network itself no longer tells."""
    api = facts.network.api if facts.network else None
    if api is None or api.memory is None or facts.pulled_at is None:
        return
    unheard = facts.now - facts.pulled_at
    if severity := _severity(unheard, {level: api.memory * share for level, share in _OF_MEMORY.items()}):
        name, days = facts.network.name if facts.network else "", api.memory.days
        lost_on = _day((facts.pulled_at + api.memory).date())
        has_passed = unheard >= api.memory
        says = f"{name} tells only the last {days} days, and the last pull was {in_words(unheard)} ago."
        says += f" What is older than that is lost to the API since {lost_on}." if has_passed else ""
        way = f"Pull before {lost_on}: {facts.command}"
        if has_passed:
            way = f"Pull now, and import the network's report for the days before: {facts.command}"
        yield Alarm("window-closes", severity, says, way)


def _files(facts: Facts) -> Iterator[Alarm]:
    """A file that should have come, by the rhythm of those before."""
    if facts.pulled_at is not None or len(facts.file_days) < _FEWEST_FILES:
        return
    usual = median((later - earlier).days for earlier, later in pairwise(facts.file_days))
    waited = (facts.now.date() - facts.file_days[-1]).days
    if waited > 2 * usual + 2:
        says = f"The last file was imported {waited} days ago; usually one comes every {usual:g} days."
        yield Alarm("file-overdue", SOON, says, f"Import the newest report: {_import(facts)}")


def _nothing(facts: Facts) -> Iterator[Alarm]:
    if facts.last_success is None and facts.last_pull is None:
        way = f"Pull it: {facts.command}" if facts.can_pull else f"Import its report: {_import(facts)}"
        yield Alarm("nothing-yet", NOTE, "Nothing has come in yet.", way)


def _gaps(facts: Facts) -> Iterator[Alarm]:
    if not facts.gaps:
        return
    shown = ", ".join(_days(gap) for gap in facts.gaps[-_MOST_GAPS:])
    more = f" and {len(facts.gaps) - _MOST_GAPS} earlier stretches" if len(facts.gaps) > _MOST_GAPS else ""
    days = sum(gap.days for gap in facts.gaps)
    named = f"{days} {'day' if days == 1 else 'days'}"
    if facts.pulled_at:
        severity, says = SOON, f"Of {named} nobody told us: {shown}{more}."
    else:  # files do not say which days they cover, so a fading title looks like a missing file
        severity, says = NOTE, f"On {named} nothing was sold, longer than chance explains: {shown}{more}."
    yield Alarm("gaps", severity, says, _fill(facts, facts.gaps[-1]))


def _fill(facts: Facts, gap: Gap) -> str:
    api = facts.network.api if facts.network else None
    forgotten = api is not None and api.memory is not None and facts.now.date() - gap.first > api.memory
    if facts.can_pull and not forgotten:
        return f"Pull them: {facts.command} --from {gap.first} --to {gap.until}"
    return f"Import the network's report of those days: {_import(facts)}"


def _few_rows(facts: Facts) -> Iterator[Alarm]:
    if facts.days and (last := facts.days[-1]).is_low:
        rows = "no row" if last.rows == 0 else f"only {last.rows} rows" if last.rows > 1 else "only one row"
        says = f"Of {_weekday(last.day)} {rows} came, where {last.usual:g} are usual."
        way = "Compare with the network's own page of that day; pull or import it again if that shows more."
        yield Alarm("few-rows", SOON, says, way)


def _expiry(facts: Facts) -> Iterator[Alarm]:
    ends = facts.account.credentials_expire_at
    if ends is None:
        return
    left = ends - facts.now
    if left <= timedelta(0):
        says = f"The credentials expired on {_day(ends.date())}."
        yield Alarm("credentials-expire", URGENT, says, "Have the network issue new ones, and put them into the file.")
    elif severity := next((level for level in (URGENT, SOON) if left <= _EXPIRES[level]), ""):
        says = f"The credentials expire on {_day(ends.date())}, in {in_words(left)}."
        yield Alarm("credentials-expire", severity, says, "Have the network issue new ones before that day.")


def _postbacks(facts: Facts) -> Iterator[Alarm]:
    since = facts.postbacks_wait_since
    if since and facts.now - since > _UNBOOKED:
        says = f"Messages of the network have been waiting to be booked for {in_words(facts.now - since)}."
        yield Alarm(
            "postbacks-wait", SOON, says, "See that the background process runs, then: affiliate job run postbacks.book"
        )


def _unfinished(facts: Facts) -> Iterator[Alarm]:
    api = facts.network.api if facts.network else None
    if facts.can_pull and api is not None and api.time_zone is None and facts.account.time_zone is None:
        says = "No time zone is set: its days, and moments without an offset, are taken to be UTC."
        yield Alarm("zone-missing", NOTE, says, "Set the zone of its reports under Settings, Publisher accounts.")
    if facts.account.to_be_completed:
        says = "An import named this account and nobody knew it: its company, currency and zone are guesses."
        yield Alarm("account-incomplete", NOTE, says, "Complete it under Settings, Publisher accounts.")
    if count := facts.programmes_to_complete:
        says = f"{count} {'programme' if count == 1 else 'programmes'} that imports named are to be completed."
        yield Alarm(
            "programmes-incomplete", NOTE, says, "Complete them under Settings, Programmes: links need their hosts."
        )


def _import(facts: Facts) -> str:
    return f"affiliate import transactions {facts.account.network} FILE"


def _severity(waited: timedelta, limits: Mapping[str, timedelta]) -> str:
    return next((level for level in (URGENT, SOON) if waited >= limits[level]), "")


def in_words(span: timedelta) -> str:
    """3 days, 2 hours: as precise as the largest unit of which there are two."""
    return str(format_timedelta(span, threshold=2, locale="en"))


def _day(day: date) -> str:
    return str(format_date(day, "d MMM y", locale="en_GB"))


def _days(gap: Gap) -> str:
    return _day(gap.first) if gap.days == 1 else f"{_day(gap.first)} to {_day(gap.until - DAY)}"


def _weekday(day: date) -> str:
    return str(format_date(day, "EEEE, d MMM", locale="en_GB"))
