from pathlib import Path

from tests.cli.conftest import Run
from tests.commissions.sheets import awin_file, awin_row


def test_connectors_that_are_well_exit_0_and_say_how_to_begin(run: Run) -> None:
    assert "affiliate account add NETWORK ID" in run("network", "health").stdout
    run("account", "add", "awin", "426667")
    said = run("network", "health").stdout
    assert "note: awin 426667: Nothing has come in yet." in said
    assert "affiliate import transactions awin FILE" in said


def test_rows_that_wait_exit_1_and_name_word_money_and_run(run: Run, folder: Path) -> None:
    (folder / "awin.json").write_bytes(awin_file(awin_row(1, commissionStatus="parked")))
    run("import", "transactions", "awin", "awin.json", code=1)
    said = run("network", "health", code=1).stdout
    assert "waiting: awin: 1 row, 4.26 EUR for the word “parked” (runs 1)" in said
    told = run("network", "health", "--json", code=1).json
    assert told["needs_somebody"] is True
    assert told["waiting"][0]["word"] == "parked"


def test_networks_are_listed_with_what_works_and_how_sure_that_is(run: Run) -> None:
    told = {each["key"]: each for each in run("network", "list", "--json").json}
    assert len(told) == 45
    assert told["howl"] == {
        "key": "howl",
        "name": "Howl",
        "closed": None,
        "recognise": "proven",
        "build": "proven",
        "sub_ids": None,
        "api": None,
        "file": None,
        "payments": None,
    }
    shown = run("network", "list").stdout
    assert "unverified" in shown
    assert "closed" in shown
