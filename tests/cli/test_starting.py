"""A command loads what it needs to answer, and nothing else: loading all that the product can do takes seconds."""

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from affiliate.cli.root import _SUBJECTS, main

# Each takes a twentieth of a second of processor time at least, most of them two or three times that.
HEAVY = {
    *(
        "alembic",
        "apiflask",
        "argon2",
        "babel",
        "bs4",
        "crawleruseragents",
        "cryptography",
        "flask",
        "granian",
        "jinja2",
    ),
    *(
        "mako",
        "maxminddb",
        "openpyxl",
        "playwright",
        "price_parser",
        "prometheus_client",
        "protego",
        "pygal",
        "requests",
    ),
    *("rfc3161_client", "rich", "turbohtml", "ua_parser", "urllib3", "werkzeug"),
}
AWIN = "https://www.awin1.com/cread.php?awinmid=3&awinaffid=4&ued=https%3A%2F%2Fshop.example%2F"


def loaded_by(folder: Path, *arguments: str) -> set[str]:
    """The packages that are loaded when a command has answered; it must succeed."""
    program = (
        "import sys\nfrom affiliate.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        check=False,
        cwd=folder,
        env={**os.environ, "AFFILIATE_DATA_DIR": str(folder / "data")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return {name.partition(".")[0] for name in done.stderr.splitlines()[-1].split()}


@pytest.mark.parametrize("asked", ["--version", "--help"])
def test_what_is_said_of_the_command_itself_takes_no_database_and_no_settings(tmp_path: Path, asked: str) -> None:
    assert loaded_by(tmp_path, asked) & (HEAVY | {"sqlalchemy", "pydantic"}) == set()


def test_an_everyday_command_loads_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    assert "alembic" in loaded_by(tmp_path, "db", "upgrade")
    for command in (
        ["link", "list", "--json"],
        ["inspect", AWIN, "--json"],
        ["clicks", "count"],
        ["link", "add", "--help"],
    ):
        assert loaded_by(tmp_path, *command) & HEAVY == set(), command


def test_every_command_has_its_line_in_the_list_and_is_where_the_list_says() -> None:
    context = click.Context(main)
    for name, (_, says) in _SUBJECTS.items():
        command = main.get_command(context, name)
        assert command is not None
        assert command.name == name
        assert 0 < len(says) <= 64, f"{name}: the list of commands would wrap on a terminal of 80 characters"


def test_the_list_of_commands_shows_each_line_whole() -> None:
    shown = main.get_help(click.Context(main, terminal_width=80))
    assert [says for _, says in _SUBJECTS.values() if says not in shown] == []
