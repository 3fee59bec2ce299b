"""A message as it comes: read, stripped of personal data, kept once."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from affiliate.commissions.postbacks.proof import Proof
from affiliate.errors import InvalidInput, NotFound, UnreadableMessage
from affiliate.networks.base import Network
from affiliate.networks.reading.rows import payload_text
from affiliate.store.tables import Postback, PublisherAccount

LARGEST = 65_536  # bytes of a message; the largest example that a network shows has 3,000
_MOST_FIELDS = 300


def read_message(content: bytes, media_type: str, query: Iterable[tuple[str, str]]) -> dict[str, object]:
    """The fields of a message: of its body, JSON or a form, or of the address where there is no body. UnreadableMessage
    where it is neither, or a field comes twice."""
    if not content:
        return _once(query)
    try:
        text = content.decode("utf-8-sig")
        if media_type == "application/x-www-form-urlencoded":
            return _once(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
        read = json.loads(text, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError) as problem:
        raise UnreadableMessage(f"The message is neither JSON nor a form in UTF-8: {_short(problem)}") from problem
    if not isinstance(read, dict):
        raise UnreadableMessage("The message must be one JSON object, the fields of one transaction.")
    return read


def receive(
    session: Session,
    network: Network,
    publisher_ref: str,
    message: Mapping[str, object],
    proof: Proof,
    *,
    now: datetime,
) -> bool:
    """Keeps the message to be booked, durable with the session's transaction; False if it is known and nothing changed.

    NotFound where there is no such account, InvalidInput for a message without fields.
    """
    account_id = session.scalar(
        select(PublisherAccount.id).where(
            PublisherAccount.network == network.key, PublisherAccount.publisher_ref == publisher_ref
        )
    )
    if account_id is None:
        way_out = f"Add it: affiliate account add {network.key} {publisher_ref}"
        raise NotFound(f"publisher account at {network.key}", publisher_ref, way_out)
    if not message:
        raise InvalidInput("The message is empty: it has neither a body nor fields in its address.")
    if session.scalar(select(Postback.id).where(Postback.digest == proof.digest)) is not None:
        return False
    hint_at = network.hint(message) if network.hint else None
    kept = Postback(
        account_id=account_id,
        network=network.key,
        digest=proof.digest,
        received_at=now,
        said_at=proof.said_at,
        hint_at=hint_at,
        payload="{}" if hint_at else _payload(message),  # of a hint only its moment is needed
    )
    try:
        with session.begin_nested():
            session.add(kept)
    except IntegrityError:  # the same message came twice at once
        return False
    return True


def _payload(message: Mapping[str, object]) -> str:
    try:
        return payload_text(message)
    except RecursionError as problem:
        raise UnreadableMessage("The message is nested deeper than any report's.") from problem


def _once(pairs: Iterable[tuple[str, str]]) -> dict[str, object]:
    fields: dict[str, object] = {}
    for name, value in pairs:
        if name in fields:
            raise UnreadableMessage(f"The field {name[:80]!r} comes twice, so its value is not certain.")
        fields[name] = value
    return fields


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number.")


def _short(problem: BaseException) -> str:
    return str(problem)[:200]
