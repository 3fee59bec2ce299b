from pathlib import Path

import pytest

from affiliate.errors import InvalidInput
from affiliate.redirect.counters import Counters
from affiliate.redirect.inspection import look_into, walk
from affiliate.redirect.journal import JournalWriter
from affiliate.redirect.records import BEACON, GPC, PREFETCH, ClickRecord, frame
from affiliate.redirect.segments import read_segment, segments
from tests.cli.conftest import Run

TIME = 1_795_000_000_123  # 2026-11-18 11:06:40.123


def click(link_id: int = 1, *, flags: int = 0, visitor: int = -1, agent: str = "Mozilla/5.0") -> ClickRecord:
    return ClickRecord(
        TIME, visitor, link_id, flags, "a0000000001y", "GB", agent, "mag.example", "/style", "m.example", "retired"
    )


@pytest.fixture
def writer(folder: Path) -> JournalWriter:
    return JournalWriter(folder / "data" / "journal", Counters(folder / "counters"))


def only_segment(writer: JournalWriter) -> Path:
    (path,) = segments(writer.folder)
    return path


def test_a_segment_in_use_is_printed_and_left_as_it_is(run: Run, writer: JournalWriter) -> None:
    writer.append(click(1))
    writer.append(click(2, flags=GPC | PREFETCH | BEACON, visitor=0))
    path = only_segment(writer)
    before = path.read_bytes()
    lines = run("clicks", "inspect", str(path)).stdout.splitlines()
    assert "writer    still holds it" in lines
    assert "loaded    nothing that the database knows of" in lines
    shown = [line.split("\t") for line in lines if "Mozilla" in line]
    assert shown[0] == [
        "64",
        "2026-11-18T11:06:40.123Z",
        "1",
        "a0000000001y",
        "–",
        "GB",
        "f" * 16,
        "m.example",
        "Mozilla/5.0",
        "mag.example/style",
        "retired",
    ]
    assert (shown[1][2], shown[1][4], shown[1][6]) == ("2", "gpc,prefetch,beacon", "–")
    offset = read_segment(path).offset
    assert lines[-1] == f"{offset}\t{(8 << 20) - offset} bytes of zeros follow, to the end of the file"
    assert path.read_bytes() == before
    assert writer.append(click(3))


def test_as_json_it_is_one_document(run: Run, writer: JournalWriter) -> None:
    writer.append(click(7))
    writer.close()
    document = run("clicks", "inspect", str(only_segment(writer)), "--json").json
    (record,) = document.pop("records")
    assert record == {
        "offset": 64,
        "time": "2026-11-18T11:06:40.123Z",
        "visitor": "f" * 16,
        "flags": [],
        "link_id": 7,
        "token": "a0000000001y",
        "country": "GB",
        "user_agent": "Mozilla/5.0",
        "referrer_host": "mag.example",
        "referrer_path": "/style",
        "host": "m.example",
        "reason": "retired",
    }
    assert (document["format"], document["held_by_its_writer"], document["loaded_up_to"]) == (2, False, None)
    assert (document["damaged"], document["end"]["kind"]) == ([], "zeros")


def test_no_more_than_the_limit_is_printed(run: Run, writer: JournalWriter) -> None:
    for number in range(5):
        writer.append(click(number))
    path = str(only_segment(writer))
    document = run("clicks", "inspect", path, "--limit", "2", "--json").json
    assert [record["link_id"] for record in document["records"]] == [0, 1]
    assert document["end"]["kind"] == "more"
    assert run("clicks", "inspect", path, "--limit", "0", "--json").json["records"] == []


def test_damage_is_named_with_its_place_and_what_is_sound_is_printed(run: Run, writer: JournalWriter) -> None:
    for number in range(5):
        writer.append(click(number))
    writer.close()
    path = only_segment(writer)
    second, third = (read_segment(path, limit=many).offset for many in (1, 2))
    end = read_segment(path).offset
    content = bytearray(path.read_bytes())
    content[second + 40] ^= 1
    content[end : end + 3] = b"abc"
    path.write_bytes(content)
    document = run("clicks", "inspect", str(path), "--json").json
    assert [record["link_id"] for record in document["records"]] == [0, 2, 3, 4]
    assert [record["offset"] for record in document["records"]][:2] == [64, third]
    assert document["damaged"] == [{"offset": second, "bytes": third - second, "records": 1}]
    assert document["end"] == {"offset": end, "kind": "torn", "bytes": 3}
    lines = run("clicks", "inspect", str(path)).stdout.splitlines()
    assert f"{second}\tdamaged: {third - second} bytes, in which 1 records stood" in lines
    assert lines[-1].startswith(f"{end}\t3 bytes follow that are no record")


def test_a_segment_that_was_cut_is_printed_up_to_the_cut(run: Run, writer: JournalWriter) -> None:
    writer.append(click(1))
    writer.append(click(2))
    writer.close()
    path = only_segment(writer)
    path.write_bytes(path.read_bytes()[: read_segment(path).offset - 5])
    document = run("clicks", "inspect", str(path), "--json").json
    assert ([record["link_id"] for record in document["records"]], document["end"]["kind"]) == ([1], "torn")


def test_what_was_set_aside_is_printed_where_it_is_sound(run: Run, folder: Path) -> None:
    unknown, damaged, hopeless = (folder / name for name in ("u-64.unknown-link", "u-64.damaged", "u-99.damaged"))
    unknown.write_bytes(frame(click(1)) + frame(click(2)))
    damaged.write_bytes(b"rubbish" + frame(click(3)) + frame(click(4))[:50])
    hopeless.write_bytes(b"rubbish")
    document = run("clicks", "inspect", str(unknown), "--json").json
    assert [record["link_id"] for record in document["records"]] == [1, 2]
    assert (document["uuid"], "does not begin like one" in document["problem"]) == (None, True)
    document = run("clicks", "inspect", str(damaged), "--json").json
    assert [record["link_id"] for record in document["records"]] == [3]
    assert (document["damaged"][0]["bytes"], document["end"]["bytes"]) == (7, 50)
    document = run("clicks", "inspect", str(hopeless), "--json").json
    assert (document["records"], document["end"]) == ([], {"offset": 0, "kind": "torn", "bytes": 7})
    assert "header    none." in run("clicks", "inspect", str(hopeless)).stdout


def test_a_whole_segment_with_a_damaged_header_still_shows_its_clicks(run: Run, writer: JournalWriter) -> None:
    writer.append(click(5))
    writer.close()
    path = only_segment(writer)
    path.write_bytes(b"\0" * 64 + path.read_bytes()[64:])
    document = run("clicks", "inspect", str(path), "--json").json
    assert [record["link_id"] for record in document["records"]] == [5]


def test_what_a_reader_called_itself_cannot_reach_the_terminal(run: Run, writer: JournalWriter) -> None:
    writer.append(click(agent="x\x1b[2Jy\nz\ud800é"))
    line = run("clicks", "inspect", str(only_segment(writer))).stdout.splitlines()[-2]
    assert line.split("\t")[8] == "x\\x1b[2Jy\\nz?é"


def test_how_far_the_database_has_it_is_said(run: Run, writer: JournalWriter) -> None:
    run("db", "upgrade")
    writer.append(click(1))
    path = only_segment(writer)
    assert run("clicks", "load", "--json").json == {"loaded": 0, "set_aside": 1}
    assert run("clicks", "inspect", str(path), "--json").json["loaded_up_to"] == read_segment(path).offset


@pytest.mark.parametrize("content", [b"", b"a letter", b"x" * 5000])
def test_a_file_that_is_no_segment_is_refused(content: bytes, run: Run, folder: Path) -> None:
    (folder / "letter.txt").write_bytes(content)
    answer = run("clicks", "inspect", "letter.txt", code=1)
    assert "letter.txt is no click segment" in answer.stderr
    assert answer.stdout == ""
    assert not (folder / "data").exists()


def test_folders_and_missing_files_are_refused(run: Run, folder: Path) -> None:
    assert "is a folder; name one file of it" in run("clicks", "inspect", str(folder), code=1).stderr
    assert "No such file" in run("clicks", "inspect", "nowhere.clicks", code=1).stderr


def test_a_segment_that_is_loaded_and_gone_meanwhile_is_said_to_be(writer: JournalWriter) -> None:
    writer.append(click(1))
    file = look_into(only_segment(writer))
    file.path.unlink()
    with pytest.raises(InvalidInput, match="the loader has loaded it"):
        list(walk(file, limit=10))
