from collections.abc import Callable

import pytest

from affiliate.web.accounts import ADMIN, EDITOR, FINANCE
from tests.web.conftest import Visitor

SignIn = Callable[[str], Visitor]


@pytest.mark.parametrize("role", [ADMIN, EDITOR])
def test_editors_and_admins_see_what_works_with_each_network(signed_in: SignIn, role: str) -> None:
    page = signed_in(role).get("/networks").text
    assert "Nothing was tried on a live account." in page
    assert page.count('<span class="status pending">unverified</span>') > 10
    assert "zanox was merged into Awin" in page


def test_the_page_is_not_finances(signed_in: SignIn) -> None:
    assert signed_in(FINANCE).get("/networks").status_code == 403


def test_the_settings_and_the_page_for_new_links_lead_there(signed_in: SignIn) -> None:
    visitor = signed_in(ADMIN)
    assert 'href="/networks"' in visitor.get("/settings/programmes").text
    assert 'href="/networks"' in visitor.get("/links/new").text
