"""The JSON API as scripts meet it: its contract, its doors, and what bad input gets."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from affiliate.store.tables import Article, Link
from affiliate.urls import encode
from affiliate.web import Services
from affiliate.web.accounts import SCOPES, find_token, revoke_token
from tests.conftest import HandClock
from tests.web.conftest import Published
from tests.web.newsroom import ARTICLE, ARTICLE_URL, SHOP, Script, furnish, new_token, rewrite_body

CALLS = [
    ("GET", "/links", "links:read"),
    ("POST", "/links", "links:write"),
    ("GET", "/links/none", "links:read"),
    ("PATCH", "/links/none", "links:write"),
    ("GET", "/sites", "links:read"),
    ("GET", "/programmes", "links:read"),
    ("POST", "/programmes", "links:write"),
    ("GET", "/programmes/1", "links:read"),
    ("PATCH", "/programmes/1", "links:write"),
    ("POST", "/earn", "links:read"),
    ("GET", "/products", "links:read"),
    ("GET", "/articles", "articles:read"),
    ("POST", "/rewrite", "articles:write"),
    ("POST", "/teasers", "articles:read"),
    ("POST", "/disclosure/recheck", "articles:write"),
    ("POST", "/inspect", "links:read"),
    ("GET", "/transactions", "transactions:read"),
    ("GET", "/reports/commissions", "reports:read"),
    ("GET", "/reports/clicks", "reports:read"),
    ("GET", "/connectors", "reports:read"),
    ("GET", "/payouts", "transactions:read"),
    ("GET", "/payouts/1", "transactions:read"),
]
BODIES = [call for call in CALLS if call[0] in ("POST", "PATCH")]


@pytest.fixture
def script(app: APIFlask, services: Services) -> Script:
    """A script with a token for everything."""
    furnish(services)
    return Script(app.test_client(), new_token(services, "admin"))


def call(client: FlaskClient, method: str, path: str, token: str | None) -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    body: dict[str, Any] | None = {} if method in ("POST", "PATCH") else None
    return client.open("/api/v1" + path, method=method, headers=headers, json=body)


# ---- who is let in --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "path", "scope"), CALLS)
def test_a_call_needs_a_token_with_its_scope(
    app: APIFlask, services: Services, method: str, path: str, scope: str
) -> None:
    right, wrong = new_token(services, scope), new_token(services, *(s for s in SCOPES if s not in (scope, "admin")))
    revoked = new_token(services, scope)
    with services.store.transaction() as session:
        found = find_token(session, revoked)
        assert found is not None
        revoke_token(session, token_id=found.id, now=services.clock())
    client = app.test_client()
    for token in (None, "nonsense", revoked):
        answer = call(client, method, path, token)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert answer.json["error"]["code"] == "Unauthorized"
    refused = call(client, method, path, wrong)
    assert refused.status_code == 403
    assert refused.json["error"]["code"] == "NotAllowed"
    assert scope in refused.json["error"]["message"]
    assert call(client, method, path, right).status_code not in (401, 403)


def test_every_call_of_the_api_is_in_the_cast(app: APIFlask) -> None:
    routes = {
        (
            method,
            rule.rule.removeprefix("/api/v1")
            .replace("<path:slug>", "none")
            .replace("<int:programme_id>", "1")
            .replace("<int:payout_id>", "1"),
        )
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and rule.endpoint != "postbacks.send"  # let in by its own proof
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert routes == {(method, path) for method, path, _ in CALLS}


def test_a_signed_in_person_does_not_call_the_api_by_cookie(app: APIFlask, signed_in: Any) -> None:
    visitor = signed_in("admin")
    assert visitor.get("/api/v1/links").status_code == 401
    assert visitor.get("/openapi.json").status_code == 200


def test_the_description_is_shut_to_strangers_and_shows_no_page(script: Script, stranger: FlaskClient) -> None:
    assert stranger.get("/openapi.json").status_code == 401
    described = script.client.get("/openapi.json", headers={"Authorization": f"Bearer {script.token}"}).json
    assert described is not None
    assert set(described["paths"]) == {
        "/api/v1"
        + path.replace("none", "{slug}").replace("payouts/1", "payouts/{payout_id}").replace("/1", "/{programme_id}")
        for _, path, _ in CALLS
    }
    assert described["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    names = [name for name in described["components"]["schemas"] if not name.replace(".", "").isalnum()]
    assert names == []


# ---- rewriting ------------------------------------------------------------------------------------------------------


def test_rewrite_answers_with_the_contract(script: Script, published: Published) -> None:
    answer = script.post("/rewrite", rewrite_body())
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    assert set(answer.json) == {"html", "changes", "placements", "disclosure", "warnings"}
    [placement] = answer.json["placements"]
    assert f'href="/go/marble-midi/-{placement["token"]}"' in answer.json["html"]
    assert 'rel="sponsored nofollow"' in answer.json["html"]
    assert '<a href="https://other.example/">that</a>' in answer.json["html"]
    assert answer.json["disclosure"]["state"] == "present"
    assert answer.json["disclosure"]["label"] == "Ad"
    assert {change["what"] for change in answer.json["changes"]} >= {"href", "rel", "disclosure"}
    assert len(published.links) == 1


def test_teasers_of_product_led_articles_are_labelled(script: Script) -> None:
    body = rewrite_body()
    body["article"] = {"url": "https://magazine.example/kettles", "kind": "product-led", "title": "Kettles"}
    answer = script.post("/rewrite", body).json
    assert answer is not None
    assert answer["disclosure"]["teaser_label"] == "Ad"
    assert answer["disclosure"]["feed_title"] == "Ad: Kettles"
    listing = script.post("/teasers", {"html": '<a href="https://magazine.example/kettles">Kettles</a>'})
    assert listing.status_code == 200, listing.text
    assert listing.json is not None
    assert ">Ad&#160;</span>Kettles</a>" in listing.json["html"]
    assert listing.json["teasers"] == [{"url": "https://magazine.example/kettles", "title": "Kettles", "label": "Ad"}]


@pytest.mark.parametrize(("variant", "status"), [("newsletter", 200), ("fax", 422)])
def test_a_variant_is_asked_for_by_name(script: Script, variant: str, status: int) -> None:
    answer = script.post("/rewrite", {**rewrite_body(), "variant": variant})
    assert answer.status_code == status
    if status == 200:
        assert answer.json is not None
        assert answer.json["disclosure"]["variant"] == variant
        assert answer.json["placements"][0]["href"].startswith("https://")


def test_the_same_article_again_gives_the_same_answer(script: Script) -> None:
    first = script.post("/rewrite", rewrite_body()).json
    assert first is not None
    assert script.post("/rewrite", rewrite_body()).json == first
    again = script.post("/rewrite", rewrite_body(first["html"])).json
    assert again is not None
    assert (again["html"], again["changes"]) == (first["html"], [])


def test_a_dry_run_stores_and_publishes_nothing(script: Script, services: Services, published: Published) -> None:
    answer = script.post("/rewrite", {**rewrite_body(), "dry_run": True})
    assert answer.json is not None
    assert "/go/marble-midi/-" in answer.json["html"]
    with services.store.reading() as session:
        assert session.query(Article).count() == session.query(Link).count() == 0
    assert published.links == []


def test_a_number_and_nulls_of_a_cms_are_taken(script: Script, services: Services) -> None:
    facts = dict.fromkeys(("url", "kind", "section", "tags", "author", "language", "jurisdiction", "title", "monetise"))
    assert script.post("/rewrite", {"html": "<p>x</p>", "article": {"id": 4711, **facts}}).status_code == 200
    with services.store.reading() as session:
        assert session.query(Article).one().ref == "4711"


def test_an_article_that_must_not_earn_says_why(script: Script) -> None:
    answer = script.post("/rewrite", rewrite_body(tags=["bereavement"])).json
    assert answer is not None
    assert answer["html"] == ARTICLE
    assert answer["disclosure"]["state"] == "not-needed"
    assert "bereavement" in answer["warnings"][0]


def test_of_several_sites_the_one_on_the_articles_host_is_taken(script: Script, services: Services) -> None:
    from affiliate.links.sites import add_site

    with services.store.transaction() as session:
        add_site(session, key="other", name="Other", hosts=["other-title.example"], now=services.clock())
    assert script.post("/rewrite", rewrite_body()).status_code == 200
    refused = script.post("/rewrite", rewrite_body(url=None))
    assert refused.status_code == 422
    assert refused.json is not None
    assert "default, other" in refused.json["error"]["message"]
    assert script.post("/rewrite", {**rewrite_body(url=None), "site": "other"}).status_code == 200


def test_html_over_the_limit_is_refused_with_its_size(script: Script) -> None:
    answer = script.post("/rewrite", rewrite_body("<p>" + "x" * 2_000_001))
    assert answer.status_code == 422
    assert answer.json is not None
    assert "2,000,000" in answer.json["error"]["message"]


def test_a_body_over_the_limit_is_413(script: Script) -> None:
    answer = script.send("/rewrite", b'{"html": "' + b"x" * 8_000_001 + b'"}')
    assert answer.status_code == 413
    assert answer.json is not None
    assert answer.json["error"]["code"] == "RequestEntityTooLarge"


# ---- inspecting -----------------------------------------------------------------------------------------------------


def test_inspect_takes_one_or_several_and_answers_in_their_order(script: Script) -> None:
    awin = "https://www.awin1.com/cread.php?awinmid=7011&awinaffid=45628&ued=https%3A%2F%2Fshop.example%2Fa"
    answer = script.post("/inspect", {"urls": [awin, SHOP]}).json
    assert isinstance(answer, list)
    first, second = answer
    assert (first["network"], first["publisher_id"], first["monetised"]) == ("awin", "45628", "ours")
    assert first["target_url"] == "https://shop.example/a"
    assert (second["network"], second["monetised"]) == (None, "no")
    assert set(first) == {
        "url", "network", "publisher_id", "advertiser_id", "sub_ids", "target_url", "wrapped", "monetised", "layers",
    }  # fmt: skip
    assert script.post("/inspect", {"url": awin}).json == [first]


def test_inspect_names_the_address_that_is_none(script: Script) -> None:
    answer = script.post("/inspect", {"urls": [SHOP, "javascript:alert(1)"]})
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["error"]["code"] == "InvalidUrl"
    assert "javascript:alert(1)" in answer.json["error"]["message"]
    assert script.post("/inspect", {}).status_code == 422


# ---- links ----------------------------------------------------------------------------------------------------------


def test_nearly_the_same_address_makes_a_link_and_names_the_other(script: Script) -> None:
    path = (script.post("/links", {"url": SHOP}).json or {})["path"]
    for nearly in (f"{SHOP}#reviews", f"{SHOP}/"):
        made = script.post("/links", {"url": nearly})
        assert (made.status_code, (made.json or {})["target_url"]) == (201, nearly)
        assert path in (made.json or {})["near"]


def test_a_link_is_made_found_changed_and_published(script: Script, published: Published) -> None:
    made = script.post("/links", {"url": SHOP + "?utm_source=x", "slug": "dress", "name": "Marble midi dress"})
    assert made.status_code == 201, made.text
    assert made.json is not None
    assert (made.json["path"], made.json["target_url"], made.json["created"]) == ("/go/dress", SHOP, True)
    assert (made.json["notes"], made.json["near"]) == ([], [])
    again = script.post("/links", {"url": f"https://www.google.com/url?q={encode(SHOP)}"})
    assert (again.status_code, again.json and again.json["notes"]) == (
        200,
        ["Taken out of a redirect of www.google.com."],
    )
    found = script.get("/links", search="marble").json
    assert found is not None
    assert (found["total"], found["items"][0]["slug"]) == (1, "dress")
    changed = script.patch("/links/dress", {"slug": "midi", "status": "retired", "mode": "direct"}).json
    assert changed is not None
    assert (changed["slug"], changed["aliases"], changed["status"], changed["mode"]) == (
        "midi", ["/go/dress"], "retired", "direct",
    )  # fmt: skip
    assert script.patch("/links/midi", {"mode": None}).json["mode"] == "redirect"  # type: ignore[index]
    shown = script.get("/links/dress").json
    assert shown is not None
    assert shown["slug"] == "midi"
    assert len(published.links) == 4


def test_a_refused_change_changes_nothing(script: Script) -> None:
    script.post("/links", {"url": SHOP, "slug": "one"})
    script.post("/links", {"url": SHOP + "-2", "slug": "two"})
    answer = script.patch("/links/two", {"name": "New name", "slug": "one"})
    assert answer.status_code == 409
    assert answer.json is not None
    assert answer.json["error"]["code"] == "SlugTaken"
    assert script.get("/links/two").json["name"] == "Two"  # type: ignore[index]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"url": "https://nobody.example/x"}, 422, "UnknownAdvertiser"),
        ({"url": "https://magazine.example/x"}, 422, "OwnHost"),
        ({"url": "not an address"}, 422, "InvalidUrl"),
        ({"url": SHOP, "slug": "Not A Slug"}, 422, "InvalidSlug"),
        ({"url": SHOP, "site": "nobody"}, 404, "NotFound"),
        ({"url": 7}, 422, "InvalidRequest"),
        ({}, 422, "InvalidRequest"),
        ({"url": SHOP, "slugg": "x"}, 422, "InvalidRequest"),
    ],
)
def test_a_link_that_cannot_be_made_says_why(script: Script, body: dict[str, Any], status: int, code: str) -> None:
    answer = script.post("/links", body)
    assert answer.status_code == status
    assert answer.json is not None
    assert answer.json["error"]["code"] == code
    listed = script.get("/links").json
    assert listed is not None
    assert listed["total"] == 0


def test_an_unknown_link_is_404_in_json(script: Script) -> None:
    answer = script.get("/links/no/such/link")
    assert answer.status_code == 404
    assert answer.json is not None
    assert answer.json["error"]["code"] == "NotFound"
    assert script.client.get("/api/v1/nothing").json["error"]["code"] == "NotFound"  # type: ignore[index]


# ---- what stands below ----------------------------------------------------------------------------------------------


def test_a_programme_is_added_and_changed_and_its_links_follow(script: Script, published: Published) -> None:
    body = {"network": "awin", "advertiser_id": "5", "name": "New", "hosts": ["new.example"], "rate": "0.05"}
    made = script.post("/programmes", {**body, "markets": ["gb"], "pinned": True})
    assert made.status_code == 201
    assert made.json is not None
    assert (made.json["rate"], made.json["markets"], made.json["pinned"]) == ("0.05", ["GB"], True)
    link = script.post("/links", {"url": "https://new.example/a"})
    assert link.status_code == 201
    published.links.clear()
    path = f"/programmes/{made.json['id']}"
    changed = script.patch(path, {"rate": None, "approval_rate": "0.9", "terms": "4 to 6 %"}).json
    assert changed is not None
    assert (changed["rate"], changed["approval_rate"], changed["terms"]) == (None, "0.9", "4 to 6 %")
    assert (changed["name"], changed["links"], len(published.links)) == ("New", 1, 1)
    assert script.patch(path, {"rate": "8"}).status_code == 422
    assert script.get(path).json == changed
    assert script.get("/programmes", standing="closed").json["total"] == 0  # type: ignore[index]


def test_fifty_addresses_are_asked_about_at_once(script: Script) -> None:
    urls = [SHOP, "https://nobody.example/"]
    verdicts = script.post("/earn", {"urls": urls}).json
    assert verdicts is not None
    assert [(each["url"], each["earns"]) for each in verdicts] == [(SHOP, True), (urls[1], False)]
    assert verdicts[1]["reason"] == "No programme covers nobody.example."
    assert script.post("/earn", {"urls": [SHOP] * 51}).status_code == 422
    assert script.post("/earn", {"urls": urls, "article": "nobody's"}).status_code == 404


def test_sites_programmes_products_and_articles_are_listed(script: Script) -> None:
    script.post("/rewrite", rewrite_body(title="Partywear"))
    [site] = script.get("/sites").json["items"]  # type: ignore[index]
    assert (site["key"], site["hosts"], site["jurisdiction"]) == ("default", ["magazine.example"], "uk")
    [programme] = script.get("/programmes", search="SHOP").json["items"]  # type: ignore[index]
    assert (programme["advertiser_id"], programme["rate"], programme["hosts"]) == ("7011", "0.08", ["shop.example"])
    assert script.get("/programmes", search="100%").json["total"] == 0  # type: ignore[index]
    [product] = script.get("/products").json["items"]  # type: ignore[index]
    assert (product["target_url"], product["price"]) == (SHOP, None)
    [article] = script.get("/articles", search="imogen", disclosure="present").json["items"]  # type: ignore[index]
    assert (article["id"], article["url"], article["paid_links"], article["label"]) == ("4711", ARTICLE_URL, 1, "Ad")
    assert script.get("/articles", disclosure="missing").json["total"] == 0  # type: ignore[index]


def test_the_use_of_a_token_is_noted(script: Script, services: Services, clock: HandClock) -> None:
    clock.forward(hours=1)
    script.get("/sites")
    with services.store.reading() as session:
        found = find_token(session, script.token or "")
    assert found is not None
    assert found.last_used_at == clock()
    assert clock() - found.created_at == timedelta(hours=1)


# ---- malformed input ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", BODIES)
@pytest.mark.parametrize(
    ("data", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 100_000 + b"]" * 100_000, "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"html=x", "application/x-www-form-urlencoded", 415),
        (b"[]", "application/json", 422),
        (b"null", "application/json", 422),
        (b'"text"', "application/json", 422),
        (b"12", "application/json", 422),
        (b'{"nobody": 1}', "application/json", 422),
    ],
)
def test_a_body_that_is_none_is_refused_in_json(
    script: Script, where: tuple[str, str, str], data: bytes, content_type: str, status: int
) -> None:
    method, path, _ = where
    answer = script.client.open(
        "/api/v1" + path,
        method=method,
        data=data,
        content_type=content_type,
        headers={"Authorization": f"Bearer {script.token}"},
    )
    assert answer.status_code == status, answer.text
    assert set(answer.json["error"]) >= {"code", "message"}  # type: ignore[index]


@pytest.mark.parametrize(
    ("article", "named"),
    [
        ({"kind": "advert"}, "article.kind"),
        ({"tags": "one"}, "article.tags"),
        ({"tags": [1]}, "article.tags.0"),
        ({"author": "x" * 256}, "article.author"),
        ({"monetise": "yes"}, "article.monetise"),
        ({"section": "a\x00b"}, "article.section"),
        ({"section": "\ud800"}, "article.section"),
        ({"nobody": 1}, "article.nobody"),
    ],
)
def test_a_wrong_field_is_named(script: Script, article: dict[str, Any], named: str) -> None:
    answer = script.post("/rewrite", rewrite_body(**article))
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["error"]["code"] == "InvalidRequest"
    assert named in answer.json["error"]["message"]
    assert any(field.startswith(named) for field in answer.json["error"]["fields"])


@pytest.mark.parametrize("html", ["a\x00b", "\ud800", 7, None, ["<p>"], {}])
def test_html_that_is_no_text_is_refused(script: Script, html: Any) -> None:
    answer = script.post("/rewrite", {**rewrite_body(), "html": html})
    assert answer.status_code == 422
    assert answer.json is not None
    assert "html" in answer.json["error"]["message"]


@pytest.mark.parametrize(
    "query", ["page=0", "page=x", "page=9" + "9" * 30, "per_page=201", "status=x", "search=%00", "x=1"]
)
def test_a_wrong_query_is_refused(script: Script, query: str) -> None:
    answer = script.client.get("/api/v1/links?" + query, headers={"Authorization": f"Bearer {script.token}"})
    assert answer.status_code == 422, answer.text
    assert query.partition("=")[0] in answer.json["error"]["message"]  # type: ignore[index]


def test_a_path_with_a_nul_is_404(script: Script) -> None:
    answer = script.client.get("/api/v1/links/a%00b", headers={"Authorization": f"Bearer {script.token}"})
    assert answer.status_code == 404


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
KNOWN = (
    "html",
    "article",
    "site",
    "dry_run",
    "urls",
    "url",
    "slug",
    "name",
    "mode",
    "status",
    "price",
    "currency",
    "note",
)
OBJECTS = st.dictionaries(st.sampled_from(KNOWN) | st.text(max_size=5), JSON, max_size=5)
ARTICLES = st.dictionaries(
    st.sampled_from(("id", "url", "kind", "section", "tags", "author", "language", "jurisdiction", "title")), JSON
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.sampled_from(BODIES), body=OBJECTS)
def test_no_object_whatever_is_answered_with_a_500(script: Script, where: tuple[str, str, str], body: Any) -> None:
    answer = call_with(script, where, body)
    assert answer.status_code < 500
    assert answer.status_code < 400 or set(answer.json["error"]) >= {"code", "message"}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(html=st.text(max_size=200), article=ARTICLES)
def test_no_article_whatever_is_answered_with_a_500(script: Script, html: str, article: Any) -> None:
    answer = call_with(script, ("POST", "/rewrite", ""), {"html": html, "article": article})
    assert answer.status_code < 500


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.sampled_from([c for c in CALLS if c[0] == "GET"]), query=st.dictionaries(
    st.sampled_from(("search", "page", "per_page", "site", "status", "from", "to", "by", "as_of", "format", "date_basis")),
    st.text(max_size=20) | st.sampled_from(("1", "2026-11-01", "2026-12-01", "json", "csv", "article", "0001-01-01", "9999-12-31")),
))  # fmt: skip
def test_no_query_whatever_is_answered_with_a_500(script: Script, where: tuple[str, str, str], query: Any) -> None:
    assert script.get(where[1], **query).status_code < 500


def call_with(script: Script, where: tuple[str, str, str], body: Any) -> Any:
    method, path, _ = where
    return script.client.open(
        "/api/v1" + path, method=method, json=body, headers={"Authorization": f"Bearer {script.token}"}
    )


def test_every_call_stands_in_the_documentation() -> None:
    documented = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    for method, path, scope in CALLS:
        row = next(line for line in documented.splitlines() if line.startswith(f"| `{scope}`"))
        named = path.replace("none", "<slug>").replace("/1", "/<id>")
        assert f"`{method} {named}`" in row
        assert f'"$URL{path.removesuffix("/none").removesuffix("/1")}' in documented
