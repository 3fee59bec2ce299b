"""Looking into a file of the click journal, whatever state it is in: a segment in use, a damaged one, what was set aside."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from affiliate.errors import InvalidInput
from affiliate.redirect import records, segments
from affiliate.redirect.records import FRAME, MOMENT, ClickRecord, Journalled
from affiliate.redirect.segments import HEADER_BYTES, Header, SegmentPart, SegmentUnreadable, SetAside

_FLAGS = {
    records.GPC: "gpc",
    records.DNT: "dnt",
    records.PREFETCH: "prefetch",
    records.TOKEN_IN_PATH: "token-in-path",
    records.INTERNAL: "internal",
    records.BEACON: "beacon",
    records.IMPLAUSIBLE: "implausible",
}
_PARTS = (".damaged", ".unknown-link")  # what the loader sets aside of a segment; without a header


class Seen(NamedTuple):
    """A record and where it stands; `click` is None where its checksum is right and its content is none of ours."""

    offset: int
    click: ClickRecord | None


class End(NamedTuple):
    """What follows the last record that was read: `zeros` up to the end of the file (a writer goes on there), `torn`, bytes
    that are no record and have none behind them, or `more` than was asked for."""

    offset: int
    kind: Literal["zeros", "torn", "more"]
    bytes: int


@dataclass(frozen=True, slots=True)
class File:
    """A file of the journal. `header` is None where there is none, and `problem` says why. `is_held`: its writer may still
    write to it."""

    path: Path
    header: Header | None
    problem: str
    size: int
    is_held: bool


def look_into(path: Path) -> File:
    """InvalidInput for a folder, and for a file in which there is neither a header nor a record."""
    if path.is_dir():
        raise InvalidInput(f"{path} is a folder; name one file of it, such as {path / 'NAME.clicks'}.")
    try:
        with segments.held(path) as finished:
            return _look_into(path, is_held=not finished)
    except OSError as problem:
        raise InvalidInput(f"{path} cannot be read: {problem.strerror}.") from problem


def walk(file: File, *, limit: int) -> Iterator[Seen | SetAside | End]:
    """Up to `limit` records of a file, in order, between them what is damaged, and what follows. InvalidInput if the file
    goes away meanwhile, because the loader has loaded it."""
    read = 0
    offset = HEADER_BYTES if file.header else 0
    try:
        while read < limit:
            part = _part(file, offset, limit - read)
            yield from _in_order(part, offset)
            read, offset = read + len(part.records), part.offset
            if part.ended:
                yield _end(file, offset)
                return
        yield End(offset, "more", file.size - offset)
    except FileNotFoundError as problem:
        raise InvalidInput(f"{file.path} is gone: the loader has loaded it.") from problem


def words_of(flags: int) -> list[str]:
    """The flags of a click in words; one that this version does not know by its number."""
    return [_FLAGS.get(1 << bit, f"flag-{bit}") for bit in range(16) if flags >> bit & 1]


def visitor_in_hex(visitor: int) -> str:
    """The visitor of a day, or "" where none was made."""
    return f"{visitor & 0xFFFF_FFFF_FFFF_FFFF:016x}" if visitor else ""


def _look_into(path: Path, *, is_held: bool) -> File:
    size = path.stat().st_size
    try:
        return File(path, segments.read_header(path), "", size, is_held)
    except SegmentUnreadable as problem:
        found = File(path, None, str(problem), size, is_held)
        if path.suffix not in _PARTS and not _part(found, 0, 1).records:
            raise InvalidInput(f"{problem} There is no click in it either.") from problem
        return found


def _part(file: File, offset: int, limit: int) -> SegmentPart:
    if file.header:
        return segments.read_segment(file.path, offset, limit=limit)
    return segments.read_records(file.path.read_bytes()[offset:], offset, limit=limit)


def _in_order(part: SegmentPart, offset: int) -> Iterator[Seen | SetAside]:
    damaged = {each.offset: each for each in part.set_aside}
    for record in part.records:
        while each := damaged.get(offset):
            yield each
            offset += len(each.content)
        yield Seen(offset, _click_of(record))
        offset += FRAME.size + MOMENT.size + len(record.shape)


def _click_of(record: Journalled) -> ClickRecord | None:
    try:
        return record.record()
    except (ValueError, struct.error):
        return None


def _end(file: File, offset: int) -> End:
    rest = segments.set_aside_rest(file.path, offset)
    return End(offset, "torn", len(rest.content)) if rest else End(offset, "zeros", max(file.size - offset, 0))
