import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import pytest

from affiliate.redirect.late import Late, Pages

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def test_pages_are_tried_less_and_less_often_and_the_log_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    moment, is_full = 0.0, True
    tries: list[float] = []

    def app(_environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        start_response("200 OK", [])
        return [b"a page"]

    def make() -> Pages:
        tries.append(moment)
        if is_full:
            raise OSError(28, "No space left on device", "/data/.secret.key")
        return Pages(app, lambda _cookies, _now: True)

    answered: list[str] = []

    def start_response(status: str, _headers: object, _problem: object = None) -> Callable[[bytes], object]:
        answered.append(status)
        return len

    def ask() -> bytes:
        return b"".join(late({}, start_response))

    late = Late(make, name="the pages", now=lambda: moment)
    text = b""
    for second in range(301):
        moment = second
        text = ask()
    assert tries == [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]
    assert set(answered) == {"503 Service Unavailable"}
    assert b"No space left on device: /data/.secret.key" in text
    is_full = False
    moment = 303
    assert (ask(), answered[-1], late.tried()) == (b"a page", "200 OK", "")
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert said == [
        "the pages cannot be opened, redirects go on: [Errno 28] No space left on device: '/data/.secret.key'",
        "the pages are open now",
    ]
