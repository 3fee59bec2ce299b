"""Records in a chain: each is one line of canonical JSON, and its hash covers the hash of the one before it.

The hash is SHA-256 over the previous hash (64 lower-case hexadecimal characters; 64 zeros before the first), a line feed
and the SHA-256 of the record's UTF-8, in the same characters. Nothing else enters it, so ten lines of anybody's Python
verify the chain; and because the record itself does not enter it, a part can be handed out with the digests of the rest.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy.orm import Session

from affiliate.disclosure.evidence import queries

BEFORE_THE_FIRST = "0" * 64


@dataclass(frozen=True, slots=True)
class Link:
    """A record's place in the chain."""

    number: int
    record: str
    previous_hash: str
    hash: str


def canonical(record: Mapping[str, Any]) -> str:
    """JSON without choices: keys sorted, no spaces, characters as they are. TypeError for a float, whose text is not the same
    everywhere: measured values are texts with their unit."""
    _refuse_floats(record)
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "replace").decode()  # half a surrogate pair, as hostile pages have it, is no text


def hash_of(previous_hash: str, record: str) -> str:
    return sha256(f"{previous_hash}\n{digest_of(record)}".encode()).hexdigest()


def digest_of(record: str) -> str:
    return sha256(record.encode()).hexdigest()


def next_link(session: Session, record_of: Callable[[int], Mapping[str, Any]]) -> Link:
    """The chain's next link, for the record that `record_of` makes for its number. Nobody else gets one until the
    transaction ends: numbers have no gap, and nothing slow belongs behind this call."""
    queries.lock_chain(session)
    head = queries.head(session)
    number, previous_hash = (head.number + 1, head.hash) if head else (1, BEFORE_THE_FIRST)
    record = canonical(record_of(number))
    return Link(number, record, previous_hash, hash_of(previous_hash, record))


def _refuse_floats(value: object) -> None:
    match value:
        case float():
            raise TypeError(f"a record holds the float {value!r}")
        case Mapping():
            for each in value.values():
                _refuse_floats(each)
        case list() | tuple():
            for each in value:
                _refuse_floats(each)
