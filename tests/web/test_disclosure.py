"""The pages of rules and profiles: everybody reads them, administrators change them, and reasons are shown."""

import re
from collections.abc import Callable
from html import unescape

import pytest

from affiliate.disclosure.profiles import changes_of, exceptions_of, profiles_of
from affiliate.disclosure.rules import pack, profile_names
from affiliate.links.sites import add_site, find_site
from affiliate.store.tables import Article
from affiliate.web import Services
from affiliate.web.accounts import ADMIN, EDITOR, FINANCE
from tests.web.conftest import Visitor

SignIn = Callable[[str], Visitor]
CHANGE = {"rule": "UK-02", "severity": "WARN", "reason": "The template changes in June."}


@pytest.fixture
def admin(signed_in: SignIn) -> Visitor:
    return signed_in(ADMIN)


def held(services: Services, key: str | None = None) -> tuple[str, ...]:
    with services.store.reading() as session:
        return profiles_of(session, find_site(session, key))


def taken(services: Services) -> dict[str, str]:
    with services.store.reading() as session:
        return {each.rule: each.severity for each in changes_of(session, 1, None, services.clock())}


@pytest.mark.parametrize("role", [EDITOR, FINANCE])
def test_everybody_reads_rules_and_profiles_and_only_admins_find_forms(signed_in: SignIn, role: str) -> None:
    visitor = signed_in(role)
    assert "not legal advice" in visitor.get("/disclosure/rules").text.lower()
    page = visitor.get("/disclosure/profiles").text
    assert "United Kingdom" in page
    assert "Administrators change this." in page
    assert "<form" not in page.partition("<main")[2]


def test_every_rule_stands_there_in_plain_words_with_its_source(admin: Visitor) -> None:
    page = " ".join(unescape(admin.get("/disclosure/rules?profile=all").text).split())
    for key in profile_names():
        for rule in pack(key).rules:
            assert f'id="{key}-{rule.id}"' in page
            assert rule.asks in page
            assert rule.mend in page
            assert rule.quote in page
            assert rule.source in page


def test_rules_are_filtered_by_profile_and_begin_with_those_of_the_site(admin: Visitor) -> None:
    own = admin.get("/disclosure/rules").text
    assert 'id="uk-UK-02"' in own
    assert "US-02" not in own
    american = admin.get("/disclosure/rules?profile=us").text
    assert 'id="us-US-02"' in american
    assert "UK-02" not in american
    assert re.search(r'value="us"\s+selected', american)
    assert 'id="uk-UK-02"' in admin.get("/disclosure/rules?profile=../etc").text


def test_thin_evidence_is_called_thin(admin: Visitor) -> None:
    page = admin.get("/disclosure/rules?profile=uk").text
    rule = page.partition('id="uk-UK-10"')[2].partition("<h3")[0]
    assert "It would be BLOCK if the evidence were better." in rule
    assert "A summary by others" in rule
    assert "Our own measure" in page.partition('id="uk-K2"')[2]


def test_a_profile_is_chosen_and_dropped_with_a_reason(admin: Visitor, services: Services) -> None:
    assert admin.post("/disclosure/profiles", profile="amazon").status_code == 303
    assert held(services) == ("uk", "amazon")
    page = admin.get("/disclosure/profiles").text
    assert "Chosen by admin@magazine.example" in page
    refused = admin.post("/disclosure/profiles/amazon/drop", drop_reason=" ")
    assert refused.status_code == 422
    assert "Say why this profile is no longer needed" in refused.text
    assert admin.post("/disclosure/profiles/amazon/drop", drop_reason="We left.").status_code == 303
    assert held(services) == ("uk",)
    assert "We left." in admin.get("/disclosure/profiles").text


def test_a_rule_is_loosened_with_a_reason_that_is_shown_and_ended_again(admin: Visitor, services: Services) -> None:
    until = {"until": "2026-12-24"}
    assert admin.post("/disclosure/changes", **CHANGE, **until).status_code == 303
    assert taken(services) == {"UK-02": "WARN"}
    page = admin.get("/disclosure/profiles").text
    assert "loosened from BLOCK" in page
    assert "The template changes in June." in page
    assert "until 24 Dec 2026, 00:00" in page
    assert "The template changes in June." in admin.get("/disclosure/rules").text
    with services.store.reading() as session:
        [made] = exceptions_of(session, 1, now=services.clock())
    assert made.made_by == "admin@magazine.example"
    assert admin.post(f"/disclosure/changes/{made.id}/end").status_code == 303
    assert taken(services) == {}
    after = admin.get("/disclosure/profiles").text
    assert "None: every rule counts as its pack says." in after
    assert "The template changes in June." in after.partition("What held before")[2]


@pytest.mark.parametrize(
    ("sent", "field", "words"),
    [
        ({"reason": " "}, "severity", "Say why UK-02 is taken less seriously"),
        ({"severity": "INFO"}, "severity", "loosened to WARN at most"),
        ({"severity": "SHOUT"}, "severity", "is no severity"),
        ({"article": "kettles"}, "article", "no article kettles"),
        ({"until": "2001-01-01"}, "severity", "which is past"),
        ({"until": "soon"}, "severity", "is no date"),
        ({"rule": "XX-1"}, "article", "no rule XX-1"),
    ],
)
def test_a_refused_change_says_why_and_keeps_what_was_typed(
    admin: Visitor, services: Services, sent: dict[str, str], field: str, words: str
) -> None:
    answer = admin.post("/disclosure/changes", **{**CHANGE, **sent})
    assert answer.status_code in (404, 422)
    assert words in unescape(answer.text)
    assert f'id="{field}-wrong"' in answer.text
    assert "The template changes in June." in answer.text or sent.get("reason") == " "
    assert taken(services) == {}


def test_an_exception_names_its_article_and_leads_there(admin: Visitor, services: Services) -> None:
    with services.store.transaction() as session:
        site = find_site(session)
        session.add(Article(site_id=site.id, ref="4711", title="<b>Kettles</b>", created_at=services.clock()))
    assert admin.post("/disclosure/changes", **CHANGE, article="4711").status_code == 303
    page = admin.get("/disclosure/profiles").text
    assert re.search(r'href="/articles/1"[^>]*>&lt;b&gt;Kettles', page)
    assert taken(services) == {}, "the site itself is as it was"


def test_the_form_begins_with_the_rule_and_the_article_of_the_address(admin: Visitor) -> None:
    page = admin.get("/disclosure/profiles?rule=UK-04&article=17").text
    assert re.search(r'value="UK-04"\s+selected', page)
    assert re.search(r'value="WARN"\s+selected', page)
    assert re.search(r'id="article"[^>]*value="17"', page)


def test_with_several_sites_one_is_chosen_first_and_changed_alone(admin: Visitor, services: Services) -> None:
    with services.store.transaction() as session:
        add_site(session, key="west", name="West Coast", jurisdiction="us", now=services.clock())
    page = admin.get("/disclosure/profiles").text
    assert 'href="/disclosure/profiles?site=west"' in page
    assert "United States" in admin.get("/disclosure/profiles?site=west").text
    sent = admin.post("/disclosure/profiles", profile="google", site="west")
    assert sent.location == "/disclosure/profiles?site=west"
    assert (held(services, "west"), held(services, "default")) == (("us", "google"), ("uk",))
    assert admin.post("/disclosure/profiles", profile="google").status_code == 422
    assert 'id="us-US-02"' in admin.get("/disclosure/rules?site=west").text


def test_an_unknown_profile_or_change_is_refused(admin: Visitor) -> None:
    assert admin.post("/disclosure/profiles", profile="atlantis").status_code == 422
    assert admin.post("/disclosure/profiles/uk/drop", drop_reason="x").status_code == 404
    assert admin.post("/disclosure/changes/99/end").status_code == 404
