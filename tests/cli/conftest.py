"""The command, called as scripts call it, in an empty folder of its own."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from affiliate.cli import main


@dataclass(frozen=True)
class Answer:
    exit_code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


Run = Callable[..., Answer]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AFFILIATE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("AFFILIATE_CONFIG", raising=False)
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Run:
    """Calls the command; whatever is no refusal is raised, so a traceback is a failing test."""

    def call(*arguments: str, text: str | None = None, code: int | None = 0) -> Answer:
        result = CliRunner().invoke(main, list(arguments), input=text, catch_exceptions=False)
        if code is not None:
            assert result.exit_code == code, f"{arguments}: {result.stdout}{result.stderr}"
        return Answer(result.exit_code, result.stdout_bytes.decode(), result.stderr)

    return call


@pytest.fixture
def newsroom(run: Run) -> Run:
    """The command with an Awin account, an Amazon account and two programmes."""
    run("account", "add", "awin", "99000001")
    run("account", "add", "amazon", "themag-21")
    run(
        "programme",
        "add",
        "--network",
        "awin",
        "--advertiser-id",
        "88001",
        "--name",
        "Halden & Vale",
        "--host",
        "halden.example",
        "--rate",
        "0.08",
    )
    run(
        "programme",
        "add",
        "--network",
        "amazon",
        "--advertiser-id",
        "co.uk",
        "--name",
        "Amazon UK",
        "--host",
        "amazon.co.uk",
    )
    return run
