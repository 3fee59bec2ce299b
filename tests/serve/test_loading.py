"""What the processes of `affiliate serve` hold in memory: all that answers a reader or draws a page before a worker is made,
and nothing that is wanted once a month."""

import subprocess
import sys
from pathlib import Path

SELDOM = {
    "alembic",
    "bs4",
    "cryptography",
    "mako",
    "openpyxl",
    "playwright",
    "price_parser",
    "pygal",
    "rfc3161_client",
    "rich",
}
PROGRAM = """
import sys
from affiliate.serve import load_for_workers

load_for_workers()
print(*{name.partition(".")[0] for name in sys.modules})

from affiliate.app import open_application
from affiliate.links.publish import Publisher
from affiliate.settings import load_settings
from werkzeug.test import Client

app = open_application(load_settings())  # makes a database, which a web worker never does
Publisher(app.store, app.table).rebuild()
before = set(sys.modules)
client = Client(app.wsgi())
asked = ("/login", "/go/none", "/healthz", "/readyz", "/metrics")
print(*[client.get(path, environ_base={"REMOTE_ADDR": "127.0.0.1"}).status_code for path in asked])
print(*(set(sys.modules) - before))
"""


def test_a_web_worker_loads_no_module_after_the_fork_and_none_that_is_wanted_seldom_before(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        check=False,
        cwd=tmp_path,
        env={"AFFILIATE_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    loaded, answered, later = (line.split() for line in done.stdout.splitlines())
    assert set(loaded) & SELDOM == set()
    assert answered == ["200", "404", "200", "200", "200"]
    assert [name for name in later if name.partition(".")[0] in {"affiliate", "flask", "sqlalchemy"}] == []
