"""The first minute on a bare machine: what is installed, how often, and what is said when it cannot be."""

import ast
import os
import runpy
import shutil
import ssl
import subprocess
import sys
from collections import namedtuple
from importlib.util import cache_from_source
from pathlib import Path
from urllib.error import URLError

import pytest

from tests.packaging.conftest import ROOT

NOBODY = "http://127.0.0.1:9"  # the discard port: nothing listens there
FAKE_UV = """#!/bin/sh
[ "$1" = --version ] && {{ echo 'uv {version} (made up)'; exit 0; }}
echo "$@" >> uv.log
mkdir -p .venv
exit {exit_code}
"""


class Checkout:
    """A project folder with the bootstrap and a lock, and a uv on PATH that only writes down what it is asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.uv = folder / "bin" / "uv"
        for name in (".ci", "bin"):
            (folder / name).mkdir()
        for name in ("bootstrap.py", "uv.txt"):
            shutil.copy(ROOT / ".ci" / name, folder / ".ci")
        for name in ("pyproject.toml", "uv.lock"):
            (folder / name).write_text("", encoding="utf-8")

    def put_uv(self, version: str = "99.0.0", exit_code: int = 0) -> None:
        self.uv.write_text(FAKE_UV.format(version=version, exit_code=exit_code), encoding="utf-8")
        self.uv.chmod(0o755)

    def bootstrap(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        offline = {"HTTPS_PROXY": NOBODY, "PIP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull}
        return subprocess.run(
            [sys.executable, self.folder / ".ci" / "bootstrap.py", *arguments],
            check=False,
            env={"PATH": f"{self.uv.parent}:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", **offline},
            capture_output=True,
            text=True,
        )

    def syncs(self) -> list[str]:
        log = self.folder / "uv.log"
        return log.read_text(encoding="utf-8").splitlines() if log.exists() else []


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_the_lock_is_installed_with_the_python_that_was_given_and_only_once(checkout: Checkout) -> None:
    checkout.put_uv()
    assert checkout.bootstrap().returncode == 0
    assert checkout.bootstrap().returncode == 0
    assert checkout.syncs() == [f"sync --locked --no-default-groups --compile-bytecode --python {sys.executable}"]


def test_a_changed_lock_is_installed_again(checkout: Checkout) -> None:
    checkout.put_uv()
    checkout.bootstrap()
    (checkout.folder / "uv.lock").write_text("changed", encoding="utf-8")
    checkout.bootstrap()
    assert len(checkout.syncs()) == 2


def test_what_the_tests_need_stays_when_the_product_is_installed_again(checkout: Checkout) -> None:
    checkout.put_uv()
    checkout.bootstrap("--group", "test")
    checkout.bootstrap()
    checkout.bootstrap("--extra", "postgres")
    assert [line.partition("--group=")[2] for line in checkout.syncs()] == ["test", "test --extra=postgres"]


def test_our_own_byte_code_is_made_anew_for_what_changed_even_where_python_is_told_to_write_none(
    checkout: Checkout,
) -> None:
    checkout.put_uv()
    (checkout.folder / "affiliate" / "room").mkdir(parents=True)
    sources = [checkout.folder / "affiliate" / name for name in ("kept.py", "room/changed.py")]
    for source in sources:
        source.write_text("says = 1", encoding="utf-8")
    (checkout.folder / "affiliate" / "broken.py").write_text("def", encoding="utf-8")
    assert checkout.bootstrap().returncode == 0
    before = [Path(cache_from_source(source)).stat().st_mtime_ns for source in sources]
    sources[1].write_text("says = 2", encoding="utf-8")
    os.utime(sources[1], (1, 1))  # byte code holds the time of its source in whole seconds
    assert checkout.bootstrap().returncode == 0
    after = [Path(cache_from_source(source)).stat().st_mtime_ns for source in sources]
    assert [now > then for now, then in zip(after, before, strict=True)] == [False, True]


def test_a_failed_installation_is_tried_again(checkout: Checkout) -> None:
    checkout.put_uv(exit_code=1)
    assert checkout.bootstrap().returncode == 1
    checkout.put_uv()
    assert checkout.bootstrap().returncode == 0
    assert len(checkout.syncs()) == 2


def test_without_network_the_message_says_so(checkout: Checkout) -> None:
    checkout.put_uv(exit_code=1)
    told = checkout.bootstrap().stderr
    assert "https://pypi.org cannot be reached" in told
    assert "HTTPS_PROXY" in told


def test_a_uv_that_is_too_old_is_not_used(checkout: Checkout) -> None:
    checkout.put_uv(version="0.4.9")
    done = checkout.bootstrap()
    assert "Fetching uv" in done.stderr
    assert checkout.syncs() == []


def test_a_python_that_is_too_old_is_named_with_the_way_to_a_newer_one(monkeypatch: pytest.MonkeyPatch) -> None:
    version = namedtuple("version", "major minor micro")  # noqa: PYI024 as sys.version_info is
    monkeypatch.setattr(sys, "version_info", version(3, 9, 2))
    monkeypatch.setattr(sys, "argv", ["bootstrap.py"])
    with pytest.raises(SystemExit, match=r"Python 3\.11 or newer is needed") as told:
        runpy.run_path(str(ROOT / ".ci" / "bootstrap.py"), run_name="__main__")
    assert "apt-get install python3" in str(told.value)


def test_an_old_python_understands_the_bootstrap_well_enough_to_refuse() -> None:
    ast.parse((ROOT / ".ci" / "bootstrap.py").read_text(encoding="utf-8"), feature_version=(3, 6))


def test_a_machine_without_certificates_is_told_how_to_get_them() -> None:
    hint = runpy.run_path(str(ROOT / ".ci" / "bootstrap.py"))["hint"]
    assert "apt-get install ca-certificates" in hint(URLError(ssl.SSLCertVerificationError("self-signed")))
    assert "cannot be reached (no route)" in hint(URLError("no route"))


def test_no_path_to_a_browser_ends_in_a_skipped_test(tmp_path: Path) -> None:
    environment = {"PATH": str(tmp_path), "AFFILIATE_TEST_BROWSER": "/no/such/chrome"}
    done = subprocess.run(
        [sys.executable, ROOT / ".ci" / "browser.py"], check=False, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "/no/such/chrome, which cannot be run" in done.stderr
    assert "apt-get install chromium" in done.stderr
