"""`affiliate pull` as scripts and cron call it, against a network on localhost."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from affiliate.networks.registry import networks
from affiliate.store import Store
from tests.cli.conftest import Run
from tests.networks.servers.account import picture, write_credentials
from tests.networks.servers.awin import PUBLISHER, AwinServer
from tests.networks.servers.base import TOKEN, cut_off
from tests.networks.servers.history import history
from tests.waiting import wait_until

QUARTER = ("--from", "2026-01-01", "--to", "2026-04-01")
LATER = datetime(2026, 10, 1, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[AwinServer]:
    with AwinServer(history(3, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)), LATER) as running:
        yield running


@pytest.fixture
def ready(run: Run, folder: Path, server: AwinServer) -> Run:
    """An account with its credentials; the network's pause of three seconds is not waited for."""
    run("account", "add", "awin", PUBLISHER)
    write_credentials(folder / "credentials", "awin", PUBLISHER, {"token": TOKEN, "base_url": server.url})
    return run


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("affiliate.networks.asking.calls.ApiClient._keep_pace", lambda _self: None)


def test_a_pull_prints_a_line_for_each_window(ready: Run) -> None:
    lines = ready("pull", "awin", *QUARTER).stdout.splitlines()
    assert (
        lines[0]
        == f"awin {PUBLISHER} 2026-01-01–2026-02-01 by transaction: 85 rows, 85 new, 0 amended, 0 unchanged (run 1)"
    )
    assert lines[-1] == "3 windows pulled, 270 rows: 270 new, 0 amended, 0 unchanged, 0 quarantined."


def test_a_pull_is_one_json_document(ready: Run) -> None:
    document = ready("pull", "awin", *QUARTER, "--json").json
    assert (document["done"], document["rows"], document["failed"]) == (3, 270, 0)
    assert document["windows"][0]["from"] == "2026-01-01T00:00:00+00:00"
    assert [run["file"] for run in ready("import", "runs", "--json").json][-1] == (
        "awin API 2026-01-01–2026-02-01 by transaction"
    )


def test_a_window_that_failed_is_exit_1_and_the_same_command_goes_on(ready: Run, server: AwinServer) -> None:
    server.fail(None, cut_off)
    answer = ready("pull", "awin", *QUARTER, code=1)
    assert "2026-02-01–2026-03-04 by transaction: failed. The Awin report was not imported" in answer.stdout
    assert "1 windows did not come; the same command goes on with them." in answer.stdout
    assert ready("pull", "awin", *QUARTER, "--json").json["done"] == 1


def test_without_days_what_is_due_is_asked_for(ready: Run) -> None:
    assert {window["basis"] for window in ready("pull", "awin", "--json").json["windows"]} == {
        "transaction",
        "change",
        "programme",
    }
    assert "Nothing is due" in ready("pull", "awin").stdout
    assert ready("pull", "awin", "--basis", "change", "--json").json["done"] == 1
    assert "There was nothing to do" in ready("job", "run", "networks.pull").stdout


def test_what_cannot_be_asked_is_refused(ready: Run, run: Run, folder: Path) -> None:
    assert "both --from and --to" in ready("pull", "awin", "--from", "2026-01-01", code=2).stderr
    assert "is not read by API" in ready("pull", "amazon", *QUARTER, code=1).stderr
    assert "affiliate account add cj" in ready("pull", "cj", *QUARTER, code=1).stderr
    (folder / "credentials" / f"awin-{PUBLISHER}.toml").unlink()
    refused = ready("pull", "awin", *QUARTER, code=1)
    assert "it is not there" in refused.stderr
    assert "API credentials" in refused.stderr


def test_config_check_knows_the_credentials_and_never_shows_them(ready: Run, folder: Path) -> None:
    answer = ready("config", "check", "--json")
    assert answer.json["credentials"][0]["usable"] is True
    assert answer.json["networks"]["credentials_dir"] == str(folder / "credentials")
    assert TOKEN not in answer.stdout
    file = folder / "credentials" / f"awin-{PUBLISHER}.toml"
    file.write_text(f'token = "{TOKEN}"\nexpires = 2027-01-31\n')
    file.chmod(0o644)
    assert "can be read by everybody" in ready("config", "check").stdout
    for written, said in {
        f'tokn = "{TOKEN}"': "it holds tokn; Awin uses token, expires, base_url",
        f"token = {TOKEN}": "it is no TOML (at line 1, column 9)",
        "": "it lacks token",
        f'token = "{TOKEN}"\nexpires = "soon"': "expires is no date",
    }.items():
        file.write_text(written)
        answer = ready("config", "check", code=1)
        assert said in answer.stdout
        assert TOKEN not in answer.stdout


def test_what_each_network_wants_in_its_file_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "pulling.md").read_text(encoding="utf-8")
    for known in networks():
        if known.api is not None:
            names = ", ".join(f"`{name}`" for name in known.api.credentials)
            assert f"| `{known.key}` | {names} |" in page, known.key


# ---- processes ------------------------------------------------------------------------------------------------------


def process(*arguments: str) -> "subprocess.Popen[str]":
    """The command as a process of its own; it keeps the network's pause."""
    return subprocess.Popen(
        [sys.executable, "-m", "affiliate", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def until_asked(server: AwinServer, times: int, running: "subprocess.Popen[str]") -> None:
    assert wait_until(lambda: len(server.asked) >= times or running.poll() is not None)


@pytest.mark.parametrize("moment", ["while it waits for the network", "just after the network answered"])
def test_a_killed_pull_is_gone_on_with_to_the_same_ledger(
    ready: Run, server: AwinServer, folder: Path, moment: str
) -> None:
    if moment == "while it waits for the network":
        server.fail(None, server.silent)
    running = process("pull", "awin", *QUARTER)
    until_asked(server, 2, running)
    running.send_signal(signal.SIGKILL)
    output, _ = running.communicate()
    assert TOKEN not in output
    assert running.returncode == -signal.SIGKILL
    asked = len(server.asked)
    assert asked == 2
    again = ready("pull", "awin", *QUARTER, "--json").json
    assert again["done"] in (1, 2)
    assert len(server.asked) == asked + again["done"]
    store = Store(f"sqlite:///{folder / 'data' / 'affiliate.db'}")
    interrupted = picture(store)
    assert len(interrupted) == 270
    with_one = ready("pull", "awin", *QUARTER, "--json").json
    assert (with_one["done"], with_one["unchanged"]) == (3, 270)
    assert picture(store) == interrupted
    store.close()
    for file in (folder / "data").rglob("*"):
        assert not file.is_file() or TOKEN.encode() not in file.read_bytes()


def test_a_second_process_leaves_the_account_to_the_first(ready: Run, server: AwinServer) -> None:
    server.fail(server.silent)
    running = process("pull", "awin", *QUARTER)
    until_asked(server, 1, running)
    assert "is being pulled by another process" in ready("pull", "awin", *QUARTER, code=1).stderr
    assert "There was nothing to do" in ready("job", "run", "networks.pull").stdout
    os.kill(running.pid, signal.SIGKILL)
    running.communicate()
