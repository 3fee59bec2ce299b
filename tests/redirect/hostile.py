"""Requests that no browser sends, as the bytes that go over the wire."""

import contextlib
import re
import select
import socket
from collections.abc import Mapping

from tests.waiting import PATIENCE

STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
LOCATION = re.compile(rb"\r\nlocation: ?([^\r\n]*)", re.IGNORECASE)


def request(
    target: bytes = b"/go/{}",
    *lines: bytes,
    method: bytes = b"GET",
    host: bytes | None = b"mag.example",
    body: bytes = b"",
) -> bytes:
    head = [method + b" " + target + b" HTTP/1.1", *lines]
    if host is not None:
        head.insert(1, b"Host: " + host)
    return b"\r\n".join([*head, b"Connection: close", b"", body])


def sent(address: tuple[str, int], raw: bytes) -> bytes:
    """What the server says to these bytes, until it hangs up; b"" where it hangs up at once. Who waits for more than
    comes is told after two seconds that there is no more."""
    answer = b""
    with socket.create_connection(address, timeout=PATIENCE) as connection, contextlib.suppress(OSError):
        connection.sendall(raw)
        waiting = select.poll()  # takes descriptors above 1,023 too
        waiting.register(connection, select.POLLIN)
        if not waiting.poll(2_000):
            connection.shutdown(socket.SHUT_WR)
        while part := connection.recv(65_536):
            answer += part
    return answer


def status_of(answer: bytes) -> int:
    """0 where there was no answer."""
    found = STATUS.match(answer)
    return int(found[1]) if found else 0


def location_of(answer: bytes) -> str:
    found = LOCATION.search(answer.partition(b"\r\n\r\n")[0])
    return found[1].decode("latin-1") if found else ""


def lies(*values: bytes) -> tuple[bytes, ...]:
    return tuple(b"X-Forwarded-For: " + value for value in values)


def hostile(slug: str, token: str) -> Mapping[str, bytes]:
    """By what is wrong with them. `slug` is a live link's, `token` a placement's."""
    live, place = b"/go/" + slug.encode(), token.encode()
    wrong = place[:-1] + (b"0" if not place.endswith(b"0") else b"1")
    big = b"x" * 64_000
    return {
        "a line break in the path": request(live + b"%0d%0aLocation:%20https://evil.example/"),
        "a raw line break in the path": request(live + b"\r\nLocation: https://evil.example/"),
        "a bare line feed in the path": request(live + b"\nLocation: https://evil.example/"),
        "a line break in a token": request(live + b"/-" + place + b"%0d%0a"),
        "a line break in a header": request(live, b"Referer: https://a.example/\r\n Location: https://evil.example/"),
        "NUL in the path": request(live + b"%00"),
        "a raw NUL in the path": request(live + b"\0"),
        "NUL in a header": request(live, b"User-Agent: a\0b"),
        "a path of 2,001 characters": request(b"/go/" + b"x" * 1_997),
        "a path of 60,000 characters": request(b"/go/" + big[:60_000]),
        "a path that is no UTF-8": request(b"/go/%ff%fe%c0%af"),
        "raw bytes in the path": request(b"/go/\xff\xfe\xc0\xaf"),
        "half a surrogate in the path": request(b"/go/%ed%a0%80"),
        "half an escape": request(live + b"%"),
        "an escape that is none": request(live + b"%zz"),
        "an escape twice over": request(b"/go/%2564ress"),
        "dot segments": request(b"/go/../go/./" + slug.encode()),
        "escaped dot segments": request(b"/go/%2e%2e/%2e%2e/etc/passwd"),
        "backslashes": request(b"/go\\..\\login"),
        "a target in absolute form": request(b"http://evil.example" + live),
        "a target in absolute form of another scheme": request(b"gopher://evil.example" + live),
        "a target in authority form": request(b"evil.example:443", method=b"CONNECT"),
        "a target of an asterisk": request(b"*", method=b"OPTIONS"),
        "a target of two slashes": request(b"//evil.example" + live),
        "an address as the path": request(b"/go/https://evil.example/"),
        "a target in the query": request(live + b"?url=https://evil.example/&u1=x#y"),
        "an almost valid token": request(live + b"/-" + wrong),
        "a token in capitals": request(live + b"/-" + place.upper()),
        "a token twice": request(live + b"/-" + place + b"/-" + place),
        "a token without a link": request(b"/go/-" + place),
        "a header of 64 kB": request(live, b"X-Much: " + big),
        "a user agent of 64 kB": request(live, b"User-Agent: " + big),
        "a referrer of 64 kB": request(live, b"Referer: https://evil.example/" + big),
        "cookies of 64 kB": request(live, b"Cookie: affiliate=" + big),
        "a hundred headers": request(live, *(b"X-%d: y" % number for number in range(99))),
        "headers that are no text": request(live, b"User-Agent: \xff\xfe\xed\xa0\x80", b"Referer: http://\xff/\xfe"),
        "forwarded for IPv6": request(live, *lies(b"2001:db8::1, [2001:db8::2]:443")),
        "forwarded for rubbish": request(live, *lies(b"unknown", b"_hidden, 1.2.3.4.5, ::::, %00, \xff")),
        "forwarded by 10,000": request(live, *lies(b"1.1.1.1," * 10_000 + b"127.0.0.1")),
        "forwarded by 5,000 of ours": request(live, *lies(b"127.0.0.1," * 5_000)),
        "a host with a port": request(live, host=b"mag.example:65536"),
        "a host with blanks": request(live, host=b" mag . example "),
        "a host of odd bytes": request(live, host=b"\xff\xfe'\"<>"),
        "an empty host": request(live, host=b""),
        "no host": request(live, host=None),
        "a host in brackets": request(live, host=b"[::1"),
        "two hosts": request(live, b"Host: evil.example"),
        "a host of 64 kB": request(live, host=big),
        "every header twice": request(live, *[b"User-Agent: a", b"Referer: http://a/", b"DNT: 1", b"Sec-GPC: 1"] * 2),
        "a method in lower case": request(live, method=b"get"),
        "a method of its own": request(live, method=b"DROP"),
        "a method of odd bytes": request(live, method=b"G\xcbT"),
        "an empty method": request(live, method=b""),
        "a body with a GET": request(live, b"Content-Length: 5", body=b"hello"),
        "two lengths": request(live, b"Content-Length: 5", b"Content-Length: 6", body=b"hello"),
        "a length that is none": request(live, b"Content-Length: -1"),
        "a length and chunks": request(live, b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
        "a beacon with a body of 5 MB": request(
            b"/go/-" + live, b"Content-Length: 5000000", method=b"POST", body=b"x" * 5_000_000
        ),
        "a beacon whose body does not come": request(b"/go/-" + live, b"Content-Length: 50", method=b"POST"),
        "a beacon in broken chunks": request(
            b"/go/-" + live, b"Transfer-Encoding: chunked", method=b"POST", body=b"zz\r\nrubbish"
        ),
        "a beacon of a beacon": request(b"/go/-/go/-" + live, method=b"POST"),
        "a beacon of a page": request(b"/go/-/login", method=b"POST"),
        "a beacon of nothing": request(b"/go/-/", method=b"POST"),
        "a beacon of dots": request(b"/go/-/../../go/x", method=b"POST"),
        "no HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 rubbish\r\n\r\n",
        "HTTP of another time": b"GET " + live + b" HTTP/9.9\r\nHost: mag.example\r\n\r\n",
        "half a request": b"GET " + live + b" HT",
    }
