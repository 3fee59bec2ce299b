import multiprocessing
import os
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from affiliate.ids import new_placement_token
from affiliate.redirect import table_file
from affiliate.redirect.table import (
    AGREED,
    OVERRULED,
    RESCUED,
    Change,
    Entry,
    Found,
    LinkTable,
    TableDamaged,
    Unclear,
    header_safe,
)
from affiliate.redirect.table_file import TableFile
from tests.waiting import wait_until

TOKEN = "a0000000001y"
HOST = "mag.example"
SITE = 1
HOSTS = {HOST: SITE}


def entry(link_id: int = 1, before: str = "https://shop.example/dress?u1=", after: str = "", reason: str = "") -> Entry:
    return Entry(link_id, TOKEN, before, after, has_slot=True, reason=reason)


def at(table: LinkTable, path: str, host: str = HOST) -> Entry | None:
    found = table.find(host, path)
    return found.entry if isinstance(found, Found) else None


@pytest.fixture
def table(tmp_path: Path) -> LinkTable:
    """With one site on one host, and not built yet."""
    made = LinkTable(tmp_path / "links")
    made.apply((), hosts=HOSTS)
    return made


def test_an_entry_comes_back_as_it_was_written(table: LinkTable) -> None:
    written = Entry(
        7,
        TOKEN,
        "https://s.example/?a=%5B|@;{macro}+&u1=",
        "&z=1#f",
        has_slot=False,
        reason="retired",
        refusal="&cons=0",
        referrer_policy="origin",
    )
    table.apply([(SITE, "/go/dress", written)])
    assert at(table, "/go/dress") == written


def test_a_site_answers_on_its_own_hosts_and_the_only_one_that_has_a_path_on_all_others(table: LinkTable) -> None:
    table.replace(
        [(2, "/go/a", entry(2)), (SITE, "/go/a", entry(1)), (2, "/go/b", entry(3))],
        hosts={HOST: SITE, "www.Two.example": 2},
        checkpoint=0,
    )
    for _ in range(2):  # the second time from memory
        assert [at(table, "/go/a", host) for host in (HOST, "two.example")] == [entry(1), entry(2)]
    assert {at(table, path, host) for host in (HOST, "two.example", "") for path in ("/go/b", "/Go/B/")} == {entry(3)}
    table.apply((), hosts={"two.example": SITE})
    assert at(table, "/go/a", "two.example") == entry(1)


@pytest.mark.parametrize("path", ["/go/A", "/go/a", "/go/A/", "/GO/a/"])
def test_of_several_sites_with_a_path_none_answers_on_a_host_of_no_site(table: LinkTable, path: str) -> None:
    one, two = (entry(link)._replace(target=f"https://shop.example/{link}") for link in (1, 2))
    plain = entry(3, before="https://shop.example/2", reason="retired")  # leads to the same page as the second one
    table.apply([(3, "/go/A", plain), (2, "/go/A", two), (SITE, "/go/A", one), (4, "/go/A", entry(4, before=""))])
    assert table.find("stranger.example", path) == Unclear(("https://shop.example/1", "https://shop.example/2"))
    assert table.find(HOST, path) == Found(one, "")


def test_a_token_names_its_link_whatever_host_and_path_say(table: LinkTable) -> None:
    ours, theirs, other, stranger = (new_placement_token() for _ in range(4))
    one, two, three = (entry(link, before=f"https://shop.example/{link}?u1=") for link in (1, 2, 3))
    table.replace(
        [(SITE, "/go/a", one), (2, "/go/a", two), (2, "/old/Other", three)],
        hosts={HOST: SITE, "two.example": 2},
        checkpoint=0,
    )
    table.apply([(ours, 1), (theirs, 2), (other, 3)])

    def named(host: str, token: str) -> tuple[int, int]:
        found = table.find(host, f"/go/a/-{token}")
        assert isinstance(found, Found)
        assert found.token == token
        return found.entry.link_id, found.decided

    assert [named(HOST, token) for token in (ours, theirs, other)] == [(1, AGREED), (2, OVERRULED), (3, OVERRULED)]
    assert [named("two.example", token) for token in (ours, theirs)] == [(1, OVERRULED), (2, AGREED)]
    assert [named("x.example", token) for token in (ours, theirs, other)] == [(1, RESCUED), (2, RESCUED), (3, RESCUED)]
    assert [named(host, stranger) for host in (HOST, "two.example")] == [(1, AGREED), (2, AGREED)]
    assert isinstance(table.find("x.example", f"/go/a/-{stranger}"), Unclear)
    assert table.find(HOST, f"/go/unknown/-{ours}") is None


def test_a_token_of_a_link_that_answers_nowhere_leads_to_no_other_link(table: LinkTable) -> None:
    token = new_placement_token()
    table.apply([(SITE, "/go/a", entry(1)), (2, "/go/a", entry(2)), (token, 2)])
    table.apply([(2, "/go/a", None)])  # it is scheduled again
    assert table.find(HOST, f"/go/a/-{token}") is None
    table.apply([(2, "/go/a", entry(2))])
    found = table.find(HOST, f"/go/a/-{token}")
    assert isinstance(found, Found)
    assert found.entry.link_id == 2
    table.apply([(2, "/go/a", entry(3))])  # the path is another link's now, and the link has none
    assert table.find(HOST, f"/go/a/-{token}") is None


def test_a_trailing_slash_and_another_case_are_tolerated(table: LinkTable) -> None:
    table.apply([(SITE, "/recommends/Big/Sale/", entry(1)), (SITE, "/go/dress", entry(2))])
    for path in ("/recommends/Big/Sale", "/recommends/big/sale", "/RECOMMENDS/BIG/SALE/"):
        assert at(table, path) == entry(1)
    assert at(table, "/go/dress/") == at(table, "/Go/Dress") == entry(2)
    assert at(table, "/go/dres") is None


def test_two_paths_that_differ_in_case_keep_their_own_answers(table: LinkTable) -> None:
    table.apply([(SITE, "/go/Bag", entry(1)), (SITE, "/go/bag", entry(2))])
    assert (at(table, "/go/Bag/"), at(table, "/go/bag/")) == (entry(1), entry(2))
    table.apply([(SITE, "/go/Bag", None)])
    assert at(table, "/go/Bag") == entry(2)
    table.apply([(SITE, "/go/bag", None)])
    assert at(table, "/go/Bag") is None


def test_a_last_segment_that_is_a_valid_token_is_the_placement(table: LinkTable) -> None:
    token = new_placement_token()
    table.apply([(SITE, "/go/a/b", entry(1))])
    assert table.find(HOST, f"/go/a/b/-{token}") == Found(entry(1), token)
    assert table.find(HOST, f"/GO/A/B/-{token.upper()}/") == Found(entry(1), token)
    assert table.find(HOST, "/go/a/b") == Found(entry(1), "")


def test_an_almost_valid_token_is_no_token(table: LinkTable) -> None:
    token = new_placement_token()
    table.apply([(SITE, "/go/a", entry(1))])
    wrong = token[:-1] + ("0" if token[-1] != "0" else "1")
    for last in (f"-{wrong}", token, f"--{token}", f"-{token}x", "-", f"-{token}/-{token}"):
        assert table.find(HOST, f"/go/a/{last}") is None


def test_the_whole_path_wins_over_the_reading_as_a_token(table: LinkTable) -> None:
    table.apply([(SITE, "/go/a", entry(1)), (SITE, f"/go/a/-{TOKEN}", entry(2))])
    assert table.find(HOST, f"/go/a/-{TOKEN}") == Found(entry(2), "")


def test_paths_longer_than_a_key_are_told_apart(table: LinkTable) -> None:
    long = "/go/" + "x" * 900
    table.apply([(SITE, long + "a", entry(1)), (SITE, long + "b", entry(2))])
    assert (at(table, long + "a"), at(table, long + "B")) == (entry(1), entry(2))


def test_what_cannot_stand_in_a_header_is_percent_encoded(table: LinkTable) -> None:
    table.apply([(SITE, "/go/a", entry(before="https://s.example/größe?q=a b\r\nX: y"))])
    found = at(table, "/go/a")
    assert found is not None
    assert found.before == "https://s.example/gr%C3%B6%C3%9Fe?q=a%20b%0D%0AX:%20y"
    assert header_safe("%5B|@;{m}+#f'\"<>") == "%5B|@;{m}+#f'\"<>"


def test_replace_leaves_nothing_of_the_old_table(table: LinkTable) -> None:
    table.replace([(SITE, "/go/old", entry(1))], hosts=HOSTS, checkpoint=4)
    table.replace([(SITE, "/go/new", entry(2))], hosts=HOSTS, checkpoint=9)
    assert at(table, "/go/old") is None
    assert at(table, "/GO/OLD") is None
    assert (at(table, "/go/new"), table.count(), table.checkpoint()) == (entry(2), 1, 9)


def test_an_apply_that_fails_changes_nothing(table: LinkTable) -> None:
    table.replace([(SITE, "/go/a", entry(1))], hosts=HOSTS, checkpoint=1)

    def changes() -> Iterator[Change]:
        yield (SITE, "/go/a", None)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        table.apply(changes(), checkpoint=2)
    assert (at(table, "/go/a"), table.checkpoint()) == (entry(1), 1)


def test_a_new_table_has_no_checkpoint(table: LinkTable) -> None:
    assert table.checkpoint() is None
    table.apply([(SITE, "/go/a", entry(1))])
    assert table.checkpoint() is None


def test_the_hosts_of_all_sites_are_known(table: LinkTable) -> None:
    assert (table.has_host(HOST), table.has_host("mag.exampl"), table.has_host("")) == (True, False, False)
    table.apply((), hosts={"two.example": SITE})
    assert (table.has_host(HOST), table.has_host("two.example")) == (False, True)


def _watch(folder: Path, pipe: Connection) -> None:
    table = LinkTable(folder)
    pipe.send(table.find(HOST, "/go/a"))
    pipe.recv()
    wait_until(lambda: table.find(HOST, "/go/a") == Found(entry(2), ""))
    pipe.send(table.find(HOST, "/go/a"))


def test_an_edit_is_live_in_another_process(table: LinkTable) -> None:
    table.apply([(SITE, "/go/a", entry(1))])
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_watch, args=(table.folder, there))
    process.start()
    assert here.recv() == Found(entry(1), "")
    table.apply([(SITE, "/go/a", entry(2))])
    here.send("go")
    assert here.recv() == Found(entry(2), "")
    process.join()


def test_many_threads_may_be_the_first_to_look(table: LinkTable, monkeypatch: pytest.MonkeyPatch) -> None:
    def slowly(file: Path) -> TableFile:
        opened = TableFile(file)
        time.sleep(0.01)
        return opened

    table.apply([(SITE, "/go/a", entry(1))])
    monkeypatch.setattr(table_file, "TableFile", slowly)
    for _ in range(5):
        table.close()
        fresh, start = LinkTable(table.folder), threading.Barrier(8)

        def look(table: LinkTable = fresh, start: threading.Barrier = start) -> Found | Unclear | None:
            start.wait()
            return table.find(HOST, "/go/a")

        with ThreadPoolExecutor(8) as pool:
            found = [pool.submit(look) for _ in range(8)]
        assert {one.result() for one in found} == {Found(entry(1), "")}


def test_a_table_used_before_a_fork_works_in_the_child(table: LinkTable) -> None:
    table.apply([(SITE, "/go/a", entry(1))])
    assert table.find(HOST, "/go/a")
    child = os.fork()
    if child == 0:
        os._exit(0 if table.find(HOST, "/go/a") == Found(entry(1), "") else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_two_tables_of_one_folder_live_in_one_process(table: LinkTable) -> None:
    other = LinkTable(table.folder)
    table.apply([(SITE, "/go/a", entry(1))])
    assert at(other, "/go/a") == entry(1)
    table.close()
    assert at(other, "/go/a") == entry(1)


@pytest.mark.parametrize("content", [b"", b"rubbish" * 2000])
def test_a_file_that_is_no_table_is_said_and_replaced(table: LinkTable, content: bytes) -> None:
    table.close()
    (table.folder / "links.mdb").unlink()
    (table.folder / "links.mdb").write_bytes(content)
    if content:
        with pytest.raises(TableDamaged, match="rebuilt"):
            at(table, "/go/a")
        assert table.is_damaged()
    else:
        assert table.checkpoint() is None
    table.replace([(SITE, "/go/a", entry(1))], hosts=HOSTS, checkpoint=1)
    assert (at(table, "/go/a"), table.is_damaged()) == (entry(1), False)


def test_a_cut_file_is_said_instead_of_killing_the_process(table: LinkTable) -> None:
    table.replace([(SITE, f"/go/{number}", entry(number)) for number in range(2000)], hosts=HOSTS, checkpoint=1)
    table.close()
    file = table.folder / "links.mdb"
    os.truncate(file, file.stat().st_size // 2)
    with pytest.raises(TableDamaged, match="cut"):
        at(table, "/go/a")


def test_a_flipped_byte_is_never_a_wrong_location_and_every_process_knows(table: LinkTable) -> None:
    table.replace([(SITE, "/go/a", entry(before="https://shop.example/UNIQUE"))], hosts=HOSTS, checkpoint=1)
    file = table.folder / "links.mdb"
    file.write_bytes(file.read_bytes().replace(b"UNIQUE", b"UNIQUF"))
    other = LinkTable(table.folder)
    assert not other.is_damaged()
    with pytest.raises(TableDamaged, match="checksum"):
        at(table, "/go/a")
    assert other.is_damaged()
    table.replace([(SITE, "/go/a", entry(2))], hosts=HOSTS, checkpoint=1)
    assert (at(table, "/go/a"), table.is_damaged(), LinkTable(table.folder).is_damaged()) == (entry(2), False, False)


def test_a_table_of_an_older_version_is_said_and_replaced(table: LinkTable, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as older:
        older.setattr(table_file, "FORMAT", b"1")
        table.replace((), hosts=HOSTS, checkpoint=0)
        table.close()
    with pytest.raises(TableDamaged, match="format 1 is not 4"):
        at(table, "/go/dress")
    table.replace([], hosts=HOSTS, checkpoint=1)
    assert table.checkpoint() == 1


def test_a_table_file_of_the_first_layout_gives_way_to_the_rebuilt_one(table: LinkTable) -> None:
    table.close()
    name = table.folder / "links.mdb"
    name.resolve().replace(name)
    table.apply([(SITE, "/go/a", entry(1))])
    assert not name.is_symlink()
    table.replace([(SITE, "/go/a", entry(2))], hosts=HOSTS, checkpoint=1)
    assert (at(table, "/go/a"), name.is_symlink(), len(tables_of(table))) == (entry(2), True, 1)


def tables_of(table: LinkTable) -> list[Path]:
    """Every table file in the folder, lock files and marks included."""
    return [path for path in table.folder.iterdir() if not path.is_symlink() and path.suffix == ".mdb"]


def test_an_empty_table_in_the_place_of_a_lost_one_is_not_taken_for_the_truth(table: LinkTable) -> None:
    other = LinkTable(table.folder)
    table.apply([(SITE, "/go/a", entry(1))])
    assert other.find(HOST, "/go/a")
    (table.folder / "links.mdb").unlink()
    table.apply((), hosts=HOSTS)
    time.sleep(0.15)
    assert other.find(HOST, "/go/a") == Found(entry(1), "")
    table.replace([(SITE, "/go/a", entry(2))], hosts=HOSTS, checkpoint=1)
    time.sleep(0.15)
    assert other.find(HOST, "/go/a") == Found(entry(2), "")


def test_a_file_that_vanished_is_answered_from_memory_and_known_to_need_rebuilding(table: LinkTable) -> None:
    table.replace([(SITE, "/go/a", entry(1))], hosts=HOSTS, checkpoint=1)
    assert table.find(HOST, "/go/a")
    (table.folder / "links.mdb").unlink()
    time.sleep(0.15)
    assert table.find(HOST, "/go/a") == Found(entry(1), "")
    assert table.checkpoint() is None
    table.replace([(SITE, "/go/a", entry(2))], hosts=HOSTS, checkpoint=2)
    assert (at(table, "/go/a"), table.checkpoint()) == (entry(2), 2)


def test_a_table_that_was_never_made_knows_nothing_and_makes_nothing(tmp_path: Path) -> None:
    table = LinkTable(tmp_path / "links")
    assert (table.find(HOST, "/go/a"), table.checkpoint(), table.count(), table.is_damaged()) == (None, None, 0, False)
    table.tidy()
    assert not table.folder.exists()


def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "links").write_text("no folder")
    table = LinkTable(tmp_path / "links")
    for use in (lambda: table.find(HOST, "/go/a"), table.checkpoint, lambda: table.apply([])):
        with pytest.raises(TableDamaged):
            use()


def test_edits_do_not_wait_for_a_rebuild_and_readers_see_them(table: LinkTable) -> None:
    table.replace([(SITE, "/go/a", entry(1))], hosts=HOSTS, checkpoint=1)
    with table.rebuilding() as new:
        new.apply([(SITE, "/go/b", entry(5))])
        table.apply([(SITE, "/go/a", entry(2))])
        assert (at(table, "/go/a"), at(table, "/go/b")) == (entry(2), None)
        with new.taking_over():
            new.apply([(SITE, "/go/a", entry(3))], hosts=HOSTS, checkpoint=2)
            assert at(table, "/go/a") == entry(2)
    time.sleep(0.15)
    assert (at(table, "/go/a"), at(table, "/go/b"), table.checkpoint()) == (entry(3), entry(5), 2)


def test_an_edit_that_comes_while_a_rebuilt_table_takes_over_is_in_the_new_one(table: LinkTable) -> None:
    with table.rebuilding() as new, new.taking_over():
        new.apply([(SITE, "/go/a", entry(1))], hosts=HOSTS, checkpoint=2)
        editor = threading.Thread(target=LinkTable(table.folder).apply, args=([(SITE, "/go/a", entry(2))],))
        editor.start()
        time.sleep(0.1)
        assert editor.is_alive()
    editor.join()
    time.sleep(0.15)
    assert at(table, "/go/a") == entry(2)


def test_a_second_rebuild_waits_for_the_first(table: LinkTable) -> None:
    with table.rebuilding() as new:
        second = threading.Thread(
            target=table.replace, args=([(SITE, "/go/a", entry(2))],), kwargs={"hosts": HOSTS, "checkpoint": 2}
        )
        second.start()
        with new.taking_over():
            new.apply([(SITE, "/go/a", entry(1))], hosts=HOSTS, checkpoint=1)
        assert second.is_alive()
    second.join()
    time.sleep(0.15)
    assert (at(table, "/go/a"), table.checkpoint()) == (entry(2), 2)


def test_a_rebuild_that_fails_leaves_the_old_table_and_nothing_else(table: LinkTable) -> None:
    table.replace([(SITE, "/go/a", entry(1))], hosts=HOSTS, checkpoint=1)
    before = sorted(table.folder.iterdir())
    with pytest.raises(RuntimeError), table.rebuilding() as new:
        new.apply([(SITE, "/go/a", entry(2))], checkpoint=2)
        raise RuntimeError
    assert (at(table, "/go/a"), sorted(table.folder.iterdir())) == (entry(1), before)


def test_the_space_of_a_replaced_table_is_given_back(table: LinkTable) -> None:
    reader = LinkTable(table.folder)
    table.replace([(SITE, f"/go/{number}", entry(number)) for number in range(5000)], hosts=HOSTS, checkpoint=1)
    assert reader.find(HOST, "/go/1")
    old = (table.folder / "links.mdb").resolve()
    table.replace([(SITE, "/go/1", entry(1))], hosts=HOSTS, checkpoint=2)
    time.sleep(0.15)
    assert reader.find(HOST, "/go/2") is None
    assert len(tables_of(table)) == 1
    assert old.name not in Path("/proc/self/maps").read_text()


def _rebuild_for_ever(folder: Path) -> None:
    table = LinkTable(folder)
    number = 2
    while True:
        number += 1
        table.replace([(SITE, f"/go/{each}", entry(number)) for each in range(300)], hosts=HOSTS, checkpoint=number)


def test_a_rebuild_killed_at_any_moment_leaves_a_whole_table_and_no_rubbish(table: LinkTable) -> None:
    table.replace([(SITE, f"/go/{each}", entry(2)) for each in range(300)], hosts=HOSTS, checkpoint=2)
    checkpoints = set()
    for _ in range(8):
        process = multiprocessing.get_context("fork").Process(target=_rebuild_for_ever, args=(table.folder,))
        process.start()
        time.sleep(random.uniform(0.02, 0.2))
        process.kill()
        process.join()
        table.tidy()
        time.sleep(0.11)
        found = {at(table, f"/go/{each}") for each in range(300)}
        checkpoint = table.checkpoint()
        assert checkpoint is not None
        assert found == {entry(checkpoint)}
        assert len(tables_of(table)) == 1
        checkpoints.add(checkpoint)
    assert len(checkpoints) > 1  # some of them did take over


def test_only_a_built_table_takes_a_checkpoint(table: LinkTable) -> None:
    with pytest.raises(TableDamaged, match="not built yet"):
        table.apply([(SITE, "/go/a", entry(1))], checkpoint=1)
    assert (at(table, "/go/a"), table.checkpoint()) == (None, None)
    (table.folder / "links.mdb").rename(table.folder / "taken-away")
    with pytest.raises(TableDamaged, match="there is none"):
        table.apply([(SITE, "/go/a", entry(1))], checkpoint=1)
    assert not (table.folder / "links.mdb").exists()


def test_the_checkpoint_comes_with_its_gaps(table: LinkTable) -> None:
    table.replace((), hosts=HOSTS, checkpoint=8)
    table.apply((), checkpoint=9, gaps=[(3, 4), (7, 7)])
    assert (table.checkpoint(), table.gaps()) == (9, [(3, 4), (7, 7)])
    table.apply((), checkpoint=10)
    assert (table.checkpoint(), table.gaps()) == (10, [])


def test_a_write_that_changes_nothing_is_none(table: LinkTable) -> None:
    table.replace([(SITE, "/go/a", entry(1))], hosts=HOSTS, checkpoint=1)
    file = table_file.opened(table.folder / "links.mdb")
    before = file.last_write()
    table.apply([(SITE, "/go/a", entry(1)), (SITE, "/go/gone", None)], hosts=HOSTS, checkpoint=1)
    assert file.last_write() == before


def test_no_reader_sees_a_mixture_while_links_are_edited(table: LinkTable) -> None:
    def version(number: int) -> Entry:
        return Entry(number, TOKEN, f"https://shop.example/{number}?u1=", f"&v={number}", has_slot=True)

    table.apply([(SITE, "/go/a", version(0))])
    stop = threading.Event()
    wrong: list[Entry] = []

    def read() -> None:
        while not stop.is_set():
            found = at(table, "/go/a")
            assert found is not None
            if found != version(found.link_id):
                wrong.append(found)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for number in range(1, 100):
        if random.random() < 0.2:
            table.replace([(SITE, "/go/a", version(number))], hosts=HOSTS, checkpoint=1)
        else:
            table.apply([(SITE, "/go/a", version(number))])
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []
