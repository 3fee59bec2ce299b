"""The register, one page's history, one check in plain words, the files of evidence and the exports."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from affiliate.disclosure.evidence.records import LIVE, RENDERED, Screenshot
from affiliate.disclosure.findings import BLOCK, Checked, Finding
from affiliate.disclosure.occasions import CHECK_LIVE, CHECK_STORED
from affiliate.disclosure.state import NOT_NEEDED, PRESENT, Shown, record
from affiliate.links.sites import find_site
from affiliate.store.tables import Article, EvidenceFile, Job, PageCheck, RuleChange
from affiliate.web import Services
from affiliate.web.accounts import EDITOR
from tests.disclosure.evidence.made_up import PIXEL, check_in
from tests.web.conftest import Visitor
from tests.web.newsroom import Script, new_token

SignIn = Callable[[str], Visitor]
NASTY = "<script>alert(1)</script>"


@pytest.fixture
def editor(signed_in: SignIn) -> Visitor:
    return signed_in(EDITOR)


def add_article(services: Services, title: str, *, state: str = PRESENT, url: str | None = None) -> int:
    with services.store.transaction() as session:
        site = find_site(session)
        address = url or f"https://www.mag.example/{title.lower().replace(' ', '-')}"
        article = Article(
            site_id=site.id, ref=address, url=address, title=title, html=f"<p>{title}", created_at=services.clock()
        )
        session.add(article)
        session.flush()
        shown = (
            Shown(state, "uk", 2, "Ad", "We earn a commission.", "uk-en-1")
            if state == PRESENT
            else Shown(state, "uk", 0)
        )
        record(session, article_id=article.id, shown=shown, html_sha256="", now=services.clock())
        return article.id


def check(services: Services, article_id: int, verdict: str, **facts: Any) -> int:
    with services.store.transaction() as session:
        return check_in(session, article_id, {"uk": verdict}, now=services.clock(), **facts).number


def test_an_empty_register_says_what_will_stand_there(editor: Visitor) -> None:
    page = editor.get("/disclosure").text
    assert "No monetised page yet" in page
    assert "Hand it out" not in page


def test_the_register_counts_what_fails_and_shows_the_worst_first(editor: Visitor, services: Services) -> None:
    passing, failing = add_article(services, "Good shoes"), add_article(services, "Bad boots")
    add_article(services, "New hats")
    add_article(services, "Opinion", state=NOT_NEEDED)
    check(services, passing, "PASS")
    check(services, failing, "FAIL")
    page = editor.get("/disclosure").text
    assert "1 of 3 pages fails." in page
    assert page.index("Bad boots") < page.index("New hats") < page.index("Good shoes")
    assert "Opinion" not in page
    assert "We earn a commission." in page
    assert "uk-en-1" in page


def test_a_page_that_needs_no_disclosure_stands_there_once_a_check_finds_fault(
    editor: Visitor, services: Services
) -> None:
    article = add_article(services, "Opinion", state=NOT_NEEDED)
    check(services, article, "FAIL", origin=LIVE)
    assert "Opinion" in editor.get("/disclosure").text


@pytest.mark.parametrize(
    ("query", "there"),
    [
        ("verdict=fail", ["Bad boots"]),
        ("verdict=pass", ["Good shoes"]),
        ("verdict=unchecked", ["New hats"]),
        ("q=BOOTS+bad", ["Bad boots"]),
        ("q=nothing", []),
        ("q=%25", []),
        ("profile=uk&verdict=fail", ["Bad boots"]),
        ("profile=ebay", []),
        ("sort=title&verdict=nonsense&profile=nonsense&page=x", ["Bad boots", "Good shoes", "New hats"]),
        ("sort=checked", ["New hats", "Good shoes", "Bad boots"]),
        ("sort=shown&q=%00", ["Bad boots", "Good shoes", "New hats"]),
    ],
)
def test_the_register_is_filtered_and_sorted(editor: Visitor, services: Services, query: str, there: list[str]) -> None:
    good, bad = add_article(services, "Good shoes"), add_article(services, "Bad boots")
    add_article(services, "New hats")
    check(services, good, "PASS")
    services.clock.forward(hours=1)  # type: ignore[attr-defined] # a HandClock
    check(services, bad, "FAIL")
    page = editor.get(f"/disclosure?{query}").text
    found = [title for title in ("Good shoes", "Bad boots", "New hats") if title in page]
    assert sorted(found) == sorted(there)
    if "sort=checked" in query:
        assert page.index("New hats") < page.index("Good shoes") < page.index("Bad boots")


def test_an_exception_is_counted_beside_its_page(editor: Visitor, services: Services) -> None:
    article = add_article(services, "Good shoes")
    with services.store.transaction() as session:
        now = services.clock()
        given = {"site_id": 1, "article_id": article, "severity": "WARN", "made_by": "anna", "made_at": now}
        session.add(RuleChange(rule="UK-02", reason="agreed with the advertiser", **given))
        session.add(RuleChange(rule="UK-03", reason="over", ends_at=now - timedelta(days=1), **given))
    assert "1 exception" in editor.get("/disclosure").text
    assert "agreed with the advertiser" in editor.get(f"/disclosure/articles/{article}").text


def test_a_page_shows_its_history(editor: Visitor, services: Services) -> None:
    article = add_article(services, "Good shoes")
    check(services, article, "PASS")
    services.clock.forward(days=1)  # type: ignore[attr-defined]
    check(services, article, "FAIL")
    page = editor.get(f"/disclosure/articles/{article}").text
    assert "Record 1" in page
    assert "Record 2" in page
    assert "20 Nov 2026" in page
    assert "21 Nov 2026" in page
    assert page.index(">FAIL<") < page.index(">PASS<")


def test_check_again_queues_the_page_as_it_is_stored_and_as_readers_get_it(editor: Visitor, services: Services) -> None:
    article = add_article(services, "Good shoes")
    answer = editor.post(f"/disclosure/articles/{article}/check")
    assert answer.location == f"/disclosure/articles/{article}"
    with services.store.reading() as session:
        jobs = session.scalars(select(Job).order_by(Job.id)).all()
    assert [(job.name, job.arguments) for job in jobs] == [
        (name, {"article_id": article, "occasion": "asked"}) for name in (CHECK_STORED, CHECK_LIVE)
    ]


def test_a_check_is_told_in_plain_words_with_what_to_do(editor: Visitor, services: Services) -> None:
    article = add_article(services, "Good shoes")
    number = check(services, article, "FAIL", origin=LIVE, mode=RENDERED, screenshots=[Screenshot("360x740", PIXEL)])
    page = editor.get(f"/disclosure/checks/{number}").text
    assert "The page as readers got it, measured in a browser" in page
    assert "Put “Ad” right before the headline." in page
    assert 'alt="The top of the page at 360x740"' in page
    assert "0" * 64 in page


def test_what_a_hostile_page_says_is_never_markup_of_ours(editor: Visitor, services: Services) -> None:
    article = add_article(services, NASTY, url="https://www.mag.example/nasty")
    finding = Finding("uk", NASTY, BLOCK, NASTY, NASTY, NASTY, NASTY, f"javascript:{NASTY}", NASTY)
    number = check(services, article, "FAIL", html=NASTY, checked=Checked({"uk": "FAIL"}, (finding,)))
    for path in ("/disclosure", f"/disclosure/articles/{article}", f"/disclosure/checks/{number}"):
        page = editor.get(path)
        assert page.status_code == 200
        assert NASTY not in page.text
        assert 'href="javascript:' not in page.text


def files(services: Services) -> dict[str, str]:
    with services.store.reading() as session:
        return {file.media_type: file.sha256 for file in session.scalars(select(EvidenceFile))}


def test_a_page_of_evidence_is_a_text_to_save_and_never_rendered(editor: Visitor, services: Services) -> None:
    check(services, add_article(services, "Good shoes"), "PASS", html=NASTY, screenshots=[Screenshot("360x740", PIXEL)])
    page = editor.get(f"/disclosure/files/{files(services)['text/html']}")
    assert page.content_type == "text/plain; charset=utf-8"
    assert page.headers["Content-Disposition"].startswith("attachment")
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Content-Security-Policy"] == "sandbox"
    picture = editor.get(f"/disclosure/files/{files(services)['image/jpeg']}")
    assert (picture.content_type, picture.data) == ("image/jpeg", PIXEL)


@pytest.mark.parametrize("name", ["0" * 64, "..%2F..%2Fetc%2Fpasswd", "x", "A" * 64, "0" * 63 + "%00"])
def test_a_file_that_is_not_there_is_404(editor: Visitor, name: str) -> None:
    assert editor.get(f"/disclosure/files/{name}").status_code == 404


def test_a_damaged_file_and_a_damaged_record_are_told_and_never_500(editor: Visitor, services: Services) -> None:
    article = add_article(services, "Good shoes")
    number = check(services, article, "PASS")
    with services.store.transaction() as session:
        session.execute(update(EvidenceFile).values(content=b"x"))
        session.execute(update(PageCheck).values(record='{"findings": 3}'))
    assert editor.get(f"/disclosure/files/{files(services)['text/html']}").status_code == 422
    for path in ("/disclosure", f"/disclosure/checks/{number}", f"/disclosure/articles/{article}"):
        assert editor.get(path).status_code == 200
    assert "not as it was written" in editor.get(f"/disclosure/checks/{number}").text


@pytest.mark.parametrize("path", ["/disclosure/articles/99", "/disclosure/checks/99", "/disclosure/checks/99.json"])
def test_what_is_not_there_is_404(editor: Visitor, path: str) -> None:
    assert editor.get(path).status_code == 404


def test_the_record_is_handed_out_as_it_is_hashed(editor: Visitor, services: Services) -> None:
    from affiliate.disclosure.evidence.chain import hash_of

    number = check(services, add_article(services, "Good shoes"), "PASS")
    line = json.loads(editor.get(f"/disclosure/checks/{number}.json").data)
    assert line["hash"] == hash_of(line["previous_hash"], line["record"])


def test_the_evidence_is_downloaded_for_the_days_that_are_asked_for(editor: Visitor, services: Services) -> None:
    check(services, add_article(services, "Good shoes"), "PASS")
    answer = editor.get("/disclosure/export.zip?from=2026-11-20&to=2026-11-21")
    assert answer.status_code == 200
    assert 'filename="evidence-2026-11-20.zip"' in answer.headers["Content-Disposition"]
    assert "verify.py" in zipfile.ZipFile(io.BytesIO(answer.data)).namelist()
    assert editor.get("/disclosure/export.xlsx").data[:2] == b"PK"
    assert editor.get("/disclosure/export.zip?to=2020-01-01").status_code == 422
    assert editor.get("/disclosure/export.zip?from=nonsense").status_code == 422


def test_a_deploy_has_pages_checked_by_the_api(stranger: FlaskClient, services: Services) -> None:
    for title in ("Good shoes", "Bad boots", "New hats"):
        add_article(services, title)
    script = Script(stranger, new_token(services, "articles:write"))
    answer = script.post("/disclosure/recheck", {"pages": 2})
    assert (answer.status_code, answer.json) == (202, {"queued": 2})
    with services.store.reading() as session:
        jobs = session.scalars(select(Job).where(Job.name == CHECK_LIVE)).all()
    assert {job.arguments["occasion"] for job in jobs} == {"template"}
    assert script.post("/disclosure/recheck", {"site": "nobody"}).status_code == 404
    assert script.post("/disclosure/recheck", {"sites": 1}).status_code == 422
