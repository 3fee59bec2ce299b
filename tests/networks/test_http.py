"""The one HTTP client, against a real server on localhost."""

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from affiliate.errors import BlockedAddress, InvalidUrl, Unreachable
from affiliate.networks.connecting import Address
from affiliate.networks.http import PoliteClient


@pytest.fixture(scope="module")
def running() -> Iterator[HTTPServer]:
    with HTTPServer(host="127.0.0.1") as server:
        yield server


@pytest.fixture
def server(running: HTTPServer) -> HTTPServer:
    running.clear()
    return running


def on_loopback(address: Address, port: int) -> bool:
    return address.is_loopback


def client(**changes: Any) -> PoliteClient:
    return PoliteClient(may_connect=on_loopback, **changes)


def test_a_page_is_read_with_a_user_agent_that_says_who_asks(server: HTTPServer) -> None:
    server.expect_request("/p").respond_with_data("größe".encode("cp1252"), content_type="text/html; charset=cp1252")
    page = client().get(server.url_for("/p"))
    assert (page.status, page.text, page.url) == (200, "größe", server.url_for("/p"))
    assert server.log[0][0].headers["User-Agent"].startswith("Affiliate/")


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "[::1]", "2130706433", "2130706433.", "127.1", "0x7f.1", "0x7f.0.0.1", "017700000001", "0"),
        *("１２７.０.０.１", "127。0。0。1", "%31%32%37.0.0.1", "localhost", "LOCALHOST.", "169.254.169.254"),
        *("[::ffff:127.0.0.1]", "[::127.0.0.1]", "[::a9fe:a9fe]", "[fe80::1%25eth0]", "[fe80::1%eth0]", "192.0.0.192"),
    ],
)
def test_a_private_address_is_never_connected_to_however_it_is_written(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected: list[object] = []
    monkeypatch.setattr(socket, "create_connection", lambda place, *_: connected.append(place))
    with pytest.raises((BlockedAddress, InvalidUrl, Unreachable)):
        PoliteClient().get(f"http://{host}/")
    assert connected == []


def test_a_name_with_one_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(*_: object, **__: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 80)) for ip in ("93.184.215.14", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    with pytest.raises(BlockedAddress, match=r"shop\.example"):
        PoliteClient().get("http://shop.example/")


def test_a_name_that_changes_its_address_gains_nothing(server: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the first answer is judged and used; a second one is never asked for."""
    server.expect_request("/").respond_with_data("inside")
    real, asked = socket.getaddrinfo, []

    def rebind(host: str, *rest: Any, **named: Any) -> Any:
        if host != "rebind.example":
            return real(host, *rest, **named)
        asked.append(host)
        return real("127.0.0.1" if len(asked) == 1 else "127.0.0.2", *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", rebind)
    judged: list[str] = []

    def remember(address: Address, port: int) -> bool:
        judged.append(str(address))
        return True

    page = PoliteClient(may_connect=remember).get(f"http://rebind.example:{server.port}/")
    assert page.content == b"inside"
    assert (asked, judged) == (["rebind.example"], ["127.0.0.1"])


def test_a_redirect_is_followed_and_told(server: HTTPServer) -> None:
    server.expect_request("/a").respond_with_response(Response(status=301, headers={"Location": "b?x=1"}))
    server.expect_request("/b").respond_with_data("there")
    page = client().get(server.url_for("/a"))
    assert (page.url, page.content) == (server.url_for("/b?x=1"), b"there")


def test_a_redirect_into_our_network_is_refused(server: HTTPServer) -> None:
    server.expect_request("/a").respond_with_response(
        Response(status=302, headers={"Location": "http://169.254.169.254/"})
    )
    with pytest.raises(BlockedAddress, match=r"169\.254\.169\.254"):
        client().get(server.url_for("/a"))


@pytest.mark.parametrize("location", ["file:///etc/passwd", "javascript:alert(1)", "ftp://shop.example/"])
def test_a_redirect_to_another_scheme_is_refused(server: HTTPServer, location: str) -> None:
    server.expect_request("/a").respond_with_response(Response(status=302, headers={"Location": location}))
    with pytest.raises(Unreachable, match="redirects to an address that cannot be used"):
        client().get(server.url_for("/a"))


def test_a_redirect_without_end_is_given_up(server: HTTPServer) -> None:
    server.expect_request("/a").respond_with_response(Response(status=302, headers={"Location": "/a"}))
    with pytest.raises(Unreachable, match="more than 2 times"):
        client(redirects=2).get(server.url_for("/a"))
    assert len(server.log) == 3


def test_a_token_is_not_carried_to_another_host(server: HTTPServer) -> None:
    with HTTPServer(host="127.0.0.1") as other:
        other.expect_request("/b").respond_with_data("ok")
        server.expect_request("/a").respond_with_response(
            Response(status=302, headers={"Location": other.url_for("/b")})
        )
        client().get(server.url_for("/a"), {"Authorization": "Bearer secret"})
        assert server.log[0][0].headers["Authorization"] == "Bearer secret"
        assert "Authorization" not in other.log[0][0].headers


def test_a_page_beyond_the_cap_is_refused_also_when_compressed(server: HTTPServer) -> None:
    server.expect_request("/big").respond_with_data(b"x" * 2_000)
    packed = gzip.compress(b"x" * 5_000_000)
    server.expect_request("/packed").respond_with_data(packed, headers={"Content-Encoding": "gzip"})
    assert len(packed) < 10_000
    for path in ("/big", "/packed"):
        with pytest.raises(Unreachable, match=r"larger than 1,000 bytes") as refusal:
            client(largest=1_000).get(server.url_for(path))
        assert refusal.value.permanent


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured(server: HTTPServer, status: int) -> None:
    server.expect_ordered_request("/a").respond_with_response(Response(status=status, headers={"Retry-After": "7"}))
    server.expect_ordered_request("/a").respond_with_response(Response(status=status))
    server.expect_ordered_request("/a").respond_with_data("now")
    slept: list[float] = []
    assert client(sleep=slept.append).get(server.url_for("/a")).content == b"now"
    assert slept == [7.0, 2.0]


def test_retry_after_may_be_a_date(server: HTTPServer) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=6), usegmt=True)
    server.expect_ordered_request("/a").respond_with_response(Response(status=503, headers={"Retry-After": later}))
    server.expect_ordered_request("/a").respond_with_data("now")
    slept: list[float] = []
    client(sleep=slept.append).get(server.url_for("/a"))
    assert 3 < slept[0] <= 6


def test_a_wait_that_is_too_long_is_not_waited_for(server: HTTPServer) -> None:
    server.expect_request("/a").respond_with_response(Response(status=429, headers={"Retry-After": "3600"}))
    with pytest.raises(Unreachable, match="429 and asks to come back later") as refusal:
        client().get(server.url_for("/a"))
    assert not refusal.value.permanent
    assert len(server.log) == 1


@pytest.mark.parametrize(("status", "permanent"), [(404, True), (410, True), (500, False), (408, False)])
def test_a_refusal_of_the_server_is_told(server: HTTPServer, status: int, permanent: bool) -> None:
    server.expect_request("/a").respond_with_response(Response(status=status))
    with pytest.raises(Unreachable, match=f"answered {status}") as refusal:
        client().get(server.url_for("/a"))
    assert refusal.value.permanent is permanent


def test_a_silent_server_is_given_up(server: HTTPServer) -> None:
    done = threading.Event()

    def silent(request: Request) -> Response:
        done.wait()
        return Response("late")

    server.expect_request("/a").respond_with_handler(silent)
    try:
        with pytest.raises(Unreachable, match="did not answer in time"):
            client(timeout_seconds=0.2).get(server.url_for("/a"))
    finally:
        done.set()


@pytest.mark.parametrize("part", ["headers", "body"])
def test_a_server_that_sends_a_byte_at_a_time_ends_at_the_deadline(part: str) -> None:
    start = b"HTTP/1.1 200 OK\r\n" + (b"\r\n" if part == "body" else b"")
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(start)
                try:
                    while True:  # until the other side hangs up
                        connection.sendall(b"x")
                        time.sleep(0.05)
                except OSError:
                    return

        thread = threading.Thread(target=drip)
        thread.start()
        with pytest.raises(Unreachable, match=r"longer than 0\.4 seconds"):
            client(deadline_seconds=0.4).get(f"http://127.0.0.1:{listening.getsockname()[1]}/")
        thread.join()


def test_nobody_listening_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(Unreachable, match="no connection could be made"):
        client().get(f"http://127.0.0.1:{port}/")


def test_a_proxy_of_the_machine_is_not_used(server: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    server.expect_request("/").respond_with_data("direct")
    assert client().get(server.url_for("/")).content == b"direct"
