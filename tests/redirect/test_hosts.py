"""Whose link a request means: of host, path and token."""

import pytest

from affiliate.ids import new_placement_token
from affiliate.redirect.counters import counts
from affiliate.redirect.table import Entry
from affiliate.redirect.unknown_hosts import UnknownHosts
from affiliate.urls import host_key, normalise_host
from tests.conftest import NOW
from tests.redirect.conftest import TOKEN, Redirects

HARBOUR, WEEKLY = 1, 2
SPELLINGS = (
    "weekly-münchen.example",
    "www.weekly-münchen.example",
    "WWW.Weekly-MÜNCHEN.Example",
    "weekly-münchen.example.",
    "www.weekly-münchen.example:8443",
    "xn--weekly-mnchen-3ob.example",
    "www.XN--WEEKLY-MNCHEN-3OB.example.:80",
    "weekly-münchen.example".encode().decode("latin-1"),  # its bytes in a header, as WSGI hands them over
    "WWW.weekly-MÜNCHEN.example".encode().decode("latin-1"),
)


def deep_link(link_id: int, account: int, product: str) -> Entry:
    before = f"https://www.awin1.com/cread.php?awinmid=1001&awinaffid={account}&clickref="
    page = f"https://shop.example/{product}"
    return Entry(link_id, TOKEN, before, "&ued=x", has_slot=True, refusal="&cons=0", target=page)


@pytest.fixture
def two_companies(redirects: Redirects) -> Redirects:
    """Two titles with accounts of their own and the slug marble-midi in both."""
    redirects.table.replace(
        [
            (HARBOUR, "/go/marble-midi", deep_link(1, 99000001, "marble-midi")),
            (WEEKLY, "/go/marble-midi", deep_link(2, 99000002, "marble-midi")),
            (HARBOUR, "/go/bag", deep_link(3, 99000001, "red-bag")),
            (WEEKLY, "/go/bag", deep_link(4, 99000002, "blue-bag?size=l&colour=<navy>")),
            (WEEKLY, "/go/only-here", deep_link(5, 99000002, "hat")),
        ],
        hosts={"harbour.example": HARBOUR, normalise_host(SPELLINGS[0]): WEEKLY},
        checkpoint=1,
    )
    return redirects


def answered(redirects: Redirects, path: str, host: str) -> tuple[str, str]:
    answer = redirects.ask(path, host=host)
    assert answer is not None
    return answer.status[:3], dict(answer.headers).get("Location", "")


def counted(redirects: Redirects) -> tuple[int, int]:
    found = counts(redirects.counters.folder)
    return found.overruled, found.unclear


@pytest.mark.parametrize("host", SPELLINGS)
def test_every_spelling_of_a_host_is_its_sites(two_companies: Redirects, host: str) -> None:
    status, location = answered(two_companies, "/go/marble-midi", host)
    assert (status, "awinaffid=99000002" in location) == ("302", True)
    (click,) = two_companies.clicks()
    assert (click.link_id, click.host) == (2, normalise_host(SPELLINGS[0]))
    assert host_key(host) == click.host
    assert counted(two_companies) == (0, 0)


@pytest.mark.parametrize(
    "host", ["", ".", ":", "[::1]:80", "[", "a b", "\x00", "x" * 5_000, "ü" * 300, "\udcff", "xn--\x80"]
)
def test_what_is_no_host_is_nobodys_and_breaks_nothing(two_companies: Redirects, host: str) -> None:
    assert answered(two_companies, "/go/marble-midi", host) == ("302", "https://shop.example/marble-midi")
    assert answered(two_companies, "/go/only-here", host)[0] == "302"


def test_www_alone_is_kept_where_only_a_top_level_domain_would_be_left() -> None:
    assert (host_key("www.example"), host_key("WWW.www.example")) == ("www.example", "www.example")


@pytest.mark.parametrize("host", ["harbour.example", "www.harbour.example", "app-1.internal:8000"])
def test_a_known_token_leads_to_its_own_link_on_every_host(two_companies: Redirects, host: str) -> None:
    token, other = new_placement_token(), new_placement_token()
    two_companies.table.apply([(token, 2), (other, 5)])
    for known in (token, other):
        status, location = answered(two_companies, f"/go/marble-midi/-{known}", host)
        assert (status, "awinaffid=99000002" in location, f"clickref={known}" in location) == ("302", True, True)
    assert [click.link_id for click in two_companies.clicks()] == [2, 5]
    assert sum(counted(two_companies)) == 2


def test_an_unknown_token_leads_to_the_link_of_the_host(two_companies: Redirects) -> None:
    token = new_placement_token()
    _, location = answered(two_companies, f"/go/marble-midi/-{token}", "www.harbour.example")
    assert ("awinaffid=99000001" in location, f"clickref={token}" in location) == (True, True)
    assert counted(two_companies) == (0, 0)


def test_on_a_host_of_no_site_nobody_earns_by_a_guess(two_companies: Redirects) -> None:
    """One page for both titles: there without tracking. Two pages: the reader chooses. One title only: its link."""
    host = "Staging.Example:8080"
    assert answered(two_companies, "/go/marble-midi", host) == ("302", "https://shop.example/marble-midi")
    page = two_companies.ask("/go/bag", host=host)
    assert page is not None
    headers = dict(page.headers)
    assert (page.status, headers["Cache-Control"]) == ("300 Multiple Choices", "no-store")
    for product in ("red-bag", "blue-bag?size=l&amp;colour=&lt;navy&gt;"):
        assert f'<a href="https://shop.example/{product}" rel="nofollow">' in page.body.decode()
    assert b"awin" not in page.body
    head = two_companies.ask("/go/bag", host=host, method="HEAD")
    assert head is not None
    assert (head.headers, head.body) == (page.headers, b"")
    assert two_companies.clicks() == []
    assert "awinaffid=99000002" in answered(two_companies, "/go/only-here", host)[1]
    assert [click.link_id for click in two_companies.clicks()] == [5]
    assert counted(two_companies) == (0, 3)
    assert UnknownHosts(two_companies.folder).seen() == ["staging.example"]


def test_a_site_without_the_path_does_not_lead_to_one_of_several_others(two_companies: Redirects) -> None:
    two_companies.table.apply((), hosts={"harbour.example": HARBOUR, "third.example": 3})
    assert answered(two_companies, "/go/marble-midi", "third.example") == ("302", "https://shop.example/marble-midi")
    assert counted(two_companies) == (0, 1)
    assert UnknownHosts(two_companies.folder).seen() == []  # the host is known; it is the link that is missing


def test_a_beacon_is_counted_for_the_link_of_its_token_and_for_nobody_by_a_guess(two_companies: Redirects) -> None:
    token = new_placement_token()
    two_companies.table.apply([(token, 2)])
    for path in (f"/go/-/go/marble-midi/-{token}", "/go/-/go/marble-midi"):
        answer = two_companies.ask(path, host="stranger.example", method="POST")
        assert answer is not None
        assert answer.status == "204 No Content"
    assert [(click.link_id, click.token) for click in two_companies.clicks()] == [(2, token)]
    assert counted(two_companies) == (0, 2)


def test_unknown_hosts_are_noted_once_an_hour_and_only_if_they_are_hosts(two_companies: Redirects) -> None:
    for host in ("b.example", "A.example", "b.example", "<script>", "", "a b", "[::1]"):
        answered(two_companies, "/go/marble-midi", host)
    noted = UnknownHosts(two_companies.folder)
    assert noted.seen() == ["[::1]", "a.example", "b.example"]
    for number in range(1_000):
        noted.add(f"{number}.example", now=NOW)
    assert len((two_companies.folder / "unknown-hosts.jsonl").read_text().splitlines()) == 203
