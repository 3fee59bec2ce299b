from pathlib import Path

from affiliate.redirect.table import Found, LinkTable
from tests.cli.conftest import Run


def test_a_programme_is_edited_and_its_links_follow(newsroom: Run, folder: Path) -> None:
    newsroom("link", "add", "https://halden.example/dress", "--slug", "dress")
    edit = ("programme", "edit", "--network", "awin", "--advertiser-id", "88001")
    answer = newsroom(*edit, "--referrer-policy", "no-referrer", "--json").json
    shown = {name: answer[name] for name in ("name", "mode", "referrer_policy", "links")}
    assert shown == {"name": "Halden & Vale", "mode": "redirect", "referrer_policy": "no-referrer", "links": 1}
    found = LinkTable(folder / "data" / "links").find("", "/go/dress")
    assert isinstance(found, Found)
    assert found.entry.referrer_policy == "no-referrer"
    assert newsroom(*edit, "--mode", "untouched", "--json").json["referrer_policy"] == "no-referrer"
    assert newsroom(*edit, "--referrer-policy", "usual").stdout == (
        "Halden & Vale: untouched, referrer policy usual. 1 links follow.\n"
    )


def test_a_programme_gets_its_referrer_policy_when_it_is_added(newsroom: Run) -> None:
    add = ("programme", "add", "--network", "awin", "--advertiser-id", "5", "--name", "X", "--host", "x.example")
    newsroom(*add, "--referrer-policy", "origin")
    edit = ("programme", "edit", "--network", "awin", "--advertiser-id", "5", "--json")
    assert newsroom(*edit).json["referrer_policy"] == "origin"


def test_a_programme_that_is_not_there_is_not_edited(newsroom: Run) -> None:
    answer = newsroom("programme", "edit", "--network", "awin", "--advertiser-id", "nobody", code=1)
    assert "no programme nobody" in answer.stderr
    newsroom("programme", "edit", "--network", "awin", "--advertiser-id", "1", "--mode", "x", code=2)


def test_a_data_folder_that_is_none_is_said_in_a_line(run: Run, folder: Path) -> None:
    (folder / "data").write_text("a file")
    answer = run("link", "list", code=1)
    assert answer.stderr.startswith(f"affiliate: {folder / 'data'}: ")
    assert answer.stderr.count("\n") == 1
