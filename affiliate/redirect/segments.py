"""The files of the click journal: how they are made, and how what stands in them is read.

A segment is `<nanoseconds>-<uuid>.clicks`: a header of 64 bytes, then records, then zeros up to its full size. A torn
last record is not a record; one that is damaged inside is set aside by finding the next mark.
"""

import contextlib
import fcntl
import mmap
import os
import struct
import time
import uuid
from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple
from zlib import crc32

from affiliate.errors import AffiliateError
from affiliate.redirect.records import FRAME, LARGEST_BODY, MARK, MOMENT, Journalled

SUFFIX = ".clicks"
HEADER_BYTES = 64
FORMAT = 2

_MAGIC = b"affclick"
_HEADER = struct.Struct("<8sHxxxxxx16sQ")  # magic, format, uuid, created (ns)
_HEAD = struct.Struct("<4sIIqq")  # a record's frame, time and visitor
_PAGE = 4096
_CHUNK = 8 << 20  # bytes read at once: many records, and never a whole large segment


_journalled = tuple.__new__  # a named tuple's own __new__ takes longer than everything else about a record


class Header(NamedTuple):
    """`uuid` is the segment's identity: a copy under another name is the same segment."""

    uuid: str
    created_at: datetime


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

    records: list[Journalled]
    set_aside: list[SetAside]
    offset: int
    ended: bool


def segments(folder: Path) -> list[Path]:
    """The segments in a folder, oldest first."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def read_header(path: Path) -> Header:
    """SegmentUnreadable if it is not one of this format."""
    with path.open("rb") as file:
        header = file.read(HEADER_BYTES)
    if len(header) < HEADER_BYTES:
        raise SegmentUnreadable(path, "it is shorter than a header")
    magic, version, identity, created_ns = _HEADER.unpack_from(header)
    if magic != _MAGIC:
        raise SegmentUnreadable(path, "it does not begin like one")
    if version != FORMAT:
        raise SegmentUnreadable(path, f"its format {version} is not {FORMAT}")
    created = datetime.fromtimestamp(min(created_ns / 1e9, 253_402_300_799), UTC)  # damaged headers too
    return Header(uuid.UUID(bytes=identity).hex, created)


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
    """Up to `limit` records from an offset on, fewer where a chunk of the file ends. Never raises for content: what is
    damaged and has a sound record behind it is in `set_aside`; what is damaged at the end is left for the next reading
    (the writer may be at it).

    Of a `live` segment nothing is looked at behind the first bytes that are no sound record. They are where the writer will
    go on, or where it has gone on while they were read: the kernel copies a file page by page, so a page may be read
    before the writer reached it and the next one afterwards, and the records between look like damage. Looking twice a
    second at an idle segment must cost nothing either.
    """
    start = max(offset, HEADER_BYTES)
    with path.open("rb") as file:
        file.seek(start)
        content = file.read(len(MARK))
        if live and not content.strip(b"\0"):
            return SegmentPart([], [], start, ended=True)
        content += file.read(_CHUNK)
        part = _read(content, start, limit, live=live)
        while part.ended and (more := file.read(_CHUNK)):
            if part.offset > start:
                return part._replace(ended=False)
            if live:
                break
            content += more
            part = _read(content, start, limit)
    return part


def read_records(content: bytes, offset: int = 0, *, limit: int = 1 << 62) -> SegmentPart:
    """Up to `limit` records of a piece of a segment that stood, or stands, at this offset."""
    return _read(content, offset, limit)


def first_time(path: Path, offset: int) -> int | None:
    """When the first sound click from an offset on was made (ms, UTC, since 1970), or None if there is none near."""
    with path.open("rb") as file:
        file.seek(max(offset, HEADER_BYTES))
        content = file.read(2 * LARGEST_BODY)
    start = 0 if _record_at(content, 0) else _next_sound(content, 0)
    found = _record_at(content, start) if start is not None else None
    return found[0].time_ms if found else None


def end_of_content(path: Path) -> int:
    """Where the zeros begin that reach to a segment's end. Records are stored from the front, so halving finds it without
    reading what stands before. The last record's own last bytes may be zeros too, up to six (empty texts)."""
    with path.open("rb") as file:
        pages = -(-os.fstat(file.fileno()).st_size // _PAGE)
        full = bisect_left(range(pages), x=True, key=lambda page: not _page(file, page).strip(b"\0"))
        return (full - 1) * _PAGE + len(_page(file, full - 1).rstrip(b"\0")) if full else 0


def set_aside_rest(path: Path, offset: int) -> SetAside | None:
    """What stands behind the last sound record of a finished segment, or None if that is only zeros. A record that was
    torn by the death of its writer was never answered."""
    with path.open("rb") as file:
        file.seek(offset)
        rest = file.read().rstrip(b"\0")
    return SetAside(offset, rest, max(1, rest.count(MARK))) if rest else None


def make_segment(folder: Path, size: int) -> tuple[int, mmap.mmap]:
    """A new segment of `size` bytes, as (file descriptor, map). Locked, allocated and given its header under a hidden
    name, then renamed: whoever sees it sees it whole. OSError where it cannot be made; nothing is left behind then."""
    folder.mkdir(parents=True, exist_ok=True)
    identity = uuid.uuid4()
    created = time.time_ns()
    hidden = folder / f".{identity.hex}.new"
    file = os.open(hidden, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        os.posix_fallocate(file, 0, size)
        segment = mmap.mmap(file, size)
        segment[: _HEADER.size] = _HEADER.pack(_MAGIC, FORMAT, identity.bytes, created)
        hidden.rename(folder / f"{created:019d}-{identity.hex}{SUFFIX}")
    except OSError:
        os.close(file)
        hidden.unlink(missing_ok=True)
        raise
    return file, segment


def sync_folder(folder: Path) -> None:
    """The names in a folder are on disk when this returns; a file's own fsync does not reach them (fsync(2))."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _page(file: BinaryIO, number: int) -> bytes:
    return os.pread(file.fileno(), _PAGE, number * _PAGE)


def _read(content: bytes, base: int, limit: int, *, live: bool = False) -> SegmentPart:
    records: list[Journalled] = []
    aside: list[SetAside] = []
    position = 0
    while len(records) < limit:
        if (step := _record_at(content, position)) is not None:
            records.append(step[0])
            position = step[1]
            continue
        sound = None if live else _next_sound(content, position)
        if sound is None:
            return SegmentPart(records, aside, base + position, ended=True)
        damaged = content[position:sound]
        aside.append(SetAside(base + position, damaged, max(1, damaged.count(MARK))))
        position = sound
    return SegmentPart(records, aside, base + position, ended=False)


def _record_at(content: bytes, position: int) -> tuple[Journalled, int] | None:
    if len(content) - position < _HEAD.size:
        return None
    mark, length, checksum, time_ms, visitor = _HEAD.unpack_from(content, position)
    if mark != MARK or not MOMENT.size <= length <= LARGEST_BODY:
        return None
    start = position + FRAME.size
    body = content[start : start + length]
    if len(body) != length or crc32(body) != checksum:
        return None
    return _journalled(Journalled, (time_ms, visitor, body[MOMENT.size :])), start + length


def _next_sound(content: bytes, position: int) -> int | None:
    while (position := content.find(MARK, position + 1)) >= 0:
        if _record_at(content, position) is not None:
            return position
    return None
