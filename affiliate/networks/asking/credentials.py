"""Credentials for networks' APIs: one TOML file for each account, read when they are needed and never kept.

`awin-99000001.toml` holds what opens account 99000001 at Awin, by the names that the API gives them; beside them may stand
`expires` (a date) and `base_url` (another address of the API: a proxy, a test).
"""

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from affiliate.errors import CredentialsUnusable, InvalidUrl, NotFound
from affiliate.networks.asking.api import Api
from affiliate.networks.base import Network
from affiliate.networks.registry import network as find_network
from affiliate.urls import parse_web_url

EXPIRES, BASE_URL = "expires", "base_url"
POSTBACK_SECRET, POSTBACK_KEY = "postback_secret", "postback_key"  # what the network's messages are proven with
SHORTEST_PROOF = 16  # characters: beyond guessing over the network

_PROOFS = (POSTBACK_SECRET, POSTBACK_KEY)
_BESIDE = (EXPIRES, BASE_URL, *_PROOFS)

_WHERE = re.compile(r"\(at .*\)")  # the rest of a TOML error may quote what stands there


@dataclass(frozen=True, slots=True)
class Credentials:
    """`values` by the names that the API asks for; they never show. `open_to_others`: the file may be read by anybody."""

    file: Path
    values: Mapping[str, str] = field(repr=False)
    base_url: str | None = None
    expires: date | None = None
    open_to_others: bool = False

    @property
    def warning(self) -> str:
        """What is wrong with the file though it can be used; "" where nothing is."""
        return (
            f"{self.file} can be read by everybody on this machine: chmod 600 {self.file}"
            if self.open_to_others
            else ""
        )


@dataclass(frozen=True, slots=True)
class CredentialsFile:
    """A file as `config check` shows it: `problem` says why it cannot be used, or what should be put right."""

    file: Path
    network: str
    publisher_ref: str
    expires: date | None
    usable: bool
    problem: str

    def __str__(self) -> str:
        expires = f", expires {self.expires}" if self.expires else ""
        return self.problem or f"{self.file}: {self.network} {self.publisher_ref}{expires}"

    def as_json(self) -> dict[str, Any]:
        return {
            "file": str(self.file),
            "network": self.network,
            "account": self.publisher_ref,
            "expires": self.expires.isoformat() if self.expires else None,
            "usable": self.usable,
            "problem": self.problem,
        }


def file_of(folder: Path, network: Network, publisher_ref: str) -> Path:
    return folder / f"{network.key}-{quote(publisher_ref, safe='')}.toml"


def read_credentials(folder: Path, network: Network, api: Api, publisher_ref: str) -> Credentials:
    """What opens this account; CredentialsUnusable names the file, what is missing in it and where the network shows it."""
    file = file_of(folder, network, publisher_ref)
    said, open_to_others = _read(file, network, api)
    if unknown := said.keys() - api.credentials.keys() - {*_BESIDE}:
        known = ", ".join([*api.credentials, *_BESIDE])
        raise CredentialsUnusable(file, f"it holds {', '.join(sorted(unknown))}; {network.name} uses {known}.")
    values = {name: str(said.get(name, "")).strip() for name in api.credentials}
    if missing := [name for name, value in values.items() if not value]:
        raise CredentialsUnusable(file, f"it lacks {_to_be_found(api, missing)}")
    return Credentials(
        file, values, _base_url(file, said.get(BASE_URL)), _day(file, said.get(EXPIRES)), open_to_others=open_to_others
    )


def has_credentials(folder: Path, network: Network, publisher_ref: str) -> bool:
    """Whether a file lies ready to be asked with. One that holds only what messages are proven with opens no API; one that
    cannot be read does count, so that asking tells of it."""
    file = file_of(folder, network, publisher_ref)
    return file.is_file() and not _holds_only_proofs(file)


def check_credentials(folder: Path) -> list[CredentialsFile]:
    """Every file of the folder, by name; none where there is no folder."""
    return [_checked(folder, file) for file in sorted(folder.glob("*.toml"))]


def _checked(folder: Path, file: Path) -> CredentialsFile:
    key, _, written = file.stem.partition("-")
    ref = unquote(written)
    try:
        network = find_network(key)
        if weak := _weak_proof(file):
            return CredentialsFile(file, key, ref, None, usable=False, problem=weak)
        if _holds_only_proofs(file):
            return CredentialsFile(file, key, ref, None, usable=True, problem="")
        if network.api is None:
            problem = f"{file}: {network.name} is not read by API."
            return CredentialsFile(file, key, ref, None, usable=False, problem=problem)
        found = read_credentials(folder, network, network.api, ref)
    except NotFound as unknown:
        return CredentialsFile(file, key, ref, None, usable=False, problem=f"{file}: {unknown}")
    except CredentialsUnusable as unusable:
        return CredentialsFile(file, key, ref, None, usable=False, problem=str(unusable))
    return CredentialsFile(file, key, ref, found.expires, usable=True, problem=found.warning)


def _holds_only_proofs(file: Path) -> bool:
    names = _said(file).keys()
    return bool(names) and names <= {*_PROOFS}


def _weak_proof(file: Path) -> str:
    """What keeps messages from being taken, or ""."""
    weak = [name for name, value in _said(file).items() if name in _PROOFS and len(str(value)) < SHORTEST_PROOF]
    names = " and ".join(weak)
    return f"{file}: {names} must be {SHORTEST_PROOF} characters or longer; no message is taken." if weak else ""


def _said(file: Path) -> dict[str, Any]:
    """What the file says; nothing where it cannot be read."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _read(file: Path, network: Network, api: Api) -> tuple[dict[str, Any], bool]:
    """What the file says, and whether others may read it."""
    try:
        with file.open("rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            return tomllib.load(opened), bool(mode & stat.S_IROTH)
    except FileNotFoundError:
        raise CredentialsUnusable(
            file, f"it is not there. To read {network.name} it must hold {_to_be_found(api, api.credentials)}"
        ) from None
    except OSError as problem:
        raise CredentialsUnusable(file, f"it cannot be read: {problem.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        where = _WHERE.search(str(problem))
        reason = f"it is no TOML {where[0] if where else ''}".rstrip()
        raise CredentialsUnusable(file, f'{reason}; write a line such as: name = "value"') from None


def _to_be_found(api: Api, names: Any) -> str:
    return "; ".join(f'{name} = "…" (at the network: {api.credentials[name]})' for name in names) + "."


def _base_url(file: Path, value: object) -> str | None:
    if value is None:
        return None
    try:
        return parse_web_url(str(value)).text.rstrip("/")
    except InvalidUrl as problem:
        raise CredentialsUnusable(file, f"{BASE_URL} is no web address.") from problem


def _day(file: Path, value: object) -> date | None:
    if value is None or type(value) is date:
        return value
    if isinstance(value, datetime):
        return value.date()
    try:
        return date.fromisoformat(str(value))
    except ValueError as problem:
        raise CredentialsUnusable(file, f"{EXPIRES} is no date; write {EXPIRES} = 2027-01-31.") from problem
