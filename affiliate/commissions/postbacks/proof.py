"""Who sent a message, and whether it came before.

Two proofs, chosen by what the account's file of credentials holds, so that nobody can fall back to the weaker one:

`postback_secret`: the sender signs. `X-Affiliate-Signature: t=SECONDS,v1=HEX`, where HEX is the HMAC-SHA256 of `SECONDS.` and
the body under the secret. It proves that who holds the secret said this, and when; the secret itself never travels.

`postback_key`: the sender can only fill macros into an address, so a secret stands in the address as `key=`. It proves that
whoever sent this knew the address, and nothing of the content or the time: addresses stand in the logs of everything on the way.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from affiliate.errors import NotSigned
from affiliate.networks.asking.credentials import SHORTEST_PROOF

HEADER = "X-Affiliate-Signature"
TOLERANCE = timedelta(minutes=5)

_SECONDS = re.compile("[0-9]{1,11}")  # until the year 5138


@dataclass(frozen=True, slots=True)
class Secrets:
    """What an account's messages are proven with; "" where it is not used."""

    secret: str = field(default="", repr=False)
    key: str = field(default="", repr=False)


NO_SECRETS = Secrets()


class Proof(NamedTuple):
    """`said_at` is when the sender said it: the signature's time, else when it came. `digest` is the message's."""

    said_at: datetime
    digest: str


def prove(
    content: bytes, secrets: Secrets, *, signature: str | None, key: str | None, of: tuple[str, str], now: datetime
) -> Proof:
    """`of` is the network and our id there, which the digest holds too. NotSigned says what is wrong, and never what would be
    right."""
    if len(secrets.secret) >= SHORTEST_PROOF:
        said = _signed(content, secrets.secret, signature, now)
        return Proof(min(datetime.fromtimestamp(int(said), UTC), now), _digest(*of, said, content))
    if len(secrets.key) >= SHORTEST_PROOF:
        if key is None or not hmac.compare_digest(key.encode(), secrets.key.encode()):
            raise NotSigned("the key in the address (key=…) is missing or another one.")
        return Proof(now, _digest(*of, "", content))
    raise NotSigned("messages of this account are not taken, or there is no such account.")


def _signed(content: bytes, secret: str, header: str | None, now: datetime) -> str:
    """The time of a header whose signature is right, as it was written."""
    if not header:
        raise NotSigned(f"the header {HEADER} is missing.")
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    given = [value for name, _, value in parts if name == "v1"]
    if len(times) != 1 or not _SECONDS.fullmatch(times[0]) or not given:
        raise NotSigned(f"the header {HEADER} must read t=SECONDS,v1=HEX.")
    right = hmac.new(secret.encode(), f"{times[0]}.".encode() + content, hashlib.sha256).hexdigest()
    if not any(hmac.compare_digest(right.encode(), each.encode()) for each in given):
        raise NotSigned("the signature is not that of this body and time.")
    off = abs(now - datetime.fromtimestamp(int(times[0]), UTC))
    if off > TOLERANCE:
        raise NotSigned(f"it was signed {off} away from our clock, which shows {now:%Y-%m-%d %H:%M:%S} UTC.")
    return times[0]


def _digest(network: str, publisher_ref: str, said: str, content: bytes) -> str:
    head = f"{network}\n{publisher_ref}\n{said}\n".encode("utf-8", "backslashreplace")
    return hashlib.sha256(head + content).hexdigest()
