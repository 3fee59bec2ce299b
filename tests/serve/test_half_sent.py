"""Clients that send half a request and stop: they are ended, and hold up neither redirects nor pages."""

import contextlib
import socket
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.serve.conftest import Server

MANY = 60
PER_ADDRESS = 6  # server.bodies_per_address
PATIENCE = 120  # seconds until a test gives up on what the server has to do by itself
HEAD = "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
PROXY = "127.0.0.3"
WHOLE = HEAD + "Connection: close\r\nContent-Length: 5\r\n{}\r\na=bcd"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    settings = {
        "AFFILIATE_SERVER__HEAD_SECONDS": "4",
        "AFFILIATE_SERVER__BODY_SECONDS": "4",
        "AFFILIATE_SERVER__TRUSTED_PROXIES": f'["{PROXY}/32"]',
    }
    made = Server(tmp_path, workers=1, settings=settings)
    try:
        made.start()
        yield made
    finally:
        made.stop()


def connect(server: Server, text: str, source: str = "127.0.0.1") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), PATIENCE, (source, 0))
    connection.sendall(text.encode())
    return connection


def end_of(connection: socket.socket) -> str:
    """The status code of what came until the server ended the connection; "" where nothing came."""
    came = b""
    with contextlib.suppress(ConnectionResetError):
        while some := connection.recv(65_536):
            came += some
    connection.close()
    return came.decode("latin-1").partition(" ")[2][:3]


def ask(server: Server, path: str, source: str) -> str:
    return end_of(connect(server, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", source))


def post(server: Server, source: str, more: str = "") -> str:
    return end_of(connect(server, WHOLE.format(more), source))


def assert_everybody_is_answered(server: Server) -> None:
    for source in ("127.0.0.1", "127.0.0.2"):
        answers = [ask(server, path, source) for path in ("/healthz", server.paths[0], "/login")]
        assert answers == ["200", "302", "200"], source


def ends(connections: Sequence[socket.socket]) -> Counter[str]:
    return Counter(map(end_of, connections))


def test_half_sent_requests_are_ended_and_hold_up_nobody(server: Server) -> None:
    refused = post(server, "127.0.0.2")  # without the token of a form
    lie = "X-Forwarded-For: 198.51.100.{}\r\n"  # from nobody who may say so
    lengths = ["Content-Length: 100\r\n", "Transfer-Encoding: chunked\r\n"]
    bodies = [
        connect(
            server, HEAD + lengths[number % 2] + lie.format(number) + "\r\n" + ("9\r\na=b" if number % 2 else "a=b")
        )
        for number in range(MANY)
    ]
    assert_everybody_is_answered(server)
    assert post(server, "127.0.0.2") == refused
    heads = [connect(server, HEAD) for _ in range(MANY)]
    assert_everybody_is_answered(server)
    ended = ends(bodies)
    assert ended.keys() == {"408", "429"}
    assert ended["408"] >= PER_ADDRESS
    assert ends(heads).keys() <= {"", "408"}
    assert post(server, "127.0.0.1") == refused
    assert_everybody_is_answered(server)


def test_a_body_that_trickles_is_ended_and_one_that_flows_is_not(server: Server) -> None:
    trickle = connect(server, HEAD + "Content-Length: 100000\r\n\r\n")
    flow = connect(server, HEAD + "Connection: close\r\nContent-Length: 100000\r\n\r\n", "127.0.0.2")
    is_over = threading.Event()

    def send_bytes() -> None:
        with contextlib.suppress(OSError):
            while not is_over.wait(0.1):
                trickle.sendall(b"x")

    trickling = threading.Thread(target=send_bytes)
    trickling.start()
    for _ in range(50):  # in more time than a body without a byte would have
        flow.sendall(b"x" * 2_000)
        is_over.wait(0.1)
    assert end_of(flow) == "400"  # the form's own answer: its token is missing
    assert end_of(trickle) in ("408", "")
    is_over.set()
    trickling.join()


def test_clients_of_a_trusted_proxy_are_told_apart(server: Server) -> None:
    client = "X-Forwarded-For: 198.51.100.{}\r\n"
    refused = post(server, PROXY, client.format(200))
    half = HEAD + "Content-Length: 100\r\n{}\r\na=b"
    others = [connect(server, half.format(client.format(number)), PROXY) for number in range(PER_ADDRESS + 2)]
    assert post(server, PROXY, client.format(200)) == refused
    same = [connect(server, half.format(client.format(200)), PROXY) for _ in range(4)]
    assert ask(server, server.paths[0], PROXY) == "302"
    assert post(server, "127.0.0.2") == "503"  # 12 bodies are being waited for, from all together
    assert ends([*others, *same]) == {"408": PER_ADDRESS + 6}
    assert post(server, "127.0.0.2") == refused
