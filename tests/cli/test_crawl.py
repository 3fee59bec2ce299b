"""crawl start, resume, list, show, against a small magazine on a real server."""

from collections.abc import Iterator

import pytest

from tests.cli.conftest import Run
from tests.disclosure.crawl.magazine import Magazine, furnish, serving


@pytest.fixture
def empty(monkeypatch: pytest.MonkeyPatch) -> Iterator[Magazine]:
    monkeypatch.setenv("AFFILIATE_DISCLOSURE__CRAWL_PAUSE_SECONDS", "0")
    with serving(Magazine()) as magazine:
        yield magazine


@pytest.fixture
def magazine(empty: Magazine) -> Magazine:
    furnish(empty)
    return empty


def test_the_command_walks_and_tells(run: Run, magazine: Magazine) -> None:
    answer = run("crawl", "start", magazine.home, code=1)
    assert "Crawl 1 of" in answer.stdout
    assert "is done: 7 pages, 4 sitemaps and feeds" in answer.stdout
    assert "Pages with paid links that nobody registered: 4" in answer.stdout
    shown = run("crawl", "show", "1", "--kind", "rel", "--json").json
    assert [each["url"] for each in shown["found"]] == [f"{magazine.home}/lamps"]
    assert shown["findings"]["unregistered"] == 4
    [row] = run("crawl", "list", "--json").json
    assert (row["state"], row["pages"], row["started_by"]) == ("done", 7, "command")


def test_json_is_one_document_and_a_sound_site_exits_0(run: Run, empty: Magazine) -> None:
    empty.html("/", "Nothing is sold here.")
    answer = run("crawl", "start", empty.home, "--json")
    assert answer.json["found"] == []
    assert answer.stderr == ""


def test_a_crawl_goes_on_with_more_pages(run: Run, magazine: Magazine) -> None:
    assert run("crawl", "start", magazine.home, "--pages", "2", "--json", code=1).json["waiting"] == 6
    assert run("crawl", "resume", "1", "--pages", "50", "--json", code=1).json["pages"] == 7
    assert len(magazine.asked) == len(set(magazine.asked))


def test_what_cannot_be_begun_is_refused(run: Run) -> None:
    assert "has no host yet" in run("crawl", "start", code=1).stderr
    assert "is no web address" in run("crawl", "start", "https://", code=1).stderr
    assert "0 is no number of pages" in run("crawl", "start", "https://mag.example", "--pages", "0", code=1).stderr
    assert "There is no crawl 7" in run("crawl", "resume", "7", code=1).stderr
    assert "No crawl yet" in run("crawl", "list").stdout
