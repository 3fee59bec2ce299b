"""Calls to networks' APIs, against a real server on localhost."""

import gzip
import logging
import socket
import threading
import time
import traceback
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from affiliate.errors import BlockedAddress, Unreachable
from affiliate.networks.asking.calls import ApiClient
from affiliate.networks.connecting import Address

TOKEN = "t0p-secret+token/with=odd&letters"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def running() -> Iterator[HTTPServer]:
    with HTTPServer(host="127.0.0.1") as server:
        yield server


@pytest.fixture
def server(running: HTTPServer) -> HTTPServer:
    running.clear()
    return running


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def client(waits: list[float]) -> ApiClient:
    return patient(waits)


def patient(waits: list[float], **changes: Any) -> ApiClient:
    """A client that notes how long it would have waited."""
    return ApiClient(secrets=(TOKEN,), may_connect=on_loopback, sleep=waits.append, **changes)


def on_loopback(address: Address, port: int) -> bool:
    return address.is_loopback


def refuse(server: HTTPServer, *answers: Response) -> None:
    """Answers so, one after the other, then well."""
    for answer in answers:
        server.expect_ordered_request("/a").respond_with_response(answer)
    server.expect_ordered_request("/a").respond_with_data("[]")


def test_what_is_asked_arrives_with_its_credentials_and_our_name(server: HTTPServer, client: ApiClient) -> None:
    server.expect_request("/a", query_string={"day": "2026-11-01"}).respond_with_data("[1]")
    assert client.get(server.url_for("/a"), parameters={"day": "2026-11-01"}, headers=BEARER).content == b"[1]"
    asked = server.log[0][0]
    assert asked.headers["Authorization"] == f"Bearer {TOKEN}"
    assert asked.headers["User-Agent"].startswith("Affiliate/")


def test_json_and_forms_are_posted(server: HTTPServer, client: ApiClient) -> None:
    server.expect_request("/q", method="POST", json={"query": "{}"}).respond_with_data("1")
    server.expect_request("/f", method="POST", data=b"grant_type=x").respond_with_data("2")
    assert client.post(server.url_for("/q"), json={"query": "{}"}).content == b"1"
    assert client.post(server.url_for("/f"), form={"grant_type": "x"}).content == b"2"


@pytest.mark.parametrize("status", [429, 503])
def test_it_comes_back_when_the_network_says(
    server: HTTPServer, client: ApiClient, waits: list[float], status: int
) -> None:
    refuse(server, Response(status=status, headers={"Retry-After": "42"}))
    assert client.get(server.url_for("/a")).content == b"[]"
    assert waits == [42]


def test_the_network_may_name_a_moment(server: HTTPServer, client: ApiClient, waits: list[float]) -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    refuse(server, Response(status=429, headers={"Retry-After": moment}))
    client.get(server.url_for("/a"))
    assert 70 < waits[0] <= 100


def test_a_wait_of_hours_is_not_waited_for(server: HTTPServer, client: ApiClient, waits: list[float]) -> None:
    refuse(server, Response(status=429, headers={"Retry-After": "7200"}))
    with pytest.raises(Unreachable, match=r"answered 429\. It asks to come back at 2") as caught:
        client.get(server.url_for("/a"))
    assert waits == []
    assert caught.value.again_at is not None
    assert abs(caught.value.again_at - datetime.now(UTC) - timedelta(hours=2)) < timedelta(minutes=1)


def test_without_a_word_each_wait_is_twice_the_one_before(
    server: HTTPServer, client: ApiClient, waits: list[float]
) -> None:
    refuse(server, Response(status=500), Response(status=502), Response(status=504))
    client.get(server.url_for("/a"))
    assert waits == [2, 4, 8]


def test_a_limit_by_the_minute_is_waited_out(server: HTTPServer, client: ApiClient, waits: list[float]) -> None:
    refuse(server, Response(status=429), Response(status=429))
    client.get(server.url_for("/a"))
    assert waits == [15, 30]


def test_it_gives_up_in_the_end(server: HTTPServer, client: ApiClient, waits: list[float]) -> None:
    server.expect_request("/a").respond_with_data("upstream away", status=502)
    with pytest.raises(Unreachable, match="answered 502: upstream away") as caught:
        client.get(server.url_for("/a"))
    assert (len(server.log), len(waits), caught.value.permanent) == (5, 4, False)


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refusal_is_not_asked_again(server: HTTPServer, client: ApiClient, waits: list[float], status: int) -> None:
    server.expect_request("/a").respond_with_data('{"error":\n "no such account"}', status=status)
    with pytest.raises(Unreachable, match="no such account") as caught:
        client.get(server.url_for("/a"))
    assert (caught.value.status, caught.value.permanent, waits) == (status, True, [])


def test_an_empty_400_says_what_it_may_mean(server: HTTPServer, client: ApiClient) -> None:
    server.expect_request("/a").respond_with_data("", status=400)
    with pytest.raises(Unreachable, match="answered 400 and not a word, which some networks do where more days"):
        client.get(server.url_for("/a"))


@pytest.mark.parametrize("length", ["Content-Length: 500", "Transfer-Encoding: chunked"])
def test_an_answer_that_breaks_off_is_asked_for_again(client: ApiClient, waits: list[float], length: str) -> None:
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"
    broken = f"HTTP/1.1 200 OK\r\n{length}\r\n\r\n2\r\n[{{\r\n".encode()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            for answer in (broken, whole):
                connection, _ = listening.accept()
                with connection:
                    connection.recv(4096)
                    connection.sendall(answer)

        thread = threading.Thread(target=answer)
        thread.start()
        assert client.get(f"http://127.0.0.1:{listening.getsockname()[1]}/a").content == b"[]"
        thread.join()
    assert waits == [2]


def test_silence_is_not_waited_for_for_ever(server: HTTPServer, waits: list[float]) -> None:
    def slow(_request: Request) -> Response:
        time.sleep(0.5)
        return Response("[]")

    server.expect_request("/a").respond_with_handler(slow)
    with pytest.raises(Unreachable, match="did not answer in time"):
        patient(waits, timeout_seconds=0.1, attempts=2).get(server.url_for("/a"))
    with pytest.raises(Unreachable, match=r"took longer than 0\.1 seconds"):
        patient(waits, deadline_seconds=0.1, attempts=1).get(server.url_for("/a"))


def test_nobody_there_is_tried_again(client: ApiClient, waits: list[float]) -> None:
    with pytest.raises(Unreachable, match="no connection could be made"):
        client.get("http://127.0.0.1:9/a")
    assert waits == [2, 4, 8, 16]


def test_an_answer_may_not_be_larger_than_memory(server: HTTPServer, waits: list[float]) -> None:
    bomb = gzip.compress(bytes(1_000_000))
    server.expect_request("/a").respond_with_data(bomb, headers={"Content-Encoding": "gzip"})
    with pytest.raises(Unreachable, match="larger than 1,000 bytes; ask for fewer days"):
        patient(waits, largest=1000).get(server.url_for("/a"))
    assert waits == []


def test_calls_keep_the_pause_that_the_network_wants(server: HTTPServer, waits: list[float]) -> None:
    server.expect_request("/a").respond_with_data("[]")
    ticks = iter([0.0, 1.0, 10.0])
    client = patient(waits, pause=timedelta(seconds=3), ticks=lambda: next(ticks))
    for _ in range(3):
        client.get(server.url_for("/a"))
    assert waits == [2]


def test_a_redirect_within_the_host_is_followed(server: HTTPServer, client: ApiClient) -> None:
    server.expect_request("/a").respond_with_data("", status=308, headers={"Location": "/a/"})
    server.expect_request("/a/").respond_with_data("[]")
    assert client.get(server.url_for("/a"), headers=BEARER).content == b"[]"
    assert server.log[1][0].headers["Authorization"] == f"Bearer {TOKEN}"


def test_credentials_are_not_taken_to_another_host(server: HTTPServer, client: ApiClient) -> None:
    with HTTPServer(host="127.0.0.1") as other:
        server.expect_request("/a").respond_with_data("", status=302, headers={"Location": other.url_for("/a")})
        with pytest.raises(Unreachable, match="where credentials are not taken"):
            client.get(server.url_for("/a"), headers=BEARER)
        with pytest.raises(Unreachable, match="where credentials are not taken"):
            client.post(server.url_for("/a"), form={"token": TOKEN})
        assert other.log == []


def test_a_private_address_is_not_connected_to_unless_somebody_wrote_it(server: HTTPServer) -> None:
    with pytest.raises(BlockedAddress):
        ApiClient().get(server.url_for("/a"))
    assert ip_address("127.0.0.1").is_loopback
    assert server.log == []


def test_nothing_secret_is_in_what_is_raised_or_logged(
    server: HTTPServer, client: ApiClient, caplog: pytest.LogCaptureFixture
) -> None:
    """The network repeats all that it was sent; then it is away, or no TLS, and the library would quote the address."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # the server's own log is not ours
    password, in_query, in_form = "pass-word", "from-elsewhere", "f0rm+x"
    basic = b64encode(f"account:{password}".encode()).decode()

    def echo(request: Request) -> Response:
        said = [request.url, *request.headers.values(), *request.form.values()]
        if request.authorization and request.authorization.password:
            said.append(request.authorization.password)
        return Response("\n".join(said), status=401)

    server.expect_request("/a").respond_with_handler(echo)
    raised = []
    for address in (server.url_for("/a"), "http://127.0.0.1:9/a", server.url_for("/a").replace("http:", "https:")):
        for headers in (BEARER, {"Authorization": f"Basic {basic}"}):
            with pytest.raises(Unreachable) as caught:
                client.get(address, parameters={"access_token": in_query}, headers=headers)
            raised.append(caught.value)
        with pytest.raises(Unreachable) as caught:
            client.post(address, form={"client_secret": in_form}, headers={"Authorization": f"Basic {basic}"})
        raised.append(caught.value)
    shown = [line for problem in raised for line in traceback.format_exception(problem)]
    text = "\n".join([*shown, caplog.text, repr(client)])
    assert "answered 401" in text
    for secret in (TOKEN, quote(TOKEN), in_query, basic, password, in_form, quote(in_form)):
        assert secret not in text
