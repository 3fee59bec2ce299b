"""Telling staff who are signed in apart from readers, where the pages and the database are not asked: in the redirect."""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import BadSignature
from werkzeug.http import parse_cookie

_LONGEST = 4096  # bytes of a cookie; browsers keep no longer ones
_REMEMBERED = 1024


def staff_of(app: Flask) -> Callable[[str, datetime], bool]:
    """Whether a Cookie header holds the session of somebody who is signed in to `app`: signed by it, not too old, and with
    a person in it. Nobody is looked up: a person who was put out today is staff until the session ends, for a label."""
    serializer = SecureCookieSessionInterface().get_signing_serializer(app)
    name, lifetime = app.config["SESSION_COOKIE_NAME"], app.permanent_session_lifetime
    mark = f"{name}="

    @lru_cache(_REMEMBERED)
    def signed_in_until(cookie: str) -> float:
        try:
            content, signed_at = serializer.loads(cookie, return_timestamp=True) if serializer else ({}, None)
        except BadSignature:
            return 0.0
        return (signed_at + lifetime).timestamp() if content.get("_user_id") else 0.0

    def is_staff(cookies: str, now: datetime) -> bool:
        if mark not in cookies:  # a reader's: one search in a text
            return False
        cookie = parse_cookie(cookies).get(name, "")
        return len(cookie) <= _LONGEST and now.timestamp() < signed_in_until(cookie)

    return is_staff
