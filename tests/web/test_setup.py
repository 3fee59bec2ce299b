import re
from collections.abc import Callable

import pytest
from sqlalchemy import select

from affiliate.links import catalogue, setup
from affiliate.links.library import add_link
from affiliate.links.queries import ProgrammeFilter
from affiliate.links.sites import find_site
from affiliate.store.tables import LinkChange, Programme, PublisherAccount
from affiliate.web import Services
from affiliate.web.accounts import ADMIN, EDITOR, add_user, check_password, find_token
from affiliate.web.passwords import hashed
from tests.web.conftest import Published, Visitor

SignIn = Callable[[str], Visitor]

SITE = {
    "key": "west",
    "name": "West Coast",
    "hosts": "west.example\nwww.west.example, shop.west.example",
    "language": "en-us",
    "jurisdiction": "us",
    "time_zone": "America/New_York",
    "link_base": "https://west.example",
}
PROGRAMME = {
    "account": "1",
    "advertiser_ref": "9001",
    "name": "The Shop",
    "hosts": "www.shop.example",
    "mode": "",
    "rate": "8 %",
    "template": "",
    "parameters": "",
}


@pytest.fixture
def admin(signed_in: SignIn) -> Visitor:
    return signed_in(ADMIN)


def test_the_way_of_a_new_publisher_leads_to_a_link_that_earns(admin: Visitor, services: Services) -> None:
    assert "First a publisher account" in admin.get("/settings/programmes").text
    added = admin.post("/settings/accounts", network="awin", publisher_ref="123456")
    assert added.location == "/settings/programmes"
    assert "No programme yet" in admin.get("/settings/programmes").text
    assert admin.post("/settings/programmes/new", **PROGRAMME).status_code == 303
    with services.store.reading() as session:
        [programme], _ = catalogue.list_programmes(session, ProgrammeFilter())
    terms = programme.terms
    assert (terms.hosts, str(terms.rate), terms.mode) == (("shop.example",), "0.08", "redirect")
    assert "8%" in admin.get("/settings/programmes").text
    assert "1 added" in admin.post("/links/new", urls="https://shop.example/dress").text


def test_a_site_is_added_and_edited_and_redirects_follow(
    admin: Visitor, services: Services, published: Published
) -> None:
    assert admin.post("/settings/sites", **SITE).status_code == 303
    assert published.hosts == 1
    with services.store.reading() as session:
        site = next(site for site in setup.list_sites(session) if site.key == "west")
    assert site.hosts == ("shop.west.example", "west.example")
    assert (site.language, site.jurisdiction, site.link_base) == ("en-US", "us", "https://west.example")
    assert "West Coast" in admin.get(f"/settings/sites/{site.id}").text
    edited = {**SITE, "name": "West", "hosts": "west.example"}
    assert admin.post(f"/settings/sites/{site.id}", **edited).status_code == 303
    assert published.hosts == 2
    with services.store.reading() as session:
        after = setup.show_site(session, site.id)
    assert (after.name, after.hosts, after.monetise) == ("West", ("west.example",), False)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (("key", "West Coast"), "is no key"),
        (("key", "default"), "already a site"),
        (("key", ""), "The key is missing."),
        (("name", " "), "The name is missing"),
        (("language", ""), "The language is missing."),
        (("time_zone", ""), "The time zone is missing."),
        (("hosts", "west.example\nnot a host"), "cannot be used"),
        (("language", "klingonisch"), "is no language"),
        (("jurisdiction", "moon"), "no disclosure text"),
        (("time_zone", "Mars/Olympus"), "is no time zone"),
        (("link_base", "https://west.example/path"), "must not have a path"),
    ],
)
def test_a_refused_site_says_where_and_keeps_the_rest(
    admin: Visitor, services: Services, published: Published, changed: tuple[str, str], words: str
) -> None:
    answer = admin.post("/settings/sites", **{**SITE, **dict([changed])})
    assert answer.status_code in (409, 422)
    assert words in answer.text
    if words != "already a site":
        assert re.search(rf'id="{changed[0]}"[^>]*aria-invalid="true"', answer.text, re.DOTALL)
    assert 'value="America/New_York"' in answer.text or changed[0] == "time_zone"
    assert published.hosts == 0
    with services.store.reading() as session:
        assert len(setup.list_sites(session)) == 1


def test_a_host_belongs_to_one_site(admin: Visitor) -> None:
    admin.post("/settings/sites", **SITE)
    answer = admin.post("/settings/sites", **{**SITE, "key": "other"})
    assert answer.status_code == 409
    assert "already belongs to the site west" in answer.text


def test_a_company_is_added_and_renamed(admin: Visitor, services: Services) -> None:
    refused = admin.post("/settings/companies", key="west", name="West Ltd", base_currency="dollars")
    assert refused.status_code == 422
    assert "no ISO 4217 currency" in refused.text
    empty = admin.post("/settings/companies").text
    for what in ("The name", "The key", "The base currency"):
        assert f"{what} is missing." in empty
    assert admin.post("/settings/companies", key="west", name="West Ltd", base_currency="usd").status_code == 303
    assert admin.post("/settings/companies/2", name="West Limited").status_code == 303
    assert admin.post("/settings/companies/2", name=" ").status_code == 303
    with services.store.reading() as session:
        assert [company.name for company in setup.list_companies(session)] == ["My site", "West Limited"]


def test_what_an_import_found_is_completed_here(admin: Visitor, services: Services, published: Published) -> None:
    admin.post("/settings/accounts", network="awin", publisher_ref="123456")
    admin.post("/settings/programmes/new", **PROGRAMME)
    with services.store.transaction() as session:
        number = add_link(session, site=find_site(session), url="https://shop.example/a", now=services.clock()).link.id
        session.get_one(PublisherAccount, 1).to_be_completed = True
        session.get_one(Programme, 1).to_be_completed = True
    assert "to be completed" in admin.get("/settings/accounts").text
    assert "An import found this account" in admin.get("/settings/accounts/1").text
    assert admin.post("/settings/accounts/1", name="Main", currency="", time_zone="").status_code == 303
    assert "An import found this programme" in admin.get("/settings/programmes/1").text
    changed = {**PROGRAMME, "hosts": "shop.example\nother.example", "mode": "direct", "joined": "yes"}
    changed["referrer_policy"] = "no-referrer"
    assert admin.post("/settings/programmes/1", **changed).status_code == 303
    assert published.links == [number]
    with services.store.reading() as session:
        programme = catalogue.show_programme(session, 1)
        assert not setup.show_account(session, 1).to_be_completed
        told = session.scalars(select(LinkChange.link_id).order_by(LinkChange.id)).all()
    assert told[-1:] == [number], "other nodes are not told"
    assert len(told) == 2
    assert not programme.to_be_completed
    assert (programme.terms.mode, programme.terms.hosts) == ("direct", ("other.example", "shop.example"))
    assert programme.terms.referrer_policy == "no-referrer"
    chosen = re.compile(r'<option value="no-referrer"\s+selected>')
    assert chosen.search(admin.get("/settings/programmes/1").text)
    admin.post("/settings/programmes/1", **{**changed, "referrer_policy": ""})
    with services.store.reading() as session:
        assert catalogue.show_programme(session, 1).terms.referrer_policy == ""


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("account", "", "no publisher account"),
        ("account", "99", "no publisher account"),
        ("advertiser_ref", "", "The advertiser id is missing"),
        ("name", "", "The name is missing"),
        ("hosts", "", "Name at least one host"),
        ("hosts", "localhost", "no public host"),
        ("mode", "sideways", "is no mode"),
        ("rate", "800", "between 0 and 100"),
        ("rate", "some", "between 0 and 100"),
        ("parameters", "nonsense", "write name=value"),
        ("permissions", "nonsense", "write name=value"),
        ("approval_rate", "120", "between 0 and 100"),
        ("payment_days", "soon", "is no number of days"),
        ("cookie_days", "99999", "from 0 to 3650"),
        ("markets", "GB, Wales", "is no country"),
        ("referrer_policy", "sideways", "is no referrer policy"),
    ],
)
def test_a_refused_programme_says_why_and_stores_nothing(
    admin: Visitor, services: Services, field: str, value: str, words: str
) -> None:
    admin.post("/settings/accounts", network="awin", publisher_ref="123456")
    answer = admin.post("/settings/programmes/new", **{**PROGRAMME, field: value})
    assert answer.status_code in (404, 409, 422)
    assert words in answer.text
    assert "The Shop" in answer.text or field == "name"
    with services.store.reading() as session:
        assert catalogue.list_programmes(session, ProgrammeFilter()) == ([], 0)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"network": "awin", "publisher_ref": " "}, "publisher id is missing"),
        ({"network": "nobody", "publisher_ref": "1"}, "no network nobody"),
        ({"network": "awin", "publisher_ref": "1", "currency": "ZZZ"}, "ISO 4217"),
        ({"network": "awin", "publisher_ref": "1", "time_zone": "Mars"}, "no time zone"),
        ({"network": "awin", "publisher_ref": "1", "company": "nobody"}, "no company nobody"),
    ],
)
def test_a_refused_account_says_why(admin: Visitor, values: dict[str, str], words: str) -> None:
    answer = admin.post("/settings/accounts", **values)
    assert answer.status_code in (404, 422)
    assert words in answer.text


def test_a_new_users_password_is_shown_once_and_works(admin: Visitor, services: Services) -> None:
    answer = admin.post("/settings/users", email="Ed@magazine.example", name="Ed", role="editor")
    found = re.search(r'class="secret">([^<]+)<', answer.text)
    assert found is not None
    assert check_password(services.store, email="ed@magazine.example", password=found.group(1))
    assert found.group(1) not in admin.get("/settings/users").text
    again = admin.post("/settings/users", email="ed@magazine.example", role="editor")
    assert again.status_code == 409
    assert "account already" in again.text
    assert 'value="ed@magazine.example"' in again.text


def test_a_refused_user_is_marked_where_it_was_typed(admin: Visitor) -> None:
    page = admin.post("/settings/users", email=" ", role="editor").text
    assert "The e-mail address is missing." in page
    assert page.index("Add a user") < page.index("Not saved yet")


def test_roles_passwords_and_log_ins_are_managed(admin: Visitor, services: Services) -> None:
    with services.store.transaction() as session:
        number = add_user(
            session, email="ed@magazine.example", role=EDITOR, password=hashed("x"), now=services.clock()
        ).user.id
    assert admin.post(f"/settings/users/{number}/role", role="finance").status_code == 303
    assert admin.post(f"/settings/users/{number}/role", role="king").status_code == 422
    assert 'class="secret"' in admin.post(f"/settings/users/{number}/password").text
    assert admin.post(f"/settings/users/{number}/active").status_code == 303
    assert "switched off" in admin.get("/settings/users").text
    assert admin.post(f"/settings/users/{number}/active", active="yes").status_code == 303
    only = admin.post("/settings/users/1/role", role="editor")
    assert only.status_code == 409
    assert "only admin" in only.text
    assert only.text.index("only admin") < only.text.index("<table")
    assert admin.post("/settings/users/99/password").status_code == 404


def test_a_token_is_shown_once_and_revoked(admin: Visitor, services: Services) -> None:
    assert "No tokens yet" in admin.get("/settings/tokens").text
    assert admin.post("/settings/tokens", name="CMS").status_code == 422
    assert admin.post("/settings/tokens", name="CMS", scopes=["links:read", "all"]).status_code == 422
    answer = admin.post("/settings/tokens", name="CMS", scopes=["links:read", "articles:write"])
    found = re.search(r"<code>(aff_[^<]+)</code>", answer.text)
    assert found is not None
    with services.store.reading() as session:
        token = find_token(session, found.group(1))
    assert token is not None
    assert token.scopes == ("articles:write", "links:read")
    assert found.group(1) not in admin.get("/settings/tokens").text
    assert admin.post(f"/settings/tokens/{token.id}/revoke").status_code == 303
    with services.store.reading() as session:
        assert find_token(session, found.group(1)) is None
