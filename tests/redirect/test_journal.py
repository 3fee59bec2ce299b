import errno
import logging
import os
import random
import signal
import time
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affiliate.redirect.counters import Counters, journal_failures
from affiliate.redirect.journal import Durability, JournalWriter
from affiliate.redirect.records import FRAME, MOMENT, ClickRecord, Journalled, frame
from affiliate.redirect.segments import (
    HEADER_BYTES,
    SegmentUnreadable,
    held,
    read_header,
    read_segment,
    segments,
    set_aside_rest,
)


def click(number: int = 1, agent: str = "Mozilla/5.0") -> ClickRecord:
    return ClickRecord(
        1_780_000_000_000 + number,
        7,
        number,
        0,
        "a0000000001y",
        "",
        agent,
        "mag.example",
        "/s",
        "m.example",
        "",
    )


@pytest.fixture
def counters(tmp_path: Path) -> Counters:
    return Counters(tmp_path / "counters")


@pytest.fixture
def writer(tmp_path: Path, counters: Counters) -> JournalWriter:
    return JournalWriter(tmp_path / "journal", counters)


def only_segment(writer: JournalWriter) -> Path:
    (path,) = segments(writer.folder)
    return path


def read_back(click: ClickRecord) -> ClickRecord:
    body = frame(click)[FRAME.size :]
    time_ms, visitor = MOMENT.unpack_from(body)
    return Journalled(time_ms, visitor, body[MOMENT.size :]).record()


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)


@given(
    st.builds(
        ClickRecord,
        time_ms=st.integers(0, 2**63 - 1),
        link_id=st.integers(0, 2**63 - 1),
        flags=st.integers(0, 65535),
        visitor=st.integers(-(2**63), 2**63 - 1),
        token=texts,
        country=st.sampled_from(["", "GB"]),
        user_agent=texts,
        referrer_host=texts,
        referrer_path=texts,
        host=texts,
        reason=texts,
    )
)
def test_a_record_comes_back_as_it_was(record: ClickRecord) -> None:
    assert read_back(record) == record


def test_overlong_texts_and_nuls_are_cut_and_the_record_stays_whole() -> None:
    record = read_back(click(agent="x\0y" + "z" * 10_000))
    assert len(record.user_agent) == 511
    assert record[:6] + record[7:] == click()[:6] + click()[7:]


def test_clicks_are_read_back_in_order_and_from_an_offset(writer: JournalWriter) -> None:
    for number in range(5):
        assert writer.append(click(number))
    first = read_segment(only_segment(writer), limit=2)
    assert ([each.record().link_id for each in first.records], first.ended) == ([0, 1], False)
    rest = read_segment(only_segment(writer), first.offset)
    assert ([each.record().link_id for each in rest.records], rest.ended) == ([2, 3, 4], True)
    assert read_segment(only_segment(writer), rest.offset).records == []


def test_a_segment_is_held_by_its_writer_until_it_is_finished(writer: JournalWriter) -> None:
    writer.append(click())
    path = only_segment(writer)
    with held(path) as finished:
        assert not finished
    writer.close()
    with held(path) as finished:
        assert finished


def test_a_full_segment_is_followed_by_another(tmp_path: Path, counters: Counters) -> None:
    writer = JournalWriter(tmp_path / "journal", counters, segment_bytes=16_384)
    for number in range(1000):
        writer.append(click(number))
    paths = segments(writer.folder)
    assert len(paths) > 5
    assert len({read_header(path).uuid for path in paths}) == len(paths)
    assert [record.record().link_id for path in paths for record in read_segment(path).records] == list(range(1000))


def test_an_old_segment_is_finished_although_no_click_comes(tmp_path: Path, counters: Counters) -> None:
    writer = JournalWriter(tmp_path / "journal", counters, segment_seconds=0.05)
    writer.append(click(1))
    time.sleep(0.3)
    with held(only_segment(writer)) as finished:
        assert finished
    writer.append(click(2))
    assert len(segments(writer.folder)) == 2
    writer.close()


def test_segments_are_allocated_in_full_and_for_us_alone(writer: JournalWriter) -> None:
    writer.append(click())
    status = only_segment(writer).stat()
    assert status.st_blocks * 512 >= status.st_size == 8 << 20
    assert status.st_mode & 0o777 == 0o600


def test_a_torn_last_record_is_no_record(writer: JournalWriter) -> None:
    for number in range(3):
        writer.append(click(number))
    writer.close()
    path = only_segment(writer)
    whole = path.read_bytes()
    end = read_segment(path).offset
    start_of_last = read_segment(path, limit=2).offset
    for cut in range(start_of_last + 1, end):
        path.write_bytes(whole[:cut] + b"\0" * (len(whole) - cut))
        part = read_segment(path)
        assert [record.record().link_id for record in part.records] in ([0, 1], [0, 1, 2])
        if len(part.records) == 2:
            rest = set_aside_rest(path, part.offset)
            assert (part.set_aside, rest is not None and rest.records) == ([], 1)
    path.write_bytes(whole)
    assert set_aside_rest(path, end) is None


@pytest.mark.parametrize("seed", range(30))
def test_damage_inside_a_segment_costs_only_the_records_it_hit(writer: JournalWriter, seed: int) -> None:
    for number in range(20):
        writer.append(click(number))
    path = only_segment(writer)
    start, end = read_segment(path, limit=5).offset, read_segment(path, limit=6).offset
    content = bytearray(path.read_bytes())
    dice = random.Random(seed)
    content[dice.randrange(start, end)] ^= 1 << dice.randrange(8)
    writer.close()
    path.write_bytes(content)
    part = read_segment(path)
    assert [record.record().link_id for record in part.records] == [*range(5), *range(6, 20)]
    assert [(aside.offset, aside.records) for aside in part.set_aside] == [(start, 1)]


def test_a_hole_in_a_segment_is_stepped_over(writer: JournalWriter) -> None:
    for number in range(200):
        writer.append(click(number))
    writer.close()
    path = only_segment(writer)
    content = bytearray(path.read_bytes())
    content[4096:8192] = bytes(4096)
    path.write_bytes(content)
    part = read_segment(path)
    links = [record.record().link_id for record in part.records]
    assert (links[0], links[-1], part.set_aside[0].records) == (0, 199, 1)
    assert 150 < len(links) < 170


@pytest.mark.parametrize("page", range(3))
def test_a_page_that_was_read_before_its_writer_reached_it_is_no_damage(writer: JournalWriter, page: int) -> None:
    for number in range(200):
        writer.append(click(number))
    path = only_segment(writer)
    content = path.read_bytes()
    start, end = page * 4096 or HEADER_BYTES, (page + 1) * 4096
    late = content[:start] + bytes(end - start) + content[end:]
    path.write_bytes(late)
    part = read_segment(path, live=True)
    assert (part.set_aside, part.ended) == ([], True)
    assert part.offset <= start
    path.write_bytes(content)
    rest = read_segment(path, part.offset, live=True)
    links = [record.record().link_id for record in (*part.records, *rest.records)]
    assert (links, rest.set_aside) == (list(range(200)), [])


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 4096])
def test_a_file_that_is_no_segment_is_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "1-x.clicks"
    path.write_bytes(content)
    with pytest.raises(SegmentUnreadable):
        read_header(path)


def test_a_full_disk_is_counted_logged_once_and_over_when_there_is_room(
    writer: JournalWriter, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "posix_fallocate", full)
        assert [writer.append(click()) for _ in range(100)] == [False] * 100
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert list(writer.folder.iterdir()) == []
    writer._retry_at = 0.0
    assert writer.append(click())
    assert journal_failures(tmp_path / "counters") == 100


def _write_for_ever(folder: Path, answered: Path, durability: Durability) -> None:
    counters = Counters(folder / "counters")
    writer = JournalWriter(folder, counters, segment_bytes=65_536, durability=durability, sync_seconds=0.01)
    with answered.open("ab", buffering=0) as log:
        while True:
            writer.append(click())
            log.write(b".")  # the answer: given after the click is journalled


@pytest.mark.parametrize("durability", ["kernel", "interval", "click"])
def test_every_click_answered_before_a_kill_is_in_the_journal(durability: Durability, tmp_path: Path) -> None:
    folder, answered = tmp_path / "journal", tmp_path / "answered"
    for _ in range(5):
        process = get_context("fork").Process(target=_write_for_ever, args=(folder, answered, durability))
        process.start()
        time.sleep(random.uniform(0.05, 0.2))
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
    stored = sum(len(read_segment(path).records) for path in segments(folder))
    assert answered.stat().st_size <= stored <= answered.stat().st_size + 5
    for path in segments(folder):
        with held(path) as finished:
            assert finished
