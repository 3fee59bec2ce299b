"""Numbers, dates and texts at their extremes, in every parameter and field that /openapi.json names: an answer or a
refusal, never an internal error, on both databases."""

from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import TestResponse

from affiliate.links.sites import ensure_default_site
from affiliate.store import Store
from affiliate.web import Services, create_app
from tests.conftest import HandClock
from tests.web.conftest import Published
from tests.web.newsroom import SHOP, Script, furnish, new_token

NUMBERS = (
    "0",
    "-1",
    "1",
    "2147483648",
    "9223372036854775808",
    "9" * 5000,
    "-0",
    "1e400",
    "1e5",
    "0x10",
    "1_0",
    "١",
    "1.5",
)
NAMES = ("NaN", "Infinity", "-Infinity", "null", "true", "[]", "{}", "")
DAYS = (
    *("0001-01-01", "9999-12-31", "1989-12-31", "2200-01-02", "2026-W48-1", "2026-W53", "2026-334", "20261130"),
    *("2026-02-30", "2026-13-01", "-2026-01-01", "12026-01-01", "2026-11-30T24:00:00", "2026-11-30T23:59:60Z"),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-11-30T00:00+24:00", "2026-11-30T00:00Z"),
    *("2026-11-30T00:00:00.1234567890", "2026-11-30 00:00+00:00:01", "1795996800", "now"),
)
TEXTS = (
    "\x00",
    "\u202e",
    "%",
    "_",
    "'",
    '"',
    "\\",
    "\r\nX: y",
    "../../x",
    "x" * 10_000,
    "\U0001f5a8" * 300,
    " ",
    "＝1",
)
JSON_VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 1, 1.5, 2**31, 2**63, 10**400, -(10**400), 1e308, [], {}, [None], "", "\ud800"),
    *NUMBERS[5:9],
    *NAMES[:3],
    *DAYS[:3],
    *TEXTS,
)
RAW_VALUES = (
    "NaN",
    "Infinity",
    "-Infinity",
    "1e400",
    "9" * 5000,
    "[" * 100_000,
    '{"a":' * 100_000,
    '"\\ud800"',
    "\x00",
)


@pytest.fixture
def script(store: Store, clock: HandClock) -> Script:
    with store.transaction() as session:
        ensure_default_site(
            session,
            name="My site",
            language="en-GB",
            jurisdiction="uk",
            time_zone="Europe/London",
            currency="GBP",
            now=clock(),
        )
    published = Published()
    services = Services(
        store=store,
        clock=clock,
        publish=published.publish,
        publish_hosts=published.publish_hosts,
        session_key="a key for tests",
    )
    furnish(services)
    app = create_app(services)
    script = Script(app.test_client(), new_token(services, "admin"))
    assert script.post("/links", {"url": SHOP}).status_code == 201
    return script


def described(script: Script) -> dict[str, Any]:
    answer = script.client.get("/openapi.json", headers={"Authorization": f"Bearer {script.token}"})
    assert answer.status_code == 200
    spec: dict[str, Any] = answer.get_json()
    return spec


def calls(spec: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, operations in spec["paths"].items():
        for method, operation in operations.items():
            if path.startswith("/api/v1") and method in ("get", "post", "patch"):
                yield method, path, operation


def fields(spec: dict[str, Any], operation: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """The names of all fields of a call's body, those in other ones too."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    waiting: list[tuple[tuple[str, ...], Any]] = [((), content.get("schema", {}))]
    while waiting:
        named, schema = waiting.pop()
        if "$ref" in schema:
            schema = spec["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        if named:
            yield named
        for other in schema.get("anyOf", ()):
            waiting.append((named, other)) if "$ref" in other else None
        waiting += [((*named, name), each) for name, each in schema.get("properties", {}).items()]


def body_of(path: str) -> dict[str, Any]:
    """A body that is taken, in which one value is replaced at a time."""
    bodies: dict[str, dict[str, Any]] = {
        "/api/v1/links": {"url": SHOP},
        "/api/v1/rewrite": {"html": f'<a href="{SHOP}">x</a>', "article": {"id": "a"}, "dry_run": True},
        "/api/v1/teasers": {"html": "<a href=/a>x</a>"},
        "/api/v1/inspect": {"urls": [SHOP]},
        "/api/v1/earn": {"urls": [SHOP]},
    }
    return bodies.get(path, {})


def with_value(body: dict[str, Any], named: tuple[str, ...], value: Any) -> dict[str, Any]:
    first, *rest = named
    inner = body.get(first)
    return {**body, first: with_value(inner if isinstance(inner, dict) else {}, tuple(rest), value) if rest else value}


def test_no_value_of_a_parameter_is_an_internal_error(script: Script) -> None:
    spec = described(script)
    broken: list[str] = []
    for method, path, operation in calls(spec):
        for parameter in operation.get("parameters", ()):
            is_number = parameter["schema"].get("type") in ("integer", "number")
            for value in (*NUMBERS, *NAMES) if is_number else (*NUMBERS[:3], *DAYS, *TEXTS):
                if parameter["in"] == "path":
                    answer = opened(script, method, path.replace("{" + parameter["name"] + "}", value.strip() or "x"))
                else:
                    answer = opened(script, method, path, query={parameter["name"]: value})
                noted(broken, answer, f"{method} {path} {parameter['name']}={value[:40]!r}")
    assert broken == []


def test_no_value_in_a_body_is_an_internal_error(script: Script) -> None:
    spec = described(script)
    broken: list[str] = []
    tried = 0
    for method, path, operation in calls(spec):
        for named in fields(spec, operation):
            for value in (*JSON_VALUES, *(DAYS if named[-1].endswith(("_at", "from", "until")) else ())):
                body = with_value(body_of(path), named, value)
                tried += 1
                noted(broken, opened(script, method, path, json=body), f"{method} {path} {named}={str(value)[:40]!r}")
    assert broken == []
    assert tried > 1000  # the description still names them


def test_no_number_that_json_cannot_hold_is_an_internal_error(script: Script) -> None:
    spec = described(script)
    broken: list[str] = []
    for method, path, operation in calls(spec):
        for named in [("x",), *fields(spec, operation)] if method != "get" else ():
            for raw in RAW_VALUES if named in (("x",), ("url",), ("rate",), ("article",)) else RAW_VALUES[:5]:
                data = f'{{"{named[0]}": {raw}}}'.encode()
                answer = opened(script, method, path, data=data, content_type="application/json")
                noted(broken, answer, f"{method} {path} {named}={raw[:40]!r}")
    assert broken == []


def opened(script: Script, method: str, path: str, query: dict[str, str] | None = None, **sent: Any) -> TestResponse:
    headers = {"Authorization": f"Bearer {script.token}"}
    concrete = path.replace("{slug}", "none").replace("{programme_id}", "1")
    if method != "get" and not sent:
        sent = {"json": body_of(path)}
    return script.client.open(concrete, method=method.upper(), query_string=query, headers=headers, **sent)


def noted(broken: list[str], answer: TestResponse, what: str) -> None:
    if answer.status_code >= 500:
        broken.append(f"{answer.status_code}: {what}")
