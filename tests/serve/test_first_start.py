"""The first start where nothing can be written: a disk that is full, and one that is read-only."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

import pytest

from tests.redirect.test_failures import _OWN_MOUNTS, can_mount
from tests.serve.conftest import Server, children_of, free_port
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
FULL = "mount -t tmpfs -o size=12m none $DATA && cp -a $KEPT/. $DATA && { cat /dev/zero > $DATA/filler 2>/dev/null || true; }"
READ_ONLY = "mount -t tmpfs -o size=12m none $DATA && cp -a $KEPT/. $DATA && mount -o remount,ro $DATA"
LIMITED = "cp -a $KEPT/. $DATA && ulimit -f 0"  # where nobody may mount: no file may grow, by the same system calls


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_parts: object) -> None:
        return None


def ask(port: int, path: str) -> tuple[int, str]:
    try:
        with build_opener(_Stay).open(Request(f"http://127.0.0.1:{port}{path}"), timeout=30) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as answer:
        return answer.code, answer.read().decode()
    except (URLError, OSError):
        return 0, ""


def answers(port: int, path: str) -> bool:
    return ask(port, path)[0] == 200


@contextlib.contextmanager
def started(folder: Path, kept: Path, means: str) -> Iterator[tuple[int, Path, int]]:
    """`affiliate serve` on a disk of its own: its port, its log, the process that holds the disk."""
    data, port = folder / "disk", free_port()
    data.mkdir(parents=True)
    log = folder / "log"
    script = f"{means} && exec {sys.executable} -m affiliate serve --port {port} --workers 2 2>&1 | cat > {log}"
    wrapper = _OWN_MOUNTS if "mount " in means else []
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "AFFILIATE_DATA_DIR": str(data)}
    process = subprocess.Popen(
        [*wrapper, "sh", "-c", script], cwd=ROOT, env=environment | {"DATA": str(data), "KEPT": str(kept)}
    )
    try:
        yield port, log, process.pid
    finally:
        for pid in children_of(process.pid):
            with contextlib.suppress(ProcessLookupError):
                subprocess.run(["kill", str(pid)], check=False, stderr=subprocess.DEVNULL)
        process.wait(30)


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Path, str]:
    """A data folder as it is before the first start: database and link table, no key."""
    server = Server(tmp_path)
    (server.data / "secret.key").unlink(missing_ok=True)
    return server.data, server.paths[0]


def test_redirects_work_although_nothing_can_be_written_and_the_log_says_so_once(
    tmp_path: Path, kept: tuple[Path, str]
) -> None:
    data, path = kept
    ways = {"full": FULL, "read-only": READ_ONLY} if can_mount() else {"full": LIMITED}
    for name, means in ways.items():
        with started(tmp_path / name, data, means) as (port, log, holder):
            assert wait_until(partial(answers, port, "/healthz")), log.read_text()
            for _ in range(10):
                assert ask(port, path)[0] == 302
                status, text = ask(port, "/login")
                assert (status, "Redirects work." in text) == (503, True), (name, text)
            assert json.loads(ask(port, "/readyz")[1])["problem"]
            lines = log.read_text()
            assert lines.count("the pages cannot be opened") == 2, lines  # once a worker
            assert "Traceback" not in lines, lines
            assert "started again" not in lines, lines
            assert len(lines.splitlines()) < 20, lines
            if "filler" in means:
                Path(f"/proc/{children_of(holder)[0]}/root{tmp_path / name}/disk/filler").unlink()
                assert wait_until(partial(answers, port, "/login")), log.read_text()
                assert "the pages are open now" in log.read_text()
