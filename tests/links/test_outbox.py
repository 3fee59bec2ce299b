from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, select

from affiliate.links import library, outbox
from affiliate.links.outbox import Outbox
from affiliate.links.publish import KEPT, prune_outbox
from affiliate.links.sites import find_site
from affiliate.store import Store
from affiliate.store.tables import LinkChange
from tests.conftest import NOW


@pytest.fixture
def change(newsroom: Store) -> Callable[..., None]:
    """Puts changes of one link into the outbox, under ids of our choice."""
    with newsroom.transaction() as session:
        site = find_site(session, "mag")
        link = library.add_link(session, site=site, url="https://halden.example/a", now=NOW).link.id
        session.execute(delete(LinkChange))

    def put(*ids: int, at: float = 0) -> None:
        rows = [{"id": number, "link_id": link, "changed_at": NOW + timedelta(seconds=at)} for number in ids]
        with newsroom.transaction() as session:
            session.execute(insert(LinkChange), rows)

    return put


def read(store: Store, place: Outbox) -> list[int]:
    with store.reading() as session:
        ids = [change_id for change_id, _ in place.unread(session)]
    place.take(ids)
    return ids


def at_the_end(store: Store) -> Outbox:
    with store.reading() as session:
        return Outbox.at_the_end(session)


def test_a_change_that_commits_late_is_read_when_it_is_there(newsroom: Store, change: Callable[..., None]) -> None:
    place = Outbox(0)
    change(1, 2, 6, 2000)
    assert read(newsroom, place) == [1, 2, 6, 2000]
    change(4, 1999, 2001)
    assert read(newsroom, place) == [4, 1999, 2001]
    change(3, 5)
    assert (read(newsroom, place), read(newsroom, place)) == ([3, 5], [])


def test_a_hole_is_given_up_after_its_time(
    newsroom: Store, change: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Outbox(0)
    change(1, 3)
    assert read(newsroom, place) == [1, 3]
    monkeypatch.setattr(outbox, "HOLE_SECONDS", 0)
    assert read(newsroom, place) == []
    change(2, 4)
    assert read(newsroom, place) == [4]


def test_a_rebuild_begins_behind_what_is_there_and_knows_its_holes(
    newsroom: Store, change: Callable[..., None]
) -> None:
    change(1, 5, at=-3600)
    change(10, 12, at=0)
    place = at_the_end(newsroom)
    change(3, 11, 13)
    assert read(newsroom, place) == [11, 13]  # 3 would have to be an hour old


def test_a_restart_knows_the_holes_and_reads_nothing_twice(newsroom: Store, change: Callable[..., None]) -> None:
    place = Outbox(0)
    change(1, 5, 8)
    read(newsroom, place)
    resumed = Outbox(place.newest, place.gaps)
    change(3, 9)
    assert read(newsroom, resumed) == [3, 9]
    assert resumed.gaps == [(2, 2), (4, 4), (6, 7)]


def test_many_changes_come_in_portions(
    newsroom: Store, change: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "AT_ONCE", 3)
    change(*range(1, 9))
    place = Outbox(0)
    assert [read(newsroom, place) for _ in range(4)] == [[1, 2, 3], [4, 5, 6], [7, 8], []]
    assert read(newsroom, at_the_end(newsroom)) == []


def test_a_place_is_lost_where_the_outbox_no_longer_leads_on_from_it(
    newsroom: Store, change: Callable[..., None]
) -> None:
    def lost(place: int) -> bool:
        with newsroom.reading() as session:
            return Outbox(place).is_lost(session)

    assert [lost(0), lost(5)] == [False, True]  # nothing was ever changed; somebody knows more than the store
    change(4, 5, 6)
    assert [lost(place) for place in (0, 2, 3, 4, 6, 7)] == [True, True, False, False, False, True]


def test_old_changes_are_deleted_but_for_the_newest(newsroom: Store, change: Callable[..., None]) -> None:
    def left() -> list[int]:
        with newsroom.reading() as session:
            return list(session.scalars(select(LinkChange.id).order_by(LinkChange.id)))

    change(1, 2, at=-KEPT.total_seconds() - 1)
    change(3, at=-KEPT.total_seconds() + 1)
    change(4, at=0)
    assert (prune_outbox(newsroom, now=NOW), left()) == (2, [3, 4])
    assert (prune_outbox(newsroom, now=NOW + 2 * KEPT), left()) == (1, [4])
    assert prune_outbox(newsroom, now=NOW + 2 * KEPT) == 0
