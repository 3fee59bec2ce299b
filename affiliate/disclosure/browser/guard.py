"""A proxy of our own between Chromium and the world: every request of a page passes it, also those of its workers, its
sockets and its redirects. It connects as all requests of ours do, see networks/connecting.py."""

import contextlib
import select
import socket
import threading
import time
from collections.abc import Iterator
from socketserver import StreamRequestHandler, ThreadingTCPServer
from urllib.parse import urlsplit

from affiliate.errors import BlockedAddress
from affiliate.networks.connecting import MayConnect, connect

_LONGEST_HEAD = 65_536  # bytes; Chromium's largest request heads are a quarter of it
_SECONDS = 30  # of a connection without a byte
_CONNECTED_WITHIN = 10.0  # seconds, for all addresses of a name
_REFUSED, _NOBODY = b"403 Forbidden", b"502 Bad Gateway"
_HOP = ("proxy-connection:", "connection:", "proxy-authorization:")


@contextlib.contextmanager
def closed_door() -> Iterator[str]:
    """The address of a proxy that answers nothing: what goes there fails at once."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))  # never listens: whoever connects is refused by the system
        yield f"http://127.0.0.1:{reserved.getsockname()[1]}"


@contextlib.contextmanager
def guarded_door(may_connect: MayConnect) -> Iterator[str]:
    """The address of a proxy that connects to what `may_connect` allows. Ends its connections with it."""
    with _Door(("127.0.0.1", 0), _Passage) as door:
        door.may_connect = may_connect
        thread = threading.Thread(target=door.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{door.server_address[1]}"
        finally:
            door.is_closing.set()
            door.shutdown()
            thread.join()


class _Door(ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 64
    may_connect: MayConnect

    def __init__(self, *args: object) -> None:
        self.is_closing = threading.Event()
        super().__init__(*args)  # type: ignore[arg-type]

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that breaks off is none of our business."""


class _Passage(StreamRequestHandler):
    server: _Door
    timeout = _SECONDS

    def handle(self) -> None:
        first = self.rfile.readline(_LONGEST_HEAD).split()
        lines = list(self._head())
        if len(first) != 3:
            return
        method, target, version = first
        host, port, path = _aim(method, target)
        try:
            upstream = connect(host, port, self.server.may_connect, seconds=_CONNECTED_WITHIN)
        except (BlockedAddress, OSError, ValueError) as problem:
            status = _REFUSED if isinstance(problem, BlockedAddress) else _NOBODY
            self.wfile.write(b"HTTP/1.1 %b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % status)
            return
        with upstream:
            if method == b"CONNECT":
                self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:  # one request a connection: the next may be for another host
                kept = [line for line in lines if not line.lower().startswith(tuple(name.encode() for name in _HOP))]
                head = [b" ".join((method, path, version)), *kept, b"Connection: close", b"", b""]
                upstream.sendall(b"\r\n".join(head))
            self._pass(upstream)

    def _head(self) -> Iterator[bytes]:
        size = 0
        while (line := self.rfile.readline(_LONGEST_HEAD).rstrip(b"\r\n")) and size < _LONGEST_HEAD:
            size += len(line)
            yield line

    def _pass(self, upstream: socket.socket) -> None:
        pairs = {self.connection: upstream, upstream: self.connection}
        buffered = self.rfile.peek(1) if select.select([self.connection], [], [], 0)[0] else b""  # type: ignore[attr-defined]
        if buffered:
            upstream.sendall(self.rfile.read(len(buffered)))
        silent_since = time.monotonic()
        while not self.server.is_closing.is_set() and time.monotonic() - silent_since < _SECONDS:
            for ready in select.select(list(pairs), [], [], 0.5)[0]:
                data = ready.recv(65_536)
                if not data:
                    return
                pairs[ready].sendall(data)
                silent_since = time.monotonic()


def _aim(method: bytes, target: bytes) -> tuple[str, int, bytes]:
    """Host, port and path that a proxy's request line names; an unreadable one aims at nothing."""
    text = target.decode("latin-1")
    try:
        parts = urlsplit(f"//{text}" if method == b"CONNECT" else text)
        port = parts.port or 80
    except ValueError:
        return "", 0, b"/"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.hostname or "", port, path.encode("latin-1")
