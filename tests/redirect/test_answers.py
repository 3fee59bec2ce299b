"""The table of answers of docs/redirects.md, line by line and in its order: what is asked, the answer, and what is
journalled. A line that is added there has to be added here."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from affiliate.ids import new_placement_token
from affiliate.redirect.records import BEACON, DNT, GPC, IMPLAUSIBLE, INTERNAL, TOKEN_IN_PATH
from tests.redirect.conftest import SITE, TOKEN, Redirects, entry

TABLE = Path(__file__).parents[2] / "docs" / "redirects.md"
SHOP = f"https://shop.example/dress?u1={TOKEN}"
FALLBACK = "https://shop.example/"
NAMED = new_placement_token()
THEIRS = f"https://shop.example/theirs?u1={NAMED}"
REDIRECT = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow", "Content-Length": "0"} | {
    "Location": SHOP,
    "Referrer-Policy": "strict-origin-when-cross-origin",
}


@dataclass(frozen=True)
class Line:
    """`asked`: path, and method, host, headers or address where they matter. `flags`: of every click that it leaves."""

    begins: str
    asked: tuple[dict[str, str], ...]
    status: str
    flags: tuple[int, ...] = ()
    headers: dict[str, str] = field(default_factory=lambda: REDIRECT)
    says: bytes = b""


def asked(path: str = "/go/dress", **more: str) -> tuple[dict[str, str]]:
    """A request; `method`, `host` and `address` by name, everything else is a header."""
    return ({"path": path, **more},)


NO_STORE = {"Cache-Control": "no-store"}
SOURCES = ("sec-purpose", "purpose", "x-purpose", "x-moz")
LINES = [
    Line("GET of a known path", asked(), "302", (0,)),
    Line("HEAD", asked(method="HEAD"), "302"),
    Line("a prefetch", tuple({"path": "/go/dress", name: "prefetch"} for name in SOURCES), "503", (), NO_STORE),
    Line("with headers that no person", asked(**{"sec-fetch-dest": "image"}), "302", (IMPLAUSIBLE,)),
    Line("a crawler", asked(**{"user-agent": "Googlebot/2.1"}) + asked(**{"user-agent": ""}), "302", (0, 0)),
    Line("the same visitor", asked() + asked(), "302", (0, 0)),
    Line("from a network in", asked(address="198.51.100.9") + asked(cookie="staff"), "302", (INTERNAL, INTERNAL)),
    Line(
        "with `Sec-GPC: 1`",
        asked(**{"sec-gpc": "1"}) + asked(dnt="1"),
        "302",
        (GPC, DNT),
        REDIRECT | {"Location": SHOP + "&cons=0"},
    ),
    Line("POST, OPTIONS", asked(method="POST") + asked("/go/x", method="OPTIONS"), "405", (), {"Allow": "GET, HEAD"}),
    Line("`www.`", asked(host="WWW.mag.example.:443"), "302", (0,)),
    Line("a token that names", asked(f"/go/dress/-{NAMED}"), "302", (TOKEN_IN_PATH,), REDIRECT | {"Location": THEIRS}),
    Line("a host that is no", asked("/go/both", host="x.example"), "302", (), REDIRECT | {"Location": FALLBACK}),
    Line("several sites", asked("/go/dress", host="x.example"), "300", (), NO_STORE, b'<a href="https://shop.example/'),
    Line("an unknown path", asked("/go/unknown"), "404", (), NO_STORE, b'<a href="/">'),
    Line("a retired or expired link", asked("/go/old"), "302", (0,), REDIRECT | {"Location": FALLBACK}),
    Line("POST to `/go/-` and a known path", asked("/go/-/go/dress", method="POST"), "204", (BEACON,), NO_STORE),
    Line("POST to `/go/-/` and anything else", asked("/go/-/x", method="POST"), "404", (), NO_STORE),
    Line("other methods there", asked("/go/-/go/dress") + asked("/go/-/x", method="PUT"), "405", (), {"Allow": "POST"}),
    Line(
        "GET or HEAD of `/go/-/clicks.js`",
        asked("/go/-/clicks.js"),
        "200",
        (),
        {"Cache-Control": "public, max-age=86400"},
    ),
]


@pytest.fixture
def ask(redirects: Redirects) -> Callable[[dict[str, str]], tuple[str, dict[str, str], bytes]]:
    gone = entry(2, before=FALLBACK, reason="retired")._replace(has_slot=False)
    ours = entry()._replace(refusal="&cons=0", target="https://shop.example/ours")
    theirs = entry(3, before="https://shop.example/theirs?u1=")._replace(target="https://shop.example/theirs")
    redirects.table.apply([(SITE, "/go/dress", ours), (SITE, "/go/old", gone), (NAMED, 3), (2, "/go/dress", theirs)])
    redirects.table.apply([(site, "/go/both", gone._replace(link_id=3 + site)) for site in (SITE, 2)])
    redirects.make_hop(internal=("198.51.100.0/24",), is_staff=lambda cookies, _: cookies == "staff")

    def ask(request: dict[str, str]) -> tuple[str, dict[str, str], bytes]:
        headers = dict(request)
        given = {name: headers.pop(name) for name in ("method", "address", "host") if name in headers}
        answer = redirects.ask(headers.pop("path"), headers=headers, **given)  # type: ignore[arg-type]
        assert answer is not None
        return answer.status[:3], dict(answer.headers), answer.body

    return ask


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.begins)
def test_a_line_of_the_table(
    redirects: Redirects, ask: Callable[[dict[str, str]], tuple[str, dict[str, str], bytes]], line: Line
) -> None:
    for request in line.asked:
        status, headers, body = ask(request)
        assert status == line.status
        assert headers == headers | line.headers
        assert ("Location" in headers) == ("Location" in line.headers)
        assert "Set-Cookie" not in headers
        assert line.says in body
    clicks = redirects.clicks()
    assert sorted(click.flags for click in clicks) == sorted(line.flags)
    assert all((click.visitor == 0) == bool(click.flags & (GPC | DNT)) for click in clicks)


def test_no_line_of_the_table_is_left_out() -> None:
    rows = TABLE.read_text(encoding="utf-8").partition("| request | answer | counted |\n|---|---|---|\n| ")[2]
    written = rows.partition("\n\n")[0].split("\n| ")
    assert len(written) == len(LINES)
    for row, line in zip(written, LINES, strict=True):
        assert row.startswith(line.begins)
