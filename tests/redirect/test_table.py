import multiprocessing
import os
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from affiliate.ids import new_placement_token
from affiliate.redirect import table as table_module
from affiliate.redirect.table import Change, Entry, Found, LinkTable, TableDamaged, header_safe

TOKEN = "a0000000001y"
HOST = "mag.example"


def entry(link_id: int = 1, before: str = "https://shop.example/dress?u1=", after: str = "", reason: str = "") -> Entry:
    return Entry(link_id, TOKEN, before, after, has_slot=True, reason=reason)


@pytest.fixture
def table(tmp_path: Path) -> LinkTable:
    return LinkTable(tmp_path / "links")


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
    table.apply([(HOST, "/go/dress", written)])
    assert table.get(HOST, "/go/dress") == written


def test_an_exact_host_wins_over_the_wildcard(table: LinkTable) -> None:
    table.apply([(HOST, "/go/a", entry(1)), ("*", "/go/a", entry(2)), ("*", "/go/b", entry(3))])
    assert [found and found.link_id for found in (table.get(HOST, "/go/a"), table.get("127.0.0.1", "/go/a"))] == [1, 2]
    assert table.get(HOST, "/go/b") == entry(3)


def test_a_trailing_slash_and_another_case_are_tolerated(table: LinkTable) -> None:
    table.apply([(HOST, "/recommends/Big/Sale/", entry(1)), (HOST, "/go/dress", entry(2))])
    for path in ("/recommends/Big/Sale", "/recommends/big/sale", "/RECOMMENDS/BIG/SALE/"):
        assert table.get(HOST, path) == entry(1)
    assert table.get(HOST, "/go/dress/") == table.get(HOST, "/Go/Dress") == entry(2)
    assert table.get(HOST, "/go/dres") is None


def test_two_paths_that_differ_in_case_keep_their_own_answers(table: LinkTable) -> None:
    table.apply([(HOST, "/go/Bag", entry(1)), (HOST, "/go/bag", entry(2))])
    assert (table.get(HOST, "/go/Bag/"), table.get(HOST, "/go/bag/")) == (entry(1), entry(2))
    table.apply([(HOST, "/go/Bag", None)])
    assert table.get(HOST, "/go/Bag") == entry(2)
    table.apply([(HOST, "/go/bag", None)])
    assert table.get(HOST, "/go/Bag") is None


def test_a_last_segment_that_is_a_valid_token_is_the_placement(table: LinkTable) -> None:
    token = new_placement_token()
    table.apply([(HOST, "/go/a/b", entry(1))])
    assert table.find(HOST, f"/go/a/b/-{token}") == Found(entry(1), token)
    assert table.find(HOST, f"/GO/A/B/-{token.upper()}/") == Found(entry(1), token)
    assert table.find(HOST, "/go/a/b") == Found(entry(1), "")


def test_an_almost_valid_token_is_no_token(table: LinkTable) -> None:
    token = new_placement_token()
    table.apply([(HOST, "/go/a", entry(1))])
    wrong = token[:-1] + ("0" if token[-1] != "0" else "1")
    for last in (f"-{wrong}", token, f"--{token}", f"-{token}x", "-", f"-{token}/-{token}"):
        assert table.find(HOST, f"/go/a/{last}") is None


def test_the_whole_path_wins_over_the_reading_as_a_token(table: LinkTable) -> None:
    table.apply([(HOST, "/go/a", entry(1)), (HOST, f"/go/a/-{TOKEN}", entry(2))])
    assert table.find(HOST, f"/go/a/-{TOKEN}") == Found(entry(2), "")


def test_paths_longer_than_a_key_are_told_apart(table: LinkTable) -> None:
    long = "/go/" + "x" * 900
    table.apply([(HOST, long + "a", entry(1)), (HOST, long + "b", entry(2))])
    assert (table.get(HOST, long + "a"), table.get(HOST, long + "B")) == (entry(1), entry(2))


def test_what_cannot_stand_in_a_header_is_percent_encoded(table: LinkTable) -> None:
    table.apply([(HOST, "/go/a", entry(before="https://s.example/größe?q=a b\r\nX: y"))])
    found = table.get(HOST, "/go/a")
    assert found is not None
    assert found.before == "https://s.example/gr%C3%B6%C3%9Fe?q=a%20b%0D%0AX:%20y"
    assert header_safe("%5B|@;{m}+#f'\"<>") == "%5B|@;{m}+#f'\"<>"


def test_replace_leaves_nothing_of_the_old_table(table: LinkTable) -> None:
    table.apply([(HOST, "/go/old", entry(1))], checkpoint=4)
    table.replace([(HOST, "/go/new", entry(2))], checkpoint=9)
    assert table.get(HOST, "/go/old") is None
    assert table.get(HOST, "/GO/OLD") is None
    assert (table.get(HOST, "/go/new"), table.count(), table.checkpoint()) == (entry(2), 1, 9)


def test_an_apply_that_fails_changes_nothing(table: LinkTable) -> None:
    table.apply([(HOST, "/go/a", entry(1))], checkpoint=1)

    def changes() -> Iterator[Change]:
        yield (HOST, "/go/a", None)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        table.apply(changes(), checkpoint=2)
    assert (table.get(HOST, "/go/a"), table.checkpoint()) == (entry(1), 1)


def test_a_new_table_has_no_checkpoint(table: LinkTable) -> None:
    assert table.checkpoint() is None
    table.apply([(HOST, "/go/a", entry(1))])
    assert table.checkpoint() is None


def test_a_host_is_known_by_its_own_paths_only(table: LinkTable) -> None:
    table.apply([(HOST, "/go/a", entry(1)), ("*", "/go/a", entry(1))])
    assert table.has_host(HOST)
    assert not table.has_host("mag.exampl")
    assert not table.has_host("other.example")


def _watch(folder: Path, pipe: Connection) -> None:
    table = LinkTable(folder)
    pipe.send(table.find(HOST, "/go/a"))
    pipe.recv()
    until = time.monotonic() + 20
    while (found := table.find(HOST, "/go/a")) != Found(entry(2), "") and time.monotonic() < until:
        time.sleep(0.01)
    pipe.send(found)


def test_an_edit_is_live_in_another_process(table: LinkTable) -> None:
    table.apply([(HOST, "/go/a", entry(1))])
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_watch, args=(table.folder, there))
    process.start()
    assert here.recv() == Found(entry(1), "")
    table.apply([(HOST, "/go/a", entry(2))])
    here.send("go")
    assert here.recv() == Found(entry(2), "")
    process.join()


def test_many_threads_may_be_the_first_to_look(table: LinkTable, monkeypatch: pytest.MonkeyPatch) -> None:
    def slowly(folder: Path, file: Path) -> Any:
        opened = make(folder, file)
        time.sleep(0.01)
        return opened

    make = table_module._Opened
    monkeypatch.setattr(table_module, "_Opened", slowly)
    table.apply([(HOST, "/go/a", entry(1))])
    for _ in range(5):
        table.close()
        fresh, start = LinkTable(table.folder), threading.Barrier(8)

        def look(table: LinkTable = fresh, start: threading.Barrier = start) -> Found | None:
            start.wait()
            return table.find(HOST, "/go/a")

        with ThreadPoolExecutor(8) as pool:
            found = [pool.submit(look) for _ in range(8)]
        assert {one.result() for one in found} == {Found(entry(1), "")}


def test_a_table_used_before_a_fork_works_in_the_child(table: LinkTable) -> None:
    table.apply([(HOST, "/go/a", entry(1))])
    assert table.find(HOST, "/go/a")
    child = os.fork()
    if child == 0:
        os._exit(0 if table.find(HOST, "/go/a") == Found(entry(1), "") else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_two_tables_of_one_folder_live_in_one_process(table: LinkTable) -> None:
    other = LinkTable(table.folder)
    table.apply([(HOST, "/go/a", entry(1))])
    assert other.get(HOST, "/go/a") == entry(1)
    table.close()
    assert other.get(HOST, "/go/a") == entry(1)


@pytest.mark.parametrize("content", [b"", b"rubbish" * 2000])
def test_a_file_that_is_no_table_is_said_and_recreated(table: LinkTable, content: bytes) -> None:
    table.folder.mkdir()
    (table.folder / "links.mdb").write_bytes(content)
    if content:
        with pytest.raises(TableDamaged, match="rebuilt"):
            table.get(HOST, "/go/a")
        table.recreate()
    assert table.checkpoint() is None
    table.apply([(HOST, "/go/a", entry(1))])
    assert table.get(HOST, "/go/a") == entry(1)


def test_a_cut_file_is_said_instead_of_killing_the_process(table: LinkTable) -> None:
    table.replace([(HOST, f"/go/{number}", entry(number)) for number in range(2000)], checkpoint=1)
    table.close()
    file = table.folder / "links.mdb"
    os.truncate(file, file.stat().st_size // 2)
    with pytest.raises(TableDamaged, match="cut"):
        table.get(HOST, "/go/a")


def test_a_flipped_byte_is_never_a_wrong_location(table: LinkTable) -> None:
    table.apply([(HOST, "/go/a", entry(before="https://shop.example/UNIQUE"))])
    table.close()
    file = table.folder / "links.mdb"
    file.write_bytes(file.read_bytes().replace(b"UNIQUE", b"UNIQUF"))
    with pytest.raises(TableDamaged, match="checksum"):
        table.get(HOST, "/go/a")


def test_a_table_of_an_older_version_is_said_and_recreated(table: LinkTable, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as older:
        older.setattr(table_module, "_FORMAT", b"1")
        table.apply([(HOST, "/go/dress", entry())], checkpoint=0)
        table.close()
    with pytest.raises(TableDamaged, match="format 1 is not 2"):
        table.get(HOST, "/go/dress")
    table.recreate()
    assert table.checkpoint() is None


def test_a_recreated_table_is_opened_by_those_who_hold_the_old_one(table: LinkTable) -> None:
    other = LinkTable(table.folder)
    table.apply([(HOST, "/go/a", entry(1))])
    assert other.find(HOST, "/go/a")
    table.recreate()
    time.sleep(0.15)
    assert other.find(HOST, "/go/a") == Found(entry(1), "")  # an empty table is not taken for the truth
    table.replace([(HOST, "/go/a", entry(2))], checkpoint=1)
    time.sleep(0.15)
    assert other.find(HOST, "/go/a") == Found(entry(2), "")


def test_a_file_that_vanished_is_answered_from_memory_and_known_to_need_rebuilding(table: LinkTable) -> None:
    table.replace([(HOST, "/go/a", entry(1))], checkpoint=1)
    assert table.find(HOST, "/go/a")
    (table.folder / "links.mdb").unlink()
    time.sleep(0.15)
    assert table.find(HOST, "/go/a") == Found(entry(1), "")
    assert table.checkpoint() is None
    table.replace([(HOST, "/go/a", entry(2))], checkpoint=2)
    assert (table.get(HOST, "/go/a"), table.checkpoint()) == (entry(2), 2)


def test_no_reader_sees_a_mixture_while_links_are_edited(table: LinkTable) -> None:
    def version(number: int) -> Entry:
        return Entry(number, TOKEN, f"https://shop.example/{number}?u1=", f"&v={number}", has_slot=True)

    table.apply([(HOST, "/go/a", version(0))])
    stop = threading.Event()
    wrong: list[Entry] = []

    def read() -> None:
        while not stop.is_set():
            found = table.get(HOST, "/go/a")
            assert found is not None
            if found != version(found.link_id):
                wrong.append(found)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for number in range(1, 100):
        edit = table.replace if random.random() < 0.2 else table.apply
        edit([(HOST, "/go/a", version(number))])
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []
