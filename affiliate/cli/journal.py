"""How a file of the click journal is printed: for eyes and cut(1), or as one JSON document."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import click

from affiliate.cli.frame import print_json
from affiliate.redirect.inspection import End, File, Seen, visitor_in_hex, words_of
from affiliate.redirect.records import ClickRecord
from affiliate.redirect.segments import FORMAT, SetAside

Step = Seen | SetAside | End

_COLUMNS = (
    "offset",
    "time",
    "link",
    "token",
    "flags",
    "country",
    "visitor",
    "host",
    "user agent",
    "referrer",
    "reason",
)
_NOTHING = "–"
_ENDS = {
    "zeros": "{bytes} bytes of zeros follow, to the end of the file",
    "torn": "{bytes} bytes follow that are no record: one was being written, or its writer died in the middle of it",
    "more": "{bytes} bytes follow; more than was asked for",
}


def print_as_text(file: File, steps: Iterable[Step], loaded: int | None) -> None:
    for name, value in _header(file, loaded).items():
        click.echo(f"{name:<10}{value}")
    click.echo()
    click.echo("\t".join(_COLUMNS))
    for step in steps:
        click.echo(_line(step))


def print_as_json(file: File, steps: Iterable[Step], loaded: int | None) -> None:
    document: dict[str, Any] = {
        "file": str(file.path),
        "format": FORMAT if file.header else None,
        "uuid": file.header.uuid if file.header else None,
        "created_at": file.header.created_at.isoformat() if file.header else None,
        "problem": file.problem,
        "held_by_its_writer": file.is_held,
        "size": file.size,
        "loaded_up_to": loaded,
        "records": [],
        "damaged": [],
        "end": None,
    }
    for step in steps:
        if isinstance(step, Seen):
            document["records"].append(_document(step))
        elif isinstance(step, SetAside):
            document["damaged"].append({"offset": step.offset, "bytes": len(step.content), "records": step.records})
        else:
            document["end"] = step._asdict()
    print_json(document)


def _header(file: File, loaded: int | None) -> dict[str, str]:
    shown = {"file": str(file.path)}
    if file.header:
        shown |= {
            "format": str(FORMAT),
            "uuid": file.header.uuid,
            "created": f"{file.header.created_at:%Y-%m-%d %H:%M:%S} UTC",
            "writer": "still holds it" if file.is_held else "has let go of it",
            "loaded": f"up to offset {loaded}" if loaded else "nothing that the database knows of",
        }
    else:
        shown["header"] = f"none. {file.problem}"
    return shown | {"size": f"{file.size} bytes"}


def _line(step: Step) -> str:
    if isinstance(step, End):
        return f"{step.offset}\t{_ENDS[step.kind].format(bytes=step.bytes)}"
    if isinstance(step, SetAside):
        return f"{step.offset}\tdamaged: {len(step.content)} bytes, in which {step.records} records stood"
    if step.click is None:
        return f"{step.offset}\ta record whose checksum is right and whose content is no click"
    return "\t".join([str(step.offset), *(_shown(cell) for cell in _cells(step.click))])


def _cells(record: ClickRecord) -> Iterator[str]:
    yield _moment(record.time_ms)
    yield str(record.link_id)
    yield record.token
    yield ",".join(words_of(record.flags))
    yield record.country
    yield visitor_in_hex(record.visitor)
    yield record.host
    yield record.user_agent
    yield record.referrer_host + record.referrer_path
    yield record.reason


def _document(seen: Seen) -> dict[str, Any]:
    record = seen.click
    if record is None:
        return {"offset": seen.offset, "problem": "no click"}
    fields = {name: value for name, value in record._asdict().items() if name not in ("time_ms", "visitor", "flags")}
    return {
        "offset": seen.offset,
        "time": _moment(record.time_ms),
        "visitor": visitor_in_hex(record.visitor) or None,
        "flags": words_of(record.flags),
        **fields,
    }


def _moment(time_ms: int) -> str:
    """In ISO 8601, or as the number it is where that is beyond what a calendar has."""
    try:
        moment = datetime.fromtimestamp(time_ms / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return f"{time_ms} ms"
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def _shown(text: str) -> str:
    """Readers choose their user agent; it must not move a terminal's cursor or end a line."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text) or _NOTHING
