"""The worker walks what was begun on the page, and nothing that the command walks."""

from pathlib import Path

import pytest

from affiliate.app import Application
from affiliate.disclosure.crawl import Crawler
from affiliate.settings import Database, Disclosure, Settings
from affiliate.worker import Node, run_task, walk_crawls
from tests.disclosure.crawl.conftest import Desk
from tests.disclosure.crawl.magazine import Magazine


@pytest.fixture
def app(desk: Desk, tmp_path: Path) -> Application:
    url = {"url": desk.store.url.render_as_string(hide_password=False)}
    settings = Settings(
        data_dir=tmp_path, database=Database.model_validate(url), disclosure=Disclosure(crawl_pause_seconds=0)
    )
    return Application(settings)


def test_a_crawl_of_the_page_is_walked_to_its_end(
    app: Application, desk: Desk, magazine: Magazine, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Application.crawler

    def crawler(self: Application) -> Crawler:
        return real(self, anywhere=True)

    monkeypatch.setattr(Application, "crawler", crawler)
    crawl_id = desk.begin(in_background=True)
    assert walk_crawls(Node(app)) == "walked for 1 crawls"
    assert desk.look(crawl_id).detail.row.state == "done"
    assert walk_crawls(Node(app)) == ""


def test_the_worker_reaches_public_addresses_only(app: Application, desk: Desk, magazine: Magazine) -> None:
    crawl_id = desk.begin(in_background=True)
    run_task(app, "crawls.walk")
    assert "is not a public address" in desk.look(crawl_id).detail.row.problem
    assert magazine.asked == []


def test_a_crawl_of_the_command_is_the_commands(app: Application, desk: Desk, magazine: Magazine) -> None:
    crawl_id = desk.begin(in_background=False)
    assert run_task(app, "crawls.walk") == "There was nothing to do."
    assert desk.look(crawl_id).detail.row.state == "running"
