"""The demo's three people, and the file that remembers their passwords: they are made anew for every data folder."""

from datetime import datetime
from pathlib import Path

from affiliate.demo.world import TITLES
from affiliate.settings import write_private
from affiliate.store import Store
from affiliate.web.accounts import ADMIN, EDITOR, FINANCE, add_user
from affiliate.web.passwords import made_password

_FILE = "demo-login.txt"
_PEOPLE = (
    (EDITOR, "Imogen Farrowdale"),
    (FINANCE, "Percival Oakenshott"),
    (ADMIN, "Ottoline Brackwater"),
)


def add_people(store: Store, *, now: datetime) -> str:
    """Adds an editor, a finance clerk and an admin; the text with their log-ins."""
    passwords = [made_password() for _ in _PEOPLE]
    with store.transaction() as session:
        people = [
            add_user(session, email=f"{role}@{TITLES[0].host}", role=role, name=name, password=password, now=now)
            for (role, name), password in zip(_PEOPLE, passwords, strict=True)
        ]
    lines = ["Log in to the demo newsroom as one of:"]
    for (role, _), made in zip(_PEOPLE, people, strict=True):
        lines.append(f"  {role:<8} {made.user.email:<34} {made.password}")
    return "\n".join(lines) + "\n"


def keep_login_text(data_dir: Path, text: str) -> None:
    """Keeps the log-ins for the next start, readable by the owner alone."""
    write_private(data_dir / _FILE, text)


def login_text(data_dir: Path) -> str | None:
    """The log-ins of the demo in this data folder; None where there is none."""
    try:
        return (data_dir / _FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
