from collections.abc import Callable

import pytest

from affiliate.links.programmes import add_account, add_programme
from affiliate.urls import encode
from affiliate.web import Services
from affiliate.web.accounts import EDITOR, FINANCE
from tests.web.conftest import Visitor

SignIn = Callable[[str], Visitor]

CJ = "https://www.anrdoezrs.net/links/77/type/dlg/sid/theirs/https://shop.example/p?a=1&b=2"
NESTED = f"https://go.skimresources.com/?id=1X2&xs=1&url={encode(CJ)}"


@pytest.fixture
def editor(signed_in: SignIn) -> Visitor:
    return signed_in(EDITOR)


def said(page: str) -> str:
    return " ".join(page.split())


def test_links_are_taken_apart_layer_by_layer_and_bad_lines_are_told(editor: Visitor) -> None:
    answer = editor.post("/networks/inspect", urls=f"{NESTED}\r\n\r\njavascript:alert(1)\r\nhttps://shop.example/x")
    assert answer.status_code == 200
    page = said(answer.text)
    assert "3 links taken apart" in page
    assert (
        "2 links, one inside the other. The outermost earns; at the end stands <code>https://shop.example/p?a=1&amp;b=2</code>"
        in page
    )
    assert page.index("<strong>Skimlinks</strong>") < page.index("<strong>CJ Affiliate</strong>")
    assert "<dt>Sub-id, sid</dt> <dd> <code>theirs</code> </dd>" in page
    assert "javascript: addresses are not allowed" in page
    assert "It pays nobody: it is no network’s link." in page


def test_whose_money_a_link_earns_is_said(editor: Visitor, services: Services) -> None:
    now = services.clock()
    with services.store.transaction() as session:
        add_account(session, "awin", "2", now=now)
        add_account(session, "partnerize", "1100l", now=now)
        add_programme(
            session,
            network="partnerize",
            advertiser_ref="9",
            name="Shop",
            hosts=["shop.example"],
            parameters={"camref": "1101ours"},
            account_ref="1100l",
            now=now,
        )

    def whose(url: str) -> str:
        page = said(editor.post("/networks/inspect", urls=url).text)
        return page.partition("<p><strong>")[2].partition("<")[0]

    awin = "https://www.awin1.com/cread.php?awinmid=1&awinaffid="
    assert whose(f"{awin}2") == "It pays us."
    assert whose(f"{awin}3") == "It pays somebody else."
    assert whose("https://prf.hn/click/camref:1101ours/destination:https://s.example/") == "It pays us."
    assert whose("https://prf.hn/click/camref:1101l/destination:https://s.example/").startswith(
        "Whom it pays is not known"
    )
    assert whose("https://tidd.ly/3abc").startswith("Whom it pays is not known")


def test_what_an_editor_should_know_of_a_link_is_noted(editor: Visitor) -> None:
    url = "https://www.shareasale.com/r.cfm?b=1&u=2&m=3&afftrack=[artid"
    page = said(editor.post("/networks/inspect", urls=url).text)
    assert "ShareASale is closed" in page
    assert "left in unfilled: [artid" in page
    assert "<dt>Leads to</dt> <dd> a page that the link does not name </dd>" in page


@pytest.mark.parametrize(
    ("urls", "problem"), [("", "Paste at least one link"), ("https://a.example/\n" * 201, "These are 201 lines")]
)
def test_nothing_or_too_much_is_refused_and_kept(editor: Visitor, urls: str, problem: str) -> None:
    answer = editor.post("/networks/inspect", urls=urls)
    assert problem in answer.text
    assert urls.strip() in answer.text


def test_the_page_is_one_click_from_the_links_and_closed_to_finance(editor: Visitor, signed_in: SignIn) -> None:
    assert 'href="/networks/inspect"' in editor.get("/links").text
    assert "Take them apart" in editor.get("/networks/inspect").text
    assert signed_in(FINANCE).get("/networks/inspect").status_code == 403
