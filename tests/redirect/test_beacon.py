"""Direct links are counted by a request of their own, because their click never passes here."""

import pytest

from affiliate.ids import new_placement_token
from affiliate.redirect import records
from affiliate.redirect.hop import SCRIPT, Answer
from tests.conftest import NOW
from tests.redirect.conftest import BROWSER, HOST, SITE, TOKEN, Redirects, entry

BEACON = "/go/-/go/dress"


def parts(answer: Answer | None) -> tuple[str, dict[str, str], bytes]:
    assert answer is not None
    return answer.status, dict(answer.headers), answer.body


def test_a_beacon_is_a_click_and_says_nothing_back(redirects: Redirects) -> None:
    token = new_placement_token()
    assert parts(redirects.ask(f"{BEACON}/-{token}", method="POST")) == (
        "204 No Content",
        {"Cache-Control": "no-store"},
        b"",
    )
    (click,) = redirects.clicks()
    assert click == records.ClickRecord(
        time_ms=int(NOW.timestamp() * 1000),
        visitor=click.visitor,
        link_id=1,
        flags=records.BEACON | records.TOKEN_IN_PATH,
        token=token,
        country="",
        user_agent=BROWSER,
        referrer_host="",
        referrer_path="",
        host=HOST,
        reason="",
    )
    assert click.visitor


def test_a_beacon_has_the_visitor_that_the_redirect_would_have(redirects: Redirects) -> None:
    redirects.ask(BEACON, method="POST")
    redirects.ask()
    one, other = redirects.clicks()
    assert one.visitor == other.visitor
    assert {one.token, other.token} == {TOKEN}


@pytest.mark.parametrize("reason", ["", "direct", "untouched", "retired"])
def test_any_known_path_is_counted_whatever_became_of_the_link(redirects: Redirects, reason: str) -> None:
    known = entry(7, before="", reason=reason)._replace(has_slot=False)
    redirects.table.apply([(SITE, "/recommends/Big", known)])
    assert parts(redirects.ask("/go/-/recommends/Big", method="POST"))[0] == "204 No Content"
    (click,) = redirects.clicks()
    assert (click.link_id, click.reason) == (7, "")


def test_the_fetch_metadata_of_a_beacon_are_no_sign_of_a_machine(redirects: Redirects) -> None:
    headers = {"sec-fetch-dest": "empty", "sec-fetch-mode": "no-cors", "sec-fetch-site": "same-origin"}
    redirects.ask(BEACON, method="POST", headers=headers)
    assert redirects.clicks()[0].flags == records.BEACON


@pytest.mark.parametrize(("headers", "flag"), [({"sec-gpc": "1"}, records.GPC), ({"dnt": "1"}, records.DNT)])
def test_who_asks_not_to_be_followed_has_no_visitor_hash(
    redirects: Redirects, headers: dict[str, str], flag: int
) -> None:
    redirects.ask(BEACON, method="POST", headers=headers)
    (click,) = redirects.clicks()
    assert (click.flags, click.visitor) == (records.BEACON | flag, 0)


def test_staff_are_marked_as_internal(redirects: Redirects) -> None:
    redirects.make_hop(internal=("203.0.113.0/24",), is_staff=lambda cookies, _: cookies == "theirs")
    redirects.ask(BEACON, method="POST")
    redirects.ask(BEACON, method="POST", address="198.51.100.1", headers={"cookie": "theirs"})
    assert {click.flags for click in redirects.clicks()} == {records.BEACON | records.INTERNAL}


@pytest.mark.parametrize("header", ["referer", "ping-from"])
def test_the_article_is_the_referrer_whoever_sends_the_beacon(redirects: Redirects, header: str) -> None:
    redirects.ask(BEACON, method="POST", headers={header: f"https://{HOST}/story?secret=1"})
    (click,) = redirects.clicks()
    assert (click.referrer_host, click.referrer_path) == (HOST, "/story")


@pytest.mark.parametrize(
    "path",
    [
        "/go/-/go/unknown",
        "/go/-/",
        "/go/-/x",
        f"/go/-{BEACON}",
        "/go/-" + SCRIPT,
        "/go/-/" + "x" * 1990,
        SCRIPT,
        "/go/-/" + "x" * 60_000,
    ],
)
def test_a_beacon_of_nothing_is_not_counted_and_leaves_no_trace(redirects: Redirects, path: str) -> None:
    assert parts(redirects.ask(path, method="POST")) == (
        "404 Not Found",
        {"Cache-Control": "no-store", "Content-Length": "0"},
        b"",
    )
    assert redirects.clicks() == []
    assert not (redirects.folder / "orphans.jsonl").exists()


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "post", ""])
@pytest.mark.parametrize("path", [BEACON, "/go/-/go/unknown"])
def test_a_beacon_can_only_be_posted(redirects: Redirects, method: str, path: str) -> None:
    status, headers, body = parts(redirects.ask(path, method=method))
    assert (status, headers["Allow"]) == ("405 Method Not Allowed", "POST")
    assert (body == b"") == (method == "HEAD")
    assert redirects.clicks() == []


def test_a_damaged_table_is_a_503(redirects: Redirects) -> None:
    redirects.table.close()
    (redirects.folder / "links" / "links.mdb").write_bytes(b"rubbish" * 3000)
    status, _, body = parts(redirects.ask(BEACON, method="POST"))
    assert (status[:3], body) == ("503", b"")


def test_the_script_is_small_and_kept_for_a_day(redirects: Redirects) -> None:
    status, headers, body = parts(redirects.ask(SCRIPT))
    assert (status, headers["Content-Type"]) == ("200 OK", "text/javascript; charset=utf-8")
    assert headers["Cache-Control"] == "public, max-age=86400"
    assert len(body) == int(headers["Content-Length"]) <= 2048
    assert b"cookie =" not in body
    assert b"Storage" not in body
    assert parts(redirects.ask(SCRIPT, method="HEAD")) == (status, headers, b"")
    assert redirects.clicks() == []
