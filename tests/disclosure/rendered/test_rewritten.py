"""Articles that the rewriter made, in a real browser: readers of both windows see what it put in."""

from collections.abc import Iterator

import pytest

from affiliate.articles.article import ArticleFacts
from affiliate.articles.publish import rewrite_article
from affiliate.disclosure.browser.windows import Chromium
from affiliate.disclosure.check import check
from affiliate.disclosure.findings import INFO, PASS
from affiliate.disclosure.own_links import OwnLinks
from affiliate.store import Store, migrations
from tests.articles.newsroom import the_site
from tests.articles.press import Made, press, sweep
from tests.conftest import NOW

_PAGE = (
    '<!doctype html><html lang="{}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<style>body{{font:18px/1.5 Georgia,serif;color:#111;background:#fff;margin:16px;max-width:680px}}</style></head>"
    "<body>{}</body></html>"
)
_FEW = [
    Made("product-led", "uk", "en", ("awin", "amazon"), direct=False, layout="article", paragraphs=3),
    Made("mixed", "de", "de", ("rakuten",), direct=False, layout="long list", paragraphs=2),
    Made("product-led", "us", "en", ("cj",), direct=True, layout="cards", paragraphs=2),
    Made("mixed", "uk", "en", ("awin",), direct=False, layout="details", paragraphs=5),
]  # fmt: skip


@pytest.fixture(scope="module")
def title(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = Store(f"sqlite:///{tmp_path_factory.mktemp('press') / 'affiliate.db'}")
    migrations.upgrade(opened)
    with opened.transaction() as session:
        press(session)
    yield opened
    opened.close()


def shown(title: Store, chromium: Chromium, made: Made) -> None:
    html = made.html if "<html" in made.html else _PAGE.format(made.language, made.html)
    facts = ArticleFacts(
        url="https://magazine.example/x", kind=made.kind, language=made.language, jurisdiction=made.jurisdiction
    )
    with title.transaction() as session:
        kept, site = session.begin_nested(), the_site(session)
        once = rewrite_article(session, site=site, html=html, article=facts, now=NOW)
        with chromium.text(once.html) as opened:
            leads_to = OwnLinks(session, site).leads_to
            checked = check(once.html, made.profiles, kind=made.kind, screens=opened.screens, leads_to=leads_to)
        kept.rollback()
    found = [finding for finding in checked.findings if finding.severity != INFO]
    assert set(checked.verdicts.values()) == {PASS}, (made, found, once.html)


@pytest.mark.parametrize("made", _FEW, ids=lambda made: f"{made.layout}-{made.kind}-{made.jurisdiction}")
def test_readers_see_what_the_rewriter_put_in(title: Store, chromium: Chromium, made: Made) -> None:
    shown(title, chromium, made)


@pytest.mark.slow
@pytest.mark.parametrize("made", sweep()[::12], ids=lambda made: f"{made.layout}-{made.kind}-{made.jurisdiction}")
def test_readers_of_every_shape_see_it(title: Store, chromium: Chromium, made: Made) -> None:
    shown(title, chromium, made)
