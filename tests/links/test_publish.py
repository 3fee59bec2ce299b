from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from affiliate.links import catalogue, library, publish, queries
from affiliate.links.publish import KEPT, NEVER_BUILT, Publisher, prune_outbox, publish_hosts, publish_now
from affiliate.links.queries import PublishedLink
from affiliate.links.sites import add_site, find_site, set_hosts
from affiliate.redirect import table_file
from affiliate.redirect.table import Entry, Found, LinkTable, NewTable, Unclear
from affiliate.store import Store
from affiliate.store.tables import LinkChange, Programme
from tests.conftest import NOW


@pytest.fixture
def table(tmp_path: Path) -> LinkTable:
    return LinkTable(tmp_path / "links")


def at(table: LinkTable, path: str, host: str = "mag.example") -> Entry | None:
    found = table.find(host, path)
    return found.entry if isinstance(found, Found) else None


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
        known = catalogue.find_programme(session, network="awin", advertiser_ref="88001")
        terms = replace(known.terms, referrer_policy="unsafe-url")
        catalogue.edit_programme(session, programme_id=known.id, terms=terms, now=NOW)
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


def test_on_unknown_hosts_the_only_site_with_a_path_answers_and_none_of_several(
    newsroom: Store, table: LinkTable
) -> None:
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
    assert link_at("127.0.0.1", "/go/three") == link_at("mag.example", "/go/three") == only_second
    pages = ("https://halden.example/a", "https://halden.example/b")
    assert table.find("127.0.0.1", "/go/one") == Unclear(pages)


def test_the_host_of_a_link_base_is_its_sites_unless_several_share_it(newsroom: Store, table: LinkTable) -> None:
    with newsroom.transaction() as session:
        for key in ("second", "third"):
            add_site(
                session, key=key, name=key, hosts=[f"{key}.example"], link_base=f"https://go.{key}.example", now=NOW
            )
        find_site(session, "mag").link_base = "https://go.third.example"
    links = {key: add(newsroom, "https://halden.example/a", "one", site=key) for key in ("mag", "second", "third")}
    Publisher(newsroom, table).rebuild()
    based = at(table, "/go/one", "go.second.example")
    assert based is not None
    assert based.link_id == links["second"]
    assert isinstance(table.find("go.third.example", "/go/one"), Unclear)


def test_a_site_answers_on_another_host_of_another_node_with_the_next_look(newsroom: Store, tmp_path: Path) -> None:
    here, there = LinkTable(tmp_path / "here"), LinkTable(tmp_path / "there")
    with newsroom.transaction() as session:
        add_site(session, key="second", name="Second", hosts=["second.example"], now=NOW)
    one, two = (add(newsroom, "https://halden.example/a", "one", site=site) for site in ("mag", "second"))
    nodes = [Publisher(newsroom, table) for table in (here, there)]
    for node in nodes:
        node.rebuild()
    with newsroom.transaction() as session:
        set_hosts(session, find_site(session, "second"), ["new.example"])
    publish_hosts(newsroom, here)
    assert nodes[1].publish_pending() == 0
    for table in (here, there):
        answers = [at(table, "/go/one", host) for host in ("mag.example", "new.example")]
        assert [entry and entry.link_id for entry in answers] == [one, two]
        assert isinstance(table.find("second.example", "/go/one"), Unclear)


def test_what_is_edited_while_a_table_is_rebuilt_is_in_the_new_one(
    newsroom: Store, table: LinkTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    links = [add(newsroom, f"https://halden.example/{number}", f"link-{number}") for number in range(6)]
    Publisher(newsroom, table).rebuild()
    moments: list[Entry | None] = []

    def edit(link_id: int) -> None:
        with newsroom.transaction() as session:
            library.edit_link(session, link_id=link_id, url=f"https://halden.example/new-{link_id}", now=NOW)

    def read_slowly(store: Store) -> Iterator[list[PublishedLink]]:
        for number, batch in enumerate(read_all(store)):
            moments.append(at(table, "/go/link-0"))
            edit(links[0])  # read already
            edit(links[5])  # to be read
            publish_now(store, table, [links[0]])
            yield batch
            if number == 0:
                add(store, "https://halden.example/late", "late")

    read_all = publish._all_links
    monkeypatch.setattr(publish, "_BATCH", 2)
    monkeypatch.setattr(publish, "_all_links", read_slowly)
    Publisher(newsroom, table).rebuild()
    entries = [at(table, f"/go/link-{number}") for number in (0, 1, 5)]
    assert [entry is not None and "new" in entry.after for entry in entries] == [True, False, True]
    assert at(table, "/go/late")
    assert len(moments) == 4
    assert len({entry and entry.after for entry in moments}) == 2  # the old table answered, edits included


def test_an_edit_that_comes_just_before_the_new_table_takes_over_is_in_it(
    newsroom: Store, table: LinkTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    link_id = add(newsroom, "https://halden.example/a", "one")

    @contextmanager
    def after_an_edit(new: NewTable) -> Iterator[None]:
        with newsroom.transaction() as session:
            library.retire_link(session, link_id=link_id, now=NOW)
        with take_over(new):
            yield

    take_over = NewTable.taking_over
    monkeypatch.setattr(NewTable, "taking_over", after_an_edit)
    Publisher(newsroom, table).rebuild()
    entry = at(table, "/go/one")
    assert entry is not None
    assert entry.reason == "retired"


@pytest.mark.parametrize("store", ["postgres"], indirect=True)
def test_an_edit_whose_transaction_takes_its_time_is_published_when_it_ends(newsroom: Store, table: LinkTable) -> None:
    slow, quick = (add(newsroom, f"https://halden.example/{slug}", slug) for slug in ("slow", "quick"))
    publisher = Publisher(newsroom, table)
    publisher.rebuild()
    with newsroom.transaction() as session:
        library.retire_link(session, link_id=slow, now=NOW)  # its change has the lower id
        with newsroom.transaction() as other:
            library.retire_link(other, link_id=quick, now=NOW)
        assert publisher.publish_pending() == 1
    assert Publisher(newsroom, table).publish_pending() == 1  # after a restart too
    entries = [at(table, f"/go/{slug}") for slug in ("slow", "quick")]
    assert [entry and entry.reason for entry in entries] == ["retired", "retired"]


def test_more_links_are_published_than_one_statement_can_name(
    newsroom: Store, table: LinkTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish, "_BATCH", 2)
    links = [add(newsroom, f"https://halden.example/{number}", f"link-{number}") for number in range(5)]
    publish_now(newsroom, table, links)
    assert table.count() == 5


def test_a_table_says_why_it_has_to_be_built_anew(newsroom: Store, table: LinkTable) -> None:
    publisher = Publisher(newsroom, table)
    assert publisher.needs_rebuild() == NEVER_BUILT
    for slug in ("one", "two", "three"):
        add(newsroom, "https://halden.example/a", slug)
    publisher.rebuild()
    assert publisher.needs_rebuild() == ""
    with newsroom.transaction() as session:  # an older backup was restored
        session.execute(delete(LinkChange).where(LinkChange.id > 1))
    assert "another database" in publisher.needs_rebuild()
    publisher.rebuild()
    assert publisher.needs_rebuild() == ""


def test_a_node_that_was_away_for_longer_than_changes_are_kept_is_told_to_rebuild(
    newsroom: Store, table: LinkTable
) -> None:
    Publisher(newsroom, table).rebuild()
    for slug in ("one", "two", "three"):
        add(newsroom, "https://halden.example/a", slug)
    prune_outbox(newsroom, now=NOW + 2 * KEPT)
    assert "too long ago" in Publisher(newsroom, table).needs_rebuild()


@pytest.mark.parametrize("taken", ["away", "for one that is not built"])
def test_a_table_that_is_taken_away_while_it_is_brought_up_to_date_is_built_anew(
    newsroom: Store, table: LinkTable, taken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher = Publisher(newsroom, table)
    link_id = add(newsroom, "https://halden.example/a", "one")
    publisher.rebuild()
    read = queries.site_of_hosts

    def taking(session: Session) -> dict[str, int]:
        (table.folder / "links.mdb").unlink(missing_ok=True)
        if taken != "away":
            LinkTable(table.folder).apply(())
        return read(session)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(queries, "site_of_hosts", taking)
        assert publisher.publish_pending() == 0
    assert publisher.needs_rebuild()
    publisher.rebuild()
    entry = at(LinkTable(table.folder), "/go/one")
    assert entry is not None
    assert (entry.link_id, publisher.needs_rebuild()) == (link_id, "")


def test_an_edit_succeeds_while_the_table_is_damaged(newsroom: Store, table: LinkTable) -> None:
    link_id = add(newsroom, "https://halden.example/a", "one")
    publisher = Publisher(newsroom, table)
    publisher.rebuild()
    table.close()
    (table.folder / "links.mdb").unlink()
    (table.folder / "links.mdb").write_bytes(b"rubbish" * 2000)
    publish_now(newsroom, table, [link_id])
    publish_hosts(newsroom, table)
    assert (publisher.publish_pending(), publisher.needs_rebuild()) == (0, "it is damaged")
    publisher.rebuild()
    assert at(table, "/go/one")


def test_while_the_table_is_not_built_no_title_answers_for_another(newsroom: Store, table: LinkTable) -> None:
    mine = add(newsroom, "https://halden.example/a", "one")
    publish_now(newsroom, table, [mine])
    assert at(table, "/go/one", "localhost") is not None  # there is one title
    with newsroom.transaction() as session:
        add_site(session, key="other", name="Other", hosts=["other.example"], now=NOW)
    theirs = add(newsroom, "https://halden.example/b", "one", site="other")
    publish_now(newsroom, table, [mine])
    hosts = ("mag.example", "other.example", "localhost")
    assert [bool(at(table, "/go/one", host)) for host in hosts] == [True, False, False]
    Publisher(newsroom, table).rebuild()
    found = [at(table, "/go/one", host) for host in hosts]
    assert [entry and entry.link_id for entry in found] == [mine, theirs, None]
    assert isinstance(table.find("localhost", "/go/one"), Unclear)


def test_publishing_again_what_is_published_writes_nothing(newsroom: Store, table: LinkTable) -> None:
    publisher = Publisher(newsroom, table)
    publisher.rebuild()
    link_id = add(newsroom, "https://halden.example/a", "one")
    publish_now(newsroom, table, [link_id])
    publisher.publish_pending()
    written = table_file.opened(table.folder / "links.mdb").last_write()
    publish_now(newsroom, table, [link_id])
    publisher.publish_pending()
    assert table_file.opened(table.folder / "links.mdb").last_write() == written


def test_a_link_of_a_programme_that_we_left_leads_to_the_shop_without_tracking(
    newsroom: Store, table: LinkTable
) -> None:
    link_id = add(newsroom, "https://halden.example/a", "one")
    with newsroom.transaction() as session:
        programme = session.scalars(select(Programme).where(Programme.advertiser_ref == "88001")).one()
        programme.joined = False
    publish_now(newsroom, table, [link_id])
    entry = at(table, "/go/one")
    assert entry is not None
    assert (entry.before, entry.after, entry.reason) == ("https://halden.example/a", "", "not-joined")
