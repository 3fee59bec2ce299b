from pathlib import Path

import pytest

from affiliate.links import library, setup
from affiliate.links.publish import Publisher, publish_now
from affiliate.links.sites import add_site, find_site
from affiliate.redirect.table import Entry, LinkTable
from affiliate.store import Store
from tests.conftest import NOW


@pytest.fixture
def table(tmp_path: Path) -> LinkTable:
    return LinkTable(tmp_path / "links")


def at(table: LinkTable, path: str, host: str = "mag.example") -> Entry | None:
    found = table.find(host, path)
    return found.entry if found else None


def add(store: Store, url: str, slug: str, site: str = "mag") -> int:
    with store.transaction() as session:
        added = library.add_link(session, site=find_site(session, site), url=url, slug=slug, now=NOW)
        return added.link.id


def test_an_edit_is_published_with_the_next_look(newsroom: Store, table: LinkTable) -> None:
    publisher = Publisher(newsroom, table)
    publisher.rebuild()
    link_id = add(newsroom, "https://halden.example/a", "one")
    assert publisher.publish_pending() == 1
    entry = at(table, "/go/one")
    assert entry is not None
    assert entry.link_id == link_id
    assert entry.before.startswith("https://www.awin1.com/cread.php?")
    assert entry.before + entry.token + entry.after
    with newsroom.transaction() as session:
        library.edit_link(session, link_id=link_id, url="https://halden.example/b", now=NOW)
    assert publisher.publish_pending() == 1
    edited = at(table, "/go/one")
    assert edited is not None
    assert "%2Fb" in edited.before + edited.after
    assert publisher.publish_pending() == 0


def test_an_entry_knows_how_the_network_is_told_of_a_refusal(newsroom: Store, table: LinkTable) -> None:
    link_id = add(newsroom, "https://halden.example/a", "one")
    publish_now(newsroom, table, [link_id])
    entry = at(table, "/go/one")
    assert entry is not None
    assert (entry.refusal, entry.after) == ("&cons=0", "&ued=https%3A%2F%2Fhalden.example%2Fa")
    with newsroom.transaction() as session:
        library.retire_link(session, link_id=link_id, now=NOW)
    publish_now(newsroom, table, [link_id])
    retired = at(table, "/go/one")
    assert retired is not None
    assert retired.refusal == ""


def test_a_programmes_referrer_policy_is_published_with_all_its_links(newsroom: Store, table: LinkTable) -> None:
    publisher = Publisher(newsroom, table)
    publisher.rebuild()
    add(newsroom, "https://halden.example/a", "one")
    add(newsroom, "https://halden.example/b", "two")
    add(newsroom, "https://www.amazon.co.uk/dp/B000TEST01", "other")
    publisher.publish_pending()
    with newsroom.transaction() as session:
        known = setup.find_programme(session, network="awin", advertiser_ref="88001")
        setup.edit_programme(
            session,
            programme_id=known.id,
            name=known.name,
            hosts=known.hosts,
            mode=known.mode,
            rate=known.rate,
            template=known.template,
            parameters=known.parameters,
            referrer_policy="unsafe-url",
            joined=known.joined,
            now=NOW,
        )
    assert publisher.publish_pending() == 2
    entries = [at(table, f"/go/{slug}") for slug in ("one", "two", "other")]
    assert [entry and entry.referrer_policy for entry in entries] == ["unsafe-url", "unsafe-url", ""]


def test_a_renamed_link_answers_on_both_paths(newsroom: Store, table: LinkTable) -> None:
    link_id = add(newsroom, "https://halden.example/a", "one")
    with newsroom.transaction() as session:
        library.rename_link(session, link_id=link_id, slug="two", now=NOW)
    Publisher(newsroom, table).rebuild()
    assert at(table, "/go/one") == at(table, "/go/two")


def test_a_retired_link_leads_to_the_advertiser_without_tracking(newsroom: Store, table: LinkTable) -> None:
    link_id = add(newsroom, "https://halden.example/a", "one")
    with newsroom.transaction() as session:
        library.retire_link(session, link_id=link_id, now=NOW)
    publish_now(newsroom, table, [link_id])
    entry = at(table, "/go/one")
    assert entry is not None
    assert (entry.before, entry.has_slot, entry.reason) == ("https://halden.example/a", False, "retired")


def test_an_amazon_link_never_gets_our_tag_behind_a_redirect(newsroom: Store, table: LinkTable) -> None:
    add(newsroom, "https://www.amazon.co.uk/dp/B000TEST01", "kettle")
    Publisher(newsroom, table).rebuild()
    entry = at(table, "/go/kettle")
    assert entry is not None
    assert (entry.before, entry.reason) == ("https://www.amazon.co.uk/dp/B000TEST01", "direct")


def test_on_unknown_hosts_the_oldest_site_with_a_path_answers(newsroom: Store, table: LinkTable) -> None:
    with newsroom.transaction() as session:
        add_site(session, key="second", name="Second", hosts=["second.example"], now=NOW)
    second = add(newsroom, "https://halden.example/b", "one", site="second")
    first = add(newsroom, "https://halden.example/a", "one")
    only_second = add(newsroom, "https://halden.example/c", "three", site="second")
    Publisher(newsroom, table).rebuild()

    def link_at(host: str, path: str) -> int:
        entry = at(table, path, host)
        assert entry is not None
        return entry.link_id

    assert link_at("mag.example", "/go/one") == first
    assert link_at("second.example", "/go/one") == second
    assert link_at("127.0.0.1", "/go/one") == first
    assert link_at("127.0.0.1", "/go/three") == only_second
