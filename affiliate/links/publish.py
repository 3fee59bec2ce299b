"""Publishing: what the database says of links becomes what the redirect looks up, on this node.

An edit, and a new placement, leaves a row in the outbox (`link_changes`) in its own transaction. Every node replays the outbox into its link
table; entries are computed from the links as they are now, so applying a change twice is harmless. A rebuild reads all
links into a new table and replays what was edited meanwhile before that takes over.
"""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Protocol

from affiliate.errors import CannotBuild
from affiliate.links import queries
from affiliate.links.library import deep_link
from affiliate.links.outbox import Outbox
from affiliate.links.queries import LinkReader, PublishedLink
from affiliate.networks.base import REDIRECT
from affiliate.redirect.table import Change, Entry, LinkTable, TableDamaged
from affiliate.store import Store
from affiliate.store.tables import Programme

NEVER_BUILT = "there is none yet"
KEPT = timedelta(days=7)  # changes; a node that was away for longer builds its table anew
NOT_JOINED = "not-joined"
_BATCH = 2_000  # links read, and written, at once: 10 to 40 ms
_PRUNED_AT_ONCE = 10_000  # rows: a fifth of a second of SQLite's write lock

log = logging.getLogger(__name__)


class _Writable(Protocol):
    def apply(
        self,
        changes: Iterable[Change],
        *,
        hosts: Mapping[str, int] | None = None,
        checkpoint: int | None = None,
        gaps: Sequence[tuple[int, int]] = (),
    ) -> None: ...


class Publisher:
    """Keeps one node's link table up to date. Made once per process; its methods may run in several threads."""

    def __init__(self, store: Store, table: LinkTable) -> None:
        self._store = store
        self._table = table
        self._outbox: Outbox | None = None

    def publish_pending(self) -> int:
        """Applies the changes, and the hosts, that are not in the table yet; returns how many changes. 0 where the table has
        to be rebuilt first, also where its file is taken away meanwhile."""
        outbox = self._place()
        try:
            return _catch_up(self._store, outbox, self._table) if outbox else 0
        except TableDamaged:
            return 0

    def needs_rebuild(self) -> str:
        """Why the table has to be built anew, or ""."""
        if self._table.is_damaged():
            return "it is damaged"
        outbox = self._place()
        if outbox is None:
            return NEVER_BUILT
        with self._store.reading() as session:
            return "it is from too long ago, or of another database" if outbox.is_lost(session) else ""

    def rebuild(self) -> None:
        """Replaces the whole table by what the database says. Redirects and edits go on meanwhile; of two rebuilds at
        once the second waits for the first."""
        with self._table.rebuilding() as new:
            with self._store.reading() as session:
                outbox = Outbox.at_the_end(session)
            for links in _all_links(self._store):
                new.apply(_changes(links))
            _catch_up(self._store, outbox, new)
            with new.taking_over():
                _catch_up(self._store, outbox, new)
        self._outbox = outbox

    def _place(self) -> Outbox | None:
        """Where this node is in the outbox; None where it has no sound table."""
        try:
            checkpoint = self._table.checkpoint()
        except TableDamaged:
            return None
        if checkpoint is None:
            return None
        if self._outbox is None:
            self._outbox = Outbox(checkpoint, self._table.gaps())
        return self._outbox


def publish_now(store: Store, table: LinkTable, link_ids: Collection[int]) -> None:
    """Publishes these links on this node now, without waiting for the publisher's next look. A damaged table is left to
    the rebuild, which brings the edit too; one that is not built yet gets the hosts as well, since it must know which of
    several sites its few links are of."""
    with _damage_logged():
        hosts = None
        if table.checkpoint() is None:
            with store.reading() as session:
                hosts = queries.site_of_hosts(session)
        for some in _batches(link_ids):
            table.apply(_as_they_are(store, some), hosts=hosts)


def publish_hosts(store: Store, table: LinkTable) -> None:
    """Publishes the hosts of all sites on this node now; of a damaged table see `publish_now`."""
    with store.reading() as session:
        hosts = queries.site_of_hosts(session)
    with _damage_logged():
        table.apply((), hosts=hosts)


@contextmanager
def _damage_logged() -> Iterator[None]:
    try:
        yield
    except TableDamaged as problem:
        log.error("%s", problem)


def prune_outbox(store: Store, *, now: datetime) -> int:
    """Deletes changes that every node that is not away has long applied; how many."""
    with store.transaction() as session:
        return queries.prune_changes(session, now - KEPT, _PRUNED_AT_ONCE)


def _catch_up(store: Store, outbox: Outbox, table: _Writable) -> int:
    """Replays until only what came during the last pass can be missing; how many changes that took."""
    replayed = done = _replay(store, outbox, table)
    while done >= _BATCH:
        done = _replay(store, outbox, table)
        replayed += done
    return replayed


def _replay(store: Store, outbox: Outbox, table: _Writable) -> int:
    """Brings the next changes, and the hosts, into a table; how many. Nothing is written where nothing changed."""
    with store.reading() as session:
        unread = outbox.unread(session)
        hosts = queries.site_of_hosts(session)
    for link_ids in _batches({link_id for _, link_id in unread}):
        table.apply(_as_they_are(store, link_ids), hosts=hosts)
    outbox.take([change_id for change_id, _ in unread])
    table.apply((), hosts=hosts, checkpoint=outbox.newest, gaps=outbox.gaps)
    return len(unread)


def _batches(link_ids: Collection[int]) -> Iterator[list[int]]:
    """In the order in which tables hold them, and few enough for one statement."""
    ordered = sorted(link_ids)
    return (ordered[start : start + _BATCH] for start in range(0, len(ordered), _BATCH))


def _as_they_are(store: Store, link_ids: Sequence[int]) -> Iterator[Change]:
    """Reads the links when the table's write has begun: of two publishers the later one also has the later picture."""
    with store.reading() as session:
        yield from _changes(LinkReader(session, {}).with_ids(link_ids))


def _all_links(store: Store) -> Iterator[list[PublishedLink]]:
    """In batches, each in a short transaction of its own: what is edited meanwhile is replayed afterwards."""
    last = 0
    programmes: dict[int, Programme] = {}
    while True:
        with store.reading() as session:
            links = LinkReader(session, programmes).above(last, _BATCH)
        if not links:
            return
        yield links
        last = links[-1].id


def _changes(links: Iterable[PublishedLink]) -> Iterator[Change]:
    """Every path of these links with what it answers, None where it takes an entry away; and their placements."""
    for link in links:
        entry = entry_of(link, link.token)
        for path in link.paths:
            yield link.site_id, path, entry
        for token in link.tokens:
            yield token, link.id


def entry_of(link: PublishedLink, token: str) -> Entry | None:
    """What the redirect answers for a link.

    A link that may not or cannot be tracked through us leads to the advertiser's page without tracking, with the
    reason: a reader never meets a dead end, and a programme that forbids redirects never gets one with our tag in it.
    """
    if link.status == "scheduled":
        return None
    policy = link.programme.referrer_policy or ""
    reason = link.status if link.status != "live" else ""
    mode = link.mode or link.programme.mode
    if not reason and not link.programme.joined:
        reason = NOT_JOINED  # the network's link of a closed programme may lead nowhere
    if not reason and mode != REDIRECT:
        reason = mode
    if not reason:
        try:
            if built := deep_link(link.programme, link.target_url, mode):
                return Entry(
                    link.id,
                    token,
                    built.before,
                    built.after,
                    built.has_slot,
                    refusal=built.refusal,
                    referrer_policy=policy,
                    target=link.target_url,
                )
        except CannotBuild:
            reason = "cannot-build"
    return Entry(link.id, token, link.target_url, "", False, reason, referrer_policy=policy)
