from pathlib import Path

from tests.cli.conftest import Run


def test_a_list_of_programmes_is_shown_first_stored_once_and_closes_what_left(newsroom: Run, folder: Path) -> None:
    file = folder / "list.csv"
    rows = "Advertiser ID,Name,Hosts,Status,Rate,parameter.x\n9001,Shop,shop.example,Joined,5%,1\n"
    file.write_text(rows + "9002,Other,other.example,Active,4 to 6 %,\n9003,Bad,x.example,On hold,,\n")
    load = ("import", "programmes", "awin", str(file), "--json")
    preview = newsroom(*load, "--dry-run", code=1).json
    assert (preview["new"], preview["bad"][0]["line"]) == (2, 4)
    assert newsroom("programme", "list", "--search", "9001", "--json").json == []
    assert newsroom(*load, code=1).json["new"] == 2
    file.write_text(rows)
    newsroom("link", "add", "https://other.example/a")
    closed = newsroom(*load, "--whole").json["closed"]
    assert [(each["name"], each["links"]) for each in closed] == [("Other", 1)]
    [shown] = newsroom("programme", "list", "--standing", "closed", "--json").json
    assert (shown["name"], shown["terms"], shown["raw_status"]) == ("Other", "4 to 6 %", "not listed")


def test_it_is_said_whether_addresses_earn(newsroom: Run) -> None:
    answer = newsroom("earn", "https://halden.example/a", "https://nobody.example/", "--json").json
    assert [each["earns"] for each in answer] == [True, False]
    assert "no  https://nobody.example/" in newsroom("earn", "https://nobody.example/").stdout


def test_aliases_are_added_listed_and_taken_back(newsroom: Run, folder: Path) -> None:
    file = folder / "aliases.csv"
    file.write_text("network,advertiser_id,to_network,to_advertiser_id\nshareasale,5,awin,88001\nshareasale,6,awin,1\n")
    assert newsroom("import", "aliases", str(file), "--json", code=1).json["added"] == 1
    newsroom("advertiser", "alias", "shareasale", "7", "--to", "awin", "88001")
    listed = newsroom("advertiser", "aliases", "--json").json
    assert [(each["advertiser_id"], each["advertiser"]) for each in listed] == [
        ("5", "Halden & Vale"),
        ("7", "Halden & Vale"),
    ]
    newsroom("advertiser", "unalias", "shareasale", "7")
    assert len(newsroom("advertiser", "aliases", "--json").json) == 1
