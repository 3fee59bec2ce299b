"""A real `affiliate serve` with a data folder of its own, and the ways in which people use its pages."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page

from tests.packaging.conftest import serving
from tests.packaging.test_make_run import processes_with
from tests.waiting import PATIENCE

COMMAND = [sys.executable, "-m", "affiliate"]
_MOST_TABS = 40


@dataclass(frozen=True)
class Newsroom:
    """A server and its data folder. `passwords` are by e-mail address."""

    address: str
    data: Path
    passwords: dict[str, str]
    _sessions: dict[str, Any] = field(default_factory=dict)

    def email(self, role: str) -> str:
        """The first person with a role: their address begins with it."""
        return next(email for email in self.passwords if email.startswith(f"{role}@"))

    def log_in(self, page: Page, role: str) -> None:
        """By the page, and from then on by the session that this gave: nobody who signs out may use the demo's."""
        if cookies := self._sessions.get(role):
            page.context.add_cookies(cookies)
            page.goto(self.address)
            return
        email = self.email(role)
        page.goto(f"{self.address}/login")
        page.get_by_label("E-mail address").fill(email)
        page.get_by_label("Password", exact=True).fill(self.passwords[email])
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "/login" not in url)
        self._sessions[role] = page.context.cookies()


@contextmanager
def open_newsroom(folder: Path, *preparation: str) -> Iterator[Newsroom]:
    """Runs one command that prints log-ins, then serves; afterwards no process of it may be left."""
    data = folder / "data"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AFFILIATE_")}
    environment["AFFILIATE_DATA_DIR"] = str(data)
    made = subprocess.run(
        [*COMMAND, *preparation], cwd=folder, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    with serving([*COMMAND, "serve"], environment, folder) as address:
        yield Newsroom(address, data, _log_ins(made.stdout))
    assert processes_with(str(data)) == []


def _log_ins(printed: str) -> dict[str, str]:
    """Each line with a log-in holds the address and ends in the password."""
    return dict(re.findall(r"(\S+@\S+) .*?((?:[a-z2-9]{5}-){3}[a-z2-9]{5})$", printed, re.MULTILINE))


def tab_to(page: Page, wanted: Locator) -> None:
    """Presses Tab until the element has the focus, as somebody without a mouse does."""
    for _ in range(_MOST_TABS):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{wanted} is not reached with {_MOST_TABS} tabs on {page.url}")


def reload_until(page: Page, shown: Locator) -> None:
    """Reloads until the element is there: clicks reach the store within a few seconds."""
    deadline = time.monotonic() + PATIENCE
    while shown.count() == 0:
        assert time.monotonic() < deadline, f"{shown} did not come on {page.url}"
        time.sleep(0.25)
        page.reload()
