"""Publishing: what the database says of links becomes what the redirect looks up, on this node.

An edit leaves a row in the outbox (`link_changes`) in its own transaction. Every node replays the outbox into its link
table; entries are computed from the links as they are now, so applying a change twice is harmless. Ids of rows that
commit late can be lower than ids already seen, so each poll looks back over the last thousand changes and skips those it
has applied.
"""

from collections.abc import Collection, Iterator, Sequence

from sqlalchemy.orm import Session

from affiliate.errors import CannotBuild
from affiliate.links import queries
from affiliate.links.library import deep_link, mode_of
from affiliate.networks.base import REDIRECT
from affiliate.redirect.table import ANY_HOST, Change, Entry, LinkTable
from affiliate.store import Store
from affiliate.store.tables import Link

_LOOK_BACK = 1_000
_BATCH = 2_000


class Publisher:
    """Keeps one node's link table up to date. Made once per process."""

    def __init__(self, store: Store, table: LinkTable) -> None:
        self._store = store
        self._table = table
        self._applied: set[int] = set()

    def publish_pending(self) -> int:
        """Applies the changes that are not in the table yet; returns how many. One atomic write."""
        seen = max(self._applied, default=self._table.checkpoint() or 0)
        with self._store.reading() as session:
            changes = queries.changes_above(session, seen - _LOOK_BACK)
        fresh = [change for change in changes if change[0] not in self._applied]
        if not fresh:
            return 0
        newest = max(seen, fresh[-1][0])
        self._table.apply(_as_they_are(self._store, {link_id for _, link_id in fresh}), checkpoint=newest)
        self._applied.update(change_id for change_id, _ in fresh)
        self._applied = {change_id for change_id in self._applied if change_id > newest - 2 * _LOOK_BACK}
        return len(fresh)

    def rebuild(self) -> None:
        """Replaces the whole table by what the database says; redirects go on meanwhile."""
        with self._store.reading() as session:
            newest = queries.newest_change(session)
            self._applied = {change_id for change_id, _ in queries.changes_above(session, newest - _LOOK_BACK)}
        self._table.replace(_everything(self._store), checkpoint=newest)


def publish_now(store: Store, table: LinkTable, link_ids: Collection[int]) -> None:
    """Publishes these links on this node now, without waiting for the publisher's next look."""
    table.apply(_as_they_are(store, link_ids))


def _as_they_are(store: Store, link_ids: Collection[int]) -> Iterator[Change]:
    """Reads the links when the table's write has begun: of two publishers the later one also has the later picture."""
    with store.reading() as session:
        yield from _entries(session, queries.links_with_ids(session, sorted(link_ids)))


def _everything(store: Store) -> Iterator[tuple[str, str, Entry]]:
    last = 0
    with store.reading() as session:
        while links := queries.links_above(session, last, _BATCH):
            for host, path, entry in _entries(session, links):
                if entry is not None:
                    yield host, path, entry
            last = links[-1].id
            session.expunge_all()


def _entries(session: Session, links: Sequence[Link]) -> list[Change]:
    """Every (host, path) of these links with what stands there; None takes an entry away."""
    hosts = queries.published_hosts(session)
    tokens = queries.default_tokens(session, [link.id for link in links])
    owners = queries.first_owner(session, [path.path for link in links for path in link.paths])
    changes: list[Change] = []
    for link in links:
        entry = entry_of(link, tokens[link.id])
        for path in link.paths:
            answering = list(hosts[link.site_id])
            if owners[path.path] == link.site_id:
                answering.append(ANY_HOST)
            changes.extend((host, path.path, entry) for host in answering)
    return changes


def entry_of(link: Link, token: str) -> Entry | None:
    """What the redirect answers for a link.

    A link that may not or cannot be tracked through us leads to the advertiser's page without tracking, with the
    reason: a reader never meets a dead end, and a programme that forbids redirects never gets one with our tag in it.
    """
    if link.status == "scheduled":
        return None
    policy = link.programme.referrer_policy or ""
    reason = link.status if link.status != "live" else ""
    mode = mode_of(link)
    if not reason and mode != REDIRECT:
        reason = mode
    if not reason:
        try:
            if built := deep_link(link.programme, link.target_url, mode):
                return Entry(link.id, token, built.before, built.after, built.has_slot, "", built.refusal, policy)
        except CannotBuild:
            reason = "cannot-build"
    return Entry(link.id, token, link.target_url, "", False, reason, referrer_policy=policy)
