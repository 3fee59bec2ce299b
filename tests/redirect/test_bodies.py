import fcntl
import socket
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

import pytest

from affiliate.redirect import connections
from affiliate.redirect.bodies import Bodies

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

PEER = "203.0.113.9"


def bodies(*, seconds: float = 60, largest: int = 100_000) -> Bodies:
    return Bodies(client_of=lambda peer, _: peer, seconds=seconds, at_once=4, per_client=2, largest=largest)


def request(content: bytes, **more: str) -> "WSGIEnvironment":
    return {"wsgi.input": BytesIO(content), "REMOTE_ADDR": PEER, **more}


@pytest.mark.parametrize("size", [1, 8_192, 50_000])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_arrives_whole_and_says_its_length(size: int, is_chunked: bool) -> None:
    asked = request(
        b"x" * size, **({"HTTP_TRANSFER_ENCODING": "chunked"} if is_chunked else {"CONTENT_LENGTH": str(size)})
    )
    assert bodies().receive(asked) is None
    assert (asked["wsgi.input"].read(), asked["CONTENT_LENGTH"]) == (b"x" * size, str(size))
    assert "HTTP_TRANSFER_ENCODING" not in asked


def test_a_request_without_a_body_is_left_alone() -> None:
    for more in ({}, {"CONTENT_LENGTH": ""}, {"CONTENT_LENGTH": "0"}):
        asked = request(b"the next request", **more)
        assert bodies().receive(asked) is None
        assert asked["wsgi.input"].tell() == 0


def test_a_body_that_says_that_it_is_too_large_is_not_read_and_one_that_hides_it_is_cut_off() -> None:
    said = request(b"x" * 200_000, CONTENT_LENGTH="200000")
    assert bodies().receive(said) is None
    assert (said["wsgi.input"].read(), said["CONTENT_LENGTH"]) == (b"", "200000")  # so the pages refuse it
    hidden = request(b"x" * 500_000, HTTP_TRANSFER_ENCODING="chunked")
    assert bodies().receive(hidden) is None
    assert 100_000 < int(hidden["CONTENT_LENGTH"]) < 120_000


def test_a_body_that_ends_before_its_end_is_refused() -> None:
    answer = bodies().receive(request(b"half", CONTENT_LENGTH="8"))
    assert answer is not None
    assert answer.status == "400 Bad Request"


class Stalled:
    """A body that comes when the connection is ended."""

    def __init__(self) -> None:
        self.rest: SimpleQueue[bytes] = SimpleQueue()

    def read(self, _size: int) -> bytes:
        return self.rest.get()


def test_nothing_is_ended_while_an_older_answer_to_the_same_peer_is_being_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its connection cannot be told from the one that stalls."""
    received, source, looked = bodies(seconds=0.01), Stalled(), SimpleQueue[str]()
    is_answering = received._is_answering

    def look(peer: str, *, since: float) -> bool:
        found = is_answering(peer, since=since)
        looked.put("answering" if found else "free")
        if found and looked.qsize() == 2:
            page.__exit__(None, None, None)
        return found

    def end_stalled(*_said: object, **_more: object) -> None:
        looked.put("ended")
        source.rest.put(b"")

    monkeypatch.setattr(received, "_is_answering", look)
    monkeypatch.setattr(connections, "end_stalled", end_stalled)
    page = received.answering({"REMOTE_ADDR": PEER})
    page.__enter__()
    answer = received.receive({"wsgi.input": source, "REMOTE_ADDR": PEER, "CONTENT_LENGTH": "8"})
    assert answer is not None
    assert answer.status == "408 Request Timeout"
    assert [looked.get() for _ in range(looked.qsize())] == ["answering", "answering", "free", "ended"]


def test_looking_for_a_connection_leaves_the_locks_on_files_alone(tmp_path: Path) -> None:
    """SQLite's, above all: without them two writers write over each other."""
    path = tmp_path / "database"
    take = f"import fcntl; fcntl.lockf(open({str(path)!r}, 'w'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    with path.open("w") as held, socket.create_server(("127.0.0.1", 0)) as listening:
        fcntl.lockf(held, fcntl.LOCK_EX)
        with socket.create_connection(listening.getsockname()) as client:
            assert list(connections.received_from("127.0.0.1")) == [listening.getsockname()[1]]
            connections.end_stalled("127.0.0.1", {}, seconds=0, at_most=0)
            assert client.getpeername() == listening.getsockname()
        assert (
            "BlockingIOError"
            in subprocess.run([sys.executable, "-c", take], capture_output=True, text=True, check=False).stderr
        )
