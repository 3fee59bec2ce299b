"""A small newsroom for the tests of pages and API: a programme on Awin, one on Amazon, and a token for every need."""

from dataclasses import dataclass, field
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from affiliate.links.programmes import add_account, add_programme
from affiliate.links.sites import find_site, set_hosts
from affiliate.web import Services
from affiliate.web.accounts import add_token

SHOP = "https://www.shop.example/dresses/marble-midi"
ARTICLE = (
    f'<h1>Partywear</h1><p>We like <a href="{SHOP}">this dress</a> and <a href="https://other.example/">that</a>.</p>'
)
ARTICLE_URL = "https://www.magazine.example/style/partywear"


def furnish(services: Services) -> None:
    with services.store.transaction() as session:
        now = services.clock()
        set_hosts(session, find_site(session), ["magazine.example"])
        add_account(session, "awin", "45628", now=now)
        add_programme(
            session, network="awin", advertiser_ref="7011", name="Shop", hosts=["shop.example"], rate="0.08", now=now
        )


def new_token(services: Services, *scopes: str) -> str:
    with services.store.transaction() as session:
        return add_token(session, name="test", scopes=scopes, now=services.clock()).text


@dataclass
class Script:
    """A script that calls the API with a token."""

    client: FlaskClient
    token: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.client.get("/api/v1" + path, query_string=query, headers=self._headers())

    def post(self, path: str, body: Any) -> TestResponse:
        return self.client.post("/api/v1" + path, json=body, headers=self._headers())

    def patch(self, path: str, body: Any) -> TestResponse:
        return self.client.patch("/api/v1" + path, json=body, headers=self._headers())

    def send(self, path: str, data: bytes, content_type: str = "application/json") -> TestResponse:
        return self.client.post("/api/v1" + path, data=data, content_type=content_type, headers=self._headers())

    def _headers(self) -> dict[str, str]:
        return {**self.headers, **({"Authorization": f"Bearer {self.token}"} if self.token else {})}


def rewrite_body(html: str = ARTICLE, **article: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "id": "4711",
        "url": ARTICLE_URL,
        "kind": "product-led",
        "section": "Style",
        "tags": ["partywear"],
        "author": "Imogen Farrowdale",
        "language": "en-GB",
        "jurisdiction": "uk",
    }
    return {"html": html, "article": {**facts, **article}}
