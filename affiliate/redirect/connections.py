"""Ending the connection of a client that stopped sending.

granian reads a WSGI request's body by waiting for it, and neither lets go of that wait nor tells which connection a request
came by; answering while it waits would stop the whole process. So the reading side of the connection is closed, which ends
the wait. It is known by what the kernel tells of each connection (tcp_info, linux/tcp.h): it is this client's, nothing was
sent to it since the request began, and hardly anything came. Linux; elsewhere nothing is ended.
"""

import os
import socket
import struct
import sys
from collections.abc import Iterator
from typing import NamedTuple

from affiliate.redirect.addresses import packed

_TCP_INFO = struct.Struct("=44xI80xQ")  # tcpi_last_data_sent (ms ago), tcpi_bytes_received
_ROUGHLY_SECONDS = 0.5


class _Connection(NamedTuple):
    """Of a client: its port; for how long nothing was sent to it; what was received from it in all."""

    socket: socket.socket
    port: int
    unsent_seconds: float
    received: int


def received_from(address: str) -> dict[int, int]:
    """What was received so far by each of a client's connections, by the client's port."""
    return {one.port: one.received for one in _connections(address)}


def end_stalled(address: str, before: dict[int, int], *, seconds: float, at_most: int) -> None:
    """Closes the reading side of the client's connections that are in `before`, were sent nothing for so many seconds, and have
    received no more bytes than that since. Whoever asks sees to it that no answer to this client has been under way for so
    long: its connection looks the same. One without a request under way is just closed."""
    for one in _connections(address):
        waited = one.unsent_seconds >= seconds - _ROUGHLY_SECONDS
        if waited and one.port in before and one.received - before[one.port] <= at_most:
            one.socket.shutdown(socket.SHUT_RD)


def _connections(address: str) -> Iterator[_Connection]:
    """Each is open until the next one is asked for."""
    wanted = packed(address)
    if not wanted or sys.platform != "linux":
        return
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - numbers, not paths
        duplicate = _duplicate(int(name))
        if duplicate is None:
            continue
        with duplicate:
            try:
                peer = duplicate.getpeername()
                info = duplicate.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO.size)
                unsent_ms, received = _TCP_INFO.unpack(info)
            except (OSError, struct.error):  # it is closed, or no connection
                continue
            if isinstance(peer, tuple) and packed(peer[0]) == wanted:
                yield _Connection(duplicate, peer[1], unsent_ms / 1000, received)


def _duplicate(descriptor: int) -> socket.socket | None:
    """A socket under a descriptor of its own; None for what is none, or was closed meanwhile.

    A file must never be duplicated and closed: closing any descriptor of a file ends all locks that this process holds on it,
    and SQLite relies on its locks (sqlite.org/howtocorrupt.html, 2.2).
    """
    try:
        if not os.readlink(f"/proc/self/fd/{descriptor}").startswith("socket:"):  # noqa: PTH115 - no path
            return None
        duplicate = os.dup(descriptor)
    except OSError:
        return None
    try:
        return socket.socket(fileno=duplicate)
    except OSError:  # the descriptor became a file's between the two calls: it stays open, for the reason above
        return None
