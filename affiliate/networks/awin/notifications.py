"""Awin's transaction notifications: a form whose field AwinTransactionPush holds JSON.

They are unsigned, not repeated when they could not be delivered, and sent once, when a transaction is recorded: a hint that
there is something to pull, never the truth. Source: help.awin.com/developers/docs/transaction-notifications, as catalogued
in api-evangelist/awin-affiliate:asyncapi/awin-affiliate-webhooks.yml, read 22 November 2026.
"""

import json
from collections.abc import Mapping
from datetime import datetime

from affiliate.networks.reading.rows import BadValue, Row

_PUSHED = "AwinTransactionPush"


def hint(message: Mapping[str, object]) -> datetime | None:
    """When the transaction was recorded that the notification is about; None for another message. BadValue for a broken
    notification."""
    pushed = message.get(_PUSHED)
    fields: object = message
    if isinstance(pushed, str):
        try:
            fields = json.loads(pushed)
        except (ValueError, RecursionError) as problem:
            raise BadValue(f"{_PUSHED} holds no JSON.") from problem
    if not isinstance(fields, dict) or "transactionId" not in fields:
        return None
    return Row(fields).need_moment("UTC", "transactionDate")
