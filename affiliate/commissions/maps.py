"""Column maps: saved under a name, written in a file, or told in part."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from affiliate.errors import InvalidInput, NotFound, UnreadableFile
from affiliate.networks.reading.columns import ColumnMap
from affiliate.networks.reading.mapped import READER as GENERIC
from affiliate.networks.registry import network as find_network
from affiliate.store import tables

_SUFFIXES = (".toml", ".json")


@dataclass(frozen=True, slots=True)
class SavedMap:
    """A column map as it was written, under its name."""

    name: str
    columns: Mapping[str, Any]
    created_at: datetime


def save_map(session: Session, name: str, columns: Mapping[str, object], *, now: datetime) -> SavedMap:
    """Keeps a map under a name; a map of that name is replaced. SettingsInvalid lists all that is wrong with it,
    InvalidInput refuses a name that would be taken for a file; nothing is stored then."""
    kept = name.strip()
    if not kept or len(kept) > 255 or "/" in kept or kept.endswith(_SUFFIXES):
        raise InvalidInput(f"{name!r} is no name for a column map: use a word such as sovrn-daily.")
    ColumnMap.parse(columns, f"The column map {kept}")
    saved = session.get(tables.ColumnMap, kept)
    if saved is None:
        saved = tables.ColumnMap(name=kept, created_at=now)
        session.add(saved)
    saved.columns = dict(columns)
    session.flush()
    return SavedMap(saved.name, saved.columns, saved.created_at)


def list_maps(session: Session) -> list[SavedMap]:
    rows = session.scalars(select(tables.ColumnMap).order_by(tables.ColumnMap.name))
    return [SavedMap(row.name, row.columns, row.created_at) for row in rows]


def find_map(session: Session, name_or_file: str) -> ColumnMap:
    """The saved map of this name, or the one written in a .toml or .json file.

    NotFound for an unknown name (it lists the known ones), UnreadableFile or SettingsInvalid for a file that is no map.
    """
    return ColumnMap.parse(find_columns(session, name_or_file), f"The column map {name_or_file}")


def find_columns(session: Session, name_or_file: str) -> Mapping[str, object]:
    """The same as it was written, unchecked."""
    if name_or_file.endswith(_SUFFIXES):
        return read_map_file(Path(name_or_file))
    saved = session.get(tables.ColumnMap, name_or_file)
    if saved is None:
        known = ", ".join(known.name for known in list_maps(session)) or "none yet"
        raise NotFound("column map", name_or_file, f"Saved are: {known}. A file must end in .toml or .json.")
    return saved.columns


@dataclass(frozen=True, slots=True)
class Told:
    """What people say of a file, as a reading takes it: a whole column map, or single things for a network's own reader."""

    columns: ColumnMap | None = None
    said: Mapping[str, str] = field(default_factory=dict)


def told(
    session: Session,
    network: str,
    map_name: str | None,
    columns: Mapping[str, str],
    *,
    before: Mapping[str, str] | None = None,
) -> Told:
    """Puts single columns and words (as a map writes them) where they belong: into the named map, else into the one that was
    used `before` or is ready for the network, else, where it has a reader of its own, beside it. NotFound, UnreadableFile and
    SettingsInvalid as above."""
    reader = find_network(network).reader
    own = reader is not None and reader is not GENERIC and reader.columns is None
    known = before or (reader.columns if reader else None) or {}
    if map_name:
        return Told(ColumnMap.parse({**find_columns(session, map_name), **columns}, f"The column map {map_name}"))
    if before or (columns and not own):
        merged = ColumnMap.parse({**known, **columns}, f"The column map for {network}")
        return Told(replace(merged, may_lack=frozenset(known) - frozenset(columns)))
    return Told(said=dict(columns))


def read_map_file(path: Path) -> dict[str, object]:
    """The flat mapping in a TOML or JSON file, unchecked."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        given = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as problem:
        raise UnreadableFile(str(path), f"{problem.strerror}.") from problem
    except (ValueError, RecursionError) as problem:
        raise UnreadableFile(str(path), f"it is no {path.suffix[1:].upper()}: {problem}") from problem
    if not isinstance(given, dict):
        raise UnreadableFile(str(path), "a column map is one object with our fields as names.")
    return given
