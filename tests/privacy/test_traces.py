"""A day of traffic through the real server, and then: what of the readers is on the disk?"""

from affiliate.clicks.count import count
from affiliate.redirect import records
from affiliate.redirect.records import ClickRecord
from affiliate.redirect.segments import read_segment, segments
from tests.privacy.conftest import BROWSER, Day, files_below
from tests.serve.conftest import Server
from tests.waiting import wait_until

SECRETS = (
    b"COOKIE-VALUE",
    b"AUTHORIZATION-VALUE",
    b"REFERRER-QUERY",
    b"FOREIGN-PATH",
    b"REFERRER-PASSWORD",
    b"REFERRER-FRAGMENT",
    b"CLICK-QUERY",
    b"ORPHAN-QUERY",
    b"PING-TO",
)
REFERRERS = (
    "https://mag.example/story?u=REFERRER-QUERY#REFERRER-FRAGMENT",
    "https://user:REFERRER-PASSWORD@other.example/FOREIGN-PATH?q=REFERRER-QUERY",
    "https://other.example/?q=REFERRER-QUERY",
)


def journalled(server: Server) -> list[ClickRecord]:
    return [each.record() for path in segments(server.journal) for each in read_segment(path).records]


def spend(day: Day) -> int:
    """A day, an hour at a time; how many clicks it had."""
    clicks = 0
    for hour, address in enumerate(day.crowd.forwarded()):
        day.at(hours=hour % 24, minutes=hour)
        path, referrer = day.server.paths[hour], REFERRERS[hour % len(REFERRERS)]
        assert day.visit(f"{path}?email=CLICK-QUERY", address, Referer=referrer) == 302
        assert day.visit(path, address, method="HEAD", Referer=referrer) == 302
        assert day.visit(path, address, method="POST") == 405
        assert day.visit(path, address, Referer=referrer, Sec_GPC="1") == 302
        assert day.visit(path, address, Referer=referrer, DNT="1") == 302
        assert day.visit(f"/go/-{path}?x=CLICK-QUERY", address, method="POST", Referer=referrer) == 204
        ping = {"Ping-From": referrer, "Ping-To": "https://shop.example/?x=PING-TO"}
        assert day.visit(f"/go/-{path}", address, method="POST", Sec_GPC="1", **ping) == 204
        assert day.visit("/go/nowhere?x=ORPHAN-QUERY", address, Referer=referrer) == 404
        assert day.visit("/nowhere?x=ORPHAN-QUERY", address, Referer=referrer) == 404
        clicks += 5
    assert day.visit("/healthz", str(day.crowd.v4[0])) == 200
    return clicks


def test_no_file_holds_an_address_a_cookie_or_a_query_after_a_day_of_traffic(day: Day) -> None:
    clicks = spend(day)
    server = day.server
    assert wait_until(lambda: server.stored() == clicks)
    running = files_below(server.data.parent)  # the database's log, the journal, the link table, the keys, the output
    server.stop()
    stopped = files_below(server.data.parent)

    # Those who look find what is there: the browser in the journal, the readers one by one in the count.
    assert any(BROWSER.encode() in content for content in running.values())
    assert {"affiliate.db", "affiliate.db-wal", "orphans.jsonl", "links.mdb", "server.log"} <= {p.name for p in running}
    store = server.store
    with store.reading() as session:
        repeated = len(day.crowd.forwarded())  # the beacon, told by the visitor's hash
        assert (
            count(session).human == clicks - repeated
        )  # nobody was taken for somebody else: the addresses were believed
    store.close()

    for files in (running, stopped):
        found = [
            (path, needle)
            for path, content in files.items()
            for needle in (*SECRETS, *day.crowd.texts(), *(address.packed for address in day.crowd.v6))
            if needle in content
        ]
        assert found == []
        packed = [
            address
            for address in day.crowd.v4
            if any(way in content for content in files.values() for way in (address.packed, address.packed[::-1]))
        ]
        assert len(packed) <= 1  # four bytes can meet by chance, once in a thousand runs; a leak would show all of them


def test_who_asks_not_to_be_followed_has_no_hash_and_nobody_gets_a_cookie(day: Day) -> None:
    clicks = spend(day)
    found = journalled(day.server)
    assert len(found) == clicks
    refused = [click for click in found if click.flags & (records.GPC | records.DNT)]
    assert len(refused) == 3 * clicks / 5
    assert {click.visitor for click in refused} == {0}
    assert all(click.visitor for click in found if click not in refused)
    assert {cookie for _, cookie in day.visit.answered} == {""}
    tokens = {click.token for click in refused} - {click.token for click in found if click not in refused}
    assert tokens == set()  # both name the placement, and nothing else
