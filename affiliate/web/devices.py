"""The device cookie: a browser on which somebody signed in is known again, so that guessing elsewhere never keeps it out.

Only whoever signed in gets one; readers never do. It is signed, sent to the log-in page alone, lets nobody in, and names the
accounts by their numbers.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from flask import current_app, request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from ua_parser import parse
from werkzeug.wrappers import Response

NAME = "affiliate-device"

_LIFE = timedelta(days=400)  # the longest that browsers keep one
_LONGEST_AGENT = 500  # characters that are looked at
_MOST_USERS = 20  # of one shared computer; the earliest is forgotten


@dataclass(frozen=True, slots=True)
class Device:
    """A browser, and the users who signed in on it, the last one last."""

    id: str
    users: tuple[int, ...] = ()

    def of(self, user_id: int) -> str:
        """Its id, for somebody who signed in on it before; "" for others."""
        return self.id if user_id in self.users else ""


def this_device() -> Device:
    """What the cookie says; a new device where there is none, or a forged or old one."""
    try:
        said = _serializer().loads(request.cookies.get(NAME, ""), max_age=int(_LIFE.total_seconds()))
        return Device(str(said["device"]), tuple(map(int, said["users"])))
    except (BadSignature, KeyError, TypeError, ValueError):
        return Device(secrets.token_urlsafe(12))


def remember(response: Response, device: Device, user_id: int) -> None:
    """Has the browser known again as one of this user."""
    users = [*(each for each in device.users if each != user_id), user_id][-_MOST_USERS:]
    response.set_cookie(
        NAME,
        str(_serializer().dumps({"device": device.id, "users": users})),
        max_age=_LIFE,
        path="/login",
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
        httponly=True,
        samesite="Lax",
    )


def device_label() -> str:
    """The browser and system of this request in words, for its owner to know it again: "Firefox on Linux"."""
    read = parse(request.headers.get("User-Agent", "")[:_LONGEST_AGENT])
    names = [part.family[:50] for part in (read.user_agent, read.os) if part]
    return " on ".join(names) or "an unknown browser"


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="affiliate device")
