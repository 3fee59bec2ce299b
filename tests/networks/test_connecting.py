"""Where no request of ours may go, block by block of IANA's registries, and how a host with several addresses is reached."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
import requests

from affiliate.disclosure.browser.guard import guarded_door
from affiliate.errors import BlockedAddress
from affiliate.networks.connecting import Address, connect, is_public
from affiliate.networks.http import PoliteClient
from affiliate.redirect.countries import open_countries

# IANA's registries of special-purpose addresses, entry by entry (read 2026-11), multicast, and IPv6 outside global unicast.
NOT_PUBLIC = (
    *("0.0.0.0/8", "0.0.0.0/32", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
    *(
        "192.0.0.0/24",
        "192.0.0.0/29",
        "192.0.0.8/32",
        "192.0.0.9/32",
        "192.0.0.10/32",
        "192.0.0.170/31",
        "192.0.0.192/32",
    ),
    *("192.0.2.0/24", "192.88.99.0/24", "192.88.99.2/32", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
    *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "255.255.255.255/32"),
    *("::/128", "::1/128", "::/96", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23", "2001::/32"),
    *(
        "2001:1::1/128",
        "2001:1::2/128",
        "2001:1::3/128",
        "2001:2::/48",
        "2001:3::/32",
        "2001:4:112::/48",
        "2001:10::/28",
    ),
    *("2001:20::/28", "2001:30::/28", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10"),
    *("fec0::/10", "ff00::/8", "4000::/3", "8000::/3", "e000::/4"),
)
# The outermost blocks that lie within what is public: the address before and the one after are public.
BOUNDED = (
    *("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24"),
    *("192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
    *("2001::/23", "2001:db8::/32", "3fff::/20"),
)
PUBLIC = (
    *("1.0.0.0", "93.184.215.14", "192.31.196.1", "192.52.193.1", "192.175.48.1", "223.255.255.255"),
    *("2000::", "2001:200::", "2003::", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "2620:4f:8000::1"),
    *(
        "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "::ffff:93.184.215.14",
        "64:ff9b::5db8:d70e",
        "2606:2800::5efe:5db8:d70e",
    ),
)


def hidden(address: Address) -> list[str]:
    """An IPv4 address as IPv6 can carry it: mapped, compatible, NAT64, local NAT64, 6to4, Teredo, ISATAP."""
    number = int(address)
    high, low = number >> 16, number & 0xFFFF
    carried = [
        f"{prefix}{high:x}:{low:x}" for prefix in ("::ffff:", "::", "64:ff9b::", "64:ff9b:1::", "2606:2800::5efe:")
    ]
    carried.append(f"2606:2800::200:5efe:{high:x}:{low:x}")
    return [*carried, f"2002:{high:x}:{low:x}::1", f"2001:0:4136:e378:8000:63bf:{high ^ 0xFFFF:x}:{low ^ 0xFFFF:x}"]


@pytest.mark.parametrize("block", NOT_PUBLIC)
def test_no_address_of_a_special_block_is_public_from_its_first_to_its_last(block: str) -> None:
    for address in (ip_network(block)[0], ip_network(block)[-1]):
        assert not is_public(address, 443), address
        for carrier in hidden(address) if address.version == 4 else ():
            assert not is_public(ip_address(carrier), 443), carrier


@pytest.mark.parametrize("block", BOUNDED)
def test_the_neighbours_of_a_special_block_are_public(block: str) -> None:
    before, after = ip_network(block)[0] - 1, ip_network(block)[-1] + 1
    assert [address for address in (before, after) if not is_public(address, 443)] == []


def test_global_unicast_ends_where_the_registry_says() -> None:
    assert not is_public(ip_address("1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), 443)
    assert not is_public(ip_address("4000::"), 443)
    assert not is_public(ip_address("224.0.0.0"), 443)
    assert not is_public(ip_address("0.255.255.255"), 443)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_public_on_web_ports_only(address: str) -> None:
    assert is_public(ip_address(address), 443)
    assert is_public(ip_address(address), 80)
    assert not any(is_public(ip_address(address), port) for port in (0, 22, 25, 6379, 8080, 8443))


def test_what_is_no_public_address_has_no_country() -> None:
    country_of = open_countries("")
    assert [block for block in NOT_PUBLIC if country_of(str(ip_network(block)[0]))] == []


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"inside")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server at 127.0.0.1; nobody listens at the other addresses of this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Gives the name shop.example addresses; real ones answer for everything else."""
    real = socket.getaddrinfo

    def name(*addresses: str) -> None:
        def answer(host: Any, at: Any, *rest: Any, **more: Any) -> list[Any]:
            if host != "shop.example":
                return real(host, at, *rest, **more)
            return [found for address in addresses for found in real(address, at, *rest, **more)]

        monkeypatch.setattr(socket, "getaddrinfo", answer)

    return name


def by_client(port: int, may_connect: Callable[[Address, int], bool]) -> bytes:
    return PoliteClient(may_connect=may_connect).get(f"http://shop.example:{port}/").content


def by_browser(port: int, may_connect: Callable[[Address, int], bool]) -> bytes:
    """As Chromium asks: through the proxy, in the open."""
    with door(may_connect) as session:
        answer = session.get(f"http://shop.example:{port}/", timeout=10)
    if answer.status_code == 403:
        raise BlockedAddress("shop.example")
    return answer.content


def by_tunnel(port: int, may_connect: Callable[[Address, int], bool]) -> bytes:
    """As Chromium asks for https: through a tunnel of the proxy."""
    with guarded_door(may_connect) as address, socket.create_connection(_place(address), 10) as tunnel:
        tunnel.sendall(b"CONNECT shop.example:%d HTTP/1.1\r\n\r\n" % port)
        if b" 200 " not in tunnel.recv(4096):
            raise BlockedAddress("shop.example")
        tunnel.sendall(b"GET / HTTP/1.0\r\n\r\n")
        return b"".join(iter(lambda: tunnel.recv(4096), b"")).rpartition(b"\r\n\r\n")[2]


@contextmanager
def door(may_connect: Callable[[Address, int], bool]) -> Iterator[requests.Session]:
    with guarded_door(may_connect) as address, requests.Session() as session:
        session.trust_env = False
        session.proxies = {"http": address}
        yield session


def _place(address: str) -> tuple[str, int]:
    host, _, port = address.removeprefix("http://").partition(":")
    return host, int(port)


WAYS = pytest.mark.parametrize("ask", [by_client, by_browser, by_tunnel])


@WAYS
def test_a_host_whose_first_addresses_are_dead_is_reached_at_a_living_one(
    ask: Callable[..., bytes], port: int, named: Callable[..., None]
) -> None:
    named("::1", "127.0.0.1")
    assert ask(port, lambda _address, _port: True) == b"inside"


@WAYS
def test_a_host_with_one_address_that_is_refused_is_not_connected_to_at_all(
    ask: Callable[..., bytes], port: int, named: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    named("127.0.0.1", "::1")
    reached: list[str] = []
    real = socket.create_connection

    def connecting(place: Any, *rest: Any, **more: Any) -> socket.socket:
        if place[1] == port:
            reached.append(place[0])
        return real(place, *rest, **more)

    monkeypatch.setattr(socket, "create_connection", connecting)
    with pytest.raises(BlockedAddress):
        ask(port, lambda address, _port: str(address) != "::1")
    assert reached == []


def test_addresses_that_never_answer_share_the_time_and_are_all_named(
    named: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    named("127.0.0.2", "127.0.0.3", "127.0.0.4")
    given: list[float] = []

    def silent(_place: Any, timeout: float) -> socket.socket:
        given.append(timeout)
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket, "create_connection", silent)
    with pytest.raises(TimeoutError, match=r"127\.0\.0\.2: timed out; 127\.0\.0\.3: timed out; 127\.0\.0\.4"):
        connect("shop.example", 80, lambda _address, _port: True, seconds=9)
    assert 2.5 < given[0] <= 3  # a third; nothing was used up, so the last may take all that is left
    assert given == sorted(given)


def test_a_host_that_refuses_at_every_address_is_told_with_each_of_them(named: Callable[..., None]) -> None:
    named("127.0.0.1", "::1")
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))  # and never listens
        with pytest.raises(OSError, match=r"shop\.example .*127\.0\.0\.1: .*refused; ::1: "):
            connect("shop.example", reserved.getsockname()[1], lambda _address, _port: True, seconds=5)
