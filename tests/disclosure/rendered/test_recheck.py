"""A page as readers get it, measured in a real browser and written down with its pictures."""

import json

from pytest_httpserver import HTTPServer
from sqlalchemy import select

from affiliate.disclosure.browser.windows import Chromium
from affiliate.disclosure.evidence.files import unpacked
from affiliate.disclosure.evidence.verifying import verify
from affiliate.disclosure.recheck import Rechecker
from affiliate.networks.http import PoliteClient
from affiliate.store import Store
from affiliate.store.tables import EvidenceFile, PageCheck
from tests.conftest import HandClock
from tests.disclosure.evidence.test_recheck import SHOP, furnished, publish

_HIDDEN = (
    "<!DOCTYPE html><html lang=en><head><link rel=stylesheet href=/site.css></head><body><main><article>"
    "<p class=note><strong>Ad</strong></p><h1>Partywear</h1><p class=note>Ad: We earn a commission if you buy through links marked"
    f' Ad.</p><p>We like Ad <a rel="sponsored" href="{SHOP}">this dress</a>.</p></article></main></body></html>'
)


def test_what_a_style_sheet_hides_is_found_in_a_browser_and_recorded_with_pictures(
    sqlite_store: Store, clock: HandClock, httpserver: HTTPServer
) -> None:
    furnished(sqlite_store)
    url = httpserver.url_for("/partywear").replace("localhost", "127.0.0.1")
    article_id = publish(sqlite_store, url=url)
    httpserver.expect_request("/partywear").respond_with_data(_HIDDEN, content_type="text/html; charset=utf-8")
    httpserver.expect_request("/site.css").respond_with_data(".note { display: none }", content_type="text/css")
    read = PoliteClient(may_connect=lambda _address, _port: True).get
    rechecker = Rechecker(sqlite_store, clock, read, Chromium, rendered=True)
    recorded = rechecker.live(article_id, "asked")
    assert recorded is not None
    assert recorded.newly_failing == ("uk",)
    with sqlite_store.reading() as session:
        check = session.scalars(select(PageCheck)).one()
        pictures = {
            file.sha256: unpacked(file)
            for file in session.scalars(select(EvidenceFile))
            if file.media_type != "text/html"
        }
        assert verify(session).is_whole
    said = json.loads(check.record)
    assert (check.mode, check.origin, said["status"]) == ("rendered", "live", 200)
    assert said["engine"]["browser"].startswith("Chromium ")
    assert {"360x740", "1280x800"} <= set(said["screenshots"])
    assert set(said["screenshots"].values()) == set(pictures)
    assert all(content.startswith(b"\xff\xd8") for content in pictures.values())
