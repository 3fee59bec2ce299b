"""The page of the words, and the publisher's own."""

from collections.abc import Callable

import pytest

from affiliate.disclosure.own.texts import own_texts
from affiliate.web import Services
from affiliate.web.accounts import ADMIN, EDITOR, FINANCE
from tests.web.conftest import Visitor

SignIn = Callable[[str], Visitor]
WORDS = {
    "jurisdiction": "uk",
    "language": "en",
    "site": "",
    "label": "Advert",
    "sentence": "We earn a commission if you buy <b>anything</b> through our links.",
}


@pytest.fixture
def admin(signed_in: SignIn) -> Visitor:
    return signed_in(ADMIN)


def test_the_page_shows_every_text_with_whose_words_it_is(admin: Visitor) -> None:
    page = admin.get("/disclosure/texts").text
    for shown in ("uk-en-1", "jp-ja-1", "LG Berlin 52 O 194/18", "amazon-nl-1", "Dutch page could not be read"):
        assert shown in page
    assert "articles show our words" in page


def test_words_are_checked_and_shown_before_they_are_kept(admin: Visitor, services: Services) -> None:
    answer = admin.post("/disclosure/texts", **WORDS, step="check")
    assert answer.status_code == 200
    assert "Nothing stands against these words" in answer.text
    assert "<strong>Advert</strong>" in answer.text
    assert "<b>anything</b>" not in answer.text
    with services.store.reading() as session:
        assert own_texts(session) == ()
    assert admin.post("/disclosure/texts", **WORDS, step="store").status_code == 303
    page = admin.get("/disclosure/texts").text
    assert "own-uk-en-1" in page
    assert "admin@magazine.example" in page
    assert admin.post("/disclosure/texts/own-uk-en-1/retire").status_code == 303
    assert "retired" in admin.get("/disclosure/texts").text


@pytest.mark.parametrize("step", ["check", "store"])
def test_a_refusal_stands_beside_its_field_and_keeps_what_was_typed(admin: Visitor, step: str) -> None:
    words = {**WORDS, "label": "Sponsored", "sentence": "This page contains affiliate links."}
    answer = admin.post("/disclosure/texts", **words, step=step)
    assert answer.status_code == 422
    assert "Use one of: Ad · Advert" in answer.text
    assert 'id="sentence-wrong"' in answer.text
    assert "This page contains affiliate links.</textarea>" in answer.text


def test_an_empty_form_and_a_jurisdiction_without_rules_are_refused(admin: Visitor) -> None:
    assert "The sentence is missing." in admin.post("/disclosure/texts", step="check").text
    answer = admin.post("/disclosure/texts", **{**WORDS, "jurisdiction": "mars"}, step="store")
    assert answer.status_code == 422
    assert "no rules to check words" in answer.text


def test_an_unknown_version_is_no_page(admin: Visitor) -> None:
    assert admin.post("/disclosure/texts/own-uk-en-9/retire").status_code == 404


def test_editors_see_the_words_and_only_admins_add_some(signed_in: SignIn) -> None:
    editor = signed_in(EDITOR)
    page = editor.get("/disclosure/texts")
    assert page.status_code == 200
    assert "Add your own" not in page.text
    assert editor.post("/disclosure/texts", **WORDS, step="store").status_code == 403
    assert editor.post("/disclosure/texts/own-uk-en-1/retire").status_code == 403
    assert signed_in(FINANCE).get("/disclosure/texts").status_code == 403
