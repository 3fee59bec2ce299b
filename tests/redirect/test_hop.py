import json
import os
import shutil
from datetime import date, timedelta
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from affiliate.ids import new_placement_token
from affiliate.redirect import records, segments
from affiliate.redirect.counters import counts
from affiliate.redirect.hop import SCRIPT, Answer
from affiliate.redirect.orphans import OrphanLog
from affiliate.redirect.referrers import REFERRER_POLICIES
from tests.conftest import NOW
from tests.redirect.conftest import BROWSER, HOST, SITE, TOKEN, Redirects, entry


def shown(answer: Answer | None) -> tuple[str, dict[str, str], bytes]:
    assert answer is not None
    return answer.status, dict(answer.headers), answer.body


# ---- the table of answers --------------------------------------------------------------------------------------------


def test_a_get_of_a_live_path_is_a_302_that_nobody_stores_and_a_click(redirects: Redirects) -> None:
    assert shown(redirects.ask()) == (
        "302 Found",
        {
            "Location": f"https://shop.example/dress?u1={TOKEN}",
            "Cache-Control": "no-store",
            "X-Robots-Tag": "noindex, nofollow",
            "Referrer-Policy": "strict-origin-when-cross-origin",
            "Content-Length": "0",
        },
        b"",
    )
    (click,) = redirects.clicks()
    assert click == records.ClickRecord(
        time_ms=int(NOW.timestamp() * 1000),
        link_id=1,
        flags=0,
        visitor=click.visitor,
        token=TOKEN,
        country="",
        user_agent=BROWSER,
        referrer_host="",
        referrer_path="",
        host=HOST,
        reason="",
    )
    assert click.visitor


def test_a_head_has_the_same_headers_and_is_no_click(redirects: Redirects) -> None:
    assert redirects.ask(method="HEAD") == redirects.ask()
    assert len(redirects.clicks()) == 1


def test_the_token_of_the_path_is_the_sub_id(redirects: Redirects) -> None:
    token = new_placement_token()
    assert redirects.location(f"/go/dress/-{token}") == f"https://shop.example/dress?u1={token}"
    (click,) = redirects.clicks()
    assert (click.token, click.flags) == (token, records.TOKEN_IN_PATH)


def test_without_a_slot_the_token_is_counted_and_not_sent(redirects: Redirects) -> None:
    redirects.table.apply([(SITE, "/go/plain", entry(before="https://s.example/x")._replace(has_slot=False))])
    assert redirects.location(f"/go/plain/-{new_placement_token()}") == "https://s.example/x"
    assert redirects.clicks()[0].flags == records.TOKEN_IN_PATH


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-purpose": "prefetch"},
        {"sec-purpose": "prefetch;prerender"},
        {"sec-purpose": "prefetch;anonymous-client-ip"},
        {"purpose": "prefetch"},
        {"purpose": "preview"},
        {"x-purpose": "preview"},
        {"x-moz": "prefetch"},
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_prefetch_is_told_to_ask_again_and_is_no_click(
    redirects: Redirects, headers: dict[str, str], method: str
) -> None:
    status, answered, body = shown(redirects.ask(headers=headers, method=method))
    assert (status[:3], answered["Cache-Control"], "Location" in answered, body) == ("503", "no-store", False, b"")
    assert redirects.clicks() == []
    assert counts(redirects.counters.folder).prefetches == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-dest": "image", "sec-fetch-mode": "no-cors"},
        {"sec-fetch-dest": "script"},
        {"sec-fetch-dest": "empty", "sec-fetch-mode": "cors"},
        {"sec-fetch-mode": "websocket"},
        {"sec-ch-ua": '"Chromium";v="140", "HeadlessChrome";v="140", "Not=A?Brand";v="24"'},
    ],
)
def test_what_cannot_be_a_persons_navigation_gets_the_same_answer_and_a_flag(
    redirects: Redirects, headers: dict[str, str]
) -> None:
    assert redirects.ask(headers=headers) == redirects.ask()
    assert sorted(click.flags for click in redirects.clicks()) == [0, records.IMPLAUSIBLE]


@pytest.mark.parametrize(
    "headers",
    [
        {},  # curl, python-requests, http.client, an old browser, or a proxy that takes headers out
        {"sec-fetch-dest": "document", "sec-fetch-mode": "navigate", "sec-fetch-site": "cross-site"},
        {"sec-fetch-dest": "iframe", "sec-fetch-mode": "navigate"},  # a link inside a frame
        {"sec-fetch-dest": "empty", "sec-fetch-mode": "navigate"},  # passed on by the site's service worker
        {"sec-fetch-dest": "empty", "sec-fetch-mode": "same-origin"},  # and by one that is built with Workbox
        {"sec-fetch-dest": "", "sec-fetch-mode": ""},
        {"sec-ch-ua": '"Chromium";v="140", "Google Chrome";v="140", "Not=A?Brand";v="24"'},
        {"sec-purpose": "", "purpose": "x", "accept-language": ""},
    ],
)
def test_whatever_may_be_a_person_has_no_flag(redirects: Redirects, headers: dict[str, str]) -> None:
    redirects.ask(headers=headers)
    assert redirects.clicks()[0].flags == 0


def test_bots_get_the_same_answer_and_are_kept(redirects: Redirects) -> None:
    assert redirects.ask(headers={"user-agent": "Googlebot/2.1"}) == redirects.ask()
    assert "Googlebot/2.1" in [click.user_agent for click in redirects.clicks()]


def test_staff_are_marked_as_internal(redirects: Redirects) -> None:
    redirects.make_hop(internal=("203.0.113.0/24", "2001:db8::/32"))
    redirects.ask(address="203.0.113.77")
    redirects.ask(address="2001:db8::7")
    redirects.ask(address="198.51.100.1")
    assert sorted(click.flags for click in redirects.clicks()) == [0, records.INTERNAL, records.INTERNAL]


def test_signed_in_staff_are_marked_as_internal(redirects: Redirects) -> None:
    redirects.make_hop(is_staff=lambda cookies, now: (cookies, now) == ("affiliate=theirs", NOW))
    redirects.ask(headers={"cookie": "affiliate=theirs"})
    redirects.ask(headers={"cookie": "affiliate=forged"})
    redirects.ask()
    assert sorted(click.flags for click in redirects.clicks()) == [0, 0, records.INTERNAL]


def test_the_country_of_the_address_is_journalled(redirects: Redirects) -> None:
    asked: list[str] = []

    def country_of(address: str) -> str:
        asked.append(address)
        return "GB"

    redirects.make_hop(country_of=country_of)
    assert [redirects.location(), redirects.location()] == [f"https://shop.example/dress?u1={TOKEN}"] * 2
    assert [click.country for click in redirects.clicks()] == ["GB", "GB"]
    assert asked == ["203.0.113.9"]  # and remembered


@pytest.mark.parametrize("policy", REFERRER_POLICIES)
def test_a_programme_may_have_a_referrer_policy_of_its_own(redirects: Redirects, policy: str) -> None:
    redirects.table.apply([(SITE, "/go/own", entry()._replace(referrer_policy=policy))])
    assert shown(redirects.ask("/go/own"))[1]["Referrer-Policy"] == policy


def test_a_referrer_policy_that_nobody_knows_is_the_usual_one(redirects: Redirects) -> None:
    redirects.table.apply([(SITE, "/go/own", entry()._replace(referrer_policy="x\r\nSet-Cookie: x"))])
    assert shown(redirects.ask("/go/own"))[1] == shown(redirects.ask())[1]


@pytest.mark.parametrize("path", ["/go/dress", "/go/unknown"])
@pytest.mark.parametrize("method", ["OPTIONS", "POST", "PUT", "DELETE", "TRACE", "get", ""])
def test_other_methods_are_refused_and_no_clicks(redirects: Redirects, method: str, path: str) -> None:
    status, headers, _ = shown(redirects.ask(path, method=method))
    assert (status[:3], headers["Allow"]) == ("405", "GET, HEAD")
    assert redirects.clicks() == []


def test_an_unknown_path_gets_a_page_with_a_way_on_and_is_logged(redirects: Redirects) -> None:
    headers = {"referer": "https://other.example/private?q=1"}
    status, answered, body = shown(redirects.ask("/go/lost\n", headers=headers))
    assert (status, answered["Cache-Control"]) == ("404 Not Found", "no-store")
    assert b'<a href="/">' in body
    (line,) = (redirects.folder / "orphans.jsonl").read_text().splitlines()
    assert json.loads(line) == {
        "at": NOW.isoformat(),
        "host": HOST,
        "path": "/go/lost\n",
        "referrer_host": "other.example",
    }
    assert shown(redirects.ask("/go/lost", method="HEAD"))[2] == b""


def test_the_orphan_log_stays_small(redirects: Redirects) -> None:
    redirects.orphans = OrphanLog(redirects.folder, limit_bytes=2_000)
    redirects.make_hop()
    for number in range(100):
        redirects.ask(f"/go/lost-{number}")
    sizes = [path.stat().st_size for path in redirects.folder.glob("orphans*")]
    assert len(sizes) <= 2
    assert sum(sizes) < 5_000


@pytest.mark.parametrize("path", ["/", "/login", "/gone", "/go", "", "*", "/static/a.css"])
def test_other_paths_are_left_to_the_pages(redirects: Redirects, path: str) -> None:
    assert redirects.ask(path) is None
    assert redirects.ask(path, method="POST") is None


def test_an_imported_path_outside_go_is_ours(redirects: Redirects) -> None:
    redirects.table.apply([(SITE, "/recommends/A/b", entry(9))])
    assert redirects.location("/recommends/a/b/") == f"https://shop.example/dress?u1={TOKEN}"
    assert shown(redirects.ask("/recommends/A/b", method="POST"))[0].startswith("405")


def test_a_retired_link_leads_to_its_fallback_and_the_reason_is_kept(redirects: Redirects) -> None:
    fallback = entry(before="https://shop.example/", reason="retired")._replace(has_slot=False)
    redirects.table.apply([(SITE, "/go/old", fallback)])
    assert redirects.location("/go/old") == "https://shop.example/"
    assert redirects.clicks()[0].reason == "retired"


def test_a_retired_link_without_anywhere_to_go_is_counted_and_gets_the_404_page(redirects: Redirects) -> None:
    redirects.table.apply([(SITE, "/go/old", entry(before="", reason="retired")._replace(has_slot=False))])
    status, headers, _ = shown(redirects.ask("/go/old"))
    assert (status, "Location" in headers) == ("404 Not Found", False)
    assert redirects.clicks()[0].reason == "retired"


@pytest.mark.parametrize(("headers", "flag"), [({"sec-gpc": "1"}, records.GPC), ({"dnt": "1"}, records.DNT)])
def test_who_asks_not_to_be_followed_has_no_visitor_hash(
    redirects: Redirects, headers: dict[str, str], flag: int
) -> None:
    assert redirects.ask(headers=headers) == redirects.ask()
    assert {(click.flags, bool(click.visitor)) for click in redirects.clicks()} == {(flag, False), (0, True)}


@pytest.mark.parametrize("headers", [{"sec-gpc": "1"}, {"dnt": "1"}, {"sec-gpc": "1", "dnt": "1"}])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_refusal_is_passed_on_where_the_network_can_be_told(
    redirects: Redirects, headers: dict[str, str], method: str
) -> None:
    told = entry(after="&to=x#part")._replace(refusal="&cons=0")
    redirects.table.apply([(SITE, "/go/told", told), (SITE, "/go/deaf", told._replace(refusal=""))])

    def location(path: str, headers: dict[str, str]) -> str:
        return shown(redirects.ask(path, method=method, headers=headers))[1]["Location"]

    assert location("/go/told", headers) == f"https://shop.example/dress?u1={TOKEN}&cons=0&to=x#part"
    assert (
        location("/go/told", {}) == location("/go/deaf", headers) == f"https://shop.example/dress?u1={TOKEN}&to=x#part"
    )


def test_networks_may_be_told_of_a_refusal_also_where_nothing_is_known(redirects: Redirects) -> None:
    redirects.table.apply([(SITE, "/go/told", entry()._replace(refusal="&cons=0"))])
    redirects.make_hop(refuse_unknown=True)
    assert redirects.location("/go/told") == f"https://shop.example/dress?u1={TOKEN}&cons=0"
    assert redirects.clicks()[0].visitor


def test_a_refusal_that_is_taken_back_is_none(redirects: Redirects) -> None:
    redirects.ask(headers={"sec-gpc": "0", "dnt": "0"})
    assert redirects.clicks()[0].flags == 0


def test_a_journal_that_cannot_be_written_is_counted_and_nobody_waits(redirects: Redirects) -> None:
    expected = redirects.ask()
    redirects.journal.close()
    (redirects.folder / "journal").rename(redirects.folder / "kept")
    (redirects.folder / "journal").write_text("a file where the folder should be")
    assert [redirects.ask() for _ in range(50)] == [expected] * 50
    assert redirects.failures() == 50


def test_no_visitor_key_is_no_reason_to_lose_the_click(redirects: Redirects) -> None:
    def no_key(day: date) -> bytearray:
        raise PermissionError

    redirects.hop._visitors._key_of_day = no_key
    assert shown(redirects.ask())[0] == "302 Found"
    assert redirects.clicks()[0].visitor == 0


def test_while_no_table_is_built_a_links_path_is_a_503_and_no_orphan(redirects: Redirects) -> None:
    shutil.rmtree(redirects.table.folder)
    redirects.table.close()
    assert shown(redirects.ask())[0] == "503 Service Unavailable"
    redirects.table.apply([(SITE, "/go/boots", entry())])  # an edit before the first rebuild
    assert shown(redirects.ask("/go/boots"))[0] == "302 Found"
    for method, path in (("GET", "/go/dress"), ("POST", f"/go/-/go/dress/-{TOKEN}")):
        status, headers, _ = shown(redirects.ask(path, method=method))
        assert (status, headers["Retry-After"]) == ("503 Service Unavailable", "2")
    assert redirects.ask("/pricing") is None
    assert not (redirects.folder / "orphans.jsonl").exists()
    redirects.table.replace([], hosts={HOST: SITE}, checkpoint=0)
    assert shown(redirects.ask())[0] == "404 Not Found"
    assert (redirects.folder / "orphans.jsonl").exists()


def test_a_damaged_table_is_a_503_for_links_and_none_of_the_pages_business(redirects: Redirects) -> None:
    redirects.table.close()
    (redirects.folder / "links" / "links.mdb").write_bytes(b"rubbish" * 3000)
    status, headers, _ = shown(redirects.ask())
    assert (status[:3], "Retry-After" in headers) == ("503", True)
    assert redirects.ask("/login") is None
    assert "rebuilt" in redirects.hop.health()
    redirects.table.replace([(SITE, "/go/dress", entry())], hosts={HOST: SITE}, checkpoint=0)
    assert shown(redirects.ask())[0] == "302 Found"
    assert redirects.hop.health() == ""


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/go/dress"),
        ("PUT", "/go/dress"),
        ("GET", "/go/x"),
        ("POST", "/go/-/go/dress"),
        ("POST", "/go/-/x"),
        ("GET", SCRIPT),
    ],
)
def test_what_a_server_adds_to_an_answer_is_not_in_the_next(redirects: Redirects, method: str, path: str) -> None:
    first = redirects.ask(path, method=method)
    assert first is not None
    first.headers.append(("Server", "x"))
    assert ("Server", "x") not in dict(shown(redirects.ask(path, method=method))[1]).items()


# ---- byte fidelity ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "odd", ["%5B%5D", "a|b", "@user", ";v=1", "{clickid}", "a+b", "%2B", "'quote'", "[x]", "^~!$*()", "&&==", "%zz"]
)
def test_a_target_keeps_every_byte(redirects: Redirects, odd: str) -> None:
    written = entry(before=f"https://shop.example/{odd}?q={odd}&u1=", after=f"&z={odd}#part-{odd}")
    redirects.table.apply([(SITE, "/go/odd", written)])
    assert redirects.location("/go/odd") == f"https://shop.example/{odd}?q={odd}&u1={TOKEN}&z={odd}#part-{odd}"


def test_a_target_that_is_not_ascii_is_percent_encoded_once(redirects: Redirects) -> None:
    redirects.table.apply([(SITE, "/go/odd", entry(before="https://shop.example/größe%20x?u1="))])
    assert redirects.location("/go/odd") == f"https://shop.example/gr%C3%B6%C3%9Fe%20x?u1={TOKEN}"


# ---- who asked -------------------------------------------------------------------------------------------------------


def test_a_visitor_is_the_same_for_a_day_and_a_site_only(redirects: Redirects) -> None:
    def visitor(*, address: str = "203.0.113.9", agent: str = BROWSER, host: str = HOST, days: int = 0) -> int:
        redirects.table.apply([(2, "/go/dress", entry())], hosts={HOST: SITE, "two.example": 2})
        redirects.journal.close()
        for path in segments.segments(redirects.folder / "journal"):
            path.unlink()
        redirects.ask(address=address, headers={"user-agent": agent}, host=host, now=NOW + timedelta(days=days))
        return redirects.clicks()[0].visitor

    one = visitor()
    assert visitor() == one
    others = [visitor(address="203.0.113.8"), visitor(agent="x"), visitor(host="two.example"), visitor(days=1)]
    assert len({one, *others}) == 5


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.7, 10.0.0.2", "198.51.100.7"),  # the client's own lie stands left
        ("10.0.0.1", "", "10.0.0.1"),
        ("198.51.100.7", "1.1.1.1", "198.51.100.7"),  # not a proxy of ours: not believed
        ("::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "198.51.100.7:4711", "198.51.100.7"),  # some proxies add the port
        ("10.0.0.1", "[2001:db8::7]:4711", "2001:db8::7"),
        ("10.0.0.1", "2001:db8::7 ,10.0.0.2:80", "2001:db8::7"),
        ("10.0.0.1", "rubbish", "10.0.0.1"),  # what is no address names nobody
        ("10.0.0.1", "198.51.100.7, rubbish", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7, unknown, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", ",,,", "10.0.0.1"),
        ("10.0.0.1", "::1]:[x, 1.2.3.4:5:6", "10.0.0.1"),
        ("10.0.0.1", "6.6.6.6," * 10_000 + "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "6.6.6.6" + ",10.0.0.3" * 10_000, "10.0.0.3"),  # no chain of proxies is that long
    ],
)
def test_a_forwarded_address_is_believed_from_our_proxies_only(
    redirects: Redirects, peer: str, forwarded: str, client: str
) -> None:
    redirects.make_hop(proxies=("10.0.0.0/8",))
    redirects.ask(address=peer, headers={"x-forwarded-for": forwarded})
    redirects.ask(address=client)
    one, two = redirects.clicks()
    assert one.visitor == two.visitor


@pytest.mark.parametrize(
    ("referrer", "kept"),
    [
        (f"https://{HOST}/story?secret=1#x", (HOST, "/story")),
        ("https://user:pw@Other.Example:8443/private?secret=1", ("other.example", "")),
        ("https://two.example/page", ("two.example", "/page")),
        ("android-app://com.mail/", ("", "")),
        ("rubbish", ("", "")),
    ],
)
def test_of_a_referrer_only_the_host_is_kept_unless_it_is_ours(
    redirects: Redirects, referrer: str, kept: tuple[str, str]
) -> None:
    redirects.table.apply([(2, "/go/x", entry())], hosts={HOST: SITE, "two.example": 2})
    redirects.ask(headers={"referer": referrer})
    (click,) = redirects.clicks()
    assert (click.referrer_host, click.referrer_path) == kept


# ---- hostile requests ------------------------------------------------------------------------------------------------

HOSTILE = [
    "/go/\0",
    "/go/dress\r\nSet-Cookie: x",
    "/go/../login",
    "/go/./dress",
    "/go//dress",
    "/go/" + "x" * 100_000,
    "/go/\ud800",
    "/go/https://evil.example/",
    "/go/dress?u=https://evil.example",
    "/go/-",
    f"/go/-{TOKEN}",
    f"/go/dress/-{TOKEN[:-1]}z",
    "/go/" + "-" * 500,
]


@pytest.mark.parametrize("path", HOSTILE)
def test_a_hostile_path_gets_the_404_page(redirects: Redirects, path: str) -> None:
    status, headers, _ = shown(redirects.ask(path))
    assert (status[:3], "Location" in headers) == ("404", False)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.tuples(*[st.text()] * 5))
def test_no_text_breaks_the_hop_or_gets_another_location(
    redirects: Redirects, texts: tuple[str, str, str, str, str]
) -> None:
    path, host, referrer, agent, address = texts
    headers = {"referer": referrer, "user-agent": agent, "x-forwarded-for": address}
    for asked in ("/go/" + path, path, "/go/dress"):
        answer = redirects.ask(asked, host=host, headers=headers, address=address)
        if answer is not None:
            location = dict(answer.headers).get("Location")
            assert location in (None, f"https://shop.example/dress?u1={TOKEN}")
            assert "evil" not in unquote(location or "")


def test_a_fork_does_not_disturb_the_table_of_the_parent(redirects: Redirects) -> None:
    child = os.fork()
    if child == 0:
        os._exit(0 if redirects.table.find(HOST, "/go/dress") else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert shown(redirects.ask())[0] == "302 Found"
