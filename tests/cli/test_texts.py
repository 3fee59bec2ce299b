"""affiliate disclosure text …"""

from tests.cli.conftest import Run

ADD = ("disclosure", "text", "add", "--jurisdiction", "uk", "--language", "en-GB")
ARTICLE = '<article><h1>Kettles</h1><p>See <a href="https://halden.example/p/kettle">this one</a>.</p></article>'


def test_own_words_are_added_shown_in_articles_and_retired(newsroom: Run) -> None:
    sentence = "We get paid if you buy through our links."
    added = newsroom(*ADD, "--label", "Advert", "--sentence", sentence, "--json").json
    assert added == {"version": "own-uk-en-1"}
    first = newsroom("disclosure", "text", "list", "--json").json[0]
    assert (first["version"], first["sentence"], first["own"]) == ("own-uk-en-1", sentence, True)
    shown = newsroom("rewrite", "-", "--jurisdiction", "uk", text=ARTICLE).stdout
    assert 'data-affiliate-disclosure="own-uk-en-1"' in shown
    assert sentence in shown
    assert "Retired own-uk-en-1" in newsroom("disclosure", "text", "retire", "own-uk-en-1").stdout
    again = newsroom("rewrite", "-", "--jurisdiction", "uk", text=shown).stdout
    assert 'data-affiliate-disclosure="uk-en-1"' in again
    assert sentence not in again
    kept = newsroom("disclosure", "text", "list", "--retired", "--json").json
    assert kept[0]["retired_at"] is not None
    assert "own-uk-en-1" not in newsroom("disclosure", "text", "list").stdout


def test_words_that_would_not_do_are_refused_with_the_way_out(run: Run) -> None:
    refused = run(*ADD, "--label", "Sponsored", "--sentence", "This page contains affiliate links.", code=1)
    assert "Use one of: Ad · Advert" in refused.stderr
    assert "tells readers nothing" in refused.stderr
    assert run("disclosure", "text", "list", "--json").json[0]["own"] is False


def test_words_may_be_for_one_site_alone(run: Run) -> None:
    words = ("--label", "Ad", "--sentence", "We get paid if you buy through our links.")
    assert "There is no site nowhere" in run(*ADD, *words, "--site", "nowhere", code=1).stderr
    assert "text list shows them" in run("disclosure", "text", "retire", "own-uk-en-1", code=1).stderr
