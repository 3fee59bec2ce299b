"""What PostgreSQL cannot hold|too large to be stored is a refusal in words, not a failure."""

from collections.abc import Callable, Iterator

import pytest

from affiliate.errors import InvalidInput
from affiliate.reports.articles import ArticleFilter, list_articles
from affiliate.store import Store, migrations
from affiliate.store.tables import Entity


@pytest.fixture
def postgres_store(postgres_url: Callable[[], str]) -> Iterator[Store]:
    opened = Store(postgres_url())
    migrations.upgrade(opened)
    yield opened
    opened.close()


@pytest.mark.parametrize(("key", "currency"), [("a\x00b", "GBP"), ("x" * 256, "GBP"), ("key", "POUNDS")])
def test_a_text_that_fits_no_column_is_refused_and_nothing_is_stored(
    postgres_store: Store, key: str, currency: str
) -> None:
    with pytest.raises(InvalidInput, match="to be stored"), postgres_store.transaction() as session:
        session.add(Entity(key="first", name="First", base_currency="GBP"))
        session.add(Entity(key=key, name="Second", base_currency=currency))
    with postgres_store.reading() as session:
        assert session.query(Entity).count() == 0


def test_a_question_with_a_nul_is_refused(postgres_store: Store) -> None:
    with pytest.raises(InvalidInput, match="to be stored"), postgres_store.reading() as session:
        list_articles(session, ArticleFilter(text="a\x00b"))
