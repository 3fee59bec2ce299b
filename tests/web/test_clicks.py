"""The report of clicks, as editors and finance use it."""

import html
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from affiliate.articles.article import ArticleFacts
from affiliate.articles.publish import rewrite_article
from affiliate.clicks.classes import CLASSES
from affiliate.clicks.count import MEANINGS
from affiliate.links.sites import find_site
from affiliate.reports.clicks import DIMENSIONS, GRAINS
from affiliate.store.tables import Node, Placement
from affiliate.web import Services
from affiliate.web import clicks as page_of_clicks
from tests.rolled_up import roll_up
from tests.web.conftest import Visitor
from tests.web.newsroom import ARTICLE, ARTICLE_URL, Script, furnish, new_token

WEEK = "14 Nov 2026 to 20 Nov 2026, Europe/London"
PATHS = ("/reports/clicks", "/reports/clicks.csv", "/reports/clicks.json", "/reports/clicks.svg")


@pytest.fixture
def clicked(services: Services) -> None:
    """Today 12 people from Britain and 500 bots on the paid link of an article; yesterday two people on its bare link."""
    furnish(services)
    with services.store.transaction() as session:
        facts = ArticleFacts(url=ARTICLE_URL, title="Partywear", author="Imogen")
        rewrite_article(session, site=find_site(session), html=ARTICLE, article=facts, now=services.clock())
        placement = session.scalars(select(Placement).where(Placement.article_id.is_not(None))).one()
        bare = session.scalars(select(Placement).where(Placement.is_default)).one()
        hour = services.clock()
        roll_up(session, placement, hour, 12, comparable=9, country="GB", device="mobile", referrer_host="m.example")
        roll_up(session, placement, hour, 500, "bot", country="GB", device="mobile", referrer_host="m.example")
        roll_up(session, bare, hour - timedelta(days=1), 2)


@pytest.fixture
def editor(clicked: None, signed_in: Callable[[str], Visitor]) -> Visitor:
    return signed_in("editor")


def text(visitor: Visitor, path: str) -> str:
    answer = visitor.get(path)
    assert answer.status_code == 200, answer.text
    return html.unescape(re.sub(r"\s+", " ", answer.text))


def three_counts(human: int, raw: int, comparable: int) -> str:
    """As every table shows them."""
    units = (f'<small>{raw} <span class="unit">raw', f'<small>{comparable} <span class="unit">net.')
    return f"{human}{units[0]}</span></small>{units[1]}</span></small>"


@pytest.mark.parametrize("path", PATHS)
def test_editors_finance_and_admins_see_clicks_and_strangers_do_not(
    clicked: None, signed_in: Callable[[str], Visitor], stranger: FlaskClient, path: str
) -> None:
    for role in ("editor", "finance", "admin"):
        assert signed_in(role).get(path).status_code == 200
    assert stranger.get(path).status_code == 303


def test_the_reports_share_an_entry_of_the_menu(clicked: None, signed_in: Callable[[str], Visitor]) -> None:
    for role, first in (("editor", "/reports/clicks"), ("finance", "/reports/commissions")):
        page = text(signed_in(role), "/reports/clicks")
        navigation = page.partition('<nav class="main-nav"')[2].partition("</nav>")[0]
        assert re.findall(r'href="([^"]+)" aria-current="page">Reports<', navigation) == [first]
        assert navigation.count(">Reports<") == 1
        assert (">Commissions</a>" in page) == (role == "finance")


def test_the_page_shows_the_three_counts_and_says_what_they_mean(editor: Visitor) -> None:
    page = text(editor, "/reports/clicks")
    assert WEEK in page
    assert "<strong>14</strong><span>clicks by people</span>" in page
    assert "<strong>514</strong><span>clicks, raw</span>" in page
    assert "<strong>11</strong><span>clicks, network-comparable</span>" in page
    assert 'data-label="Bot">500</td>' in page
    assert "Partywear" in page
    assert "not in an article" in page
    for meaning in MEANINGS.values():
        assert meaning in page


@pytest.mark.parametrize(
    ("within", "by", "leads"),
    [
        ("article", "placement", True),
        ("article", "day", True),
        ("article", "country", False),
        ("country", "article", False),
        ("network", "programme", True),
        ("network", "link", False),
        ("article", "hour", False),
        ("article", "placement&every=hour", False),
    ],
)
def test_a_row_within_a_value_leads_further_only_where_that_shows_no_more(
    editor: Visitor, within: str, by: str, leads: bool
) -> None:
    key = {"article": "1", "country": "GB", "network": "awin"}[within]
    page = text(editor, f"/reports/clicks?within={within}&key={key}&by={by}")
    cell = page.partition('<th scope="row">')[2].partition("</th>")[0]
    assert ('href="/reports/clicks' in cell) == leads


@pytest.mark.parametrize("every", ["", "day"])
@pytest.mark.parametrize("by", [by for by in DIMENSIONS if by != "hour"])
def test_every_row_of_every_cut_leads_further_into_its_clicks(editor: Visitor, by: str, every: str) -> None:
    page = editor.get(f"/reports/clicks?by={by}&every={every}").text
    rows = re.findall(r'<th scope="row">\s*<a href="([^"]+)">.*?<strong>(\d+)</strong>', page, re.DOTALL)
    assert rows
    assert sum(int(people) for _, people in rows) == 14
    for address, people in rows:
        further = editor.get(html.unescape(address))
        assert further.status_code == 200, address
        if int(people):
            assert f"<strong>{people}</strong><span>clicks by people</span>" in further.text, address


def test_an_article_leads_to_its_placements_and_back_to_all(editor: Visitor) -> None:
    page = text(editor, "/reports/clicks?within=article&key=1&by=placement")
    assert "Only of the article <strong>Partywear</strong>" in page
    assert "within" not in page.partition("<strong>Partywear</strong>: <a href=")[2].partition("show all")[0]
    assert '<input type="hidden" name="within" value="article">' in page
    bare = text(editor, "/reports/clicks?within=article&by=link")
    assert "Only of the article <strong>not in an article</strong>" in bare
    assert "<strong>2</strong><span>clicks by people</span>" in bare


def test_countries_have_names_and_a_credit(editor: Visitor) -> None:
    page = text(editor, "/reports/clicks?by=country")
    assert ">United Kingdom</a>" in page
    assert ">unknown</a>" in page
    assert "geo-whois-asn-country by ip-location-db, CC BY 4.0, from nro.net" in page
    assert "ip-location-db" in text(editor, "/reports/clicks?by=device&within=country&key=GB")
    assert "ip-location-db" not in text(editor, "/reports/clicks")


def test_a_network_says_which_count_to_hold_against_its_own(editor: Visitor) -> None:
    assert "compare its count with net." in text(editor, "/reports/clicks?by=network")
    assert "Compare the count of Awin itself with the network-comparable clicks." in text(editor, "/links/1")


@pytest.mark.parametrize("click_class", CLASSES)
def test_a_class_can_be_looked_at_alone(editor: Visitor, click_class: str) -> None:
    page = text(editor, f"/reports/clicks?class={click_class}")
    raw = {"human": 14, "bot": 500}.get(click_class)
    if raw is None:
        assert "Nothing was clicked in these days" in page
        assert "Show all clicks of these days" in page
    else:
        assert f"<strong>{raw}</strong><span>clicks, raw</span>" in page


@pytest.mark.parametrize("every", GRAINS)
def test_a_cut_can_go_through_time(editor: Visitor, every: str) -> None:
    page = text(editor, f"/reports/clicks?by=device&every={every}")
    assert f'<th scope="col">{every.capitalize()}</th>' in page
    assert ("20 Nov 2026, 12:00" if every == "hour" else "20 Nov 2026<") in page


def test_hours_that_clocks_show_twice_are_told_apart() -> None:
    words = page_of_clicks._time_words
    assert words("2026-10-25T01:00+01:00", "Europe/London") == "25 Oct 2026, 01:00 BST"
    assert words("2026-10-25T01:00+00:00", "Europe/London") == "25 Oct 2026, 01:00 GMT"
    assert words("2026-10-25T02:00+00:00", "Europe/London") == "25 Oct 2026, 02:00"
    assert words("2026-10-25", "Europe/London") == "25 Oct 2026"


def test_thousands_of_rows_come_in_pages(editor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_of_clicks, "PER_PAGE", 1)
    first, second = (text(editor, f"/reports/clicks?by=article&page={number}") for number in (1, 2))
    assert "Page 1 of 2" in first
    assert "Partywear" in first
    assert "not in an article" not in first
    assert "not in an article" in second
    assert "page=2" in first.partition('rel="next"')[0].rpartition("<a")[2]
    assert "<strong>514</strong><span>clicks, raw</span>" in second


def test_an_empty_report_says_when_clicks_come(signed_in: Callable[[str], Visitor]) -> None:
    page = text(signed_in("editor"), "/reports/clicks")
    assert "Nothing was clicked in these days" in page
    assert "Nothing was loaded yet." in page


def test_the_page_says_until_when_clicks_are_in_and_which_node_is_behind(editor: Visitor, services: Services) -> None:
    now = services.clock()
    told = {"version": "1", "waiting_bytes": 0, "journal_failures": 0, "problem": ""}
    with services.store.transaction() as session:
        session.add(Node(name="leeds", seen_at=now, loaded_at=now, waiting_since=None, **told))
    page = text(editor, "/reports/clicks")
    assert "Clicks until 20 Nov 2026, 12:00 are in." in page
    assert "behind" not in page
    with services.store.transaction() as session:
        session.add(Node(name="york", seen_at=now, loaded_at=now, waiting_since=now - timedelta(minutes=9), **told))
    page = text(editor, "/reports/clicks")
    assert "Clicks until 20 Nov 2026, 11:51 are in." in page
    assert "york is behind" in page


@pytest.mark.parametrize(
    "query",
    ["from=2026-11-02&to=2026-11-01", "from=x", "by=moon", "class=martian", "every=week", "within=moon",
     "within=article&key=x", "within=day&key=2026-11-20", "from=1990-01-01&to=2026-01-01"],
)  # fmt: skip
def test_a_question_that_cannot_be_answered_is_refused_in_words(editor: Visitor, query: str) -> None:
    for path in PATHS:
        assert editor.get(f"{path}?{query}").status_code == 422, path
    assert 'href="/reports/clicks"' in editor.get(f"/reports/clicks?{query}").text


@pytest.mark.parametrize("query", ["page=x", "page=99999", "within=author&key=%00", "key=1", "within=country&key="])
def test_a_strange_question_is_no_failure(editor: Visitor, query: str) -> None:
    assert editor.get("/reports/clicks?" + query).status_code in (200, 422)


def test_csv_and_json_hold_what_the_page_shows(editor: Visitor) -> None:
    answer = editor.get("/reports/clicks.json?from=2026-11-01&to=2026-12-01&by=author")
    assert answer.json is not None
    assert [(row["author"], row["human"], row["raw"]) for row in answer.json["rows"]] == [
        ("Imogen", 12, 512),
        (None, 2, 2),
    ]
    csv = editor.get("/reports/clicks.csv?by=author&every=day")
    assert csv.mimetype == "text/csv"
    assert "clicks-by-author-2026-11-14-2026-11-21.csv" in csv.headers["Content-Disposition"]
    assert csv.text.startswith("day,author,raw,human,network_comparable,")


@pytest.mark.parametrize(
    ("query", "bars"), [("", 7), ("?from=2026-11-20&to=2026-11-21", 24), ("?from=2026-10-25&to=2026-10-26", 25)]
)
def test_the_picture_has_a_bar_for_every_day_or_hour_and_no_script(editor: Visitor, query: str, bars: int) -> None:
    answer = editor.get("/reports/clicks.svg" + query)
    assert answer.mimetype == "image/svg+xml"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    drawn = ET.fromstring(answer.data)  # noqa: S314 - our own drawing
    assert not drawn.findall(".//{http://www.w3.org/2000/svg}script")
    series = [each for each in drawn.iter() if re.fullmatch(r"series serie-\d color-\d", each.get("class") or "")]
    assert [len(each.findall(".//{*}rect")) for each in series[:2]] == [bars, bars]


# ---- elsewhere ------------------------------------------------------------------------------------------------------


def test_all_lists_show_the_three_counts(editor: Visitor) -> None:
    both = three_counts(12, 512, 9)
    assert both in text(editor, "/articles")
    assert both in text(editor, "/articles/1")
    assert three_counts(14, 514, 11) in text(editor, "/links")
    link = text(editor, "/links/1")
    assert "<strong>514</strong><span>clicks, raw</span>" in link
    assert both in link
    for path in ("/articles", "/articles/1", "/links", "/links/1"):
        assert MEANINGS["network_comparable"] in text(editor, path), path


def test_a_link_and_an_article_lead_to_the_report_of_their_clicks(editor: Visitor) -> None:
    for path in ("/links/1", "/articles/1"):
        page = editor.get(path).text
        address = re.search(r'href="(/reports/clicks\?[^"]+)"', page)
        assert address
        assert "514" in editor.get(html.unescape(address[1])).text or path == "/articles/1"
        assert "512" in editor.get(html.unescape(address[1])).text or path == "/links/1"


def test_the_commission_report_shows_all_counts_and_rates_on_human_ones(
    clicked: None, signed_in: Callable[[str], Visitor]
) -> None:
    finance = signed_in("finance")
    page = text(finance, "/reports/commissions")
    assert three_counts(12, 512, 9) in page
    assert "<strong>14</strong><span>clicks by people, 514 raw, 11 net.</span>" in page
    for meaning in MEANINGS.values():
        assert meaning in page
    assert "compare its count with net." in text(finance, "/reports/commissions?by=network")


def test_the_api_reports_clicks(clicked: None, services: Services, stranger: FlaskClient) -> None:
    script = Script(stranger, new_token(services, "reports:read"))
    days = {"from": "2026-11-01", "to": "2026-12-01"}
    answer = script.get("/reports/clicks", **days, by="country", every="day", **{"class": "human"}).json
    assert answer is not None
    assert [(row["day"], row["country"], row["human"]) for row in answer["rows"]] == [
        ("2026-11-19", "", 2),
        ("2026-11-20", "GB", 12),
    ]
    assert answer["totals"] == [
        {"raw": 14, "human": 14, "network_comparable": 11, **dict.fromkeys(sorted(set(CLASSES) - {"human"}), 0)}
    ]
    placements = script.get("/reports/clicks", **days, by="placement", within="article", key="1").json
    assert placements is not None
    assert [row["raw"] for row in placements["rows"]] == [512]
    csv = script.get("/reports/clicks", **days, by="hour", format="csv")
    assert csv.text.startswith("hour,raw,human,")
    for wrong in (
        {"by": "moon"},
        {"every": "week"},
        {"class": "martian"},
        {"date_basis": "click"},
        {"as_of": "2026-11-01T00:00:00Z"},
    ):
        assert script.get("/reports/clicks", **days, **wrong).status_code == 422
