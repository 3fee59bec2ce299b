"""The click journal: an append-only spool of segments that the loader empties.

A segment is a file `<nanoseconds>-<uuid>.clicks`: a header of 64 bytes, then records, then zeros up to its full size.
It is allocated whole when it is made (a full disk is an error then, not a SIGBUS later) and written through a memory
map: a click costs no system call and survives kill -9 of the writer, because the pages belong to the kernel. Power loss
can take what the kernel had not yet written back.

The writer holds an exclusive flock for as long as it may write, so a segment whose lock can be had is finished. Every
record carries its length and CRC-32: a torn last record is not a record, a damaged one inside is set aside by finding
the next mark.
"""

import contextlib
import fcntl
import logging
import mmap
import os
import struct
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from affiliate.errors import AffiliateError
from affiliate.redirect.counters import Counters

SUFFIX = ".clicks"
HEADER_BYTES = 64

# What the hop saw. Bits are never reused: journals of an older version may still lie there.
GPC = 1
DNT = 2
PREFETCH = 4
TOKEN_IN_PATH = 8
INTERNAL = 16

_MAGIC = b"affclick"
_VERSION = 1
_HEADER = struct.Struct("<8sHxxxxxx16sQ")  # magic, version, uuid, created (ns)
_MARK = b"\xffck\xfe"  # 0xff and 0xfe never occur in UTF-8, so no text inside a record looks like a mark
_FRAME = struct.Struct("<4sII")  # mark, length of the body, its CRC-32
_FIXED = struct.Struct("<QQHB8s")  # time (ms), link, flags, whether there is a visitor, visitor
_TEXTS = 7
_LIMITS = (
    12,
    2,
    512,
    255,
    1000,
    255,
    40,
)  # characters of token, country, user agent, referrer host, path, host, reason
_LARGEST_BODY = _FIXED.size + 4 * sum(_LIMITS) + _TEXTS
_RETRY_SECONDS = 1.0  # after a failure; until then every click is counted as lost without asking the disk again

log = logging.getLogger(__name__)


class ClickRecord(NamedTuple):
    """One answered GET. `time_ms` is UTC since 1970. `visitor` is eight bytes, or empty where none may be made. Of the
    address there is nothing, of the referrer no query, and its path only where the referrer is ours."""

    time_ms: int
    link_id: int
    flags: int
    visitor: bytes
    token: str
    country: str
    user_agent: str
    referrer_host: str
    referrer_path: str
    host: str
    reason: str


class SegmentUnreadable(AffiliateError):
    """A file in the journal folder whose header is not that of a segment."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(f"{path} is no click segment: {reason}.")


class SetAside(NamedTuple):
    """Bytes of a segment that are no record. `records` is how many marks stood in them, at least 1."""

    offset: int
    content: bytes
    records: int


class SegmentPart(NamedTuple):
    """Records of a segment up to `offset`, which is where to read on. `ended`: nothing but zeros or a torn record
    followed; final only if the writer is gone."""

    records: list[ClickRecord]
    set_aside: list[SetAside]
    offset: int
    ended: bool


class JournalWriter:
    """Appends clicks for one process; threads may share it. The first click makes a segment.

    A segment is finished when it is full, and when it is `segment_seconds` old, even if no further click comes: what
    the journal knows of readers must not lie about.
    """

    def __init__(
        self, folder: Path, counters: Counters, *, segment_bytes: int = 8 << 20, segment_seconds: float = 30.0
    ) -> None:
        self.folder = folder
        self._counters = counters
        self._segment_bytes = max(segment_bytes, HEADER_BYTES + _FRAME.size + _LARGEST_BODY)
        self._segment_seconds = segment_seconds
        self._lock = threading.Lock()
        self._map: mmap.mmap | None = None
        self._file = -1
        self._position = 0
        self._finish_at = 0.0
        self._retry_at = 0.0
        self._failing = False

    def append(self, click: ClickRecord) -> bool:
        """Journals a click; it survives the death of this process once this returns True. False: it could not be
        written (disk full, no permission), which was counted and logged, and nothing is raised."""
        framed = frame(click)
        size = len(framed)
        with self._lock:
            start = self._position
            segment = self._map
            if segment is None or start + size > self._segment_bytes:
                segment = self._next_segment()
                if segment is None:
                    self._counters.add_journal_failure()
                    return False
                start = self._position
            segment[start : start + size] = framed
            self._position = start + size
        return True

    def close(self) -> None:
        """Finishes the segment; the loader may then delete it."""
        with self._lock:
            self._finish()

    def _next_segment(self) -> mmap.mmap | None:
        now = time.monotonic()
        if now < self._retry_at:
            return None
        try:
            self._finish()
            self._file, self._map = _make_segment(self.folder, self._segment_bytes)
        except OSError as problem:
            self._retry_at = now + _RETRY_SECONDS
            if not self._failing:
                log.error("clicks are not being journalled, readers are still answered: %s", problem)
            self._failing = True
            return None
        if self._failing:
            log.warning("clicks are journalled again")
        self._failing = False
        self._position = HEADER_BYTES
        self._finish_at = now + self._segment_seconds
        timer = threading.Timer(self._segment_seconds, self._finish_when_old)
        timer.daemon = True
        timer.start()
        return self._map

    def _finish_when_old(self) -> None:
        with self._lock:
            if self._map is not None and time.monotonic() >= self._finish_at:
                self._finish()

    def _finish(self) -> None:
        if self._map is not None:
            self._map.close()
            os.close(self._file)
            self._map = None


def frame(click: ClickRecord) -> bytes:
    """A record as it stands in a segment."""
    body = encode(click)
    return _FRAME.pack(_MARK, len(body), crc32(body)) + body


def encode(click: ClickRecord) -> bytes:
    """The body of a record, format 1: fixed fields, then texts as UTF-8 with NUL between."""
    fixed = _FIXED.pack(click.time_ms, click.link_id, click.flags, 1 if click.visitor else 0, click.visitor)
    texts = "\0".join(click[4:])
    if len(texts) > 255 or texts.count("\0") != _TEXTS - 1:
        cut = [text[:limit].replace("\0", "") for text, limit in zip(click[4:], _LIMITS, strict=True)]
        texts = "\0".join(cut)
    return fixed + texts.encode("utf-8", "replace")


def decode(body: bytes) -> ClickRecord:
    """Reads what `encode` wrote. ValueError or struct.error for anything else."""
    time_ms, link_id, flags, has_visitor, visitor = _FIXED.unpack_from(body)
    token, country, user_agent, referrer_host, referrer_path, host, reason = body[_FIXED.size :].decode().split("\0")
    return ClickRecord(
        time_ms,
        link_id,
        flags,
        visitor if has_visitor else b"",
        token,
        country,
        user_agent,
        referrer_host,
        referrer_path,
        host,
        reason,
    )


def segments(folder: Path) -> list[Path]:
    """The segments in a folder, oldest first."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def segment_uuid(path: Path) -> str:
    """The identity of a segment, from its header: a copy under another name is the same segment."""
    with path.open("rb") as file:
        header = file.read(HEADER_BYTES)
    if len(header) < HEADER_BYTES:
        raise SegmentUnreadable(path, "it is shorter than a header")
    magic, version, identity, _ = _HEADER.unpack_from(header)
    if magic != _MAGIC:
        raise SegmentUnreadable(path, "it does not begin like one")
    if version != _VERSION:
        raise SegmentUnreadable(path, f"its format {version} is not {_VERSION}")
    return uuid.UUID(bytes=identity).hex


@contextlib.contextmanager
def held(path: Path) -> Iterator[bool]:
    """Whether the segment is finished: its writer has let go of it, or died. While the block runs it stays so."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def read_segment(path: Path, offset: int = HEADER_BYTES, *, limit: int = 1 << 62, live: bool = False) -> SegmentPart:
    """Up to `limit` records from an offset on. Never raises for content: what is damaged and has a sound record behind
    it is in `set_aside`; what is damaged at the end is left for the next reading (the writer may be at it).

    Of a `live` segment nothing behind zeros is looked at: they are where the writer will go on, and looking twice a
    second at an idle one must cost nothing.
    """
    with path.open("rb") as file:
        file.seek(max(offset, HEADER_BYTES))
        content = file.read(len(_MARK))
        if live and not content.strip(b"\0"):
            return SegmentPart([], [], max(offset, HEADER_BYTES), ended=True)
        content += file.read()
    return _read(content, max(offset, HEADER_BYTES), limit)


def set_aside_rest(path: Path, offset: int) -> SetAside | None:
    """What stands behind the last sound record of a finished segment, or None if that is only zeros. A record that was
    torn by the death of its writer was never answered."""
    with path.open("rb") as file:
        file.seek(offset)
        rest = file.read().rstrip(b"\0")
    return SetAside(offset, rest, max(1, rest.count(_MARK))) if rest else None


def _read(content: bytes, base: int, limit: int) -> SegmentPart:
    records: list[ClickRecord] = []
    aside: list[SetAside] = []
    position = 0
    while len(records) < limit:
        if (step := _record_at(content, position)) is not None:
            records.append(step[0])
            position = step[1]
            continue
        sound = _next_sound(content, position)
        if sound is None:
            return SegmentPart(records, aside, base + position, ended=True)
        damaged = content[position:sound]
        aside.append(SetAside(base + position, damaged, max(1, damaged.count(_MARK))))
        position = sound
    return SegmentPart(records, aside, base + position, ended=False)


def _record_at(content: bytes, position: int) -> tuple[ClickRecord, int] | None:
    if len(content) - position < _FRAME.size:
        return None
    mark, length, checksum = _FRAME.unpack_from(content, position)
    start = position + _FRAME.size
    if mark != _MARK or length > _LARGEST_BODY or start + length > len(content):
        return None
    body = content[start : start + length]
    if crc32(body) != checksum:
        return None
    try:
        return decode(body), start + length
    except (ValueError, struct.error):
        return None


def _next_sound(content: bytes, position: int) -> int | None:
    while (position := content.find(_MARK, position + 1)) >= 0:
        if _record_at(content, position) is not None:
            return position
    return None


def _make_segment(folder: Path, size: int) -> tuple[int, mmap.mmap]:
    """Locked, allocated and given its header under a hidden name, then renamed: whoever sees it sees it whole."""
    folder.mkdir(parents=True, exist_ok=True)
    identity = uuid.uuid4()
    created = time.time_ns()
    hidden = folder / f".{identity.hex}.new"
    file = os.open(hidden, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        os.posix_fallocate(file, 0, size)
        segment = mmap.mmap(file, size)
        segment[: _HEADER.size] = _HEADER.pack(_MAGIC, _VERSION, identity.bytes, created)
        hidden.rename(folder / f"{created:019d}-{identity.hex}{SUFFIX}")
    except OSError:
        os.close(file)
        hidden.unlink(missing_ok=True)
        raise
    return file, segment
