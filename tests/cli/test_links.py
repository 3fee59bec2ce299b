from urllib.parse import quote

from affiliate.ids import is_placement_token
from tests.cli.conftest import Run

DRESS = "https://www.halden.example/dresses/marble-midi?colour=grey&utm_source=mail"


def test_an_empty_folder_is_enough_for_a_first_answer(run: Run) -> None:
    assert run("link", "list", "--json").json == []
    assert run("clicks", "count", "--json").json == {"raw": 0, "human": 0, "network_comparable": 0}


def test_inspect_prints_one_object_for_each_address_in_order(run: Run) -> None:
    ours = "https://www.awin1.com/cread.php?awinmid=88001&awinaffid=99000001&clickref=x&ued=https%3A%2F%2Fhalden.example%2Fp"
    run("account", "add", "awin", "99000001")
    taken = run("inspect", ours, "https://halden.example/p", "--json").json
    assert [set(part) for part in taken] == [
        {"url", "network", "publisher_id", "advertiser_id", "sub_ids", "target_url", "wrapped", "monetised", "layers"}
    ] * 2
    assert taken[0]["network"] == "awin"
    assert taken[0]["publisher_id"] == "99000001"
    assert taken[0]["advertiser_id"] == "88001"
    assert taken[0]["sub_ids"] == {"clickref": "x"}
    assert taken[0]["target_url"] == "https://halden.example/p"
    assert (taken[0]["wrapped"], taken[0]["monetised"]) == (True, "ours")
    assert (taken[1]["network"], taken[1]["wrapped"], taken[1]["monetised"]) == (None, False, "no")


def test_inspect_reads_many_links_from_stdin_and_says_its_notes_beside_them(run: Run) -> None:
    lines = "https://tidd.ly/3abc\n\n  https://shop.example/p\n"
    taken = run("inspect", "https://amzn.to/3abc", "-", "--json", text=lines)
    assert [part["network"] for part in taken.json] == ["amazon", "awin", None]
    assert taken.stderr == ""
    shown = run("inspect", "https://tidd.ly/3abc")
    assert "awin: a short link" in shown.stderr


def test_what_is_no_address_hides_no_other_link(run: Run) -> None:
    taken = run("inspect", "javascript:alert(1)", "https://tidd.ly/3abc", "no address", "--json", code=1)
    assert [(part["url"], part["network"], part["target_url"]) for part in taken.json] == [
        ("javascript:alert(1)", None, None),
        ("https://tidd.ly/3abc", "awin", None),
        ("no address", None, None),
    ]
    assert taken.json[0] | {"url": "no address"} == taken.json[2]
    assert "javascript: addresses are not allowed" in taken.stderr
    assert "'no address' cannot be used as a link" in taken.stderr


def test_deeplink_builds_without_storing(newsroom: Run) -> None:
    answer = newsroom("deeplink", DRESS, "--sub-id", "abc", "--json").json
    assert set(answer) == {"network", "programme", "mode", "deep_link"}
    assert (answer["network"], answer["mode"]) == ("awin", "redirect")
    assert "clickref=abc" in answer["deep_link"]
    assert newsroom("link", "list", "--json").json == []


def test_a_link_is_added_listed_shown_renamed_and_retired(newsroom: Run) -> None:
    added = newsroom("link", "add", DRESS, "--json").json
    assert {"slug", "path", "target_url", "deep_link", "network", "mode", "status"} <= set(added)
    assert added["path"] == "/go/marble-midi"
    assert is_placement_token(added["token"])
    assert [one["slug"] for one in newsroom("link", "list", "--json").json] == ["marble-midi"]
    renamed = newsroom("link", "rename", "marble-midi", "marble-dress", "--json").json
    assert (renamed["path"], renamed["aliases"]) == ("/go/marble-dress", ["/go/marble-midi"])
    assert newsroom("link", "show", "marble-midi", "--json").json["path"] == "/go/marble-dress"
    edited = newsroom("link", "edit", "marble-dress", "--url", "https://halden.example/new", "--json").json
    assert (edited["path"], edited["target_url"]) == ("/go/marble-dress", "https://halden.example/new")
    assert newsroom("link", "retire", "marble-dress", "--json").json["status"] == "retired"


def test_adding_what_is_there_is_done_already(newsroom: Run) -> None:
    first = newsroom("link", "add", DRESS, "--json").json
    again = newsroom("link", "add", DRESS, "--json").json
    assert (again["slug"], again["created"], again["notes"]) == (first["slug"], False, [])


def test_nearly_the_same_link_is_named_and_none_is_taken_for_another(newsroom: Run) -> None:
    first = newsroom("link", "add", DRESS, "--json").json
    assert first["near"] == []
    assert newsroom("link", "add", f"{DRESS}#size", "--json").json["near"] == [first["path"]]
    shown = newsroom("link", "add", f"{DRESS}#care").stdout
    assert f"You have nearly the same link: {first['path']} → {first['target_url']}" in shown
    assert "affiliate link retire marble-midi-3" in shown


def test_what_was_taken_off_an_address_besides_click_ids_is_told(newsroom: Run) -> None:
    wrapped = f"https://www.google.com/url?q={quote(DRESS, safe='')}"
    assert newsroom("link", "add", wrapped, "--json").json["notes"] == ["Taken out of a redirect of www.google.com."]
    assert "Taken out of a redirect of www.google.com." in newsroom("link", "add", wrapped).stdout


def test_a_host_without_a_programme_is_refused_with_the_command_that_helps(newsroom: Run) -> None:
    answer = newsroom("link", "add", "https://nobody.example/x", "--json", code=1)
    assert answer.stdout == ""
    assert "nobody.example" in answer.stderr
    assert "affiliate programme add" in answer.stderr
    assert newsroom("link", "list", "--json").json == []


def test_bad_addresses_are_refused_in_words(newsroom: Run) -> None:
    for url in ("dress", "javascript:alert(1)", "", "https://halden.example/a b"):
        assert "cannot be used as a link" in newsroom("link", "add", url, code=1).stderr


def test_wrong_usage_exits_with_two(run: Run) -> None:
    run("link", "add", code=2)
    run("report", "profits", "--from", "2026-01-01", "--to", "2026-02-01", code=2)


def test_every_command_has_help_and_takes_a_configuration(run: Run) -> None:
    for words in _commands():
        answer = run(*words, "--help")
        assert "--config" in answer.stdout, words


def _commands() -> list[list[str]]:
    import click

    from affiliate.cli import main

    context = click.Context(main)

    def below(command: click.Command | None, words: list[str]) -> list[list[str]]:
        if not isinstance(command, click.Group):
            return [words]
        names = command.list_commands(context)
        return [found for name in names for found in below(command.get_command(context, name), [*words, name])]

    return below(main, [])
